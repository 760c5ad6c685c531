"""What commands about people ask for: what is remembered of somebody, what they asked, and what follows from it.

None of it needs a network, a login, or series' files that are right: who leaves must not wait for those.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import indexer_of, read_settings, renderer_of, shelf_of, target_of
from bot.config import load_staffroom
from bot.domain.consent import Wish
from bot.domain.people import called, pasted, standing
from bot.domain.posts import Account, NetworkName
from bot.domain.richtext import links
from bot.domain.takingpart import asked_for_record
from bot.errors import UserError
from bot.services.archive import archive
from bot.services.copying import pictures_of
from bot.services.door import person_keys
from bot.services.downloads import end_old_downloads
from bot.services.linked import others_of
from bot.services.recordrequests import written_at
from bot.services.wishes import remember

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.consent import WishKind
    from bot.domain.posts import Post
    from bot.ports import Store

SOURCE = "a moderator"
"""How we know of a wish that a command entered."""


class Remembered(msgspec.Struct, frozen=True):
    """What is remembered of one account.

    Attributes:
        handle: its handle, as its network writes it, or as it was asked for.
        network: where it lives.
        answers: how many posts of it are kept, by chat.
        standing: what holds of what it asked (``people.standing``).
        wishes: all that it asked, oldest first.
        others: accounts that it is one person with, or said to be.
    """

    handle: str
    network: NetworkName
    answers: dict[str, int]
    standing: tuple[str, ...]
    wishes: tuple[Wish, ...]
    others: tuple[OtherAccount, ...] = ()


class OtherAccount(msgspec.Struct, frozen=True):
    """An account as one person with which another one stands, or said to.

    Attributes:
        handle: empty where nothing of it is kept.
        at: since when, or when that was said, UTC.
        confirmed: both sides said so.
    """

    handle: str
    at: datetime
    confirmed: bool


class Everybody(msgspec.Struct, frozen=True):
    """Everybody who asked something: how many of each, and who, as far as words of theirs are kept."""

    counts: dict[str, int]
    people: tuple[Remembered, ...]


class Done(msgspec.Struct, frozen=True):
    """What became of a wish.

    Attributes:
        handles: of the accounts whose words were kept; empty where nothing was.
        called: whom the wish is remembered for.
        still_posted: addresses of our digests' posts that repeat what they said and are to be deleted there.
        badges: how many badges stay good, of somebody who leaves.
    """

    handles: tuple[str, ...]
    called: tuple[str, ...]
    still_posted: tuple[str, ...]
    badges: int = 0


class Whom(msgspec.Struct, frozen=True):
    """An account, as far as it is known, and the keys under which its wishes may be remembered.

    Attributes:
        account: without its ``id`` where only the handle is known.
        kept: words of it are kept.
    """

    account: Account
    keys: tuple[str, ...]
    kept: bool

    @property
    def handle(self) -> str:
        """What the account is called, as its network writes it or as it was asked for."""
        return self.account.handle


def everybody(folder: Path) -> Everybody:
    """Who asked what, over all."""
    store = open_store_of(load_staffroom(folder))
    slugs = _slugs(store)
    asked = store.wishing()
    counts = Counter(kind for _, wishes in asked for kind in standing(wishes, slugs))
    people = [_remembered(store, _of(store, account)) for account, _ in asked if account]
    return Everybody(dict(sorted(counts.items())), tuple(sorted(people, key=lambda one: (one.handle, one.network))))


def about_person(folder: Path, name: str, network: NetworkName | None) -> tuple[Remembered, ...]:
    """What is remembered of the account, or of all accounts, of this name."""
    store = open_store_of(load_staffroom(folder))
    return tuple(_remembered(store, one) for one in whom_of(store, name, network))


def ask_for(folder: Path, name: str, network: NetworkName | None, kind: WishKind, series: str = "") -> Done:
    """Remember what somebody asked, carry it out in the database, and bring the pages up to date.

    Args:
        folder: the bot's folder.
        name: the account's handle, id, or the address of its profile.
        network: where it is, for a name that does not tell.
        kind: what was asked.
        series: for which series (its slug); empty for all.

    Raises:
        UserError: it cannot be told whom the name means, or there is no such series.
    """
    settings = load_staffroom(folder)
    store = open_store_of(settings)
    clock = clock_of(store)
    if series:
        _check_series(folder, store, series)
    whom = whom_of(store, name, network)
    now = max(datetime.now(UTC), clock.now())
    posted = _still_posted(store, whom) if kind == "stopped" else ()
    for one in whom:
        remember(store, one.account if one.kept else None, one.keys, Wish(kind, series, now), SOURCE, now)
        if kind == "stopped" and not one.kept:
            store.unname(one.account)  # others may have named somebody of whom nothing is kept
    if kind == "joined":
        store.sweep_again(series)
    end_old_downloads(store, shelf_of(settings), now)
    archive(store, renderer_of(settings, clock), target_of(settings), indexer=indexer_of())
    handles = tuple(one.handle for one in whom if one.kept)
    badges = sum(_badges(store, one) for one in whom) if kind == "stopped" else 0
    return Done(handles, tuple(one.handle for one in whom), posted, badges)


def forget_account(folder: Path, name: str, network: NetworkName | None = None) -> Done:
    """Erase all that an account said, remember its wish, and publish the pages without it; see ``ask_for``."""
    return ask_for(folder, name, network, "stopped")


def export_person(folder: Path, name: str, network: NetworkName | None) -> dict[str, Any]:
    """All that is kept about the accounts of this name, as plain data for their owner.

    Raises:
        UserError: nothing is kept, or it cannot be told whom the name means.
    """
    store = open_store_of(load_staffroom(folder))
    found = [told for one in whom_of(store, name, network) if (told := _export(store, one))]
    if not found:
        raise UserError(f"{name}: nothing is kept about an account with this handle or address.")
    return {"exported_at": datetime.now(UTC), "accounts": found}


def whom_of(store: Store, name: str, network: NetworkName | None) -> tuple[Whom, ...]:
    """Whom a name means: every account of it whose words are kept, else the one that it names by itself."""
    name = pasted(name)
    people = [person for key in store.accounts_called(name) if (person := store.person(key))]
    known = [_of(store, one.account) for one in people if network in (None, one.account.network)]
    if known:
        return tuple(sorted(known, key=lambda one: (one.handle, one.account.network)))
    meant = called(name, network)
    if meant is None:
        raise UserError(
            f"{name}: nothing of such an account is kept, and it cannot be told whom this means. Write the whole "
            "handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of the profile, and `--network "
            "bluesky` or `--network mastodon` where the handle does not tell."
        )
    account = Account(meant.network, meant.id, meant.handle, meant.handle)
    return (Whom(account, tuple(store.key(meant.network, one) for one in meant.ids), kept=False),)


def _of(store: Store, account: Account) -> Whom:
    return Whom(account, person_keys(store, account), kept=True)


def wishes_of(store: Store, one: Whom) -> tuple[Wish, ...]:
    """What was asked under any of somebody's keys, each event once, oldest first."""
    asked = dict.fromkeys(wish for wishes in store.wishes(one.keys).values() for wish in wishes)
    return tuple(sorted(asked, key=lambda wish: (wish.at, wish.kind, wish.series)))


