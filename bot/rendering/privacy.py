"""The privacy page: what the configuration really does, and what people may say to join and to leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from bot.domain.commandwords import NAMING, PHRASES, SINGLE, Phrased
from bot.domain.patterns import is_web
from bot.domain.series import Basis
from bot.rendering.frame import NETWORKS, kept
from bot.rendering.words import primary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.series import Series
    from bot.rendering.site import Site, Voice
    from bot.rendering.words import Words

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_TO_LEAVE: tuple[Phrased, ...] = ("remove-me", "remove-this", "initials", "no-name", "full-name")
_TO_JOIN: tuple[Phrased, ...] = (
    "keep",
    "list",
    "unlist",
    "remind",
    "forget",
    "record",
    "end-badges",
    "also",
    "not-also",
    "alone",
    "research",
    "no-research",
)

Sayings = dict[str, tuple[str, ...]]
"""What people may say to us, by what it asks (``commands.Asked``); the page's own language first, English last."""


def sayings(words: Words, every: Sequence[Series]) -> Sayings:
    """What people may say: English always works, the page's language where all series speak it, too."""
    mine = primary(words.language)
    spoken = all(mine in map(primary, series.languages) for series in every) and mine in PHRASES
    languages = dict.fromkeys((mine, "en") if spoken else ("en",))
    found: Sayings = {asked: tuple(_spelt(one, asked) for one in languages) for asked in (*_TO_LEAVE, *_TO_JOIN)}
    return {**found, "stop": tuple(SINGLE[one]["stop"][0].upper() for one in languages)}


def _spelt(language: str, asked: Phrased) -> str:
    return PHRASES[language][asked][0].upper() + (" @…" if asked in NAMING else "")


class Terms(msgspec.Struct, frozen=True):
    """On what terms a series keeps answers, in words.

    Attributes:
        hashtag, title, language: of the series.
        archive: its ground; see ``domain.series.Basis``.
        networks: where its accounts are: ``Bluesky and Mastodon``.
        keep: for how long answers are kept.
        late: for how long after a chat answers are taken in.
        index: search engines may list its chats.
    """

    hashtag: str
    title: str
    language: str
    archive: Basis
    networks: str
    keep: str
    late: str
    index: bool


def terms(words: Words, series: Series, voices: Sequence[Voice]) -> Terms:
    """The terms of one series, in the language of the page that tells them."""
    mine = [NETWORKS[voice.network] for voice in voices if voice.account in series.accounts]
    late = words("privacy.late", duration=duration(words, series.late)) if series.late else words("privacy.late_none")
    return Terms(
        hashtag=f"#{series.hashtag}",
        title=series.title,
        language=series.languages[0] if series.languages else "",
        archive=series.archive,
        networks=words.both(list(dict.fromkeys(mine))),
        keep=kept(words, series),
        late=late,
        index=series.index,
    )


def duration(words: Words, span: timedelta) -> str:
    """A length of time in whole days, else in hours, rounded up."""
    if span % _DAY:
        return words("privacy.hours", n=-(-span // _HOUR))
    return words("privacy.days", n=span // _DAY)


def told(words: Words, site: Site, every: Sequence[Terms], said: Sayings) -> dict[str, Any]:
    """What the page's template fills in."""
    asks = typed(said)
    grounds = {basis: words.html(f"privacy.ground_{basis}", **asks) for basis in ("replies", "joined", "everyone")}
    return {
        "series": every,
        "contact": contact_link(site.contact),
        "controller": site.controller,
        "grounds": grounds,
        "to_leave": _does(words, said, _TO_LEAVE),
        "to_join": _does(words, said, _TO_JOIN),
        "stop": words.html("privacy.leave_stop", **asks),
    }


def listing(words: Words, said: Sayings) -> Markup:
    """How to come onto the page of people, and off it."""
    return words.html("people.how", **typed(said))


def _does(words: Words, said: Sayings, asked: Sequence[Phrased]) -> list[tuple[tuple[str, ...], str]]:
    return [(said[one], words(f"privacy.do_{one.replace('-', '_')}")) for one in asked]


def typed(said: Sayings) -> dict[str, Any]:
    """What to say, marked as what to type, by the names that phrases have for it."""
    return {asked.replace("-", "_"): Markup("<kbd>{}</kbd>").format(spoken[0]) for asked, spoken in said.items()}


def contact_link(contact: str) -> Markup:
    """A link to an email or web address; empty for none."""
    if not contact:
        return Markup()
    href = contact if is_web(contact) else f"mailto:{contact}"
    return Markup('<a href="{}">{}</a>').format(href, contact)
