"""MY RECORD on its way to whoever writes it: hosts are told privately, and it is counted what still waits."""

from __future__ import annotations

from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from bot.domain.errands import Errand
from bot.domain.linked import person_of
from bot.domain.takingpart import RECORD_WRITTEN, TOLD_OF_RECORDS
from bot.services.door import person_keys
from bot.services.hosts import reachable
from bot.services.record import asked_at, gather

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.posts import NetworkName
    from bot.domain.takingpart import TakenPart
    from bot.ports import Store
    from bot.ports.phrases import Phrase
    from bot.services.door import Request


def messages(
    store: Store, request: Request, accounts: Mapping[str, NetworkName], now: datetime, phrase: Phrase
) -> list[Errand]:
    """What hosts are to be told of somebody who asked for a record; none where it cannot be made, or was written since.

    Whoever asks several times on a day is told of once. The handle is written so that it calls nobody, and so that a
    shell takes it for one word: hosts copy the line, and servers say what they like.

    Args:
        store: the truth, in which the wish stands.
        request: theirs; where it belongs to no chat, hosts of the last one they took part in are told.
        accounts: keys of our accounts that can be used now, each with its network.
        now: UTC.
        phrase: says ``review.…`` in a series' language.
    """
    author = request.post.author
    mine = person_keys(store, author)[0]
    keys = person_of(store.persons(), mine)
    asked, parts = asked_at(store, keys, now), _waiting(store, keys, now)
    stored = store.chat(request.chat or parts[-1].chat.id) if parts else None
    kept = next((person.account for person in map(store.person, keys) if person), author)
    if stored is None or asked is None:
        return []
    language, handle = stored.series.languages[0], kept.handle.lstrip("@")
    text = "\n".join(
        (
            f"{phrase('review.record', language)} {handle}",
            f"{phrase('review.record_do', language)} staffroom record {quote(handle)} --out DIR",
            phrase("review.record_send", language),
            phrase("review.record_days", language),
        )
    )
    return [
        Errand(f"{TOLD_OF_RECORDS}{number}:{asked.date()}:{mine}", account, "tell", now, to=host, text=text)
        for number, (account, host) in reachable(stored, accounts).items()
    ]


def note_written(store: Store, account_keys: Iterable[str], now: datetime) -> None:
    """Note that a record of a person (by keys of their accounts) was written, so that its request waits no longer."""
    for key in account_keys:
        store.save_cursor(key, RECORD_WRITTEN, now.isoformat())


def written_at(store: Store, account_key: str) -> datetime | None:
    """When a record of an account (by its id's key) was last written, UTC; ``None`` if never."""
    noted = store.cursor(account_key, RECORD_WRITTEN)
    return datetime.fromisoformat(noted) if noted else None


def waiting_records(store: Store, now: datetime) -> int:
    """How many people asked for a record that can be made, and was not written since."""
    return sum(1 for keys in _asking(store) if _waiting(store, keys, now))


def untold_records(store: Store, accounts: Mapping[str, NetworkName], now: datetime) -> tuple[datetime, ...]:
    """When each record was asked for (UTC, in order) that waits, where no host of its last chat can be written to.

    Args:
        store: the truth.
        accounts: keys of our accounts, each with its network.
        now: UTC.
    """
    found = []
    for keys in _asking(store):
        asked, parts = asked_at(store, keys, now), _waiting(store, keys, now)
        stored = store.chat(parts[-1].chat.id) if parts else None
        if asked and stored and not reachable(stored, accounts):
            found.append(asked)
    return tuple(sorted(found))


def _asking(store: Store) -> set[frozenset[str]]:
    """Everybody who ever wished for anything, as the keys of their accounts."""
    everybody = store.persons()
    asking = (store.key(account.network, account.id) for account, _ in store.wishing() if account is not None)
    return {frozenset(person_of(everybody, key)) for key in asking}


def _waiting(store: Store, account_keys: Collection[str], now: datetime) -> tuple[TakenPart, ...]:
    """What would stand in a record that waits to be written; nothing where none does."""
    asked = asked_at(store, account_keys, now)
    if asked is None:
        return ()
    written = max((at for key in account_keys if (at := written_at(store, key))), default=None)
    if written and written >= asked:
        return ()
    return gather(store, account_keys)
