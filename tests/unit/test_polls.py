from datetime import timedelta

import msgspec
import pytest
from golden.sample import START, answer, counted
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.polls import Ballot, Tally, ballots, chosen, tally
from bot.domain.records import PollCount

OPTIONS = ("Ticks", "Levels", "Comments", "None of them")


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("B", 1),
        ("b", 1),
        ("a", 0),
        ("B.", 1),
        ("B!", 1),
        ("b)", 1),
        ("(b)", 1),
        ("(B) and nobody missed them", 1),
        ("B) and nobody missed them", 1),
        ("B: the pupils never looked", 1),
        ("B, without regret.", 1),
        ("B because nobody reads them", 1),
        ("B weil es keiner liest", 1),
        ("B parce que personne ne lit", 1),
        ("B porque nadie lee", 1),
        ("B achos does neb yn darllen", 1),
        ("A because they say nothing", 0),
        ("A for me", 0),
        ("B definitely", 1),
        ("C \N{EN DASH} every time", 2),
        ("C - every time", 2),
        ("D 😀", 3),
        ("D😀", 3),
        ("😀 D", 3),
        ("🅰️", 0),
        ("🅱️", 1),
        ("Ⓒ", 2),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER C}", 2),
        ("“B”", 1),
        ("B\n\nWe stopped two years ago.", 1),
        ("B #EdChat", 1),
        ("#EdChat B", 1),
        ("@edchat.example.org B", 1),
        ("@edchat@social.example.org B, sorry", 1),
        ("A2: B", 1),
        ("A2 B because I can", 1),
        ("A2. b", 1),
        ("#EdChat A2) C!", 2),
        ("Rép. 2 : C", 2),
        ("2. D", 3),
        ("B Levels", 1),
        ("D none of them, ever", 3),
        ("B, E", 1),  # no option has the letter behind it
        ("B https://example.org/why", 1),
    ],
)
def test_chosen(text: str, option: int) -> None:
    assert chosen(text, OPTIONS) == option


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "E",
        "E because",
    ],
)
def test_only_what_is_offered_can_be_chosen(text: str) -> None:
    assert chosen(text, ()) is None
    assert chosen(text, OPTIONS) == (0 if text == "A" else None)


@pytest.mark.parametrize(
    "text",
    [
        "A good question.",
        "a lot of ticks",
        "A for effort",
        "A definitely bad idea",
        "A car park",
        "A classroom without levels",
        "A-levels are worse",
        "A.I. marks ours",
        "A level results",
        "A*",
        "C grade work gets comments",
        "B Ed students see this",
        "C'est difficile",
        "D'accord",
        "d\N{RIGHT SINGLE QUOTATION MARK}abord les coches",
        "A mí me gusta",
        "B or C",
        "B and C",
        "B, C",
        "B & C, both",
        "B/C",
        "B + D",
        "b und c",
        "Be brave",
        "All of them",
        "Not B",
        "B? Really?",
        "B2",
        "A1",
        "B2: we dropped these",
        "A2: levels & ticks",
        "BBC has a piece on this",
        "\u0431",  # a Cyrillic letter
        "B Ticks",  # the letter of one, the words of another
    ],
)
def test_no_choice_is_made_up(text: str) -> None:
    assert chosen(text, OPTIONS) is None


def test_one_choice_for_each_person_the_last_one() -> None:
    answers = [
        answer("1", "y5", 1, "A", 2),
        answer("2", "hist", 2, "A2: B, because", 2),
        answer("3", "y5", 3, "No. C!", 2),
        answer("4", "y5", 4, "C! Now I am sure.", 2),
        answer("5", "y5", 5, "What a question", 2),
        answer("6", "unnamed", 6, "c", 2, called="nameless"),
    ]
    assert tally(answers, OPTIONS) == Tally((0, 1, 2, 0), 3)
    assert tally([], OPTIONS) == Tally((0, 0, 0, 0), 0)


@given(st.lists(st.tuples(st.sampled_from(["y5", "hist", "sci"]), st.sampled_from(["A", "B", "C", "hm"])), max_size=12))
def test_there_are_as_many_votes_as_people_who_chose(said: list[tuple[str, str]]) -> None:
    answers = [answer(str(number), who, number, text, 2) for number, (who, text) in enumerate(said)]
    counted = tally(answers, OPTIONS)
    assert sum(counted.votes) == counted.people == len({who for who, text in said if text != "hm"})


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert chosen(text, OPTIONS) in (None, *range(4))
    assert chosen(f"B\n{text}", OPTIONS) in (None, 1)


def test_a_choice_stands_at_the_start_or_nowhere() -> None:
    assert chosen("We looked and looked. " * 20_000 + "B", OPTIONS) is None
    assert chosen("# " * 20_000 + "B", OPTIONS) is None


WHEN = START + timedelta(minutes=61)
SAID = [answer("1", "y5", 1, "A", 2), answer("2", "hist", 2, "B", 2), answer("3", "dep", 3, "B", 2)]


def test_letters_count_only_where_the_networks_own_poll_was_not_counted() -> None:
    letters = Ballot("bluesky", "letter", (1, 1, 0, 0))
    assert ballots(SAID, OPTIONS, []) == (letters, Ballot("mastodon", "letter", (0, 1, 0, 0)))
    native = Ballot("mastodon", "poll", (0, 3, 0, 0), over=True, at=WHEN)
    assert ballots(SAID, OPTIONS, [counted(0, 3, 0, 0)]) == (letters, native)
    nobody = Ballot("mastodon", "poll", (0, 0, 0, 0), over=False, at=WHEN)
    assert ballots([], OPTIONS, [counted(0, 0, 0, 0, over=False)]) == (nobody,)
    assert ballots([answer("1", "y5", 1, "Hm", 2)], OPTIONS, []) == ()


def test_a_count_of_other_options_counts_for_nothing() -> None:
    asked_before = msgspec.structs.replace(counted(9, 9), count=PollCount(("Yes", "No"), (9, 9), over=True))
    assert ballots(SAID[:1], OPTIONS, [asked_before]) == (Ballot("bluesky", "letter", (1, 0, 0, 0)),)
    now = counted(0, 3, 0, 0)
    assert ballots([], OPTIONS, [asked_before, now]) == ballots([], OPTIONS, [now]) != ()


def test_two_accounts_on_one_network_are_added_up_and_over_when_both_are() -> None:
    later = WHEN + timedelta(minutes=1)
    (both,) = ballots([], OPTIONS, [counted(1, 0, 2, 0), counted(0, 4, 1, 0, over=False, at=later)])
    assert both == Ballot("mastodon", "poll", (1, 4, 3, 0), over=False, at=later)
    (both,) = ballots([], OPTIONS, [counted(1, 0, 2, 0), counted(0, 4, 1, 0)])
    assert both.over


@given(
    st.lists(st.tuples(st.sampled_from(["y5", "hist", "sci", "dep"]), st.sampled_from(["A", "D", "hm"])), max_size=8),
    st.lists(st.tuples(*[st.integers(0, 9)] * 4), max_size=3),
)
def test_no_vote_is_lost_or_counted_twice(said: list[tuple[str, str]], polls: list[tuple[int, ...]]) -> None:
    answers = [answer(str(number), who, number, text, 2) for number, (who, text) in enumerate(said)]
    found = ballots(answers, OPTIONS, [counted(*votes) for votes in polls])
    assert len({ballot.network for ballot in found}) == len(found)
    there = {who for who, text in said if text != "hm"} - ({"hist", "sci"} if polls else set())
    assert sum(sum(one.votes) for one in found) == len(there) + sum(map(sum, polls))
