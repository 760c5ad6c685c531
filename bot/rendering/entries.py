"""What feeds tell of chats that took place, in whatever format: the latest ones with their digest in full."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from bot.domain.richtext import to_html
from bot.domain.trying import people_trying
from bot.rendering import urls
from bot.rendering.brief import from_hosts
from bot.rendering.signing import handle_beside, signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.records import Answer, ChatContent, ChatFigures, StoredChat
    from bot.rendering.frame import Press
    from bot.rendering.site import Site
    from bot.rendering.words import Words

ENTRIES = 30
"""How many chats a feed tells of, latest first."""

IN_FULL = 5
"""How many of these come with their digest. What left the archive leaves the feed, too; but readers' programs keep what
they once read, so there is never more in a feed than the network's own digest posts repeated.
"""


class Entry(NamedTuple):
    """One chat in a feed.

    Attributes:
        id: stays when the site moves.
        title: topic and hashtag.
        path: the chat's page.
        published: its start, UTC.
        updated: when its latest answer came, to the hour.
        summary: plain words.
        html: its digest; empty where there is none.
    """

    id: str
    title: str
    path: str
    published: datetime
    updated: datetime
    summary: str
    html: str


def latest(chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], now: datetime) -> list[StoredChat]:
    """What a feed tells of: the latest chats that have begun, cancelled ones only if somebody had answered."""
    begun = (
        stored
        for stored in reversed(chats)
        if stored.chat.starts_at <= now and (not stored.cancelled or _answers(stored, figures))
    )
    return [stored for stored, _ in zip(begun, range(ENTRIES), strict=False)]


def _answers(stored: StoredChat, figures: Mapping[str, ChatFigures]) -> int:
    counts = figures.get(stored.chat.id)
    return counts.answers if counts else 0


def entries(
    press: Press,
    words: Words,
    here: str,
    chats: Sequence[StoredChat],
    *,
    figures: Mapping[str, ChatFigures],
    content: Callable[[str], ChatContent],
) -> Iterator[Entry]:
    """The entries of a feed.

    Args:
        press: templates and the site's settings.
        words: the feed's language.
        here: where the feed stands; links are relative to it while the site has no address.
        chats: latest first.
        figures: counts by chat id.
        content: what may be shown of a chat, by its id; asked for the first few alone.
    """
    for number, stored in enumerate(chats):
        chat, counts = stored.chat, figures.get(stored.chat.id)
        answers = counts.answers if counts else 0
        told = [chat.about] if chat.about else []
        if counts and answers:
            told.append(f"{words('n.answers', n=answers)} · {words('n.people', n=counts.people)}")
        yield Entry(
            id=stable_id(f"chat:{chat.id}"),
            title=f"{chat.topic} · #{stored.series.hashtag}",
            path=urls.chat_page(chat.id),
            published=chat.starts_at,
            updated=_updated(stored, counts),
            summary="\n".join(told) or words.moment(chat.starts_at, chat.timezone),
            html=_in_full(press, words, here, content(chat.id)) if number < IN_FULL and answers else "",
        )


def made_from(chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures]) -> list[object]:
    """All that the entries of these chats depend on, for a fingerprint."""
    return [
        (one.chat, one.series.hashtag, figures.get(one.chat.id), one.revision if number < IN_FULL else 0)
        for number, one in enumerate(chats)
    ]


def link_to(site: Site, here: str, path: str, fragment: str = "") -> str:
    """Where a feed that stands ``here`` sends its readers."""
    return urls.absolute(site.address, path, fragment) or urls.relative(here, path, fragment)


def stable_id(name: str) -> str:
    """An id that stays when the site moves to another address: a name-based UUID (RFC 9562, version 5)."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'staffroom:{name}')}"


def _in_full(press: Press, words: Words, here: str, content: ChatContent) -> str:
    """The digest as HTML, of what may be shown now; empty where nothing was chosen and its hosts say nothing."""
    chat = content.stored.chat
    by_key = {answer.key: answer for answer in content.answers if not answer.post.warning}
    counts = Counter(question for answer in content.answers for question in {one.question for one in answer.placed})
    questions = []
    for number, question in enumerate(chat.questions, start=1):
        if question.pulse:
            continue
        name = f"{chat.id}/q{number}"
        chosen = [by_key[pick.answer] for pick in content.picks if pick.question == name and pick.answer in by_key]
        told = [_told(press, words, here, chat.id, answer) for answer in chosen]
        questions.append({"number": number, "ask": question.ask, "count": counts[name], "chosen": told})
    said = from_hosts(content)
    if not said and not any(one["chosen"] for one in questions):
        return ""
    all_of_it = link_to(press.site, here, urls.chat_page(chat.id))
    values = {"w": words, "about": chat.about, "from_hosts": said, "questions": questions, "page": all_of_it}
    values["trying"] = people_trying(content)
    return press.templates.render("site/digest.html.j2", values).strip()


def _told(press: Press, words: Words, here: str, chat: str, answer: Answer) -> dict[str, object]:
    post = answer.post
    return {
        "text": Markup(to_html(post.text)),  # noqa: S704 - to_html escapes
        "name": signature(words, post),
        "handle": handle_beside(post),
        "link": link_to(press.site, here, urls.chat_page(chat), urls.anchor(answer.key)),
    }


def _updated(stored: StoredChat, counts: ChatFigures | None) -> datetime:
    """When a chat's latest answer came, to the hour: it may be of somebody whose exact time is not to be told."""
    if not counts or not counts.latest:
        return stored.chat.starts_at
    return max(counts.latest.replace(minute=0, second=0, microsecond=0), stored.chat.starts_at)
