"""What a series' chats came to in each term: figures in which nobody can be found.

A function of what is shown and of now. Neither codes nor keys leave it. Figures are of whole terms, or of whole school
years where a series names no terms, and only of those that are over: of two stretches that overlap, the difference
would be a figure of a smaller group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.followups import told_until
from bot.domain.posts import NetworkName
from bot.domain.pulsevotes import PulseVotes, add_up
from bot.domain.schoolyears import Stretch, stretch
from bot.domain.suppression import FEWEST, Cell, Known, about, parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date, datetime

    from bot.domain.chronicle import Chronicle, Contribution
    from bot.domain.records import StoredChat

Figure = Literal[
    "chats",
    "cancelled",
    "questions",
    "silence",
    "people",
    "first-timers",
    "returners",
    "answers",
    "depth",
    "voice",
    "reflections",
    "tries",
    "followed-up",
    "outcomes",
    "people-bluesky",
    "people-mastodon",
    "answers-bluesky",
    "answers-mastodon",
    "depth-bluesky",
    "depth-mastodon",
]
"""What is told of a term, in the order in which it is told."""

_TENTHS = 10
_SIDES: tuple[NetworkName, NetworkName] = ("bluesky", "mastodon")


class Term(msgspec.Struct, frozen=True):
    """The figures of one stretch.

    Attributes:
        stretch: the term, or the school year.
        planned: how many chats stand in the plan, whatever became of them.
        cells: what is told; where no chat was held, only how many were held and cancelled.
        pulse: what people voted at the chats' ends; ``None`` where nobody was asked.
    """

    stretch: Stretch
    planned: int
    cells: Mapping[Figure, Cell]
    pulse: PulseVotes | None = None


class Impact(msgspec.Struct, frozen=True):
    """The figures of a series.

    Attributes:
        terms: those that are over, in order of time.
        open: those that are not over yet.
    """

    terms: tuple[Term, ...]
    open: tuple[Stretch, ...]


def impact(chronicle: Chronicle, now: datetime) -> Impact:
    """Count.

    Args:
        chronicle: one series, from its first chat on.
        now: UTC; a stretch is over when its last day is, and nothing more is gathered of its chats.
    """
    everything = _Everything(chronicle)
    begun = everything.begun
    found: dict[Stretch, list[StoredChat]] = {}
    for stored in chronicle.chats:
        found.setdefault(stretch(stored.chat.date, stored.series.terms), []).append(stored)
    over = sorted((one for one, chats in found.items() if is_over(one, chats, now)), key=lambda one: begun(found[one]))
    known = Known()
    terms = tuple(
        Term(one, len(found[one]), everything.cells(found[one], known, now), everything.pulse(found[one]))
        for one in over
    )
    return Impact(terms, tuple(one for one in found if one not in over))


def gini(shares: Collection[int]) -> float:
    """How unequal numbers are: 0 where all are the same, near 1 where one has nearly all.

    The Gini coefficient as half of the relative mean absolute difference, from the sorted numbers. Positive ones, at
    least one of them.
    """
    ordered = sorted(shares)
    count, total = len(ordered), sum(ordered)
    weighted = sum(place * share for place, share in enumerate(ordered, start=1))
    return 2 * weighted / (count * total) - (count + 1) / count


def is_over(one: Stretch, chats: Iterable[StoredChat], now: datetime) -> bool:
    """Whether a stretch's last day has passed, and no more answers are gathered of any of its chats."""
    return all(
        now >= stored.chat.ends_at + stored.series.late
        and now.astimezone(ZoneInfo(stored.series.timezone)).date() > one.last
        for stored in chats
    )


