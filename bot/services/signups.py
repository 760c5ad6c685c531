"""I AM COMING and I AM NOT COMING, carried out: a list of who comes to an event, for its hosts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.domain.teachmeets import SignUp, seated
from bot.services.door import person_keys

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.records import StoredChat
    from bot.ports import Store
    from bot.services.door import Request


_LEAVING = ("stopped", "gone")


class SignedUp(NamedTuple):
    """Whether a request was understood, whether it is new, and whether its author has to wait for a seat."""

    understood: bool = False
    changed: bool = False
    waits: bool = False


def sign_up(store: Store, request: Request, said: datetime, now: datetime) -> SignedUp:
    """Put somebody on the list of the event whose announcement they reply to, or take them off.

    Args:
        store: the truth.
        request: the post that asks for it; where it replies to no event's announcement, it means nothing.
        said: when it did, UTC. Who left since is on no list.
        now: UTC; once people met, or where nobody signs up, it means nothing either.
    """
    stored = _meant(store, request)
    event = stored.chat.event if stored else None
    if stored is None or event is None or not event.sign_up or stored.cancelled or now >= stored.chat.ends_at:
        return SignedUp()
    author = request.post.author
    account, called = person_keys(store, author)
    left = (wish.at for wishes in store.wishes((account, called)).values() for wish in wishes if wish.kind in _LEAVING)
    if any(at >= said for at in left):
        return SignedUp()
    coming = request.asked == "coming"
    handle = author.handle if coming else ""
    one = SignUp(stored.chat.id, account, called, author.network, handle, said, coming=coming)
    changed = store.sign_up(one)
    _, waiting = seated(store.signed_up(stored.chat.id), event.seats)
    return SignedUp(True, changed, waits=any(each.account == account for each in waiting))


def _meant(store: Store, request: Request) -> StoredChat | None:
    """The event of which a request answers a post of ours."""
    if not request.parent:
        return None
    chats = [store.chat(request.chat)] if request.chat else store.chats()
    events = (one for one in chats if one is not None and one.chat.event is not None)
    return next((one for one in events if request.parent in {sent.key for sent in store.sent_posts(one.chat.id)}), None)
