"""May a post be stored, shown, found: every author as servers send them, against every wish, ground and decision."""

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.consent import Alarm, Ruling, Verdict, Wish, decide, standing_wish
from bot.domain.posts import Account, Post, PostRef, Signals
from bot.domain.richtext import RichText, detect
from bot.domain.series import Basis
from bot.networks.bluesky import views
from bot.networks.bluesky import wire as bluesky
from bot.networks.mastodon import convert as mastodon
from bot.networks.mastodon.convert import Place
from bot.networks.mastodon.wire import one_post

NOON = datetime(2027, 1, 7, 12, tzinfo=UTC)
READ = 7
"""Fingerprint of the words as they are now."""

# -- authors, as servers really send them ------------------------------------------------------------------------------

_MASTODON = {
    "id": "7",
    "username": "amy",
    "acct": "amy@m.example",
    "display_name": "Amy",
    "uri": "https://m.example/users/amy",
    "url": "https://m.example/@amy",
    "note": "<p>Year 5</p>",
    "fields": [],
    "locked": False,
    "bot": False,
}


def on_mastodon(**says: Any) -> Account:
    body = {"id": "1", "account": _MASTODON | says, "created_at": "2027-01-07T12:00:00Z", "visibility": "public"}
    place = Place("m.example", "m.example", NOON)
    blocks = says.get("blocked_by", False)
    return mastodon.post(one_post(json.dumps(body).encode(), place.host), place, blocks_us=blocks).author


def on_bluesky(*labels: str, bio: str = "", blocked_by: bool = False, handle: str = "amy.bsky.social") -> Account:
    says = {
        "did": "did:plc:amy",
        "handle": handle,
        "displayName": "Amy",
        "description": bio,
        "labels": [{"val": label, "src": "did:plc:labeler"} for label in labels],
        "viewer": {"blockedBy": blocked_by},
    }
    return bluesky.account(msgspec.json.decode(json.dumps(says), type=views.Profile))


class Author(NamedTuple):
    """Who wrote it, and what that means in the table of norms."""

    account: Account
    norm: str = ""  # what the norms make of it; empty: nothing against it
    search: bool = True


UNCHOSEN = {"indexable": False, "discoverable": False}
AUTHORS: dict[str, Author] = {
    "Mastodon, a new account": Author(on_mastodon(**UNCHOSEN, noindex=None), search=False),
    "Mastodon 4.2, remote": Author(on_mastodon(indexable=False, discoverable=None, noindex=None), search=False),
    "Mastodon, local, flag sent": Author(on_mastodon(**UNCHOSEN, noindex=False), search=False),
    "Mastodon, wants to be found": Author(on_mastodon(indexable=True, discoverable=True, noindex=False)),
    "Mastodon, found as a person only": Author(on_mastodon(indexable=False, discoverable=True), search=False),
    "Mastodon, not discoverable": Author(on_mastodon(indexable=True, discoverable=False), search=False),
    "Mastodon, opted out": Author(on_mastodon(**UNCHOSEN, noindex=True), "unwilling", search=False),
    "Mastodon, opted out, else open": Author(on_mastodon(indexable=True, discoverable=True, noindex=True), "unwilling"),
    "GoToSocial": Author(on_mastodon(indexable=None, discoverable=True, noindex=None)),
    "GoToSocial, all null": Author(on_mastodon(indexable=None, discoverable=None, noindex=None, note=None)),
    "a bot": Author(on_mastodon(bot=True)),
    "locked": Author(on_mastodon(locked=True)),
    "#nobot in the bio": Author(on_mastodon(note="<p>Maths #NoBot</p>"), "unwilling"),
    "#noindex in a field": Author(on_mastodon(fields=[{"name": "wish", "value": "#noindex"}]), "unwilling"),
    "#nosearch in the bio": Author(on_bluesky(bio="Teacher. #NoSearch"), "unwilling"),
    "#noarchive in the bio": Author(on_mastodon(note="<p>#NoArchive</p>"), "noarchive"),
    "both": Author(on_bluesky(bio="#noindex #noarchive"), "noarchive"),
    "limited there": Author(on_mastodon(limited=True), "hidden"),
    "suspended there": Author(on_mastodon(suspended=True), "hidden"),
    "blocks us": Author(on_mastodon(blocked_by=True), "blocks"),
    "a bridge's copy": Author(on_mastodon(acct="amy.bsky.social@bsky.brid.gy"), "bridged"),
    "Bluesky": Author(on_bluesky()),
    "Bluesky, a bot": Author(on_bluesky("bot")),
    "Bluesky, a label of somebody's": Author(on_bluesky("rude", "spam")),
    "Bluesky, members only": Author(on_bluesky("!no-unauthenticated"), "hidden"),
    "Bluesky, taken down": Author(on_bluesky("!takedown"), "hidden"),
    "Bluesky, blocks us": Author(on_bluesky(blocked_by=True), "blocks"),
    "Bluesky, a bridge's copy": Author(on_bluesky(handle="amy.m.example.ap.brid.gy"), "bridged"),
}

