"""What all pages share: their frame, and how they write chats, series, moments and accounts in lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot.domain.occurrences import Monthly, Weekly
from bot.domain.patterns import is_web
from bot.rendering import urls
from bot.rendering.crawlers import may_list
from bot.rendering.eventpage import event_when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.chats import Chat
    from bot.domain.posts import NetworkName
    from bot.domain.records import ChatFigures, StoredChat
    from bot.domain.series import Series
    from bot.rendering.site import Site, Voice
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

NETWORKS: dict[NetworkName, str] = {"bluesky": "Bluesky", "mastodon": "Mastodon"}


def networks_of(voices: Iterable[Voice]) -> list[NetworkName]:
    """The networks on which we speak, in the order of ``NETWORKS``; all of them while we speak on none."""
    spoken = {voice.network for voice in voices}
    return [network for network in NETWORKS if network in spoken or not spoken]


class Press(NamedTuple):
    """What making any page needs; ``closed`` as in ``crawlers.may_list``; ``search``: the site can be searched;
    ``typesetter``: names what sets sheets as PDF, empty where nothing does.
    """

    templates: Templates
    site: Site
    closed: frozenset[str] = frozenset()
    search: bool = False
    typesetter: str = ""

    def words(self, language: str = "") -> Words:
        """The phrases of a language; of the site's own where none is named."""
        return self.templates.dictionary.words(language or self.site.language)

    def series_words(self, series: Series) -> Words:
        """The phrases of a series' language."""
        return self.words(series.languages[0] if series.languages else "")

    def paper(self, page: str) -> str:
        """The path of a page as PDF; empty for no page, and where nothing sets any."""
        return urls.on_paper(page) if page and self.typesetter else ""

    def page(self, template: str, words: Words, here: str, title: str, values: dict[str, Any]) -> bytes:
        """Fill in a page. ``values`` may set the frame's: ``summary``, ``feed``, ``json_feed``, ``feeds``,
        ``calendar``, ``data``, ``table``, ``download``, ``index``, ``instead`` (the path of the page that took its
        place), ``paper`` (its path as PDF), and for previews of links (https://ogp.me) ``kind``, ``card`` (a picture's
        path), ``card_alt``.
        """
        frame: dict[str, Any] = {
            "w": words,
            "site": self.site,
            "here": here,
            "link": partial(urls.relative, here),
            "address": urls.absolute(self.site.address, here),
            "title": title,
            "summary": "",
            "feed": urls.FEED,
            "json_feed": urls.JSON_FEED,
            "feeds": "",
            "feed_title": self.site.title,
            "calendar": urls.CALENDAR,
            "data": "",
            "table": "",
            "download": "",
            "index": True,
            "kind": "website",
            "card": urls.CARD,
            "card_alt": self.site.title,
            "instead": here,
            "paper": "",
            "search": urls.SEARCH if self.search else "",
        } | values
        frame["canonical"] = urls.absolute(self.site.address, frame["instead"])
        frame["index"] = frame["index"] and may_list(here, self.closed)
        frame["card_address"] = urls.absolute(self.site.address, frame["card"])
        return self.templates.render(f"site/{template}.html.j2", frame).encode()


class Card(msgspec.Struct, frozen=True):
    """A chat in a list; ``place`` is an event's, and empty for all else."""

    path: str
    topic: str
    when: str
    iso: str
    series_title: str
    language: str
    cancelled: bool
    questions: int
    answers: int
    people: int
    place: str = ""


def apart(every: Iterable[StoredChat]) -> tuple[list[StoredChat], list[StoredChat]]:
    """Chats, and events."""
    chats: list[StoredChat] = []
    events: list[StoredChat] = []
    for stored in every:
        (chats if stored.chat.event is None else events).append(stored)
    return chats, events


def card(words: Words, stored: StoredChat, figures: ChatFigures | None, *, with_series: bool) -> Card:
    """Write a chat for a list."""
    chat = stored.chat
    return Card(
        path=urls.chat_page(chat.id),
        topic=chat.topic,
        when=upper_first(event_when(words, chat) if chat.event else words.moment(chat.starts_at, chat.timezone)),
        iso=chat.starts_at.isoformat(),
        series_title=f"#{stored.series.hashtag}" if with_series else "",
        language=stored.series.languages[0] if stored.series.languages else "",
        cancelled=stored.cancelled,
        questions=sum(not question.pulse for question in chat.questions),
        answers=figures.answers if figures else 0,
        people=figures.people if figures else 0,
        place=chat.event.place.name if chat.event else "",
    )


