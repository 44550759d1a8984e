"""Does the client do with a real service what it says? `tests/cli/python_client.rs` runs this.

Wants an empty store, a second laboratory that may search and not enter, one that the service does
not know, and two folders that `casemark simulate` made: with three shots of each firearm, and with
two heads. Prints a line of JSON for each check, and exits with 1 if one failed.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import threading
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import grpc

from casemark_client import (
    BREECH_FACE,
    FIRING_PIN,
    REGION,
    BrokenAnswer,
    CasemarkError,
    Client,
    ExhibitMetadata,
    Filter,
    Sharing,
    Stored,
    search_service_pb2,
    sha256,
)

NEW, DUPLICATE = 1, 2


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def refused(call: Callable[[], Any]) -> CasemarkError:
    """The error of a call that must not be answered."""
    try:
        answer = call()
    except CasemarkError as error:
        return error
    raise AssertionError(f"wanted a refusal, found {answer!r}")


class EndToEnd:
    """The checks, in the order in which they build on one another."""

    def __init__(self, words: argparse.Namespace) -> None:
        self.words = words
        self.client = self.connect(words.certificate, words.key)
        self.scans: Dict[str, str] = {}
        self.firearms: Dict[str, List[Path]] = {}
        with (words.scans / "labels.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                self.firearms.setdefault(row["source"], []).append(words.scans / row["file"])
        for shots in self.firearms.values():
            shots.sort()
            expect(len(shots) == 3, f"wanted three shots of each firearm, found {shots}")

    def connect(self, certificate: Any, key: Any, attempts: int = 5) -> Client:
        words = self.words
        return Client(words.address, words.authority, certificate, key, attempts=attempts)

    def exhibit(self, path: Path, case_number: Optional[str] = None) -> ExhibitMetadata:
        return ExhibitMetadata(
            laboratory=self.words.laboratory,
            case_number=case_number or f"2026-{path.stem[:5]}",
            label=path.stem,
            country="BB",
            calibre="9 mm Luger",
        )

    def all_scans(self) -> List[Path]:
        return [path for shots in self.firearms.values() for path in shots]

    def extract(self) -> Dict[str, Any]:
        path = self.all_scans()[0]
        answer = self.client.extract(path)
        expect(answer.signature.source_sha256 == sha256(path), "it is of another file")
        expect(0 < answer.fill_fraction <= 1, f"fill_fraction is {answer.fill_fraction}")
        return {"rows": answer.rows, "columns": answer.columns, "file": path.name}

    def enrol_two_shots_of_each(self) -> Dict[str, Any]:
        for shots in self.firearms.values():
            for path in shots[:2]:
                answer = self.client.enrol(path, self.exhibit(path))
                expect(answer.outcome == NEW, f"{path.name} is not new")
                expect(answer.original_sha256 == sha256(path), f"{path.name} came as another file")
                self.scans[path.name] = answer.scan_id
        expect(len(set(self.scans.values())) == len(self.scans), "two scans have one identifier")
        return {"enrolled": len(self.scans)}

    def enrol_again(self) -> Dict[str, Any]:
        path = self.all_scans()[0]
        name = str(uuid.uuid4())
        for _ in range(2):
            answer = self.client.enrol(path, self.exhibit(path), request_id=name)
            expect(answer.outcome == DUPLICATE, "the same file was entered twice")
            expect(answer.scan_id == self.scans[path.name], "it has another identifier")
        other = self.all_scans()[1]
        error = refused(lambda: self.client.enrol(other, self.exhibit(other), request_id=name))
        expect(error.code == grpc.StatusCode.INVALID_ARGUMENT, str(error))
        expect(error.reason == "REQUEST_ID_REUSED", str(error.reason))
        return {"outcome": "duplicate", "reused": error.reason}

    def get_what_was_entered(self) -> Dict[str, Any]:
        for name, scan_id in self.scans.items():
            record = self.client.get(scan_id).record
            path = self.words.scans / name
            expect(record.original_file_name == name, f"{scan_id} is {record.original_file_name}")
            expect(record.exhibit == self.exhibit(path), f"{name}: other metadata came back")
            expect(record.original_bytes == path.stat().st_size, f"{name}: another size")
        return {"records": len(self.scans)}

    def list_in_small_pages(self) -> Dict[str, Any]:
        found = [record.scan_id for record in self.client.list(page_size=3)]
        expect(sorted(found) == sorted(self.scans.values()), "not what was entered")
        expect(found == sorted(found), "not in the order of identifiers")
        case = Filter(case_number=f"2026-{self.all_scans()[0].stem[:5]}")
        of_case = list(self.client.list(case, page_size=1))
        expect(len(of_case) == 2, f"{len(of_case)} records of one case, wanted 2")
        return {"records": len(found), "page_size": 3}

    def search_third_shots(self) -> Dict[str, Any]:
        ranked_first, worst = 0, 1.0
        for firearm, shots in self.firearms.items():
            mates = {self.scans[path.name] for path in shots[:2]}
            progress = []
            candidates = []
            for event in self.client.search(shots[2], top=5):
                if isinstance(event, search_service_pb2.SearchProgress):
                    progress.append(event)
                elif isinstance(event, search_service_pb2.SearchCandidate):
                    candidates.append(event)
                elif isinstance(event, search_service_pb2.SearchSummary):
                    summary = event
            expect(summary.complete, f"{firearm}: the search is not complete")
            expect(
                summary.records_searched == len(self.scans), f"{summary.records_searched} searched"
            )
            expect(summary.questioned_sha256 == sha256(shots[2]), "it is of another file")
            expect([each.rank for each in candidates] == [1, 2, 3, 4, 5], "ranks are out of order")
            expect(progress[-1].records_done == len(self.scans), "progress does not reach the end")
            first = candidates[0]
            expect(
                first.record.scan_id in mates,
                f"{firearm}: first is {first.record.original_file_name}",
            )
            ranked_first += 1
            worst = min(worst, first.comparison.figures.cmc_fraction)
        return {"searches": len(self.firearms), "mate_ranked_first": ranked_first, "worst": worst}

    def search_with_a_stored_scan(self) -> Dict[str, Any]:
        own = self.scans[self.all_scans()[0].name]
        result = self.client.find(Stored(own), top=2, omit_cells=True)
        expect(result.candidates[0].record.scan_id == own, "a scan is not most like itself")
        expect(not result.candidates[0].comparison.directions, "cells came that were not wanted")
        mate = result.candidates[1].record.original_file_name
        expect(mate == self.all_scans()[1].name, f"second is {mate}")
        return {"first": "itself", "second": mate}

    def compare_uploads_and_stored(self) -> Dict[str, Any]:
        (first, mate, _), (other, *_) = list(self.firearms.values())[:2]
        counts: List[Tuple[int, int]] = []
        for match, non_match in (
            ((first, mate), (first, other)),
            ((self.stored(first), self.stored(mate)), (self.stored(first), self.stored(other))),
            ((first, self.stored(mate)), (self.stored(first), other)),
        ):
            answers = self.client.compare(*match), self.client.compare(*non_match)
            known_match, known_non_match = (answer.comparison for answer in answers)
            # This server has no calibration: a score ranks, and it is told why.
            for weight in (answer.weight for answer in answers):
                expect(not weight.HasField("likelihood_ratio"), "a likelihood ratio of nothing")
                expect("calibration" in weight.rank_only_reason, weight.rank_only_reason)
            pair = known_match.figures.cmc_count, known_non_match.figures.cmc_count
            expect(pair[0] > pair[1], f"known match {pair[0]}, known non-match {pair[1]}")
            expect(len(known_match.directions) == 2, "cells of both directions are wanted")
            counts.append(pair)
        expect(len(set(counts)) == 1, f"uploads and stored scans differ: {counts}")
        return {"known_match_cmc": counts[0][0], "known_non_match_cmc": counts[0][1]}

    def stored(self, path: Path) -> Stored:
        return Stored(self.scans[path.name])

    def download_one(self) -> Dict[str, Any]:
        path = self.all_scans()[1]
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder) / "original.x3p"
            info = self.client.download(self.scans[path.name], to)
            expect(sha256(to) == sha256(path) == info.sha256, "it is another file")
            expect(info.size_bytes == to.stat().st_size, "its size is not as stated")
            expect([to] == list(Path(folder).iterdir()), "a part was left")
        return {"bytes": info.size_bytes, "sha256": info.sha256}

    def errors_say_what_to_do(self) -> Dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            words = Path(folder) / "words.x3p"
            words.write_text("these are no heights")
            error = refused(lambda: self.client.extract(words))
        expect(error.code == grpc.StatusCode.INVALID_ARGUMENT, str(error))
        expect(error.reason == "FILE_UNUSABLE", str(error.reason))
        expect([each.field for each in error.violations] == ["upload"], str(error.violations))
        expect(error.request_id is not None, "no request id")
        unknown = refused(lambda: self.client.get(str(uuid.uuid4())))
        expect(unknown.code == grpc.StatusCode.NOT_FOUND, str(unknown))
        path = self.all_scans()[2]
        empty = refused(lambda: self.client.enrol(path, ExhibitMetadata()))
        expect(empty.violations[0].field == "metadata.exhibit.laboratory", str(empty.violations))
        return {"reasons": [error.reason, unknown.reason, empty.reason]}

    def a_file_beyond_the_limit(self) -> Dict[str, Any]:
        """Refused by its first message, while chunks are still on their way."""
        with tempfile.TemporaryDirectory() as folder:
            large = Path(folder) / "large.x3p"
            with large.open("wb") as file:
                file.truncate(self.words.beyond_limit)
            error = refused(lambda: self.client.extract(large))
        expect(error.code == grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        expect(error.reason == "UPLOAD_TOO_LARGE", str(error.reason))
        expect(error.retry_after is None, "there is no use in coming back")
        return {"reason": error.reason, "bytes": self.words.beyond_limit}

    def withdrawn_is_not_found(self) -> Dict[str, Any]:
        first, mate, questioned = next(iter(self.firearms.values()))
        gone = self.scans.pop(first.name)
        self.client.withdraw("entered by mistake", scan_id=gone)
        result = self.client.find(questioned, top=100)
        found = [each.record.scan_id for each in result.candidates]
        expect(gone not in found, "a search finds what was withdrawn")
        expect(found[0] == self.scans[mate.name], "the other mate is not first")
        expect(sorted(found) == sorted(self.scans.values()), "the search left something else out")
        expect(gone not in [each.scan_id for each in self.client.list()], "the list has it")
        record = self.client.get(gone).record
        expect(record.withdrawal.reason == "entered by mistake", "its record does not say why")
        again = refused(lambda: self.client.withdraw("again", scan_id=gone))
        expect(again.code == grpc.StatusCode.FAILED_PRECONDITION, str(again))
        expect(again.reason == "WITHDRAWN", str(again.reason))
        return {"withdrawn": gone, "candidates": len(found)}

    def searches_beyond_the_limit_come_later(self) -> Dict[str, Any]:
        """More at once than a laboratory may have: each is told when to come back, and does."""
        wanted = 4
        path = self.all_scans()[2]
        with self.connect(self.words.certificate, self.words.key, attempts=100) as client:
            stub, lock, calls = client._searches, threading.Lock(), []

            class Counting:
                def Search(self, *what: Any, **how: Any) -> Any:  # noqa: N802, as grpc names it
                    with lock:
                        calls.append(1)
                    return stub.Search(*what, **how)

            client._searches = Counting()  # type: ignore[assignment]
            with ThreadPoolExecutor(wanted) as pool:
                results = list(pool.map(lambda _: client.find(path, top=1), range(wanted)))
        first = {result.candidates[0].record.scan_id for result in results}
        expect(len(first) == 1, f"the same search gave {first}")
        expect(len(calls) > wanted, "no search was sent away")
        return {"searches": wanted, "calls": len(calls)}

    def records_are_their_laboratory_s(self) -> Dict[str, Any]:
        """By default nobody else sees them, and only their own laboratory changes them."""
        first, _, questioned = next(iter(self.firearms.values()))
        scan_id = self.scans[first.name]
        exhibit_id = self.client.get(scan_id).record.exhibit_id
        words = self.words
        with self.connect(words.neighbour_certificate, words.neighbour_key) as neighbour:

            def seen() -> List[str]:
                listed = [record.scan_id for record in neighbour.list()]
                result = neighbour.find(questioned, top=2)
                found = [each.record.scan_id for each in result.candidates]
                expect(listed == found, f"listed are {listed}, found {found}")
                # Of what is not shared, as much is told as the configuration says: whose it is.
                restricted = [words.laboratory] * (2 - len(found))
                expect(result.restricted == restricted, f"restricted are {result.restricted}")
                return found

            def denied(call: Callable[[], Any], reason: str) -> None:
                error = refused(call)
                expect(error.code == grpc.StatusCode.PERMISSION_DENIED, str(error))
                expect(error.reason == reason, f"{error.reason}, wanted {reason}: {error}")

            expect(seen() == [], "a neighbour sees what is not shared")
            denied(lambda: neighbour.get(scan_id), "RESTRICTED")
            self.client.share(exhibit_id, Sharing(audience=REGION))
            expect(seen() == [scan_id], "a neighbour does not see what is shared")
            expect(neighbour.get(scan_id).record.exhibit == self.exhibit(first), "other metadata")
            expect(self.client.get(scan_id).sharing.audience == REGION, "its policy is not told")
            expect(not neighbour.get(scan_id).HasField("sharing"), "a policy is told to others")
            denied(lambda: neighbour.withdraw("mischief", scan_id=scan_id), "DENIED")
            denied(lambda: neighbour.enrol(questioned, self.exhibit(questioned)), "DENIED")
            self.client.share(exhibit_id, None)
            expect(seen() == [], "a neighbour sees what is no longer shared")
        other = ExhibitMetadata(laboratory="Another Laboratory")
        denied(lambda: self.client.enrol(questioned, other), "OTHER_LABORATORY")
        with self.connect(words.unknown_certificate, words.unknown_key) as unknown:
            denied(lambda: unknown.find(questioned), "DENIED")
            denied(lambda: list(unknown.list()), "DENIED")
        return {"shared": first.name}

    def search_without_summary_is_no_result(self) -> Dict[str, Any]:
        """By a service that breaks off, which the real one does not."""

        class Breaking:
            def __init__(self, *responses: search_service_pb2.SearchResponse) -> None:
                self.responses = iter(responses)

            def Search(self, *_: Any, **__: Any) -> Breaking:  # noqa: N802, as grpc names it
                return self

            def __iter__(self) -> Breaking:
                return self

            def __next__(self) -> search_service_pb2.SearchResponse:
                return next(self.responses)

            def cancel(self) -> None:
                pass

        candidate = search_service_pb2.SearchCandidate(rank=1)
        raised = 0
        for responses in ((), (search_service_pb2.SearchResponse(candidate=candidate),)):
            with self.connect(self.words.certificate, self.words.key) as client:
                client._searches = Breaking(*responses)  # type: ignore[assignment]
                try:
                    client.find(Stored(str(uuid.uuid4())))
                except BrokenAnswer:
                    raised += 1
        expect(raised == 2, "a search without a summary was taken for a result")
        return {"raised": raised}

    def a_search_can_be_stopped(self) -> Dict[str, Any]:
        events = self.client.search(self.all_scans()[0])
        expect(next(events) is not None, "nothing came")
        events.close()
        expect(len(list(self.client.list())) == len(self.scans), "the next call fails")
        return {}

    def strangers_get_nothing(self) -> Dict[str, Any]:
        words = self.words
        known = next(iter(self.scans.values()))
        codes = {}
        for name, client in (
            ("no certificate", self.connect(None, None, attempts=1)),
            (
                "unknown authority",
                self.connect(words.stranger_certificate, words.stranger_key, attempts=1),
            ),
            (
                "a server of an unknown authority",
                Client(
                    words.address,
                    words.stranger_authority,
                    words.certificate,
                    words.key,
                    attempts=1,
                ),
            ),
        ):
            with client:
                for call in (
                    lambda: client.get(known),
                    lambda: list(client.list()),
                    lambda: client.find(Stored(known)),
                    lambda: client.extract(self.all_scans()[0]),
                    lambda: client.withdraw("mischief", scan_id=known),
                ):
                    error = refused(call)
                    expect(error.code == grpc.StatusCode.UNAVAILABLE, f"{name}: {error}")
                    codes[name] = error.code.name
        expect(
            not self.client.get(known).record.HasField("withdrawal"), "a stranger withdrew a scan"
        )
        return {"codes": codes}

    def search_by_several_marks(self) -> Dict[str, Any]:
        marks = [BREECH_FACE, FIRING_PIN]
        entered: Dict[str, List[str]] = {}
        heads: Dict[str, List[Path]] = {}
        for path in sorted(self.words.heads.glob("*.x3p")):
            heads.setdefault(path.stem[:5], []).append(path)
        for reference, _ in heads.values():
            # Labels are those of the shots, and a case with its label is one exhibit.
            exhibit = self.exhibit(reference, "2026-heads")
            answers = [self.client.enrol(reference, exhibit, mark) for mark in marks]
            exhibits = {each.exhibit_id for each in answers}
            expect(len(exhibits) == 1, "the marks of one head are of two exhibits")
            entered[answers[0].exhibit_id] = [each.scan_id for each in answers]
        first, strongest = 0, 0.0
        for exhibit_id, (_, questioned) in zip(entered, heads.values()):
            only = Filter(case_number="2026-heads")
            result = self.client.find_exhibits(questioned, marks, filter=only, omit_cells=True)
            expect(result.searched.complete, "the search is not complete")
            expect(not result.searched.marks_not_shown, "the head shows both marks")
            searched = [each.mark for each in result.searched.searches]
            expect(searched == marks, f"searched for {searched}")
            best = result.exhibits[0]
            expect(best.exhibit_id == exhibit_id, f"first is {best.exhibit_id}")
            found = [each.record.scan_id for each in best.marks]
            expect(found == entered[exhibit_id], f"its marks are {found}")
            first += 1
            strongest = max(each.comparison.figures.cmc_fraction for each in best.marks)
        for exhibit_id in entered:
            self.client.withdraw("it was for a test", exhibit_id=exhibit_id)
        return {"searches": first, "strongest": strongest}

    def run(self) -> bool:
        passed = 0
        checks = (
            self.extract,
            self.enrol_two_shots_of_each,
            self.enrol_again,
            self.get_what_was_entered,
            self.list_in_small_pages,
            self.search_third_shots,
            self.search_with_a_stored_scan,
            self.compare_uploads_and_stored,
            self.download_one,
            self.errors_say_what_to_do,
            self.a_file_beyond_the_limit,
            self.a_search_can_be_stopped,
            self.searches_beyond_the_limit_come_later,
            self.records_are_their_laboratory_s,
            self.search_without_summary_is_no_result,
            self.strangers_get_nothing,
            self.withdrawn_is_not_found,
            self.search_by_several_marks,
        )
        for check in checks:
            line: Dict[str, Any] = {"check": check.__name__}
            started = time.monotonic()
            try:
                found = check()
                line.update(ok=True, seconds=round(time.monotonic() - started, 2), **found)
                passed += 1
            except Exception as error:  # each failure is told, whatever it is
                traceback.print_exc()
                line.update(ok=False, error=f"{type(error).__name__}: {error}")
            print(json.dumps(line), flush=True)
        print(json.dumps({"passed": passed, "checks": len(checks)}), flush=True)
        return passed == len(checks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--laboratory", required=True)
    for name in (
        "authority",
        "certificate",
        "key",
        "neighbour-certificate",
        "neighbour-key",
        "unknown-certificate",
        "unknown-key",
        "stranger-authority",
        "stranger-certificate",
        "stranger-key",
        "scans",
        "heads",
    ):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--beyond-limit", type=int, required=True, help="bytes the service refuses")
    return 0 if EndToEnd(parser.parse_args()).run() else 1


if __name__ == "__main__":
    sys.exit(main())
