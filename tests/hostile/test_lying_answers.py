"""Good answers with any of their parts replaced by junk: the rest is kept, and what is left out is told."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.bluesky_stand_in import ME, StandIn, uri, view
from unit.bluesky_stand_in import NOW as BLUESKY_NOW

from bot.domain.posts import Post, PostRef
from bot.errors import NetworkError, Unanswered
from bot.networks.bluesky import Bluesky
from bot.networks.bluesky.cursors import Cursor, read_cursor
from bot.networks.ids import LONGEST_ADDRESS, is_address, is_language
from bot.networks.mastodon import Mastodon
from bot.networks.salvage import Aside, shallow
from bot.ports import Heard, Wanted

NOW = datetime(2027, 1, 7, 20, tzinfo=UTC)
EARLY = datetime(1900, 1, 1, tzinfo=UTC)
Json = Any

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

JUNK: st.SearchStrategy[Json] = st.sampled_from([
    None, True, 0, -1, 2**63, 2**70, 1e308, "", " ", "x", "../../etc/passwd", "a/b?c#d", "\n", "%2e%2e", "..", [], {},
    [[]], {"a": {}}, "x" * 5000, "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2027-01-07T20:00:00", "2016-12-31T23:59:60Z", "javascript:alert(1)", "http://[half", "https://127.0.0.1/",
    "at://did:plc:amy/app.bsky.feed.post/..", "did:plc:", "\ud800", "\u202e", ["x"], [None], [1, "x", {}], {"id": 5},
])  # fmt: skip


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, (*path, index))


def put(value: Json, path: tuple[Any, ...], junk: Json, *, drop: bool) -> Json:
    """The value with one place replaced, or dropped."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    if drop:
        del inner[path[-1]]
    else:
        inner[path[-1]] = junk
    return copy


@st.composite
def spoilt(draw: st.DrawFn, good: Json) -> Json:
    """A good answer with one to three of its places spoilt."""
    found = good
    for _ in range(draw(st.integers(1, 3))):
        there = list(places(found))
        if there:
            found = put(found, draw(st.sampled_from(there)), draw(JUNK), drop=draw(st.booleans()))
    return found


def body(value: Json) -> bytes:
    return json.dumps(value).encode("utf-8", errors="surrogatepass")


def check(post: Post, now: datetime) -> None:
    """What the domain promises of every post."""
    if post.ref.network == "bluesky":
        known = r"at://did:[a-z]+:[A-Za-z0-9._:%-]+/app\.bsky\.feed\.post/[A-Za-z0-9._~:-]+"
        assert post.author.id.startswith("did:")
    else:
        known = r"social\.example\.org/[A-Za-z0-9][A-Za-z0-9._~-]*"
        assert "\n" not in post.author.id
    assert re.fullmatch(known, post.ref.id)
    for other in (post.parent, post.root, post.quote):
        assert not other or re.fullmatch(known, other)
    for address in (post.ref.url, post.author.url, post.original):
        assert not address or is_address(address)
    assert len(post.uri) <= LONGEST_ADDRESS
    assert post.at.tzinfo is UTC
    assert post.at <= now
    assert post.edited_at is None or post.edited_at <= now
    assert all(is_language(one) for one in post.languages)


def all_posts(ask: Callable[[], Any]) -> list[Post]:
    """What came, as far as it came; only the port's errors may end it."""
    found: list[Post] = []
    try:
        for batch in ask():
            found += batch
    except NetworkError:
        pass
    return found