def _posts_of(store: Store, one: Whom) -> tuple[tuple[str, Post], ...]:
    person = store.person(one.keys[0]) if one.kept else None
    return person.posts if person else ()


def _remembered(store: Store, one: Whom) -> Remembered:
    wishes = wishes_of(store, one)
    answers = Counter(chat for chat, _ in _posts_of(store, one))
    holds = standing(wishes, _slugs(store))
    holds += ("record",) if asked_for_record(wishes, datetime.now(UTC)) else ()
    others = _others(store, one)
    holds += ("linked",) if any(other.confirmed for other in others) else ()
    return Remembered(one.handle, one.account.network, dict(sorted(answers.items())), holds, wishes, others)


def _others(store: Store, one: Whom) -> tuple[OtherAccount, ...]:
    found = others_of(store, one.keys[0], datetime.now(UTC))
    return tuple(OtherAccount(said.account.handle if said.account else "", said.at, said.confirmed) for said in found)


def _still_posted(store: Store, whom: tuple[Whom, ...]) -> tuple[str, ...]:
    keys = [store.key(post.ref.network, post.ref.id) for one in whom for _, post in _posts_of(store, one)]
    return tuple(ref.url or ref.id for _, ref in store.repeating(keys)) if keys else ()


def _export(store: Store, one: Whom) -> dict[str, Any]:
    wishes, posts, others = wishes_of(store, one), _posts_of(store, one), _others(store, one)
    lists = store.signed_up_as(one.keys)
    if not (one.kept or wishes or lists or others or _badges(store, one)):
        return {}
    told: dict[str, Any] = {"network": one.account.network, "handle": one.handle}
    if one.kept:
        told |= msgspec.to_builtins(one.account)
    told["wishes"] = [{"kind": wish.kind, "series": wish.series, "at": wish.at} for wish in wishes]
    if others:
        told["one_person_with"] = msgspec.to_builtins(others)
    if written := written_at(store, one.keys[0]):
        told["record_written"] = written
    told["posts"] = [{"chat": chat, **_post(post)} for chat, post in posts]
    if badges := _badges(store, one):
        told["badges"] = badges
    if lists:
        told["sign_ups"] = [{"event": each.chat, "handle": each.handle, "at": each.at} for each in lists]
    asked = {one.answer: one.chat for one in store.followed_of(one.keys[0])} if one.kept else {}
    if asked:
        told["follow_ups"] = [
            {"chat": chat, "of": post.ref.url or post.ref.id}
            for chat, post in posts
            if asked.get(store.key(post.ref.network, post.ref.id)) == chat
        ]
    links = {store.key(post.ref.network, post.ref.id): post.ref.url or post.ref.id for _, post in posts}
    if said := [each for each in store.permissions() if each.answer in links]:
        told["permissions"] = [
            {"of": links[each.answer], "chat": each.chat, "for": each.purpose, "agreed": each.agreed, "at": each.at}
            for each in said
        ]
    if pictures := pictures_of(store, posts):
        told["pictures"] = [{"chat": chat, "of": url, "webp": data} for chat, url, data in pictures]
    return told


def _badges(store: Store, one: Whom) -> int:
    """How many badges of theirs are good."""
    return sum(1 for badge in store.badges() if not set(one.keys).isdisjoint(badge.of))


def _post(post: Post) -> dict[str, Any]:
    """All that is kept of a post: its author stands above, its text as words with the links in them."""
    told: dict[str, Any] = {"at": post.at, "text": post.text.text, "links": links(post.text)}
    rest: dict[str, Any] = msgspec.to_builtins(post)
    return told | {name: value for name, value in rest.items() if name not in ("at", "author", "text")}


def _slugs(store: Store) -> frozenset[str]:
    return frozenset(stored.series.slug for stored in store.chats())


def _check_series(folder: Path, store: Store, wanted: str) -> None:
    known = _slugs(store)
    if wanted in known:
        return
    settings: Settings = read_settings(folder)
    written = sorted(known | {series.slug for series in settings.series})
    if wanted not in written:
        raise UserError(f"{wanted}: there is no such series. There are: {', '.join(written) or 'none'}.")
