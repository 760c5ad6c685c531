"""Being told live: the account's own stream and one for each hashtag, each read in a thread, given in batches.

Streams say nothing of what happened before them. So on every connection first all streams are opened, then what came
in since the cursor is asked for (``listening.py``), and then what the streams said meanwhile is given: no gap is left.
https://docs.joinmastodon.org/methods/streaming/
"""

from __future__ import annotations

import queue
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from bot.domain.plainwords import decoding_words
from bot.domain.posts import PostRef
from bot.errors import NetworkError, Refused
from bot.networks.mastodon.http import UNREADABLE
from bot.networks.mastodon.listening import Mark, notification_in, post_of
from bot.networks.mastodon.taps import USER, Broken, Said, Tap, Waiting
from bot.networks.mastodon.wire import WirePost
from bot.ports import Heard, Spoiled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import httpx

    from bot.networks.mastodon.incoming import Incoming
    from bot.networks.mastodon.listening import Listener, Round
    from bot.networks.mastodon.server import Server
    from bot.ports import Wanted

T = TypeVar("T")

MOST_WAITING = 2_000  # events; then reading waits, and the server with it
MOST_AT_ONCE = 500  # events in one batch
_LOOK = 0.2  # seconds between looks whether to stop
_SCHEMES = {"wss": "https", "https": "https", "ws": "http", "http": "http"}
_KINDS = frozenset({"mention", "quote"})


class Pace(msgspec.Struct, frozen=True):
    """Seconds.

    Attributes:
        silence: after so long without a byte a stream is taken for dead; Mastodon sends a heartbeat each 15.
        batch: events are gathered for so long.
        life: a sign of life is given at least so often.
        wanted: how often it is asked what is wanted.
    """

    silence: float = 45.0
    batch: float = 1.0
    life: float = 4.0
    wanted: float = 3.0


