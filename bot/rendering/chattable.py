"""A chat's answers as a table: ``chat.csv``, for whoever wants to sort, count or print them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from bot.domain.cleaning import showable
from bot.domain.patterns import is_web
from bot.domain.richtext import to_plain
from bot.rendering.chatview import view
from bot.rendering.signing import nameless

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.domain.records import ChatContent
    from bot.rendering.chatview import ChatView, Row

COLUMNS = ("id", "questions", "in_reply_to", "name", "handle", "network", "url", "at", "languages", "warning", "text")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for a formula at the beginning of a cell
(https://owasp.org/www-community/attacks/CSV_Injection).
"""


def chat_table(content: ChatContent, seen: ChatView | None = None) -> bytes:
    """Write all that may be shown of a chat, an answer a row, in the order of its page (RFC 4180, UTF-8 with a mark).

    ``questions`` are numbers, the first one being that under which the answer stands; ``in_reply_to`` is the ``id`` of
    the answer above, where that is shown; handles stand without an ``@`` before them. Of somebody nameless ``at`` is
    right to the hour. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    ``seen`` is ``view(content)`` where that is known.
    """
    told = io.StringIO()
    table = csv.writer(told, lineterminator="\r\n")
    table.writerow(COLUMNS)
    seen = seen or view(content)
    for section in (*seen.sections, seen.unplaced):
        table.writerows(_rows(section.rows, section.number))
    for tried in seen.tried:
        table.writerows(_rows(tried.rows, 0))
    return told.getvalue().encode("utf-8-sig")  # the mark tells Excel that it is UTF-8


def _rows(rows: list[Row], number: int) -> Iterator[list[str]]:
    for row in rows:
        if row.answer is None:
            continue
        post = row.answer.post
        yield [
            row.answer.key,
            " ".join(map(str, (number, *row.together))) if number else "",
            row.parent.key if row.parent else "",
            _cell(post.author.name),
            _cell(post.author.handle.removeprefix("@")),
            post.ref.network,
            post.ref.url if is_web(post.ref.url) else "",
            f"{post.at:%Y-%m-%dT%H}" if nameless(post) else _second(post.at),
            " ".join(map(_cell, post.languages)),
            _cell(post.warning),
            _cell(to_plain(post.text)),
        ]


def _second(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _cell(text: str) -> str:
    shown = showable(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
