"""Bridges' copies: which post, on which network, one is a copy of (Bridgy Fed, https://fed.brid.gy/docs)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from bot.domain.posts import NetworkName, Post

_AT_URI = re.compile(r"/convert/ap/(at:/{1,2}(?P<did>did:[\w:.%-]+)/app\.bsky\.feed\.post/(?P<rkey>[\w.~:-]+))$")
_WEB = re.compile(r"https://bsky\.app/profile/(?P<who>[\w:.%-]+)/post/(?P<rkey>[\w.~:-]+)$")


def original_of(post: Post) -> tuple[NetworkName, str] | None:
    """Where the original of a copy is: its network and an address that ``ports.Network.resolve`` takes.

    On Mastodon a copy's ``uri`` holds the original's ``at://`` URI, and its address leads to the original's page; on
    Bluesky the copy's record carries the original's address. ``None`` for what is no copy, or does not say of what.

    Args:
        post: as its network shows it.
    """
    if not post.original:
        return None
    if post.ref.network == "bluesky":
        return ("mastodon", post.original)
    inside = _AT_URI.search(unquote(post.uri))
    if inside:
        return ("bluesky", f"at://{inside['did']}/app.bsky.feed.post/{inside['rkey']}")
    page = _WEB.match(unquote(post.original))
    if page is None:
        return None
    if page["who"].startswith("did:"):
        return ("bluesky", f"at://{page['who']}/app.bsky.feed.post/{page['rkey']}")
    return ("bluesky", page.group())
