"""Replies that were written on other servers and never sent to ours: each road to them with the others closed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from contract.mastodon_world import MastodonWorld, hosted, local
from contract.network_world import ServerPost, say
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonServer, Stranger

from bot.domain.commands import read_host
from bot.domain.posts import Post, PostRef
from bot.errors import NetworkError, Refused
from bot.networks.mastodon import Mastodon
from bot.networks.mastodon.elsewhere import Thread
from bot.ports import Wanted

Json = dict[str, Any]
KEY = "0123456789abcdef0123456789abcdef"


class Scattered(MastodonWorld):
    """A question on our server, an answer to it from elsewhere that arrived, and replies to that which did not."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.amy, self.ben = self.stranger("amy"), self.stranger("ben")
        [self.root] = say(self.network(), "Q1 Why?")
        self.question = self.server.get_status(local(self.root))
        name = f"@{self.me.username}@{hosted(self.server.url)}"
        self.first = self.amy.reply(self.question, f"{name} A1 Because", arrives=True)
        self.second = self.ben.reply(self.first, "A1 me too")

    def stranger(self, name: str) -> Stranger:
        return self.server.create_stranger(self.unique(name))

    def older(self) -> None:
        """Our server does not fetch replies by itself."""
        self.server.fetches_replies(self.me.id, on=False)

    def here(self, post: Json) -> str:
        """`PostRef.id` of somebody's post, as our server calls it."""
        return f"{hosted(self.proxy.url)}/{self.server.known_as(post['uri'])}"


