"""May a post be stored, shown, found: every signal against every ground, and the order of precedence."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.consent import Wish, decide, standing_wish
from bot.domain.posts import Account, Media, Post, PostRef, Signals
from bot.domain.richtext import RichText, detect
from bot.domain.schedule import Basis

NOON = datetime(2027, 1, 7, 12, tzinfo=UTC)
AUTHOR = Account("mastodon", "https://m.example/users/amy", "@amy@m.example", "Amy")
POST = Post(PostRef("mastodon", "m.example/1"), AUTHOR, RichText("Ten silent minutes."), NOON)
JOINED = (Wish("joined", "edchat", NOON),)
STOPPED = (Wish("stopped", "edchat", NOON),)


def post(text: str = "", **changes: Any) -> Post:
    signals = {name: changes.pop(name) for name in list(changes) if name in Signals.__struct_fields__}
    author = msgspec.structs.replace(AUTHOR, signals=Signals(**signals))
    return msgspec.structs.replace(POST, author=author, text=detect(text) if text else POST.text, **changes)


# fmt: off
TABLE = [
    # what the post or its author says          replies: in / out     joined  everyone   with JOIN
    ({},                                          ("in", "out",         "out",  "in",      "in")),
    ({"indexable": False},                        ("in", "out",         "out",  "in",      "in")),
    ({"discoverable": False},                     ("in", "out",         "out",  "in",      "in")),
    ({"indexable": None, "noindex": None},        ("in", "out",         "out",  "in",      "in")),
    ({"noindex": False},                          ("in", "out",         "out",  "in",      "in")),
    ({"bot": True},                               ("in", "out",         "out",  "in",      "in")),
    ({"visibility": "unlisted"},                  ("in", "out",         "out",  "in",      "in")),
    ({"noindex": True},                           ("out", "out",        "out",  "out",     "in")),
    ({"bio_tags": ("nobot",)},                    ("out", "out",        "out",  "out",     "in")),
    ({"bio_tags": ("noindex",)},                  ("out", "out",        "out",  "out",     "in")),
    ({"bio_tags": ("maths", "nosearch")},         ("out", "out",        "out",  "out",     "in")),
    ({"bio_tags": ("noarchive",)},                ("out", "out",        "out",  "out",     "out")),
    ({"text": "My answer #NoArchive"},            ("out", "out",        "out",  "out",     "out")),
    ({"visibility": "followers"},                 ("out", "out",        "out",  "out",     "out")),
    ({"visibility": "direct"},                    ("out", "out",        "out",  "out",     "out")),
    ({"labels_on_account": ("!no-unauthenticated",)}, ("out", "out",    "out",  "out",     "out")),
    ({"labels_on_account": ("!takedown",)},       ("out", "out",        "out",  "out",     "out")),
    ({"labels": ("!hide",)},                      ("out", "out",        "out",  "out",     "out")),
    ({"hidden": True},                            ("out", "out",        "out",  "out",     "out")),
    ({"blocks_us": True},                         ("out", "out",        "out",  "out",     "out")),
    ({"bridged": True},                           ("out", "out",        "out",  "out",     "out")),
    ({"original": "https://bsky.app/x"},          ("out", "out",        "out",  "out",     "out")),
]
# fmt: on


@pytest.mark.parametrize(("says", "expected"), TABLE, ids=[str(row[0]) for row in TABLE])
def test_every_signal_on_every_ground(says: dict[str, Any], expected: tuple[str, ...]) -> None:
    says = dict(says)
    labels = says.pop("labels_on_account", None)
    subject = post(**says)
    if labels:
        author = msgspec.structs.replace(subject.author, signals=Signals(labels=labels))
        subject = msgspec.structs.replace(subject, author=author)
    grounds: list[tuple[Basis, bool, Any]] = [
        ("replies", True, ()),
        ("replies", False, ()),
        ("joined", True, ()),
        ("everyone", False, ()),
        ("joined", False, JOINED),
    ]
    found = tuple(
        "in" if decide(subject, series="edchat", basis=basis, in_thread=inside, wishes=wishes).store else "out"
        for basis, inside, wishes in grounds
    )
    assert found == expected


@pytest.mark.parametrize("basis", get_args(Basis))
@pytest.mark.parametrize("in_thread", [True, False])
def test_who_left_is_out_on_every_ground(basis: Basis, in_thread: bool) -> None:
    verdict = decide(POST, series="edchat", basis=basis, in_thread=in_thread, wishes=STOPPED)
    assert (verdict.store, verdict.show, verdict.why) == (False, False, "stopped")


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ((), None),
        ((("joined", "edchat", 0),), "joined"),
        ((("joined", "edchat", 0), ("stopped", "edchat", 1)), "stopped"),
        ((("stopped", "edchat", 0), ("joined", "edchat", 1)), "joined"),
        ((("joined", "edchat", 1), ("stopped", "edchat", 0)), "joined"),
        ((("joined", "edchat", 1), ("stopped", "edchat", 1)), "stopped"),
        ((("joined", "edchat", 0), ("stopped", "", 1)), "stopped"),
        ((("stopped", "", 0), ("joined", "edchat", 1)), "joined"),
        ((("stopped", "other", 2), ("joined", "edchat", 1)), "joined"),
        ((("stopped", "other", 2),), None),
    ],
)
def test_the_later_of_leaving_and_joining_wins(wishes: Any, expected: str | None) -> None:
    made = [Wish(kind, series, NOON + timedelta(hours=hours)) for kind, series, hours in wishes]
    for order in itertools.permutations(made):
        assert standing_wish(order, "edchat") == expected


@pytest.mark.parametrize(
    ("says", "held"),
    [
        ({}, False),
        ({"media": (Media("image", "our wall"),)}, True),
        ({"labels": ("nudity",)}, True),
        ({"warning": "inspection"}, False),
    ],
)
def test_pictures_and_delicate_labels_are_held_until_a_person_releases_them(says: dict[str, Any], held: bool) -> None:
    verdict = decide(post(**says), series="edchat", basis="everyone", in_thread=True)
    assert verdict.store
    assert (verdict.hold, verdict.show) == (held, not held)


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ({}, True),
        ({"indexable": True, "discoverable": True}, True),
        ({"indexable": None, "discoverable": None}, True),
        ({"indexable": False}, False),
        ({"discoverable": False}, False),
    ],
)
def test_not_indexable_keeps_out_of_our_search_only(says: dict[str, Any], found: bool) -> None:
    verdict = decide(post(**says), series="edchat", basis="replies", in_thread=True)
    assert verdict.show
    assert verdict.search is found


signals = st.builds(
    Signals,
    bot=st.booleans(),
    indexable=st.none() | st.booleans(),
    discoverable=st.none() | st.booleans(),
    noindex=st.none() | st.booleans(),
    bio_tags=st.lists(st.sampled_from(["nobot", "noindex", "nosearch", "noarchive", "maths"])).map(tuple),
    labels=st.lists(st.sampled_from(["!hide", "!no-unauthenticated", "porn", "custom"])).map(tuple),
    bridged=st.booleans(),
    blocks_us=st.booleans(),
)


@given(
    signals,
    st.sampled_from(["public", "unlisted", "followers", "direct"]),
    st.sampled_from(get_args(Basis)),
    st.booleans(),
    st.sampled_from([(), JOINED, STOPPED, JOINED + STOPPED]),
)
def test_a_stronger_ground_never_keeps_less_and_nothing_private_is_kept(
    says: Signals, visibility: Any, basis: Basis, in_thread: bool, wishes: tuple[Wish, ...]
) -> None:
    author = msgspec.structs.replace(AUTHOR, signals=says)
    subject = msgspec.structs.replace(POST, author=author, visibility=visibility)
    verdict = decide(subject, series="edchat", basis=basis, in_thread=in_thread, wishes=wishes)
    whole = decide(subject, series="edchat", basis="everyone", in_thread=True, wishes=wishes)
    if verdict.store:
        assert whole.store
        assert visibility in ("public", "unlisted")
        assert not says.blocks_us
        assert "noarchive" not in says.bio_tags
    assert verdict.show <= verdict.store
