"""Somebody has every report, knows the rules, and computes: no figure that is not told may come down to one value."""

import csv
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import msgspec
import pytest
from unit.impact_world import LATER, Evening, crowd, weekly

from bot.domain import suppression
from bot.domain.choosing import Chosen
from bot.domain.chronicle import Chronicle
from bot.domain.impact import Figure, impact
from bot.domain.suppression import FEWEST, Cell, Why
from bot.rendering.impact import Account, table

Told = Mapping[Figure, Cell]
Possible = dict[tuple[int, str], set[int]]


def reports(*of_terms: Sequence[Evening]) -> list[Told]:
    return published(weekly(*of_terms))


def published(history: Chronicle) -> list[Told]:
    """What stands in the file that is given away, term by term; nothing else is read."""
    found: dict[str, dict[Figure, Cell]] = {}
    account = Account(history.chats[0].series, Chosen("edchat", impact(history, LATER)))
    for row in csv.DictReader(table([account]).decode().splitlines()):
        figure, why = cast("Figure", row["figure"]), cast("Why", row["not_told"])
        found.setdefault(row["first_day"], {})[figure] = Cell(int(row["value"]) if row["value"] else None, why)
    return list(found.values())


def attack(told: Sequence[Told]) -> Possible:
    """By term and figure, every value that some history has in which all told figures are as they were told.

    A history is, term by term, how many took part ever before, how many take part now, and how many of these are new.
    The search is exact: forward over all that can have been so far, then backward over what can have led to the end.
    """
    before: list[dict[int, set[tuple[int, int, int]]]] = []  # by people so far: (people, returners, people after)
    reachable, least = {0}, 0
    for place, cells in enumerate(told):
        steps = {so_far: set(_steps(cells, so_far, least, first=place == 0)) for so_far in reachable}
        before.append(steps)
        reachable = {after for found in steps.values() for *_, after in found}
        least = _least(cells, least, first=place == 0)
    found: Possible = {}
    alive = reachable
    for place in reversed(range(len(told))):
        kept = [(so_far, step) for so_far, steps in before[place].items() for step in steps if step[2] in alive]
        alive = {so_far for so_far, _ in kept}
        for _, (people, returners, _) in kept:
            found.setdefault((place, "people"), set()).add(people)
            found.setdefault((place, "returners"), set()).add(returners)
            found.setdefault((place, "first-timers"), set()).add(people - returners)
            for bluesky in _sides(told[place], people):
                found.setdefault((place, "people-bluesky"), set()).add(bluesky)
                found.setdefault((place, "people-mastodon"), set()).add(people - bluesky)
    return found


def _steps(cells: Told, so_far: int, least: int, *, first: bool) -> Iterator[tuple[int, int, int]]:
    told, back = cells["people"].value, cells["returners"].value
    for people in range(FEWEST) if told is None else (told,):
        for returners in range(min(people, so_far) + 1):
            new = people - returners
            if back is None:
                hidden = people < FEWEST or returners < FEWEST or new < FEWEST or returners > least
                fits = returners == 0 if first else hidden
            else:
                fits = returners == back
            if fits:
                yield people, returners, so_far + new


def _least(cells: Told, least: int, *, first: bool) -> int:
    """What the rule itself reckons with; it is no secret."""
    people, new = cells["people"].value, cells["first-timers"].value
    if people is None:
        return 0 if first else least
    return least + new if new is not None else max(least, people)


def _sides(cells: Told, people: int) -> Iterator[int]:
    bluesky = cells["people-bluesky"].value
    if bluesky is not None:
        yield bluesky
        return
    yield from (one for one in range(people + 1) if people < FEWEST or min(one, people - one) < FEWEST)


def pinned(told: Sequence[Told]) -> list[tuple[int, str]]:
    found = attack(told)
    return [
        (place, name)
        for (place, name), values in found.items()
        if told[place][name].why == "few" and len(values) < 2  # type: ignore[index]
    ]


