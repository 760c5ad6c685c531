"""One account's XRPC calls over HTTP: with its login where one is needed, and what every bad answer means.

https://atproto.com/specs/xrpc, https://docs.bsky.app/docs/api/com-atproto-server-create-session
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from bot.domain.plainwords import decoding_words, plain_name, plain_words
from bot.errors import Busy, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks import bounded
from bot.networks.bluesky.salvage import UNREADABLE, salvaged
from bot.networks.bluesky.sessions import Session, Tokens, is_token, login_ends, restored
from bot.networks.faring import Faring
from bot.networks.salvage import Aside, shallow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.networks.faring import Login
    from bot.ports import Condition

T = TypeVar("T")
Json = dict[str, Any]

_TOKEN_TROUBLE = frozenset({"ExpiredToken", "InvalidToken"})
_ACCOUNT_TROUBLE = frozenset({"AccountTakedown", "AccountSuspended", "AccountDeactivated", "AuthFactorTokenRequired"})
_NO_SUCH_METHOD = "MethodNotImplemented"  # with a 501: the server is too old or too small, and will be tomorrow
_DEFAULT_WAIT = 60.0  # seconds, where a 429 does not say
_LONGEST_WAIT = 3600.0
_MOST_BYTES = 64 * 1024 * 1024  # many times the largest thread
_WHOLE_ANSWER = 4  # an answer may trickle in for so many times the timeout
_TOO_LARGE = 413  # what stands in front of a server says this for good
_ENCODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class XrpcRefused(Refused):
    """A 4xx answer. ``error`` is its XRPC name, such as ``RecordNotFound``; ``status`` the HTTP status."""

    def __init__(self, message: str, status: int, error: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error


class _Error(msgspec.Struct):
    """https://atproto.com/specs/xrpc#error-responses."""

    error: str = ""
    message: str = ""


