"""The pure parts of streams: cursors, addresses, frames that are none; and what blocks between others cost to ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.bluesky_stand_in import NOW, StandIn, uri, view

from bot.domain.posts import PostRef
from bot.networks.bluesky.cursors import Cursor, Start, endpoint, read_cursor
from bot.networks.bluesky.frames import READERS, traces
from bot.networks.bluesky.times import stamp, unstamped, written

V1 = endpoint("wss://jetstream1.example.org/subscribe")
V1_ALSO = endpoint("wss://jetstream2.example.org/subscribe")
V2 = endpoint("wss://jetstream1.example.org/xrpc/network.bsky.jetstream.subscribeEvents")
V2_ALSO = endpoint("wss://jetstream2.example.org/xrpc/network.bsky.jetstream.subscribeEvents")
FIREHOSE = endpoint("wss://pds.example.org:8443/xrpc/com.atproto.sync.subscribeRepos")
AT = stamp(NOW - timedelta(minutes=1))
BACK = AT - 5_000_000


class TestCursors:
    @given(st.sampled_from(["v1", "v2", "firehose"]), st.text("abc.:019", max_size=9), st.integers(0), st.integers(0))
    def test_a_cursor_is_read_as_it_was_written(self, protocol: Any, host: str, position: int, at: int) -> None:
        cursor = Cursor(protocol, host, position, at)
        assert read_cursor(str(cursor)) == cursor

    @given(st.text())
    def test_anything_else_is_no_cursor(self, text: str) -> None:
        cursor = read_cursor(text)
        assert cursor is None or str(cursor) == text

    @pytest.mark.parametrize(
        ("to", "cursor", "start"),
        [
            (V1, None, Start(None, missed=False)),
            (FIREHOSE, None, Start(None, missed=False)),
            (V1, Cursor("v1", V1.host, AT, AT), Start(BACK, missed=False)),
            (V1_ALSO, Cursor("v1", V1.host, AT, AT), Start(BACK, missed=False)),
            (V1, Cursor("v1", V1.host, 0, AT), Start(BACK, missed=False)),
            (V2, Cursor("v2", V2.host, 77, AT), Start(77, missed=False)),
            (V2_ALSO, Cursor("v2", V2.host, 77, AT), Start(BACK, missed=False)),
            (V2, Cursor("v2", V2.host, 0, AT), Start(BACK, missed=False)),
            (V2, Cursor("v1", V1.host, AT, AT), Start(BACK, missed=False)),
            (V1, Cursor("v2", V2.host, 77, AT), Start(BACK, missed=False)),
            (FIREHOSE, Cursor("firehose", FIREHOSE.host, 77, AT), Start(77, missed=False)),
            (FIREHOSE, Cursor("firehose", FIREHOSE.host, 0, AT), Start(None, missed=True)),
            (FIREHOSE, Cursor("firehose", "elsewhere", 77, AT), Start(None, missed=True)),
            (FIREHOSE, Cursor("v1", V1.host, AT, AT), Start(None, missed=True)),
            (V1, Cursor("firehose", FIREHOSE.host, 77, AT), Start(BACK, missed=True)),
            (V2, Cursor("firehose", FIREHOSE.host, 77, AT), Start(BACK, missed=True)),
            (V1, Cursor("v1", V1.host, 2**60, 2**60), Start(stamp(NOW) - 5_000_000, missed=False)),
            (V1, Cursor("v1", V1.host, 1, 1), Start(1 - 5_000_000, missed=True)),
            (FIREHOSE, Cursor("firehose", FIREHOSE.host, 77, 1), Start(77, missed=True)),
        ],
    )
    def test_where_each_protocol_goes_on(self, to: Any, cursor: Cursor | None, start: Start) -> None:
        assert to.start(cursor, NOW) == start

    def test_addresses_say_what_is_spoken_and_ask_for_little(self) -> None:
        assert (V1.protocol, V2.protocol, FIREHOSE.protocol) == ("v1", "v2", "firehose")
        assert (V1.host, FIREHOSE.host) == ("jetstream1.example.org", "pds.example.org:8443")
        assert V1.url(7).count("wantedCollections=app.bsky.feed.") == 3
        assert V1.url(7).endswith("&cursor=7")
        assert V2.url(None).endswith("&kinds=commit&kinds=account")
        assert FIREHOSE.url(None) == FIREHOSE.address
        assert FIREHOSE.url(0).endswith("?cursor=0")

    @given(st.datetimes(timezones=st.just(UTC)))
    def test_microseconds_are_exact(self, at: datetime) -> None:
        assert unstamped(stamp(at)) == at
        assert written(at).endswith("Z")

    def test_a_time_beyond_all_calendars_is_the_last(self) -> None:
        assert unstamped(2**63) == datetime.max.replace(tzinfo=UTC)


class TestFrames:
    @pytest.mark.parametrize("protocol", ["v1", "v2", "firehose"])
    @given(data=st.binary(max_size=60))
    def test_any_bytes_are_read_or_refused_in_one_way(self, protocol: Any, data: bytes) -> None:
        try:
            events = READERS[protocol](data)
        except ValueError:
            return
        assert all(event.kind in {"commit", "account", "info", "error", "other"} for event in events)

    def test_traces_name_an_event_and_never_its_words(self) -> None:
        frame = b'{"did":"did:plc:amy","time_us": 17,"commit":{"rkey":"3k","record":{"text":"secret'
        assert traces(frame) == "17 did:plc:amy 3k"
        assert traces(b"secret") == ""


class TestBlocksBetweenOthers:
    def test_pairs_around_one_person_cost_one_question_and_are_remembered(self) -> None:
        stand_in = StandIn()
        asked: list[list[str]] = []

        def answer(request: httpx.Request) -> dict[str, Any]:
            actor, others = request.url.params["actor"], request.url.params.get_list("others")
            asked.append([actor, *others])
            told: list[dict[str, str]] = [{"did": other} for other in others if other != "did:plc:n3"]
            told[0]["blockedByList"] = "at://x"
            return {"actor": actor, "relationships": [*told, {"actor": "did:plc:n3", "notFound": "yes"}]}

        stand_in.answers["app.bsky.graph.getRelationships"] = answer
        relations = vars(stand_in.network())["_reader"].relations
        hub = "did:plc:hub"
        pairs = {frozenset((hub, f"did:plc:n{n}")) for n in range(9)}
        odd = {frozenset((hub, "no did")), frozenset((hub,))}
        found = relations.blocked(pairs | odd)
        assert asked == [[hub, *(f"did:plc:n{n}" for n in range(9))]]
        assert found[frozenset((hub, "did:plc:n0"))] is True
        assert found[frozenset((hub, "did:plc:n1"))] is False
        assert found[frozenset((hub, "did:plc:n3"))] is None
        assert all(found[pair] is None for pair in odd)
        assert relations.blocked(pairs) == {pair: found[pair] for pair in pairs}
        assert len(asked) == 1
        relations.blocked({frozenset((hub, f"did:plc:m{n:02}")) for n in range(65)})
        assert [len(some) - 1 for some in asked[1:]] == [30, 30, 5]

    @pytest.mark.parametrize(("status", "error"), [(501, "MethodNotImplemented"), (400, "InvalidRequest")])
    def test_where_the_network_does_not_tell_a_look_up_hides_nothing(self, status: int, error: str) -> None:
        stand_in = StandIn()
        ref = {"uri": uri("a"), "cid": "cid-a"}
        reply = view("b", {"reply": {"root": ref, "parent": ref}}, did="did:plc:ben")
        stand_in.answers["app.bsky.feed.getPosts"] = lambda request: {
            "posts": [reply] if reply["uri"] in request.url.params.get_list("uris") else []
        }
        stand_in.answers["app.bsky.graph.getRelationships"] = lambda _: httpx.Response(status, json={"error": error})
        [post] = stand_in.network().look_up([PostRef("bluesky", reply["uri"])]).posts
        assert not post.hidden
        assert "app.bsky.graph.getRelationships" in stand_in.asked
        told = {"relationships": [{"did": "did:plc:ben", "blocking": "at://x"}]}
        stand_in.answers["app.bsky.graph.getRelationships"] = lambda _: told
        [post] = stand_in.network().look_up([PostRef("bluesky", reply["uri"])]).posts
        assert post.hidden
