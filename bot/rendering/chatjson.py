"""A chat's answers as data: ``chat.json``, for whoever wants to read them twenty years from now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.patterns import is_web
from bot.domain.richtext import to_plain
from bot.rendering.chatview import view
from bot.rendering.signing import nameless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.records import Answer, ChatContent
    from bot.rendering.chatview import Row


def chat_json(content: ChatContent) -> bytes:
    """Write all that may be shown of a chat.

    Questions hold their answers, answers their ``replies``, nested as deep as the page shows them; a deeper reply
    stands beside the one it replies to. Each answer stands once, under the first question it answers; ``questions``
    names all of them. Nothing stands for what was removed: replies to it move up. What is not archived is counted in
    ``left_out``.

    Who asked for initials has no ``handle``; who asked not to be named has no ``author`` and no ``url``, and ``hour``
    instead of ``at``.
    """
    chat, series = content.stored.chat, content.stored.series
    seen = view(content)
    told = {
        "id": chat.id,
        "series": series.slug,
        "title": series.title,
        "hashtag": series.hashtag,
        "topic": chat.topic,
        "about": chat.about,
        "starts_at": chat.starts_at,
        "ends_at": chat.ends_at,
        "timezone": chat.timezone,
        "cancelled": content.stored.cancelled,
        "resources": chat.resources,
        "people": seen.people,
        "left_out": content.left_out,
        "questions": [
            {
                "number": section.number,
                "ask": section.question.ask if section.question else "",
                "poll": section.question.poll if section.question else (),
                "posts": [{"network": network, "url": url} for network, url in section.asked],
                "answers": _nested(section.rows, section.number),
            }
            for section in seen.sections
        ],
        "unplaced": _nested(seen.unplaced.rows, 0),
        "links": [link.uri for link in seen.links],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def _nested(rows: Sequence[Row], number: int) -> list[dict[str, Any]]:
    top: list[dict[str, Any]] = []
    homes = [top]  # for each level, the list that a row of that level goes into
    for row in rows:
        del homes[row.level + 1 :]
        if row.answer is None:
            homes.append(homes[-1])
            continue
        told = _answer(row.answer, number, row.together)
        homes[-1].append(told)
        homes.append(told["replies"])
    return top


def _answer(answer: Answer, number: int, together: tuple[int, ...]) -> dict[str, Any]:
    post = answer.post
    author = {"name": post.author.name, "handle": post.author.handle}
    told: dict[str, Any] = {"id": answer.key, "network": post.ref.network}
    if is_web(post.ref.url):
        told["url"] = post.ref.url
    if any(author.values()):
        told["author"] = {name: value for name, value in author.items() if value}
    told["text"] = to_plain(post.text)
    told["hour" if nameless(post) else "at"] = post.at
    told["questions"] = [number, *together] if number else []
    if post.languages:
        told["languages"] = post.languages
    if post.warning:
        told["warning"] = post.warning
    if post.edited_at:
        told["edited_at"] = post.edited_at
    told["replies"] = []
    return told