POSTS: dict[str, tuple[str, dict[str, Any]]] = {
    "public": ("", {}),
    "unlisted": ("", {"visibility": "unlisted"}),
    "for followers": ("private", {"visibility": "followers"}),
    "direct": ("private", {"visibility": "direct"}),
    "#NoArchive": ("noarchive", {"text": detect("My answer #NoArchive")}),
    "hidden by a gate": ("hidden", {"hidden": True}),
    "labelled !hide": ("hidden", {"labels": ("!hide",)}),
    "delicate": ("", {"labels": ("nudity",)}),
    "a copy": ("bridged", {"original": "https://bsky.app/profile/amy/post/1"}),
}

WISHES: dict[str, str] = {
    # what was said, in order of time → what holds. j, s, p: joined, stopped, paused in this series; S: stopped in all
    "": "",
    "j": "joined",
    "S": "left",
    "p": "asked",
    "js": "left",
    "sj": "joined",
    "jS": "left",
    "jp": "joined, asked",
    "pj": "joined",
    "sp": "left",
    "sjp": "joined, asked",
    "jps": "left",
}
_SAID: dict[str, tuple[Any, str]] = {
    "j": ("joined", "edchat"),
    "s": ("stopped", "edchat"),
    "S": ("stopped", ""),
    "p": ("paused", "edchat"),
}
ELSEWHERE = (Wish("joined", "other", NOON + timedelta(days=9)), Wish("stopped", "another", NOON + timedelta(days=9)))

RULINGS: dict[str, Ruling | None] = {
    "": None,
    "released": Ruling("released", READ, NOON),
    "released, then edited": Ruling("released", READ + 1, NOON),
    "dropped": Ruling("dropped", READ, NOON),
    "hidden": Ruling("hidden", READ, NOON),
    "removed": Ruling("removed", 0, NOON),
}
ALARMS: tuple[tuple[Alarm, ...], ...] = ((), ("photo",), ("pupil", "harm", "pupil"))


@cache
def said(history: str) -> tuple[Wish, ...]:
    return tuple(Wish(*_SAID[one], NOON + timedelta(hours=hour)) for hour, one in enumerate(history))


# -- the oracle: the promises in their order -------------------------------------------------------------------------


class Case(NamedTuple):
    author: str
    post: str
    history: str
    basis: Basis
    in_thread: bool
    ruled: str
    alarms: tuple[Alarm, ...]


NEVER = (
    # (where it comes from, why we say so), highest first
    ("private", "not-public"),
    ("ruled removed", "removed"),
    ("ruled dropped", "dropped"),
    ("left", "stopped"),
    ("noarchive", "noarchive"),
    ("hidden", "hidden-there"),
    ("blocks", "blocks-us"),
    ("bridged", "bridge-copy"),
)
GROUNDS = {
    # basis, in the thread of our question → may it stand, and why
    ("replies", True): (True, "in-our-thread"),
    ("replies", False): (False, "outside-our-threads"),
    ("joined", True): (False, "not-joined"),
    ("joined", False): (False, "not-joined"),
    ("everyone", True): (True, "everyone"),
    ("everyone", False): (True, "everyone"),
}