def elsewhere(words: Words, stored: StoredChat) -> list[str]:
    """When a chat begins in the other zones that its series names: ``15:00 in New York``."""
    chat, series = stored.chat, stored.series
    zones = (zone for zone in dict.fromkeys((series.timezone, *series.also_show)) if zone != chat.timezone)
    return [words.there(chat.starts_at, zone, chat.timezone) for zone in zones]


class SeriesCard(msgspec.Struct, frozen=True):
    """A series in a list: only what pages about other things show of it."""

    path: str
    slug: str
    title: str
    hashtag: str
    about: str
    language: str
    rhythm: str
    index: bool
    voices: tuple[tuple[str, str], ...]

    @property
    def follow(self) -> list[dict[str, str]]:
        """Its accounts with a page of their own."""
        return [{"url": url, "label": label} for url, label in self.voices]


def series_card(words: Words, series: Series, voices: Iterable[Voice]) -> SeriesCard:
    """Write a series for a list, in the list's language."""
    return SeriesCard(
        path=urls.series_page(series.slug),
        slug=series.slug,
        title=series.title,
        hashtag=f"#{series.hashtag}",
        about=series.about,
        language=series.languages[0] if series.languages else "",
        rhythm=rhythm(words, series),
        index=series.index,
        voices=tuple(
            (voice.url, f"{voice.handle} ({NETWORKS[voice.network]})" if voice.handle else NETWORKS[voice.network])
            for voice in voices
            if voice.account in series.accounts and is_web(voice.url)
        ),
    )


def when_line(words: Words, stored: StoredChat) -> str:
    """When a chat is, in words, as a line of its own; of a slow one from when to when."""
    return upper_first(when_of(words, stored.series, stored.chat))


def when_of(words: Words, series: Series, chat: Chat) -> str:
    """The same as it stands within a sentence."""
    if chat.event is not None:
        return event_when(words, chat)
    when = words.moment(chat.starts_at, chat.timezone)
    if series.format == "slow":
        return words("date.span", start=when, end=words.moment(chat.ends_at, chat.timezone))
    return when


def entry(words: Words, stored: StoredChat) -> dict[str, Any]:
    """Write a chat for an index: topic, page, series, day. ``language`` is empty where it is the page's own."""
    chat = stored.chat
    language = stored.series.languages[0] if stored.series.languages else ""
    return {
        "topic": chat.topic,
        "path": urls.chat_page(chat.id),
        "hashtag": f"#{stored.series.hashtag}",
        "language": language if language != words.language else "",
        "when": upper_first(words.date(chat.date)),
        "iso": chat.date.isoformat(),
    }


def rhythm(words: Words, series: Series) -> str:
    """When a series meets, in words; empty where it meets on no regular day."""
    time, city = f"{series.at:%H:%M}", words.city(series.timezone)
    match series.rhythm:
        case Weekly(weekday=day, interval=every):
            return words("series.rhythm_weekly", n=every, weekday=words.words("weekdays")[day], time=time, city=city)
        case Monthly(weekday=day, nth=nth):
            which = words.words("series.nth")[nth if nth < 0 else nth - 1]
            weekday = words.words("weekdays")[day]
            return words("series.rhythm_monthly", nth=which, weekday=weekday, time=time, city=city)
        case _:
            return ""


def kept(words: Words, series: Series) -> str:
    """For how long a series keeps answers, in words."""
    if series.keep is None:
        return words("privacy.long_always")
    days = series.keep.days
    years, rest = divmod(days, 365)
    duration = words("privacy.years", n=years) if years and rest <= years // 4 + 1 else words("privacy.days", n=days)
    return words("privacy.long_keep", duration=duration)


def upper_first(text: str) -> str:
    """A text with a capital at its start, as a line of its own begins."""
    return text[:1].upper() + text[1:]