@pytest.fixture(autouse=True)
def _no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here leaves this process, and reading certificates is what would take longest."""
    monkeypatch.setattr(
        "bot.networks.bounded.client", lambda *_, **__: httpx.Client(transport=httpx.MockTransport(_shut))
    )
    monkeypatch.setattr("httpx.create_ssl_context", lambda: None)


def _shut(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


# -- Bluesky --------------------------------------------------------------------------------------------------------
LINKED: Json = {
    "text": "see example.org #edchat", "langs": ["en"], "tags": ["edchat"],
    "reply": {"root": {"uri": uri("root", ME), "cid": "c"}, "parent": {"uri": uri("root", ME), "cid": "c"}},
    "facets": [{"index": {"byteStart": 4, "byteEnd": 15}, "features": [
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org"}]}],
    "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "a wall"}]},
}  # fmt: skip
THREAD: Json = {
    "thread": {
        "post": view("root", did=ME, replyCount=2),
        "replies": [
            {"post": view("a", LINKED, replyCount=1), "replies": [{"post": view("b", LINKED), "replies": []}]},
            {"post": view("c", LINKED, did="did:plc:ben"), "replies": []},
        ],
    },
    "threadgate": {"record": {"allow": [], "hiddenReplies": []}},
}
ROOT = PostRef("bluesky", uri("root", ME))


def bluesky(method: str, answer: bytes) -> Bluesky:
    stand_in = StandIn()
    stand_in.answers[method] = lambda _: httpx.Response(200, content=answer)
    stand_in.answers.setdefault("app.bsky.feed.getPosts", lambda _: {"posts": []})
    stand_in.answers.setdefault("app.bsky.graph.getRelationships", lambda _: {"relationships": []})
    stand_in.answers.setdefault("app.bsky.notification.listNotifications", lambda _: {"notifications": []})
    network: Bluesky = stand_in.network()
    return network


@FEW
@given(answer=spoilt(THREAD))
def test_a_spoilt_thread_gives_posts_or_the_ports_errors(answer: Json) -> None:
    for post in all_posts(lambda: bluesky("app.bsky.feed.getPostThread", body(answer)).sweep(ROOT)):
        check(post, BLUESKY_NOW)


@FEW
@given(answer=spoilt({"posts": [view("a", LINKED), view("b", LINKED)], "cursor": "x"}))
def test_a_spoilt_search_gives_posts_or_the_ports_errors(answer: Json) -> None:
    network = bluesky("app.bsky.feed.searchPosts", body(answer))
    for post in all_posts(lambda: network.tagged("edchat", EARLY)):
        check(post, BLUESKY_NOW)


@FEW
@given(
    answer=spoilt({"profiles": [{"did": "did:plc:amy", "handle": "amy.test", "labels": [{"val": "x"}], "viewer": {}}]})
)
def test_spoilt_profiles_give_posts_or_the_ports_errors(answer: Json) -> None:
    stand_in = StandIn({"root": "", "a": "root"})
    stand_in.answers["app.bsky.actor.getProfiles"] = lambda _: httpx.Response(200, content=body(answer))
    network = stand_in.network()
    for post in all_posts(lambda: network.sweep(PostRef("bluesky", uri("root")))):
        check(post, BLUESKY_NOW)
    try:
        network.account_called("amy.test")
    except NetworkError:
        return


@FEW
@given(answer=spoilt({"uri": uri("a"), "cid": "c", "value": LINKED}))
def test_a_spoilt_record_gives_a_post_or_the_ports_errors(answer: Json) -> None:
    network = bluesky("com.atproto.repo.getRecord", body(answer))
    for post in all_posts(lambda: [network.look_up([PostRef("bluesky", uri("a"))]).posts]):
        check(post, BLUESKY_NOW)


@pytest.mark.parametrize("path", [("handle",), ("did",), ("labels",), ("viewer",)])
def test_one_spoilt_post_costs_its_thread_nothing_else_and_is_told(path: tuple[str, ...]) -> None:
    author = ("thread", "replies", 0, "post", "author", *path)
    network = bluesky("app.bsky.feed.getPostThread", body(put(THREAD, author, 5, drop=False)))
    assert {post.ref.id for post in all_posts(lambda: network.sweep(ROOT))} == {uri("b"), uri("c", "did:plc:ben")}
    [spoiled] = network.listen("", Wanted()).spoiled
    assert spoiled.event == f"PostView {uri('a')}"
    assert "example.org" not in spoiled.error
    assert network.listen("", Wanted()).spoiled == ()


def test_a_gate_that_cannot_be_read_costs_its_thread_rather_than_what_it_hides() -> None:
    network = bluesky("app.bsky.feed.getPostThread", body(put(THREAD, ("threadgate",), 5, drop=False)))
    with pytest.raises(Unanswered):
        list(network.sweep(ROOT))


def test_one_record_nested_too_deeply_costs_its_thread_nothing() -> None:
    deep = json.dumps(THREAD).replace('"langs": ["en"]', '"x": ' + "[" * 20_000 + "]" * 20_000, 1).encode()
    network = bluesky("app.bsky.feed.getPostThread", deep)
    assert len(all_posts(lambda: network.sweep(ROOT))) == 3
    assert len(network.listen("", Wanted()).spoiled) == 1


def test_a_thread_that_grows_wherever_it_is_asked_for_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.networks.bluesky.reading._MOST_ASKED", 20)
    asked: list[str] = []

    def growing(request: httpx.Request) -> Json:
        asked.append(request.url.params["uri"])
        below = [{"post": view(f"n{len(asked)}-{n}", replyCount=9), "replies": []} for n in range(3)]
        return {"thread": {"post": view("root", did=ME, replyCount=3), "replies": below}}

    stand_in = StandIn()
    stand_in.answers["app.bsky.feed.getPostThread"] = growing
    assert len(all_posts(lambda: stand_in.network().sweep(ROOT))) == 60
    assert len(asked) == 20


def test_a_thread_in_which_posts_are_their_own_parents_comes_to_an_end() -> None:
    stand_in = StandIn()
    node: Json = {"post": view("a", replyCount=5), "replies": [{"post": view("a", replyCount=5), "replies": []}]}
    stand_in.answers["app.bsky.feed.getPostThread"] = lambda _: {"thread": node}
    assert len(all_posts(lambda: stand_in.network().sweep(PostRef("bluesky", uri("root"))))) == 1


@pytest.mark.parametrize("cursor", [lambda _: "same", lambda n: f"c{n % 2}", lambda n: f"c{n}"])
def test_pages_without_end_come_to_one(monkeypatch: pytest.MonkeyPatch, cursor: Callable[[int], str]) -> None:
    monkeypatch.setattr("bot.networks.bluesky.reading._MOST_PAGES", 7)
    asked: list[int] = []

    def page(_: httpx.Request) -> Json:
        asked.append(1)
        return {"posts": [view(f"n{len(asked)}", LINKED)], "cursor": cursor(len(asked))}

    stand_in = StandIn()
    stand_in.answers["app.bsky.feed.getQuotes"] = page
    stand_in.answers["app.bsky.feed.getPosts"] = lambda _: {"posts": []}
    stand_in.answers["app.bsky.graph.getRelationships"] = lambda _: {"relationships": []}
    all_posts(lambda: stand_in.network().quotes(ROOT))
    assert 1 < len(asked) <= 7


def test_a_notification_of_the_future_does_not_make_us_deaf_till_then() -> None:
    items = [{"uri": uri("a"), "reason": "reply", "indexedAt": "9999-12-31T23:59:59Z"}]
    network = bluesky("app.bsky.notification.listNotifications", body({"notifications": items}))
    cursor = network.listen("2026-03-05T19:00:00.000Z", Wanted()).cursor
    assert cursor == "2026-03-05T19:00:00.000Z"
    later = bluesky("app.bsky.notification.listNotifications", body({"notifications": []}))
    assert later.listen("9999-12-31T00:00:00Z", Wanted()).cursor < "2026-03-05T20:06"


def test_another_record_than_was_asked_for_is_no_answer() -> None:
    network = bluesky("com.atproto.repo.getRecord", body({"uri": uri("other"), "cid": "c", "value": LINKED}))
    assert network.look_up([PostRef("bluesky", uri("a"))]) == type(network.look_up([]))((), ())


@pytest.mark.parametrize(
    "text", ["v1|h|" + "9" * 5000 + "|5", "v1|h|5|" + "9" * 5000, "v1|h|x|5", "|" * 2000, "v1|h|1"]
)
def test_cursors_of_nobody(text: str) -> None:
    assert read_cursor(text) is None


def test_a_cursor_is_itself() -> None:
    assert read_cursor(str(Cursor("v1", "h", 5, 6))) == Cursor("v1", "h", 5, 6)


# -- Mastodon -------------------------------------------------------------------------------------------------------
def status(local: str, parent: str = "1") -> Json:
    return {
        "id": local, "created_at": "2027-01-07T19:59:00.000Z", "in_reply_to_id": parent, "visibility": "public",
        "uri": f"https://social.example.org/users/amy/statuses/{local}", "content": "<p>see <a href='https://a.b/'>it</a></p>",
        "url": f"https://social.example.org/@amy/{local}", "language": "en", "spoiler_text": "", "replies_count": 0,
        "account": {"id": "9", "acct": "amy", "username": "amy", "url": "https://social.example.org/@amy", "note": "",
                    "uri": "https://social.example.org/users/amy", "fields": [{"name": "a", "value": "b"}]},
        "media_attachments": [{"id": "5", "type": "image", "description": "a wall"}],
        "mentions": [{"acct": "bot", "url": "https://social.example.org/@bot"}], "tags": [{"name": "edchat"}],
        "quote": {"state": "accepted", "quoted_status": {"id": "1"}}, "edited_at": "2027-01-07T19:59:30.000Z",
        "poll": {"options": [{"title": "yes"}]}, "reblog": None,
    }  # fmt: skip


FIXED: dict[str, Json] = {
    "/api/v2/instance": {"domain": "social.example.org", "version": "4.4.0"},
    "/api/v1/accounts/verify_credentials": {"id": "7", "acct": "bot"},
    "/api/v1/accounts/relationships": [],
    "/api/v1/notifications": [],
}


def mastodon(path: str, answer: bytes) -> Mastodon:
    def played(request: httpx.Request) -> httpx.Response:
        if request.url.path == path:
            return httpx.Response(200, content=answer)
        if request.url.path in FIXED:
            return httpx.Response(200, json=FIXED[request.url.path])
        return httpx.Response(404, json={"error": "Record not found"})

    network = Mastodon(account="m", server="https://social.example.org", token="t", clock=lambda: NOW)
    network._api._http = httpx.Client(base_url="https://social.example.org", transport=httpx.MockTransport(played))
    return network


HERE = PostRef("mastodon", "social.example.org/1")
CONTEXT = "/api/v1/statuses/1/context"


@FEW
@given(answer=spoilt({"ancestors": [], "descendants": [status("2"), status("3", "2")]}))
def test_a_spoilt_context_gives_posts_or_the_ports_errors(answer: Json) -> None:
    for post in all_posts(lambda: mastodon(CONTEXT, body(answer)).sweep(HERE)):
        check(post, NOW)


@FEW
@given(answer=spoilt([status("2"), status("3")]))
def test_a_spoilt_timeline_gives_posts_or_the_ports_errors(answer: Json) -> None:
    for post in all_posts(lambda: mastodon("/api/v1/timelines/tag/edchat", body(answer)).tagged("edchat", EARLY)):
        check(post, NOW)


@FEW
@given(answer=spoilt([{"id": "11", "type": "mention", "status": status("2")}]))
def test_spoilt_notifications_give_posts_or_the_ports_errors(answer: Json) -> None:
    network = mastodon("/api/v1/notifications", body(answer))
    for post in all_posts(lambda: [network.listen('{"notification":"10"}', Wanted()).posts]):
        check(post, NOW)


@FEW
@given(answer=spoilt({
    "domain": "social.example.org", "version": "4.4.0", "source_url": "https://github.com/mastodon/mastodon",
    "configuration": {"statuses": {"max_characters": 500, "characters_reserved_per_url": 23},
                      "urls": {"streaming": "wss://social.example.org", "terms_of_service": "https://a.b/"}},
}))  # fmt: skip
def test_a_spoilt_page_about_the_server_gives_limits_and_an_identity_or_the_ports_errors(answer: Json) -> None:
    network = mastodon("/api/v2/instance", body(answer))
    assert 100 <= network.limits.most <= 1_000_000
    assert 0 < network.limits.link <= 23
    try:
        told = network.identity()
    except NetworkError:
        return
    assert is_address(told.terms)
    assert told.software.isprintable()
    assert re.fullmatch(r"@bot@[\w.:-]+", told.handle)
    try:
        for _ in network.stream("", Wanted, lambda: True):
            break
    except NetworkError:
        return


@pytest.mark.parametrize("junk", [5, None, "../../x", "a/b", "", "x?y", "x#y", "1\n2", "%2e%2e", "..", "x" * 1_000_000])
def test_one_post_with_an_id_that_is_none_costs_its_thread_nothing_else_and_is_told(junk: Json) -> None:
    answer = {"descendants": [status("2"), {**status("3"), "id": junk}, status("4")]}
    network = mastodon(CONTEXT, body(answer))
    assert [post.ref.id[-1] for post in all_posts(lambda: network.sweep(HERE))] == ["2", "4"]
    [spoiled] = network.listen("", Wanted()).spoiled
    assert spoiled.event == "post"
    assert len(spoiled.error) < 300


@pytest.mark.parametrize("acct", ["amy @victim@far.example", "amy\n@victim", "a@b@c", "<b>", 'a"b', "x/y"])
def test_an_account_whose_name_would_mention_others_spoils_its_post(acct: str) -> None:
    one = status("3")
    one["account"]["acct"] = acct
    assert all_posts(lambda: mastodon(CONTEXT, body({"descendants": [one]})).sweep(HERE)) == []


def test_another_post_than_was_asked_for_does_not_bury_it() -> None:
    network = mastodon("/api/v1/statuses/5", body(status("6")))
    try:
        found = network.look_up([PostRef("mastodon", "social.example.org/5")])
    except Unanswered:
        return
    assert found.gone == ()


@pytest.mark.parametrize(
    "named",
    [
        "wss://evil.example", "wss://social.example.org.evil.example", "wss://social.example.org@evil.example",
        "wss://evilsocial.example.org", "wss://social.example.org:8443", "ws://social.example.org", "file:///x",
        "wss://[half", "wss://a.social.example.org:22", "wss://", "//social.example.org", "wss://127.0.0.1",
    ],
)  # fmt: skip
def test_the_token_goes_to_no_stream_at_another_server(named: str) -> None:
    answer = {"domain": "social.example.org", "configuration": {"urls": {"streaming": named}}}
    with pytest.raises(NetworkError, match="names"):
        mastodon("/api/v2/instance", body(answer))._streams._base()


@pytest.mark.parametrize("named", ["wss://social.example.org", "wss://streaming.social.example.org"])
def test_a_stream_at_the_server_or_below_its_name_is_fine(named: str) -> None:
    answer = {"domain": "social.example.org", "configuration": {"urls": {"streaming": named}}}
    assert mastodon("/api/v2/instance", body(answer))._streams._base() == named.replace("wss", "https")


# -- what both use --------------------------------------------------------------------------------------------------
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=30,
    ),
    st.integers(0, 6),
)
def test_cutting_what_lies_too_deep_is_cutting_just_that(value: Json, deepest: int) -> None:
    def cut(one: Json, depth: int) -> Json:
        if not isinstance(one, (list, dict)):
            return one
        if depth == deepest:
            return None
        if isinstance(one, list):
            return [cut(inner, depth + 1) for inner in one]
        return {key: cut(inner, depth + 1) for key, inner in one.items()}

    assert json.loads(shallow(json.dumps(value).encode(), deepest)) == cut(value, 0)


@pytest.mark.parametrize("junk", [b"[" * 1_000_000, b'{"a":' * 300_000, b"]" * 1_000_000, b'"' * 1_000_001, b"[\\" * 9])
def test_cutting_junk_ends_and_raises_nothing(junk: bytes) -> None:
    assert len(shallow(junk)) <= len(junk)


def test_what_was_left_out_is_told_once_and_never_without_bound() -> None:
    aside = Aside()
    for number in range(10_000):
        aside.put(f"post {number % 5_000}", ValueError("x"))
    told = aside.told(Heard((), "c")).spoiled
    assert len(told) <= 200
    assert aside.told(Heard((), "c")) == Heard((), "c")
    aside.put("post 4999", ValueError("x"))
    assert aside.told(Heard((), "c")).spoiled == ()


def test_a_post_of_the_future_was_written_now() -> None:
    """Times of posts never lie after now, whatever their servers' clocks say."""
    answer = {"descendants": [{**status("2"), "created_at": (NOW + timedelta(days=3)).isoformat()}]}
    [post] = all_posts(lambda: mastodon(CONTEXT, body(answer)).sweep(HERE))
    assert post.at == NOW
