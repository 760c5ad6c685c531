"""What ``staffroom review`` and ``staffroom hide`` ask for. None of it needs a network or a login."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import indexer_of, renderer_of, target_of
from bot.config import load_staffroom
from bot.config.watchwords import load_watchwords
from bot.domain.posts import NetworkName
from bot.services import review
from bot.services.archive import archive
from bot.services.hosting import short

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.alarms import Watchwords
    from bot.ports import Store
    from bot.services.review import Decided, Waiting

_FIRST_WORDS = 140  # characters
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class HeldAnswer(msgspec.Struct, frozen=True):
    """An answer that waits, as a host sees it.

    Attributes:
        key: what to type to mean it, with these words.
        chats: ids of the chats it stands in.
        at: when it was written, UTC.
        network: where.
        why: ``photo``, ``label``, ``pupil``, ``harm``, ``accusation``, ``asked`` or ``hidden``.
        text: its words, warning and descriptions of pictures first; in a list only the first ones.
        address: where it can be seen in full.
        pictures: how many pictures a release puts on its page.
    """

    key: str
    chats: tuple[str, ...]
    at: datetime
    network: NetworkName
    why: tuple[str, ...]
    text: str
    address: str
    pictures: int = 0


class Decision(msgspec.Struct, frozen=True):
    """One line of the log: when (UTC), what, about which answer (its key) or chat (its id), by whom and why."""

    at: datetime
    kind: str
    key: str
    by: str
    reason: str


def held_answers(folder: Path) -> tuple[HeldAnswer, ...]:
    """All that waits for a person, oldest first, with first words only."""
    store = _store(load_staffroom(folder))
    return tuple(_shown(store, one, most=_FIRST_WORDS) for one in review.waiting(store))


def held_answer(folder: Path, key: str) -> HeldAnswer:
    """One that waits, whole. Raises ``UserError`` where there is none."""
    store = _store(load_staffroom(folder))
    return _shown(store, review.called(review.waiting(store), key))


def decide(folder: Path, key: str, what: Literal["release", "drop"], reason: str, by: str) -> Decided:
    """Release or drop an answer, and bring the pages up to date.

    Args:
        folder: the bot's folder.
        key: as the list gives it.
        what: what was decided.
        reason: why, for the log.
        by: who decided, for the log.

    Raises:
        UserError: nothing waits under this key.
    """

    def rule(store: Store, now: datetime, watch: Watchwords) -> Decided:
        one = review.called(review.waiting(store), key)
        carry_out = review.release if what == "release" else review.drop
        return carry_out(store, one, reason, by, now, watch)

    return _and_publish(folder, rule)


def hide_answer(folder: Path, named: str, reason: str, by: str) -> Decided:
    """Take an answer off the pages until somebody decides; see ``review.hide``."""
    return _and_publish(folder, lambda store, now, watch: review.hide(store, named, reason, by, now, watch))


def decisions(folder: Path, limit: int) -> tuple[Decision, ...]:
    """What was decided about answers and digests, and what authors said, newest first."""
    store = _store(load_staffroom(folder))
    found = [Decision(ruling.at, ruling.kind, key, by, reason) for key, ruling, reason, by in review.log(store, limit)]
    found += [
        Decision(said.at, said.kind, short(said.answer) or chat, said.by, said.reason)
        for chat, said in store.host_log(limit)
    ]
    found += [
        Decision(one.at, "agreed" if one.agreed else "declined", short(one.answer), one.by, one.reason)
        for one in store.permissions()
    ]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:limit])


def _and_publish(folder: Path, rule: Callable[[Store, datetime, Watchwords], Decided]) -> Decided:
    settings = load_staffroom(folder)
    watch = load_watchwords(settings.folder)
    store = _store(settings)
    clock = clock_of(store)
    done = rule(store, max(datetime.now(UTC), clock.now()), watch)
    archive(store, renderer_of(settings, clock), target_of(settings), indexer=indexer_of())
    return done


def _store(settings: Settings) -> Store:
    return open_store_of(settings)


def _shown(store: Store, one: Waiting, most: int | None = None) -> HeldAnswer:
    post = one.post
    pictures = [f"[{media.kind}: {media.alt or 'without a description'}]" for media in post.media]
    parts = (post.warning and f"[{post.warning}]", post.text.text, *pictures)
    # Printed on a terminal, which obeys control characters.
    text = "\n".join(_CONTROL.sub(" ", part) for part in parts if part)
    if most is not None:
        text = " ".join(text.split())
        text = text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
    return HeldAnswer(
        key=one.short,
        chats=one.chats,
        at=post.at,
        network=post.ref.network,
        why=one.reasons,
        text=text,
        address=post.ref.url or post.ref.id,
        pictures=review.would_copy(store, one) if post.media else 0,
    )
