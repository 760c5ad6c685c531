"""What an alert says to an operator: plain words, our accounts, ids of prompts; no name, no handle, no post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.places import SITE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.domain.alerts import Alert, News

SHORT = 400
"""Characters of a private message: with the person's handle before it, it fits a post on any Mastodon server."""

LISTED = 12
"""How many lines about prompts stand in one message; the rest is counted."""


class Message(msgspec.Struct, frozen=True):
    """What is sent: a mail's subject and text, and the same for a private message."""

    subject: str
    text: str
    short: str


def message(news: News) -> Message:
    """News in words."""
    lines = list(_lines(news))
    return Message(_subject(news), "\n\n".join((*lines, _MORE, _FOOT)) + "\n", _shortened(lines))


def unusable(reason: str) -> Message:
    """The store cannot be read or written, or the disk not; ``reason`` is the error in words."""
    lines = [
        f"Staffroom cannot keep what it does: {reason.rstrip('.')}.",
        "While it is so nothing is posted and nothing is archived. Is the disk full, or the database server down?",
    ]
    text = "\n\n".join((*lines, _MORE, _FOOT)) + "\n"
    return Message("Staffroom: the database or the disk cannot be used", text, _shortened(lines))


def usable_again() -> Message:
    """The store can be used again."""
    line = "The database and the disk can be used again. The bot goes on with what is still due."
    return Message(
        "Staffroom: the database and the disk can be used again", f"{line}\n\n{_FOOT}\n", f"Staffroom: {line}"
    )


def trial() -> Message:
    """A message that somebody asked for, to see whether one arrives."""
    line = "This is a test. Alerts about missed prompts, silent networks and refused logins will reach you here."
    return Message("Staffroom: a test", f"{line}\n\n{_FOOT}\n", f"Staffroom: {line}")


_DOES = {
    "silent": "not answering",
    "login": "login refused",
    "ends": "login ends soon",
    "place": "not up to date",
}
_WELL = {"silent": "answers", "login": "accepts the login", "place": "is up to date"}
_MORE = "`staffroom status` and `staffroom doctor` say more."
_FOOT = "The bot wrote this by itself; nobody reads answers to it."


def moment(at: datetime) -> str:
    """A time as `staffroom status` writes it: ``7 Jan 20:03 UTC``."""
    return f"{at.day} {at:%b %H:%M} UTC"


def _subject(news: News) -> str:
    if not news.bad:
        more = ", and more" if len(news.well) > 1 else ""
        return f"Staffroom: {_well_in_short(news.well[0])}{more}"
    first = news.bad[0]
    alike = [alert for alert in news.bad if alert.kind == first.kind]
    more = ", and more" if len({alert.kind for alert in news.bad}) > 1 or news.well else ""
    if first.kind in ("missed", "refused"):
        what = f"{len(alike)} prompts were {first.kind}" if len(alike) > 1 else f"a prompt was {first.kind}"
        return f"Staffroom: {what}{more}"
    if first.kind == "records":
        return f"Staffroom: {_asked_for(news.records)}"
    names = " and ".join(map(_called, alike))
    does = _DOES[first.kind]
    return f"Staffroom: {names}: {does}{more}"


def _lines(news: News) -> Iterator[str]:
    prompts = [alert for alert in news.bad if alert.kind in ("missed", "refused")]
    for alert in news.bad:
        if alert not in prompts and alert.kind != "records":
            yield _line(alert, news)
    yield from (_line(alert, news) for alert in prompts[:LISTED])
    if len(prompts) > LISTED:
        yield f"And {len(prompts) - LISTED} more prompts."
    for last, first in news.away:
        yield f"Staffroom itself was not at work from {moment(last)} to {moment(first)}."
    if news.records:
        yield (
            f"{_asked_for(news.records)} for 7 days or more, and no host of theirs can be written to."
            " `staffroom people` names who asked, `staffroom record HANDLE --out DIR` writes it, for them alone."
        )
    for alert in news.well:
        yield f"{_well_in_short(alert)}, since {moment(alert.ended_at or alert.seen_at)} or shortly before."


def _line(alert: Alert, news: News) -> str:
    if alert.kind == "silent":
        what = f"{alert.about} has not answered since {moment(alert.since)}."
        on = f" On or near: {', '.join(news.chats)}." if news.chats else ""
        return f"{what}{on} What is due there is tried until its time is over."
    if alert.kind == "login":
        since = moment(alert.since)
        return f"{alert.about} refuses the login since {since}. Run `staffroom login {alert.about}`."
    if alert.kind == "ends":
        ends = news.ends.get(alert.about)
        when = f" on {moment(ends)}" if ends else " soon"
        return f"The login of {alert.about} ends{when}. Run `staffroom login {alert.about}` before."
    if alert.kind == "place":
        since = moment(alert.since)
        return (
            f"{_called(alert)}: not up to date since {since}. What was erased since then may still be read there;"
            " `staffroom status` says why."
        )
    one = news.troubled.get(alert.about)
    due = f", due {moment(one.at)}" if one else ""
    why = "its time was over before it could be said" if alert.kind == "missed" else "the network would not take it"
    return f"{alert.kind}: {alert.about}{due}: {why}."


def _well_in_short(alert: Alert) -> str:
    return f"{_called(alert)} {_WELL[alert.kind]} again"


def _asked_for(records: int) -> str:
    return "1 request for a record waits" if records == 1 else f"{records} requests for records wait"


def _called(alert: Alert) -> str:
    """An account by its key, a place by its name."""
    if alert.kind != "place":
        return alert.about
    return "the site's folder" if alert.about == SITE else f"the place {alert.about}"


def _shortened(lines: Sequence[str]) -> str:
    """As many lines as fit a private message, and how many were left out."""
    whole = "\n".join(("Staffroom:", *lines))
    if len(whole) <= SHORT:
        return whole
    for kept in range(len(lines) - 1, 0, -1):
        found = "\n".join(("Staffroom:", *lines[:kept], f"… and {len(lines) - kept} more: `staffroom status`"))
        if len(found) <= SHORT:
            return found
    return whole[: SHORT - 1] + "…"
