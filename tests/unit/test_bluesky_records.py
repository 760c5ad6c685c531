"""Records fixed before they are sent: keys, content ids, shape, and what is refused."""

import hashlib
import random
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import libipld
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.outbox import Draft, DraftPost, LinkCard, MediaFile, Part, next_group
from bot.domain.posts import PostRef
from bot.domain.richtext import Facet, Link, Mention, RichText, Tag
from bot.errors import Refused
from bot.networks.bluesky.records import Reply, StrongRef, blob_cid, cid_of, freeze, tid

DID = "did:plc:me"
AT = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
# https://atproto.com/specs/tid: the syntax, and that keys sort as their times do
TID = re.compile(r"^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$")
BLOBS = {"a": b"picture a", "b": b"picture b", "big": bytes(2_000_001), "wide": bytes(1_000_001)}


def frozen(*posts: DraftPost | str, seed: int = 1, reply: Reply | None = None, **more: Any) -> tuple[Part, ...]:
    made = tuple(
        DraftPost(RichText(post), reply_to=n - 1 if n else None) if isinstance(post, str) else post
        for n, post in enumerate(posts)
    )
    settings: dict[str, Any] = {"languages": ("en",), "at": AT, **more}
    rng = random.Random(seed)
    return freeze(Draft(made, **settings), did=DID, rng=rng, blob=BLOBS.__getitem__, reply=reply)


def record(part: Part) -> Any:
    return msgspec.json.decode(part.payload)


def picture(sha256: str, mime: str = "image/png") -> MediaFile:
    return MediaFile(sha256, mime, len(BLOBS[sha256]), f"alt of {sha256}", 4, 3)


def test_a_key_reads_back_as_its_time() -> None:
    key = tid(AT + timedelta(microseconds=7), 5)
    assert TID.match(key)
    number = 0
    for letter in key:
        number = number * 32 + "234567abcdefghijklmnopqrstuvwxyz".index(letter)
    assert (number >> 10, number & 1023) == (int(AT.timestamp()) * 1_000_000 + 7, 5)


@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- hypothesis adds the zone
            st.integers(0, 1023),
        ),
        min_size=2,
        max_size=2,
    )
)
def test_keys_sort_as_their_times(moments: list[tuple[datetime, int]]) -> None:
    keys = [tid(at, clock_id) for at, clock_id in moments]
    assert all(TID.match(key) for key in keys)
    assert (keys[0] < keys[1]) == (moments[0] < moments[1])


def test_a_content_id_says_codec_and_hash() -> None:
    value = {"text": "é", "$type": "app.bsky.feed.post", "n": [1, None, True]}
    read = libipld.decode_cid(cid_of(value))
    assert (read["version"], read["codec"], read["hash"]["code"]) == (1, 0x71, 0x12)
    assert read["hash"]["digest"] == hashlib.sha256(libipld.encode_dag_cbor(value)).digest()
    assert libipld.decode_cid(blob_cid(b"x"))["codec"] == 0x55
    assert cid_of({"a": 1, "b": 2}) == cid_of({"b": 2, "a": 1})


def test_a_link_to_a_blob_is_a_link_and_no_map() -> None:
    cid = blob_cid(b"x")
    raw = bytes((1, 0x55, 0x12, 0x20)) + hashlib.sha256(b"x").digest()
    tagged = b"\xa1\x63ref" + b"\xd8\x2a\x58\x25\x00" + raw  # tag 42, 37 bytes, the first of them 0 (DAG-CBOR)
    assert libipld.decode_cid(cid_of({"ref": {"$link": cid}}))["hash"]["digest"] == hashlib.sha256(tagged).digest()


