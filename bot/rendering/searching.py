"""What search gets to know: unpublished pages, one for a chat's questions and some for each question's answers in each
network and language, with a heading for each answer, so that hits are single answers.

Pagefind's attributes: https://pagefind.app/docs/indexing/, https://pagefind.app/docs/filtering/. Names are shown with a
hit and are no words to search for (decision 0020); so is all that only travels with one, in filters that begin with
``_`` and of which no list is published.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from markupsafe import escape

from bot.domain.cleaning import showable
from bot.domain.schoolyears import school_year, stretch
from bot.domain.trying import told_later
from bot.rendering import urls
from bot.rendering.signing import signature
from bot.rendering.words import primary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.posts import Post
    from bot.domain.records import Answer, ChatContent, ChatFigures, StoredChat
    from bot.domain.series import Question
    from bot.rendering.frame import Press
    from bot.rendering.words import Words

    Content = Callable[[str], ChatContent]

FILLER = "‿"
"""A word nobody looks for: Pagefind makes no index without one."""

_KEPT = 64
"""Chats whose unpublished pages are remembered: a school year of a weekly chat, so that one change reads one chat."""

UNKNOWN = "und"

TRIED = -1
"""Stands in place of a question's number for what people told weeks later."""

TOGETHER = 16
"""Answers on one unpublished page. A browser fetches it whole for one hit; a page for each would be too many files."""


@dataclass(slots=True)
class Bundle:
    """A ``ports.PlannedBundle``."""

    folder: str
    mark: str
    language: str
    engine: bool
    make: Callable[[Content], Mapping[str, bytes]]

    def sources(self, content: Content) -> Mapping[str, bytes]:
        """The unpublished pages it is made from."""
        return self.make(content)


class Searched(msgspec.Struct, frozen=True):
    """A bundle as the search page names it: a series' school year."""

    path: str
    series: str
    year: int
    language: str


def searchable(
    chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], now: datetime
) -> dict[Searched, list[StoredChat]]:
    """Which chats are found, by bundle, newest year first: those that are over, cancelled ones if somebody answered.

    A chat that is on changes each minute, and its index would be made anew each time.
    """
    found: dict[Searched, list[StoredChat]] = {}
    for stored in chats:
        counts = figures.get(stored.chat.id)
        if stored.chat.ends_at <= now and (not stored.cancelled or (counts and counts.answers)):
            found.setdefault(searched_in(stored), []).append(stored)
    return dict(sorted(found.items(), key=lambda pair: (pair[0].year, pair[0].series), reverse=True))


def searched_in(stored: StoredChat) -> Searched:
    """The bundle of a chat."""
    slug, year = stored.series.slug, school_year(stored.chat.date)
    languages = stored.series.languages
    return Searched(urls.search_bundle(slug, year), slug, year, primary(languages[0]) if languages else "en")


class Sources:
    """Makes bundles' unpublished pages, and remembers those of the chats read last.

    Args:
        press: phrases for who has no name and what stands under no question.
        version: of what makes indexes of them.
    """

    def __init__(self, press: Press, version: str) -> None:
        self._press = press
        self._base = [press.templates.fingerprint, version]
        self._kept: dict[str, tuple[str, dict[str, bytes]]] = {}

    def bundles(
        self, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], now: datetime
    ) -> Iterator[Bundle]:
        """One for each series and school year, and one with the script for each language."""
        planned = searchable(chats, figures, now)
        for language in sorted({one.language for one in planned}):
            yield Bundle(
                urls.search_engine(language), _digest(self._base), language, engine=True, make=partial(_empty, language)
            )
        for one, mine in planned.items():
            marks = {stored.chat.id: self._mark(stored) for stored in mine}

            def make(content: Content, one: Searched = one, marks: Mapping[str, str] = marks) -> dict[str, bytes]:
                found = {urls.searched(f"{one.series}/-", "empty"): _page(one.language, [FILLER])}
                for chat, mark in marks.items():
                    found |= self._of_chat(chat, mark, content)
                return found

            yield Bundle(one.path, _digest(self._base, one, marks), one.language, engine=False, make=make)

    def _mark(self, stored: StoredChat) -> str:
        series = stored.series
        return _digest(self._base, stored.revision, stored.chat, series.hashtag, series.languages, series.terms)

    def _of_chat(self, chat: str, mark: str, content: Content) -> dict[str, bytes]:
        if (kept := self._kept.pop(chat, None)) is None or kept[0] != mark:
            shown = content(chat)
            kept = (mark, dict(pages(self._press.series_words(shown.stored.series), shown)))
        self._kept[chat] = kept  # the one used last stands last
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return kept[1]


