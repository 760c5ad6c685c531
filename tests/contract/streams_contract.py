"""What every network's stream, and what every like, answer and deletion of ours, must do: one suite for all adapters.

A test module for one network gives a fixture `world` (see `StreamWorld`) and an empty subclass:

    from contract.streams_contract import StreamsContract

    class TestStreams(StreamsContract):
        pass

`Hearing` runs a stream in a thread and gathers what it gives, as the loop does.
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from contract.network_world import World, say

from bot.domain.posts import Post, PostRef
from bot.domain.richtext import fold_tag
from bot.errors import NetworkError
from bot.ports import Heard, Network, Wanted

PATIENCE = 60.0
"""Seconds after which a test that waits for a stream fails; none waits so long where all is well."""


class StreamWorld(World, Protocol):
    """A network whose `network()` streams; its teachers can edit wherever `tells_edits`.

    Attributes:
        tells_edits: its stream tells of edits (on Bluesky: records written again).
        replays: its stream gives what was said since a cursor; elsewhere `Heard.missed` has to say that it did not.
    """

    tells_edits: bool
    replays: bool

    def likes(self, ref: PostRef) -> int:
        """How often our account likes a post, as the server holds it."""
        ...


class Hearing:
    """A stream of `network`, read in a thread of its own until the `with` block ends.

    `wanted` may be set anew at any time. All that came is in `heard`, and put together in the properties.
    """

    def __init__(self, network: Network, cursor: str = "", wanted: Wanted | None = None) -> None:
        self.wanted = wanted or Wanted()
        self.heard: list[Heard] = []
        self.error: BaseException | None = None
        self._network = network
        self._from = cursor
        self._more = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        """Begin; returns once the stream gave its first sign of life, so that what is said now is heard."""
        self._thread.start()
        self.until(lambda hearing: bool(hearing.heard))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and see to it that it does end."""
        self._stop.set()
        self._thread.join(PATIENCE)
        if kind is None:
            assert not self._thread.is_alive(), "the stream goes on although it was stopped"
            assert self.error is None, f"the stream broke: {self.error!r}"

    def _read(self) -> None:
        try:
            for heard in self._network.stream(self._from, lambda: self.wanted, self._stop.is_set):
                with self._more:
                    self.heard.append(heard)
                    self._more.notify_all()
        except BaseException as error:
            self.error = error
            if not isinstance(error, NetworkError):
                raise
        finally:
            with self._more:
                self._more.notify_all()

    def until(self, enough: Callable[[Self], bool]) -> Self:
        """Wait until `enough` is true of what came in."""
        deadline = time.monotonic() + PATIENCE
        with self._more:
            while not enough(self):
                left = deadline - time.monotonic()
                ended = self.error is not None or not self._thread.is_alive()
                assert left > 0, f"not heard in {PATIENCE:.0f} s; what came: {self.heard}"
                assert not ended, f"the stream ended: {self.error!r}; what came: {self.heard}"
                self._more.wait(min(left, 1.0))
        return self

    def until_heard(self, *refs: PostRef) -> list[Post]:
        """Wait for these posts; gives their latest versions in this order."""
        self.until(lambda hearing: {ref.id for ref in refs} <= hearing.posts.keys())
        return [self.posts[ref.id] for ref in refs]

    @property
    def posts(self) -> dict[str, Post]:
        """By id, the latest version of each."""
        return {post.ref.id: post for heard in self.heard for post in heard.posts}

    @property
    def gone(self) -> set[str]:
        return {ref.id for heard in self.heard for ref in heard.gone}

    @property
    def ended(self) -> set[str]:
        return {account for heard in self.heard for account in heard.ended}

    @property
    def threads(self) -> set[str]:
        return {root for heard in self.heard for root in heard.threads}

    @property
    def missed(self) -> bool:
        return any(heard.missed for heard in self.heard)

    @property
    def cursor(self) -> str:
        return self.heard[-1].cursor


def new_tag(name: str = "Ed") -> str:
    """A hashtag that nobody else uses, with a capital letter."""
    return f"{name}{random.SystemRandom().randrange(10**9)}"


KEYS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")


