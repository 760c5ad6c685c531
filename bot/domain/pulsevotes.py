"""What a term's chats were worth to those who said so at their ends: votes, added up so that no small group shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.suppression import FEWEST, Cell, about, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.series import Question


class PulseVotes(msgspec.Struct, frozen=True):
    """How a term's chats were answered that asked the same as the latest one of it.

    Attributes:
        ask: the question.
        answers: what there was to choose from.
        chats: of how many chats votes are counted.
        votes: all of them. Somebody who voted at the ends of three chats gave three.
        chosen: how many chose each answer; all of these or none are told.
    """

    ask: str
    answers: tuple[str, ...]
    chats: int
    votes: Cell
    chosen: tuple[Cell, ...]


def add_up(asked: Iterable[tuple[Question, Sequence[int]]]) -> PulseVotes | None:
    """Add up what people voted; a chat with fewer votes than may be told counts for nothing.

    Args:
        asked: the question of each chat, and how many chose each of its answers, in order of time.

    Returns:
        ``None`` where no chat asked.
    """
    every = list(asked)
    if not every:
        return None
    latest = every[-1][0]
    same = [votes for question, votes in every if (question.ask, question.poll) == (latest.ask, latest.poll)]
    told = [votes for votes in same if sum(votes) >= FEWEST]
    sums = [sum(votes[place] for votes in told) for place in range(len(latest.poll))]
    whole = about(sum(sums), sum(sums))
    return PulseVotes(latest.ask, latest.poll, len(told), whole, parts(sums, sums, whole))


__all__ = ["PulseVotes", "add_up"]