def worlds(seed: int, count: int) -> Iterator[list[list[Evening]]]:
    dice = random.Random(seed)
    for _ in range(count):
        pool = [f"{dice.choice('bm')}{number}" for number in range(dice.randint(3, 24))]
        yield [
            [
                {who: dice.randint(1, 4) for who in dice.sample(pool, dice.randint(0, dice.randint(0, len(pool))))}
                for _ in range(dice.randint(1, 3))
            ]
            for _ in range(dice.randint(1, 5))
        ]


def test_no_figure_that_is_not_told_can_be_worked_out() -> None:
    hidden = 0
    for world in worlds(7, 400):
        told = reports(*world)
        assert pinned(told) == [], world
        hidden += sum(cell.why == "few" for cells in told for cell in cells.values())
    assert hidden > 1000


def test_the_truth_is_among_what_the_attacker_holds_possible() -> None:
    for world in worlds(11, 100):
        found = attack(reports(*world))
        ever: set[str] = set()
        for place, nights in enumerate(world):
            here = {who for night in nights for who in night}
            assert len(here) in found[place, "people"]
            assert len(here - ever) in found[place, "first-timers"]
            assert sum(who.startswith("m") for who in here) in found[place, "people-mastodon"]
            ever |= here


def without_complement(values: Sequence[int], people: Sequence[int], whole: Cell) -> tuple[Cell, ...]:
    del whole
    return tuple(suppression.about(value, count) for value, count in zip(values, people, strict=True))


def unaware(self: suppression.Known, people: Cell, returners: int, first_timers: int) -> tuple[Cell, Cell]:
    del self
    one, other = suppression.parts((returners, first_timers), (returners, first_timers), people)
    return one, other


@pytest.mark.parametrize(
    ("where", "weak"),
    [("bot.domain.impact.parts", without_complement), ("bot.domain.suppression.Known.split", unaware)],
    ids=["one part alone is held back", "a later crowd of returners is told"],
)
def test_the_attack_finds_what_a_weaker_rule_gives_away(
    monkeypatch: pytest.MonkeyPatch, where: str, weak: Callable[..., tuple[Cell, ...]]
) -> None:
    """Four people, then six others, then all ten again: the ten tell of the four."""
    world = [[crowd("b", 4)], [crowd("b", 6, 4)], [{**crowd("b", 17), **crowd("m", 1)}], [crowd("b", 20)]]
    world[2] = [{**crowd("b", 10), **crowd("b", 6, 20), "m1": 1}]
    assert pinned(reports(*world)) == []
    monkeypatch.setattr(where, weak)
    assert pinned(reports(*world)) != []


def talking(history: Chronicle, dice: random.Random) -> Chronicle:
    """The same, with two of three answers under another one of their chat."""
    by_chat: dict[str, list[str]] = {}
    for one in history.contributions:
        by_chat.setdefault(one.chat, []).append(one.key)
    said = [
        msgspec.structs.replace(one, parent=dice.choice(by_chat[one.chat]) if dice.random() < 0.67 else "")
        for one in history.contributions
    ]
    return msgspec.structs.replace(history, contributions=tuple(said))


def test_totals_give_no_part_away() -> None:
    """Whatever adds up to a figure that is told is told as a whole or not at all."""
    dice, split = random.Random(17), 0
    for world in worlds(13, 200):
        for cells in published(talking(weekly(*world), dice)):
            split += cells["depth-bluesky"].value is not None
            for whole, parts in (
                ("people", ("first-timers", "returners")),
                ("people", ("people-bluesky", "people-mastodon")),
                ("answers", ("answers-bluesky", "answers-mastodon")),
                ("depth", ("depth-bluesky", "depth-mastodon")),
            ):
                found = [cells[one].value for one in parts]  # type: ignore[index]
                assert len([one for one in found if one is None]) in {0, len(found)}
                if None not in found:
                    assert sum(found) == cells[whole].value  # type: ignore[index, arg-type]
    assert split > 5
