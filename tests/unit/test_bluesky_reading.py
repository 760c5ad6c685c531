"""Sweeps that come to an end and find everything, whatever the AppView cuts off or makes up."""

import random
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.bluesky_stand_in import NOW, StandIn, uri, view

from bot.domain.posts import PostRef
from bot.errors import Refused
from bot.networks.bluesky import Bluesky
from bot.ports import LookUp, Wanted

ROOT = PostRef("bluesky", uri("root"))


def swept(network: Bluesky) -> list[str]:
    return sorted(post.ref.id for batch in network.sweep(ROOT) for post in batch)


def uris(names: Any) -> list[str]:
    return sorted(uri(name) for name in names)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    size = draw(st.integers(0, 60))
    names = [f"p{n}" for n in range(size)]
    parents = {"root": ""}
    for n, name in enumerate(names):
        reach = draw(st.sampled_from([1, 3, 60]))  # chains, bushes and stars
        low = max(0, n - reach)
        parents[name] = ["root", *names][draw(st.integers(low, n))]
    return parents


@cache
def shared() -> tuple[StandIn, Bluesky]:
    """One for all examples: making an HTTP client reads all certificates."""
    stand_in = StandIn()
    return stand_in, stand_in.network()


@settings(max_examples=60, deadline=None)
@given(trees(), st.integers(1, 12), st.sampled_from([0, 1, 2, 5]))
def test_every_post_is_found_once_however_the_thread_is_cut(parents: dict[str, str], depth: int, width: int) -> None:
    stand_in, network = shared()
    stand_in.plant(parents, depth=depth, width=width)
    assert swept(network) == uris(parents.keys() - {"root"})


def test_two_thousand_siblings_and_a_nest_of_a_thousand() -> None:
    parents = {"root": ""} | {f"wide{n}": "root" for n in range(2_000)} | {"deep0": "root"}
    parents |= {f"deep{n}": f"deep{n - 1}" for n in range(1, 1_000)}
    stand_in = StandIn(parents, depth=1_000)
    assert swept(stand_in.network()) == uris(parents.keys() - {"root"})
    assert stand_in.asked.count("app.bsky.feed.getPostThread") == 10  # a hundred levels at a time
    assert stand_in.asked.count("app.bsky.actor.getProfiles") == 1


def test_answers_that_never_come_do_not_keep_a_sweep_going() -> None:
    stand_in = StandIn({"root": "", "a": "root"})
    stand_in.answers["app.bsky.feed.getPostThread"] = lambda _: {
        "thread": {
            "post": view("root", replyCount=900),
            "replies": [
                {"post": view("a", replyCount=7)},
                {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri("x"), "notFound": True},
                {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri("y"), "blocked": True},
                {"$type": "app.bsky.feed.defs#somethingNew"},
            ],
        }
    }
    assert swept(stand_in.network()) == uris(["a"])
    assert stand_in.asked.count("app.bsky.feed.getPostThread") == 2


def test_a_root_that_is_gone_has_no_replies() -> None:
    stand_in = StandIn()
    stand_in.answers["app.bsky.feed.getPostThread"] = lambda _: httpx.Response(400, json={"error": "NotFound"})
    assert swept(stand_in.network()) == []
    stand_in.answers["app.bsky.feed.getPostThread"] = lambda _: httpx.Response(400, json={"error": "InvalidRequest"})
    with pytest.raises(Refused):
        swept(stand_in.network())


def test_authors_are_asked_for_twenty_five_at_a_time_and_remembered_for_five_minutes() -> None:
    stand_in = StandIn()
    stand_in.answers["app.bsky.feed.getPostThread"] = lambda _: {
        "thread": {
            "post": view("root"),
            "replies": [{"post": view(f"p{n}", did=f"did:plc:t{n}")} for n in range(60)],
        }
    }
    time = [NOW]
    network = stand_in.network(clock=lambda: time[0])
    asked = []
    for wait in (0, 4, 2):
        time[0] += timedelta(minutes=wait)
        swept(network)
        asked.append(stand_in.asked.count("app.bsky.actor.getProfiles"))
    assert asked == [3, 3, 6]


def test_an_author_whose_profile_is_not_shown_any_more_hides_the_post() -> None:
    stand_in = StandIn({"root": "", "a": "root"})
    stand_in.answers["app.bsky.actor.getProfiles"] = lambda _: {"profiles": []}
    [batch] = stand_in.network().sweep(ROOT)
    assert [post.hidden for post in batch] == [True]


def searching(pages: list[list[dict[str, Any]]], cursors: list[str | None]) -> StandIn:
    stand_in = StandIn()

    def answer(request: httpx.Request) -> dict[str, Any]:
        at = int(request.url.params.get("cursor", "0"))
        assert at < len(pages), "asked beyond the end"
        return {"posts": pages[at]} | ({"cursor": cursors[at]} if cursors[at] else {})

    stand_in.answers["app.bsky.feed.searchPosts"] = answer
    return stand_in


def found(stand_in: StandIn, hashtag: str = "EdChat") -> list[str]:
    since = NOW - timedelta(hours=1)
    return [post.ref.id for batch in stand_in.network().tagged(hashtag, since) for post in batch]


def test_a_search_is_paged_to_its_end_and_checked() -> None:
    old = {"text": "#EdChat", "createdAt": "2026-03-01T00:00:00Z"}
    pages = [
        [view("yes", {"text": "A1 #EDCHAT"}), view("longer", {"text": "#EdChatter"}), view("word", {"text": "EdChat"})],
        [],
        [view("yes", {"text": "A1 #EDCHAT"}), view("beside", {"text": "A2", "tags": ["edchat"]}), view("old", old)],
    ]
    stand_in = searching(pages, ["1", "2", None])
    assert found(stand_in) == uris(["yes", "beside"])[::-1]