def test_a_thread_names_its_parents_before_anything_is_sent() -> None:
    parts = frozen("root", "one", "two", DraftPost(RichText("aside"), reply_to=0))
    refs = [{"uri": f"at://{DID}/app.bsky.feed.post/{part.key}", "cid": cid_of(record(part))} for part in parts]
    replies = [record(part).get("reply") for part in parts]
    assert replies == [
        None,
        {"root": refs[0], "parent": refs[0]},
        {"root": refs[0], "parent": refs[1]},
        {"root": refs[0], "parent": refs[0]},
    ]
    assert [part.post for part in parts] == [0, 1, 2, 3]
    keys = [part.key for part in parts]
    assert keys == sorted(set(keys))
    written = [record(part)["createdAt"] for part in parts]
    assert written == [f"2026-03-05T20:00:00.00{n}Z" for n in range(4)]


def test_freezing_again_with_the_same_randomness_gives_the_same_parts_and_else_other_keys() -> None:
    assert frozen("root", "one") == frozen("root", "one")
    assert frozen("root")[0].key != frozen("root", seed=2)[0].key


def test_times_are_written_in_utc() -> None:
    [part] = frozen("root", at=datetime(2026, 3, 5, 21, 0, tzinfo=timezone(timedelta(hours=1))))
    assert record(part)["createdAt"] == "2026-03-05T20:00:00.000Z"


def test_a_draft_under_an_older_post_keeps_that_thread_and_gets_no_gate() -> None:
    root, parent = StrongRef("at://r", "cr"), StrongRef("at://p", "cp")
    parts = frozen("one", "two", reply=Reply(root, parent), gated=True, reply_to=PostRef("bluesky", "at://p", "cp"))
    assert [part.kind for part in parts] == ["post", "post"]
    assert record(parts[0])["reply"] == {"root": root.plain(), "parent": parent.plain()}
    assert record(parts[1])["reply"]["root"] == root.plain()
    assert record(parts[1])["reply"]["parent"]["uri"].endswith(parts[0].key)


def test_pictures_go_first_each_once_then_all_else_at_once() -> None:
    parts = frozen(
        DraftPost(RichText("Q1"), media=(picture("a"), picture("b"))),
        DraftPost(RichText("again"), reply_to=0, media=(picture("a"),)),
        gated=True,
    )
    assert [(part.kind, part.key) for part in parts[:2]] == [("media", "a"), ("media", "b")]
    assert [part.kind for part in parts[2:]] == ["post", "post", "gate"]
    assert [part.needs for part in parts] == [(), (), (0, 1), (0,), ()]
    assert [part.position for part in parts] == list(range(5))
    assert [part.position for part in next_group(parts, atomic=True)] == [0]
    images = record(parts[2])["embed"]["images"]
    assert [image["alt"] for image in images] == ["alt of a", "alt of b"]
    assert images[0]["aspectRatio"] == {"width": 4, "height": 3}
    assert images[0]["image"] == {
        "$type": "blob",
        "ref": {"$link": blob_cid(b"picture a")},
        "mimeType": "image/png",
        "size": 9,
    }
    assert parts[4].key == parts[2].key
    assert record(parts[4])["post"].endswith(parts[2].key)


def test_a_link_card_names_its_picture_by_the_content_id_it_will_have() -> None:
    card = LinkCard("https://example.org/edchat/", "Feedback", "8 people", picture("a"))
    parts = frozen(DraftPost(RichText("The digest"), card=card), DraftPost(RichText("Q1"), reply_to=0))
    assert [(part.kind, part.key) for part in parts[:1]] == [("media", "a")]
    assert [part.needs for part in parts] == [(), (0,), ()]
    assert record(parts[1])["embed"] == {
        "$type": "app.bsky.embed.external",
        "external": {
            "uri": "https://example.org/edchat/",
            "title": "Feedback",
            "description": "8 people",
            "thumb": {
                "$type": "blob",
                "ref": {"$link": blob_cid(b"picture a")},
                "mimeType": "image/png",
                "size": 9,
            },
        },
    }
    assert "embed" not in record(parts[2])


