"""Enters a folder of scans, searches with one, compares two, lists what is there: see README.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from casemark_client import (
    APERTURE_SHEAR,
    BREECH_FACE,
    EJECTOR,
    FIRING_PIN,
    BrokenAnswer,
    CasemarkError,
    Client,
    ExhibitMetadata,
    Filter,
    Scan,
    Stored,
    Weight,
    search_service_pb2,
)


MARKS = {
    "breech_face": BREECH_FACE,
    "firing_pin": FIRING_PIN,
    "ejector": EJECTOR,
    "aperture_shear": APERTURE_SHEAR,
}
NAMES = {mark: name.replace("_", " ") for name, mark in MARKS.items()}


def marks(text: str) -> List[int]:
    """Names of marks, divided by commas."""
    unknown = [name for name in text.split(",") if name not in MARKS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no mark is called {unknown[0]!r}")
    return [MARKS[name] for name in text.split(",")]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints rows under their heads."""
    lines: List[List[str]] = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def scan(text: str) -> Scan:
    """A file where there is one of that name, else a scan of the store by its identifier."""
    path = Path(text)
    return path if path.exists() else Stored(text)


def enrol(client: Client, words: argparse.Namespace) -> int:
    """Enters every file of a folder; goes on after one that is refused."""
    rows, refused = [], 0
    for path in sorted(path for path in words.folder.iterdir() if path.is_file()):
        exhibit = ExhibitMetadata(
            laboratory=words.laboratory,
            case_number=words.case_number,
            country=words.country,
            calibre=words.calibre,
        )
        try:
            answer = client.enrol(path, exhibit)
            outcome = {1: "new", 2: "was there already"}.get(answer.outcome, "?")
            rows.append((path.name, outcome, answer.scan_id))
        except CasemarkError as error:
            refused += 1
            rows.append((path.name, "refused", str(error)))
    table(("file", "outcome", "scan"), rows)
    return 2 if refused else 0


def search(client: Client, words: argparse.Namespace) -> int:
    """Searches with a scan, telling how far it is, and prints the candidates."""
    if words.marks:
        return search_by_marks(client, words)
    only = Filter(calibre=words.calibre, country=words.country)
    candidates, restricted = [], []
    for event in client.search(scan(words.questioned), filter=only, top=words.top):
        if isinstance(event, search_service_pb2.SearchProgress):
            print(f"{event.records_done} of {event.records_chosen} records", file=sys.stderr)
        elif isinstance(event, search_service_pb2.SearchCandidate):
            candidates.append(event)
        elif isinstance(event, search_service_pb2.RestrictedCandidate):
            restricted.append(event.laboratory)
        else:
            summary = event
    rows = []
    for candidate in candidates:
        figures, record = candidate.comparison.figures, candidate.record
        rows.append(
            (
                candidate.rank,
                record.scan_id,
                record.original_file_name,
                record.exhibit.laboratory,
                f"{figures.cmc_count} of {figures.cells}",
                f"{figures.cmc_fraction:.3f}",
                f"{figures.ncc:.3f}" if figures.HasField("ncc") else "",
                weight_of(candidate.weight),
            )
        )
    table(("rank", "scan", "file", "laboratory", "cmc", "fraction", "ncc", "log10 LR"), rows)
    print(f"\n{summary.records_searched} records searched, {summary.records_failed} failed.")
    print("Leads by rank score: only an examiner makes a hit.")
    for laboratory in restricted:
        print(f"One of the best is a record that {laboratory} does not share: ask there.")
    if not summary.complete:
        print("NOT COMPLETE: a connection may have been missed.")
        table(
            ("scan", "failed because"), [(each.scan_id, each.reason) for each in summary.failures]
        )
        return 2
    return 0 if candidates or restricted else 1


def search_by_marks(client: Client, words: argparse.Namespace) -> int:
    """Searches by several marks of a whole head and prints the exhibits."""
    only = Filter(calibre=words.calibre, country=words.country)
    result = client.find_exhibits(Path(words.questioned), words.marks, filter=only, top=words.top)
    rows = []
    for exhibit in result.exhibits:
        weight = exhibit.weight
        rows.append(
            (
                exhibit.rank,
                exhibit.exhibit_id,
                exhibit.marks[0].record.exhibit.laboratory,
                ", ".join(
                    f"{NAMES[each.record.mark]} {each.comparison.figures.cmc_fraction:.3f}"
                    for each in exhibit.marks
                ),
                f"{weight.log10_lr:.2f}" if exhibit.HasField("weight") else "",
            )
        )
    table(("rank", "exhibit", "laboratory", "shares of congruent cells", "log10 LR"), rows)
    print("\nLeads: only an examiner makes a hit.")
    for mark in result.searched.marks_not_shown:
        print(f"The head does not show its {NAMES[mark]}: no evidence.")
    for laboratory in result.restricted:
        print(f"One of the best is an exhibit that {laboratory} does not share: ask there.")
    if not result.searched.complete:
        print("NOT COMPLETE: a connection may have been missed.")
        return 2
    return 0 if result.exhibits or result.restricted else 1


