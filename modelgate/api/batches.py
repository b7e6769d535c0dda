"""The edge to the Message Batches API: calls that are made once, and say exactly what is known of their fate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from modelgate.api.batch_answers import parse_batch, parse_page
from modelgate.api.client import MODE, naming_host, origin_used
from modelgate.api.credential import origin_of
from modelgate.api.failures import Failure, failure_of, retry_after, untrusted
from modelgate.api.parse import Unbelievable
from modelgate.domain.batches import Batch, Listing
from modelgate.domain.errors import CallFailed, ModelgateError

if TYPE_CHECKING:
    import anthropic
    import httpx2

Value = TypeVar("Value")

PATH = "/v1/messages/batches"

UPLOAD_SECONDS = 600.0
"""Without a byte, after which the answer to a create counts as lost: 256 MB are read and checked before it comes."""

STALL_SECONDS = 60.0
"""Without a byte of the results."""

_LONGEST_ANSWER = 4 * 2**20
"""Bytes of a batch or of a page of a thousand of them."""

_LONGEST_ROW = 64 * 2**20
"""Bytes of one result: far above the longest answer of any model."""

_CHUNK = 1 << 16

LOOKS_BACK = timedelta(hours=1)
"""How far back a list goes that is told nothing else: a batch that shows up later than that is not looked for."""


class Body(Protocol):
    """The body of a create, written while it is sent."""

    length: int
    """Bytes, announced before the first of them goes out."""
    problem: ModelgateError | None
    """Why the body could not be written to its end."""

    @property
    def handed_over(self) -> bool:
        """Whether all of it was handed to the connection."""

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A batch as it was just seen."""

    batch: Batch
    retry_after: float | None
    """Seconds after which the API asks to be asked again."""


