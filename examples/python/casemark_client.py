"""A client of the casemark service: connect, enter scans, search, compare, read back.

One class, `Client`, with a method for each rpc that a laboratory needs. Copy it and change it. It
answers with the messages of the contract (`docs/api.md`), and raises `CasemarkError` where the
service says no.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Generator, Iterator, List, Optional, Sequence, TypeVar, Union

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.insert(0, str(Path(__file__).resolve().parent / "generated"))
try:
    from casemark.v1 import (
        comparison_service_pb2,
        comparison_service_pb2_grpc,
        extraction_service_pb2,
        extraction_service_pb2_grpc,
        record_pb2,
        reference_service_pb2,
        reference_service_pb2_grpc,
        scan_pb2,
        search_service_pb2,
        search_service_pb2_grpc,
        weight_pb2,
    )
except ImportError as error:
    raise ImportError("no stubs: run generate.py first") from error

# Bytes of one message of an upload; the service takes up to 1 MiB.
CHUNK = 256 * 1024
# Largest answer taken: a page of 1000 records with long notes is more than gRPC's 4 MiB.
LARGEST_ANSWER = 64 * 1024 * 1024
# Seconds that a call may take, its upload included. The server has limits of its own.
PATIENCE = 120.0
SEARCH_PATIENCE = 1800.0
# How often a call is made, the first time included.
ATTEMPTS = 5

ExhibitMetadata = record_pb2.ExhibitMetadata
Filter = record_pb2.Filter
FirearmMetadata = record_pb2.FirearmMetadata
ReadOptions = scan_pb2.ReadOptions
Sharing = record_pb2.Sharing
Weight = weight_pb2.Weight
REGION = record_pb2.AUDIENCE_REGION
BREECH_FACE = scan_pb2.MARK_KIND_BREECH_FACE
FIRING_PIN = scan_pb2.MARK_KIND_FIRING_PIN
EJECTOR = scan_pb2.MARK_KIND_EJECTOR
APERTURE_SHEAR = scan_pb2.MARK_KIND_APERTURE_SHEAR

T = TypeVar("T")
Event = Union[
    search_service_pb2.SearchProgress,
    search_service_pb2.SearchCandidate,
    search_service_pb2.SearchExhibit,
    search_service_pb2.RestrictedCandidate,
    search_service_pb2.SearchSummary,
    search_service_pb2.SearchMarks,
]


@dataclass(frozen=True)
class Stored:
    """A scan that the store has."""

    scan_id: str


# A `Path` is uploaded, a `Stored` is not.
Scan = Union[Path, Stored]


@dataclass(frozen=True)
class FieldViolation:
    """A field of a request, and what is wrong with it."""

    field: str
    description: str


class CasemarkError(Exception):
    """The service, or the way to it, said no."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        reason: Optional[str] = None,
        request_id: Optional[str] = None,
        violations: Optional[List[FieldViolation]] = None,
        limits: Optional[List[str]] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        # A word for programs, such as NO_ROOM; `None` if the service was not reached.
        self.reason = reason
        # Tell the operator this one: the server's log has it.
        self.request_id = request_id
        self.violations = violations or []
        self.limits = limits or []
        # Seconds after which the service asks to be called again.
        self.retry_after = retry_after

    def __str__(self) -> str:
        text = f"{self.code.name}: {self.message}"
        if self.request_id:
            text += f" (request {self.request_id})"
        return text

    @classmethod
    def of(cls, error: grpc.RpcError) -> CasemarkError:
        """Takes the `google.rpc` details of an error apart."""
        # Whatever grpc raises from a call is a `grpc.Call` too; its types do not say so.
        call: Any = error
        made = cls(call.code(), call.details() or "")
        for key, value in call.trailing_metadata() or ():
            if key == "x-request-id":
                made.request_id = value
        status = rpc_status.from_call(call)
        for detail in status.details if status else ():
            info = error_details_pb2.ErrorInfo()
            request = error_details_pb2.RequestInfo()
            bad = error_details_pb2.BadRequest()
            quota = error_details_pb2.QuotaFailure()
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                made.reason = info.reason
            elif detail.Unpack(request):
                made.request_id = request.request_id
            elif detail.Unpack(bad):
                for fault in bad.field_violations:
                    made.violations.append(FieldViolation(fault.field, fault.description))
            elif detail.Unpack(quota):
                made.limits.extend(fault.subject for fault in quota.violations)
            elif detail.Unpack(retry):
                made.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        return made


