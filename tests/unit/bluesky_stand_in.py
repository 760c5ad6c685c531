"""An AppView of a few lines for what the real network cannot be made to do: caps, odd records, odd answers.

It answers through httpx's mock transport, so the adapter's own HTTP client and all above it are the real ones.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from bot.networks.bluesky import Bluesky

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

ME = "did:plc:me"
NOW = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)


def uri(name: str, did: str = "did:plc:amy") -> str:
    return f"at://{did}/app.bsky.feed.post/{name}"


def view(name: str, record: Json | None = None, *, did: str = "did:plc:amy", **more: Any) -> Json:
    """A post as getPosts gives it."""
    record = {"$type": "app.bsky.feed.post", "text": name, "createdAt": "2026-03-05T20:00:00.000Z"} | (record or {})
    author = {"did": did, "handle": f"{did.rpartition(':')[2]}.test"}
    return {"uri": uri(name, did), "cid": f"cid-{name}", "author": author, "record": record} | {
        "indexedAt": "2026-03-05T20:00:01.000Z",
        **more,
    }


class StandIn:
    """Holds a tree of posts and answers what a sweep asks; `answers` replaces or adds methods.

    Args:
        parents: each post's name and its parent's; the root's is empty.
        depth: the most levels below the post asked for.
        width: the most replies given to a post that is not the one asked for; 0 for no cap.
    """

    def __init__(self, parents: dict[str, str] | None = None, *, depth: int = 10, width: int = 0) -> None:
        self.plant(parents or {}, depth=depth, width=width)
        self.profiles: dict[str, Json] = {}
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response | Json]] = {}
        self.asked: list[str] = []

    def plant(self, parents: dict[str, str], *, depth: int, width: int) -> None:
        """Hold another tree from now on."""
        self.children: dict[str, list[str]] = {}
        for name, parent in parents.items():
            self.children.setdefault(parent, []).append(name)
        self.depth = depth
        self.width = width

    def network(self, **options: Any) -> Bluesky:
        settings: dict[str, Any] = {
            "account": "main",
            "server": "https://pds.example.org",
            "handle": "me.test",
            "password": "pass",
            "clock": lambda: NOW,
        }
        network = Bluesky(**(settings | options))
        network._xrpc._http = httpx.Client(transport=httpx.MockTransport(self._answer))
        return network

    def _answer(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition("/")[2]
        self.asked.append(method)
        answer = self.answers.get(method) or getattr(self, method.rpartition(".")[2])
        given = answer(request)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    def createSession(self, _: httpx.Request) -> Json:  # noqa: N802 -- the API's own name
        return {"did": ME, "handle": "me.test", "accessJwt": "a.e30.c", "refreshJwt": "r"}

    refreshSession = createSession  # noqa: N815 -- the API's own name

    def getProfiles(self, request: httpx.Request) -> Json:  # noqa: N802 -- the API's own name
        dids = request.url.params.get_list("actors")
        assert len(dids) <= 25
        blank = {did: {"did": did, "handle": f"{did.rpartition(':')[2]}.test"} for did in dids}
        return {"profiles": [self.profiles.get(did, blank[did]) for did in dids]}

    def getPostThread(self, request: httpx.Request) -> Json:  # noqa: N802 -- the API's own name
        name = request.url.params["uri"].rpartition("/")[2]
        depth = min(self.depth, int(request.url.params["depth"]))
        return {"thread": self._node(name, depth, top=True)}

    def _node(self, name: str, depth: int, *, top: bool = False) -> Json:
        below = self.children.get(name, [])
        node: Json = {"$type": "app.bsky.feed.defs#threadViewPost", "post": view(name, replyCount=len(below))}
        if depth > 0:
            given = below if top or not self.width else below[: self.width]
            node["replies"] = [self._node(child, depth - 1) for child in given]
        return node
