"""Weeks after the play: who asked for it is asked what came of what they try, and most of them tell."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.followups import follow_ups
from bot.domain.richtext import detect
from bot.rehearsal.script import in_language
from bot.tick import collect_all, deliver_due

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.clock import SteppedClock
    from bot.domain.posts import NetworkName
    from bot.domain.records import StoredChat
    from bot.networks.sandbox import SandboxServer
    from bot.rehearsal.script import Cast
    from bot.tick import House

_HOUR = timedelta(hours=1)
_SILENT = 3  # one in so many never replies


def weeks_later(
    house: House,
    clock: SteppedClock,
    servers: Mapping[NetworkName, SandboxServer],
    *,
    cast: Cast,
    stored: StoredChat,
    trying: Mapping[str, int],
) -> list[str]:
    """Move on to the first follow-ups of a chat, send them, have the teachers reply, read it; gives troubles.

    No other chat is played meanwhile: what it would say is cancelled.

    Args:
        house: whose evening is over.
        clock: the house's.
        servers: the networks in memory, by name.
        cast: who plays.
        stored: the chat.
        trying: by node key of an answer that says what somebody will try, the teacher's index in the cast.
    """
    wanted = [one.answer for one in house.store.followed(stored.series.slug) if one.chat == stored.chat.id]
    first = [prompt for answer in wanted for prompt in follow_ups(stored.series, stored.chat, answer)[:1]]
    if not first:
        return []
    _only(house, stored, clock)
    clock.move_to(max(prompt.at for prompt in first))
    troubles: list[str] = []
    deliver_due(house, troubles)
    asked = [one for one in house.store.sent_posts(stored.chat.id) if one.kind == "follow-up" and not one.position]
    clock.move_to(clock.now() + _HOUR)
    for number, one in enumerate(asked, start=1):
        if one.answer in trying and number % _SILENT:
            teacher = trying[one.answer]
            words = in_language(cast.outcomes, cast.teachers[teacher].language)
            server = servers[one.ref.network]
            account = server.create_account(f"teacher{teacher}")
            said = words[number % len(words)]
            server.write(account.id, detect(said.text), parent=one.ref.id, languages=(said.language,))
    return troubles + list(collect_all(house, everything=True).troubles.values())


def _only(house: House, stored: StoredChat, clock: SteppedClock) -> None:
    """Have nothing said from now on but what belongs to one chat."""
    deliveries = house.store.deliveries(stored.chat.id)
    prompts = [prompt for one in deliveries if (prompt := house.store.prompt(one.prompt))]
    chats = [one.chat for one in house.store.chats(stored.series.slug)]
    house.store.save_plan(stored.series, chats, prompts, deliveries, clock.now())
