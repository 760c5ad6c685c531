"""Telling a chat's hosts, privately, that answers wait for them; and saying it here where nobody can be told.

What they are told has no words of anybody's answer in it and no name.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.alarms import words_read
from bot.domain.errands import Errand
from bot.domain.people import called
from bot.domain.posts import handle_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.domain.posts import Account, NetworkName
    from bot.domain.records import StoredChat
    from bot.ports import Held, Store
    from bot.ports.phrases import Phrase

APART = timedelta(minutes=10)
"""How long hosts are left alone after a message about a chat: a burst of pictures is one message, not fifty."""

ALARMS = ("photo", "label", "pupil", "harm", "accusation")
"""What hosts are told of, each with a phrase ``review.…``; not what its author or a host held back themselves."""

_BOOK = "review"
_KEY, _WORDS = 10, 6  # hex digits by which it is remembered that an answer was told


def tell_hosts(store: Store, accounts: Mapping[str, NetworkName], now: datetime, phrase: Phrase) -> int:
    """Queue a private message to each host of a chat in which answers wait that nobody was told of.

    Each answer is told once for each version of its words. A crash on the way sends no message twice, and forgets none.

    Args:
        store: the truth.
        accounts: keys of our accounts that can be used now, each with its network.
        now: UTC.
        phrase: says ``review.…`` in a series' language.

    Returns:
        How many messages are new.
    """
    new = 0
    for chat, held in _by_chat(store).items():
        stored = store.chat(chat)
        told_at, told = _told(store, chat)
        fresh = [one for one in held if _mark(one) not in told]
        if stored is None or not fresh or (told_at is not None and now < told_at + APART):
            continue
        hosts = reachable(stored, accounts)
        if not hosts:
            continue
        text = card(stored, held, phrase)
        name = f"tell:{fresh[0].key}:{words_read(fresh[0].post):x}"
        new += store.queue(
            [
                Errand(f"{name}:{number}", account, "tell", now, to=handle, text=text)
                for number, (account, handle) in hosts.items()
            ]
        )
        marks = " ".join(sorted(told.union(map(_mark, fresh))))
        store.save_cursor(_BOOK, f"told:{chat}", f"{now.isoformat()} {marks}")
    return new


def card(stored: StoredChat, held: Sequence[Held], phrase: Phrase) -> str:
    """What a host is told: what waits and why, what to do, and whom to turn to; short enough for one post anywhere.

    Args:
        stored: the chat.
        held: what waits in it.
        phrase: says ``review.…`` in a language.
    """
    language = stored.series.languages[0]
    why = Counter(reason for one in held for reason in one.reasons if reason in ALARMS)
    reasons = "; ".join(f"{phrase(f'review.{reason}', language)}: {why[reason]}" for reason in ALARMS if why[reason])
    return "\n".join(
        (
            phrase("review.waiting", language),
            f"{stored.chat.id}: {len(held)} ({reasons})",
            phrase("review.do", language),
            phrase("review.danger", language),
        )
    )


def waiting_lines(store: Store, accounts: Mapping[str, NetworkName]) -> Iterator[str]:
    """A line for each chat in which answers wait: how many, and whether its hosts can be told at all."""
    for chat, held in _by_chat(store).items():
        stored = store.chat(chat)
        many = "1 answer waits" if len(held) == 1 else f"{len(held)} answers wait"
        line = f"{chat}: {many} for a person to read: `staffroom review`."
        if stored is not None and not reachable(stored, accounts):
            line += " No host could be told: none of `hosts:` has a handle on a network this bot is on."
        yield line


def _by_chat(store: Store) -> dict[str, list[Held]]:
    """What waits because of an alarm, by chat, oldest first."""
    found: dict[str, list[Held]] = {}
    for one in store.held():
        if not set(ALARMS).isdisjoint(one.reasons):
            found.setdefault(one.chat, []).append(one)
    return found


def reachable(stored: StoredChat, accounts: Mapping[str, NetworkName]) -> dict[int, tuple[str, str]]:
    """Hosts that one of the series' accounts can write to, by their number: our account's key, and the handle."""
    found: dict[int, tuple[str, str]] = {}
    for number, host in enumerate(stored.chat.hosts or stored.series.hosts):
        person = called(host)
        ours = (key for key in stored.series.accounts if person and accounts.get(key) == person.network)
        account = next(ours, None)
        if person and account:
            found[number] = (account, person.handle)
    return found


def host_of(stored: StoredChat, account: Account, accounts: Mapping[str, NetworkName]) -> str:
    """Which of a chat's hosts that can be written to an account is, as the series' file calls them; empty for none."""
    hosts = stored.chat.hosts or stored.series.hosts
    for number, (ours, handle) in reachable(stored, accounts).items():
        if accounts[ours] == account.network and handle_id(handle) == handle_id(account.handle):
            return hosts[number]
    return ""


def _told(store: Store, chat: str) -> tuple[datetime | None, frozenset[str]]:
    """When hosts of a chat were last told, and of what."""
    at, _, marks = store.cursor(_BOOK, f"told:{chat}").partition(" ")
    return (datetime.fromisoformat(at) if at else None), frozenset(marks.split())


def _mark(one: Held) -> str:
    return f"{one.key[:_KEY]}{words_read(one.post):016x}"[: _KEY + _WORDS]