def test_a_search_that_turns_in_circles_ends() -> None:
    page = [view("yes", {"text": "#EdChat"})]
    stand_in = searching([page] * 20, [str(n + 1) for n in range(20)])
    assert found(stand_in) == [uri("yes")]


def test_a_search_stops_where_the_answers_get_too_old() -> None:
    times = ["2026-03-05T19:30:00Z", "2026-03-05T18:00:00Z"]
    pages = [[view(f"p{n}", {"text": "#edchat", "createdAt": at}, indexedAt=at)] for n, at in enumerate(times)]
    assert found(searching(pages, ["1", "2"]), "edchat") == [uri("p0")]


def test_a_post_nobody_answers_for_is_neither_there_nor_gone() -> None:
    stand_in = StandIn()
    stand_in.answers["app.bsky.feed.getPosts"] = lambda _: {"posts": []}
    stand_in.answers["com.atproto.repo.getRecord"] = lambda _: httpx.Response(502, json={"error": "UpstreamFailure"})
    ref = PostRef("bluesky", uri("a"))
    assert stand_in.network().look_up([ref]) == LookUp((), ())
    stand_in.answers["com.atproto.repo.getRecord"] = lambda _: httpx.Response(400, json={"error": "RecordNotFound"})
    assert stand_in.network().look_up([ref, ref]).gone == (ref,)


def test_only_the_servers_own_words_bury_a_post_and_one_that_is_refused_costs_no_other() -> None:
    stand_in = StandIn()
    answers = iter(
        [
            httpx.Response(404, content=b"<html>We are moving house"),
            httpx.Response(451, json={"error": "NotHere"}),
            httpx.Response(400, json={"error": "RecordNotFound"}),
            httpx.Response(429, json={"error": "RateLimitExceeded"}),
        ]
    )
    stand_in.answers["app.bsky.feed.getPosts"] = lambda _: {"posts": []}
    stand_in.answers["com.atproto.repo.getRecord"] = lambda _: next(answers)
    refs = [PostRef("bluesky", uri(name)) for name in ("walled", "refused", "gone", "not-asked", "nor-this")]
    assert stand_in.network().look_up(refs) == LookUp((), (refs[2],))


def test_our_own_post_that_is_not_indexed_yet_is_not_called_hidden() -> None:
    stand_in = StandIn()
    mine = uri("q1", "did:plc:me")
    stand_in.answers["app.bsky.feed.getPosts"] = lambda _: {"posts": []}
    stand_in.answers["com.atproto.repo.getRecord"] = lambda _: {"uri": mine, "cid": "c", "value": {"text": "Q1"}}
    answer = stand_in.network().look_up([PostRef("bluesky", mine)])
    assert (answer.posts, answer.gone) == ((), ())


def test_look_ups_go_out_in_batches_of_twenty_five() -> None:
    stand_in = StandIn()
    sizes = []

    def answer(request: httpx.Request) -> dict[str, Any]:
        wanted = request.url.params.get_list("uris")
        sizes.append(len(wanted))
        return {"posts": [view(one.rpartition("/")[2]) for one in wanted]}

    stand_in.answers["app.bsky.feed.getPosts"] = answer
    refs = [PostRef("bluesky", uri(f"p{n}")) for n in range(60)]
    random.Random(1).shuffle(refs)
    assert len(stand_in.network().look_up(refs).posts) == 60
    assert sizes == [25, 25, 10]


def test_of_an_answer_nested_beyond_reason_the_rest_is_read_and_it_is_told() -> None:
    stand_in = StandIn()
    deep = b'{"thread":' + b'{"replies":[' * 50_000 + b"]}" * 50_000 + b"}"
    stand_in.answers["app.bsky.feed.getPostThread"] = lambda _: httpx.Response(200, content=deep)
    stand_in.answers["app.bsky.notification.listNotifications"] = lambda _: {"notifications": []}
    network = stand_in.network()
    assert swept(network) == []
    [spoiled] = network.listen("", Wanted()).spoiled
    assert (spoiled.event, spoiled.error.partition(":")[0]) == (
        "what lies too deep in app.bsky.feed.getPostThread",
        "RecursionError",
    )


def test_listening_reads_back_to_its_cursor_and_no_further() -> None:
    stand_in = StandIn()
    times = [f"2026-03-05T20:00:{n:02}.000Z" for n in range(30)]
    items = [
        {"uri": uri(f"n{n}"), "reason": "reply" if n % 2 else "like", "indexedAt": at} for n, at in enumerate(times)
    ][::-1]

    def notifications(request: httpx.Request) -> dict[str, Any]:
        at = int(request.url.params.get("cursor", "0"))
        return {"notifications": items[at : at + 8], "cursor": str(at + 8)}

    stand_in.answers["app.bsky.notification.listNotifications"] = notifications
    stand_in.answers["app.bsky.feed.getPosts"] = lambda request: {
        "posts": [view(one.rpartition("/")[2]) for one in request.url.params.get_list("uris")]
    }
    network = stand_in.network()
    first = network.listen("", Wanted())
    assert first.cursor == times[29]
    assert sorted(post.ref.id for post in first.posts) == uris(["n23", "n25", "n27", "n29"])
    second = network.listen(times[9], Wanted())
    assert second.cursor == times[29]
    assert sorted(post.ref.id for post in second.posts) == uris(f"n{n}" for n in range(11, 30, 2))
    assert network.listen(times[29], Wanted()).posts == ()
