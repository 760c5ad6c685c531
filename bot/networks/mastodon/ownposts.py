"""Reading our own posts back, to see whether something was said already."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.posts import PostRef
from bot.domain.records import Said
from bot.domain.restoring import normal
from bot.errors import Refused
from bot.networks.mastodon import convert
from bot.networks.mastodon.posthtml import to_rich
from bot.networks.mastodon.wire import WirePost, WireSource, posts_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.networks.mastodon.server import Server

MOST_PAGES = 10  # of 40 posts each
MOST_SAID_PAGES = 100
MOST_SOURCES = 5
MOST_SAID_SOURCES = 40


def said_since(server: Server, since: datetime) -> tuple[Said, ...]:
    """Our posts since then, oldest first; of the newest threads' first posts the words as we wrote them.

    Of what hangs below only the words that are shown are asked for, which costs no request for each.
    """
    host = server.api.host
    found: list[Said] = []
    sources = 0
    for post in own_posts(server, since, MOST_SAID_PAGES):
        if post.reblog is not None:
            continue
        text = to_rich(post.content or "").text
        private = post.visibility == "direct"
        if not post.in_reply_to_id and not private and sources < MOST_SAID_SOURCES:
            sources += 1
            text = _source(server, post) or text
        ref = PostRef("mastodon", f"{host}/{post.id}", url=convert.url(post))
        parent = f"{host}/{post.in_reply_to_id}" if post.in_reply_to_id else ""
        found.append(Said(ref, text, parent, convert.utc(post.created_at), private))
    return tuple(reversed(found))


def own_posts(server: Server, earliest: datetime, pages: int = MOST_PAGES) -> Iterator[WirePost]:
    """Our posts, of every visibility, made since then (UTC, by our clock), newest first.

    https://docs.joinmastodon.org/methods/accounts/#statuses
    """
    api = server.api
    path = f"/api/v1/accounts/{convert.path_piece(server.me().id)}/statuses"
    params = [("limit", "40"), ("exclude_reblogs", "true")]
    older: list[tuple[str, str]] = []
    for _ in range(pages):
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
