"""The first page: what this is, how to take part in one line, the next chats, the latest ones, all series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.rendering import urls
from bot.rendering.frame import NETWORKS, apart, card, elsewhere, networks_of, series_card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.records import ChatFigures, StoredChat
    from bot.domain.series import Series
    from bot.rendering.sheets import Page, Sheets

COMING = 5
PAST = 20


def home_page(
    sheets: Sheets,
    every: Sequence[Series],
    coming: Sequence[StoredChat],
    past: Sequence[StoredChat],
    figures: Mapping[str, ChatFigures],
) -> Page:
    """Plan the page.

    Args:
        sheets: plans pages.
        every: all series.
        coming: chats and events that have not ended, in order of start.
        past: the others, latest first.
        figures: counts by chat id.
    """
    press = sheets.press
    words, several = press.words(), len(every) > 1
    chats, events = apart([one for one in coming if not one.cancelled])
    values: dict[str, Any] = {
        "series": [series_card(words, series, press.site.voices) for series in every],
        "coming": [
            {
                "card": card(words, one, figures.get(one.chat.id), with_series=several),
                "elsewhere": elsewhere(words, one),
            }
            for one in chats[:COMING]
        ],
        "events": [card(words, one, None, with_series=several) for one in events[:COMING]],
        "past": [card(words, one, figures.get(one.chat.id), with_series=several) for one in past[:PAST]],
        "networks": words.both([NETWORKS[one] for one in networks_of(press.site.voices)]),
        "summary": words("site.lede"),
        "feeds": urls.OPML,
    }
    return sheets.filled("home", words, urls.HOME, press.site.title, values)
