"""Follow-ups: REMIND ME and FORGET IT carried out, and a last look at an answer before its author is asked about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.followups import Addressed, FollowUp, asked_about, follow_ups_in, is_intention
from bot.domain.posts import PostRef
from bot.errors import Unavailable
from bot.services.departing import see_off
from bot.services.door import person_keys
from bot.services.plan import planned_follow_ups
from bot.services.wishes import block

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.posts import NetworkName, Post
    from bot.domain.prompts import Prompt
    from bot.ports import Network, Store
    from bot.services.door import Request


def remind(
    store: Store, request: Request, said: datetime, accounts: Mapping[str, NetworkName], now: datetime
) -> tuple[bool, bool]:
    """Let somebody be asked later about what they said they will try.

    Args:
        store: the truth.
        request: the post that asks for it.
        said: when it did, UTC. Who left since is not asked.
        accounts: keys of our accounts that can be used now.
        now: UTC; what would have been asked by now is not.

    Returns:
        Whether it was understood, so that something is, or was, to come of it; and whether that is new.
    """
    found = _meant(store, request)
    stored = store.chat(found.chat) if found else None
    if found is None or stored is None or stored.cancelled or request.account not in accounts:
        return False, False
    wishes = (wish for some in store.wishes(person_keys(store, request.post.author)).values() for wish in some)
    here = ("", stored.chat.series)
    if any(wish.kind in ("stopped", "gone") and wish.series in here and wish.at >= said for wish in wishes):
        return False, False
    later, deliveries = planned_follow_ups(stored.series, stored.chat, found, accounts)
    coming = {prompt.id for prompt in later if prompt.at > now}
    if not coming:
        return found in store.followed(stored.series.slug), False
    prompts = [prompt for prompt in later if prompt.id in coming]
    new = store.follow(found, said, prompts, [one for one in deliveries if one.prompt in coming])
    return new or found in store.followed(stored.series.slug), new


def forget(store: Store, request: Request, said: datetime) -> tuple[bool, bool]:
    """Let somebody not be asked any more: about the answer they mean; where none is meant, about any of theirs.

    Said to somebody else it means nothing. Gives whether it was understood, and whether that is new.
    """
    one = _meant(store, request)
    mine = store.followed_of(person_keys(store, request.post.author)[0])
    if one is None and request.parent and not _is_ours(store, request) and request.chat:
        return False, False
    meant = [one] if one is not None else [each for each in mine if request.chat in ("", each.chat)]
    changed = [store.unfollow(each, said) for each in meant]
    return bool(meant), any(changed)


def addressed(store: Store, network: Network, prompt: Prompt, now: datetime) -> Addressed | None:
    """The answer that a follow-up is about, as its network has it at this moment; ``None`` where nobody is to be asked.

    Whoever's answer is gone, or who blocks us by now, is asked nothing: what follows from that is done at once, and
    takes the follow-up with it.

    Raises:
        NetworkError: it cannot be looked at now.
    """
    answer = _shown(store, prompt)
    if answer is None:
        return None
    root = _root(store, prompt.chat, answer)
    seen = network.look_up((answer.ref,) if root is None else (answer.ref, root))
    if answer.ref.id in {ref.id for ref in seen.gone}:
        see_off(store, network, [prompt.answer], now)
        store.bury([prompt.answer], now)
        return None
    fresh = next((post for post in seen.posts if post.ref.id == answer.ref.id), None)
    if fresh is None:
        raise Unavailable("the answer that is to be asked about could not be looked up")
    if fresh.author.signals.blocks_us:
        block(store, fresh.author, now)
    if _shown(store, prompt) is None:
        return None
    found = next((post.ref for post in seen.posts if root is not None and post.ref.id == root.id), root)
    return Addressed(prompt.answer, fresh, found)


def _shown(store: Store, prompt: Prompt) -> Post | None:
    """The answer, where it may be shown and its author still wants to be asked."""
    if not any(one.answer == prompt.answer for one in store.followed()):
        return None
    kept = store.candidates(prompt.chat)
    return next((one.post for one in kept if one.key == prompt.answer and not one.hold), None)


def _root(store: Store, chat: str, answer: Post) -> PostRef | None:
    """The root of an answer's thread; ``None`` where it is one itself."""
    if not answer.root or answer.root == answer.ref.id:
        return None
    ours = (sent.ref for sent in store.sent_posts(chat))
    return next((ref for ref in ours if ref.id == answer.root), PostRef(answer.ref.network, answer.root))


def _meant(store: Store, request: Request) -> FollowUp | None:
    """The intention of its author that a request is about; ``None`` for none.

    That is the one it replies to, directly or further up, be it through a follow-up of ours; where it replies to
    another post of ours, or to none, their latest one before it, to that very post if there is one. What they told
    of one is none itself, whatever hashtags it has.
    """
    chat = request.chat or next((place.chat for place in store.standing([request.parent]).get(request.parent, ())), "")
    person = store.person(person_keys(store, request.post.author)[0]) if chat else None
    if person is None:
        return None
    edges, above = dict(store.edges(chat)), request.parent
    follow_ups = follow_ups_in(store.sent_posts(chat))
    tagged = {
        store.key(post.ref.network, post.ref.id): post
        for where, post in person.posts
        if where == chat and is_intention(post.text)
    }
    theirs = {key: post for key, post in tagged.items() if not asked_about(key, edges, follow_ups)}
    climbed = asked_about(request.key, edges | {request.key: request.parent}, follow_ups)
    if climbed in theirs:
        return FollowUp(climbed, chat, request.account)
    passed: set[str] = set()
    while above and above not in passed and above not in theirs:
        passed.add(above)
        above = edges.get(above, "")
    if above in theirs:
        return FollowUp(above, chat, request.account)
    if request.parent and not _is_ours(store, request):
        return None
    said = request.post.edited_at or request.post.at
    before = {key: post.at for key, post in theirs.items() if post.at <= said}
    latest = max(before, key=lambda key: (edges.get(key) == request.parent, before[key], key), default="")
    return FollowUp(latest, chat, request.account) if latest else None


def _is_ours(store: Store, request: Request) -> bool:
    return bool(request.chat) and request.parent in {sent.key for sent in store.sent_posts(request.chat)}
