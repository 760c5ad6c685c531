"""The pages of stories: a host's own words, with answers that their authors let be quoted, read anew for each making.

A story has a page only while everybody whom it quotes allows it (0038).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup, escape

from bot.domain.marks import Seen, noted, notes
from bot.domain.stories import agreed, complete
from bot.domain.trying import told_later
from bot.errors import UserError
from bot.rendering import urls
from bot.rendering.answerlines import marked_up
from bot.rendering.frame import upper_first
from bot.rendering.sheets import digest
from bot.rendering.signing import clock, handle_beside, signature, signed, stamp
from bot.rendering.socialcard import card_of, described
from bot.rendering.words import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from bot.domain.chats import Chat
    from bot.domain.records import Answer, ChatContent, StoredChat
    from bot.domain.stories import Part, Story
    from bot.ports.publishing import Quoting
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.words import Words

    Content = Callable[[str], ChatContent]

_LONG = 12  # hex digits of a fingerprint


class StoryLink(msgspec.Struct, frozen=True):
    """What leads to a story: its page, its title, and the id of its chat."""

    path: str
    title: str
    chat: str


def story_pages(
    sheets: Sheets, chats: Sequence[StoredChat], known: Mapping[str, str], quoting: Quoting
) -> Iterator[tuple[StoryLink, Page]]:
    """Plan the pages of the stories that may be published now, each with what leads to it.

    What is allowed follows from the chat as it stands and from what authors said: where both are as they were when the
    page was planned before, the chat's answers are not read.

    Args:
        sheets: plans pages.
        chats: of the whole site; stories stand in their series.
        known: marks of what was published before, by path.
        quoting: what authors said of being quoted.
    """
    by_id = {stored.chat.id: stored for stored in chats}
    for series in {stored.series.slug: stored.series for stored in chats}.values():
        for story in series.stories:
            stored, said = by_id.get(story.chat), agreed(story, quoting.said)
            if stored is None or not story.ready or len(said) < len(story.quotes):
                continue
            path = urls.story_page(series.slug, story.slug)
            seen = Seen(stored.revision, digest(said, story.quotes)[:_LONG])
            if notes([known.get(path, "")]).get(story.chat) != seen and not complete(story, _usable(quoting, story)):
                continue
            page = _page(sheets, path, stored, story, quoting)
            page.mark = noted(page.mark, {story.chat: seen})
            yield StoryLink(path, story.title, story.chat), page


def _usable(quoting: Quoting, story: Story) -> dict[str, Answer]:
    return {one.key: one for one in quoting.usable(story.chat, story.purpose)}


def _page(sheets: Sheets, path: str, stored: StoredChat, story: Story, quoting: Quoting) -> Page:
    press, chat, series = sheets.press, stored.chat, stored.series
    words = press.series_words(series)
    frame: dict[str, Any] = {
        "summary": story.about or words("story.summary", topic=chat.topic),
        "feed": urls.series_feed(series.slug),
        "json_feed": urls.series_json_feed(series.slug),
        "feed_title": series.title,
        "calendar": urls.series_calendar(series.slug),
        "kind": "article",
        "card": urls.chat_card(chat.id),
        "card_alt": described(card_of(words, stored, press.site.title)),
        "hashtag": f"#{series.hashtag}",
        "series_path": urls.series_page(series.slug),
        "about": story.about,
        "by": _by(words, story.by),
        "chat": {
            "path": urls.chat_page(chat.id),
            "topic": chat.topic,
            "when": upper_first(words.date(chat.date)),
            "iso": chat.date.isoformat(),
        },
        "quoted": bool(story.quotes),
        "privacy": urls.PRIVACY,
    }

    def make(content: Content) -> bytes:
        usable = _usable(quoting, story)
        if not complete(story, usable):
            raise UserError("somebody who is quoted there does not allow it any more")
        later = told_later(content(chat.id))
        parts = [_part(words, chat, path, part, usable, later) for part in story.parts]
        return press.page("story", words, path, story.title, frame | {"parts": parts})

    return sheets.page(path, [words.language, story, frame, stored.revision, chat.timezone], make)


def _by(words: Words, name: str) -> Markup | str:
    if not name:
        return ""
    card = Markup('<span class="p-author h-card"><bdi class="p-name">%s</bdi></span>') % escape(name)
    return words.html("story.by", name=card)


def _part(  # noqa: PLR0917 - of one page
    words: Words, chat: Chat, here: str, part: Part, usable: Mapping[str, Answer], later: Collection[str]
) -> dict[str, Any]:
    """A part as the template has it: paragraphs, or a quote with its author as they are called in public."""
    if not part.quote:
        return {"quote": False, "paragraphs": [" ".join(one.split()) for one in part.say.split("\n\n") if one.strip()]}
    answer = usable[part.quote]
    post = answer.post
    lang, way = spoken(words, post.languages)
    return {
        "quote": True,
        "outcome": part.quote in later,
        "name": signature(words, post),
        "whose": signed(words, post),
        "handle": handle_beside(post),
        "link": urls.relative(here, urls.chat_page(chat.id), urls.anchor(answer.key)),
        "iso": stamp(post, chat.timezone),
        "time": clock(words, post, chat.timezone, chat.date),
        "warning": post.warning,
        "text": marked_up(answer),
        "lang": lang,
        "dir": way,
    }
