"""Somebody has the archive, the names of who agreed, and the rules: five people must be possible for a pseudonym."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.research import NOT_TOLD, Participant, Row, Told, chats_class, give, length, pseudonym, shared

TERMS = ("2026-09-07", "2027-01-04", "2027-04-19")
KEY = bytes(range(32))


def row(term: int = 0, reply_to: str = "question", placed: str = "yes", links: str = "no", words: str = "11-50") -> Row:
    return Row(TERMS[term], reply_to, placed, links, words)


ONLY_A_TERM = Row(TERMS[0], NOT_TOLD, NOT_TOLD, NOT_TOLD, NOT_TOLD)


def said(names: str, *rows: Row, first_term: str = TERMS[0]) -> list[Participant]:
    """People, a letter each, who said the same."""
    return [Participant(name, first_term, 3, rows) for name in names]


def drawn(dice: random.Random) -> Row:
    reply_to = dice.choice(("question", "question", "host", "participant", "other"))
    return row(
        dice.randrange(3), reply_to, dice.choice(("yes", "no")), dice.choice(("yes", "no")), length(dice.randrange(80))
    )


def worlds(seed: int, count: int) -> Iterator[list[Participant]]:
    dice = random.Random(seed)
    for _ in range(count):
        people = []
        for number in range(dice.randint(5, 30)):
            rows = tuple(drawn(dice) for _ in range(dice.choice((1, 1, 2, 5, 12))))
            name = pseudonym(KEY, "edchat", "bluesky", f"did:plc:{number}")
            people.append(Participant(name, min(one.term for one in rows), dice.randint(1, 6), rows))
        yield people


def stands_for(told: Row, true: Row) -> bool:
    return all(one in (NOT_TOLD, other) for one, other in zip(told, true, strict=True))


def fits(told: Sequence[Row], true: Sequence[Row]) -> bool:
    """Whether each told row can be another one of these answers: a matching, by augmenting paths."""
    taken: dict[int, int] = {}

    def place(which: int, seen: set[int]) -> bool:
        for at, one in enumerate(true):
            if at not in seen and stands_for(told[which], one):
                seen.add(at)
                if at not in taken or place(taken[at], seen):
                    taken[at] = which
                    return True
        return False

    return all(place(which, set()) for which in range(len(told)))


def possible(told: Told, archive: Sequence[Participant]) -> set[str]:
    """Whom the archive lets this be."""
    return {
        one.pseudonym
        for one in archive
        if told.first_term in (NOT_TOLD, one.first_term)
        and told.chats in (NOT_TOLD, chats_class(one.chats))
        and fits(told.rows, one.rows)
    }


def fewest(archive: Sequence[Participant]) -> int:
    return min(len(possible(one, archive)) for one in give(archive))


def test_behind_every_pseudonym_five_people_are_possible_and_the_right_one_is_among_them() -> None:
    rows = 0
    for archive in worlds(3, 40):
        told = give(archive)
        assert sorted(one.pseudonym for one in told) == sorted(one.pseudonym for one in archive)
        for one in told:
            found = possible(one, archive)
            assert len(found) >= 5
            assert one.pseudonym in found
            rows += len(one.rows)
    assert rows > 500  # there is something to attack


def test_nothing_but_the_pseudonym_tells_five_people_apart() -> None:
    for archive in worlds(5, 40):
        alike = Counter((one.first_term, one.chats, one.rows) for one in give(archive))
        assert min(alike.values()) >= 5


@pytest.mark.parametrize("weaker", ["everybody alone", "small cells stay"])
def test_the_attack_finds_who_it_is_where_the_rule_is_weaker(monkeypatch: pytest.MonkeyPatch, weaker: str) -> None:
    archive = next(worlds(3, 1))
    assert fewest(archive) >= 5
    if weaker == "everybody alone":
        monkeypatch.setattr("bot.domain.research.FEWEST", 1)
    else:
        monkeypatch.setattr("bot.domain.research._split", lambda cells: (cells, {}))
    assert fewest(archive) < 5


def test_of_fewer_than_five_nothing_is_told() -> None:
    alike = [Participant(str(number), TERMS[0], 1, (row(),)) for number in range(5)]
    assert give(alike[:4]) == ()
    assert [one.rows for one in give(alike)] == [(row(),)] * 5


def test_who_is_alone_in_a_class_is_told_with_others_and_not_left_out() -> None:
    crowd = [Participant(f"{number:02}", TERMS[0], 3, (row(),)) for number in range(6)]
    late = Participant("zz", TERMS[2], 1, (row(2),))
    told = give([*crowd, late])
    assert {(one.first_term, one.chats, one.rows) for one in told} == {(NOT_TOLD, NOT_TOLD, ())}
    assert len(told) == 7


def test_five_of_a_class_are_told_as_what_they_are() -> None:
    told = give([*said("acegi", row()), *said("bdfhj", row(1), first_term=TERMS[1])])
    assert Counter((one.first_term, one.chats) for one in told) == {(TERMS[0], "2-4"): 5, (TERMS[1], "2-4"): 5}


def test_who_is_too_few_is_told_with_the_smallest_class_and_the_others_stay_exact() -> None:
    many, five = said("acegikm", row()), said("bdfhj", row(1), first_term=TERMS[1])
    told = give([*many, *five, *said("l", row(2), first_term=TERMS[2])])
    assert Counter(one.first_term for one in told) == {TERMS[0]: 7, NOT_TOLD: 6}


@pytest.mark.parametrize("quiet", ["bdfhj", "bdfhjl"])
def test_who_said_much_is_grouped_with_who_said_as_much(quiet: str) -> None:
    told = give([*said("acegi", row(), row(), row()), *said(quiet, row())])
    assert {one.pseudonym: len(one.rows) for one in told} == dict.fromkeys("acegi", 3) | dict.fromkeys(quiet, 1)


def test_who_spoke_in_the_same_terms_is_grouped_together() -> None:
    told = give([*said("acegi", row(), row(1), row(1)), *said("bdfhj", row(), row(2), row(2))])
    assert {one.pseudonym: one.rows for one in told} == {
        **dict.fromkeys("acegi", (row(), row(1), row(1))),
        **dict.fromkeys("bdfhj", (row(), row(2), row(2))),
    }


@pytest.mark.parametrize(
    ("of_all", "found"),
    [
        ([[row(), row()], [row()]], [row()]),
        ([[row()], [row(words="51+")]], [row(words="")]),
        ([[row(links="yes")], [row(words="51+")]], [row(words="", links="")]),
        ([[row(reply_to="host")], [row()]], [ONLY_A_TERM]),
        ([[row(0)], [row(1)]], []),
        ([[row(), row(words="51+")], [row(), row(words="1-10")]], [row(words=""), row()]),
        ([[row(words="1-10"), row(words="51+")], [row(), row()]], [row(words="")] * 2),
        ([[row(words="1-10"), row(words="51+")], [row(), row(reply_to="host")]], [row(words=""), ONLY_A_TERM]),
    ],
)
def test_a_group_is_told_what_all_of_it_have(of_all: list[list[Row]], found: list[Row]) -> None:
    assert shared(of_all) == tuple(sorted(found))
    assert shared(of_all[::-1]) == tuple(sorted(found))


ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 1),
        st.sampled_from(["question", "host"]),
        st.sampled_from(["yes", "no"]),
        st.just("no"),
        st.sampled_from(["1-10", "51+"]),
    ),
    max_size=8,
)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_rows_are_true_of_everybody_and_as_many_as_can_be(of_all: list[list[Row]]) -> None:
    found = shared(of_all)
    assert all(fits(found, rows) for rows in of_all)
    for term in TERMS:
        assert sum(one.term == term for one in found) == min(sum(one.term == term for one in rows) for rows in of_all)


def test_a_pseudonym_is_its_keys_its_series_and_its_accounts() -> None:
    one = pseudonym(KEY, "edchat", "bluesky", "did:plc:amy")
    assert one == pseudonym(KEY, "edchat", "bluesky", "did:plc:amy")
    others = {
        pseudonym(bytes(32), "edchat", "bluesky", "did:plc:amy"),
        pseudonym(KEY, "other", "bluesky", "did:plc:amy"),
        pseudonym(KEY, "edchat", "mastodon", "did:plc:amy"),
        pseudonym(KEY, "edchat", "bluesky", "did:plc:zoe"),
    }
    assert len({one, *others}) == 5
    assert len(one) == 20


def test_classes() -> None:
    assert [length(words) for words in (0, 10, 11, 50, 51, 900)] == ["1-10", "1-10", "11-50", "11-50", "51+", "51+"]
    assert [chats_class(count) for count in (1, 2, 4, 5, 90)] == ["1", "2-4", "2-4", "5+", "5+"]
