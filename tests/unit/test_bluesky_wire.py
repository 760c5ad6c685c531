"""What the API says becomes ours: posts, accounts, texts; odd records cost a field, never the post."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.bluesky_stand_in import uri, view

from bot.domain.posts import Media, Post
from bot.domain.richtext import Facet, Link, Mention, Tag, hashtags
from bot.networks.bluesky import views, wire

FACET = "app.bsky.richtext.facet#"


def converted(raw: dict[str, Any], *, hidden: bool = False) -> Post | None:
    shown = msgspec.json.decode(json.dumps(raw), type=views.PostView)
    return wire.post(shown, shown.author, hidden=hidden)


def post(record: dict[str, Any] | None = None, **more: Any) -> Post:
    found = converted(view("a", record, **more))
    assert found is not None
    return found


def facet(start: Any, end: Any, *features: Any) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": list(features)}


def test_a_reply_in_full() -> None:
    strong = {"uri": uri("p"), "cid": "c"}
    root = {"uri": uri("r"), "cid": "c"}
    found = post({"text": "A1", "langs": ["en", "cy"], "reply": {"root": root, "parent": strong}})
    assert (found.parent, found.root, found.quote) == (uri("p"), uri("r"), "")
    assert (found.ref.id, found.ref.cid, found.uri) == (uri("a"), "cid-a", uri("a"))
    assert found.ref.url == "https://bsky.app/profile/amy.test/post/a"
    assert found.languages == ("en", "cy")
    assert found.at == datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
    assert found.visibility == "public"


@pytest.mark.parametrize(
    ("created", "indexed", "at"),
    [
        ("2026-03-05T20:00:00.000Z", "2026-03-05T20:00:09Z", "2026-03-05T20:00:00Z"),
        ("2030-01-01T00:00:00Z", "2026-03-05T20:00:09Z", "2026-03-05T20:00:09Z"),  # a clock that runs ahead
        ("2026-03-05T21:00:00+01:00", "2026-03-05T20:00:09Z", "2026-03-05T20:00:00Z"),
        ("2026-03-05T20:00:00", "2026-03-05T20:00:09Z", "2026-03-05T20:00:00Z"),
        ("last Thursday", "2026-03-05T20:00:09Z", "2026-03-05T20:00:09Z"),
        (17, "2026-03-05T20:00:09Z", "2026-03-05T20:00:09Z"),
        ("0001-01-01T00:00:00+14:00", "2026-03-05T20:00:09Z", "2026-03-05T20:00:09Z"),  # before the year 1 in UTC
        ("2026-03-05T20:00:00Z", "", "2026-03-05T20:00:00Z"),
    ],
)
def test_the_earlier_of_written_and_seen_is_when(created: Any, indexed: str, at: str) -> None:
    found = post({"createdAt": created}, indexedAt=indexed)
    assert found.at == datetime.fromisoformat(at)


def test_a_post_without_any_time_is_left_out() -> None:
    assert converted(view("a", {"createdAt": ""}, indexedAt="")) is None


def test_facets_become_ours_and_wrong_ones_go() -> None:
    text = "👋 #Ed @amy.test go"
    good = [
        facet(5, 8, {"$type": f"{FACET}tag", "tag": "Ed"}),
        facet(9, 18, {"$type": f"{FACET}mention", "did": "did:plc:amy"}),
        facet(19, 21, {"$type": "org.example#odd"}, {"$type": f"{FACET}link", "uri": "https://e.org"}),
    ]
    bad: list[Any] = [
        facet(0, 2, {"$type": f"{FACET}link", "uri": "https://cut.org"}),
        facet(-5, 900, {"$type": f"{FACET}link", "uri": "https://out.org"}),
        facet(19, 21, {"$type": f"{FACET}link", "uri": "javascript:alert(1)"}),
        facet("5", None),
        {"index": {}},
        "nonsense",
        facet(19, 21, {"$type": "org.example#odd"}),
    ]
    found = post({"text": text, "facets": [*bad, *good]}).text
    assert found.facets == (
        Facet(5, 8, Tag("Ed")),
        Facet(9, 18, Mention("did:plc:amy", "amy.test")),
        Facet(19, 21, Link("https://e.org")),
    )


IMAGES = {"$type": "app.bsky.embed.images", "images": [{"alt": "one", "image": {}}, {"alt": "", "image": {}}]}
VIDEO = {"$type": "app.bsky.embed.video", "alt": "a lesson", "video": {}}
CARD = {"$type": "app.bsky.embed.external", "external": {"uri": "https://e.org/page", "title": "t", "description": ""}}
QUOTE = {"$type": "app.bsky.embed.record", "record": {"uri": uri("q"), "cid": "c"}}
LIST = {"$type": "app.bsky.embed.record", "record": {"uri": "at://did:plc:amy/app.bsky.graph.list/l", "cid": "c"}}
TWO_IMAGES = (Media("image", "one"), Media("image", ""))


@pytest.mark.parametrize(
    ("embed", "media", "quote"),
    [
        (IMAGES, TWO_IMAGES, ""),
        (VIDEO, (Media("video", "a lesson"),), ""),
        (QUOTE, (), uri("q")),
        (LIST, (), ""),
        ({"$type": "app.bsky.embed.recordWithMedia", "record": QUOTE, "media": IMAGES}, TWO_IMAGES, uri("q")),
        ({"$type": "app.bsky.embed.recordWithMedia", "record": QUOTE, "media": CARD}, (), uri("q")),
        ({"$type": "org.example.embed", "images": "none"}, (), ""),
        ("nonsense", (), ""),
    ],
)
def test_embeds(embed: Any, media: tuple[Media, ...], quote: str) -> None:
    found = post({"embed": embed})
    assert (found.media, found.quote) == (media, quote)


def test_the_address_of_a_link_card_is_not_lost() -> None:
    found = post({"text": "Read this", "embed": CARD}).text
    assert found.text == "Read this\n\nhttps://e.org/page"
    assert found.facets == (Facet(11, 29, Link("https://e.org/page")),)
    there = {"text": "see https://e.org/page", "embed": CARD}
    assert post(there).text.text == "see https://e.org/page"
    shortened = facet(4, 12, {"$type": f"{FACET}link", "uri": "https://e.org/page"})
    assert post({"text": "see e.org/pa…", "facets": [shortened], "embed": CARD}).text.text == "see e.org/pa…"
    assert post({"text": "", "embed": CARD}).text.text == "https://e.org/page"
    evil = {**CARD, "external": {"uri": "javascript:alert(1)"}}
    assert post({"text": "x", "embed": evil}).text.text == "x"


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ({"$type": "app.bsky.embed.record#view", "record": {"$type": "app.bsky.embed.record#viewRecord"}}, False),
        ({"$type": "app.bsky.embed.record#view", "record": {"$type": "app.bsky.embed.record#viewDetached"}}, True),
        (
            {
                "$type": "app.bsky.embed.recordWithMedia#view",
                "record": {"record": {"$type": "app.bsky.embed.record#viewBlocked"}},
            },
            True,
        ),
        ({"$type": "app.bsky.embed.images#view", "images": []}, False),
    ],
)
def test_a_detached_quote_is_hidden(shown: dict[str, Any], hidden: bool) -> None:
    assert post({"embed": QUOTE}, embed=shown).hidden is hidden


def test_labels_of_the_server_and_of_the_author_count_and_taken_back_ones_do_not() -> None:
    own = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "nudity"}]}
    labels = [{"src": "did:l", "val": "!hide"}, {"src": "did:l", "val": "spam", "neg": True}]
    assert post({"labels": own}, labels=labels).labels == ("!hide", "nudity")


def profile(**more: Any) -> views.Profile:
    return msgspec.convert({"did": "did:plc:amy", "handle": "amy.test", **more}, views.Profile)


def test_an_account_and_its_signals() -> None:
    labels = [
        {"src": "did:plc:amy", "val": "bot"},
        {"src": "did:plc:amy", "val": "!no-unauthenticated"},
        {"src": "did:l", "val": "rude", "neg": True},
    ]
    found = wire.account(
        profile(displayName="Amy", description="Year 5. #NoArchive", labels=labels, viewer={"blockedBy": True})
    )
    assert (found.id, found.handle, found.name) == ("did:plc:amy", "amy.test", "Amy")
    assert found.url == "https://bsky.app/profile/amy.test"
    assert found.signals.bot
    assert found.signals.bio_tags == ("noarchive",)
    assert found.signals.labels == ("!no-unauthenticated", "bot")
    assert found.signals.blocks_us
    assert not found.signals.bridged


def test_an_account_that_says_nothing() -> None:
    found = wire.account(profile(displayName=None, viewer=None, labels=[{"src": "did:other", "val": "bot"}]))
    assert found.name == "amy.test"
    assert not found.signals.bot  # only what it says of itself
    assert not found.signals.blocks_us


def test_a_handle_that_does_not_resolve_is_no_address() -> None:
    assert wire.account(profile(handle="handle.invalid")).url == "https://bsky.app/profile/did:plc:amy"


@pytest.mark.parametrize(
    ("handle", "bridged"),
    [
        ("amy.school.example.ap.brid.gy", True),
        ("blog.example.web.brid.gy", True),
        ("brid.gy", False),
        ("a.test", False),
    ],
)
def test_copies_made_by_a_bridge_are_known(handle: str, bridged: bool) -> None:
    assert wire.account(profile(handle=handle)).signals.bridged is bridged


def test_the_original_of_a_bridged_copy_is_kept() -> None:
    assert post({"bridgyOriginalUrl": "https://school.example/@amy/1"}).original == "https://school.example/@amy/1"


def test_hidden_replies_and_rules_of_a_gate() -> None:
    def gate(record: Any) -> wire.Gate:
        return wire.gate(views.ThreadgateView(msgspec.Raw(json.dumps(record).encode())))

    assert wire.gate(None) == wire.Gate()
    assert gate({"post": uri("r")}) == wire.Gate()
    assert gate({"allow": [], "hiddenReplies": [uri("a")]}) == wire.Gate(closed=True, hidden=frozenset([uri("a")]))
    assert gate({"allow": 3, "hiddenReplies": [uri("a")]}).hidden == {uri("a")}


def test_a_bot_says_so_in_its_profile_record() -> None:
    assert wire.marked_as_bot(msgspec.Raw(b'{"labels": {"values": [{"val": "x"}, {"val": "bot"}]}}'))
    assert not wire.marked_as_bot(msgspec.Raw(b'{"labels": {"values": [{"val": "robot"}]}, "displayName": "bot"}'))
    assert not wire.marked_as_bot(msgspec.Raw(b'{"labels": "bot"}'))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["createdAt", "langs", "facets", "reply", "embed", "labels", "tags", "bridgyOriginalUrl"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_whatever_stands_beside_it_the_text_is_kept(odd: dict[str, Any]) -> None:
    found = post({"text": "A1 #EdChat", **odd})
    assert found.text.text.startswith("A1 #EdChat")
    assert "edchat" in hashtags(found.text)