def promised(case: Case) -> Verdict:
    """What we promise, looked up in lists."""
    author, wish = AUTHORS[case.author], WISHES[case.history]
    marks = {POSTS[case.post][0], author.norm, f"ruled {case.ruled}", wish}
    for mark, why in NEVER:
        if mark in marks:
            return Verdict(store=False, search=False, why=why)  # type: ignore[arg-type]
    if wish.startswith("joined"):
        stands, reason = True, "joined"
    elif author.norm == "unwilling":
        stands, reason = False, "noindex"
    else:
        stands, reason = GROUNDS[case.basis, case.in_thread]
    if not stands:
        return Verdict(store=False, search=False, why=reason)  # type: ignore[arg-type]
    held: list[Any] = [] if case.ruled == "released" else list(dict.fromkeys(case.alarms))
    held += ["asked"] if wish.endswith("asked") else []
    held += ["hidden"] if case.ruled == "hidden" else []
    search = author.search and author.norm != "unwilling"
    return Verdict(True, search, reason, tuple(held), joined=wish == "joined")  # type: ignore[arg-type]


def decided(case: Case) -> Verdict:
    return decide(
        of(case.author, case.post),
        series="edchat",
        basis=case.basis,
        in_thread=case.in_thread,
        wishes=(*ELSEWHERE, *said(case.history)),
        ruling=RULINGS[case.ruled],
        words=READ,
        alarms=case.alarms,
    )


@cache
def of(author: str, kind: str) -> Post:
    account = AUTHORS[author].account
    base = Post(PostRef(account.network, "m.example/1"), account, RichText("Ten silent minutes."), NOON)
    return msgspec.structs.replace(base, **POSTS[kind][1])


def cases(author: str) -> Iterable[Case]:
    rest = itertools.product(POSTS, WISHES, get_args(Basis), (True, False), RULINGS, ALARMS)
    return (Case(author, *one) for one in rest)


@pytest.mark.parametrize("author", AUTHORS)
def test_every_case_is_decided_as_promised(author: str) -> None:
    wrong = next((case for case in cases(author) if decided(case) != promised(case)), None)
    assert wrong is None or (wrong, decided(wrong)) == (wrong, promised(wrong))


def test_the_table_has_every_kind_of_verdict() -> None:
    """So that no rule is tested by nothing."""
    some = (case for author in AUTHORS for case in cases(author) if not case.alarms and case.history in ("", "j", "S"))
    reasons = {promised(case).why for case in some}
    assert reasons == {*(why for _, why in NEVER), *(why for _, why in GROUNDS.values()), "joined", "noindex"}


def test_show_and_hold_follow_from_the_rest() -> None:
    for case in itertools.islice(cases("Bluesky"), 0, None, 7):
        verdict = decided(case)
        assert verdict.hold == bool(verdict.held)
        assert verdict.show == (verdict.store and not verdict.held)


# -- which wish holds ------------------------------------------------------------------------------------------------

EVENTS = st.lists(
    st.builds(
        Wish,
        st.sampled_from(["joined", "stopped", "paused", "initials", "nameless", "named", "listed", "unlisted"]),
        st.sampled_from(["", "edchat", "other"]),
        st.integers(0, 6).map(lambda hours: NOON + timedelta(hours=hours)),
    ),
    max_size=7,
)


