"""What one of our accounts hears in the sandbox: a walk along the network's log, as far as it concerns us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.posts import handle_id
from bot.domain.richtext import Mention, fold_tag, hashtags
from bot.errors import Refused, Unavailable
from bot.networks.sandbox.server import HOST
from bot.ports import Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from bot.domain.posts import Account, Post
    from bot.networks.sandbox.server import Event, SandboxServer
    from bot.ports import Wanted

AT_ONCE = 200
"""How many events a stream gives at once."""

SIGN = 2.0
"""Seconds from one sign of life to the next."""

LOOK = 0.1
"""Seconds from one look at whether the stream is to end to the next."""


class Hearing:
    """Reads a server's log for one account.

    Args:
        server: the network in memory.
        me: our account.
    """

    def __init__(self, server: SandboxServer, me: Account) -> None:
        self._server = server
        self._me = me

    def since(self, cursor: str, wanted: Wanted, most: int = 1_000_000) -> Heard:
        """What happened since a cursor (the number of the last event that was read), or ever where it is empty."""
        after = int(cursor or 0)
        events = self._server.events(after, most)
        ours = {post.ref.id for post in self._server.posts_of(self._me.id)}
        posts: dict[str, Post] = {}
        gone: dict[str, Post] = {}
        threads: dict[str, None] = {}
        for event in events:
            post = event.was or self._server.get(event.id)
            if event.kind == "ended" or post is None:
                continue
            concerns = self._concerns(post, ours, wanted)
            if concerns and {post.root, post.parent} & wanted.closed:
                threads[post.root or post.parent] = None
            elif event.kind == "gone" and (concerns or post.author.id in wanted.authors):
                gone[event.id] = post
                posts.pop(event.id, None)
            elif event.kind == "post" and concerns:
                posts[event.id] = post
        return Heard(
            posts=tuple(posts.values()),
            cursor=str(after + len(events)),
            gone=tuple(post.ref for post in gone.values()),
            ended=_ended(events, wanted),
            threads=tuple(threads),
        )

    def _concerns(self, post: Post, ours: Collection[str], wanted: Wanted) -> bool:
        if post.author.id == self._me.id:
            return False
        if any(above in ours for above in (post.parent, post.root, post.quote)):
            return True
        if any(self._is_me(one.feature) for one in post.text.facets if isinstance(one.feature, Mention)):
            return True
        return post.visibility == "public" and not wanted.hashtags.isdisjoint(map(fold_tag, hashtags(post.text)))

    def _is_me(self, mention: Mention) -> bool:
        """As on Mastodon, a mention may name the handle alone."""
        return mention.id == self._me.id or handle_id(mention.handle) == handle_id(self._me.handle)

    def live(self, cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """The same as it happens, from now on where the cursor is empty, until ``stopping``.

        Raises:
            Refused: the server has no streams.
            Unavailable: it cannot be reached, or the stream broke.
        """
        server = self._server
        breaks = server.breaks
        server.reachable()
        if not server.streams:
            message = f"{HOST[server.name]} has no streams"
            raise Refused(message)
        cursor = cursor or str(server.latest)
        yield Heard((), cursor)
        quiet = 0.0
        while not stopping():
            if server.offline or server.breaks != breaks:
                message = f"the stream of {HOST[server.name]} broke"
                raise Unavailable(message)
            if not server.silent and (heard := self.since(cursor, wanted(), AT_ONCE)).cursor != cursor:
                cursor, quiet = heard.cursor, 0.0
                yield heard
                continue
            server.await_event(int(cursor), LOOK)
            quiet += LOOK
            if quiet >= SIGN and not server.silent:
                quiet = 0.0
                yield Heard((), cursor)


def _ended(events: Collection[Event], wanted: Wanted) -> tuple[str, ...]:
    return tuple(event.id for event in events if event.kind == "ended" and event.id in wanted.authors)
