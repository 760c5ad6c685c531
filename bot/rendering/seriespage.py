"""The page of a series: when it meets, the next chat with its questions, how much was said, all chats by term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.rendering import urls
from bot.rendering.chart import chart
from bot.rendering.composer import hosts_line
from bot.rendering.frame import apart, card, elsewhere, series_card
from bot.rendering.handouts import terms_of
from bot.rendering.shelves import shelves

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.domain.records import ChatFigures, StoredChat
    from bot.domain.series import Series
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.storypages import StoryLink
    from bot.rendering.words import Words


def series_page(  # noqa: PLR0917 - all that it shows
    sheets: Sheets,
    series: Series,
    coming: Sequence[StoredChat],
    past: Sequence[StoredChat],
    figures: Mapping[str, ChatFigures],
    stories: Sequence[StoryLink] = (),
) -> Page:
    """Plan the page.

    Args:
        sheets: plans pages.
        series: as last planned.
        coming: chats and events that have not ended, in order of start.
        past: the others, latest first.
        figures: counts by chat id.
        stories: those of its chats.
    """
    press = sheets.press
    words = press.series_words(series)
    mine = series_card(words, series, press.site.voices)
    ahead, events = apart(coming)
    following = next((stored for stored in ahead if not stored.cancelled), None)
    cards = {one.chat.id: card(words, one, figures.get(one.chat.id), with_series=False) for one in (*coming, *past)}
    printed = terms_of(words, [*past[::-1], *coming])
    values: dict[str, Any] = {
        "hashtag": mine.hashtag,
        "rhythm": mine.rhythm,
        "about": mine.about,
        "hosts": hosts_line(words, series.hosts),
        "voices": mine.follow,
        "next": _next(words, following, cards) if following else None,
        "coming": [cards[one.chat.id] for one in ahead if one is not following],
        "events": [cards[one.chat.id] for one in events],
        "shelves": [
            {
                "id": one.id,
                "title": one.title,
                "cards": [cards[chat] for chat in one.chats],
                "handout": urls.term_handout(series.slug, one.id) if one.id in printed else "",
            }
            for one in shelves(words, past)
        ],
        "stories": [{"path": one.path, "title": one.title} for one in stories],
        "handout": _handout(words, following, printed) if following else "",
        "chart": chart(words, apart(past)[0], figures, {chat: one.path for chat, one in cards.items()}),
        "summary": series.about,
        "feed": urls.series_feed(series.slug),
        "json_feed": urls.series_json_feed(series.slug),
        "feed_title": series.title,
        "calendar": urls.series_calendar(series.slug),
        "feeds": urls.OPML,
        "card": urls.series_card(series.slug),
        "card_alt": f"{mine.hashtag}: {series.title}",
    }
    return sheets.filled("series", words, urls.series_page(series.slug), series.title, values)


def _handout(words: Words, stored: StoredChat, printed: Collection[str]) -> str:
    """What can be printed for the term of a chat."""
    (term,) = shelves(words, [stored])
    return urls.term_handout(stored.series.slug, term.id) if term.id in printed else ""


def _next(words: Words, stored: StoredChat, cards: Mapping[str, object]) -> dict[str, Any]:
    chat = stored.chat
    return {
        "card": cards[chat.id],
        "about": chat.about,
        "elsewhere": elsewhere(words, stored),
        "hosts": hosts_line(words, chat.hosts) if chat.hosts != stored.series.hosts else "",
        "questions": [one.ask for one in chat.questions if not one.pulse],
    }