def test_a_link_card_may_have_no_picture_and_gives_way_to_pictures() -> None:
    bare = LinkCard("https://example.org/", "Feedback", "8 people")
    [part] = frozen(DraftPost(RichText("The digest"), card=bare))
    assert record(part)["embed"]["external"] == {
        "uri": "https://example.org/",
        "title": "Feedback",
        "description": "8 people",
    }
    carded = DraftPost(RichText("Q1"), media=(picture("a"),), card=LinkCard("https://e.org", "", "", picture("b")))
    media, post = frozen(carded)
    assert (media.key, record(post)["embed"]["$type"]) == ("a", "app.bsky.embed.images")


def test_facets_count_bytes_and_mention_only_who_is_on_bluesky() -> None:
    text = "👋 #EdChat @amy.test @ben@host https://example.org"
    data = text.encode()

    def at(what: str, feature: Link | Tag | Mention) -> Facet:
        start = data.index(what.encode())
        return Facet(start, start + len(what.encode()), feature)

    rich = RichText(
        text,
        (
            at("#EdChat", Tag("EdChat")),
            at("@amy.test", Mention("did:plc:amy", "amy.test")),
            at("@ben@host", Mention("https://host/users/ben", "ben@host")),
            at("https://example.org", Link("https://example.org")),
        ),
    )
    [part] = frozen(DraftPost(rich))
    shown = [
        (data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), facet["features"])
        for facet in record(part)["facets"]
    ]
    kind = "app.bsky.richtext.facet#"
    assert shown == [
        ("#EdChat", [{"$type": f"{kind}tag", "tag": "EdChat"}]),
        ("@amy.test", [{"$type": f"{kind}mention", "did": "did:plc:amy"}]),
        ("https://example.org", [{"$type": f"{kind}link", "uri": "https://example.org"}]),
    ]


def test_no_more_than_three_languages_are_named() -> None:
    assert record(frozen("Q1", languages=("en", "cy", "gd", "fr"))[0])["langs"] == ["en", "cy", "gd"]
    assert "langs" not in record(frozen("Q1", languages=())[0])


FAMILY = "👨‍👩‍👧‍👦"  # one grapheme, 25 bytes


@pytest.mark.parametrize("text", ["x" * 300, "é" * 300, FAMILY * 120, "🎉" * 300])
def test_what_just_fits_goes_out(text: str) -> None:
    assert record(frozen(text)[0])["text"] == text


@pytest.mark.parametrize(
    ("post", "told"),
    [
        (DraftPost(RichText("x" * 301)), "301 characters"),
        (DraftPost(RichText(FAMILY * 121)), "3025 bytes"),
        (DraftPost(RichText("é!", (Facet(0, 4, Link("https://e.org")),))), "whole letters"),
        (DraftPost(RichText("é!", (Facet(1, 3, Link("https://e.org")),))), "whole letters"),
        (DraftPost(RichText("é!", (Facet(-1, 2, Link("https://e.org")),))), "whole letters"),
        (DraftPost(RichText("é!", (Facet(2, 2, Link("https://e.org")),))), "whole letters"),
        (DraftPost(RichText("#" + "x" * 65, (Facet(0, 66, Tag("x" * 65)),))), "64 characters"),
        (DraftPost(RichText("#" + FAMILY * 26, (Facet(0, 651, Tag(FAMILY * 26)),))), "640 bytes"),
        (DraftPost(RichText("Q1"), media=(picture("a"),) * 5), "5 pictures"),
        (DraftPost(RichText("Q1"), media=(picture("big"),)), "2,000,001 bytes"),
        (DraftPost(RichText("Q1"), media=(picture("a", "video/mp4"),)), "only pictures"),
        (DraftPost(RichText("D"), card=LinkCard("https://e.org", "", "", picture("wide"))), "1,000,001 bytes"),
        (DraftPost(RichText("Q1"), reply_to=0), "does not come before"),
        (DraftPost(RichText("Q1"), reply_to=-1), "does not come before"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(post: DraftPost, told: str) -> None:
    with pytest.raises(Refused, match=told):
        frozen(post)


def test_a_thread_of_more_records_than_one_request_takes_is_refused() -> None:
    assert len(frozen(*["x"] * 200)) == 200
    with pytest.raises(Refused, match="200 records"):
        frozen(*["x"] * 200, gated=True)
