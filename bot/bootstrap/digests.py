"""What ``staffroom digest`` asks for. None of it needs a network or a login; `run` or the next `tick` posts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import stored_chat
from bot.bootstrap.house import accounts_of, composer_of, limits_of, read_settings
from bot.bootstrap.preview import text_of
from bot.domain.chats import approve_of, next_after
from bot.domain.digests import choose
from bot.domain.holding import speaks_at, wanted_by
from bot.domain.posts import NetworkName
from bot.errors import UserError
from bot.services import hosting
from bot.services.digest import digest_prompt, told_before, write
from bot.services.hosting import Said

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.holding import Saying
    from bot.domain.records import Answer, ChatContent, Pick, StoredChat
    from bot.ports import Store

State = Literal["not chosen", "held", "stopped", "out"]
Change = Literal["pin", "leave out", "free", "edit", "stop", "approve"]

_ABOUT: dict[str, Saying] = {"pin": "pinned", "leave out": "left out", "free": "freed"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Chosen(msgspec.Struct, frozen=True):
    """An answer that a digest repeats: its key, its question's number, why, where, and its words on one line."""

    key: str
    question: int
    why: str
    network: NetworkName
    text: str
    address: str


class DigestNow(msgspec.Struct, frozen=True):
    """A chat's digest as it stands.

    Attributes:
        chat: the chat's id.
        state: ``not chosen`` yet: what is shown is what would be; ``held``; ``stopped`` by a host; ``out`` or on its
            way.
        at: when it goes out if nobody says anything more, UTC; ``None`` where that is not known.
        quotes: whether it will repeat anybody then.
        intro: the hosts' own words in it.
        chosen: what it repeats, in order.
        left_out: keys of what hosts left out.
        posts: what it would say now, by account.
    """

    chat: str
    state: State
    at: datetime | None
    quotes: bool
    intro: str
    chosen: tuple[Chosen, ...]
    left_out: tuple[str, ...]
    posts: dict[str, str]


def digest_now(folder: Path, chat: str) -> DigestNow:
    """A chat's digest as it stands, or as it would be."""
    settings = read_settings(folder)
    store = open_store_of(settings)
    return _now(settings, store, stored_chat(store, chat, settings))


def digest_preview(folder: Path, chat: str) -> dict[str, str]:
    """What a chat's digest says on each account, or would say now, as text.

    Raises:
        UserError: it says nothing.
    """
    found = digest_now(folder, chat)
    if not found.posts:
        raise UserError(f"{chat} has no answers that may be shown, so there is no digest to look at.")
    return found.posts


def change_digest(  # noqa: PLR0917 - a decision has so many sides
    folder: Path, chat: str, change: Change, what: str, reason: str, by: str
) -> DigestNow:
    """Let a host change a digest that is not out; gives what it is then.

    Args:
        folder: the bot's folder.
        chat: the chat's id.
        change: what to do.
        what: the answer that is meant (``hosting.answer_called``), or the words to add.
        reason: why, for the log; may be empty.
        by: who says so, for the log.

    Raises:
        UserError: it cannot be done; says why.
    """
    settings = read_settings(folder)
    store = open_store_of(settings)
    stored = stored_chat(store, chat, settings)
    said = Said(by, reason, datetime.now(UTC))
    match change:
        case "edit":
            hosting.add_words(store, stored, what, said)
        case "stop":
            hosting.stop(store, stored, said)
        case "approve":
            hosting.approve(store, stored, said)
        case "pin" | "leave out" | "free":
            hosting.about_answer(store, stored, _ABOUT[change], what, said)
    return _now(settings, store, stored)


def write_digest(folder: Path, chat: str) -> str:
    """Put a chat's digest into the outbox at once, held or not; gives a line that says so."""
    settings = read_settings(folder)
    store, now = open_store_of(settings), datetime.now(UTC)
    stored = stored_chat(store, chat, settings)
    content = store.content(chat)
    if not content.answers:
        return f"{chat} has no answers that may be shown, so there is nothing to say."
    if store.prompt(digest_prompt(stored).id) is not None:
        return f"{chat} has its digest already."
    write(store, accounts_of(settings), stored, _picks(store, content), now, at_once=True)
    return f"The digest of {chat} is written; `run` or the next `tick` posts it."


def _picks(store: Store, content: ChatContent) -> tuple[Pick, ...]:
    """What a digest that is not out repeats: what is held, else what would be chosen now."""
    chat = content.stored.chat.id
    held = store.held_digest(chat)
    return held.picks if held else choose(content, store.quoted(chat), wanted_by(store.host_said(chat)))


def _now(settings: Settings, store: Store, stored: StoredChat) -> DigestNow:
    chat = stored.chat.id
    wanted, held = wanted_by(store.host_said(chat)), store.held_digest(chat)
    out = store.prompt(digest_prompt(stored).id) is not None
    content = store.content(chat)
    if not out:
        content = msgspec.structs.replace(content, picks=_picks(store, content), intro=wanted.intro)
    at, approve = None, approve_of(stored.series, stored.chat)
    state: State = "out" if out else "stopped" if wanted.stopped else "held" if held else "not chosen"
    if state == "held" and held:
        at = datetime.now(UTC) if wanted.approved else speaks_at(held, wanted, approve=approve)
    elif state == "not chosen":
        at = digest_prompt(stored).at
    return DigestNow(
        chat=chat,
        state=state,
        at=at,
        quotes=out or wanted.approved or not approve,
        intro=wanted.intro,
        chosen=tuple(_chosen(content)),
        left_out=tuple(sorted(hosting.short(key) for key in wanted.left_out)),
        posts=_posts(settings, store, stored, content) if content.answers else {},
    )


def _chosen(content: ChatContent) -> list[Chosen]:
    by_key = {answer.key: answer for answer in content.answers}
    return [_one(pick, by_key[pick.answer]) for pick in content.picks if pick.answer in by_key]


def _one(pick: Pick, answer: Answer) -> Chosen:
    return Chosen(
        key=hosting.short(answer.key),
        question=int(pick.question.rpartition("/q")[2]),
        why=pick.why,
        network=answer.post.ref.network,
        text=_CONTROL.sub(" ", " ".join(answer.post.text.text.split())),  # printed on a terminal, which obeys them
        address=answer.post.ref.url or answer.post.ref.id,
    )


def _posts(settings: Settings, store: Store, stored: StoredChat, content: ChatContent) -> dict[str, str]:
    """What the digest says on each account, as text."""
    upcoming = next_after((one.chat for one in store.chats(stored.series.slug)), stored.chat)
    texts = {}
    for key in stored.series.accounts:
        account = settings.networks[key]
        draft = composer_of(settings).compose(
            digest_prompt(stored),
            stored,
            account.network,
            limits_of(account.network, account.characters),
            upcoming=upcoming,
            content=content,
            question=None,
            media=(),
            told=told_before(store, stored),
        )
        texts[key] = text_of(draft)
    return texts
