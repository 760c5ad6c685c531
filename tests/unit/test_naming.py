"""How a person is called: as asked last, and never with more than was asked for."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.consent import Wish
from bot.domain.naming import MOST_INITIALS, as_called, initials, naming
from bot.domain.posts import Account, Media, Post, PostRef, Signals
from bot.domain.richtext import RichText

NOON = datetime(2027, 1, 7, 12, 34, 56, 789, tzinfo=UTC)
AMY = Account(
    "mastodon",
    "https://m.example/users/amyh",
    "@amyh@m.example",
    "Amy Hanes",
    "https://m.example/@amyh",
    Signals(bot=True),
)
POST = Post(
    PostRef("mastodon", "m.example/1", "cid", "https://m.example/@amyh/1"),
    AMY,
    RichText("Ten silent minutes."),
    NOON,
    parent="m.example/0",
    root="m.example/0",
    quote="m.example/9",
    languages=("en",),
    warning="marking",
    media=(Media("image", "our wall"),),
    edited_at=NOON + timedelta(minutes=3),
    uri="https://m.example/users/amyh/statuses/1",
    original="https://bsky.app/profile/amyh.example.org/post/1",
)
TELLING = ("amyh", "Amy", "Hanes", "https://m.example/@amyh", "users/amyh")


@pytest.mark.parametrize(
    ("wishes", "how"),
    [
        ((), "named"),
        ((("initials", 0),), "initials"),
        ((("nameless", 0),), "nameless"),
        ((("nameless", 0), ("named", 1)), "named"),
        ((("named", 0), ("initials", 1)), "initials"),
        ((("nameless", 0), ("initials", 1)), "initials"),
        ((("initials", 0), ("nameless", 1)), "nameless"),
        ((("named", 0), ("initials", 0)), "initials"),
        ((("named", 0), ("initials", 0), ("nameless", 0)), "nameless"),
        ((("joined", 5), ("listed", 6), ("stopped", 7), ("paused", 8), ("unlisted", 9)), "named"),
        ((("initials", 0), ("joined", 5), ("listed", 6)), "initials"),
    ],
)
def test_the_last_wish_counts_and_of_two_at_once_the_shyer_one(wishes: Any, how: str) -> None:
    made = [Wish(kind, "", NOON + timedelta(hours=hours)) for kind, hours in wishes]
    for order in itertools.permutations(made):
        assert naming(order) == how
        assert naming(iter(order)) == how


def test_by_name_a_post_is_shown_as_it_is() -> None:
    assert as_called(POST, "named", "a1") is POST


def test_initials_keep_the_link_and_nothing_else_that_names() -> None:
    shown = as_called(POST, "initials", "a1")
    author = Account("mastodon", "a1", "", "A.H.", signals=AMY.signals)
    assert shown == msgspec.structs.replace(POST, author=author)


def test_nameless_keeps_words_and_hour_and_nothing_that_leads_to_the_person() -> None:
    shown = as_called(POST, "nameless", "a1")
    assert shown.author == Account("mastodon", "a1", "", "", signals=AMY.signals)
    assert (shown.ref.id, shown.ref.url, shown.ref.cid) == ("a1", "", "")
    assert (shown.uri, shown.original, shown.edited_at) == ("", "", None)
    assert shown.at == datetime(2027, 1, 7, 12, tzinfo=UTC)
    assert (shown.text, shown.languages, shown.warning, shown.media) == (
        POST.text,
        POST.languages,
        POST.warning,
        POST.media,
    )
    written = msgspec.json.encode(shown).decode()
    assert not [each for each in TELLING if each in written]
    assert "m.example/1" not in written


def test_one_persons_answers_can_be_told_to_be_one_persons() -> None:
    other = msgspec.structs.replace(POST, ref=PostRef("mastodon", "m.example/2"))
    for how in ("initials", "nameless"):
        shown = [as_called(each, how, "a1") for each in (POST, other)]  # type: ignore[arg-type]
        assert shown[0].author == shown[1].author
        assert as_called(POST, how, "a2").author != shown[0].author  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Amy Hanes", "A.H."),
        ("amy hanes", "A.H."),
        ("  Amy   Hanes ", "A.H."),
        ("Amy", "A."),
        ("Mary-Jane O'Neill Smith", "M.J.O."),
        ("J.R.R. Tolkien", "J.R.R."),
        ("Ms Hanes 🎓", "M.H."),
        ("🎓 Ms Hanes", "M.H."),
        ("Amy (she/her)", "A."),
        ("@amyh@m.example", "A.E."),
        ("amyh.bsky.social", "A.B.S."),
        ("élodie Ünal", "É.Ü."),
        ("E\u0301lodie", "E\u0301."),
        ("straße", "S."),
        ("ßeta", "SS."),
        ("李 小龙", "李.小."),
        ("محمد علي", "م.ع."),
        ("नमिता", "न."),
        ("7up 42", ""),
        ("🎓", ""),
        ("", ""),
        ("...", ""),
        ("A B C D E", "A.B.C."),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(st.text(max_size=80))
def test_initials_are_few_and_never_a_word(name: str) -> None:
    found = initials(name)
    letters = [one for one in found.split(".") if one]
    assert len(letters) <= MOST_INITIALS
    assert found == "".join(f"{one}." for one in letters)
    words = {word.upper() for word in name.split() if len(word) > 3 and word.isascii()}
    assert words.isdisjoint(letters)
