"""What people asked of us, remembered and carried out in our copy; what a network has to do becomes errands.

Each function may be called again with the same, as often as the same request is met, and finishes what a crash left.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.consent import Ruling, Wish, standing_wish
from bot.domain.errands import Errand
from bot.services.door import person_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from bot.domain.posts import Account, PostRef
    from bot.ports import Store


def remember(  # noqa: PLR0917 - all six are asked of every caller
    store: Store, account: Account | None, keys: Sequence[str], wish: Wish, source: str, now: datetime
) -> int:
    """Remember a wish under all of a person's keys, and carry out at once what leaving means.

    The order is such that a crash anywhere forgets nothing, if only the same wish is given again:

    1. which posts of our digests repeat this person is asked, and their deletion queued, while the answers are still
       known to be theirs. A crash after it has taken too much out of a digest, and nothing else;
    2. the wish is added under every key, which erases the words in the store, in the same transaction;
    3. the handle is taken out of other people's posts: after the wish, so that none comes in again behind it;
    4. the deletion of all else is queued that our digests still repeat: what left while the words were being erased,
       and other people's words that named this person;
    5. only then it is noted that all of this is done. While that is not noted, all steps are taken again; once it is,
       meeting the wish again costs two looks.

    A wish to leave that is older than one to join is remembered and changes nothing else.

    Args:
        store: the truth.
        account: whose wish it is; ``None`` where only keys are known: then no posts are searched for the handle.
        keys: account keys, of its id and of its handle (``door.person_keys``).
        wish: what was asked, and when.
        source: how we know: the command, ``blocks us``, or who entered it.
        now: UTC.

    Returns:
        Under how many keys it was not known before; 0 where there was nothing new.
    """
    known = store.wishes(keys)
    unknown = [key for key in keys if wish not in known.get(key, ())]
    if not unknown and (account is None or wish.kind != "stopped" or _is_carried_out(store, account, wish)):
        return 0
    said = {wish, *(one for key in keys for one in known.get(key, ()))}
    if wish.kind == "stopped":
        theirs = _posts_of(store, keys, lambda series: standing_wish(said, series) == "stopped")
        _delete(store, store.repeating(theirs) if theirs else (), now)
    for key in unknown:
        store.add_wish(key, wish, source)
    if wish.kind == "stopped":
        if account and standing_wish(said, wish.series) == "stopped":
            store.unname(account)
        take_back(store, now)
        if account:
            _note_carried_out(store, account, wish)
    return len(unknown)


def block(store: Store, account: Account, now: datetime) -> int:
    """An account that blocks ours leaves everywhere. Gives 0 where that was its latest wish already."""
    keys = person_keys(store, account)
    known = store.wishes(keys)
    said = [one for key in keys for one in known.get(key, ()) if one.kind in ("joined", "stopped")]
    last = max(said, key=lambda one: (one.at, one.kind), default=None)  # of two at once: stopped
    left = last is not None and last.kind == "stopped" and not last.series
    return remember(store, account, keys, last if last and left else Wish("stopped", "", now), "blocks us", now)


def remove(
    store: Store,
    keys: Collection[str],
    now: datetime,
    *,
    words: int = 0,
    reason: str = "REMOVE THIS",
    by: str = "its author",
) -> int:
    """Take posts out for good, by their author's wish: ruled ``removed``, so that none comes back, and then buried.

    What our digests repeat is asked, and its deletion queued, before the words go, and again afterwards, for what left
    meanwhile. A host's later decision does not stand against it: where the latest ruling is another, it is ruled anew.

    Args:
        store: the truth.
        keys: node keys of the posts.
        now: UTC.
        words: kept with the ruling; tells which request it came from where that has to be known again.
        reason: why, for the log.
        by: who decided, for the log; never a handle.

    Returns:
        How many were kept until now.
    """
    _delete(store, store.repeating(keys) if keys else (), now)
    rulings = store.rulings(keys)
    for key in keys:
        if key not in rulings or rulings[key].kind != "removed":
            store.rule(key, Ruling("removed", words, now), reason, by)
    buried = store.bury(keys, now)
    take_back(store, now)
    return buried


def take_back(store: Store, now: datetime) -> int:
    """Queue the deletion of every post of ours that is out and repeats what may not be shown any more.

    Whatever took it away: a wish, a deletion or an edit on its network, a host's decision. Gives how many are new.
    """
    return store.queue([Errand(errand, account, "delete", now, ref) for account, errand, ref in store.outlived()])


def _delete(store: Store, ours: Iterable[tuple[str, PostRef]], now: datetime) -> None:
    """Queue the deletion of posts of our accounts (key, address), under the ids that ``Store.outlived`` gives them."""
    store.queue(
        [Errand(f"delete:{store.key(ref.network, ref.id)}", account, "delete", now, ref) for account, ref in ours]
    )


def _posts_of(store: Store, keys: Iterable[str], left: Callable[[str], bool]) -> tuple[str, ...]:
    """Node keys of what is kept of a person in the series (slugs) that it left."""
    found = [post for key in keys if (person := store.person(key)) for post in person.posts]
    slugs = {chat: stored.chat.series for chat in {chat for chat, _ in found} if (stored := store.chat(chat))}
    there = (post.ref for chat, post in found if chat in slugs and left(slugs[chat]))
    return tuple(dict.fromkeys(store.key(ref.network, ref.id) for ref in there))


def _is_carried_out(store: Store, account: Account, wish: Wish) -> bool:
    """Whether all was done that this wish to leave, or a later one of the same reach, means."""
    noted = store.cursor(store.key(account.network, account.id), f"left:{wish.series}")
    return bool(noted) and wish.at <= datetime.fromisoformat(noted)


def _note_carried_out(store: Store, account: Account, wish: Wish) -> None:
    if not _is_carried_out(store, account, wish):
        store.save_cursor(store.key(account.network, account.id), f"left:{wish.series}", wish.at.isoformat())
