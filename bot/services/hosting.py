"""A digest that is held, and its hosts: they are sent what was chosen, and pin, leave out, add words, stop, approve.

What they are sent names answers by their addresses alone: nobody's words are copied into a message that nobody could
take back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.chats import approve_of
from bot.domain.digests import fit, questions_of
from bot.domain.errands import Errand
from bot.domain.holding import HostSaying, preview_errands, speaks_at, wanted_by
from bot.domain.richtext import graphemes
from bot.errors import UserError
from bot.services.digest import choose_anew, digest_prompt
from bot.services.hosts import reachable
from bot.services.review import is_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from bot.domain.holding import HeldDigest, Saying
    from bot.domain.posts import NetworkName
    from bot.domain.records import Answer, ChatContent, StoredChat
    from bot.ports import Store
    from bot.ports.phrases import Phrase

LONGEST_INTRO = 200
"""Graphemes of the hosts' own words: the digest's first post has the figures and the link to say, too."""

ANSWERED_ON: frozenset[NetworkName] = frozenset({"mastodon"})
"""Where a host may answer the message: private messages on Bluesky are written by us, and never read."""

_SHORT = 8  # hex digits of a node key by which an answer is called
_ROOM = 440  # characters of a message: Mastodon takes 500 with the host's handle, and counts each address as 23
_LINK = 23


class Said(NamedTuple):
    """Who says something about a digest, why, and when (UTC)."""

    by: str
    reason: str
    at: datetime


def tell_of_digests(store: Store, accounts: Mapping[str, NetworkName], now: datetime, phrase: Phrase) -> int:
    """Send each host of a chat whose digest is held what was chosen, once; gives how many messages are new.

    Args:
        store: the truth.
        accounts: keys of our accounts that can be used now, each with its network.
        now: UTC.
        phrase: says ``hold.…`` in a series' language.
    """
    new = 0
    for held in store.held_digests(now):
        stored = store.chat(held.chat)
        wanted = wanted_by(store.host_said(held.chat))
        if held.told or stored is None or held.until <= now or wanted.stopped or wanted.approved:
            continue
        content = store.content(held.chat)
        text = {heard: card(stored, held, content, phrase, heard=heard) for heard in (True, False)}
        errands = [
            Errand(
                f"{preview_errands(held.chat)}{number}",
                account,
                "tell",
                now,
                to=handle,
                text=text[accounts[account] in ANSWERED_ON],
            )
            for number, (account, handle) in reachable(stored, accounts).items()
        ]
        if store.send_preview(held, errands):
            new += len(errands)
    return new


def held_lines(store: Store, accounts: Mapping[str, NetworkName], now: datetime) -> Iterator[str]:
    """A line for each digest that waits for its hosts, where none of them can be told."""
    for held in store.held_digests(now):
        stored = store.chat(held.chat)
        wanted = wanted_by(store.host_said(held.chat))
        waits = held.until > now or (stored is not None and approve_of(stored.series, stored.chat))
        if stored is None or not waits or wanted.stopped or wanted.approved or reachable(stored, accounts):
            continue
        yield (
            f"{held.chat}: its digest is held, and no host could be told: none of `hosts:` has a handle on a network "
            f"this bot is on. `staffroom digest show {held.chat}`."
        )


def card(stored: StoredChat, held: HeldDigest, content: ChatContent, phrase: Phrase, *, heard: bool = False) -> str:
    """What a host is sent: which answers, when they go out, and what to do; short enough for one post anywhere.

    Args:
        stored: the chat.
        held: its digest.
        content: what may be shown of the chat.
        phrase: says ``hold.…`` in a language.
        heard: an answer to it would be heard.
    """
    series, language = stored.series, stored.series.languages[0]
    approve = approve_of(series, stored.chat)
    at = speaks_at(held, wanted_by(()), approve=approve).astimezone(ZoneInfo(stored.chat.timezone))
    until = phrase("hold.unapproved" if approve else "hold.until", language)
    first = f"{phrase('hold.chosen', language)} {stored.chat.id}"
    answer = (phrase("hold.reply", language),) if heard else ()
    last = (
        f"{until} {at:%Y-%m-%d %H:%M} ({stored.chat.timezone})",
        *answer,
        f"{phrase('hold.do', language)} {stored.chat.id}",
    )
    addresses = {answer.key: answer.post.ref.url for answer in content.answers}
    room = _ROOM - sum(len(line) + 1 for line in (first, *last))
    lines = []
    for number, question in enumerate(questions_of(content), start=1):
        found = [addresses.get(pick.answer, "") for pick in held.picks if pick.question == question]
        links = [link for link in found if link]
        room -= 4 + len(links) * (_LINK + 1)
        if room < 0:
            lines.append("…")
            break
        lines += [f"Q{number} {' '.join(links)}"] if links else []
    return "\n".join((first, *lines, *last))


def answer_called(content: ChatContent, typed: str) -> Answer:
    """The answer of a chat that somebody means.

    Args:
        content: what may be shown of the chat.
        typed: its key as `staffroom digest show` gives it, its address on its network, or its place on our page.

    Raises:
        UserError: none is meant, or several.
    """
    named = typed.strip()
    key = named.rpartition("#a-")[2].lower()
    found = [one for one in content.answers if len(key) >= _SHORT and one.key.startswith(key)]
    found = found or [one for one in content.answers if is_at(one.post, named)]
    if len(found) == 1:
        return found[0]
    raise UserError(
        f"{named}: no answer of {content.stored.chat.id} is called so. Give the key that `staffroom digest show` "
        "names, the post's address on its network, or the link of its place on our page (the time beside the name)."
    )


def short(key: str) -> str:
    """What a person types to mean an answer."""
    return key[:_SHORT]


def about_answer(store: Store, stored: StoredChat, kind: Saying, typed: str, said: Said) -> Answer:
    """Pin an answer, leave it out, or take either back; gives the answer.

    Args:
        store: the truth.
        stored: the chat.
        kind: ``pinned``, ``left out`` or ``freed``.
        typed: see ``answer_called``.
        said: who says so.

    Raises:
        UserError: the digest is out, no such answer is shown, or it cannot be repeated.
    """
    _must_not_be_out(store, stored)
    content = store.content(stored.chat.id)
    answer = answer_called(content, typed)
    if kind == "pinned":
        _must_be_fit(content, answer)
    store.host_says(stored.chat.id, HostSaying(said.at, kind, said.by, reason=said.reason, answer=answer.key))
    choose_anew(store, stored)
    return answer


def add_words(store: Store, stored: StoredChat, words: str, said: Said) -> None:
    """Let the digest say something of the hosts' own; empty takes it back.

    Raises:
        UserError: the digest is out, or it is too long.
    """
    _must_not_be_out(store, stored)
    words = " ".join(words.split())
    if graphemes(words) > LONGEST_INTRO:
        raise UserError(f"Your words have {graphemes(words)} characters; {LONGEST_INTRO} are possible here.")
    store.host_says(stored.chat.id, HostSaying(said.at, "edited", said.by, reason=said.reason, words=words))


def stop(store: Store, stored: StoredChat, said: Said) -> None:
    """Post no digest, until somebody approves it. Raises ``UserError`` where it is out."""
    _must_not_be_out(store, stored)
    store.host_says(stored.chat.id, HostSaying(said.at, "stopped", said.by, reason=said.reason))


def approve(store: Store, stored: StoredChat, said: Said) -> None:
    """Let a held digest go out at once. Raises ``UserError`` where none is held."""
    _must_not_be_out(store, stored)
    if store.held_digest(stored.chat.id) is None:
        raise UserError(f"{stored.chat.id}: nothing is chosen yet; there is nothing to approve.")
    store.host_says(stored.chat.id, HostSaying(said.at, "approved", said.by, reason=said.reason))


def _must_not_be_out(store: Store, stored: StoredChat) -> None:
    if store.prompt(digest_prompt(stored).id) is not None:
        raise UserError(
            f"The digest of {stored.chat.id} is out, or on its way. `staffroom hide URL` takes an answer off the pages "
            "and deletes posts of ours that repeat it."
        )


def _must_be_fit(content: ChatContent, answer: Answer) -> None:
    if any(answer.key == one.key for question in questions_of(content) for one in fit(content, question)):
        return
    why = "It stands behind a content warning." if answer.post.warning else "It answers no question by itself."
    raise UserError(f"This answer cannot be repeated in the digest. {why}")
