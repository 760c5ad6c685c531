"""What the commands ask for, one function each: read the folder, open what is needed, do it, hand back plain data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import database_file_of, open_store_of
from bot.bootstrap.house import accounts_of, indexer_of, owner_name, read_settings, renderer_of, target_of, voucher_of
from bot.bootstrap.places import places_of
from bot.bootstrap.preview import Preview, preview
from bot.clock import SteppedClock, SystemClock
from bot.config.secrets import database_url
from bot.domain.schedule import planned_chats
from bot.errors import UserError
from bot.ports import Archived
from bot.rendering.chatjson import chat_json
from bot.services.archive import archive
from bot.services.places import minding_site
from bot.services.plan import plan
from bot.tick import LEASE, LOCK, PLACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.bootstrap.sandbox import RehearsalReport
    from bot.config import Settings
    from bot.domain.chats import Chat
    from bot.domain.records import StoredChat
    from bot.ports import Clock, Store


def plan_of(folder: Path, until: date | None) -> Preview:
    """Every prompt of every dated chat that is coming; see ``preview``."""
    settings = read_settings(folder)
    file = database_file_of(settings)
    cancelled = set()
    if file is None or file.exists():
        cancelled = {stored.chat.id for stored in open_store_of(settings).chats() if stored.cancelled}
    return preview(settings, datetime.now(UTC), until, cancelled)


def cancel_chat(folder: Path, chat: str) -> int:
    """Cancel a chat; gives how many deliveries will not go out. It may not be stored yet: then it is planned first."""
    settings = read_settings(folder)
    store, now = open_store_of(settings), datetime.now(UTC)
    plan(store, settings.series, accounts_of(settings), now)
    stored_chat(store, chat, settings)
    return store.cancel(chat, now)


def rehearse_folder(
    folder: Path,
    chat: str | None,
    *,
    answers: int,
    seed: int,
    here: bool,
    progress: Callable[[float], None],
) -> RehearsalReport:
    """Play the next chat, or the one named; see ``sandbox.run_rehearsal``."""
    from bot.bootstrap.sandbox import run_rehearsal

    settings = read_settings(folder)
    return run_rehearsal(
        settings, _chat_to_play(settings, chat), answers=answers, seed=seed, here=here, progress=progress
    )


def _chat_to_play(settings: Settings, wanted: str | None) -> Chat:
    chats = sorted(
        (chat for series in settings.series for chat in planned_chats(series) if chat.event is None),
        key=lambda chat: (chat.starts_at, chat.id),
    )
    if wanted is None:
        coming = [chat for chat in chats if chat.ends_at > datetime.now(UTC)] or chats[-1:]
        if coming:
            return coming[0]
        message = "There is no dated chat to rehearse. Add one under `chats:` in series/*.yaml."
        raise UserError(message)
    for chat in chats:
        if chat.id == wanted:
            return chat
    raise UserError(_no_such_chat(wanted, [chat.id for chat in chats]))


def _no_such_chat(wanted: str, known: list[str]) -> str:
    there = f" There are: {', '.join(known[:8])}{' …' if len(known) > 8 else ''}." if known else ""  # noqa: PLR2004 - a line's worth
    return f"{wanted}: there is no such chat.{there}"


def stored_chat(store: Store, chat: str, settings: Settings) -> StoredChat:
    """A chat that the store knows. Raises ``UserError`` where it does not, and says which there are."""
    found = store.chat(chat)
    if found is not None:
        return found
    written = {one.id for series in settings.series for one in planned_chats(series)}
    if chat in written:
        raise UserError(f"{chat}: nothing is kept of this chat yet; `run` or `tick` begins it.")
    raise UserError(_no_such_chat(chat, sorted(written | {stored.chat.id for stored in store.chats()})))


class Published(msgspec.Struct, frozen=True):
    """What publishing did: with pages, where they are, and at other places, a line for each."""

    pages: Archived
    site: Path
    places: tuple[str, ...]


def publish(folder: Path, progress: Callable[[float], None]) -> Published:
    """Plan, so that coming chats are known, and bring the pages up to date, here and at other places.

    ``progress``: see ``archive``. A rehearsal's pages stay in its own time and in its own folder.
    """
    settings = read_settings(folder)
    store = open_store_of(settings)
    clock = clock_of(store)
    if not store.is_rehearsal():
        plan(store, settings.series, accounts_of(settings), clock.now())
    with minding_site(store, clock.now()):
        trouble = voucher_of(settings, store, clock)()
        done = archive(store, renderer_of(settings, clock), target_of(settings), progress, indexer=indexer_of())
    if trouble:
        done = msgspec.structs.replace(done, troubles=(trouble, *done.troubles))
    return Published(done, settings.site.folder, tuple(_to_places(settings, store, clock)))


def _to_places(settings: Settings, store: Store, clock: Clock) -> Iterator[str]:
    """Bring other places up to date at once, unless a running bot does; gives a line for each."""
    if not settings.publish or store.is_rehearsal():
        return
    owner = owner_name()
    if not store.hold_lock(LOCK, owner, clock.now(), clock.now() + LEASE):
        yield "Another Staffroom is at work; it brings the other places up to date."
        return
    try:
        for place in places_of(settings, store):
            done = place.keep(clock.now(), PLACE_SECONDS, at_once=True)
            more = " There is more to do: run it again." if done.left else ""
            yield done.trouble or f"{place.name}: {done.put} files put there, {done.removed} removed.{more}"
    finally:
        store.drop_lock(LOCK, owner)


def clock_of(store: Store) -> Clock:
    """The clock that parts coming chats from past ones: in a rehearsal's store it stands where the evening ended."""
    if not store.is_rehearsal():
        return SystemClock()
    sent = [one.at for stored in store.chats() for one in store.sent_posts(stored.chat.id) if one.kind != "follow-up"]
    return SteppedClock(max(sent, default=datetime.now(UTC)))


def export_chat(folder: Path, chat: str) -> bytes:
    """A chat's answers as JSON, as they stand beside its page."""
    settings = read_settings(folder)
    store = open_store_of(settings)
    stored_chat(store, chat, settings)
    return chat_json(store.content(chat))


def migrate_database(folder: Path) -> str:
    """Bring the tables up to date; gives a line that says so."""
    from bot.storage.migrate import migrate

    before, now = migrate(database_url(read_settings(folder)).reveal())
    if before == now:
        return f"The database is up to date (version {now})."
    return f"The database is at version {now} now (it was {before or 'empty'})."