class BatchesClient:
    """The Message Batches API through one client of the SDK. Methods raise `CallFailed`, and never try again."""

    def __init__(self, client: anthropic.Anthropic) -> None:
        self._client = client
        self.origin = origin_used(client)

    def create(self, body: Body, betas: str | None = None) -> Batch:
        """Sends one batch, with these betas in the header. `maybe_done` of the failure: it may exist nevertheless.

        It cannot if the body was not handed over to its end, as its announced length was then not reached, nor after an
        answer that says no: a 4xx, a redirect, a 529 in the API's own shape. The SDK would send it a second time
        (measured with SDK 2.12.0); this does not. The answer is read at once, so that the call's log has
        the batch's ID.
        """
        headers = {"Content-Type": "application/json", "Content-Length": str(body.length), MODE: "raw"}
        if betas:
            headers["anthropic-beta"] = betas
        try:
            return parse_batch(self._post(PATH, UPLOAD_SECONDS, headers, iter(body))[0])
        except Unbelievable as error:
            raise _failed(untrusted(str(error)), maybe_done=True) from None
        except CallFailed as error:
            if body.problem:
                raise body.problem from None
            refused = error.status is not None and (error.status < 500 or (error.status == 529 and error.kind != ""))
            error.maybe_done = body.handed_over and not refused
            raise

    def retrieve(self, batch_id: str) -> Seen:
        """One batch."""
        body, headers = self._get(f"{PATH}/{quote(batch_id, safe='')}")
        return Seen(_believed(parse_batch, body), retry_after(headers))

    def newest(self, since: datetime | None = None) -> Listing:
        """The batches of the workspace that were created at `since` or later; without it, in the last hour or so.

        All by the API's clock: the hour ends when it answered, or at its newest batch where it does not tell.
        """
        found: list[Batch] = []
        after: str | None = None
        at: datetime | None = None
        seen: set[str] = set()
        while True:
            query = {"limit": "1000"} | ({"after_id": after} if after else {})
            body, headers = self._get(PATH, query)
            page = _believed(parse_page, body)
            if after is None:
                at = _told_at(headers)
                end = at or (page.batches[0].created_at if page.batches else None)
                since = since or (end - LOOKS_BACK if end else None)
            recent = [batch for batch in page.batches if since is None or batch.created_at >= since]
            found += recent
            if page.after_id is None or len(recent) < len(page.batches):
                return Listing(tuple(found), at, since)
            if page.after_id in seen:
                raise _failed(untrusted("the pages of the list of batches repeat"))
            seen.add(after := page.after_id)

    def cancel(self, batch_id: str) -> None:
        """Asks to cancel a batch, which takes effect later. One that has ended stays as it is."""
        try:
            self._post(f"{PATH}/{quote(batch_id, safe='')}/cancel", STALL_SECONDS, {}, None)
        except CallFailed as error:
            if error.status != 400:  # it has ended
                raise

    def results(self, batch: Batch) -> Iterator[bytes]:
        """The lines of a batch's results, in any order, as they arrive.

        `results_url` is fetched from the API's own origin alone: the SDK sends the key wherever it points (measured
        with SDK 2.12.0). Elsewhere, the documented path of the API is asked instead.
        """
        url = batch.results_url or ""
        own = f"{PATH}/{quote(batch.id, safe='')}/results"
        target = url if self.owns(url) else own
        with self._stream(lambda: self._client.get(target, **self._options(STALL_SECONDS))) as response:
            yield from _lines(response)

    def owns(self, url: str) -> bool:
        """Whether `url` is at the API's own origin."""
        try:
            return bool(urlsplit(url).scheme) and origin_of(url) == self.origin
        except ValueError:
            return False

    def _get(self, path: str, query: dict[str, str] | None = None) -> tuple[bytes, Any]:
        options = self._options(STALL_SECONDS)
        if query:
            options["options"]["params"] = query
        return self._whole(lambda: self._client.get(path, **options))

    def _post(
        self, path: str, timeout: float, headers: dict[str, str], content: Iterator[bytes] | None
    ) -> tuple[bytes, Any]:
        options = self._options(timeout, headers)
        return self._whole(lambda: self._client.post(path, content=content, **options))

    def _options(self, timeout: float, headers: dict[str, str] | None = None) -> dict[str, Any]:
        sent = {MODE: "stream", **(headers or {})}
        return {"cast_to": object, "options": {"headers": sent, "timeout": timeout, "max_retries": 0}}

    def _whole(self, call: Callable[[], Any]) -> tuple[bytes, Any]:
        with self._stream(call) as response:
            body = bytearray()
            for chunk in _chunks(response):
                body += chunk
                if len(body) > _LONGEST_ANSWER:
                    raise _failed(untrusted("the answer is too long for one about batches"))
            return bytes(body), response.headers

    def _stream(self, call: Callable[[], Any]) -> closing[httpx2.Response]:
        try:
            answer = call()
        except Exception as error:  # the SDK and its HTTP library raise many kinds; failure_of knows them
            failure = failure_of(error)
            raise _failed(replace(failure, problem=naming_host(failure.problem, self._client))) from None
        return closing(answer.http_response)


def _believed(parse: Callable[[bytes], Value], body: bytes) -> Value:
    try:
        return parse(body)
    except Unbelievable as error:
        raise _failed(untrusted(str(error))) from None


def _failed(failure: Failure, *, maybe_done: bool = False) -> CallFailed:
    return CallFailed(
        failure.problem,
        status=failure.status,
        retry=failure.retry,
        wait=failure.wait,
        maybe_done=maybe_done,
        kind=failure.type or "",
        reason=failure.reason,
    )


def _told_at(headers: Any) -> datetime | None:
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _chunks(response: httpx2.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_bytes(_CHUNK)
    except Exception as error:  # as in `_stream`, while the body arrives
        raise _failed(failure_of(error)) from None


def _lines(response: httpx2.Response) -> Iterator[bytes]:
    """Lines without their ends; the last one may have none (seen in recorded traffic)."""
    rest = bytearray()
    for chunk in _chunks(response):
        rest += chunk
        if b"\n" not in chunk:
            if len(rest) > _LONGEST_ROW:
                raise _failed(untrusted("a line of the results is too long"))
            continue
        *lines, last = bytes(rest).split(b"\n")
        yield from (line for line in lines if line.strip())
        rest = bytearray(last)
    if rest.strip():
        yield bytes(rest)
