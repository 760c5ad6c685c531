"""The look at a frame's bytes never says no where the decoded event would be kept: one held against the other."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.richtext import fold_tag
from bot.networks.bluesky.frames import READERS, Event
from bot.networks.bluesky.sieve import Sieve
from bot.ports import Wanted

ME = "did:plc:" + "me".ljust(24, "e")
AMY = "did:plc:" + "amy".ljust(24, "y")
REV = "3l3qo2vutsw2b"
BEN = "did:web:ben.example.org"
POST = "app.bsky.feed.post"
TAGS = ("edchat", "schülerchat", "教育", "ﬁnal", "ßtraße", "x/y", "ἄλφα")
SHORT = Wanted(hashtags=frozenset({"a", "tag", "ü"}))
WANTED = Wanted(hashtags=frozenset(map(fold_tag, TAGS)), authors=frozenset({AMY}))
FEW = Wanted(hashtags=frozenset({"edchat"}), authors=frozenset({AMY}))

words = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            "#",
            "\uff03",
            " ",
            "facet#",
            "facet",
            "https://x.org/",
            "\u0301",
            "\u0338",
            "ﬁ",
            "İ",
            "K",
            "\u017f",
            '"',
            "\\",
            "/",
            ME,
        ]
        + [spelt for tag in TAGS for spelt in (tag, tag.upper(), "#" + tag.title(), "\uff03" + tag)]
        + ["\uff25\uff24chat", "ed", "chat", "delete", "update"]
    ),
)
texts = st.lists(words, max_size=6).map("".join)
uris = st.builds("at://{}/{}/{}".format, st.sampled_from([ME, AMY, BEN]), st.just(POST), st.sampled_from(["1", "2"]))
refs = st.fixed_dictionaries({"uri": uris, "cid": st.just("bafy")})
features = st.one_of(
    st.fixed_dictionaries(
        {
            "$type": st.sampled_from(["app.bsky.richtext.facet#tag", "tag", "#tag"]),
            "tag": st.one_of(texts, st.sampled_from(TAGS)),
        }
    ),
    st.fixed_dictionaries(
        {"$type": st.just("app.bsky.richtext.facet#mention"), "did": st.sampled_from([ME, AMY, BEN])}
    ),
    st.fixed_dictionaries({"$type": st.just("app.bsky.richtext.facet#link"), "uri": st.just("https://x.org/#edchat")}),
)
facets = st.builds(
    lambda start, length, feature: {"index": {"byteStart": start, "byteEnd": start + length}, "features": [feature]},
    st.integers(0, 6),
    st.integers(1, 6),
    features,
)
embeds = st.one_of(
    st.fixed_dictionaries({"$type": st.just("app.bsky.embed.record"), "record": refs}),
    st.fixed_dictionaries(
        {"$type": st.just("app.bsky.embed.recordWithMedia"), "record": st.builds(lambda ref: {"record": ref}, refs)}
    ),
    st.fixed_dictionaries(
        {
            "$type": st.just("app.bsky.embed.external"),
            "external": st.builds(lambda uri: {"uri": "https://y.org/" + uri}, texts),
        }
    ),
)
records = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "facets": st.lists(facets, max_size=2),
        "tags": st.lists(st.one_of(texts, st.sampled_from(TAGS)), max_size=2),
        "reply": st.fixed_dictionaries({"root": refs, "parent": refs}),
        "embed": embeds,
        "subject": refs,
        "extra": st.dictionaries(texts, texts, max_size=2),
    },
)
commits = st.builds(
    lambda did, operation, collection, record: {
        "did": did,
        "commit": {"rev": REV, "operation": operation, "collection": collection, "rkey": "1"}
        | ({} if operation == "delete" else {"cid": "bafy", "record": record}),
    },
    st.sampled_from([ME, AMY, BEN, "did:plc:cat"]),
    st.sampled_from(["create", "create", "update", "delete"]),
    st.sampled_from([POST, POST, "app.bsky.feed.like", "app.bsky.feed.threadgate", "app.bsky.feed.postgate"]),
    records,
)
accounts = st.builds(
    lambda did, active, status: {"did": did, "account": {"active": active, "did": did, "status": status}},
    st.sampled_from([AMY, BEN]),
    st.booleans(),
    st.sampled_from(["deleted", "takendown", "suspended", "deactivated", "throttled"]),
)
others = st.sampled_from([{"did": AMY, "identity": {"handle": "edchat.test"}}])
told = st.one_of(commits, commits, commits, accounts, others)


def frame_of(protocol: str, event: dict[str, Any], style: int, rng: random.Random) -> bytes:
    """An event as some server might write it: with or without spaces and escapes, keys in any order."""
    kind = next(name for name in ("commit", "account", "identity") if name in event)
    if protocol == "v1":
        made: dict[str, Any] = {"did": event["did"], "time_us": 1_800_000_000_000_000, "kind": kind, kind: event[kind]}
    else:
        load = {
            "$type": f"network.bsky.jetstream.subscribeEvents#{kind}",
            "seq": 7,
            "did": event["did"],
            "time": "2026-11-22T02:01:21Z",
        }
        made = {"$type": "message", "payload": load | (event[kind] if kind == "commit" else {kind: event[kind]})}
    if style & 4:
        made = dict(rng.sample(list(made.items()), len(made)))
    text = json.dumps(made, ensure_ascii=bool(style & 1), separators=(",", ":") if style & 2 else (", ", ": "))
    if style & 8:  # any letter may be written as an escape
        text = "".join(
            f"\\u{ord(letter):04x}"
            if letter.isascii() and letter.isalpha() and before != "\\" and rng.random() < 0.05
            else letter
            for before, letter in zip(" " + text, text, strict=False)
        )
    return text.encode(errors="surrogatepass")


def concerns(sieve: Sieve, protocol: str, frame: bytes) -> bool:
    """What the full decoder says; a frame that cannot be read concerns us, for it is to be set aside."""
    try:
        events: list[Event] = list(READERS[protocol](frame))  # type: ignore[index]
    except ValueError:
        return True
    return any(sieve.concern(event) is not None for event in events)


@given(
    event=told,
    style=st.integers(0, 15),
    rng=st.randoms(use_true_random=False),
    wanted=st.sampled_from([WANTED, FEW, SHORT, Wanted()]),
)
@settings(max_examples=600, deadline=None)
def test_bytes_never_say_no_where_the_decoder_says_yes(
    event: dict[str, Any], style: int, rng: random.Random, wanted: Wanted
) -> None:
    protocol: Any
    for protocol in ("v1", "v2"):  # to think of an event takes longer than to look at it twice
        frame = frame_of(protocol, event, style, rng)
        sieve = Sieve(ME, wanted, {BEN: None}, protocol)
        if concerns(sieve, protocol, frame):
            assert sieve.may_concern(frame)


@given(event=told, cut=st.floats(0, 1), rng=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_frame_of_ours_that_was_cut_off_is_looked_at(event: dict[str, Any], cut: float, rng: random.Random) -> None:
    frame = frame_of("v1", event, 2, rng)
    short = frame[: int(len(frame) * cut)]
    sieve = Sieve(ME, FEW, (), "v1")
    if concerns(sieve, "v1", frame):
        assert sieve.may_concern(short)


def test_a_new_like_is_known_by_its_first_bytes() -> None:
    like = {"rev": REV, "operation": "create", "collection": "app.bsky.feed.like", "rkey": "1", "record": {}}
    frame = frame_of("v1", {"did": AMY, "commit": like}, 2, random.Random(1))
    look = Sieve(ME, FEW, (), "v1").may_concern
    assert not look(frame[: frame.index(b"rkey")])
    assert look(frame.replace(b"feed.like", b"feed.post")[: frame.index(b"rkey")])


def post(did: str = "did:plc:cat", operation: str = "create", **record: Any) -> dict[str, Any]:
    commit = {"rev": REV, "operation": operation, "collection": POST, "rkey": "1", "cid": "bafy"}
    return {"did": did, "commit": commit | ({} if operation == "delete" else {"record": record})}


def marked(kind: str, **feature: str) -> dict[str, Any]:
    """A facet over the first two letters."""
    return {
        "index": {"byteStart": 0, "byteEnd": 2},
        "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **feature}],
    }


LINK = {
    "index": {"byteStart": 0, "byteEnd": 2},
    "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://x.org"}],
}
MINE = {"uri": f"at://{ME}/{POST}/1", "cid": "bafy"}
HERS = {"uri": f"at://{AMY}/{POST}/1", "cid": "bafy"}


@pytest.mark.parametrize("protocol", ["v1", "v2"])
@pytest.mark.parametrize(
    ("event", "looked_at", "kept"),
    [
        (post(text="A long story about something else", facets=[LINK]), False, None),
        (post(text="a stage, a vintage, a tag", tags=["cooking"]), False, None),
        (post(text="another #hashtag"), False, None),
        (post(text="ein anderes #schülerchat"), False, None),
        (post(text="about edchat without a sign"), False, None),
        (post(AMY, text="a watched author says something else"), False, None),
        (post(text="A1 #EdChat"), True, "post"),
        (post(text="A1 #EdChats"), True, None),
        (post(text="A1 ＃ｅｄｃｈａｔ"), True, "post"),  # noqa: RUF001 - wide letters are meant
        (post(text="A1", tags=["EDCHAT"]), True, "post"),
        (post(text="A1", tags=["\uff25\uff24chat"]), True, "post"),
        (post(text="A1 there", facets=[marked("tag", tag="EdChat")]), True, "post"),
        (post(text="A1 there", facets=[marked("tag", tag="\uff25dChat")]), True, "post"),
        (post(text="@us please", facets=[marked("mention", did=ME)]), True, "post"),
        (post(text="@amy please", facets=[marked("mention", did=AMY)]), False, None),
        (post(text="A1", reply={"root": MINE, "parent": HERS}), True, "post"),
        (post(text="A1", reply={"root": HERS, "parent": MINE}), True, "post"),
        (post(text="A1", reply={"root": HERS, "parent": HERS}), False, None),
        (post(text="A1", embed={"$type": "app.bsky.embed.record", "record": MINE}), True, "post"),
        (post(ME, text="Q1 #EdChat"), False, None),
        (post(AMY, "delete"), True, "gone"),
        (post(BEN, "delete"), True, "gone"),
        (post("did:plc:cat", "delete"), False, None),
        (post(ME, "delete"), False, None),
        (post(AMY, "update", text="changed"), True, "post"),
        (post("did:plc:cat", "update", text="changed"), False, None),
        ({"did": AMY, "account": {"active": False, "status": "deleted"}}, True, "ended"),
        ({"did": AMY, "account": {"active": False}}, True, "ended"),
        ({"did": AMY, "account": {"active": False, "status": "throttled"}}, True, None),
        ({"did": AMY, "account": {"active": True}}, True, None),
        ({"did": "did:plc:cat", "account": {"active": False, "status": "deleted"}}, True, None),
        ({"did": AMY, "identity": {"handle": "amy.test"}}, False, None),
        (
            {
                "did": ME,
                "commit": {"operation": "create", "collection": "app.bsky.feed.threadgate", "rkey": "1", "record": {}},
            },
            True,
            "thread",
        ),
        (
            {"did": ME, "commit": {"operation": "delete", "collection": "app.bsky.feed.postgate", "rkey": "1"}},
            True,
            "thread",
        ),
        (
            {
                "did": AMY,
                "commit": {
                    "operation": "create",
                    "collection": "app.bsky.feed.like",
                    "rkey": "1",
                    "record": {"subject": MINE},
                },
            },
            False,
            None,
        ),
    ],
)
def test_what_is_looked_at_and_kept(protocol: Any, event: dict[str, Any], looked_at: bool, kept: str | None) -> None:
    sieve = Sieve(ME, FEW, {BEN: None}, protocol)
    frame = frame_of(protocol, event, 2, random.Random(1))
    assert sieve.may_concern(frame) == looked_at
    [told_event] = READERS[protocol](frame)
    concern = sieve.concern(told_event)
    assert (concern.kind if concern else None) == kept
    if concern is not None and kept == "thread":
        assert concern.id == f"at://{ME}/{POST}/1"