def pages(words: Words, content: ChatContent) -> Iterator[tuple[str, bytes]]:
    """A chat's unpublished pages by path: its questions, then the answers to each by network and language."""
    chat, series = content.stored.chat, content.stored.series
    own = primary(series.languages[0]) if series.languages else words.language
    about = {
        "term": stretch(chat.date, series.terms).id,
        "_tag": f"#{series.hashtag}",
        "_topic": chat.topic,
        "_day": words.date(chat.date),
    }
    numbers = {f"{chat.id}/q{number}": number for number in range(1, len(chat.questions) + 1)}
    groups: dict[tuple[int, str, str], list[Answer]] = {}
    later = told_later(content)
    for answer in content.answers:
        if answer.search:
            at = min((numbers[one.question] for one in answer.placed if one.question in numbers), default=0)
            at = TRIED if answer.key in later else at
            groups.setdefault((at, answer.post.ref.network, _language(answer.post, own)), []).append(answer)
    asked = [part for number, question in enumerate(chat.questions, start=1) for part in _asked(number, question)]
    yield urls.searched(chat.id, "questions"), _page(own, [_filters(about), *asked])
    for (number, network, language), answers in groups.items():
        label = f"Q{number}" if number else words("chat.unplaced")
        label = words("chat.tried") if number == TRIED else label
        filters = about | {"_label": label, "network": network, "language": language}
        for first in range(0, len(answers), TOGETHER):
            some = answers[first : first + TOGETHER]
            parts = [_filters(filters), *(part for answer in some for part in _said(words, answer))]
            place = "tried" if number == TRIED else f"q{number}"
            name = f"{place}-{network}-{language}-{first // TOGETHER + 1}"
            yield urls.searched(chat.id, name), _page(own, parts)


def _language(post: Post, own: str) -> str:
    """The language a post says it is in, else its series' own; what no name of a file can hold is unknown."""
    code = primary(post.languages[0]) if post.languages else own
    return code if code.isascii() and code.isalpha() else UNKNOWN


def _asked(number: int, question: Question) -> Iterator[str]:
    yield f'<h2 id="q{number}">{escape(showable(question.ask))}</h2>'
    yield from (f"<p>{escape(showable(option))}</p>" for option in question.poll)


def _said(words: Words, answer: Answer) -> Iterator[str]:
    """An answer's heading, whose name no search finds, and its words; of what stands behind a warning the warning."""
    anchor, post = urls.anchor(answer.key), answer.post
    yield f'<h2 id="{escape(anchor)}"><b data-pagefind-ignore>…</b></h2>'
    yield _filters({"_by": f"{anchor} {signature(words, post)}"})
    said = [post.warning] if post.warning else [post.text.text, *(media.alt for media in post.media)]
    yield from (f"<p>{escape(showable(one))}</p>" for one in said if one)


def _filters(values: Mapping[str, str]) -> str:
    return "".join(
        f'<i data-pagefind-filter="{name}[data-v]" data-v="{escape(showable(value))}"></i>'
        for name, value in values.items()
        if value
    )


def _empty(language: str, _content: Content) -> Mapping[str, bytes]:
    return {"empty.html": _page(language, [FILLER])}


def _page(language: str, parts: Sequence[str]) -> bytes:
    body = "\n".join(parts)
    return f'<!doctype html><html lang="{escape(language)}"><body data-pagefind-body>{body}</body></html>\n'.encode()


def _digest(*made_from: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(made_from), digest_size=12).hexdigest()
