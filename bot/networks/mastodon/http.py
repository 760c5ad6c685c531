"""One server's API over httpx: bearer token, bounded time and size, and one place where failures get their names."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec

from bot.domain.plainwords import decoding_words, plain_words
from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks import bounded
from bot.networks.faring import Faring, Login
from bot.networks.salvage import Aside, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from bot.ports import Condition

    Param = tuple[str, str]

T = TypeVar("T")

USER_AGENT = "Staffroom (teacher chat bot)"
MOST_BYTES = 64 * 1024 * 1024  # a context of 4,096 long posts is about 20 MB
CONNECT_SECONDS = 10.0
WHOLE_ANSWER = 4  # an answer may trickle in for so many times the timeout
WRITE_RESERVE = 10  # reading stops when less than a tenth of what the server allows is left: prompts go first
USUAL_WAIT = 60.0  # seconds, where a server says "too many" and not for how long
LONGEST_WAIT = 3600.0
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises where something is not whole, or not what was promised."""
_OWN: dict[str, Login] = {
    "/api/v1/accounts/verify_credentials": "needed",
    "/api/v1/accounts/relationships": "needed",
    "/api/v1/notifications": "needed",
    "/api/v1/apps/verify_credentials": "none",  # a token may have no application, and be good
}
"""What reading says of our login; the rest of what we read a server may show to anybody."""
_JSON = (b"{", b"[")
_BLANKS = 64  # so many bytes are looked at to see whether it is JSON
_WORDS = 300  # characters of a server's words that we repeat
_LONGEST_LINK = 8192  # characters of a header that names other pages

_OK = range(200, 300)
_GONE = frozenset({404, 410})
_TRY_LATER = frozenset({408, 425})
_ELSEWHERE = range(300, 400)
_OUR_ACCOUNT = "Your login is "  # suspended, not confirmed, waiting for approval: Mastodon's words to an account
_TOO_LARGE = 413  # what stands in front of a server says this for good
_SERVER_ERROR = 500