@pytest.mark.parametrize(
    ("wishes", "holds"),
    [
        ((), None),
        ((("joined", "edchat", 0),), "joined"),
        ((("joined", "edchat", 0), ("stopped", "edchat", 1)), "stopped"),
        ((("stopped", "edchat", 0), ("joined", "edchat", 1)), "joined"),
        ((("joined", "edchat", 1), ("stopped", "edchat", 1)), "stopped"),
        ((("joined", "edchat", 1), ("paused", "edchat", 1)), "paused"),
        ((("stopped", "edchat", 1), ("paused", "edchat", 1)), "stopped"),
        ((("joined", "edchat", 0), ("stopped", "", 1)), "stopped"),
        ((("stopped", "", 0), ("joined", "edchat", 1)), "joined"),
        ((("stopped", "", 0), ("joined", "other", 1)), "stopped"),
        ((("stopped", "other", 2), ("joined", "edchat", 1)), "joined"),
        ((("stopped", "other", 2),), None),
        ((("paused", "edchat", 2),), "paused"),
        ((("paused", "other", 2),), None),
        ((("stopped", "", 0), ("paused", "edchat", 1)), "stopped"),
        ((("paused", "edchat", 0), ("joined", "", 1)), "joined"),
        ((("stopped", "", 0), ("joined", "", 2), ("paused", "edchat", 1)), "joined"),
        ((("nameless", "", 3), ("unlisted", "", 3)), None),
    ],
)
def test_the_later_of_leaving_and_joining_holds(wishes: Any, holds: str | None) -> None:
    made = [Wish(kind, series, NOON + timedelta(hours=hours)) for kind, series, hours in wishes]
    for order in itertools.permutations(made):
        assert standing_wish(order, "edchat") == holds


@given(EVENTS, st.randoms())
def test_the_order_of_telling_makes_no_difference(wishes: list[Wish], rng: Any) -> None:
    shuffled = [*wishes, *wishes]
    rng.shuffle(shuffled)
    assert standing_wish(wishes, "edchat") == standing_wish(shuffled, "edchat")


@given(EVENTS, st.sampled_from(["", "edchat"]))
def test_who_leaves_last_has_left_and_who_joins_last_has_joined(wishes: list[Wish], reach: str) -> None:
    after = NOON + timedelta(days=1)
    assert standing_wish([*wishes, Wish("stopped", reach, after)], "edchat") == "stopped"
    assert standing_wish([*wishes, Wish("joined", reach, after)], "edchat") == "joined"


@given(EVENTS, st.sampled_from(["", "edchat"]))
def test_a_pause_keeps_out_who_left_and_nobody_else(wishes: list[Wish], reach: str) -> None:
    before = standing_wish(wishes, "edchat")
    paused = standing_wish([*wishes, Wish("paused", reach, NOON + timedelta(days=1))], "edchat")
    assert paused == ("stopped" if before == "stopped" else "paused")


@given(EVENTS)
def test_wishes_for_other_series_are_not_heard(wishes: list[Wish]) -> None:
    mine = [wish for wish in wishes if wish.series != "other"]
    assert standing_wish(wishes, "edchat") == standing_wish(mine, "edchat")


# -- what holds of every verdict -------------------------------------------------------------------------------------

SIGNALS = st.builds(
    Signals,
    bot=st.booleans(),
    indexable=st.none() | st.booleans(),
    discoverable=st.none() | st.booleans(),
    noindex=st.none() | st.booleans(),
    bio_tags=st.lists(st.sampled_from(["nobot", "noindex", "nosearch", "noarchive", "maths"]), max_size=2).map(tuple),
    labels=st.lists(st.sampled_from(["!hide", "!no-unauthenticated", "porn", "custom"]), max_size=2).map(tuple),
    bridged=st.booleans(),
    blocks_us=st.booleans(),
)
GIVEN = st.fixed_dictionaries(
    {
        "basis": st.sampled_from(get_args(Basis)),
        "in_thread": st.booleans(),
        "wishes": EVENTS,
        "ruling": st.sampled_from(list(RULINGS.values())),
        "words": st.just(READ),
        "alarms": st.sampled_from(ALARMS),
    }
)
VISIBILITY = st.sampled_from(["public", "unlisted", "followers", "direct"])
QUIETER: list[dict[str, Any]] = [
    {"indexable": False},
    {"discoverable": False},
    {"noindex": True},
    {"bio_tags": ("nobot",)},
    {"bio_tags": ("noindex",)},
    {"bio_tags": ("nosearch",)},
    {"bio_tags": ("noarchive",)},
    {"labels": ("!hide",)},
    {"labels": ("!no-unauthenticated",)},
    {"bridged": True},
    {"blocks_us": True},
]


