"""Blocks between other people: a reply across one is shown in no thread, though the post itself still is."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.networks.bluesky.xrpc import Xrpc

Pair = frozenset[str]

_AT_ONCE = 30  # app.bsky.graph.getRelationships
_KEPT = 20_000
_FRESH = timedelta(minutes=15)
_TWO = 2  # nobody blocks themselves
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")  # one that is none would make the server refuse all it is asked with


class _Relationship(msgspec.Struct, rename="camel"):
    """A missing ``did`` with a text ``actor`` instead is an account that is not shown."""

    did: str = ""
    blocking: str = ""
    blocked_by: str = ""
    blocking_by_list: str = ""
    blocked_by_list: str = ""


class _Relationships(msgspec.Struct):
    relationships: list[_Relationship]


class Relations:
    """Whether a block stands between two accounts, in either direction; remembered for a quarter of an hour.

    One question answers up to thirty pairs that share an account, so a conversation around one person costs one.
    """

    def __init__(self, xrpc: Xrpc, clock: Callable[[], datetime]) -> None:
        self._xrpc = xrpc
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Pair, tuple[datetime, bool | None]] = {}

    def blocked(self, pairs: Iterable[Pair]) -> Mapping[Pair, bool | None]:
        """For each pair of two DIDs whether there is a block; ``None`` where the network does not tell.

        https://docs.bsky.app/docs/api/app-bsky-graph-get-relationships
        """
        asked = set(pairs)
        wanted = {pair for pair in asked if len(pair) == _TWO and all(_DID.fullmatch(did) for did in pair)}
        now = self._clock()
        with self._lock:
            known = {pair: self._known[pair] for pair in wanted if pair in self._known}
        found = {pair: blocked for pair, (asked, blocked) in known.items() if now - asked < _FRESH}
        open_pairs = wanted - found.keys()
        while open_pairs:
            count = Counter(did for pair in open_pairs for did in pair)
            actor = min(count, key=lambda did: (-count[did], did))
            some = sorted(next(iter(pair - {actor})) for pair in open_pairs if actor in pair)[:_AT_ONCE]
            answers = self._ask(actor, some)
            self._keep(now, answers)
            found.update(answers)
            open_pairs -= answers.keys()
        return {pair: found.get(pair) for pair in asked}

    def _ask(self, actor: str, others: list[str]) -> dict[Pair, bool | None]:
        answers: dict[Pair, bool | None] = {frozenset((actor, other)): None for other in others}
        try:
            told = self._xrpc.query(
                "app.bsky.graph.getRelationships", {"actor": actor, "others": others}, _Relationships, public=True
            )
        except Refused:
            return answers
        for one in told.relationships:
            pair = frozenset((actor, one.did))
            if pair in answers:
                answers[pair] = bool(one.blocking or one.blocked_by or one.blocking_by_list or one.blocked_by_list)
        return answers

    def _keep(self, now: datetime, answers: Mapping[Pair, bool | None]) -> None:
        with self._lock:
            for pair, blocked in answers.items():
                self._known.pop(pair, None)
                self._known[pair] = (now, blocked)
            for pair in list(islice(self._known, max(0, len(self._known) - _KEPT))):
                del self._known[pair]


def did_of(uri: str) -> str:
    """Whose record an ``at://`` URI names."""
    return uri.removeprefix("at://").partition("/")[0]
