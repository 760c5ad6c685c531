"""A chat in two minutes: what its hosts say, and what its digest chose, question by question, in its authors' words.

Nothing is summed up: a line is the beginning of an answer, cut between words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.domain.cleaning import showable
from bot.domain.mentions import unname
from bot.domain.patterns import grapheme_lengths
from bot.domain.posts import handle_id
from bot.domain.richtext import RichText
from bot.rendering import urls
from bot.rendering.signing import signature
from bot.rendering.words import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.domain.posts import Post
    from bot.domain.records import ChatContent
    from bot.rendering.chatview import Section
    from bot.rendering.words import Words

_LOOSE = " ,;:–—-"  # noqa: RUF001 - dashes people type
LONGEST = 140
"""Graphemes of a line: two lines of a phone's page, about."""


class Glance(NamedTuple):
    """One chosen answer: where it stands on the page, its first words with their language, whose they are."""

    id: str
    text: str
    lang: str
    dir: str
    name: str


class Part(NamedTuple):
    """A question with what was chosen of its answers."""

    number: int
    ask: str
    chosen: list[Glance]


def brief(words: Words, sections: Iterable[Section]) -> list[Part]:
    """The questions of which something was chosen. What stands behind a content warning stays there."""
    return list(_parts(words, sections))


def from_hosts(content: ChatContent) -> str:
    """What the hosts wrote for the digest, on one line; empty for nothing.

    A page stays, and whom it names cannot be asked beforehand: so only the chat's hosts keep their handles in it.
    """
    hosts = {handle_id(host) for host in content.stored.chat.hosts}
    words = RichText(showable(" ".join(content.intro.split())))
    return unname(words, lambda mention: handle_id(mention.handle) not in hosts).text


def shorten(text: str, most: int = LONGEST) -> str:
    """A text on one line, of at most so many graphemes, cut between words where it can be, with an ellipsis."""
    line = " ".join(text.split())
    end = 0
    for count, length in enumerate(grapheme_lengths(line), start=1):
        if count == most and end + length < len(line):
            kept = line[:end]
            last = kept.rfind(" ") if not line[end].isspace() else end
            return f"{kept[: last if last > end // 2 else end].rstrip(_LOOSE)}…"
        end += length
    return line


def _parts(words: Words, sections: Iterable[Section]) -> Iterator[Part]:
    for section in sections:
        chosen = [glance(words, one.key, one.post) for one in section.chosen if _tells(one.post)]
        if chosen and section.question:
            yield Part(section.number, section.question.ask, chosen)


def _tells(post: Post) -> bool:
    return not post.warning and bool(post.text.text.strip())


def glance(words: Words, key: str, post: Post) -> Glance:
    """The first words of an answer, as a line that leads to it."""
    lang, way = spoken(words, post.languages)
    return Glance(urls.anchor(key), shorten(showable(post.text.text)), lang, way, signature(words, post))