class Streams:
    """Makes streams of one account.

    Args:
        server: where.
        listener: asks for what came before.
        incoming: converts posts.
        pace: how patient to be.
    """

    def __init__(self, server: Server, listener: Listener, incoming: Incoming, pace: Pace) -> None:
        self._server = server
        self._listener = listener
        self._incoming = incoming
        self._pace = pace

    def stream(self, cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """See ``ports.Network.stream``. Of edits, only those of posts under a hashtag are told."""
        if stopping():
            return
        http = self._server.api.streaming(self._pace.silence)
        live = _Live(self, http, self._base(), cursor)
        try:
            yield from live.run(wanted, stopping)
        finally:
            live.close()
            http.close()

    def _base(self) -> str:
        """Where the streams are. Raises ``Refused`` where the server names no such place, or none for a secret.

        Our token goes there, so it has to be the server itself or a name below its own (``streaming.…``).
        """
        told = self._server.instance()
        newer = told.configuration.urls if told.configuration else None
        named = (newer and newer.streaming) or (told.urls and told.urls.streaming_api) or ""
        try:
            parts = urlsplit(named)
            below = parts.port is None and (parts.hostname or "").endswith(
                f".{urlsplit(self._server.api.url).hostname}"
            )
        except ValueError:
            raise Refused(f"{self._server.api.host} names a place for streams that is no address") from None
        scheme = _SCHEMES.get(parts.scheme, "")
        if not scheme or not parts.netloc:
            raise Refused(f"{self._server.api.host} names no place for streams")
        if scheme == "http" and self._server.api.url.startswith("https:"):
            raise Refused(f"{self._server.api.host} names a place for streams without encryption")
        if parts.netloc.lower() != self._server.api.host.lower() and not below:
            raise Refused(
                f"{self._server.api.host} names a place for streams at another server, which is not given the login"
            )
        return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"

    # -- what a connection needs -----------------------------------------------------------------------------
    def behind(self, mark: Mark, tags: set[str], *, notifications: bool) -> Round:
        """What came in before the streams were there."""
        return self._listener.hear(mark, tags, notifications=notifications)

    @property
    def pace(self) -> Pace:
        """How patient to be."""
        return self._pace

    def batch(self, said: list[Said], mark: Mark) -> Heard:
        """What events mean; ``mark`` moves on.

        Where it cannot be found out who blocks us, what needs no such knowledge is told, and the mark stays: what is
        said on connecting again begins there, and threads are to be read anew for the edits among the events.
        """
        place = self._server.place()
        posts: dict[str, WirePost] = {}
        gone: dict[str, PostRef] = {}
        spoiled: list[Spoiled] = []
        moved = mark.copy()
        for one in said:
            try:
                post, deleted = _meaning(one, moved)
            except UNREADABLE as error:
                spoiled.append(Spoiled(one.name, decoding_words(error)))
                continue
            if post is not None:
                posts.pop(post.id, None)
                posts[post.id] = post
            if deleted:
                posts.pop(deleted, None)
                gone[deleted] = PostRef("mastodon", place.id(deleted))
        try:
            kept = self._incoming.others(posts.values())
        except NetworkError as error:
            told = Heard((), mark.cursor(), gone=tuple(gone.values()), spoiled=tuple(spoiled), missed=True)
            raise _Halted(told, error) from error
        mark.notification, mark.tags = moved.notification, moved.tags
        return Heard(tuple(kept), mark.cursor(), gone=tuple(gone.values()), spoiled=tuple(spoiled))


class _Halted(Exception):
    """A batch of which only a part can be told, and why."""

    def __init__(self, told: Heard, why: NetworkError) -> None:
        super().__init__(str(why))
        self.told = told
        self.why = why


class _Live:
    """One connection: its streams, how far it came, and when it last gave something."""

    def __init__(self, streams: Streams, http: httpx.Client, base: str, cursor: str) -> None:
        self._streams = streams
        self._http = http
        self._base = base
        self._mark = Mark.read(cursor)
        self._events = Waiting(MOST_WAITING)
        self._taps: dict[str, Tap] = {}
        self._behind: set[str] = set()  # streams of whose lists we have not heard what came before
        self._gave = time.monotonic()
        self._looked = float("-inf")

    def close(self) -> None:
        """End all streams; their threads end by themselves."""
        for tap in self._taps.values():
            tap.close()

    def run(self, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        while not stopping():
            self._tune(wanted)
            if self._behind:
                yield from self._catch_up(stopping)
                continue
            said, broken = self._gather(stopping)
            if said:
                yield from self._tell(said, stopping)
            if broken is not None:
                raise broken.why
            yield from self._sign_of_life()

    def _tune(self, wanted: Callable[[], Wanted]) -> None:
        """Open streams of hashtags that are wanted, close those that are not any more."""
        if time.monotonic() - self._looked < self._streams.pace.wanted:
            return
        self._looked = time.monotonic()
        names = {USER, *wanted().hashtags}
        for name in self._taps.keys() - names:
            self._taps.pop(name).close()
            self._behind.discard(name)
            self._mark.tags.pop(name, None)
        for name in sorted(names - self._taps.keys()):
            self._taps[name] = Tap(self._http, self._base, name, self._events)
            self._behind.add(name)

    def _catch_up(self, stopping: Callable[[], bool]) -> Iterator[Heard]:
        """Wait until all streams are open, then ask what came before."""
        while not all(tap.open.wait(_LOOK / len(self._taps)) for tap in self._taps.values()):
            broken = next((tap.broken for tap in self._taps.values() if tap.broken is not None), None)
            if broken is not None:
                raise broken.why
            if stopping():
                return
            yield from self._sign_of_life()
        tags = self._behind - {USER}
        everything = USER in self._behind
        while not stopping():
            ask = partial(self._streams.behind, self._mark.copy(), tags, notifications=everything)
            heard = yield from self._meanwhile(ask, stopping)
            if heard is None:
                return
            self._mark.notification = heard.mark.notification
            self._mark.tags |= heard.mark.tags
            heard.mark = self._mark
            self._gave = time.monotonic()
            yield heard.heard()
            if heard.trouble is not None:
                raise heard.trouble
            if not heard.more:
                self._behind.clear()
                return

    def _gather(self, stopping: Callable[[], bool]) -> tuple[list[Said], Broken | None]:
        """The events of the next moment, and why a stream ended if one did."""
        said: list[Said] = []
        until = time.monotonic() + _LOOK
        while len(said) < MOST_AT_ONCE:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                one = self._events.get(timeout=min(left, _LOOK))
            except queue.Empty:
                if stopping():
                    break
                continue
            if isinstance(one, Broken):
                if self._taps.get(one.name) is one.tap:
                    return said, one
                continue  # we closed it ourselves
            if not said:
                until = time.monotonic() + self._streams.pace.batch
            said.append(one)
        return said, None

    def _tell(self, said: list[Said], stopping: Callable[[], bool]) -> Iterator[Heard]:
        wanted = [one for one in said if one.stream in self._taps]
        try:
            heard = yield from self._meanwhile(lambda: self._streams.batch(wanted, self._mark), stopping)
        except _Halted as halted:
            self._gave = time.monotonic()
            yield halted.told
            raise halted.why from halted
        if heard is not None and (heard.posts or heard.gone or heard.spoiled):
            self._gave = time.monotonic()
            yield heard

    def _sign_of_life(self) -> Iterator[Heard]:
        if time.monotonic() - self._gave >= self._streams.pace.life:
            self._gave = time.monotonic()
            yield Heard((), self._mark.cursor())

    def _meanwhile(self, ask: Callable[[], T], stopping: Callable[[], bool]) -> Generator[Heard, None, T | None]:
        """The answer to a question that may take long, with signs of life meanwhile; ``None`` if we stop before."""
        answers: queue.Queue[T | BaseException] = queue.Queue()

        def run() -> None:
            try:
                answers.put(ask())
            except BaseException as error:  # noqa: BLE001 -- handed on to who asked
                answers.put(error)

        cursor = self._mark.cursor()  # the question may move the mark
        threading.Thread(target=run, daemon=True).start()
        while True:
            try:
                answer = answers.get(timeout=_LOOK)
            except queue.Empty:
                if stopping():
                    return None
                if time.monotonic() - self._gave >= self._streams.pace.life:
                    self._gave = time.monotonic()
                    yield Heard((), cursor)
                continue
            if isinstance(answer, BaseException):
                raise answer
            return answer


def _meaning(said: Said, mark: Mark) -> tuple[WirePost | None, str]:
    """The post an event gives, or the local id of one that is gone. Raises one of ``http.UNREADABLE``.

    https://docs.joinmastodon.org/methods/streaming/#events
    """
    if said.kind == "delete":
        return None, _id(said.data)
    if said.kind in {"update", "status.update"}:
        post = msgspec.json.decode(_whole(said), type=WirePost)
        if said.kind == "update" and said.stream != USER:
            mark.heard_post(said.stream, post.id)
        return post, ""
    if said.kind == "notification":
        notification = notification_in(_whole(said))
        if notification.type in _KINDS:
            mark.heard_notification(notification.id)
            return post_of(notification), ""
    return None, ""


def _whole(said: Said) -> bytes:
    if said.data is None:
        raise msgspec.DecodeError("the event is too long")
    return said.data


def _id(data: bytes | None) -> str:
    """The id in a deletion: bare, as Mastodon writes it, or in quotes."""
    found = (data or b"").strip().strip(b'"').decode()
    if not found or len(found) > _LONGEST_ID or not found.isascii() or not found.isalnum():
        raise msgspec.DecodeError("the deletion names no post")
    return found


_LONGEST_ID = 64