class StreamsContract:
    """The suite. Every test gets a world of its own."""

    # -- hearing ------------------------------------------------------------------------------------------------
    def test_a_reply_is_heard_and_tells_all_we_need(self, world: StreamWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy", bio="Teaches year 5. #NoArchive")
        world.settle()
        with Hearing(network) as hearing:
            reply = amy.reply(root, "A1 Because 🧮 of #maths")
            [post] = hearing.until_heard(reply)
        assert (post.parent, post.author.id) == (root.id, amy.id)
        assert post.root in {"", root.id}
        assert "A1 Because 🧮 of #maths" in post.text.text
        assert "noarchive" in post.author.signals.bio_tags
        assert post.author.handle.lstrip("@") == amy.handle
        assert abs((datetime.now(UTC) - post.at).total_seconds()) < 300
        assert post.visibility in {"public", "unlisted"}
        assert not post.hidden
        assert post.uri

    def test_a_quote_is_heard_where_the_network_has_them(self, world: StreamWorld) -> None:
        if not world.has_quotes:
            return
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        world.settle()
        with Hearing(network) as hearing:
            [post] = hearing.until_heard(amy.quote(root, "A1 like this"))
        assert (post.quote, post.parent) == (root.id, "")

    def test_only_what_is_ours_or_has_a_wanted_hashtag_is_heard(self, world: StreamWorld) -> None:
        network = world.network()
        amy = world.teacher("amy")
        tag = new_tag()
        world.settle()
        with Hearing(network, wanted=Wanted(hashtags=frozenset({fold_tag(tag)}))) as hearing:
            amy.post("A1 of no chat")
            amy.post(f"A1 of another chat #{tag}more")
            [own] = say(network, f"Q1 Why? #{tag}")
            tagged = [amy.post(f"A1 #{tag}"), amy.post(f"#{tag.lower()} A2 in lower case")]
            hearing.until_heard(*tagged, reply := amy.reply(own, "A1"))
        assert set(hearing.posts) == {ref.id for ref in (*tagged, reply)}

    def test_a_hashtag_that_is_wanted_later_is_heard_from_then_on(self, world: StreamWorld) -> None:
        network = world.network()
        amy = world.teacher("amy")
        tag = new_tag()
        world.settle()
        with Hearing(network) as hearing:
            hearing.wanted = Wanted(hashtags=frozenset({fold_tag(tag)}))
            refs: list[PostRef] = []

            def some(hearing: Hearing) -> bool:
                refs.append(amy.post(f"A1 number {len(refs)} #{tag}"))
                return any(ref.id in hearing.posts for ref in refs)

            hearing.until(some)

    def test_an_edit_is_heard_where_the_network_tells_it(self, world: StreamWorld) -> None:
        if not world.tells_edits:
            return
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        world.settle()
        with Hearing(network) as hearing:
            hearing.until_heard(reply := amy.reply(root, "A1 befour"))
            amy.edit(reply, "A1 before")
            hearing.until(lambda hearing: "A1 before" in hearing.posts[reply.id].text.text)

    def test_a_deletion_is_heard_of_what_was_just_said_and_of_watched_authors(self, world: StreamWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy, ben = world.teacher("amy"), world.teacher("ben")
        old, kept = amy.reply(root, "A1 from before"), amy.reply(root, "A1 that stays")
        world.settle()
        with Hearing(network, wanted=Wanted(authors=frozenset({amy.id}))) as hearing:
            hearing.until_heard(new := ben.reply(root, "A1 from now"))
            amy.delete(old)
            ben.delete(new)
            hearing.until(lambda hearing: {old.id, new.id} <= hearing.gone)
        assert kept.id not in hearing.gone

    # -- beginning and ending -----------------------------------------------------------------------------------
    def test_what_is_said_between_two_streams_is_not_lost(self, world: StreamWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        world.settle()
        with Hearing(network) as hearing:
            first = amy.reply(root, "A1 while we listen")
            hearing.until_heard(first)
        between = [amy.reply(root, f"A1 unheard {n}") for n in range(3)]
        world.settle()
        with Hearing(world.network(), hearing.cursor) as later:
            after = amy.reply(root, "A1 while we listen again")
            later.until_heard(after)
            later.until(lambda later: {ref.id for ref in between} <= later.posts.keys() or later.missed)
        assert later.missed or world.replays
        assert not (later.missed and world.replays)

    def test_a_sign_of_life_comes_without_posts_and_with_a_cursor_to_go_on_from(self, world: StreamWorld) -> None:
        network = world.network()
        network.identity()
        with Hearing(network) as hearing:
            hearing.until(lambda hearing: len(hearing.heard) > 1)
        assert not hearing.posts
        assert not hearing.gone
        with Hearing(world.network(), hearing.cursor):
            pass

    def test_stopping_before_it_begins_ends_it_at_once(self, world: StreamWorld) -> None:
        assert len(list(world.network().stream("", Wanted, lambda: True))) <= 1

    # -- likes, answers, deletions ------------------------------------------------------------------------------
    def test_a_like_twice_is_one_like(self, world: StreamWorld) -> None:
        amy = world.teacher("amy")
        ref = amy.post("REMOVE THIS")
        world.settle()
        assert world.likes(ref) == 0
        world.network().like(ref)
        world.network().like(ref)
        assert world.likes(ref) == 1

    def test_an_answer_twice_is_one_answer(self, world: StreamWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        reply = amy.reply(root, "PLEASE LIST ME")
        world.settle()
        at = datetime.now(UTC)
        for _ in range(2):
            world.network().answer(reply, amy.handle, "Did you mean LIST ME?", KEYS[0], at)
        world.settle()
        [_, answer] = world.server_posts()
        assert answer.parent == reply.id
        assert "Did you mean LIST ME?" in answer.text
        world.network().answer(reply, amy.handle, "Something else.", KEYS[1], at)
        world.settle()
        assert len(world.server_posts()) == 3

    def test_deleting_our_own_post_twice_is_harmless(self, world: StreamWorld) -> None:
        network = world.network()
        [ref] = say(network, "Q1 Why?")
        [stays] = say(network, "Q2 How?", seed=2)
        network.delete(ref)
        network.delete(ref)
        assert [post.id for post in world.server_posts()] == [stays.id]

    # -- finding ------------------------------------------------------------------------------------------------
    def test_a_post_is_found_by_its_address(self, world: StreamWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        reply = amy.reply(root, "A1 Because")
        world.settle()
        [known] = network.look_up([reply]).posts
        for address in (known.ref.url, known.uri):
            found = network.resolve(address)
            assert found is not None
            assert (found.ref.id, found.author.id) == (reply.id, amy.id)
        assert network.resolve("https://nobody.example.org/page") is None

    def test_an_account_is_found_by_its_handle(self, world: StreamWorld) -> None:
        network = world.network()
        amy = world.teacher("amy", bio="#NoArchive")
        world.settle()
        for handle in (amy.handle, f"@{amy.handle}"):
            found = network.account_called(handle)
            assert found is not None
            assert found.id == amy.id
            assert "noarchive" in found.signals.bio_tags
        assert network.account_called("nobody-" + amy.handle) is None
