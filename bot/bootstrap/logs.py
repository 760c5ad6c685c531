"""How what happens is told and logged, and the last gate it all goes through.

Whatever the program tells while it runs, whatever goes wrong in it, and whatever its libraries have to say becomes an
event of structlog's, and passes ``_gate`` on its way out: no secret, no handle unless asked, no words that are not our
own. A traceback names files, lines and our code; of what an error of a library says only the plain talk of failures is
repeated, because it may quote anything.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import structlog

from bot.config.secrets import known_secrets
from bot.domain.events import Event
from bot.domain.hiding import Hiding, spoken
from bot.domain.plainwords import plain_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from bot.config import Settings
    from bot.domain.events import Level
    from bot.tick import Ticked

    Parts = MutableMapping[str, Any]

Format = Literal["text", "json"]
Where = Literal["stdout", "stderr"]

HIDING = Hiding(os.urandom(16), known_secrets)
"""What is hidden in this process; a person's tag means nothing in another one."""

_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def start_log(
    kind: Format = "text", *, names: bool = False, where: Where = "stderr", timed: bool = True
) -> Callable[[str], None]:
    """Send everything that is told or logged to one place; gives what tells a line or an event there.

    Args:
        kind: lines for people, or a JSON object a line.
        names: let handles and addresses through.
        where: standard output or standard error, as it is when something is told.
        timed: begin each line for people with its time (UTC); systemd's journal notes it anyway.
    """
    HIDING.names = names
    timed = timed and "JOURNAL_STREAM" not in os.environ
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ" if kind == "text" else "iso", utc=True, key="at"),
            _gate,
            _as_json if kind == "json" else _for_people(where, timed=timed),
        ],
        logger_factory=lambda *_: _Paper(where),
        cache_logger_on_first_use=False,
    )
    return tell


def log_plainly() -> None:
    """Log for people to standard error, unless a log was started already."""
    if not structlog.is_configured():
        start_log()


def tell(line: str) -> None:
    """Tell one line; an ``Event`` with its level and parts."""
    event = Event.of(line)
    logger = structlog.get_logger()
    {"info": logger.info, "warning": logger.warning, "error": logger.error}[event.level](
        event.name, line=str(event), **event.fields
    )


def events_of(done: Ticked) -> Iterator[Event]:
    """What one tick did, an event for each thing, and its figures."""
    for name, level, ids in (
        ("sent", "info", done.sent),
        ("will try again", "warning", done.waiting),
        ("refused", "error", done.refused),
        ("missed", "warning", done.missed),
    ):
        for delivery in ids:
            yield Event(name, level=cast("Level", level), delivery=delivery)
    for chat in done.digests:
        yield Event("digest written", chat=chat)
    for trouble in done.troubles:
        yield Event("trouble", trouble, level="warning")
    line = f"{done.posts} new answers, {done.pages} pages written."
    yield Event("ticked", line, answers=done.posts, pages=done.pages)


def know(settings: Settings) -> None:
    """Hide the handles that a bot's folder names: our own become the account's name, the hosts' a tag."""
    hosts = {host: "" for series in settings.series for host in series.hosts}
    HIDING.know_handles(hosts | {account.handle: key for key, account in settings.networks.items()})


def without_secrets(text: str) -> str:
    """A line for whoever gave a command, without any secret; handles stay."""
    return HIDING.secrets_out(text)


def for_a_log(text: str) -> str:
    """The same without handles and addresses, unless they were asked for."""
    return HIDING.text(text)


def traceback_of(error: BaseException) -> str:
    """A traceback without values: files, lines, our code, and of each error no more than ``spoken`` says.

    What caused an error stands above it, as Python has it.
    """
    return HIDING.text("\n".join(_parts_of(error, set())))


