"""The contract of all networks, over the sandbox playing each of them."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from contract.network_contract import NetworkContract, ServerPost

from bot.domain.posts import NetworkName, PostRef, Signals
from bot.domain.richtext import Link, Mention, Tag, detect
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.networks.sandbox.server import Fault

NAMES = itertools.count(1)


class SandboxTeacher:
    def __init__(self, server: SandboxServer, name: str, bio: str) -> None:
        tags = tuple(word.lstrip("#").lower().strip(".") for word in bio.split() if word.startswith("#"))
        self._server = server
        self._account = server.create_account(f"{name}{next(NAMES)}", signals=Signals(bio_tags=tags))
        self.id = self._account.id
        self.handle = self._account.handle.lstrip("@")

    def post(self, text: str) -> PostRef:
        return self._server.write(self.id, detect(text)).ref

    def reply(self, to: PostRef, text: str) -> PostRef:
        return self._server.write(self.id, detect(text), parent=to.id).ref

    def quote(self, what: PostRef, text: str) -> PostRef:
        return self._server.write(self.id, detect(text), quote=what.id).ref

    def edit(self, ref: PostRef, text: str) -> None:
        self._server.edit(ref.id, detect(text))

    def delete(self, ref: PostRef) -> None:
        self._server.delete(ref.id)


class SandboxWorld:
    has_quotes = True
    has_edits = True
    languages = 3

    def __init__(self, name: NetworkName) -> None:
        self.server = SandboxServer(name, lambda: datetime.now(UTC))
        self.has_unlisted = name == "mastodon"

    def network(self, *, bot: bool = True) -> Sandbox:
        return Sandbox("bot", self.server, "staffroom" if bot else "person", bot=bot)

    def teacher(self, name: str, *, bio: str = "") -> SandboxTeacher:
        return SandboxTeacher(self.server, name, bio)

    def server_posts(self) -> Sequence[ServerPost]:
        me = self.server.create_account("staffroom")
        found = []
        for post in self.server.posts_of(me.id):
            features = [facet.feature for facet in post.text.facets]
            found.append(
                ServerPost(
                    id=post.ref.id,
                    text=post.text.text,
                    parent=post.parent,
                    languages=post.languages,
                    visibility=post.visibility,
                    alts=tuple(media.alt for media in post.media),
                    links=frozenset(one.uri for one in features if isinstance(one, Link)),
                    tags=frozenset(one.tag.lower() for one in features if isinstance(one, Tag)),
                    mentions=frozenset(one.id for one in features if isinstance(one, Mention)),
                )
            )
        return found

    def settle(self) -> None:
        """Everything is shown at once."""

    def lose_next_answer(self) -> Fault:
        return self.server.lose_next_answer()

    def unplug(self) -> None:
        self.server.offline = True

    def plug(self) -> None:
        self.server.offline = False


@pytest.fixture(params=["bluesky", "mastodon"])
def world(request: pytest.FixtureRequest) -> SandboxWorld:
    return SandboxWorld(request.param)


class TestSandbox(NetworkContract):
    pass
