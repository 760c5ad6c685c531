"""The plan: series, chats, prompts, and the deliveries that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, select, update

from bot.domain.planning import begun, difference, over, same_source
from bot.storage import codec
from bot.storage.base import (
    CHAT,
    Base,
    bump,
    chats_where,
    chunks,
    drop_parts,
    inserting,
    note,
    parts_of,
    put,
    restored_in,
    stored_chats,
)
from bot.storage.engine import take_turns
from bot.storage.scrubbing import OPEN
from bot.storage.tables import chat_posts, chats, deliveries, parts, prompts, series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from bot.domain.chats import Chat
    from bot.domain.outbox import Delivery
    from bot.domain.planning import Changes
    from bot.domain.prompts import Prompt
    from bot.domain.records import StoredChat
    from bot.domain.series import Series


class Plans(Base):
    """The store's methods for ``plan``."""

    def save_plan(
        self,
        series: Series,
        chats: Sequence[Chat],
        prompts: Sequence[Prompt],
        deliveries: Sequence[Delivery],
        now: datetime,
    ) -> None:
        """Make the stored plan of one series equal this one, where nothing was sent yet.

        What becomes of each delivery says ``planning.difference``. A chat that is no longer wanted goes altogether
        if nothing of it was ever sent; otherwise it stays, and what is unsent is cancelled. A chat cancelled by
        ``cancel`` stays so. A digest comes by ``save_digest`` alone: its prompt is left out here, and a stored one
        is kept as long as its chat is wanted. While it is not known what was said since this store was put back, what
        has passed since then is planned, too: it may be out.
        """
        said = [prompt for prompt in prompts if prompt.kind != "digest"]
        known_prompts = {prompt.id for prompt in said}
        with self._writing() as connection:
            take_turns(connection)
            # Deliveries are locked before chats, as everywhere: otherwise two processes could wait for each other.
            stored = load_deliveries(connection, _OF_SERIES, series=series.slug)
            changed = _save_chats(connection, series, chats, now)
            put(connection, _prompts, [codec.prompt_row(prompt) for prompt in said])
            wanted = [delivery for delivery in deliveries if delivery.prompt in known_prompts]
            digests = _digest_prompts(connection, [chat.id for chat in chats])
            wanted += [delivery for delivery in stored if delivery.prompt in digests]
            restored = restored_in(connection)
            back = restored is not None and not set(series.accounts) <= set(restored.settled)
            since = min(now, restored.taken) if restored is not None and back else now
            changes = difference(
                stored,
                wanted,
                changed=changed,
                closed=set(connection.scalars(_CANCELLED, {"series": series.slug})),
                ended=over(chats, since),
                now=now,
                since=since,
            )
            _apply(connection, changes)
            _tidy(connection, series.slug, known_prompts | digests)

    def chats(self, series: str = "") -> tuple[StoredChat, ...]:
        """All chats (of one series), in order of start."""
        with self._reading() as connection:
            return stored_chats(connection, _CHATS_OF, series=series) if series else stored_chats(connection, _CHATS)

    def chat(self, chat: str) -> StoredChat | None:
        """One chat by id."""
        with self._reading() as connection:
            return next(iter(stored_chats(connection, CHAT, chat=chat)), None)

    def prompt(self, prompt: str) -> Prompt | None:
        """One prompt by id."""
        with self._reading() as connection:
            row = connection.execute(_PROMPT, {"prompt": prompt}).one_or_none()
            return None if row is None else codec.prompt_from(row)

    def deliveries(self, chat: str = "") -> tuple[Delivery, ...]:
        """The outbox (of one chat), in order of (at, order, account)."""
        with self._reading() as connection:
            return load_deliveries(connection, _OF_CHAT, chat=chat) if chat else load_deliveries(connection, _EVERY)

    def cancel(self, chat: str, now: datetime) -> int:  # noqa: ARG002 - the port's signature
        """Cancel a chat and all of its deliveries of which nothing was sent; gives their number.

        One of which a request left and no answer came stays open, so that ``deliver`` looks what became of it.
        """
        with self._writing() as connection:
            stored = load_deliveries(connection, _OPEN_IN_CHAT, chat=chat)
            unsent = [delivery.id for delivery in stored if not begun(delivery)]
            close(connection, unsent, "cancelled")
            note(connection, "cancelled", chat=chat)
            fresh = update(_chats).where(_chats.c.id == chat, ~_chats.c.cancelled)
            connection.execute(fresh.values(cancelled=True, revision=_chats.c.revision + 1))
            return len(unsent)


# Methods take arguments named after tables, as the port has them; in here the tables go by these names.
_series, _chats, _prompts, _deliveries = series, chats, prompts, deliveries

BEGUN = exists().where(parts.c.delivery == deliveries.c.id, parts.c.state != "ready")
"""Whether a request left for any part of the delivery that the statement around it is about."""


def deliveries_where(*where: ColumnElement[bool], lock: bool = False) -> Select[Any]:
    """A statement for ``load_deliveries``, to be made once; ``lock`` keeps others from changing them meanwhile."""
    query = select(_deliveries).where(*where).order_by(_deliveries.c.at, _deliveries.c.order, _deliveries.c.account)
    return query.with_for_update() if lock else query


def load_deliveries(connection: Connection, query: Select[Any], **values: object) -> tuple[Delivery, ...]:
    """Deliveries of a statement of ``deliveries_where`` with their parts, in order of (at, order, account)."""
    rows = connection.execute(query, values).all()
    frozen = parts_of(connection, [row.id for row in rows])
    return tuple(codec.delivery_from(row, frozen.get(row.id, ())) for row in rows)


