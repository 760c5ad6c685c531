"""The contract of all networks, over the sandbox playing each of them."""

import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from contract.network_contract import NetworkContract
from contract.network_world import Sender, ServerPost, say
from contract.streams_contract import KEYS, Hearing, StreamsContract

from bot.clock import SteppedClock
from bot.domain.outbox import Draft, DraftPost, Poll
from bot.domain.posts import Media, NetworkName, PostRef, Signals
from bot.domain.records import PollCount
from bot.domain.richtext import Link, Mention, Tag, detect
from bot.errors import Refused, Unavailable
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.networks.sandbox.server import Fault
from bot.ports import Wanted

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

    def show(self, text: str, picture: bytes, alt: str) -> PostRef:
        key = hashlib.sha256(picture).hexdigest()
        self._server.files[key] = picture
        return self._server.write(self.id, detect(text), media=(Media("image", alt, key),)).ref

    def edit(self, ref: PostRef, text: str) -> None:
        self._server.edit(ref.id, detect(text))

    def delete(self, ref: PostRef) -> None:
        self._server.delete(ref.id)


class SandboxWorld:
    has_quotes = True
    has_edits = True
    tells_edits = True
    replays = True
    languages = 3

    def __init__(self, name: NetworkName) -> None:
        self.server = SandboxServer(name, lambda: datetime.now(UTC))
        self.has_unlisted = name == "mastodon"

    def network(self, *, bot: bool = True) -> Sandbox:
        return Sandbox("bot", self.server, "staffroom" if bot else "person", bot=bot)

    def gallery(self) -> Sandbox:
        return self.network()

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

    def likes(self, ref: PostRef) -> int:
        return self.server.likes(self.server.create_account("staffroom").id, ref.id)

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


class TestSandboxStreams(StreamsContract):
    pass


def test_a_stream_that_is_broken_says_so_and_goes_on_from_its_cursor(world: SandboxWorld) -> None:
    network, amy = world.network(), world.teacher("amy")
    [root] = say(network, "Q1 Why?")
    stream = network.stream("", Wanted, lambda: False)
    next(stream)
    amy.reply(root, "A1 before it breaks")
    heard = next(stream)
    assert len(heard.posts) == 1
    world.server.break_streams()
    with pytest.raises(Unavailable, match="broke"):
        next(stream)
    lost = amy.reply(root, "A1 in between")
    with Hearing(network, heard.cursor) as again:
        again.until_heard(lost)


def test_what_happens_below_a_closed_post_is_only_named(world: SandboxWorld) -> None:
    network, amy = world.network(), world.teacher("amy")
    [root] = say(network, "Q1 Why?")
    reply = amy.reply(root, "A1 behind the gate")
    heard = network.listen("", Wanted(closed=frozenset({root.id})))
    assert (heard.posts, heard.threads) == ((), (root.id,))
    amy.delete(reply)
    heard = network.listen(heard.cursor, Wanted(closed=frozenset({root.id}), authors=frozenset({amy.id})))
    assert heard.threads == (root.id,)


def test_the_end_of_an_account_is_told_of_watched_authors(world: SandboxWorld) -> None:
    network, amy, ben = world.network(), world.teacher("amy"), world.teacher("ben")
    [root] = say(network, "Q1 Why?")
    reply = amy.reply(root, "A1")
    world.server.end_account(amy.id)
    world.server.end_account(ben.id)
    assert network.listen("", Wanted(authors=frozenset({amy.id}))).ended == (amy.id,)
    assert network.look_up([reply]).gone == (reply,)


def test_a_server_without_streams_refuses_one_and_a_silent_one_gives_no_sign(world: SandboxWorld) -> None:
    network = world.network()
    world.server.streams = False
    with pytest.raises(Refused):
        next(iter(network.stream("", Wanted, lambda: False)))
    world.server.streams, world.server.silent = True, True
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) > 30

    assert len(list(network.stream("", Wanted, stopping))) == 1


def test_a_message_is_written_once_and_only_to_somebody(world: SandboxWorld) -> None:
    network, amy = world.network(), world.teacher("amy")
    for _ in range(2):
        network.tell(amy.handle, "Somebody waits for you.", KEYS[0], datetime.now(UTC))
    assert [(to, text) for _, to, text in world.server.messages.values()] == [(amy.id, "Somebody waits for you.")]
    with pytest.raises(Refused):
        network.tell("nobody", "Hello?", KEYS[1], datetime.now(UTC))


def test_only_our_own_posts_are_ours_to_delete(world: SandboxWorld) -> None:
    network, amy = world.network(), world.teacher("amy")
    with pytest.raises(Refused):
        network.delete(amy.post("A1"))


def test_a_poll_takes_one_vote_each_until_it_ends() -> None:
    clock = SteppedClock(datetime(2027, 1, 7, 20, tzinfo=UTC))
    server = SandboxServer("mastodon", clock.now)
    bot = Sandbox("bot", server, "staffroom")
    post = DraftPost(detect("Q1 Which?"), poll=Poll(("Ticks", "Levels"), 600))
    [sent] = Sender(bot, Draft((post,), ("en",), clock.now())).send()
    amy, ben = (server.create_account(name).id for name in ("amy", "ben"))
    server.vote(amy, sent.remote.id, 1)
    assert bot.polls([sent.remote]) == {sent.remote.id: PollCount(("Ticks", "Levels"), (0, 1), over=False)}
    for who, option in ((amy, 0), (ben, 2)):
        with pytest.raises(Refused):
            server.vote(who, sent.remote.id, option)
    clock.move_to(clock.now() + timedelta(seconds=600))
    with pytest.raises(Refused):
        server.vote(ben, sent.remote.id, 0)
    assert bot.polls([sent.remote]) == {sent.remote.id: PollCount(("Ticks", "Levels"), (0, 1), over=True)}
    server.delete(sent.remote.id)
    assert bot.polls([sent.remote]) == {}
