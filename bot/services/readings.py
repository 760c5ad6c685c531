"""When what was read, kept in the store as cursors, so that a restart neither forgets it nor reads it all again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.sweeps import Readings

if TYPE_CHECKING:
    from bot.ports import Store
    from bot.services.openchats import OpenChat


def readings_of(store: Store, chat: OpenChat, account: str) -> Readings:
    """When a chat was read last on an account."""
    prompts = [post.prompt for post in chat.roots(account)]
    return Readings(
        everything=chat.swept.get(account),
        threads=_times(store, account, "swept", prompts),
        hashtag=_time(store.cursor(account, f"swept:#{chat.id}")),
        named=_times(store, account, "named", prompts),
        missed=_time(store.cursor(account, "missed")),
    )


def note_thread_read(store: Store, account: str, prompt: str, now: datetime) -> None:
    """The thread of a prompt was read to its end."""
    store.save_cursor(account, f"swept:{prompt}", now.isoformat())


def note_hashtag_read(store: Store, account: str, chat: str, now: datetime) -> None:
    """A chat's hashtag was read to its end."""
    store.save_cursor(account, f"swept:#{chat}", now.isoformat())


def note_thread(store: Store, account: str, prompt: str, now: datetime) -> None:
    """Something happened in the thread of a prompt that only reading it tells."""
    store.save_cursor(account, f"named:{prompt}", now.isoformat())


def note_missed(store: Store, account: str, now: datetime) -> None:
    """A stream may have missed something before now."""
    store.save_cursor(account, "missed", now.isoformat())


def _times(store: Store, account: str, what: str, prompts: list[str]) -> dict[str, datetime]:
    found = ((prompt, _time(store.cursor(account, f"{what}:{prompt}"))) for prompt in prompts)
    return {prompt: at for prompt, at in found if at is not None}


def _time(value: str) -> datetime | None:
    return datetime.fromisoformat(value).astimezone(UTC) if value else None
