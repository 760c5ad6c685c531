"""How fast listening goes."""

from __future__ import annotations

import msgspec


class Pace(msgspec.Struct, frozen=True):
    """How fast listening goes; seconds.

    Attributes:
        look: from one look at which chats are on to the next.
        known: for how long what we want to hear of, and which chats there are, counts as known.
        silence: after which a stream that gives no sign of life counts as broken; networks give one every five.
        refused: after which a network that has no stream is asked for one again.
        asking: from one asking to the next; ``None``: as ``sweeps.asking_interval`` says.
        longest: the longest wait before a broken stream is connected again.
        batch: how many posts are stored at once.
        waiting: how many tellings wait in the queue at most.
        tell: from one word about new answers to the next.
    """

    look: float = 5.0
    known: float = 30.0
    tell: float = 20.0
    silence: float = 20.0
    refused: float = 600.0
    asking: float | None = None
    longest: float = 60.0
    batch: int = 500
    waiting: int = 64


PACE = Pace()
