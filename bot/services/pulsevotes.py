"""How people voted at the ends of a series' chats: what the chats' own pages count of their last question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.chats import pulse_of
from bot.domain.polls import ballots

if TYPE_CHECKING:
    from bot.ports import Store


def votes_in(store: Store, series: str) -> dict[str, tuple[int, ...]]:
    """By chat id, how many chose each answer to the question what it was worth, on all networks together.

    Only of chats that ask it and are not cancelled, in order of start.
    """
    return {
        stored.chat.id: _votes(store, stored.chat.id, number)
        for stored in store.chats(series)
        if not stored.cancelled and (number := pulse_of(stored.chat))
    }


def _votes(store: Store, chat: str, number: int) -> tuple[int, ...]:
    content = store.content(chat)
    options = content.stored.chat.questions[number - 1].poll
    question = f"{chat}/q{number}"
    answers = [one for one in content.answers if any(placed.question == question for placed in one.placed)]
    counted = ballots(answers, options, [poll for poll in content.polls if poll.number == number])
    return tuple(sum(each.votes[place] for each in counted) for place in range(len(options)))
