"""What other sites may show of a series: its next chat, how to take part, where to read on. Plain HTML, no script."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bot.rendering import urls
from bot.rendering.frame import Press, SeriesCard, card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.records import StoredChat
    from bot.rendering.words import Words


def snippet_values(press: Press, words: Words, mine: SeriesCard, coming: Sequence[StoredChat]) -> dict[str, Any]:
    """All that a snippet is made from.

    Args:
        press: templates and the site's settings.
        words: the series' language.
        mine: the series.
        coming: its chats that are not over, in order of start.
    """
    upcoming = next((one for one in coming if not one.cancelled), None)
    return {
        "slug": mine.slug,
        "title": mine.title,
        "hashtag": mine.hashtag,
        "voices": mine.follow,
        "coming": card(words, upcoming, None, with_series=False) if upcoming else None,
        "more": urls.absolute(press.site.address, mine.path)
        or urls.relative(urls.series_snippet(mine.slug), mine.path),
    }


def snippet(press: Press, words: Words, values: dict[str, Any]) -> bytes:
    """Write a snippet. Its links are whole addresses, for it is shown on other sites."""
    here = urls.series_snippet(values["slug"])
    frame = {"w": words, "link": partial(urls.relative, here), "look": urls.LOOK}
    return press.templates.render("site/snippet.html.j2", frame | values).encode()