def close(connection: Connection, ids: Sequence[str], state: str) -> None:
    """Give deliveries a closed state and take them from whoever holds them; their unsent parts go."""
    drop_parts(connection, ids)
    if ids:
        connection.execute(
            update(_deliveries)
            .where(_deliveries.c.id == bindparam("this"))
            .values(state=state, owner=None, lease_until=None, retry_at=None, draft=None),
            [{"this": delivery} for delivery in ids],
        )


def _save_chats(connection: Connection, plan: Series, wanted: Sequence[Chat], now: datetime) -> set[str]:
    """Store series and chats; gives the ids of the chats that may say something else than before."""
    before = connection.scalar(_SERIES, {"series": plan.slug})
    data = codec.to_json(plan)
    if data != before:
        put(connection, _series, [{"slug": plan.slug, "grace": plan.grace, "late": plan.late, "data": data}])
    known = {row.id: row for row in connection.execute(_ROWS_OF, {"series": plan.slug})}
    rows = {chat.id: _chat_row(chat) for chat in wanted}
    changed = {chat for chat, row in rows.items() if chat in known and known[chat].data != row["data"]}
    if before is not None and not same_source(codec.series_from(before), plan):
        changed.update(known)
    back = {chat for chat, row in known.items() if row.taken_out_at is not None and chat in rows}
    gone = {chat for chat, row in known.items() if row.taken_out_at is None and chat not in rows}
    fresh = [row for chat, row in rows.items() if chat not in known or chat in changed | back]
    put(connection, _chats, fresh, first={"revision": 1, "cancelled": False})
    for some in chunks(gone):
        connection.execute(update(_chats).where(_chats.c.id.in_(some)).values(taken_out_at=now))
    bump(connection, changed | back | gone)
    return changed


def _chat_row(chat: Chat) -> dict[str, Any]:
    return {
        "id": chat.id,
        "series": chat.series,
        "starts_at": chat.starts_at,
        "ends_at": chat.ends_at,
        "taken_out_at": None,
        "data": codec.to_json(chat),
    }


def _digest_prompts(connection: Connection, chat_ids: Sequence[str]) -> set[str]:
    wanted = set(chat_ids)
    return {row.id for row in connection.execute(_DIGESTS) if row.chat in wanted}


def _apply(connection: Connection, changes: Changes) -> None:
    add_deliveries(connection, changes.add)
    reset = [delivery.id for delivery in changes.reset]
    drop_parts(connection, reset)
    if reset:
        connection.execute(
            update(_deliveries)
            .where(_deliveries.c.id == bindparam("this"))
            .values(
                at=bindparam("new_at"),
                useful_until=bindparam("new_until"),
                order=bindparam("new_order"),
                network=bindparam("new_network"),
                state="planned",
                attempts=0,
                retry_at=None,
                error="",
                owner=None,
                lease_until=None,
                draft=None,
            ),
            [
                {
                    "this": delivery.id,
                    "new_at": delivery.at,
                    "new_until": delivery.useful_until,
                    "new_order": delivery.order,
                    "new_network": delivery.network,
                }
                for delivery in changes.reset
            ],
        )
    close(connection, changes.cancel, "cancelled")


def add_deliveries(connection: Connection, new: Sequence[Delivery]) -> None:
    """Insert deliveries; one that is there already stays as it is."""
    if new:
        statement = inserting(connection, _deliveries).on_conflict_do_nothing()
        connection.execute(statement, [codec.delivery_row(delivery) for delivery in new])


def _tidy(connection: Connection, slug: str, prompt_ids: set[str]) -> None:
    """Take away unwanted chats of which nothing was ever sent, and prompts that nothing hangs on."""
    connection.execute(_UNWANTED, {"series": slug})
    idle = [prompt for prompt in connection.scalars(_IDLE, {"series": slug}) if prompt not in prompt_ids]
    if idle:
        connection.execute(
            delete(_prompts).where(_prompts.c.id == bindparam("this")), [{"this": prompt} for prompt in idle]
        )


_OF_SERIES = deliveries_where(_deliveries.c.series == bindparam("series"), lock=True)
_OF_CHAT = deliveries_where(_deliveries.c.chat == bindparam("chat"))
_EVERY = deliveries_where()
_OPEN_IN_CHAT = deliveries_where(_deliveries.c.chat == bindparam("chat"), _deliveries.c.state.in_(OPEN), lock=True)
_CHATS = chats_where()
_CHATS_OF = chats_where(_chats.c.series == bindparam("series"))
_ROWS_OF = select(_chats).where(_chats.c.series == bindparam("series"))
_CANCELLED = select(_chats.c.id).where(_chats.c.series == bindparam("series"), _chats.c.cancelled)
_PROMPT = select(_prompts).where(_prompts.c.id == bindparam("prompt"))
_SERIES = select(_series.c.data).where(_series.c.slug == bindparam("series"))
_DIGESTS = select(_prompts.c.id, _prompts.c.chat).where(_prompts.c.kind == "digest")
_UNWANTED = delete(_chats).where(
    _chats.c.series == bindparam("series"),
    _chats.c.taken_out_at.is_not(None),
    ~exists().where(_deliveries.c.chat == _chats.c.id, BEGUN),
    ~exists().where(chat_posts.c.chat == _chats.c.id),
)
_IDLE = (
    select(_prompts.c.id)
    .join(_chats, _chats.c.id == _prompts.c.chat)
    .where(_chats.c.series == bindparam("series"), ~exists().where(_deliveries.c.prompt == _prompts.c.id))
)