class BrokenAnswer(Exception):
    """An answer that is not whole, so none: a search without a summary, a damaged download."""


@dataclass
class SearchResult:
    """What a search found. Leads: only an examiner makes a hit."""

    summary: search_service_pb2.SearchSummary
    candidates: List[search_service_pb2.SearchCandidate] = field(default_factory=list)
    # Laboratories with a record among the best that they do not share: ask them.
    restricted: List[str] = field(default_factory=list)


@dataclass(frozen=True)
class ExhibitsResult:
    """What a search by several marks found. Leads: only an examiner makes a hit."""

    searched: search_service_pb2.SearchMarks
    exhibits: List[search_service_pb2.SearchExhibit] = field(default_factory=list)
    # Laboratories that do not share a record among the best: ask there.
    restricted: List[str] = field(default_factory=list)


class Client:
    """A connection to a casemark service over mutual TLS. Use it in a `with`."""

    def __init__(
        self,
        address: str,
        authority: Path,
        certificate: Optional[Path] = None,
        key: Optional[Path] = None,
        server_name: Optional[str] = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        """`authority` is the server's, `certificate` and `key` are this laboratory's own, all PEM.
        `server_name` is the name in the server's certificate, where that is not in the address.
        """
        credentials = grpc.ssl_channel_credentials(
            root_certificates=authority.read_bytes(),
            private_key=key.read_bytes() if key else None,
            certificate_chain=certificate.read_bytes() if certificate else None,
        )
        options: List[tuple[str, Any]] = [("grpc.max_receive_message_length", LARGEST_ANSWER)]
        if server_name:
            options.append(("grpc.ssl_target_name_override", server_name))
        self._attempts = attempts
        self._channel = grpc.secure_channel(address, credentials, options=options)
        self._extraction = extraction_service_pb2_grpc.ExtractionServiceStub(self._channel)
        self._comparison = comparison_service_pb2_grpc.ComparisonServiceStub(self._channel)
        self._references = reference_service_pb2_grpc.ReferenceServiceStub(self._channel)
        self._searches = search_service_pb2_grpc.SearchServiceStub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection, and every call on it."""
        self._channel.close()

    def extract(
        self, scan: Path, options: Optional[ReadOptions] = None
    ) -> extraction_service_pb2.ExtractResponse:
        """What is in a scan, and whether a signature can be had from it. Nothing is stored."""
        request = extraction_service_pb2.ExtractRequest
        upload = _upload(scan, options)

        def messages() -> Iterator[extraction_service_pb2.ExtractRequest]:
            yield request(upload=upload)
            for chunk in _chunks(scan):
                yield request(chunk=chunk)

        return self._retrying(lambda: self._extraction.Extract(messages(), timeout=PATIENCE))

    def enrol(
        self,
        scan: Path,
        exhibit: ExhibitMetadata,
        mark: int = BREECH_FACE,
        options: Optional[ReadOptions] = None,
        request_id: Optional[str] = None,
    ) -> reference_service_pb2.EnrolResponse:
        """Enters a scan. When this returns, it is safe on the server's disk.

        Tried again under the same `request_id`, so it is entered once. Keep one of your own and
        give it where your program may be restarted in between.
        """
        request = reference_service_pb2.EnrolRequest
        metadata = record_pb2.EnrolMetadata(
            request_id=request_id or str(uuid.uuid4()),
            exhibit=exhibit,
            mark=mark,  # type: ignore[arg-type]
            upload=_upload(scan, options),
        )

        def messages() -> Iterator[reference_service_pb2.EnrolRequest]:
            yield request(metadata=metadata)
            for chunk in _chunks(scan):
                yield request(chunk=chunk)

        return self._retrying(lambda: self._references.Enrol(messages(), timeout=PATIENCE))

    def search(
        self,
        questioned: Scan,
        filter: Optional[Filter] = None,
        top: int = 20,
        omit_cells: bool = False,
        options: Optional[ReadOptions] = None,
        marks: Sequence[int] = (),
    ) -> Generator[Event, None, None]:
        """Searches the store: yields progress, then the candidates, best first, then whose records
        are among the best and not shared, then the summary.

        With `marks`, of an uploaded whole head: exhibits in place of candidates, ranked by all
        these marks together, and `SearchMarks` in place of the summary.

        Raises `BrokenAnswer` if there is no summary: then it is no result, whatever came before. To
        stop the search on the server, close this generator. `find` is simpler where progress does
        not matter.
        """
        request = search_service_pb2.SearchRequest
        query = search_service_pb2.SearchQuery(
            questioned=_source(questioned, options),
            filter=filter,
            top=top,
            omit_cells=omit_cells,
            marks=marks,  # type: ignore[arg-type]
        )

        def messages() -> Iterator[search_service_pb2.SearchRequest]:
            yield request(query=query)
            for chunk in _chunks(questioned):
                yield request(chunk=chunk)

        def begin() -> tuple[Any, Optional[search_service_pb2.SearchResponse]]:
            call = self._searches.Search(messages(), timeout=SEARCH_PATIENCE)
            return call, next(call, None)

        # Only the beginning is tried again: nothing has been yielded by then.
        call, response = self._retrying(begin)
        try:
            while response is not None:
                kind = response.WhichOneof("event")
                if kind == "progress":
                    yield response.progress
                elif kind == "candidate":
                    yield response.candidate
                elif kind == "exhibit":
                    yield response.exhibit
                elif kind == "restricted":
                    yield response.restricted
                elif kind == "summary":
                    yield response.summary
                    return
                elif kind == "marks":
                    yield response.marks
                    return
                response = _translated(lambda: next(call, None))
        finally:
            call.cancel()
        raise BrokenAnswer("the search ended without a summary: it is no result")

    def find(self, questioned: Scan, **how: Any) -> SearchResult:
        """The same as `search`, at its end.

        Look at `summary.complete`: where it is false, some records could not be compared.
        """
        candidates, restricted = [], []
        for event in self.search(questioned, **how):
            if isinstance(event, search_service_pb2.SearchCandidate):
                candidates.append(event)
            elif isinstance(event, search_service_pb2.RestrictedCandidate):
                restricted.append(event.laboratory)
            elif isinstance(event, search_service_pb2.SearchSummary):
                return SearchResult(event, candidates, restricted)
        raise BrokenAnswer("the search ended without a summary: it is no result")

    def find_exhibits(self, questioned: Scan, marks: Sequence[int], **how: Any) -> ExhibitsResult:
        """Searches by several marks of a whole head, as `search` does, to its end.

        Of a stored scan they are those that the store has of its exhibit. Look at
        `searched.complete`: where it is false, something could not be compared. A mark that the head
        does not show (`searched.marks_not_shown`) is no evidence.
        """
        exhibits, restricted = [], []
        for event in self.search(questioned, marks=marks, **how):
            if isinstance(event, search_service_pb2.SearchExhibit):
                exhibits.append(event)
            elif isinstance(event, search_service_pb2.RestrictedCandidate):
                restricted.append(event.laboratory)
            elif isinstance(event, search_service_pb2.SearchMarks):
                return ExhibitsResult(event, exhibits, restricted)
        raise BrokenAnswer("the search ended without a summary: it is no result")

    def compare(
        self, questioned: Scan, reference: Scan, options: Optional[ReadOptions] = None
    ) -> comparison_service_pb2.CompareResponse:
        """Compares two scans: the comparison with every cell, and what it weighs. Nothing is stored.

        `options` are of both uploads.
        """
        request = comparison_service_pb2.CompareRequest
        sources = _source(questioned, options), _source(reference, options)

        def messages() -> Iterator[comparison_service_pb2.CompareRequest]:
            yield request(questioned=sources[0])
            for chunk in _chunks(questioned):
                yield request(chunk=chunk)
            yield request(reference=sources[1])
            for chunk in _chunks(reference):
                yield request(chunk=chunk)

        return self._retrying(lambda: self._comparison.Compare(messages(), timeout=PATIENCE))

    def get(self, scan_id: str) -> reference_service_pb2.GetResponse:
        """What the store knows of a scan, withdrawn or not; of an own one, how it is shared too."""
        request = reference_service_pb2.GetRequest(scan_id=scan_id)
        return self._retrying(lambda: self._references.Get(request, timeout=PATIENCE))

    def list(
        self, filter: Optional[Filter] = None, page_size: int = 100
    ) -> Iterator[record_pb2.Record]:
        """Every record that the filter chooses and that is not withdrawn, page after page."""
        request = reference_service_pb2.ListRequest(filter=filter, page_size=page_size)
        while True:
            page = self._retrying(lambda: self._references.List(request, timeout=PATIENCE))
            yield from page.records
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def download(self, scan_id: str, to: Path) -> reference_service_pb2.DownloadInfo:
        """Writes the original file of a scan; it has its name once its hash is checked."""
        request = reference_service_pb2.DownloadRequest(scan_id=scan_id)
        part = to.with_name(to.name + ".part")

        def receive() -> reference_service_pb2.DownloadInfo:
            info = reference_service_pb2.DownloadInfo()
            digest = hashlib.sha256()
            with part.open("wb") as file:
                for answer in self._references.Download(request, timeout=PATIENCE):
                    if answer.WhichOneof("content") == "info":
                        info = answer.info
                    digest.update(answer.chunk)
                    file.write(answer.chunk)
            if digest.hexdigest() != info.sha256:
                raise BrokenAnswer(f"what came for scan {scan_id} is not what was sent")
            return info

        try:
            info = self._retrying(receive)
            part.replace(to)
            return info
        finally:
            part.unlink(missing_ok=True)

    def withdraw(
        self, reason: str, scan_id: Optional[str] = None, exhibit_id: Optional[str] = None
    ) -> reference_service_pb2.WithdrawResponse:
        """Takes a scan, or an exhibit with all its scans, out of every search, for ever.

        Where an answer was lost on the way, the second attempt finds it withdrawn and raises
        FAILED_PRECONDITION with the reason WITHDRAWN.
        """
        request = reference_service_pb2.WithdrawRequest(
            scan_id=scan_id, exhibit_id=exhibit_id, reason=reason
        )
        return self._retrying(lambda: self._references.Withdraw(request, timeout=PATIENCE))

    def share(
        self, exhibit_id: str, sharing: Optional[Sharing]
    ) -> reference_service_pb2.ShareResponse:
        """Chooses with whom an own exhibit is shared; `None` leaves that to the service."""
        request = reference_service_pb2.ShareRequest(exhibit_id=exhibit_id, sharing=sharing)
        return self._retrying(lambda: self._references.Share(request, timeout=PATIENCE))

    def _retrying(self, call: Callable[[], T]) -> T:
        """Calls again where the service says when, or was not reached; gives up after a while."""
        attempt = 1
        while True:
            try:
                return _translated(call)
            except CasemarkError as error:
                wait = error.retry_after
                if wait is None and error.code == grpc.StatusCode.UNAVAILABLE:
                    wait = 0.25 * 2**attempt
                if wait is None or attempt == self._attempts:
                    raise
            # Not all at the same time.
            time.sleep(wait * random.uniform(1.0, 1.5))
            attempt += 1


def sha256(path: Path) -> str:
    """SHA-256 of a file, as the service writes it."""
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _upload(path: Path, options: Optional[ReadOptions]) -> scan_pb2.ScanUpload:
    """States length and hash, so that the service finds what is damaged on the way."""
    return scan_pb2.ScanUpload(
        file_name=path.name,
        size_bytes=path.stat().st_size,
        sha256=sha256(path),
        options=options,
    )


def _source(scan: Scan, options: Optional[ReadOptions]) -> scan_pb2.ScanSource:
    if isinstance(scan, Stored):
        return scan_pb2.ScanSource(scan_id=scan.scan_id)
    return scan_pb2.ScanSource(upload=_upload(scan, options))


def _chunks(scan: Scan) -> Iterator[bytes]:
    """The bytes that follow: none of a scan that the store has."""
    if isinstance(scan, Stored):
        return
    with scan.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _translated(call: Callable[[], T]) -> T:
    try:
        return call()
    except grpc.RpcError as error:
        raise CasemarkError.of(error) from error
