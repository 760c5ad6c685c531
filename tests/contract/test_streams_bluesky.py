"""What only Bluesky's streams do: hide what the network hides, change servers, go on after breaks, survive bursts."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from contract.network_world import Sender, draft, say
from contract.streams_contract import Hearing, new_tag
from contract.test_networks_bluesky import BlueskyTeacher, BlueskyWorld, gate_record, ref_of
from networks.bluesky_server import BlueskyNetwork
from networks.faults import FaultProxy
from networks.jetstream import Jetstream

from bot.domain.posts import PostRef
from bot.domain.richtext import fold_tag
from bot.errors import Refused, Unavailable
from bot.networks.bluesky import Bluesky
from bot.networks.bluesky.records import GATE, POST, cid_of, tid
from bot.ports import Heard, Wanted

POSTGATE = "app.bsky.feed.postgate"
PATIENCE = 60.0


@pytest.fixture
def jetstream(bluesky_network: BlueskyNetwork) -> Iterator[Jetstream]:
    with Jetstream(bluesky_network.pds_url) as running:
        yield running


@pytest.fixture
def world(
    bluesky_network: BlueskyNetwork, jetstream: Jetstream, unique: Callable[[str], str]
) -> Iterator[BlueskyWorld]:
    with FaultProxy(bluesky_network.pds_url) as proxy:
        made = BlueskyWorld(bluesky_network, proxy, unique)
        made.streams = [jetstream.v1]
        yield made
        for network in made.made:
            network.close()


def until_it_breaks(
    network: Bluesky, cursor: str = "", *, do: Callable[[], None] | None = None
) -> tuple[list[Heard], str]:
    """Read a stream until it breaks; `do` happens after its first sign of life. What came, and the error's words."""
    heard: list[Heard] = []
    end = time.monotonic() + PATIENCE
    with pytest.raises(Unavailable) as caught:  # noqa: PT012 - what came before the break counts as well
        for one in network.stream(cursor, Wanted, lambda: time.monotonic() > end):
            heard.append(one)
            if len(heard) == 1 and do is not None:
                do()
    return heard, str(caught.value)


def root_and_teachers(world: BlueskyWorld, network: Bluesky, *names: str) -> tuple[PostRef, list[BlueskyTeacher]]:
    [root] = say(network, "Q1 Why?")
    teachers = [world.teacher(name) for name in names]
    world.settle()
    return root, teachers