@pytest.fixture
def world(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> Iterator[Scattered]:
    with FaultProxy(mastodon_server.url) as proxy:
        made = Scattered(mastodon_server, proxy, unique)
        yield made
        for network in made.made:
            network.close()


def swept(network: Mastodon, root: PostRef) -> dict[str, Post]:
    return {post.uri: post for batch in network.sweep(root) for post in batch}


# -- roads to a reply that was never sent ---------------------------------------------------------------------------
def test_without_any_road_it_stays_unknown(world: Scattered) -> None:
    world.older()
    assert set(swept(world.network(), world.root)) == {world.first["uri"]}
    assert world.server.known_as(world.second["uri"]) is None


def test_our_server_fetches_it_when_the_reply_above_is_asked_for(world: Scattered) -> None:
    found = swept(world.network(), world.root)
    assert set(found) == {world.first["uri"], world.second["uri"]}
    assert found[world.second["uri"]].parent == world.here(world.first)


def test_the_other_server_tells_and_ours_is_made_to_fetch_it(world: Scattered) -> None:
    world.older()
    third = world.amy.reply(world.second, "A1 tell us more")
    found = swept(world.network(neighbours=True), world.root)
    assert set(found) == {world.first["uri"], world.second["uri"], third["uri"]}
    assert found[world.second["uri"]].parent == world.here(world.first)
    assert found[third["uri"]].parent == world.here(world.second)
    post = found[world.second["uri"]]
    assert (post.root, post.visibility, post.text.text) == (world.root.id, "public", "A1 me too")
    assert post.author.handle == f"@{world.ben.username}@{hosted(world.server.elsewhere.url)}"


def test_the_other_server_tells_what_stands_below_our_own_post_too(world: Scattered) -> None:
    world.older()
    beside = world.ben.reply(world.question, "A1 without saying whom I answer")
    found = swept(world.network(neighbours=True), world.root)
    assert found[beside["uri"]].parent == world.root.id


def test_its_address_is_enough(world: Scattered) -> None:
    world.older()
    network = world.network()
    post = network.resolve(world.second["uri"])
    assert post is not None
    assert (post.uri, post.parent) == (world.second["uri"], world.here(world.first))
    world.ben.delete(world.second)
    assert network.resolve(f"{world.server.elsewhere.url}/@{world.ben.username}/1") is None
    assert network.resolve("not an address") is None


def test_what_others_may_not_see_is_found_on_no_road(world: Scattered) -> None:
    hidden = [
        world.ben.reply(world.first, f"A1 {kind} @{world.amy.username}", visibility=kind)
        for kind in ("private", "direct")
    ]
    network = world.network(neighbours=True)
    swept(network, world.root)
    for post in hidden:
        assert network.resolve(post["uri"]) is None
        assert world.server.known_as(post["uri"]) is None


def test_what_is_found_once_is_not_asked_for_again_within_a_quarter_of_an_hour(world: Scattered) -> None:
    world.older()
    network = world.network(neighbours=True)
    swept(network, world.root)
    searches = len(world.proxy.requests("GET", "/api/v2/search"))
    late = world.ben.reply(world.first, "A1 late")
    assert late["uri"] not in swept(network, world.root)
    assert len(world.proxy.requests("GET", "/api/v2/search")) == searches == 1
    assert late["uri"] in swept(world.network(neighbours=True), world.root)


@pytest.mark.parametrize("status", [403, 404, 429, 500])
def test_a_search_that_fails_costs_us_nothing_else(world: Scattered, status: int) -> None:
    world.older()
    fault = world.proxy.answer(status, "GET", "/api/v2/search")
    assert world.first["uri"] in swept(world.network(neighbours=True), world.root)
    assert fault.fired == 1


def test_a_server_that_claims_a_stranger_thread_for_ours_is_not_believed(world: Scattered) -> None:
    world.older()
    apart = world.ben.post("Nothing to do with it")
    network = world.network(neighbours=True)
    network._elsewhere.thread = lambda _: Thread((apart["uri"],))
    assert apart["uri"] not in swept(network, world.root)
    assert world.server.known_as(apart["uri"]) is not None


# -- deletions ------------------------------------------------------------------------------------------------------
def test_a_deletion_that_never_arrives_is_noticed(world: Scattered) -> None:
    network = world.network(neighbours=True)
    swept(network, world.root)
    ref = PostRef("mastodon", world.here(world.second))
    there = network.look_up([ref])
    assert ([post.ref.id for post in there.posts], there.gone) == ([ref.id], ())
    world.ben.delete(world.second)
    assert world.server.known_as(world.second["uri"]) is not None
    later = world.network(neighbours=True)
    for _ in range(2):  # the second time from memory
        answer = later.look_up([ref])
        assert (answer.posts, answer.gone) == ((), (ref,))


def test_a_deletion_is_not_made_up_where_the_other_server_cannot_be_asked(world: Scattered) -> None:
    swept(world.network(), world.root)
    ref = PostRef("mastodon", world.here(world.second))
    world.ben.delete(world.second)
    assert [post.ref.id for post in world.network().look_up([ref]).posts] == [ref.id]


def test_a_deletion_of_what_was_sent_to_us_comes_by_itself(world: Scattered) -> None:
    ref = PostRef("mastodon", world.here(world.first))
    world.amy.edit(world.first, f"@{world.me.username}@{hosted(world.server.url)} A1 Because of that")
    [post] = world.network().look_up([ref]).posts
    assert "of that" in post.text.text
    world.amy.delete(world.first)
    assert world.network().look_up([ref]).gone == (ref,)


# -- people elsewhere -----------------------------------------------------------------------------------------------
def test_an_account_elsewhere_is_found_by_its_handle(world: Scattered) -> None:
    cat = world.server.create_stranger(world.unique("cat"), note="#NoArchive")
    handle = f"@{cat.username}@{hosted(world.server.elsewhere.url)}"
    found = world.network().account_called(handle)
    assert found is not None
    assert (found.handle, found.id) == (handle, f"{world.server.elsewhere.url}/@{cat.username}")
    assert "noarchive" in found.signals.bio_tags
    assert world.network().account_called(f"@nobody{handle[1:]}") is None


def held(world: MastodonWorld) -> list[ServerPost]:
    return [post for post in world.server_posts() if post.visibility == "direct"]


@pytest.mark.parametrize("keys", [True, False])
def test_an_answer_is_given_once_whether_or_not_keys_are_minded(world: Scattered, keys: bool) -> None:
    if not keys:
        world.server.ignore_keys(world.me.id)
    amy, at = world.teacher("amy"), datetime.now(UTC)
    ref = amy.reply(world.root, "PLEASE FORGET")
    lost = world.proxy.lose_answer("POST", "/api/v1/statuses$")
    for attempt in range(3):
        try:
            world.network().answer(ref, amy.handle, "Did you mean:\nREMOVE ME?", KEY, at)
        except NetworkError:
            assert attempt == 0
    assert lost.fired == 1
    [answer] = held(world)
    assert (answer.parent, answer.mentions) == (ref.id, {amy.id})
    assert "Did you mean:\nREMOVE ME?" in answer.text


def test_an_answer_pings_nobody_else(world: Scattered) -> None:
    amy, ben = world.teacher("amy"), world.teacher("ben")
    ref = amy.reply(world.root, "REMOVE ME")
    text = f"See {world.server.url}/@{ben.account.username}/5 or @{ben.handle} and @{ben.account.username}"
    world.network().answer(ref, amy.handle, text, KEY, datetime.now(UTC))
    [answer] = held(world)
    assert answer.mentions == {amy.id}
    assert answer.links == {f"{world.server.url}/@{ben.account.username}/5"}


@pytest.mark.parametrize("far", [True, False])
def test_a_person_is_told_once_and_alone(world: Scattered, far: bool) -> None:
    host = world.server.elsewhere.url if far else world.server.url
    host_account = world.server.create_stranger(world.unique("cat")) if far else world.teacher("cat").account
    handle, at = f"@{host_account.username}@{hosted(host)}", datetime.now(UTC)
    world.server.ignore_keys(world.me.id)
    said = [world.network().tell(handle, "An answer waits: https://chat.example.org/review", KEY, at) for _ in range(2)]
    [told] = held(world)
    assert [ref.id for ref in said if ref] == [told.id] * 2
    assert (told.parent, told.mentions) == ("", {f"{host}/@{host_account.username}"})


def test_what_a_person_answers_to_it_privately_is_heard_as_an_answer_to_it(world: Scattered) -> None:
    network, cat = world.network(), world.teacher("cat")
    start = network.listen("", Wanted()).cursor
    told = network.tell(f"@{cat.handle}", "A digest is chosen.", KEY, datetime.now(UTC))
    assert told is not None
    said = cat.reply(told, "APPROVE", visibility="direct")
    [heard] = network.listen(start, Wanted()).posts
    assert (heard.ref.id, heard.parent, heard.visibility) == (said.id, told.id, "direct")
    assert read_host(heard.text, ("en",)) == "approve-digest"


def test_nobody_is_told_where_there_is_nobody(world: Scattered) -> None:
    for handle in (f"@nobody@{hosted(world.server.elsewhere.url)}", "@nobody", "", "@two words"):
        with pytest.raises(Refused):
            world.network().tell(handle, "Hello", KEY, datetime.now(UTC))
    assert held(world) == []


def test_what_cannot_be_liked_or_answered_any_more_is_refused(world: Scattered) -> None:
    amy = world.teacher("amy")
    ref = amy.reply(world.root, "REMOVE ME")
    amy.delete(ref)
    network = world.network()
    with pytest.raises(Refused):
        network.like(ref)
    with pytest.raises(Refused):
        network.answer(ref, amy.handle, "Sorry?", KEY, datetime.now(UTC))
    network.delete(ref)
