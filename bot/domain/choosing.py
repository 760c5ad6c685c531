"""Which terms a report is about: never a part of one, for reports that overlap could be subtracted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from bot.domain.impact import Impact
from bot.domain.schoolyears import Stretch
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Wanted(msgspec.Struct, frozen=True):
    """What somebody asked for; all that is empty means: everything.

    Attributes:
        series: a slug.
        term: a stretch's ``name``.
        since, until: only terms that lie wholly within.
    """

    series: str = ""
    term: str = ""
    since: date | None = None
    until: date | None = None

    def spans(self, one: Stretch) -> bool:
        """Whether the dates hold a term wholly."""
        return (not self.since or one.first >= self.since) and (not self.until or one.last <= self.until)


class Chosen(msgspec.Struct, frozen=True):
    """The figures of one series that were asked for.

    Attributes:
        slug: the series'.
        impact: those figures, and of the terms that are not over those that were asked for.
        cut: terms that the dates cut through: nothing is told of them.
    """

    slug: str
    impact: Impact
    cut: tuple[Stretch, ...] = ()


def choose(found: Mapping[str, Impact], wanted: Wanted) -> tuple[Chosen, ...]:
    """Pick series and terms.

    Args:
        found: the figures of every series, by its slug.
        wanted: what is asked for.

    Raises:
        UserError: there is no such series or term, or the dates are the wrong way round; says which there are.
    """
    if wanted.series and wanted.series not in found:
        there = ", ".join(found) or "none yet: `staffroom plan` lists what is planned, `run` or `tick` stores it"
        raise UserError(f"--series {wanted.series}: there is no such series. There are: {there}.")
    if wanted.term and (wanted.since or wanted.until):
        raise UserError("--term names one term, --since and --until several: write one or the other.")
    if wanted.since and wanted.until and wanted.until < wanted.since:
        raise UserError(f"--since {wanted.since} is after --until {wanted.until}: write them the other way round.")
    slugs = [wanted.series] if wanted.series else list(found)
    if wanted.term:
        return _of_term({slug: found[slug] for slug in slugs}, wanted.term)
    return tuple(_within(slug, found[slug], wanted) for slug in slugs)


def _of_term(found: Mapping[str, Impact], name: str) -> tuple[Chosen, ...]:
    chosen = [
        Chosen(slug, Impact(tuple(term for term in one.terms if term.stretch.name == name), ()))
        for slug, one in found.items()
    ]
    told = tuple(one for one in chosen if one.impact.terms)
    if told:
        return told
    if any(one.name == name for each in found.values() for one in each.open):
        raise UserError(
            f"--term {name}: it is not over yet, or answers to its last chat still come in. Its figures are told then, "
            "once: the difference between two reports of it would be about a few people."
        )
    there = _names(term.stretch for each in found.values() for term in each.terms)
    raise UserError(f"--term {name}: there is no such term. Those that are over: {there or 'none yet'}.")


def _names(stretches: Iterable[Stretch]) -> str:
    return ", ".join(dict.fromkeys(one.name for one in sorted(stretches, key=lambda one: one.first)))


def _within(slug: str, found: Impact, wanted: Wanted) -> Chosen:
    def outside(one: Stretch) -> bool:
        return bool((wanted.since and one.last < wanted.since) or (wanted.until and one.first > wanted.until))

    return Chosen(
        slug,
        Impact(
            tuple(term for term in found.terms if wanted.spans(term.stretch)),
            tuple(one for one in found.open if not outside(one)),
        ),
        tuple(term.stretch for term in found.terms if not wanted.spans(term.stretch) and not outside(term.stretch)),
    )
