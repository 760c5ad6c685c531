"""Digest: once a chat's grace time is over and its threads are read, choose what its digest says; hold it; say it.

While it is held its hosts can look at it, change it and stop it (``services.hosting``). What it repeats is composed
only when it leaves, from what may be shown then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.chats import approve_of, hold_of
from bot.domain.digests import choose
from bot.domain.followups import told_until
from bot.domain.holding import fate, wanted_by
from bot.domain.prompts import prompts
from bot.domain.sweeps import digest_ready
from bot.domain.trying import told_since
from bot.errors import UserError
from bot.services.plan import planned_deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.posts import NetworkName
    from bot.domain.prompts import Prompt
    from bot.domain.records import Pick, StoredChat
    from bot.domain.trying import Told
    from bot.ports import Store


def digest(store: Store, accounts: Mapping[str, NetworkName], now: datetime) -> tuple[str, ...]:
    """Choose and hold the digests that are due, and write those whose hold is over into the outbox.

    A chat without a single answer gets a digest without deliveries: nothing is posted about it.

    Args:
        store: the truth.
        accounts: our account keys, each with its network.
        now: UTC.

    Returns:
        The ids of the chats whose digests were written.
    """
    written = []
    restored = store.restored()
    swept = {due.stored.chat.id: due.swept for due in store.collecting(now)}
    for stored in store.digest_due(now):
        known = {key: at for key, at in swept.get(stored.chat.id, {}).items() if key in accounts}
        since = restored.at if restored else None
        if not digest_ready(stored.series, stored.chat, known, now, restored=since):
            continue
        picks = _choice(store, stored)
        if picks is None:
            write(store, accounts, stored, (), now)
            written.append(stored.chat.id)
        else:
            store.hold_digest(stored.chat.id, picks, now, now + hold_of(stored.series, stored.chat))
    return (*written, *_release(store, accounts, now))


def choose_anew(store: Store, stored: StoredChat) -> tuple[Pick, ...]:
    """Choose a chat's digest from what may be shown now, as its hosts want it; what is held is this from now on."""
    picks = _choice(store, stored) or ()
    store.choose_again(stored.chat.id, picks)
    return picks


def write(
    store: Store,
    accounts: Mapping[str, NetworkName],
    stored: StoredChat,
    picks: Sequence[Pick],
    now: datetime,
    *,
    at_once: bool = False,
) -> None:
    """Put a chat's digest into the outbox; nothing is posted where no answers may be shown.

    ``at_once``: it does not wait for the time at which it would be due.
    """
    planned = prompt = digest_prompt(stored)
    waited = hold_of(stored.series, stored.chat) or approve_of(stored.series, stored.chat)
    if waited or at_once:  # it goes out when people want it to
        until = max(planned.useful_until, now + (planned.useful_until - planned.at))
        prompt = msgspec.structs.replace(planned, at=now, useful_until=until)
    answered = bool(store.content(stored.chat.id).answers)
    said = planned_deliveries(stored.series, [prompt], accounts) if answered else ()
    store.save_digest(prompt, said, picks, now)


def told_before(store: Store, stored: StoredChat) -> Told | None:
    """What came of the series' earlier chats since the digest of the last one, for a chat's own digest."""
    before = [
        one
        for one in store.chats(stored.series.slug)
        if not one.cancelled
        and one.chat.event is None
        and one.chat.starts_at < stored.chat.starts_at
        and one.chat.date != stored.chat.date
    ]
    if not before:
        return None
    since = digest_prompt(before[-1]).at
    asked = (
        one
        for one in before
        if told_until(one) > since and any(post.kind == "follow-up" for post in store.sent_posts(one.chat.id))
    )
    return told_since((store.content(one.chat.id) for one in asked), since)


def digest_prompt(stored: StoredChat) -> Prompt:
    """A chat's digest as it is planned.

    Raises:
        UserError: it is an event; what people say of one is not summed up.
    """
    if stored.chat.event is not None:
        raise UserError(
            f"{stored.chat.id} is an event, and events have no digest. What people said stands on its page."
        )
    return next(one for one in prompts(stored.series, stored.chat) if one.kind == "digest")


def _choice(store: Store, stored: StoredChat) -> tuple[Pick, ...] | None:
    """What a chat's digest repeats; ``None`` where there is no answer at all."""
    content = store.content(stored.chat.id)
    if not content.answers:
        return None
    return choose(content, store.quoted(stored.chat.id), wanted_by(store.host_said(stored.chat.id)))


def _release(store: Store, accounts: Mapping[str, NetworkName], now: datetime) -> list[str]:
    written = []
    for held in store.held_digests(now):
        stored = store.chat(held.chat)
        if stored is None:  # it was forgotten meanwhile
            continue
        approve = approve_of(stored.series, stored.chat)
        its_fate = fate(held, wanted_by(store.host_said(held.chat)), now, approve=approve)
        if its_fate in ("whole", "without quotes"):
            write(store, accounts, stored, held.picks if its_fate == "whole" else (), now)
            written.append(held.chat)
    return written