class Xrpc:
    """Calls for one account, from as many threads as like: one of them logs in or refreshes, the others wait.

    Args:
        server: URL of the account's PDS or entryway.
        handle: the account's handle or DID, to log in with.
        password: an app password.
        session: what ``on_session`` was last given; ``None`` for none.
        on_session: is given every new session as a string to keep; logins are few (30 in 300 s), refreshes many.
        appview: URL of an AppView for public reads without login; empty to read through ``server``.
        clock: gives aware UTC.
        timeout: seconds for connecting, and for each wait while reading and writing.
    """

    def __init__(
        self,
        *,
        server: str,
        handle: str,
        password: str,
        session: str | None,
        on_session: Callable[[str], None],
        appview: str,
        clock: Callable[[], datetime],
        timeout: float,
    ) -> None:
        self.server = server.rstrip("/")
        self._appview = appview.rstrip("/")
        self._login = handle.removeprefix("@")
        self._password = password
        self._on_session = on_session
        self._clock = clock
        self._whole = timeout * _WHOLE_ANSWER
        self._http = bounded.client(timeout=timeout, headers={"User-Agent": "Staffroom"})
        self._session = restored(session, self.server, self._login)
        self._renewing = threading.RLock()
        self._faring = Faring(clock)
        self.ahead: float | None = None
        self.aside = Aside()

    def __repr__(self) -> str:
        return f"<XRPC calls of {self._login} at {self.server}>"

    @property
    def session(self) -> Session:
        """The session; logs in if there is none yet."""
        with self._renewing:
            return self._session or self._log_in()

    def condition(self) -> Condition:
        """See ``ports.Network.condition``."""
        session = self._session  # as it is: somebody may be logging in at this moment
        return self._faring.condition(login_ends(session) if session else None)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def query(
        self, method: str, params: Mapping[str, Any], kind: type[T], *, public: bool = False, service: str = ""
    ) -> T:
        """Ask (GET) and decode. ``public``: answered by the AppView without login, where one is set.

        ``service``: a service behind our server that is to answer, such as ``did:web:api.bsky.chat#bsky_chat``
        (https://atproto.com/specs/xrpc#service-proxying).

        Raises what ``ports.Network`` says; an answer that is not a ``kind`` is ``Unanswered``.
        """
        if public and self._appview:
            with self._faring.asking(self._appview):
                response = self._checked(method, self._ask("GET", self._appview, method, params))
                return self._decoded(method, response, kind)
        with self._faring.asking(self.server, login=_judged(service)):
            return self._decoded(method, self._with_login("GET", method, params, service=service), kind)

    def plain(self, method: str, kind: type[T]) -> T:
        """Ask the account's own server something that needs no login."""
        with self._faring.asking(self.server):
            return self._decoded(method, self._checked(method, self._ask("GET", self.server, method)), kind)

    def procedure(self, method: str, body: Json, kind: type[T], *, service: str = "") -> T:
        """Call (POST) with a JSON body and decode the answer; ``service`` as for ``query``."""
        content = msgspec.json.encode(body)
        with self._faring.asking(self.server, login=_judged(service), writes=True):
            response = self._with_login("POST", method, content=content, mime="application/json", service=service)
            return self._decoded(method, response, kind)

    def upload(self, method: str, content: bytes, mime: str, kind: type[T]) -> T:
        """Call (POST) with bytes and decode the answer."""
        with self._faring.asking(self.server, login="needed", writes=True):
            return self._decoded(method, self._with_login("POST", method, content=content, mime=mime), kind)

    # -- login ---------------------------------------------------------------------------------------------------
    def _with_login(
        self,
        verb: str,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        content: bytes | None = None,
        mime: str = "",
        service: str = "",
    ) -> httpx.Response:
        for last in (False, True):
            session = self.session
            response = self._ask(
                verb, self.server, method, params, content=content, mime=mime, token=session.access, service=service
            )
            if not _token_refused(response):
                return self._checked(method, response)
            if not last:
                self._renew(session)
        raise Unauthorized(f"{self._where(self.server)} does not accept the login of {self._login} any more ({method})")

    def _renew(self, refused: Session) -> None:
        """Refresh the tokens, or log in anew where the server does not take the old ones any more.

        Nothing to do where another thread did it while this one waited.
        """
        with self._renewing:
            if self._session is not refused:
                return
            try:
                self._take("com.atproto.server.refreshSession", token=refused.refresh)
            except (Refused, Unauthorized):
                self._log_in()

    def _log_in(self) -> Session:
        if not self._password:
            raise Unauthorized(f"{self._login} has no app password here: run `staffroom login bluesky`")
        body = msgspec.json.encode({"identifier": self._login, "password": self._password})
        return self._take("com.atproto.server.createSession", content=body)

    def _take(self, method: str, *, content: bytes | None = None, token: str = "") -> Session:
        """Get tokens and keep them. No answer here means that what the login was for certainly was not done."""
        try:
            with self._faring.asking(self.server, login="given"):
                response = self._ask("POST", self.server, method, content=content, mime="application/json", token=token)
                if _token_refused(response):
                    raise Unauthorized(
                        f"{self._where(self.server)} refuses the login of {self._login}: "
                        "run `staffroom login bluesky` with a new app password"
                    )
                tokens = self._decoded(method, self._checked(method, response), Tokens)
        except Unanswered as error:
            raise Unavailable(str(error)) from None
        if not all(is_token(one) for one in (tokens.access_jwt, tokens.refresh_jwt)):
            raise Unavailable(f"{self._where(self.server)}, {method}: what it gives for a login is none")
        made = Session(self.server, self._login, tokens.did, tokens.handle, tokens.access_jwt, tokens.refresh_jwt)
        self._session = made
        self._on_session(msgspec.json.encode(made).decode())
        return made

    # -- one request ---------------------------------------------------------------------------------------------
    def _ask(
        self,
        verb: str,
        base: str,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        content: bytes | None = None,
        mime: str = "",
        token: str = "",
        service: str = "",
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if service:
            headers["atproto-proxy"] = service
        if content is not None:
            headers["Content-Type"] = mime
        where = f"{self._where(base)}, {method}"
        url = f"{base}/xrpc/{method}"
        # The errors' causes are cut off (`from None`): they hold the request, and so the token.
        try:
            response = self._exchange(verb, url, where, params=params, content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"{where}: no connection ({_reason(error)})") from None
        except httpx.InvalidURL as error:
            raise Unavailable(f"{where}: this request cannot be made ({_reason(error)})") from None
        except httpx.HTTPError as error:
            raise Unanswered(f"{where}: no usable answer ({_reason(error)})") from None
        self._note_date(response)
        if token and base == self.server:
            said = response.headers  # https://docs.bsky.app/docs/advanced-guides/rate-limits
            self._faring.allows(verb, *(said.get(f"ratelimit-{name}") for name in ("limit", "remaining", "reset")))
        return response

    def _exchange(self, verb: str, url: str, where: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx as they are
        """One request with its whole answer, bounded in size and in elapsed time."""
        with bounded.within(self._whole, where), self._http.stream(verb, url, **options) as response:
            body = bounded.whole(response, _MOST_BYTES, where)
        # As they came: a server may write bytes that are no ASCII.
        plain = [pair for pair in response.headers.raw if pair[0].decode("latin-1").lower() not in _ENCODED]
        return httpx.Response(response.status_code, headers=plain, content=body, request=response.request)

    def _checked(self, method: str, response: httpx.Response) -> httpx.Response:
        """The response if it is a good one, else the right error."""
        status = response.status_code
        if response.is_success:
            return response
        where = f"{self._where(str(response.url))}, {method}"
        if response.is_redirect:
            target = self._where(response.headers.get("location", ""))
            raise Unavailable(f"{where}: sent on to {target or 'elsewhere'}; is the server's address right?")
        told = _told(response)
        words = f"{status} {plain_name(told.error)}".strip()
        if told.message:  # no more of it than is surely nobody's post and no token
            words += f": {plain_words(told.message)}"
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Busy(f"{where}: asked to wait ({words})", self._wait(response))
        if told.error == _NO_SUCH_METHOD:
            raise XrpcRefused(f"{where}: {words}", status, told.error)
        if not response.is_client_error:
            raise Unanswered(f"{where}: {words}")
        if told.error in _ACCOUNT_TROUBLE or status == httpx.codes.UNAUTHORIZED:
            raise Unauthorized(f"{where}: {words}")
        read = response.request.method == "GET"
        if not told.error and (status == httpx.codes.FORBIDDEN or (not read and status != _TOO_LARGE)):
            # Not XRPC: a wall or a portal before the server. It may stand aside later; a prompt is not lost by it.
            raise Unavailable(f"{where}: {words}") if read else Unanswered(f"{where}: {words}")
        raise XrpcRefused(f"{where}: {words}", status, told.error)

    def _decoded(self, method: str, response: httpx.Response, kind: type[T]) -> T:
        try:
            try:
                return msgspec.json.decode(response.content, type=kind)
            except RecursionError as error:
                self.aside.put(f"what lies too deep in {method}", error)
                return salvaged(shallow(response.content), kind, self.aside.put)
            except msgspec.ValidationError:
                return salvaged(response.content, kind, self.aside.put)
        except UNREADABLE as error:
            where = self._where(str(response.url))
            raise Unanswered(f"{where}, {method}: an answer that cannot be read ({decoding_words(error)})") from None

    def _note_date(self, response: httpx.Response) -> None:
        """Compare the server's clock with ours; its ``Date`` is cut to whole seconds, so half of one is added."""
        said = _date(response.headers.get("date", ""))
        if said is not None:
            self.ahead = (said + timedelta(milliseconds=500) - self._clock()).total_seconds()

    def _wait(self, response: httpx.Response) -> float:
        """Seconds to wait: ``Retry-After`` as seconds or date, else ``RateLimit-Reset`` as Unix time."""
        after = response.headers.get("retry-after", "").strip()
        if after.isdecimal():
            return min(float(after), _LONGEST_WAIT)
        until = _date(after)
        reset = response.headers.get("ratelimit-reset", "").strip()
        if until is None and reset.isdecimal():
            until = datetime.fromtimestamp(min(float(reset), 2.0**32), UTC)
        if until is None:
            return _DEFAULT_WAIT
        return min(max((until - self._clock()).total_seconds(), 0.0), _LONGEST_WAIT)

    @staticmethod
    def _where(url: str) -> str:
        try:
            return urlsplit(url).netloc.rpartition("@")[2]
        except ValueError:
            return ""


def _judged(service: str) -> Login:
    """A service behind the server may want more than our login gives, as the chat does: that is no verdict about it."""
    return "none" if service else "needed"


def _token_refused(response: httpx.Response) -> bool:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return _told(response).error not in _ACCOUNT_TROUBLE
    return response.status_code == httpx.codes.BAD_REQUEST and _told(response).error in _TOKEN_TROUBLE


def _told(response: httpx.Response) -> _Error:
    try:
        return msgspec.json.decode(response.content, type=_Error)
    except (ValueError, RecursionError):
        return _Error()


def _date(text: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return said if said.tzinfo is not None else said.replace(tzinfo=UTC)


def _reason(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    return plain_words(str(error)) or type(error).__name__
