"""Digest: once a chat's grace time is over and its threads are read, choose what its digest says and plan it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.digests import choose
from bot.domain.prompts import prompts
from bot.domain.sweeps import digest_ready
from bot.services.plan import planned_deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.posts import NetworkName
    from bot.ports import Store


def digest(store: Store, accounts: Mapping[str, NetworkName], now: datetime) -> tuple[str, ...]:
    """Write the digests that are due into the outbox; gives the ids of their chats.

    A chat without a single answer gets a digest without deliveries: nothing is posted about it.

    Args:
        store: the truth.
        accounts: our account keys, each with its network.
        now: UTC.
    """
    written = []
    restored = store.restored()
    swept = {due.stored.chat.id: due.swept for due in store.collecting(now)}
    for stored in store.digest_due(now):
        series, chat = stored.series, stored.chat
        known = {key: at for key, at in swept.get(chat.id, {}).items() if key in accounts}
        if not digest_ready(series, chat, known, now, restored=restored.at if restored else None):
            continue
        content = store.content(chat.id)
        prompt = next(one for one in prompts(series, chat) if one.kind == "digest")
        deliveries = planned_deliveries(series, [prompt], accounts) if content.answers else ()
        store.save_digest(prompt, deliveries, choose(content), now)
        written.append(chat.id)
    return tuple(written)
