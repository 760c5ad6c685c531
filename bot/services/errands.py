"""Errands: what is to be done on a network beside the outbox is tried until it is done, refused, or too late.

An errand may be tried twice, after a lost answer or a crash: the port makes nothing new of it.
"""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import msgspec

from bot.domain.errands import ErrandKind
from bot.domain.holding import chat_previewed, preview_conversation
from bot.domain.outbox import backoff
from bot.domain.restoring import normal
from bot.errors import Busy, NetworkError, Refused, Unauthorized
from bot.services.linked import identify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.errands import Errand
    from bot.domain.restoring import Restored
    from bot.ports import Network, Store

TRIED_FOR = timedelta(days=3)
"""How long a like or some words are tried. A deletion, which is a promise, is tried until it is done."""

FORGOTTEN = timedelta(days=1)
"""How much longer than that it is looked for what was said before a backup was put back."""

LOGIN_WAIT = timedelta(minutes=10)


class Done(msgspec.Struct, frozen=True):
    """What a run did: errands done, to be tried again, and given up; ``troubles`` is what somebody has to mend."""

    done: int = 0
    waiting: int = 0
    given_up: int = 0
    troubles: tuple[str, ...] = ()


def run_errands(store: Store, network: Network, now: datetime, limit: int = 20) -> Done:
    """Do what one account of ours has to do now, oldest first.

    A network that is down or silent ends the run, for whatever comes next would wait as long. One that asks us to slow
    down is not asked for the same kind of thing again before it said; a login that is not accepted ends everything.
    What an errand's error says is not kept and not told: it may have an address in it.

    Args:
        store: the truth.
        network: our account.
        now: UTC.
        limit: how many errands at most.
    """
    run = _Run(store, now)
    restored = store.restored()
    waiting: dict[str, tuple[datetime, str]] = {}  # kind → until when, and why
    for errand in store.errands(network.account, now, limit):
        if errand.kind in waiting:
            run.again(errand, *waiting[errand.kind])
            continue
        try:
            if not _done_before(store, network, errand, restored):
                _do(store, network, errand, now)
        except Refused:
            run.give_up(errand, "the network refused it")
        except Busy as error:
            waiting[errand.kind] = (now + timedelta(seconds=error.retry_after), "the network asked us to wait")
            run.again(errand, *waiting[errand.kind])
        except Unauthorized as error:
            waiting = dict.fromkeys(_KINDS, (now + LOGIN_WAIT, "the login is not accepted"))
            run.troubles.append(str(error))
            run.again(errand, *waiting[errand.kind])
        except NetworkError:
            run.again(errand, now + backoff(errand.attempts + 1, _jitter(errand)), "the network did not answer")
            break
        else:
            store.errand_done(errand.id, now)
            run.done += 1
    return Done(run.done, run.waiting, run.given_up, tuple(run.troubles))


_KINDS: Sequence[str] = get_args(ErrandKind)


class _Run:
    """One run's books."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.store = store
        self.now = now
        self.done = self.waiting = self.given_up = 0
        self.troubles: list[str] = []

    def again(self, errand: Errand, retry_at: datetime, why: str) -> None:
        """Try again then, if it is not too late then."""
        if errand.kind != "delete" and retry_at >= errand.at + TRIED_FOR:
            self.give_up(errand, f"given up after {TRIED_FOR.days} days: {why}")
            return
        self.store.errand_again(errand.id, retry_at, why)
        self.waiting += 1

    def give_up(self, errand: Errand, why: str) -> None:
        self.store.errand_done(errand.id, self.now, why)
        self.given_up += 1
        if errand.kind == "delete":  # words of somebody who left are still out, and nobody else will take them back
            self.troubles.append(f"A post of ours that repeats a removed answer could not be deleted: {why}.")


def _done_before(store: Store, network: Network, errand: Errand, restored: Restored | None) -> bool:
    """Whether words were said to somebody between a backup and its being put back, which are queued here anew."""
    if restored is None or not restored.at <= errand.at < restored.at + TRIED_FOR + FORGOTTEN:
        return False
    if errand.kind == "tell":
        _tell(store, network, errand, restored.taken)  # looks for the same words since then
        return True
    if errand.kind != "answer" or errand.ref is None:
        return False
    text = normal(errand.text)
    said = network.said_since(restored.taken)
    return any(one.parent == errand.ref.id and normal(one.text).endswith(text) for one in said)


def say_at_once(network: Network, errand: Errand) -> None:
    """Write to a person now. Queued under the same id afterwards, it is not said again if it arrived.

    Raises:
        NetworkError: it did not work, or nobody knows whether it did.
    """
    network.tell(errand.to, errand.text, _key(errand), errand.at)


def _key(errand: Errand) -> str:
    return hashlib.sha256(errand.id.encode()).hexdigest()[:32]


def _tell(store: Store, network: Network, errand: Errand, at: datetime) -> None:
    """Write to a person; what a host answers to the message about a digest is known to be about that one."""
    said = network.tell(errand.to, errand.text, _key(errand), at)
    chat = chat_previewed(errand.id)
    if said is not None and chat:
        store.save_cursor(network.account, preview_conversation(store.key(said.network, said.id)), chat)


def _do(store: Store, network: Network, errand: Errand, now: datetime) -> None:
    key = _key(errand)
    if errand.kind == "tell":
        _tell(store, network, errand, errand.at)
    elif errand.kind == "identify":
        identify(store, network, errand, now)
    elif errand.ref is None:
        message = "it names no post"
        raise Refused(message)
    elif errand.kind == "like":
        network.like(errand.ref)
    elif errand.kind == "answer":
        network.answer(errand.ref, errand.to, errand.text, key, errand.at)
    else:
        network.delete(errand.ref)


def _jitter(errand: Errand) -> random.Random:
    """Chance that falls alike for the same try of the same errand, so that a run can be told again."""
    return random.Random(f"{errand.id}{errand.attempts}")  # noqa: S311 - spreads waits, guards nothing