def compare(client: Client, words: argparse.Namespace) -> int:
    """Compares two scans and prints the figures and the cells by verdict."""
    answer = client.compare(scan(words.questioned), scan(words.reference))
    figures = answer.comparison.figures
    rows = [
        ("congruent cells", f"{figures.cmc_count} of {figures.cells}"),
        ("fraction", f"{figures.cmc_fraction:.3f}"),
        ("ncc", f"{figures.ncc:.3f}" if figures.HasField("ncc") else "not registered"),
        ("log10 LR", weight_of(answer.weight) or answer.weight.rank_only_reason),
    ]
    if figures.HasField("pose"):
        pose = figures.pose
        rows.append(("pose", f"{pose.dx_um:.1f} um, {pose.dy_um:.1f} um, {pose.theta_deg:.1f} deg"))
    rows.append(("engine", answer.comparison.engine_version))
    rows.append(("parameters", answer.comparison.parameters_digest[:16]))
    table(("figure", "value"), rows)
    return 0


def weight_of(weight: Weight) -> str:
    """log10 of the likelihood ratio with its interval; empty where the score ranks only."""
    if not weight.HasField("likelihood_ratio"):
        return ""
    ratio = weight.likelihood_ratio
    return f"{ratio.log10_lr:.2f} [{ratio.log10_lr_low:.2f}, {ratio.log10_lr_high:.2f}]"


def list_all(client: Client, _: argparse.Namespace) -> int:
    """Prints every record."""
    rows = [
        (
            record.scan_id,
            record.original_file_name,
            record.exhibit.laboratory,
            record.exhibit.case_number,
            record.exhibit.calibre,
            record.entered_time.ToDatetime().isoformat(" ", "seconds"),
        )
        for record in client.list()
    ]
    table(("scan", "file", "laboratory", "case", "calibre", "entered (UTC)"), rows)
    return 0


def arguments(words: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="localhost:50051", help="host:port of the service")
    parser.add_argument("--authority", type=Path, required=True, help="the server's authority, PEM")
    parser.add_argument(
        "--certificate", type=Path, required=True, help="this laboratory's certificate, PEM"
    )
    parser.add_argument("--key", type=Path, required=True, help="its private key, PEM")
    verbs = parser.add_subparsers(required=True)

    verb = verbs.add_parser("enrol", help="enter every scan of a folder")
    verb.add_argument("folder", type=Path)
    verb.add_argument("--laboratory", required=True, help="that of the certificate")
    verb.add_argument("--case-number")
    verb.add_argument("--country", help="where it was found, such as BB")
    verb.add_argument("--calibre")
    verb.set_defaults(run=enrol)

    verb = verbs.add_parser("search", help="search with a file, or a scan of the store")
    verb.add_argument("questioned")
    verb.add_argument("--top", type=int, default=10)
    verb.add_argument("--country", help="only references from there, or from who knows where")
    verb.add_argument("--calibre", help="only references of this calibre, or of an unknown one")
    verb.add_argument(
        "--marks",
        type=marks,
        help=f"of the file of a whole head, together, divided by commas: {', '.join(MARKS)}",
    )
    verb.set_defaults(run=search)

    verb = verbs.add_parser("compare", help="compare two scans, each a file or of the store")
    verb.add_argument("questioned")
    verb.add_argument("reference")
    verb.set_defaults(run=compare)

    verb = verbs.add_parser("list", help="list every record")
    verb.set_defaults(run=list_all)
    return parser.parse_args(words)


def main() -> int:
    words = arguments()
    try:
        with Client(words.address, words.authority, words.certificate, words.key) as client:
            return words.run(client, words)
    except CasemarkError as error:
        print(error, file=sys.stderr)
        for violation in error.violations:
            print(f"  {violation.field}: {violation.description}", file=sys.stderr)
        return 2
    except (BrokenAnswer, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
