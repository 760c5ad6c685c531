"""What a rehearsal shows beside its site, as nobody publishes it: a made-up teacher's record, and an impact report."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.impact import report_of
from bot.bootstrap.record import record_of
from bot.domain.choosing import Wanted
from bot.domain.schoolyears import stretch
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.chats import Chat
    from bot.domain.posts import Account
    from bot.domain.series import Series
    from bot.ports import Store

_OVER = timedelta(days=400)
"""So long after a chat its term is over, and nobody is asked about it any more."""


class Papers(msgspec.Struct, frozen=True):
    """The pages that were written; empty where there is none. ``troubles`` say in words why one could not be."""

    record: str = ""
    impact: str = ""
    troubles: tuple[str, ...] = ()


def put_papers(  # noqa: PLR0917 - called in one place only
    settings: Settings, store: Store, series: Series, chat: Chat, whose: Account | None, place: Path, now: datetime
) -> Papers:
    """Write what a teacher and an operator would get; what an earlier rehearsal left there goes.

    Args:
        settings: the rehearsal's.
        store: in which it was played.
        series: what was played,
        chat: and which of its chats.
        whose: who asked for a record; ``None`` writes none.
        place: where to; a folder for each of the two is made in it.
        now: UTC, at the end of the play.
    """
    record, report, troubles = "", "", []
    for old in (*place.glob("record/record.*"), *place.glob("impact/impact.*")):
        old.unlink()
    try:
        if whose:
            made = record_of(settings, store, whose.handle, whose.network, place / "record", now)
            record = str(made.files[0])
        if any(one.answers for one in store.figures().values()):
            wanted = Wanted(series.slug, stretch(chat.date, series.terms).name)
            files, _ = report_of(settings, store, wanted, place / "impact", now + _OVER)
            report = str(files[0])
    except UserError as error:
        troubles.append(str(error))
    return Papers(record, report, tuple(troubles))
