"""The shared suite of streams over a strict Mastodon-API server, and what only this API has."""

import json
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

import pytest
from contract.mastodon_world import MastodonWorld, local
from contract.network_world import say
from contract.streams_contract import PATIENCE, Hearing, StreamsContract, new_tag
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonServer
from networks.yard import wait_for

from bot.domain.posts import PostRef
from bot.domain.richtext import fold_tag
from bot.errors import Busy, NetworkError, Refused, Unauthorized, Unavailable
from bot.networks.mastodon import Mastodon
from bot.networks.mastodon.streaming import Pace
from bot.ports import Wanted


class MastodonStreamWorld(MastodonWorld):
    tells_edits = False  # of posts under a hashtag only; see below
    replays = True

    def likes(self, ref: PostRef) -> int:
        return int(self.server.get_status(local(ref))["favourites_count"])


@pytest.fixture
def world(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> Iterator[MastodonStreamWorld]:
    with FaultProxy(mastodon_server.url) as proxy:
        made = MastodonStreamWorld(mastodon_server, proxy, unique)
        yield made
        for network in made.made:
            network.close()


class TestStreams(StreamsContract):
    """Everything through a proxy in front of the account's own server."""


QUICK = Pace(silence=20.0, batch=0.1, life=0.5, wanted=0.2)


def tagged(*tags: str) -> Wanted:
    return Wanted(hashtags=frozenset(fold_tag(tag) for tag in tags))


class Breaking(Hearing):
    """A stream that breaks before the `with` block ends; `broke` says how."""

    broke: BaseException | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive(), "the stream goes on"
            self.broke, self.error = self.error, None
        super().__exit__(kind, error, trace)


def first_error(network: Mastodon, wanted: Wanted | None = None) -> NetworkError:
    """How a stream ends that nobody stops."""
    with pytest.raises(NetworkError) as caught:
        for _ in network.stream("", lambda: wanted or Wanted(), lambda: False):
            pass
    return caught.value


# -- beginning and ending -------------------------------------------------------------------------------------------
def test_what_is_said_while_a_stream_is_broken_is_heard_by_the_next(world: MastodonStreamWorld) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    amy, tag = world.teacher("amy"), new_tag()
    with Breaking(network, wanted=tagged(tag)) as hearing:
        hearing.until_heard(amy.reply(root, "A1 first"), amy.post(f"A1 first #{tag}"))
        world.server.streams(world.me.id, drop=True)
    assert isinstance(hearing.broke, Unavailable)
    # More than a page of each list.
    between = [amy.reply(root, f"A1 number {n} #{tag}") for n in range(42)] + [amy.post(f"A1 by itself #{tag}")]
    with Hearing(network, hearing.cursor, tagged(tag)) as later:
        later.until_heard(*between, amy.reply(root, "A1 last"))
    assert not later.missed


def test_what_is_said_between_subscribing_and_listening_is_heard_once_subscribed(world: MastodonStreamWorld) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    # The list is answered as it was before the reply, and the reply comes before the list does: only the stream has it.
    slow = world.proxy.stall("GET", "/api/v1/notifications", forward_first=True)
    with Hearing(network) as hearing:
        slow.wait_until_fired()
        wait_for(lambda: world.server.open_streams(world.me.id).get("user"), seconds=PATIENCE)
        refs = [amy.reply(root, f"A1 number {n}") for n in range(3)]
        slow.release()
        hearing.until_heard(*refs)


def test_streams_are_open_before_the_first_list_is_asked_for(world: MastodonStreamWorld) -> None:
    tag = new_tag()
    held = world.proxy.stall("GET", "/streaming/hashtag")
    with Hearing(world.network(pace=QUICK), wanted=tagged(tag)) as hearing:
        hearing.until(lambda hearing: len(hearing.heard) > 3)
        assert world.server.open_streams(world.me.id) == {"user": 1}
        assert world.proxy.requests("GET", "notifications|timelines") == []
    world.server.streams(world.me.id, mode="missing")  # so that nothing is left open behind the proxy
    held.release()


def test_what_was_heard_live_is_not_heard_again_by_the_next_stream(world: MastodonStreamWorld) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    amy, tag = world.teacher("amy"), new_tag()
    with Hearing(network, wanted=tagged(tag)) as hearing:
        hearing.until_heard(amy.reply(root, "A1 live"), amy.post(f"A1 live #{tag}"))
    with Hearing(network, hearing.cursor, tagged(tag)) as later:
        new = [amy.reply(root, "A1 next"), amy.post(f"A1 next #{tag}")]
        later.until_heard(*new)
    assert set(later.posts) == {ref.id for ref in new}


def test_threads_end_with_a_stream_in_which_nothing_happens(world: MastodonStreamWorld) -> None:
    world.server.streams(world.me.id, thump=3600)
    before = set(threading.enumerate())
    with Hearing(world.network(pace=Pace(silence=3600, life=0.5)), wanted=tagged("edchat")) as hearing:
        hearing.until(lambda hearing: len(hearing.heard) > 1)
        reading = {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("stream ")}
    assert len(reading) == 2
    wait_for(lambda: not any(thread.is_alive() for thread in reading), seconds=PATIENCE)


def test_a_stream_that_falls_silent_is_unavailable(world: MastodonStreamWorld) -> None:
    world.server.streams(world.me.id, mode="silent")
    error = first_error(world.network(pace=Pace(silence=0.5)))
    assert isinstance(error, Unavailable)
    assert "silent" in str(error)


def test_one_silent_stream_among_others_is_noticed(world: MastodonStreamWorld) -> None:
    world.server.streams(world.me.id, thump=0.1)
    hush = world.proxy.stall("GET", "/streaming/hashtag")
    error = first_error(world.network(pace=Pace(silence=1.5)), tagged("edchat"))
    world.server.streams(world.me.id, mode="missing")  # so that nothing is left open behind the proxy
    hush.release()
    assert isinstance(error, Unavailable)
    assert "#edchat" in str(error)


def test_heartbeats_keep_a_stream_alive_in_which_nothing_happens(world: MastodonStreamWorld) -> None:
    world.server.streams(world.me.id, thump=0.2)
    with Hearing(world.network(pace=Pace(silence=3.0, life=1.0))) as hearing:
        hearing.until(lambda hearing: len(hearing.heard) > 6)
    assert not hearing.posts
    assert len({heard.cursor for heard in hearing.heard}) == 1


@pytest.mark.parametrize("status", [404, 501])
def test_a_server_without_streams_refuses(world: MastodonStreamWorld, status: int) -> None:
    world.proxy.answer(status, "GET", "/streaming/user", body=b"<html>nothing here</html>")
    assert isinstance(first_error(world.network()), Refused)


def test_a_server_without_streams_in_its_own_words_refuses(world: MastodonStreamWorld) -> None:
    world.server.streams(world.me.id, mode="missing")
    assert isinstance(first_error(world.network()), Refused)


def test_a_server_that_names_no_streams_refuses(world: MastodonStreamWorld) -> None:
    world.proxy.answer(200, "GET", "/api/v2/instance", body=b'{"domain": "x.example", "version": "4.5.0"}')
    assert isinstance(first_error(world.network()), Refused)


def test_streams_are_found_by_the_older_page_too(world: MastodonStreamWorld) -> None:
    page = {"uri": "old.example", "version": "3.5", "urls": {"streaming_api": world.proxy.url.replace("http", "ws")}}
    world.proxy.answer(404, "GET", "/api/v2/instance", times=None)
    world.proxy.answer(200, "GET", "/api/v1/instance", body=json.dumps(page).encode(), times=None)
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    with Hearing(network) as hearing:
        hearing.until_heard(world.teacher("amy").reply(root, "A1"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_is_not_accepted_is_unauthorized(world: MastodonStreamWorld, status: int) -> None:
    world.proxy.answer(status, "GET", "/streaming/user", body=b'{"error": "The access token is invalid"}')
    error = first_error(world.network())
    assert isinstance(error, Unauthorized)
    assert world.me.token not in str(error)


def test_a_wall_before_the_streams_is_unavailable(world: MastodonStreamWorld) -> None:
    world.proxy.answer(403, "GET", "/streaming/user", body=b"<html>Checking your browser</html>")
    assert isinstance(first_error(world.network()), Unavailable)


def test_a_server_that_is_down_is_unavailable(world: MastodonStreamWorld) -> None:
    network = world.network()
    network.identity()
    world.unplug()
    assert isinstance(first_error(network), Unavailable)


def test_stopping_ends_a_stream_that_waits_for_a_server(world: MastodonStreamWorld) -> None:
    network = world.network()
    network.identity()
    world.server.streams(world.me.id, thump=0.1)  # so that the proxy between notices who has gone
    stuck = world.proxy.stall("GET", "/api/v1/notifications", seconds=600)
    stop = threading.Event()
    reading = threading.Thread(target=lambda: list(network.stream("", Wanted, stop.is_set)), daemon=True)
    reading.start()
    stuck.wait_until_fired()
    stop.set()
    reading.join(30)
    assert not reading.is_alive()
    wait_for(lambda: not world.server.open_streams(world.me.id), seconds=PATIENCE)
    stuck.release()


def test_the_last_of_the_allowance_is_left_to_posting(world: MastodonStreamWorld) -> None:
    network = world.network()
    network.identity()
    world.server.limit(world.me.id, 30)
    for _ in range(27):
        world.me.call("GET", "/api/v1/preferences")
    with pytest.raises(Busy):
        network.listen(network.listen("", Wanted()).cursor, Wanted())
    assert isinstance(first_error(network), Busy)


# -- hashtags -------------------------------------------------------------------------------------------------------
def test_an_edit_and_a_deletion_under_a_hashtag_are_heard(world: MastodonStreamWorld) -> None:
    amy, tag = world.teacher("amy"), new_tag()
    with Hearing(world.network(pace=QUICK), wanted=tagged(tag)) as hearing:
        hearing.until_heard(ref := amy.post(f"A1 befour #{tag}"))
        amy.edit(ref, f"A1 before #{tag}")
        hearing.until(lambda hearing: "A1 before" in hearing.posts[ref.id].text.text)
        assert hearing.posts[ref.id].edited_at is not None
        amy.delete(ref)
        hearing.until(lambda hearing: ref.id in hearing.gone)


def test_only_public_posts_of_whom_nobody_blocks_are_heard_under_a_hashtag(world: MastodonStreamWorld) -> None:
    tag = new_tag()
    amy, foe, rascal = world.teacher("amy"), world.teacher("foe"), world.teacher("rascal")
    foe.account.block(world.me.id)
    world.me.block(rascal.account.id)
    network = world.network(pace=QUICK)
    with Hearing(network, wanted=tagged(tag)) as hearing:
        for visibility in ("unlisted", "private", "direct"):
            amy.post(f"A1 {visibility} #{tag}", visibility=visibility)
        foe.post(f"A1 #{tag}")
        rascal.post(f"A1 #{tag}")
        shown = amy.post(f"A1 for all #{tag}")
        hearing.until_heard(shown)
    assert set(hearing.posts) == {shown.id}
    assert {post.ref.id for post in network.listen("", tagged(tag)).posts} == {shown.id}


def test_streams_follow_what_is_wanted(world: MastodonStreamWorld) -> None:
    one, two = new_tag("One"), new_tag("Two")
    world.server.streams(world.me.id, thump=0.1)
    with Hearing(world.network(pace=QUICK), wanted=tagged(one)) as hearing:
        hearing.wanted = tagged(two)
        hearing.until(lambda _: world.server.open_streams(world.me.id) == {"user": 1, f"hashtag:{fold_tag(two)}": 1})
        hearing.until_heard(world.teacher("amy").post(f"A1 #{two}"))


def test_a_hashtag_wanted_later_begins_with_what_was_said_before(world: MastodonStreamWorld) -> None:
    tag, amy = new_tag(), world.teacher("amy")
    before = amy.post(f"A1 early #{tag}")
    with Hearing(world.network(pace=QUICK)) as hearing:
        hearing.wanted = tagged(tag)
        hearing.until_heard(before)
    assert not hearing.missed


def test_a_first_look_that_does_not_reach_the_beginning_says_so(world: MastodonStreamWorld) -> None:
    tag, amy = new_tag(), world.teacher("amy")
    refs = [amy.post(f"A{n} #{tag}") for n in range(41)]
    network = world.network(pace=QUICK)
    first = network.listen("", tagged(tag))
    assert first.missed
    assert {post.ref.id for post in first.posts} == {ref.id for ref in refs[1:]}
    later = network.listen(first.cursor, tagged(tag))
    assert (later.posts, later.missed) == ((), False)
    with Hearing(network, wanted=tagged(tag)) as hearing:
        hearing.until(lambda hearing: hearing.missed)


def test_a_hashtag_is_listened_to_upwards_and_whole(world: MastodonStreamWorld) -> None:
    tag, amy = new_tag(), world.teacher("amy")
    network = world.network()
    start = network.listen("", tagged(tag))
    refs = [amy.post(f"A{n} #{tag}") for n in range(43)]
    heard = network.listen(start.cursor, tagged(tag))
    assert [post.ref.id for post in heard.posts] == [ref.id for ref in refs]
    assert not heard.missed
    assert network.listen(heard.cursor, tagged(tag)).posts == ()


# -- notifications --------------------------------------------------------------------------------------------------
def test_a_direct_message_is_heard_and_says_what_it_is(world: MastodonStreamWorld) -> None:
    network = world.network(pace=QUICK)
    amy = world.teacher("amy")
    with Hearing(network) as hearing:
        ref = amy.post(f"@{world.me.username} REMOVE ME", visibility="direct")
        [post] = hearing.until_heard(ref)
    assert post.visibility == "direct"
    assert [post.visibility for post in network.listen("", Wanted()).posts] == ["direct"]


def test_a_cursor_of_old_is_still_read(world: MastodonStreamWorld) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    old = amy.reply(root, "A1 early")
    [seen] = world.me.call("GET", "/api/v1/notifications")
    new = amy.reply(root, "A1 later")
    assert [post.ref.id for post in network.listen(seen["id"], Wanted()).posts] == [new.id]
    with Hearing(network, seen["id"]) as hearing:
        hearing.until_heard(new)
    assert old.id not in hearing.posts


def test_somebody_who_blocks_us_is_marked_as_such(world: MastodonStreamWorld) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    body = json.dumps([{"id": amy.account.id, "blocked_by": True}]).encode()
    asked = world.proxy.answer(
        200, "GET", "/accounts/relationships", body=body
    )  # a server that shows their posts still
    with Hearing(network) as hearing:
        [post] = hearing.until_heard(amy.reply(root, "A1"))
    assert asked.fired == 1
    assert post.author.signals.blocks_us


# -- what goes wrong ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "poison",
    [
        "event: update\ndata: {nonsense, Secret words\n\n",
        'event: update\ndata: {"id": 5, "content": "Secret words"}\n\n',
        'event: notification\ndata: {"id": "5", "type": "mention", "status": {"content": "Secret words"}}\n\n',
        "event: delete\ndata: Secret words\n\n",
        "event: delete\ndata: \xff\n\n",
    ],
)
def test_an_event_that_cannot_be_read_is_set_aside_without_its_words(world: MastodonStreamWorld, poison: str) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    with Hearing(network) as hearing:
        world.server.streams(world.me.id, say=poison)
        hearing.until(lambda hearing: any(heard.spoiled for heard in hearing.heard))
        hearing.until_heard(world.teacher("amy").reply(root, "A1 after it"))
    [spoiled] = [one for heard in hearing.heard for one in heard.spoiled]
    assert "the account's stream" in spoiled.event
    assert "Secret" not in spoiled.event + spoiled.error
    assert spoiled.error


@pytest.mark.parametrize(
    "odd",
    [
        "event: filters_changed\ndata: \n\n",
        "event: announcement\ndata: {nonsense\n\n",
        'event: notification\ndata: {"id": "5", "type": "favourite", "status": {"odd": 1}}\n\n',
        'event: conversation\ndata: {"id": "1"}\n\n',
        "data: no kind\n\n",
        "event: update\n\n",
    ],
)
def test_other_events_are_passed_over(world: MastodonStreamWorld, odd: str) -> None:
    network = world.network(pace=QUICK)
    [root] = say(network, "Q1 Why?")
    with Hearing(network) as hearing:
        world.server.streams(world.me.id, say=odd)
        hearing.until_heard(ref := world.teacher("amy").reply(root, "A1 after it"))
    assert not [one for heard in hearing.heard for one in heard.spoiled]
    assert set(hearing.posts) == {ref.id}


def test_a_burst_of_600_replies_is_heard_whole(world: MastodonStreamWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    first = world.teacher("amy").reply(root, "A1 the first")
    [told] = world.me.call("GET", "/api/v1/notifications")

    def event(n: int) -> str:
        copy = {**told, "id": str(int(told["id"]) + n)}
        copy["status"] = {**told["status"], "id": str(int(told["status"]["id"]) + n)}
        return f"event: notification\ndata: {json.dumps(copy)}\n\n"

    with Hearing(network) as hearing:
        world.server.streams(world.me.id, say="".join(event(n) for n in range(1, 601)))
        number = int(local(first))
        refs = [PostRef("mastodon", world.ref({"id": str(number + n), "url": ""}).id) for n in range(601)]
        hearing.until_heard(*refs)
    assert set(hearing.posts) == {ref.id for ref in refs}
    assert not hearing.missed
    assert sum(bool(heard.posts) for heard in hearing.heard) < 30


def test_what_cannot_be_judged_for_now_is_heard_again_and_deletions_are_told(world: MastodonStreamWorld) -> None:
    network = world.network(pace=Pace(batch=2.0))
    [root] = say(network, "Q1 Why?")
    amy, ben = world.teacher("amy"), world.teacher("ben")
    old = amy.reply(root, "A1 old")
    with Breaking(network) as hearing:
        hearing.until_heard(old)
        world.proxy.answer(500, "GET", "/accounts/relationships")
        amy.delete(old)
        new = ben.reply(root, "A1 new")
    assert isinstance(hearing.broke, NetworkError)
    assert (old.id in hearing.gone, hearing.missed, new.id in hearing.posts) == (True, True, False)
    with Hearing(network, hearing.cursor) as later:
        later.until_heard(new)
