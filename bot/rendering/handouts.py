"""Pages to print, without anybody's words but the hosts': for who reads along, and for trainees.

One for each chat, with its questions and room to write; one for each term, with its chats. Both end with a sheet for
watching a chat, and how to give a first answer. They depend on the plan alone, so no answer makes one anew, and no
erasure has anything to take out of one.
"""

from __future__ import annotations

from functools import partial
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from bot.rendering import urls
from bot.rendering.frame import entry, when_line
from bot.rendering.handoutpaper import handout_sheet
from bot.rendering.shelves import shelves

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.records import StoredChat
    from bot.domain.series import Question, Series
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.shelves import Shelf
    from bot.rendering.words import Words


def has_handout(stored: StoredChat) -> bool:
    """Whether there is something to print for a chat: it takes place, and asks something. An event has a programme."""
    return not stored.cancelled and bool(stored.chat.questions) and stored.chat.event is None


def terms_of(words: Words, chats: Sequence[StoredChat]) -> dict[str, Shelf]:
    """The terms of a series for which there is something to print, by id."""
    return {one.id: one for one in shelves(words, [stored for stored in chats if has_handout(stored)])}


def chat_handout(sheets: Sheets, stored: StoredChat) -> Iterator[Page]:
    """Plan what is printed for a chat."""
    chat, series = stored.chat, stored.series
    words, path = sheets.press.series_words(series), urls.chat_handout(chat.id)

    title = words("handout.title", topic=chat.topic)
    questions = [one for one in chat.questions if not one.pulse]

    def told() -> dict[str, Any]:
        return _frame(sheets, series, path, chat.topic) | {
            "when": when_line(words, stored),
            "iso": chat.starts_at.isoformat(),
            "chat_path": urls.chat_page(chat.id),
            "chat_address": urls.absolute(sheets.press.site.address, urls.chat_page(chat.id)),
            "questions": [{"ask": one.ask, "options": _options(one)} for one in questions],
        }

    asked = [(one.ask, one.poll) for one in questions]
    times = [chat.starts_at, chat.ends_at, chat.timezone, series.format]
    made_from = [words.language, series.hashtag, chat.topic, times, asked]
    yield sheets.page(
        path, [made_from, sheets.paper(path)], lambda _: sheets.press.page("handout", words, path, title, told())
    )
    yield from sheets.pdf(path, made_from, lambda: handout_sheet(sheets.press.site, words, path, title, told()))


def term_handouts(sheets: Sheets, chats: Sequence[StoredChat]) -> Iterator[Page]:
    """Plan what is printed for each term of one series.

    Args:
        sheets: plans pages.
        chats: the series' chats, in order of start.
    """
    if not chats:
        return
    series = chats[-1].series
    words, by_id = sheets.press.series_words(series), {stored.chat.id: stored for stored in chats}
    for term in terms_of(words, chats).values():
        told = [entry(words, by_id[chat]) for chat in term.chats]
        path, title = urls.term_handout(series.slug, term.id), words("handout.title", topic=term.title)
        values = _frame(sheets, series, path, term.title) | {"chats": told}
        yield sheets.filled("handout", words, path, title, values)
        site = sheets.press.site
        yield from sheets.pdf(path, [words.language, values], partial(handout_sheet, site, words, path, title, values))


def _frame(sheets: Sheets, series: Series, path: str, heading: str) -> dict[str, Any]:
    return {
        "paper": sheets.paper(path),
        "hashtag": f"#{series.hashtag}",
        "series_path": urls.series_page(series.slug),
        "heading": heading,
        "when": "",
        "chat_path": "",
        "questions": (),
        "chats": (),
        "take_part_address": urls.absolute(sheets.press.site.address, urls.TAKE_PART),
    }


def _options(question: Question) -> str:
    """A poll's options on one line."""
    return " · ".join(f"{letter} {one}" for letter, one in zip(ascii_uppercase, question.poll, strict=False))