class TestWhatIsHeard:
    def test_answers_of_every_kind(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, [amy, ben] = root_and_teachers(world, network, "amy", "ben")
        tag = new_tag()
        picture = amy.account.upload_blob(b"\x89PNG\r\n\x1a\n", "image/png")
        media = {"$type": "app.bsky.embed.images", "images": [{"image": picture, "alt": "a wall"}]}
        quoted = {"uri": root.id, "cid": root.cid}
        embed = {"$type": "app.bsky.embed.recordWithMedia", "media": media}
        embed |= {"record": {"$type": "app.bsky.embed.record", "record": quoted}}
        with Hearing(network, wanted=Wanted(hashtags=frozenset({fold_tag(tag)}))) as hearing:
            chain = [root]
            for n in range(4):
                chain.append((amy, ben)[n % 2].reply(chain[-1], f"A1 level {n}"))
            refs = {
                "quote with a picture": ref_of(amy.account.post("A1 look", embed=embed)),
                "marked hashtag": amy.post(f"A1 #{tag}"),
                "unmarked hashtag": ref_of(amy.account.post("A1 " + f"#{tag.upper()}", facets=[])),
                "wide hashtag": ref_of(amy.account.post(f"答え ＃{tag}", facets=[])),  # noqa: RUF001 - so it is typed there
                "tag beside the text": ref_of(amy.account.post("A1 beside", tags=[tag])),
                "mention": amy.post(f"@{world.me.handle} KEEP MY ANSWERS"),
            }
            hearing.until_heard(*chain[1:], *refs.values())
            posts = hearing.posts
        assert [posts[ref.id].parent for ref in chain[1:]] == [ref.id for ref in chain[:-1]]
        assert {posts[ref.id].root for ref in chain[1:]} == {root.id}
        assert posts[refs["quote with a picture"].id].quote == root.id
        assert posts[refs["quote with a picture"].id].media[0].alt == "a wall"
        assert {posts[ref.id].ref.cid for ref in refs.values()} == {ref.cid for ref in refs.values()}

    def test_an_edit_of_a_watched_author_is_heard_though_nothing_of_ours_is_left_in_it(
        self, world: BlueskyWorld
    ) -> None:
        network = world.network()
        amy, ben = world.teacher("amy"), world.teacher("ben")
        tag = new_tag()
        old, other = amy.post(f"A1 from before #{tag}"), ben.post(f"A1 from before #{tag}")
        world.settle()
        with Hearing(network, wanted=Wanted(authors=frozenset({amy.id}))) as hearing:
            for teacher, ref in ((ben, other), (amy, old)):
                record = world.net.get_record(ref.id)["value"] | {"text": "nothing at all", "facets": []}
                teacher.account.put_record(POST, ref.id.rpartition("/")[2], record)
            [post] = hearing.until_heard(old)
        assert post.text.text == "nothing at all"
        assert set(hearing.posts) == {old.id}

    def test_the_end_of_a_watched_account_is_heard(self, world: BlueskyWorld) -> None:
        network = world.network()
        amy, ben, cat = (world.teacher(name) for name in ("amy", "ben", "cat"))
        world.settle()
        with Hearing(network, wanted=Wanted(authors=frozenset({amy.id, ben.id}))) as hearing:
            cat.account.delete_account()
            amy.account.call("com.atproto.server.deactivateAccount", json={})
            ben.account.delete_account()
            hearing.until(lambda hearing: {amy.id, ben.id} <= hearing.ended)
        assert hearing.ended == {amy.id, ben.id}

    def test_what_is_said_and_taken_back_within_a_batch_is_not_given(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        with Hearing(network) as hearing:
            gone = amy.reply(root, "A1 no, wait")
            amy.delete(gone)
            hearing.until(lambda hearing: gone.id in hearing.gone)
        assert hearing.heard[-1].posts == ()

    def test_a_post_from_the_future_was_written_when_it_was_seen(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        with Hearing(network) as hearing:
            [post] = hearing.until_heard(
                ref_of(amy.account.reply(root.id, "A1", created_at=datetime.now(UTC) + timedelta(days=400)))
            )
        assert abs((datetime.now(UTC) - post.at).total_seconds()) < 60

    def test_six_hundred_replies_in_a_second_are_all_heard_with_few_questions(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, teachers = root_and_teachers(world, network, *(f"amy{n}" for n in range(6)))
        reply = {"root": {"uri": root.id, "cid": root.cid}, "parent": {"uri": root.id, "cid": root.cid}}
        now = datetime.now(UTC)

        def burst(teacher: BlueskyTeacher) -> set[str]:
            keys = [tid(now + timedelta(milliseconds=n), 7) for n in range(100)]
            made = now.isoformat().replace("+00:00", "Z")
            writes = [
                {
                    "$type": "com.atproto.repo.applyWrites#create",
                    "collection": POST,
                    "rkey": key,
                    "value": {"$type": POST, "text": f"A1 {key}", "createdAt": made, "reply": reply},
                }
                for key in keys
            ]
            teacher.account.call("com.atproto.repo.applyWrites", json={"repo": teacher.id, "writes": writes})
            return {f"at://{teacher.id}/{POST}/{key}" for key in keys}

        with Hearing(network) as hearing:
            before = len(world.proxy.seen)
            with ThreadPoolExecutor(6) as pool:
                said = set().union(*pool.map(burst, teachers))
            hearing.until(lambda hearing: said <= hearing.posts.keys())
        given = [post.ref.id for heard in hearing.heard for post in heard.posts]
        assert sorted(given) == sorted(said)
        assert len(said) == 600
        assert hearing.threads == set()
        assert len(world.proxy.seen) - before <= 8  # profiles of six people and one gate


class TestWhatIsNotShown:
    def test_below_a_closed_thread_only_the_thread_is_named(self, world: BlueskyWorld) -> None:
        network = world.network()
        open_root, [amy] = root_and_teachers(world, network, "amy")
        [closed] = say(network, "The digest", seed=2)
        with Hearing(network, wanted=Wanted(closed=frozenset({closed.id}))) as hearing:
            amy.reply(closed, "May I?")
            hearing.until_heard(shown := amy.reply(open_root, "A1"))
            hearing.until(lambda hearing: closed.id in hearing.threads)
        assert set(hearing.posts) == {shown.id}

    def test_a_gate_that_nobody_told_us_of_is_found(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, *_ = Sender(network, msgspec.structs.replace(draft("The digest"), gated=True)).send_all()
        amy = world.teacher("amy")
        world.settle()
        with Hearing(network) as hearing:
            amy.reply(root, "May I?")
            hearing.until(lambda hearing: root.id in hearing.threads)
        assert not hearing.posts

    def test_hiding_a_reply_names_its_thread_and_it_is_never_given_again(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        with Hearing(network) as hearing:
            start = hearing.cursor
            hearing.until_heard(rude := amy.reply(root, "A1 rude"))
            world.me.put_record(GATE, root.id.rpartition("/")[2], gate_record(root.id, [rude.id]))
            hearing.until(lambda hearing: root.id in hearing.threads)
            world.settle()
            # the gate is read anew: an edit of the hidden reply comes to nothing
            amy.edit(rude, "A1 rude, and again")
            hearing.until_heard(kind := amy.reply(root, "A1 kind"))
        assert hearing.posts[rude.id].text.text == "A1 rude"
        with Hearing(network, start) as replay:
            replay.until_heard(kind)
        assert rude.id not in replay.posts

    def test_a_reply_across_somebody_elses_block_is_not_given(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, [amy, ben, cat] = root_and_teachers(world, network, "amy", "ben", "cat")
        above = amy.reply(root, "A1")
        amy.account.block(ben.id)
        world.settle()
        with Hearing(network) as hearing:
            across = ben.reply(above, "But no")
            below = cat.reply(across, "Below what is hidden")
            hearing.until_heard(shown := cat.reply(above, "Yes"))
        assert set(hearing.posts) == {shown.id}
        assert root.id in hearing.threads
        world.settle()
        looked = {post.ref.id: post.hidden for post in network.look_up([across, shown, above]).posts}
        assert looked == {across.id: True, shown.id: False, above.id: False}
        assert below.id not in {post.ref.id for batch in network.sweep(root) for post in batch}

    def test_who_blocks_us_is_marked_and_whom_we_block_is_not_given(self, world: BlueskyWorld) -> None:
        network = world.network()
        root, [amy, ben, cat] = root_and_teachers(world, network, "amy", "ben", "cat")
        amy.account.block(world.me.did)
        world.me.block(ben.id)
        world.settle()
        with Hearing(network) as hearing:
            ben.reply(root, "A1 from ben")
            against, shown = hearing.until_heard(amy.reply(root, "A1 from amy"), cat.reply(root, "A1 from cat"))
        assert against.author.signals.blocks_us
        assert not shown.author.signals.blocks_us
        assert len(hearing.posts) == 2

    def test_a_reply_that_claims_our_thread_but_hangs_elsewhere_is_not_given(
        self, world: BlueskyWorld, jetstream: Jetstream
    ) -> None:
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        elsewhere = amy.post("Something else")
        world.settle()
        claim = {"root": {"uri": root.id, "cid": root.cid}, "parent": {"uri": elsewhere.id, "cid": elsewhere.cid}}
        with Hearing(network) as hearing:
            amy.account.post("A1 of no thread", reply=claim)
            broken = {"root": {"uri": root.id, "cid": root.cid}, "parent": {"uri": "at://no one/x", "cid": root.cid}}
            record = {"text": "A1 of nobody", "reply": broken, "createdAt": "2026-01-01T00:00:00Z"}
            commit = {"operation": "create", "collection": POST, "rkey": "nobody", "record": record}
            jetstream.inject({"did": amy.id, "cid": cid_of(record), **commit})
            hearing.until_heard(shown := amy.reply(root, "A1"))
        assert set(hearing.posts) == {shown.id}
        assert root.id in hearing.threads

    def test_a_quote_that_was_detached_or_forbidden_is_not_given(self, world: BlueskyWorld) -> None:
        network = world.network()
        first, second = say(network, "Q1 Why?")[0], say(network, "Q2 How?", seed=2)[0]
        amy = world.teacher("amy")
        world.settle()
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        with Hearing(network) as hearing:
            start = hearing.cursor
            hearing.until_heard(rude := amy.quote(first, "A1 rude"))
            gate = {"$type": POSTGATE, "post": first.id, "createdAt": now, "detachedEmbeddingUris": [rude.id]}
            world.me.put_record(POSTGATE, first.id.rpartition("/")[2], gate)
            rule = {"$type": f"{POSTGATE}#disableRule"}
            gate = {"$type": POSTGATE, "post": second.id, "createdAt": now, "embeddingRules": [rule]}
            world.me.put_record(POSTGATE, second.id.rpartition("/")[2], gate)
            hearing.until(lambda hearing: {first.id, second.id} <= hearing.threads)
            forbidden = amy.quote(second, "A2 although I may not")
            hearing.until_heard(shown := amy.reply(first, "A1"))
        assert forbidden.id not in hearing.posts
        with Hearing(network, start) as replay:
            replay.until_heard(shown)
        assert set(replay.posts) == {shown.id}


class TestBreaks:
    @pytest.mark.parametrize("protocol", ["v1", "v2"])
    def test_after_a_drop_nothing_is_lost(self, world: BlueskyWorld, jetstream: Jetstream, protocol: str) -> None:
        world.streams = [getattr(jetstream, protocol)]
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        said: list[PostRef] = [amy.reply(root, "A1 before")]

        def break_it() -> None:
            said.append(amy.reply(root, "A1 just before the break"))
            jetstream.drop()

        with Hearing(network) as hearing:
            hearing.until_heard(amy.reply(root, "A1 heard"))
        heard, words = until_it_breaks(network, hearing.cursor, do=break_it)
        assert "127.0.0.1" in words
        said.append(amy.reply(root, "A1 while broken"))
        with Hearing(network, heard[-1].cursor) as again:
            again.until_heard(*said[1:], amy.reply(root, "A1 after"))
        assert not again.missed

    def test_where_one_server_is_down_another_is_asked(self, world: BlueskyWorld, jetstream: Jetstream) -> None:
        with Jetstream(world.net.pds_url, first=5_000) as other:
            world.streams = [jetstream.v1, other.v1]
            network = world.network()
            root, [amy] = root_and_teachers(world, network, "amy")
            jetstream.down = True
            with Hearing(network) as hearing:
                hearing.until_heard(amy.reply(root, "A1 at the other"))
            assert (len(jetstream.asked), len(other.asked)) == (1, 1)
            jetstream.down = False
            heard, _ = until_it_breaks(network, hearing.cursor, do=other.drop)
            other.down = True
            missing = amy.reply(root, "A1 between")
            with Hearing(network, heard[-1].cursor) as again:
                again.until_heard(missing)
            assert not again.missed
            jetstream.down = True
            with pytest.raises(Unavailable, match="no stream of Bluesky can be reached"):
                list(network.stream("", Wanted, lambda: False))

    def test_a_silent_stream_is_taken_for_broken(self, world: BlueskyWorld, jetstream: Jetstream) -> None:
        network = world.network(silence=1.0)
        jetstream.hush()
        heard, words = until_it_breaks(network)
        assert "silent" in words
        assert heard[0].cursor

    def test_events_that_cannot_be_read_are_set_aside_and_the_rest_goes_on(
        self, world: BlueskyWorld, jetstream: Jetstream
    ) -> None:
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        with Hearing(network) as hearing:
            jetstream.spoil()
            jetstream.spoil(b'[{"did": "' + world.me.did.encode() + b'", "text": "secret"}]')
            jetstream.spoil(b"\xff\xfe secret")
            hearing.until_heard(amy.reply(root, "A1"))
            hearing.until(lambda hearing: len(_spoiled(hearing)) == 3)
        first, *rest = _spoiled(hearing)
        assert "did:plc:spoiled" in first.event
        assert "3spoiled" in first.event
        assert "v1" in rest[1].event
        assert all("secr" not in one.event + one.error for one in (first, *rest))

    def test_odd_records_of_others_stop_nothing(self, world: BlueskyWorld, jetstream: Jetstream) -> None:
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        reply = {"root": {"uri": root.id, "cid": root.cid}, "parent": {"uri": root.id, "cid": root.cid}}
        odd: list[Any] = [
            {"text": 5, "reply": reply, "createdAt": []},
            {"text": "A1", "reply": reply, "facets": [{"index": "x"}], "embed": 7, "langs": {}, "createdAt": "never"},
            {"reply": {"root": root.id}, "text": "A1"},
            {"text": "long " * 100, "reply": reply, "createdAt": "2026-01-01T00:00:00Z"},
            [],
            None,
        ]
        with Hearing(network) as hearing:
            for n, record in enumerate(odd):
                commit = {"operation": "create", "collection": POST, "rkey": f"odd{n}", "record": record}
                jetstream.inject({"did": amy.id, "cid": cid_of({"n": n}), **commit})
            hearing.until_heard(amy.reply(root, "A1"))
            # the AppView shows no record that is not what it should be; the thread is read to be sure
            hearing.until(lambda hearing: root.id in hearing.threads)
        assert not any("/odd" in uri for uri in hearing.posts)
        assert _spoiled(hearing) == []


def _spoiled(hearing: Hearing) -> list[Any]:
    return [one for heard in hearing.heard for one in heard.spoiled]


class TestCursors:
    def test_times_carry_over_between_jetstreams_and_numbers_do_not(
        self, world: BlueskyWorld, jetstream: Jetstream
    ) -> None:
        with Jetstream(world.net.pds_url, first=5_000) as other:
            network = world.network()
            root, [amy] = root_and_teachers(world, network, "amy")
            with Hearing(network) as hearing:
                hearing.until_heard(amy.reply(root, "A1"))
            between = amy.reply(root, "A1 between")
            cursor = hearing.cursor
            for address in (jetstream.v2, other.v2, other.v1):
                with Hearing(world.network(streams=[address]), cursor) as later:
                    later.until_heard(between)
                assert not later.missed
                cursor = later.cursor
            assert [query["cursor"][0][:1] for query in (jetstream.asked[-1], *other.asked)] == ["1"] * 3
            with Hearing(world.network(streams=[jetstream.v1]), "who knows") as lost:
                pass
            assert lost.missed

    def test_the_firehose_has_a_cursor_of_its_own(self, world: BlueskyWorld, jetstream: Jetstream) -> None:
        firehose = world.net.pds_url.replace("http", "ws", 1) + "/xrpc/com.atproto.sync.subscribeRepos"
        network = world.network(streams=[firehose])
        root, [amy] = root_and_teachers(world, network, "amy")
        with Hearing(network) as hearing:
            hearing.until_heard(amy.reply(root, "A1"))
        with Hearing(world.network(streams=[jetstream.v1]), hearing.cursor) as elsewhere:
            pass
        assert elsewhere.missed
        with Hearing(world.network(streams=[firehose]), elsewhere.cursor) as back:
            pass
        assert back.missed
        protocol, host, _, at = hearing.cursor.split("|")
        with Hearing(network, f"{protocol}|{host}|{10**12}|{at}") as ahead:
            ahead.until_heard(amy.reply(root, "A1 after the server was set up anew"))
        assert ahead.missed

    def test_a_number_that_is_too_old_or_too_new_is_told(self, world: BlueskyWorld, jetstream: Jetstream) -> None:
        world.streams = [jetstream.v2]
        network = world.network()
        root, [amy] = root_and_teachers(world, network, "amy")
        with Hearing(network) as hearing:
            hearing.until_heard(amy.reply(root, "A1"))
        assert not hearing.missed
        jetstream.floor = 10**6
        with Hearing(network, hearing.cursor) as old:
            old.until_heard(amy.reply(root, "A1 now"))
        assert old.missed
        jetstream.floor = 0
        protocol, host, _, at = hearing.cursor.split("|")
        with Hearing(network, f"{protocol}|{host}|{10**9}|{at}") as new:
            new.until(lambda new: new.missed)

    def test_yesterdays_cursor_is_told_to_have_missed_something(self, world: BlueskyWorld) -> None:
        long_ago = int((datetime.now(UTC) - timedelta(days=3)).timestamp() * 1e6)
        with Hearing(world.network(), f"v1|anywhere|{long_ago}|{long_ago}") as hearing:
            pass
        assert hearing.missed

    def test_streams_that_are_switched_off_are_refused(self, world: BlueskyWorld) -> None:
        with pytest.raises(Refused, match="streams: none"):
            list(world.network(streams=[]).stream("", Wanted, lambda: False))
