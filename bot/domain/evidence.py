"""What hosts link to of how pupils fared: told by term, as they wrote it. Nothing is read or inferred from it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from bot.domain.schoolyears import stretch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.choosing import Wanted
    from bot.domain.occurrences import Span


class Evidence(msgspec.Struct, frozen=True):
    """Something published elsewhere about pupils' outcomes.

    Attributes:
        title: what the hosts call it.
        url: where it stands.
        date: the day it is of.
        chat: the date of the series' chat that it goes back to; ``None`` where it is about no single one.
    """

    title: str
    url: str
    date: dt.date
    chat: dt.date | None = None

    @property
    def counts_for(self) -> dt.date:
        """The day by which it belongs to a term: its chat's, for what came of a chat is often seen a term later."""
        return self.chat or self.date


def evidence_of(evidence: Iterable[Evidence], terms: Iterable[Span], wanted: Wanted) -> tuple[Evidence, ...]:
    """The links of the terms that are asked for, in order of their dates.

    They hide nobody, so those of a term that is not over are told, too; as with figures, no term is cut.
    """
    spans = tuple(terms)

    def asked_for(one: Evidence) -> bool:
        of = stretch(one.counts_for, spans)
        return of.name == wanted.term if wanted.term else wanted.spans(of)

    return tuple(sorted(filter(asked_for, evidence), key=lambda one: (one.date, one.title, one.url)))