def post(signals: Signals, **changes: Any) -> Post:
    author = msgspec.structs.replace(AUTHORS["Bluesky"].account, signals=signals)
    base = Post(PostRef("bluesky", "at://x/1"), author, RichText("Ten silent minutes."), NOON)
    return msgspec.structs.replace(base, **changes)


@given(SIGNALS, VISIBILITY, GIVEN, st.sampled_from(QUIETER))
def test_a_signal_more_never_lets_in_or_finds_or_shows_more(
    signals: Signals, visibility: Any, given: dict[str, Any], more: dict[str, Any]
) -> None:
    added = {
        name: getattr(signals, name) + value if isinstance(value, tuple) else value for name, value in more.items()
    }
    before = decide(post(signals, visibility=visibility), series="edchat", **given)
    quieter = msgspec.structs.replace(signals, **added)
    after = decide(post(quieter, visibility=visibility), series="edchat", **given)
    assert after.store <= before.store
    assert after.show <= before.show
    assert after.search <= before.search
    assert after.joined <= before.joined


@given(SIGNALS, VISIBILITY, GIVEN)
def test_what_is_stored_is_public_and_nobodys_who_is_against_it(
    signals: Signals, visibility: Any, given: dict[str, Any]
) -> None:
    verdict = decide(post(signals, visibility=visibility), series="edchat", **given)
    if verdict.store:
        assert visibility in ("public", "unlisted")
        assert not signals.blocks_us
        assert "noarchive" not in signals.bio_tags
        assert standing_wish(given["wishes"], "edchat") != "stopped"
    assert verdict.show <= verdict.store
    assert verdict.search <= verdict.store
    assert verdict.joined <= (standing_wish(given["wishes"], "edchat") == "joined")


@given(SIGNALS, GIVEN, st.sampled_from(["#noarchive", "#NoArchive", "#NOARCHIVE", "\uff03noarchive"]))
def test_noarchive_in_a_post_is_never_stored(signals: Signals, given: dict[str, Any], tag: str) -> None:
    assert not decide(post(signals, text=detect(f"So be it {tag}.")), series="edchat", **given).store


@given(SIGNALS, GIVEN, st.sampled_from(["", "edchat"]))
def test_leaving_wins_if_it_is_later(signals: Signals, given: dict[str, Any], reach: str) -> None:
    given["wishes"] = [*given["wishes"], Wish("stopped", reach, NOON + timedelta(days=1))]
    assert not decide(post(signals), series="edchat", **given).store


@given(SIGNALS, GIVEN)
def test_a_pause_shows_nothing_and_forgets_nothing(signals: Signals, given: dict[str, Any]) -> None:
    before = decide(post(signals), series="edchat", **given)
    given["wishes"] = [*given["wishes"], Wish("paused", "edchat", NOON + timedelta(days=1))]
    after = decide(post(signals), series="edchat", **given)
    assert (after.store, after.show) == (before.store, False)
    assert after.why == before.why


@given(SIGNALS, GIVEN)
def test_a_stronger_ground_never_keeps_less(signals: Signals, given: dict[str, Any]) -> None:
    weaker = decide(post(signals), series="edchat", **given)
    stronger = decide(post(signals), series="edchat", **{**given, "basis": "everyone", "in_thread": True})
    assert weaker.store <= stronger.store


@given(SIGNALS, GIVEN)
def test_wishes_may_be_given_once_only(signals: Signals, given: dict[str, Any]) -> None:
    """An iterator is read once: a verdict may not depend on how often the function looks."""
    once = {**given, "wishes": iter(given["wishes"]), "alarms": iter(given["alarms"])}
    assert decide(post(signals), series="edchat", **once) == decide(post(signals), series="edchat", **given)
