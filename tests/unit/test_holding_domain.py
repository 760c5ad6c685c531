"""What hosts say about a held digest adds up, and what becomes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.holding import (
    SAYINGS,
    Fate,
    HeldDigest,
    HostSaying,
    Saying,
    Wanted,
    chat_previewed,
    fate,
    preview_errands,
    speaks_at,
    wanted_by,
)

CHOSEN = datetime(2027, 1, 7, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
HELD = HeldDigest("edchat/2027-01-07", CHOSEN, CHOSEN + 2 * HOUR, ())


def saying(kind: Saying, hours: float = 0.5, answer: str = "", words: str = "") -> HostSaying:
    return HostSaying(CHOSEN + hours * HOUR, kind, "dan", answer=answer, words=words)


def test_nothing_said_is_nothing_wanted() -> None:
    assert wanted_by(()) == Wanted()


def test_the_latest_word_about_an_answer_counts_and_pins_keep_their_order() -> None:
    said = [
        saying("pinned", 0.1, "a"),
        saying("pinned", 0.2, "b"),
        saying("left out", 0.3, "c"),
        saying("pinned", 0.4, "d"),
        saying("left out", 0.5, "b"),
        saying("freed", 0.6, "c"),
        saying("pinned", 0.7, "a"),
    ]
    wanted = wanted_by(said[::-1])
    assert (wanted.pinned, wanted.left_out) == (("d", "a"), frozenset("b"))
    assert wanted.last == CHOSEN + 0.7 * HOUR


def test_the_latest_words_and_the_latest_verdict_count() -> None:
    said = [saying("edited", 0.1, words="One"), saying("stopped", 0.2), saying("edited", 0.3, words="Two")]
    assert wanted_by(said) == Wanted(intro="Two", stopped=True, last=said[-1].at)
    said += [saying("approved", 0.4), saying("edited", 0.5)]
    assert wanted_by(said) == Wanted(approved=True, last=said[-1].at)


FATES: list[tuple[str, bool, list[HostSaying], float, Fate]] = [
    ("it is held", False, [], 1.9, "wait"),
    ("and goes out", False, [], 2, "whole"),
    ("a pin does not hold it longer", False, [saying("pinned", 1.9, "a")], 2, "whole"),
    ("it is stopped for good", False, [saying("stopped")], 500, "stopped"),
    ("and let go", False, [saying("stopped"), saying("approved", 5)], 5, "whole"),
    ("approved early", False, [saying("approved", 0.1)], 0.2, "whole"),
    ("it wants approval", True, [], 23.9, "wait"),
    ("that never comes", True, [], 24, "without quotes"),
    ("that comes", True, [saying("approved", 20)], 20, "whole"),
    ("hosts are at work", True, [saying("pinned", 20, "a")], 43.9, "wait"),
    ("and then silent", True, [saying("pinned", 20, "a")], 44, "without quotes"),
    ("what was said before the choice is no silence broken", True, [saying("pinned", -3, "a")], 24, "without quotes"),
    ("stopped, though it wants approval", True, [saying("stopped")], 500, "stopped"),
]


@pytest.mark.parametrize(("why", "approve", "said", "hours", "found"), FATES, ids=[one[0] for one in FATES])
def test_what_becomes_of_it(why: str, approve: bool, said: list[HostSaying], hours: float, found: Fate) -> None:
    wanted = wanted_by(said)
    now = CHOSEN + hours * HOUR
    assert fate(HELD, wanted, now, approve=approve) == found, why
    if found in ("whole", "without quotes") and not wanted.approved:
        assert speaks_at(HELD, wanted, approve=approve) <= now


def test_a_long_hold_is_kept_even_where_approval_is_wanted() -> None:
    held = HeldDigest("c", CHOSEN, CHOSEN + 48 * HOUR, ())
    assert speaks_at(held, Wanted(), approve=True) == CHOSEN + 48 * HOUR


@pytest.mark.parametrize(
    ("errand", "previewed"),
    [
        (f"{preview_errands(HELD.chat)}0", HELD.chat),
        (f"{preview_errands(HELD.chat)}12", HELD.chat),
        (f"record:{HELD.chat}:1", ""),
        ("like:bluesky:at://x", ""),
        ("", ""),
    ],
)
def test_an_errand_says_of_which_chat_it_sends_the_digest(errand: str, previewed: str) -> None:
    assert chat_previewed(errand) == previewed


def test_kinds_fit_their_column() -> None:
    assert max(map(len, SAYINGS)) <= 10
