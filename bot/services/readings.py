"""When what was read, kept in the store as cursors, so that a restart neither forgets it nor reads it all again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.sweeps import Readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.ports import Store
    from bot.services.openchats import OpenChat

_MISSED = "missed"


def readings_of(store: Store, chat: OpenChat, account: str) -> Readings:
    """When a chat was read last on an account."""
    prompts = [post.prompt for post in chat.roots(account)]
    swept, named = ({prompt: f"{what}:{prompt}" for prompt in prompts} for what in ("swept", "named"))
    hashtag = f"swept:#{chat.id}"
    known = store.cursors(account, (*swept.values(), *named.values(), hashtag, _MISSED))
    times = {stream: datetime.fromisoformat(value).astimezone(UTC) for stream, value in known.items()}
    return Readings(
        everything=chat.swept.get(account),
        threads={prompt: times[stream] for prompt, stream in swept.items() if stream in times},
        hashtag=times.get(hashtag),
        named={prompt: times[stream] for prompt, stream in named.items() if stream in times},
        missed=times.get(_MISSED),
    )


def note_thread_read(store: Store, account: str, prompt: str, now: datetime) -> None:
    """The thread of a prompt was read to its end."""
    store.save_cursor(account, f"swept:{prompt}", now.isoformat())


def note_hashtag_read(store: Store, account: str, chat: str, now: datetime) -> None:
    """A chat's hashtag was read to its end."""
    store.save_cursor(account, f"swept:#{chat}", now.isoformat())


def polls_asked(store: Store, account: str, prompts: Iterable[str]) -> Mapping[str, datetime]:
    """When the polls of these prompts were last asked about on an account, of those that ever were."""
    streams = {f"poll:{prompt}": prompt for prompt in prompts}
    known = store.cursors(account, tuple(streams))
    return {streams[stream]: datetime.fromisoformat(value).astimezone(UTC) for stream, value in known.items()}


def note_poll_asked(store: Store, account: str, prompt: str, now: datetime) -> None:
    """The poll of a prompt was asked about, whatever was told."""
    store.save_cursor(account, f"poll:{prompt}", now.isoformat())


def note_thread(store: Store, account: str, prompt: str, now: datetime) -> None:
    """Something happened in the thread of a prompt that only reading it tells."""
    store.save_cursor(account, f"named:{prompt}", now.isoformat())


def note_missed(store: Store, account: str, now: datetime) -> None:
    """A stream may have missed something before now."""
    store.save_cursor(account, _MISSED, now.isoformat())
