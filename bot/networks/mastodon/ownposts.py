"""Reading our own posts back, to see whether something was said already."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.patterns import ZERO_WIDTH_SPACE
from bot.errors import Refused
from bot.networks.mastodon import convert
from bot.networks.mastodon.posthtml import to_rich
from bot.networks.mastodon.wire import WirePost, WireSource, posts_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.networks.mastodon.server import Server

MOST_PAGES = 10  # of 40 posts each
MOST_SOURCES = 5

_MENTIONED = re.compile(r"(?<![\w/])@([\w.-]*\w)@[\w.-]*\w(?::\d+)?")


def own_posts(server: Server, earliest: datetime) -> Iterator[WirePost]:
    """Our posts, of every visibility, made since then (UTC, by our clock), newest first.

    https://docs.joinmastodon.org/methods/accounts/#statuses
    """
    api = server.api
    path = f"/api/v1/accounts/{convert.path_piece(server.me().id)}/statuses"
    params = [("limit", "40"), ("exclude_reblogs", "true")]
    older: list[tuple[str, str]] = []
    for _ in range(MOST_PAGES):
        reply = api.get(path, [*params, *older], urgent=True)
        page = posts_in(reply.body, api.host)
        since = earliest + timedelta(seconds=api.ahead or 0.0)
        recent = [post for post in page if convert.utc(post.created_at) >= since]
        yield from recent
        if not recent:
            return
        older = [("max_id", page[-1].id)]


def said_already(server: Server, alike: Sequence[WirePost], text: str) -> WirePost | None:
    """The first of some posts of ours that has this text, as it was sent or as the server shows it."""
    wanted = normal(text)
    for post in alike:
        if normal(to_rich(post.content or "").text) == wanted:
            return post
    for post in alike[:MOST_SOURCES]:
        if normal(_source(server, post)) == wanted:
            return post
    return None


def _source(server: Server, post: WirePost) -> str:
    """What we wrote, as we wrote it: servers may show it otherwise.

    https://docs.joinmastodon.org/methods/statuses/#source
    """
    path = f"/api/v1/statuses/{convert.path_piece(post.id)}/source"
    try:
        reply = server.api.get(path, urgent=True)
    except Refused:  # gone since, or a server without this method
        return ""
    return server.api.decode(reply, WireSource).text


def normal(text: str) -> str:
    """What two spellings of one text have in common: no servers in mentions, no invisible marks, single blanks."""
    plain = _MENTIONED.sub(r"@\1", text.replace(ZERO_WIDTH_SPACE, ""))
    return " ".join(unicodedata.normalize("NFC", plain).split())
