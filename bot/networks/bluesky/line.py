"""A connection to one of several streams: which of them answers, the next frame, and what silence and breaks mean."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.domain.plainwords import plain_words
from bot.errors import Unavailable
from bot.networks.bluesky.cursors import V2_SUBPROTOCOL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from bot.networks.bluesky.cursors import Cursor, Endpoint
    from bot.networks.bluesky.frames import Protocol

_OPENING = 10.0  # seconds
_CLOSING = 1.0
_PING = 20.0
# A record has 1 MB at most, a commit of the firehose 2 MB of blocks and its operations.
_MOST_BYTES: dict[Protocol, int] = {"v1": 2 * 1024 * 1024, "v2": 2 * 1024 * 1024, "firehose": 8 * 1024 * 1024}
# Frames read before they are asked for; the server waits when there are more. With their sizes, 128 MB at the worst.
_AHEAD: dict[Protocol, int] = {"v1": 64, "v2": 64, "firehose": 16}
_BAD_REQUEST = 400
_ELSEWHERE = range(300, 400)


class Line:
    """An open connection. Ends with the ``with`` block.

    Args:
        end: what is spoken there.
        socket: the connection.
        closing: closes it.
        missed: something before its first frame may be missing.
        silence: seconds without any frame after which the line counts as dead; 0 to rely on pings, as on a private
            server where nobody may say anything for hours.
    """

    def __init__(
        self, end: Endpoint, socket: ClientConnection, closing: ExitStack, *, missed: bool, silence: float
    ) -> None:
        self.end = end
        self.missed = missed
        self._socket = socket
        self._closing = closing
        self._silence = silence
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError, WebSocketException):
            self._closing.close()

    def frame(self, seconds: float) -> bytes | None:
        """The next frame, or ``None`` if none comes within so many seconds.

        Raises:
            Unavailable: the connection broke, or nothing has come for too long.
        """
        try:
            got = self._socket.recv(timeout=seconds, decode=False)
        except TimeoutError:
            quiet = time.monotonic() - self._last
            if self._silence and quiet > self._silence:
                raise Unavailable(f"{self.end.host}: the stream has been silent for {quiet:.0f} seconds") from None
            return None
        except (WebSocketException, OSError) as error:  # broken, or a message in too many pieces
            raise Unavailable(f"{self.end.host}: the stream broke ({_reason(error)})") from None
        self._last = time.monotonic()
        return got


class Lines:
    """Opens connections: the streams in turn, the one that worked last first, after a break the next one.

    Args:
        ends: the streams, best first.
        silence: see ``Line``; used where the protocol never falls silent.
    """

    def __init__(self, ends: Sequence[Endpoint], *, silence: float) -> None:
        self._ends = list(ends)
        self._silence = silence

    def __bool__(self) -> bool:
        return bool(self._ends)

    def broke(self, end: Endpoint) -> None:
        """Ask this one last from now on."""
        if end in self._ends:
            self._ends.remove(end)
            self._ends.append(end)

    def open(self, cursor: Cursor | None, now: datetime, *, anew: bool = False) -> Line:
        """Connect to the first that answers, and have it go on from ``cursor``.

        Args:
            cursor: how far we are.
            now: UTC.
            anew: do not ask for what was, because the server cannot make sense of the cursor.

        Raises:
            Unavailable: none of them answers.
        """
        reasons: list[str] = []
        for end in list(self._ends):
            start = end.start(cursor, now)
            number = None if anew else start.number
            silence = 0.0 if end.protocol == "firehose" else self._silence
            missed = anew or start.missed
            closing = ExitStack()
            try:
                try:
                    socket = closing.enter_context(_connecting(end, number))
                except InvalidStatus as error:
                    # Jetstream's second protocol says so to a cursor that is too old: CursorTooOld.
                    if error.response.status_code != _BAD_REQUEST or number is None:
                        raise
                    socket, missed = closing.enter_context(_connecting(end, None)), True
            except (OSError, WebSocketException) as error:
                reasons.append(f"{end.host} ({_reason(error)})")
                self.broke(end)
                continue
            return Line(end, socket, closing, missed=missed, silence=silence)
        raise Unavailable(f"no stream of Bluesky can be reached: {', '.join(reasons)}")


class _Straight(ClientConnection):
    """A connection to where the operator said, and nowhere else: redirects are not followed."""

    def handshake(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 -- handed on as they are
        try:
            super().handshake(*args, **options)
        except InvalidStatus as error:
            if error.response.status_code in _ELSEWHERE:
                raise InvalidHandshake("sent on elsewhere; is the address right?") from None
            raise


def _connecting(end: Endpoint, number: int | None) -> AbstractContextManager[ClientConnection]:
    """https://websockets.readthedocs.io/en/stable/reference/sync/client.html."""
    wanted = [V2_SUBPROTOCOL] if end.protocol == "v2" else None
    return connect(
        end.url(number),
        subprotocols=wanted,
        compression=None,
        open_timeout=_OPENING,
        close_timeout=_CLOSING,
        ping_interval=_PING,
        ping_timeout=_PING,
        max_size=_MOST_BYTES[end.protocol],
        max_queue=_AHEAD[end.protocol],
        user_agent_header="Staffroom",
        create_connection=_Straight,
    )


def _reason(error: Exception) -> str:
    """What went wrong, in short."""
    return plain_words(str(error)) or type(error).__name__
