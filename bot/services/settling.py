"""After a backup was put back: find out what an account said since, before anything more is said there.

What left after the backup was made is unknown to the store, and must not leave again. Our own posts are read back, and
``domain.restoring`` says which delivery each of them was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.outbox import Draft, DraftPost, Part
from bot.domain.planning import begun
from bot.domain.posts import PostRef
from bot.domain.prompts import prompts
from bot.domain.restoring import Outcome, WantedPost, WantedThread, outcomes
from bot.domain.richtext import RichText, to_plain
from bot.errors import Refused, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain.outbox import Delivery
    from bot.domain.posts import NetworkName
    from bot.domain.prompts import Prompt
    from bot.domain.records import Said, StoredChat
    from bot.ports import Network, Store

MARGIN = timedelta(hours=1)
"""How much more is read back than seems needed: clocks are set, and what was due may have left late."""

PASSED = "What comes after it in its chat went out before the backup was put back, and this did not: its time is over."

PERHAPS = (
    "It seems to have gone out before the backup was put back ({address}), so it is not posted again. Which answers it "
    "repeats is not known here: if somebody in it leaves, delete it there by hand. If it is something else, write the "
    "digest yourself from `staffroom digest {chat}`."
)


@dataclass(frozen=True, slots=True)
class Settler:
    """What settling needs.

    Attributes:
        store: the truth, put back.
        compose: what a delivery would say now; raises ``UserError``.
        compose_digest: the same for a chat's digest that is not in the outbox.
        freeze: cuts a draft into parts.
    """

    store: Store
    compose: Callable[[Network, Delivery], Draft]
    compose_digest: Callable[[Network, StoredChat, Prompt], Draft]
    freeze: Callable[[Network, Delivery, Draft], tuple[Part, ...]]

    def settle(self, network: Network, since: datetime, now: datetime) -> None:
        """Find out what one account said since the backup, and note it.

        Args:
            network: the account.
            since: when the backup was made, UTC.
            now: UTC.

        Raises:
            NetworkError: it cannot be read back now, so nothing may be said there.
        """
        due = self._due(network, since, now)
        first = min([since, *(one.at for one in due if one.state in ("planned", "frozen"))])
        said = network.said_since(first - MARGIN)
        notes: dict[str, str] = {}
        while True:
            drafts = {one.id: draft for one in due if (draft := self._draft(network, one)) is not None}
            wanted = [_wanted(one, drafts.get(one.id)) for one in due]
            digests = self._digests(network, since, now)
            decided = outcomes([*wanted, *digests], said, self._known(network), self._passed(network))
            found = [one for one in decided if one.how in ("said", "begun", "otherwise")]
            by_id = {one.id: one for one in due}
            noted = [self._note(network, by_id[one.delivery], drafts.get(one.delivery), one) for one in found]
            due = [one for one in self._due(network, since, now) if one.id not in {each.delivery for each in found}]
            if not any(noted):  # else a reminder under a question that was just found can be composed now
                break
        for one in decided:
            if one.how == "passed":
                self.store.not_said_again(one.delivery, PASSED)
            elif one.how == "perhaps" and (half := self._half(one.delivery)) is not None:
                self._leave_half(half)
            elif one.how == "perhaps":
                root = one.posts[0].ref
                why = PERHAPS.format(address=root.url or root.id, chat=one.delivery.rpartition("/")[0])
                if not self.store.not_said_again(one.delivery, why):
                    notes[one.delivery] = why
        self.store.settled(network.account, notes)

    def _half(self, delivery: str) -> Delivery | None:
        """A delivery of which some was out already when the backup was made."""
        chat = delivery.rpartition("/")[0]
        return next((one for one in self.store.deliveries(chat) if one.id == delivery and begun(one)), None)

    def _leave_half(self, delivery: Delivery) -> None:
        """Keep what is known to be out, to take it back if need be, and say nothing more of it."""
        out = tuple(part for part in delivery.parts if part.state == "sent")
        draft = self.store.draft(delivery.id)
        if draft is not None and out:
            self.store.found_said(delivery.id, draft, out, {part.position: delivery.at for part in out})

    def _due(self, network: Network, since: datetime, now: datetime) -> list[Delivery]:
        """What may be out although the store does not know: of use since the backup, and not known to be ``sent``."""
        return [
            one
            for one in self.store.deliveries()
            if one.account == network.account and one.state != "sent" and one.at <= now
            if one.state in ("planned", "frozen") or one.useful_until > since
        ]

    def _known(self, network: Network) -> frozenset[str]:
        """Ids of our posts that the store knows."""
        mine = (one for one in self.store.deliveries() if one.account == network.account)
        return frozenset(part.remote.id for one in mine for part in one.parts if part.remote)

    def _passed(self, network: Network) -> dict[str, int]:
        """By chat, the highest order of what is known to be out, digests left out: they come when they are ready."""
        found: dict[str, int] = {}
        for one in self.store.deliveries():
            if one.account == network.account and one.state == "sent" and not _is_digest(one.prompt):
                found[one.chat] = max(found.get(one.chat, -1), one.order)
        return found

    def _draft(self, network: Network, delivery: Delivery) -> Draft | None:
        """What it says; ``None`` where that cannot be told now, because of a picture or a template."""
        try:
            return self.store.draft(delivery.id) or self.compose(network, delivery)
        except UserError:
            return None

    def _digests(self, network: Network, since: datetime, now: datetime) -> list[WantedThread]:
        """The digests of this account's chats that are not in the outbox, and may be out."""
        found = []
        for stored in self.store.chats():
            chat, series = stored.chat, stored.series
            if network.account not in series.accounts or stored.cancelled or chat.ends_at > now:
                continue
            prompt = next((one for one in prompts(series, chat) if one.kind == "digest"), None)
            if prompt is None or prompt.useful_until <= since or self.store.prompt(prompt.id) is not None:
                continue
            try:
                draft = self.compose_digest(network, stored, prompt)
            except UserError:
                draft = Draft((DraftPost(RichText("")),), (), prompt.at)
            found.append(
                WantedThread(
                    delivery=f"{prompt.id}@{network.account}",
                    chat=chat.id,
                    order=prompt.order,
                    at=chat.ends_at,  # a moderator may have written it before its time
                    until=max(prompt.useful_until, now),
                    posts=_posts(draft, {}),
                    digest=True,
                    written=False,
                )
            )
        return found

    def _note(self, network: Network, delivery: Delivery, draft: Draft | None, outcome: Outcome) -> bool:
        """Note what was found of a delivery; gives whether that is all of it."""
        parts = delivery.parts
        if outcome.how == "otherwise" or draft is None:
            return self._note_otherwise(delivery, outcome)
        try:
            parts = parts or self.freeze(network, delivery, draft)
        except Refused:
            return self._note_otherwise(delivery, outcome)
        if network.atomic and outcome.how == "begun":  # it landed whole; what is missing was deleted since
            return self._note_otherwise(delivery, outcome)
        out = {part.post for part in parts if part.kind == "post" and (part.remote or part.post in outcome.posts)}
        whole = outcome.how == "said"
        marked = tuple(
            _marked(part, outcome.posts, network.name) if whole or part.post in out else part for part in parts
        )
        times = {part.position: outcome.posts[part.post].at for part in marked if part.post in outcome.posts}
        known = {part.position: part.tried_at or delivery.at for part in marked if part.state == "sent"}
        return self.store.found_said(delivery.id, draft, marked, known | times)

    def _note_otherwise(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Note a thread as it stands there: the words that were to be said are not the ones that were."""
        thread = [outcome.posts[at] for at in sorted(outcome.posts)]
        draft = Draft(
            posts=tuple(DraftPost(RichText(one.text), None if at == 0 else 0) for at, one in enumerate(thread)),
            languages=(),
            at=delivery.at,
        )
        parts = tuple(
            Part(
                position=at,
                kind="post",
                key="",
                payload=msgspec.json.encode(one.text).decode(),
                needs=(0,) if at else (),
                post=at,
                state="sent",
                remote=one.ref,
            )
            for at, one in enumerate(thread)
        )
        return self.store.found_said(delivery.id, draft, parts, {at: one.at for at, one in enumerate(thread)})


def _wanted(delivery: Delivery, draft: Draft | None) -> WantedThread:
    known = {part.post: part.remote for part in delivery.parts if part.kind == "post" and part.remote}
    return WantedThread(
        delivery=delivery.id,
        chat=delivery.chat,
        order=delivery.order,
        at=delivery.at,
        until=delivery.useful_until,
        posts=_posts(draft, known) if draft else (WantedPost(("",)),),
        under=draft.reply_to.id if draft and draft.reply_to else "",
        waiting=delivery.state in ("planned", "frozen") and not begun(delivery),
        digest=_is_digest(delivery.prompt),
    )


def _posts(draft: Draft, known: Mapping[int, PostRef]) -> tuple[WantedPost, ...]:
    return tuple(
        WantedPost((post.text.text, to_plain(post.text)), post.reply_to, known.get(at))
        for at, post in enumerate(draft.posts)
    )


def _marked(part: Part, posts: Mapping[int, Said], network: NetworkName) -> Part:
    """A part that is out: its post was found, or it belongs to one that was (a picture, a gate)."""
    if part.state == "sent":
        return part
    remote = posts[part.post].ref if part.kind == "post" else PostRef(network, "")
    return msgspec.structs.replace(part, state="sent", remote=remote)


def _is_digest(prompt: str) -> bool:
    return prompt.endswith("/digest")
