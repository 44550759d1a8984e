"""Compiles the contract in `proto/` into Python, in the folder `generated` beside this file.

Run it once, and again when the contract has changed. What it writes is not in the repository.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
GENERATED = HERE / "generated"


def main() -> int:
    files = sorted(str(path) for path in PROTO.glob("casemark/v1/*.proto"))
    if not files:
        print(f"there is no contract in {PROTO}", file=sys.stderr)
        return 2
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    outputs = [f"--{kind}_out={GENERATED}" for kind in ("python", "pyi", "grpc_python")]
    return protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *outputs, *files])


if __name__ == "__main__":
    sys.exit(main())
