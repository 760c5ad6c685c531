"""Errands: small things to do on a network beside the outbox, each of which may be tried again until it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from bot.domain.posts import PostRef

ErrandKind = Literal["like", "answer", "tell", "delete", "identify"]


class Errand(msgspec.Struct, frozen=True):
    """One thing to do.

    Attributes:
        id: names it for good: queuing it twice is once. It ends in node keys, never in a name or an address.
        account: key of the account of ours that does it.
        kind: see ``ports.Network``: ``like``, ``answer``, ``tell`` or ``delete``; ``identify``: find out which account
            has a handle, for a claim about it (``linked.asking``).
        at: when it was decided, UTC; for ``identify``, when that was claimed.
        ref: the post it is about; ``None`` for ``tell`` and ``identify``.
        to: the handle of whom it is for or about, or the id on Bluesky; empty for ``like`` and ``delete``.
        text: what to say; empty where nothing is said.
        attempts: how often it was tried.
    """

    id: str
    account: str
    kind: ErrandKind
    at: datetime
    ref: PostRef | None = None
    to: str = ""
    text: str = ""
    attempts: int = 0
