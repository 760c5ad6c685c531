"""Who is meant by what a moderator types, and what holds of all that somebody asked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.consent import Wish, WishKind
from bot.domain.people import Called, called, pasted, standing, together, wants_listing, wants_research
from bot.domain.posts import NetworkName, handle_id
from bot.domain.richtext import detect

AT = datetime(2027, 1, 7, 20, tzinfo=UTC)


def wish(kind: WishKind, minute: int = 0, series: str = "") -> Wish:
    return Wish(kind, series, AT + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("name", "network", "meant"),
    [
        ("y5leeds.bsky.social", None, Called("bluesky", "y5leeds.bsky.social")),
        (" @Y5Leeds.bsky.social ", None, Called("bluesky", "Y5Leeds.bsky.social")),
        ("@hanes@tŵt.example", None, Called("mastodon", "@hanes@tŵt.example")),
        ("hanes@social.example.org", None, Called("mastodon", "@hanes@social.example.org")),
        ("@hanes@localhost:3000", "mastodon", Called("mastodon", "@hanes@localhost:3000")),
        ("did:plc:abc", None, Called("bluesky", "did:plc:abc", "did:plc:abc")),
        ("https://bsky.app/profile/y5.example.org", None, Called("bluesky", "y5.example.org")),
        ("https://bsky.app/profile/did:plc:abc", None, Called("bluesky", "did:plc:abc", "did:plc:abc")),
        ("https://x.example/@amy", None, Called("mastodon", "@amy@x.example", "https://x.example/@amy")),
        ("http://x.example/@amy", None, Called("mastodon", "@amy@x.example", "http://x.example/@amy")),
        ("//[0", None, None),
        ("https://[x/@amy", None, None),
        ("https://x.example/users/amy/", None, Called("mastodon", "@amy@x.example", "https://x.example/users/amy")),
        ("quux", "bluesky", Called("bluesky", "quux")),
        ("quux", None, None),
        ("", "bluesky", None),
        ("@", "mastodon", None),
        ("two words", "mastodon", None),
        ("y5leeds.bsky.social", "mastodon", None),
        ("@hanes@social.example.org", "bluesky", None),
        ("https://x.example/about", None, None),
        ("ftp://x.example/@amy", None, None),
    ],
)
def test_whom_a_name_means(name: str, network: NetworkName | None, meant: Called | None) -> None:
    assert called(name, network) == meant


def test_a_name_from_a_message_of_ours_can_be_pasted() -> None:
    assert pasted(f" {detect('hanes@social.example.org').text}\n") == "hanes@social.example.org"


def test_what_a_wish_may_be_remembered_by() -> None:
    assert Called("bluesky", "Amy.example.org").ids == (handle_id("amy.example.org"),)
    assert Called("bluesky", "@Amy.example.org").ids == (handle_id("amy.example.org"),)
    assert Called("bluesky", "did:plc:abc", "did:plc:abc").ids == ("did:plc:abc",)
    assert Called("mastodon", "@amy@x.example", "https://x.example/@amy").ids == (
        "https://x.example/@amy",
        handle_id("@amy@x.example"),
    )


@given(st.text(max_size=40), st.sampled_from([None, "bluesky", "mastodon"]))
def test_whatever_is_typed_is_somebody_or_nobody(name: str, network: NetworkName | None) -> None:
    meant = called(name, network)
    if meant is not None:
        assert meant.handle
        assert meant.ids
        assert network in (None, meant.network)


@pytest.mark.parametrize(
    ("wishes", "wanted"),
    [
        ([], False),
        ([wish("listed")], True),
        ([wish("listed"), wish("unlisted", 1)], False),
        ([wish("unlisted"), wish("listed", 1)], True),
        ([wish("listed"), wish("unlisted")], False),
        ([wish("joined")], False),
    ],
)
def test_the_later_of_listing_and_unlisting_wins(wishes: list[Wish], wanted: bool) -> None:
    assert wants_listing(wishes) is wanted
    assert wants_listing(wishes[::-1]) is wanted


@pytest.mark.parametrize(
    ("wishes", "agrees"),
    [
        ([], False),
        ([wish("joined", series="edchat"), wish("record")], False),
        ([wish("research")], True),
        ([wish("research"), wish("noresearch", 1)], False),
        ([wish("noresearch"), wish("research", 1)], True),
        ([wish("research"), wish("noresearch")], False),
        ([wish("research"), wish("stopped", 1)], False),
        ([wish("research"), wish("stopped", 1, "edchat"), wish("joined", 2, "edchat")], False),
        ([wish("research"), wish("gone", 1)], False),
        ([wish("stopped"), wish("research", 1)], True),
    ],
)
def test_only_who_said_yes_last_agrees_to_research(wishes: list[Wish], agrees: bool) -> None:
    assert wants_research(wishes) is agrees
    assert wants_research(wishes[::-1]) is agrees


@pytest.mark.parametrize(
    ("wishes", "holds"),
    [
        ([], ()),
        ([wish("joined", series="edchat")], ("joined",)),
        ([wish("joined", series="over long ago")], ("joined",)),
        ([wish("joined", series="edchat"), wish("stopped", 1)], ("stopped",)),
        ([wish("stopped"), wish("joined", 1, "edchat")], ("joined", "stopped")),
        ([wish("paused", series="edchat"), wish("listed")], ("paused", "listed")),
        ([wish("nameless"), wish("initials", 1)], ("initials",)),
        ([wish("nameless"), wish("named", 1), wish("listed", 2)], ("listed",)),
        ([wish("research"), wish("listed")], ("listed", "research")),
    ],
)
def test_what_holds_now(wishes: list[Wish], holds: tuple[str, ...]) -> None:
    assert standing(wishes, ["edchat", "other"]) == holds


def test_the_same_moment_under_two_keys_is_one_person() -> None:
    one, two, three, four = (wish("stopped", minute) for minute in range(4))
    assert together([[one], [two], [one, three], [four], [three]]) == ((two,), (four,), (one, three))
    assert together([[one], [two], [one, two]]) == ((one, two),)


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=3), max_size=20))
def test_lists_that_share_a_wish_become_one_and_nothing_is_lost(drawn: list[list[int]]) -> None:
    asked = [[wish("stopped", minute) for minute in minutes] for minutes in drawn]
    found = together(asked)
    every = [one for group in found for one in group]
    assert sorted(every, key=str) == sorted({one for wishes in asked for one in wishes}, key=str)
    assert all(any(set(wishes) <= set(group) for group in found) for wishes in asked)