class _Said(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Error/."""

    error: str = ""
    error_description: str | None = None


class Reply(msgspec.Struct, frozen=True):
    """A whole answer: status code, headers (case does not matter) and body."""

    status: int
    headers: httpx.Headers
    body: bytes

    def __repr__(self) -> str:
        return f"<answer {self.status}, {len(self.body)} bytes>"

    @property
    def ok(self) -> bool:
        """Whether it says that what was asked was done."""
        return self.status in _OK

    @property
    def gone(self) -> bool:
        """Whether the server itself (not something in front of it) says that there is no such thing."""
        return self.status in _GONE and self.words is not None

    @property
    def words(self) -> str | None:
        """The error in the server's own words; ``None`` if these are not an API server's."""
        try:
            said = msgspec.json.decode(self.body, type=_Said)
        except UNREADABLE:
            return None
        return (said.error_description or said.error)[:_WORDS]

    @property
    def date(self) -> datetime | None:
        """The server's clock (https://www.rfc-editor.org/rfc/rfc9110#name-date), UTC, cut to the second."""
        return _http_date(self.headers.get("Date", ""))

    def next_page(self) -> list[Param] | None:
        """Parameters of the next page; ``None`` if this was the last.

        See https://docs.joinmastodon.org/api/guidelines/#pagination.
        """
        address = self.links.get("next")
        try:
            return list(httpx.URL(address).params.multi_items()) if address else None
        except httpx.InvalidURL:
            return None

    @property
    def links(self) -> dict[str, str]:
        """The addresses in the ``Link`` header, by relation. Only their parameters are ever used, on our own server."""
        said = self.headers.get("Link", "")
        if not said.isascii() or len(said) > _LONGEST_LINK:
            return {}
        found = httpx.Response(200, headers={"Link": said}).links
        return {str(name): link["url"] for name, link in found.items() if link.get("url")}


class Api:
    """Requests to one server as one account, from any thread.

    Args:
        server: its address, such as ``https://social.example.org``.
        token: the account's access token.
        clock: gives the time, aware UTC, to tell how far the server's clock is ahead.
        timeout: seconds to wait for the next piece of an answer; a whole one may take four times as long.
    """

    ahead: float | None = None
    """How many seconds the server's clock was ahead of ours at the last answer; ``None`` while unknown."""

    def __init__(self, server: str, token: str, clock: Callable[[], datetime], timeout: float) -> None:
        self._clock = clock
        self._url = httpx.URL(server.rstrip("/"))
        self.host = self._url.netloc.decode()
        self.url = str(self._url)
        self._whole = timeout * WHOLE_ANSWER
        self._faring = Faring(clock)
        self.aside = Aside()
        self._reads_from = 0.0  # monotonic seconds before which reading leaves the rest to posting
        self._http = bounded.client(  # it follows no redirect: the token is for this server alone
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}", "User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        )

    def condition(self) -> Condition:
        """See ``ports.Network.condition``. A token has no end that the server would tell."""
        return self._faring.condition()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def get(
        self, path: str, params: Sequence[Param] = (), *, also: Collection[int] = (), urgent: bool = False
    ) -> Reply:
        """Read.

        Args:
            path: below the server's address, each variable piece percent-encoded.
            params: of the query; a name may stand in it more than once.
            also: error statuses to hand back instead of raising.
            urgent: part of posting, so it may use what reading leaves over of the server's allowance.
        """
        wait = self._reads_from - time.monotonic()
        if wait > 0 and not urgent:
            raise Busy(f"{self.host} allows little more for now; the rest is kept for posting", wait)
        return self._ask("GET", path, also, params=httpx.QueryParams(list(params)))

    def post(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: bytes | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Reply:
        """Write: a JSON body, or a form with files."""
        extra = {**(headers or {}), **({"Content-Type": "application/json"} if json is not None else {})}
        return self._ask("POST", path, (), headers=extra, content=json, data=data, files=files)

    def delete(self, path: str) -> bool:
        """Delete; whether there was anything, as the server itself says."""
        reply = self._ask("DELETE", path, _GONE)
        if not reply.ok and not reply.gone:
            raise failure(reply, f"DELETE {self.host}{path}", read=False)
        return reply.ok

    def streaming(self, silence: float) -> httpx.Client:
        """Connections for streams, with the same token; ``silence`` is after how many seconds without a word they end.

        The caller closes it.
        """
        return bounded.client(
            headers={**self._http.headers, "Accept": "text/event-stream", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(silence, connect=min(silence, CONNECT_SECONDS)),
        )

    def decode(self, reply: Reply, kind: type[T]) -> T:
        """The body as ``kind``. Raises ``Unanswered`` if it is not whole or not what the API promises."""
        return readable(reply.body, lambda body: msgspec.json.decode(body, type=kind), self.host)

    def _ask(self, method: str, path: str, also: Collection[int], **options: Any) -> Reply:  # noqa: ANN401 -- handed on to httpx as they are
        reads = method == "GET"
        login = _OWN.get(path, "given") if reads else "needed"
        with self._faring.asking(self.host, login=login, writes=not reads) as asked:
            reply = self._request(method, path, also, options)
            # A portal's page with a 200 is no answer of the server's, though it is only noticed when it is read.
            asked.usable = not reply.ok or not reply.body or reply.body[:_BLANKS].lstrip().startswith(_JSON)
        return reply

    def _request(self, method: str, path: str, also: Collection[int], options: dict[str, Any]) -> Reply:
        where = f"{method} {self.host}{path}"
        try:
            reply = self._exchange(method, path, where, options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"{where}: no connection ({plain_words(str(error))})") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
            raise Unavailable(f"{where}: this request cannot be made ({plain_words(str(error))})") from error
        except httpx.HTTPError as error:
            raise Unanswered(f"{where}: no answer ({type(error).__name__}: {plain_words(str(error))})") from error
        said = [reply.headers.get(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset")]
        self._faring.allows(method, *said)
        if method == "GET":
            self._mind_allowance(reply)
        if not reply.ok and reply.status not in also:
            raise failure(reply, where, read=method == "GET")
        return reply

    def _exchange(self, method: str, path: str, where: str, options: dict[str, Any]) -> Reply:
        asked = self._clock()
        with bounded.within(self._whole, where), self._http.stream(method, path, **options) as response:
            body = bounded.whole(response, MOST_BYTES, where)
        reply = Reply(response.status_code, response.headers, body)
        if reply.date is not None:  # it was cut to the second: half a second more is the best guess
            answered = self._clock()
            self.ahead = (reply.date - asked - (answered - asked) / 2).total_seconds() + 0.5
        return reply

    def _mind_allowance(self, reply: Reply) -> None:
        """Stop reading when little is left (https://docs.joinmastodon.org/api/rate-limits/)."""
        try:
            limit, left = (int(reply.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))
        except (KeyError, ValueError):
            return
        reset = _wait(reply)
        if left < limit // WRITE_RESERVE and reset is not None:
            self._reads_from = time.monotonic() + reset


def readable(body: bytes, decode: Callable[[bytes], T], host: str) -> T:
    """``decode(body)``. Raises ``Unanswered`` where that fails: half an answer, or not an API server's."""
    try:
        return decoded(body, decode)
    except UNREADABLE as error:
        raise Unanswered(f"{host}: the answer cannot be read ({decoding_words(error)})") from error


def failure(reply: Reply, where: str, *, read: bool) -> NetworkError:
    """The error that an answer means (https://docs.joinmastodon.org/api/guidelines/#errors).

    Args:
        reply: an answer that is not a success.
        where: method and address, for the message.
        read: nothing can have taken effect, so a 503 is certain.
    """
    words = plain_words(reply.words or "")  # no more than is surely nobody's post and no token
    said = f"{where}: {reply.status} {words}" if words else f"{where}: {reply.status}"
    if reply.status == httpx.codes.TOO_MANY_REQUESTS:
        wait = _wait(reply)
        return Busy(said, USUAL_WAIT if wait is None else wait)
    lost = reply.status == httpx.codes.UNAUTHORIZED
    # A 403 about our account is no word about what was asked: once the account is back, it may be said.
    if lost or (reply.status == httpx.codes.FORBIDDEN and (reply.words or "").startswith(_OUR_ACCOUNT)):
        return Unauthorized(f"{said}; run `staffroom login mastodon`" if lost else said)
    if reply.status in _ELSEWHERE:
        return Unavailable(f"{said}, sent on elsewhere; is the server's address right?")
    # Not the server's own words: a wall or a portal in front of it. It may stand aside later; a prompt is not lost.
    walled = reply.status == httpx.codes.FORBIDDEN or (not read and reply.status != _TOO_LARGE)
    if (reply.status == httpx.codes.SERVICE_UNAVAILABLE and read) or (reply.words is None and walled and read):
        return Unavailable(said)
    if reply.status >= _SERVER_ERROR or reply.status in _TRY_LATER or (reply.words is None and walled):
        return Unanswered(said)
    return Refused(said)


def _wait(reply: Reply) -> float | None:
    """Seconds until the server's allowance is whole again, by the server's own clock; ``None`` if it does not say."""
    after = reply.headers.get("Retry-After", "").strip()
    if after.isdecimal():
        return min(float(after), LONGEST_WAIT)
    until = _http_date(after) or _moment(reply.headers.get("X-RateLimit-Reset", "").strip())
    now = reply.date
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _moment(text: str) -> datetime | None:
    """An ISO 8601 time, or seconds since 1970 as some servers write."""
    try:
        found = datetime.fromtimestamp(float(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
