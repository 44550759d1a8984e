#!/usr/bin/env bash
# Makes testdata/demo anew with our own simulator: the same files for the same seed and engine.
# Usage: testdata/make.sh [path of the casemark program]
set -euo pipefail
cd "$(dirname "$0")"
casemark=${1:-../target/release/casemark}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
# Six firearms: five of them are referenced by two cases each, the sixth is unknown to the store.
"$casemark" --quiet simulate --out "$made" --firearms 6 --shots 3 --seed 2026 --spacing-um 12.5
rm -rf demo/references demo/questioned
mkdir -p demo/references demo/questioned
for firearm in 1 2 3 4 5; do
  mv "$made/F000$firearm-S01.x3p" "$made/F000$firearm-S02.x3p" demo/references/
done
mv "$made/F0003-S03.x3p" demo/questioned/known-firearm.x3p
mv "$made/F0006-S01.x3p" demo/questioned/unknown-firearm.x3p