class _Everything:
    """A series' history: which chats were held, in which of them each person was first, who spoke in which."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._held = [one.chat.id for one in chronicle.chats if not one.cancelled and chronicle.asked.get(one.chat.id)]
        self._place = {chat: place for place, chat in enumerate(self._held)}
        self._said: dict[str, list[Contribution]] = {chat: [] for chat in self._held}
        self._later: dict[str, list[Contribution]] = {chat: [] for chat in self._held}
        self._first: dict[str, int] = {}
        for each in chronicle.contributions:
            place = self._place.get(each.chat)
            if place is None:
                continue
            if each.about:  # told weeks later, after these figures may have been told
                self._later[each.chat].append(each)
                continue
            self._said[each.chat].append(each)
            if each.followed:
                self._first[each.by] = min(place, self._first.get(each.by, place))

    def begun(self, chats: Sequence[StoredChat]) -> tuple[datetime, date]:
        """Where a stretch stands in the order of time: by the first chat that was held in it."""
        first = next((one for one in chats if one.chat.id in self._place), chats[0])
        return first.chat.starts_at, first.chat.date

    def pulse(self, chats: Sequence[StoredChat]) -> PulseVotes | None:
        """What people voted at these chats' ends."""
        votes = self._chronicle.votes
        held = (one.chat for one in chats if one.chat.id in self._place and one.chat.id in votes)
        return add_up((chat.questions[-1], votes[chat.id]) for chat in held)

    def cells(self, chats: Sequence[StoredChat], known: Known, now: datetime) -> dict[Figure, Cell]:
        """The figures of one stretch; those before it were asked for before."""
        held = [one.chat.id for one in chats if one.chat.id in self._place]
        plain: dict[Figure, Cell] = {
            "chats": Cell(len(held)),
            "cancelled": Cell(sum(one.cancelled for one in chats)),
        }
        if not held:
            return plain
        said = [each for chat in held for each in self._said[chat]]
        asked = frozenset[str]().union(*(self._chronicle.asked[chat] for chat in held))
        answered = {question for each in said for question in each.questions}
        plain |= {"questions": Cell(len(asked)), "silence": Cell(len(asked - answered))}
        counted = Counter(each.by for each in said if each.followed)
        people = about(len(counted), len(counted))
        first_timers, returners = self._newcomers(held, set(counted), people, known)
        answering = [each for chat in held for each in _replies(self._said[chat])]
        depth = about(len(answering), min(len(counted), len(_people(answering))))
        plain |= {
            "people": people,
            "first-timers": first_timers,
            "returners": returners,
            "answers": about(len(said), len(counted)),
            "depth": depth,
            "voice": about(round(gini(counted.values()) * _TENTHS) * _TENTHS if counted else 0, len(counted)),
        }
        reflecting = [each for each in said if each.reflects]
        plain["reflections"] = about(len(reflecting), len(_people(reflecting)))
        asking = any(now < told_until(one) for one in chats if one.chat.id in self._place)
        plain |= self._use(held, said, asking=asking)
        networks = frozenset[NetworkName]().union(*(self._chronicle.networks[chat] for chat in held))
        return plain | _sides(said, answering, plain, networks)

    def _use(self, held: Sequence[str], said: Sequence[Contribution], *, asking: bool) -> dict[Figure, Cell]:
        """How often people said what they will try, were asked what came of it, and told: the last two at the end."""
        trying = [each for each in said if each.tries]
        found: dict[Figure, Cell] = {"tries": about(len(trying), len(_people(trying)))}
        if asking:
            return found | {"followed-up": Cell(None, "asking"), "outcomes": Cell(None, "asking")}
        by_key = {each.key: each for each in said}
        asked = [by_key[key] for chat in held for key in self._chronicle.follow_ups.get(chat, ()) if key in by_key]
        told = [each for chat in held for each in self._later[chat]]
        return found | {
            "followed-up": about(len(asked), len(_people(asked))),
            "outcomes": about(len(told), len(_people(told))),
        }

    def _newcomers(self, held: Sequence[str], people: set[str], told: Cell, known: Known) -> tuple[Cell, Cell]:
        """First-timers and returners."""
        places = [self._place[chat] for chat in held]
        if max(places) - min(places) != len(places) - 1:
            return Cell(None, "between"), Cell(None, "between")
        if min(places) == 0:
            known.first(told)
            return Cell(None, "first"), Cell(None, "first")
        back = sum(self._first[one] < min(places) for one in people)
        returners, first_timers = known.split(told, back, len(people) - back)
        return first_timers, returners


def _sides(
    said: Sequence[Contribution],
    answering: Sequence[Contribution],
    whole: Mapping[Figure, Cell],
    networks: frozenset[NetworkName],
) -> dict[Figure, Cell]:
    """People, answers and depth by network; all of a kind or none."""
    names: tuple[tuple[Figure, Figure], ...] = (
        ("people-bluesky", "people-mastodon"),
        ("answers-bluesky", "answers-mastodon"),
        ("depth-bluesky", "depth-mastodon"),
    )
    if len(networks) < len(_SIDES):
        return {name: Cell(None, "one-network") for pair in names for name in pair}
    here = [[each for each in said if each.network == side] for side in _SIDES]
    deep = [[each for each in answering if each.network == side] for side in _SIDES]
    homes = Counter(_homes(said).values())
    people = [homes[side] for side in _SIDES]
    deep_people = [min(len(_people(one)), count) for one, count in zip(deep, people, strict=True)]
    found = (
        parts(people, people, whole["people"]),
        parts([len(one) for one in here], people, whole["answers"]),
        parts([len(one) for one in deep], deep_people, whole["depth"]),
    )
    return {name: cell for pair, told in zip(names, found, strict=True) for name, cell in zip(pair, told, strict=True)}


def _homes(said: Iterable[Contribution]) -> dict[str, NetworkName]:
    """On which network each person said most, of two alike where they spoke first: so that people add up.

    Somebody who counted on both sides would give away how many are on both, and that is a small group.
    """
    counts = Counter((each.by, each.network) for each in said if each.followed)
    found: dict[str, NetworkName] = {}
    for (who, network), count in counts.items():
        if who not in found or count > counts[who, found[who]]:
            found[who] = network
    return found


def _people(said: Iterable[Contribution]) -> set[str]:
    return {each.by for each in said if each.followed}


def _replies(said: Sequence[Contribution]) -> list[Contribution]:
    """Answers of one chat that stand under somebody else's answer which is shown, too."""
    author = {each.key: each.by for each in said}
    return [each for each in said if author.get(each.parent, each.by) != each.by]


__all__ = ["FEWEST", "Figure", "Impact", "Term", "gini", "impact"]
