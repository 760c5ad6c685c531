"""What we say beside the outbox: a like, a short answer or a private word for one person, and taking a post back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.posts import PostRef
from bot.domain.richtext import detect
from bot.errors import Refused
from bot.networks.mastodon import convert
from bot.networks.mastodon.ownposts import own_posts, said_already
from bot.networks.mastodon.wire import one_post

if TYPE_CHECKING:
    from datetime import datetime

    from bot.networks.mastodon.finding import Finder
    from bot.networks.mastodon.server import Server
    from bot.networks.mastodon.wire import WirePost

SLACK = timedelta(minutes=2)
"""How long before it was decided an answer of ours may seem to have been made: clocks are moved."""


class Speaker:
    """Writes as our account; asking the same again makes nothing new.

    Args:
        server: where.
        finder: knows accounts by their handles.
    """

    def __init__(self, server: Server, finder: Finder) -> None:
        self._server = server
        self._api = server.api
        self._finder = finder

    def like(self, ref: PostRef) -> None:
        """See ``ports.Network.like``. https://docs.joinmastodon.org/methods/statuses/#favourite."""
        local = self._server.must_be_local(ref)
        self._api.post(f"/api/v1/statuses/{convert.path_piece(local)}/favourite")

    def answer(self, ref: PostRef, handle: str, text: str, key: str, at: datetime) -> None:
        """See ``ports.Network.answer``: a direct reply."""
        self._say(_addressed(handle, text, self._server.place().domain), self._server.must_be_local(ref), key, at)

    def tell(self, handle: str, text: str, key: str, at: datetime) -> PostRef:
        """See ``ports.Network.tell``: a direct post, if our server can find the person; else it would reach nobody."""
        if self._finder.wire_account(handle) is None:
            raise Refused(f"{self._api.host} knows nobody by the handle that is to be told")
        said = self._say(_addressed(handle, text, self._server.place().domain), "", key, at)
        return PostRef("mastodon", f"{self._api.host}/{said.id}", url=convert.url(said))

    def delete(self, ref: PostRef) -> None:
        """See ``ports.Network.delete``. https://docs.joinmastodon.org/methods/statuses/#delete."""
        local = self._server.must_be_local(ref)
        self._api.delete(f"/api/v1/statuses/{convert.path_piece(local)}")

    def _say(self, status: str, parent: str, key: str, at: datetime) -> WirePost:
        """Post once. Some servers take no notice of keys, so our own posts are looked through first.

        https://docs.joinmastodon.org/methods/statuses/#create
        """
        alike = [
            post
            for post in own_posts(self._server, at - SLACK)
            if post.visibility == "direct" and (post.in_reply_to_id or "") == parent
        ]
        if (said := said_already(self._server, alike, status)) is not None:
            return said
        body = {"status": status, "visibility": "direct", **({"in_reply_to_id": parent} if parent else {})}
        reply = self._api.post("/api/v1/statuses", headers={"Idempotency-Key": key}, json=msgspec.json.encode(body))
        return one_post(reply.body, self._api.host)


def _addressed(handle: str, text: str, domain: str) -> str:
    """The text behind the one mention in it; whatever else looks like one pings nobody."""
    name = handle.strip().removeprefix("@").removesuffix(f"@{domain}")
    return f"@{name} {detect(text).text}"
