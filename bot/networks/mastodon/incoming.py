"""Others' posts on their way from the API into the domain, each with whether its author blocks us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.networks.mastodon import convert
from bot.networks.mastodon.blocks import Blocks
from bot.networks.mastodon.wire import WirePost, id_in, post_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import msgspec

    from bot.domain.posts import Account, Post
    from bot.networks.mastodon.server import Server
    from bot.networks.mastodon.wire import WireAccount


class Incoming:
    """Converts, and knows who blocks us. Safe to use from several threads.

    Args:
        server: where the posts come from.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._blocks = Blocks(server)

    def posts(self, wires: Iterable[WirePost], root: str = "") -> list[Post]:
        """Posts as the domain knows them; boosts, which are nobody's words, are left out.

        Args:
            wires: as they came.
            root: ``PostRef.id`` of the thread's first post, where known.
        """
        some = [wire for wire in wires if wire.reblog is None]
        if not some:
            return []
        blocked = self._blocks.among({wire.account.id for wire in some})
        place = self._server.place()
        return [convert.post(wire, place, root=root, blocks_us=wire.account.id in blocked) for wire in some]

    def others(self, wires: Iterable[WirePost]) -> list[Post]:
        """The same, without what our own account wrote."""
        some = [wire for wire in wires if wire.reblog is None]
        mine = self._server.me().id if some else ""
        return self.posts(wire for wire in some if wire.account.id != mine)

    def account(self, wire: WireAccount) -> Account:
        """An account as the domain knows it, asked anew whether it blocks us: there is a reason to ask for it."""
        return convert.account(wire, self._server.place(), blocks_us=self._blocks.now(wire.id))


def readable_posts(raws: Sequence[msgspec.Raw]) -> tuple[list[WirePost], list[str]]:
    """The posts of a page that can be understood, and the ids of those that cannot (empty where even that fails)."""
    found = [(raw, post_in(bytes(raw))) for raw in raws]
    posts = [post for _, post in found if post is not None]
    return posts, [id_in(bytes(raw)) for raw, post in found if post is None]
