"""An account of ours on the Mastodon-API server, behind a proxy that goes wrong on demand, and teachers beside it."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from contract.network_world import ServerPost
from networks.faults import Fault, FaultProxy
from networks.mastodon_server import MastodonAccount, MastodonServer

from bot.domain.posts import PostRef
from bot.networks.mastodon import Mastodon

Json = dict[str, Any]


def hosted(url: str) -> str:
    return url.removeprefix("http://")


class MastodonTeacher:
    """A teacher on the same server; posts are addressed as our adapter, behind its proxy, knows them."""

    def __init__(self, world: "MastodonWorld", account: MastodonAccount) -> None:
        self.world = world
        self.account = account
        self.id = f"{world.server.url}/@{account.username}"
        self.handle = f"{account.username}@{hosted(world.server.url)}"

    def post(self, text: str, **more: Any) -> PostRef:
        return self.world.ref(self.account.post(text, **more))

    def reply(self, to: PostRef, text: str, **more: Any) -> PostRef:
        author = self.account.call("GET", f"/api/v1/statuses/{local(to)}")["account"]["username"]
        addressed = text if author == self.account.username else f"@{author} {text}"
        return self.world.ref(self.account.reply(local(to), addressed, **more))

    def quote(self, what: PostRef, text: str) -> PostRef:
        return self.world.ref(self.account.post(text, quote=local(what)))

    def show(self, text: str, picture: bytes, alt: str, **more: Any) -> PostRef:
        upload = {"files": {"file": ("a.png", picture, "image/png")}, "data": {"description": alt}}
        media = self.account.call("POST", "/api/v2/media", **upload)
        return self.post(text, media_ids=[media["id"]], **more)

    def edit(self, ref: PostRef, text: str) -> None:
        self.account.edit(local(ref), text)

    def delete(self, ref: PostRef) -> None:
        self.account.delete(local(ref))


class MastodonWorld:
    """One bot account on the shared server, seen by our adapter through a proxy that goes wrong on demand."""

    has_quotes = True
    has_edits = True
    has_unlisted = True
    languages = 1

    def __init__(self, server: MastodonServer, proxy: FaultProxy, unique: Callable[[str], str]) -> None:
        self.server = server
        self.proxy = proxy
        self.unique = unique
        self.made: list[Mastodon] = []
        self.me = server.create_account(unique("bot"), bot=True)

    def network(self, *, bot: bool = True, **options: Any) -> Mastodon:
        account = self.me if bot else self.server.create_account(self.unique("plain"))
        settings: Json = {
            "account": "main",
            "server": self.proxy.url,
            "token": account.token,
            "clock": lambda: datetime.now(UTC),
            "timeout": 20.0,
        }
        network = Mastodon(**(settings | options))
        self.made.append(network)
        return network

    def gallery(self) -> Mastodon:
        return self.network(named=[self.server.url])

    def teacher(self, name: str, *, bio: str = "", **flags: bool) -> MastodonTeacher:
        return MastodonTeacher(self, self.server.create_account(self.unique(name), note=bio, **flags))

    def server_posts(self) -> Sequence[ServerPost]:
        held = self.server.account_statuses(self.me.id, token=self.me.token)
        return [self._server_post(post) for post in reversed(held)]

    def settle(self) -> None:
        """The server's reads show every write at once."""

    def lose_next_answer(self) -> Fault:
        return self.proxy.lose_answer("POST", "/api/v1/statuses$")

    def unplug(self) -> None:
        self.proxy.unplug()

    def plug(self) -> None:
        self.proxy.plug()

    def ref(self, post: Json) -> PostRef:
        return PostRef("mastodon", f"{hosted(self.proxy.url)}/{post['id']}", url=post["url"])

    def _server_post(self, held: Json) -> ServerPost:
        # A server shows a mention of its own people by name alone; the suite wants it whole.
        text = re.sub(r"<br ?/?>", "\n", held["content"].replace("</p><p>", "\n\n"))
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
        for one in held["mentions"]:
            text = re.sub(rf"@{one['username']}\b(?!@)", f"@{one['acct']}@{hosted(self.server.url)}", text)
        parent = held["in_reply_to_id"]
        return ServerPost(
            id=f"{hosted(self.proxy.url)}/{held['id']}",
            text=text,
            parent=f"{hosted(self.proxy.url)}/{parent}" if parent else "",
            languages=(held["language"],),
            visibility=held["visibility"],
            alts=tuple(media["description"] for media in held["media_attachments"]),
            links=frozenset(re.findall(r'<a href="([^"]+)" target', held["content"])),
            tags=frozenset(tag["name"].lower() for tag in held["tags"]),
            mentions=frozenset(one["url"] for one in held["mentions"]),
        )


def local(ref: PostRef) -> str:
    return ref.id.rpartition("/")[2]


@pytest.fixture
def world(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> Iterator[MastodonWorld]:
    with FaultProxy(mastodon_server.url) as proxy:
        made = MastodonWorld(mastodon_server, proxy, unique)
        yield made
        for network in made.made:
            network.close()