def _parts_of(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and id(earlier) not in seen:
        yield from _parts_of(earlier, seen)
        yield "which led to:"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield spoken(error)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            if id(one) not in seen:
                yield "one of them:"
                yield from _parts_of(one, seen)


# -- the gate ----------------------------------------------------------------------------------------------------
def _gate(_logger: object, _method: str, event: Parts) -> Parts:
    """A processor of structlog's: nothing goes by it that is not plain data with all that is secret replaced."""
    error = _error_in(event.pop("exc_info", None))
    event.pop("stack_info", None)
    try:
        hidden: Parts = HIDING.hide(event)
        if error is not None:
            hidden["error"] = type(error).__name__
            hidden["traceback"] = traceback_of(error)
    except Exception as mistake:  # noqa: BLE001 - a log that fails must neither let something out nor stop a chat
        return {
            "at": event.get("at"),
            "level": "error",
            "event": "this cannot be told",
            "error": type(mistake).__name__,
        }
    return hidden


def _error_in(given: object) -> BaseException | None:
    if isinstance(given, tuple) and len(given) > 1:
        given = given[1]
    elif given is True:
        given = sys.exc_info()[1]
    return given if isinstance(given, BaseException) else None


# -- what it looks like ------------------------------------------------------------------------------------------
def _as_json(_logger: object, _method: str, event: Parts) -> str:
    first = {name: event.pop(name) for name in ("at", "level", "event") if name in event}
    return json.dumps(first | dict(event), ensure_ascii=False)


def _for_people(where: Where, *, timed: bool) -> Callable[[object, str, Parts], str]:
    def render(_logger: object, _method: str, event: Parts) -> str:
        colours = _coloured(where)
        at, level, name = str(event.pop("at", "")), str(event.pop("level", "info")), str(event.pop("event", ""))
        line, trace = event.pop("line", None), event.pop("traceback", "")
        parts = ", ".join(f"{key}={value}" for key, value in event.items())
        told = str(line) if line is not None else f"{name} ({parts})" if parts else name
        if HIDING.names and line is not None and event.get("handle"):
            told += f" as {event['handle']}"
        marked = told if level == "info" else f"{level}: {told}"
        if colours and level in _COLOURS:
            marked = f"{_COLOURS[level]}{marked}{_PLAIN}"
        before = (f"{_DIM}{at}{_PLAIN} " if colours else f"{at} ") if timed else ""
        return before + "\n    ".join(line for line in f"{marked}\n{trace}".rstrip().split("\n"))

    return render


def _coloured(where: Where) -> bool:
    """Whether a person watches who did not ask for plain text (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    stream = getattr(sys, where)
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # none, or closed
        return False


class _Paper:
    """What structlog writes on: a whole line at once, and never a reason to stop the bot."""

    def __init__(self, where: Where) -> None:
        self._where = where

    def msg(self, message: str) -> None:
        stream: TextIO | None = getattr(sys, self._where)
        if stream is None:
            return
        with contextlib.suppress(OSError, ValueError):  # nobody reads on, or the disk is full
            try:
                stream.write(message + "\n")
            except UnicodeEncodeError:
                stream.write(message.encode("ascii", "backslashreplace").decode() + "\n")
            stream.flush()

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


# -- libraries, and what nobody caught ---------------------------------------------------------------------------
class _Libraries(logging.Handler):
    """Takes what libraries log (apscheduler, httpx, sqlalchemy, websockets …), from warnings upwards."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            words = plain_words(record.getMessage())
        except Exception:  # noqa: BLE001 - its arguments do not fit its words; standard logging would print them all
            words = ""
        log_plainly()
        grave = record.levelno >= logging.ERROR
        logger = structlog.get_logger()
        (logger.error if grave else logger.warning)(
            "a library says",
            library=record.name,
            words=words,
            place=f"{record.module}:{record.lineno}",
            exc_info=record.exc_info,
        )


# From here on, in every command: without it the standard library would print a message with all its arguments.
logging.lastResort = _Libraries(logging.WARNING)


def tell_crash(error: BaseException, thread: str = "") -> None:
    """What nobody caught: as an event where a log was started, else as a traceback on standard error."""
    if structlog.is_configured():
        place: Mapping[str, str] = {"thread": thread} if thread else {}
        structlog.get_logger().error("a bug stopped this; please report it", **place, exc_info=error)
    else:
        _Paper("stderr").msg(traceback_of(error))


def tell_warning(kind: type[Warning], message: Warning | str, filename: str, lineno: int) -> None:
    """A warning of Python's, with no more of its words than is plain."""
    log_plainly()
    place = f"{os.path.basename(filename)}:{lineno}"  # noqa: PTH119 - it may be no path at all
    structlog.get_logger().warning("a warning", kind=kind.__name__, words=plain_words(str(message)), place=place)


__all__ = [
    "HIDING",
    "events_of",
    "for_a_log",
    "know",
    "log_plainly",
    "start_log",
    "tell",
    "tell_crash",
    "tell_warning",
    "traceback_of",
    "without_secrets",
]
