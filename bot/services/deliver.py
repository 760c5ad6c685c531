"""Deliver: what is due is said once, in order, whatever crashes.

A request leaves only after its parts are stored as ``unknown``; they become ``sent`` when the network confirms them,
``ready`` again when it certainly did nothing. After a crash or a lost answer we look before we send again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.chats import next_after
from bot.domain.outbox import Delivery, Part, backoff, in_doubt, next_group
from bot.domain.planning import begun
from bot.errors import Busy, LeaseLost, NetworkError, Refused, StoreError, Unanswered, UserError
from bot.services.digest import told_before
from bot.services.following import addressed
from bot.services.settling import Settler

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from bot.domain.chats import Chat
    from bot.domain.followups import Addressed
    from bot.domain.outbox import Draft, MediaFile
    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.prompts import Prompt
    from bot.domain.records import StoredChat
    from bot.domain.series import Image
    from bot.ports import Clock, Composer, Network, Store


class Patience(msgspec.Struct, frozen=True):
    """How long delivery waits for what.

    Attributes:
        lease: how long a claim holds without renewal; longer than any one request may take.
        look: after a lost answer, how long to wait before looking for the post.
        settle: how long after a request was given up it may still take effect on a network where sending twice posts
            twice; only then does "not found" mean "not there".
        held: how long a follow-up waits before it is looked at again whether its answer may be shown.
    """

    lease: timedelta = timedelta(minutes=3)
    look: timedelta = timedelta(seconds=2)
    settle: timedelta = timedelta(seconds=30)
    held: timedelta = timedelta(hours=1)


PATIENCE = Patience()


class Delivered(msgspec.Struct, frozen=True):
    """What one run did on one account: ids of deliveries that are out now, wait for another try, or were given up.

    ``troubles`` are mistakes of ours that somebody can mend, such as a picture that cannot be read, in words.
    """

    sent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deliverer:
    """What delivering needs: the store, words, pictures, the time, a name for our leases and randomness.

    ``picture`` reads a moderator's image and keeps it in the store; ``card`` paints a chat's social card and keeps it
    there, and gives ``None`` where there is no page to link to. ``held`` are accounts of which a delivery may still be
    claimed by us, because the store could not be written when we stopped working on it.
    """

    store: Store
    composer: Composer
    picture: Callable[[Image], MediaFile]
    clock: Clock
    owner: str
    rng: random.Random
    patience: Patience = PATIENCE
    held: set[str] = field(default_factory=set)
    card: Callable[[StoredChat], MediaFile | None] = lambda _: None

    def give_back(self, account: str) -> None:
        """Give back what the store's trouble left claimed: it goes on at once, and not when our lease runs out."""
        if account not in self.held:
            return
        for delivery in self.store.deliveries():
            if delivery.account == account and delivery.state in ("planned", "frozen"):
                with suppress(LeaseLost):  # as most are not ours
                    self.store.release(delivery.id, self.owner, None, "")
        self.held.discard(account)

    def deliver(self, network: Network) -> Delivered:
        """Say everything that is due on one account, in order; one trouble never stops what does not depend on it.

        Where the store was put back from a backup, it is first found out what the account said since.

        Raises:
            NetworkError: that cannot be found out now, so nothing is said.
            StoreError: what is claimed stays so for a while; see ``give_back``.
        """
        try:
            return self._deliver(network) if self._settled(network) else Delivered()
        except StoreError:  # also in claiming: the store may know of a claim of which we do not
            self.held.add(network.account)
            raise

    def _deliver(self, network: Network) -> Delivered:
        outcome: dict[str, list[str]] = {"sent": [], "waiting": [], "refused": [], "troubles": []}
        while delivery := self._claim(network):
            try:
                state = self._say(network, delivery)
            except LeaseLost:
                continue
            except UserError as error:
                outcome["troubles"].append(str(error))
                state = "waiting"
            outcome[state].append(delivery.id)
        return Delivered(**{state: tuple(ids) for state, ids in outcome.items()})

    def _settled(self, network: Network) -> bool:
        """Whether it is known what the account said before; false while a last request from then may still land."""
        restored, now = self.store.restored(), self.clock.now()
        if restored is None or network.account in restored.settled:
            return True
        if now < restored.at + self.patience.settle:
            return False
        Settler(
            store=self.store,
            compose=self._guess,
            compose_digest=self._digest_now,
            freeze=lambda network, delivery, draft: network.freeze(draft, delivery.id, self.rng, self.store.blob),
        ).settle(network, restored.taken, now)
        return True

    def _digest_now(self, network: Network, stored: StoredChat, prompt: Prompt) -> Draft:
        return self.composer.compose(
            prompt,
            stored,
            network.name,
            network.limits,
            upcoming=_upcoming(self.store, stored),
            content=self.store.content(stored.chat.id),
            question=None,
            media=(),
            told=told_before(self.store, stored),
        )

    def _claim(self, network: Network) -> Delivery | None:
        now = self.clock.now()
        return self.store.claim(network.account, self.owner, now, now + self.patience.lease)

    def _say(self, network: Network, delivery: Delivery) -> str:
        """Bring one claimed delivery as far as it goes; gives ``sent``, ``waiting`` or ``refused``.

        Raises:
            LeaseLost: it is another's now.
            UserError: it waits, and somebody has to mend something first.
        """
        try:
            if delivery.parts:
                self._look_again(network, delivery)
            parts = delivery.parts or self._freeze(network, delivery)
            while group := next_group(parts, atomic=network.atomic):
                step = self._look(network, delivery, group, parts) if in_doubt(group) else None
                if step is None:
                    step = self._send(network, delivery, group, parts)
                parts = step
        except Refused as error:
            self.store.give_up(delivery.id, self.owner, str(error))
            return "refused"
        except NetworkError as error:
            self.store.release(delivery.id, self.owner, self._retry_at(delivery, error), str(error))
            return "waiting"
        except UserError as error:  # what stands behind it must not wait for somebody to mend it
            self.store.release(delivery.id, self.owner, self._retry_at(delivery, error), str(error))
            raise
        except _TooEarly as early:
            self.store.release(delivery.id, self.owner, early.again, "")
            return "waiting"
        return "sent"

    def _freeze(self, network: Network, delivery: Delivery) -> tuple[Part, ...]:
        draft = self._draft(network, delivery)
        parts = network.freeze(draft, delivery.id, self.rng, self.store.blob)
        self.store.freeze(delivery.id, self.owner, draft, parts)
        return parts

    def _guess(self, network: Network, delivery: Delivery) -> Draft:
        """The same, of what may have been said already; a ``UserError`` where that cannot be told."""
        try:
            return self._draft(network, delivery)
        except _TooEarly as early:
            raise UserError(str(early)) from early

    def _under(self, network: Network, prompt: Prompt) -> Addressed | None:
        """The answer that a follow-up is about, looked at right before it is asked about; ``None`` for other prompts.

        Where nobody is to be asked now, it was cancelled with its answer, or waits with it for a person.
        """
        if prompt.kind != "follow-up":
            return None
        found = addressed(self.store, network, prompt, self.clock.now())
        if found is None:
            raise _TooEarly(self.clock.now() + self.patience.held)
        return found

    def _look_again(self, network: Network, delivery: Delivery) -> None:
        """Before a follow-up that is written and did not leave is tried once more: whether it still may."""
        prompt = self.store.prompt(delivery.prompt)
        if prompt is not None and not begun(delivery):
            self._under(network, prompt)

    def _draft(self, network: Network, delivery: Delivery) -> Draft:
        """What a delivery will say, composed from what the store knows now."""
        store = self.store
        prompt, stored = store.prompt(delivery.prompt), store.chat(delivery.chat)
        if prompt is None or stored is None:  # pragma: no cover - the schema's foreign keys forbid it
            message = f"{delivery.id} belongs to no prompt"
            raise LookupError(message)
        return self.composer.compose(
            prompt,
            stored,
            network.name,
            network.limits,
            under=self._under(network, prompt),
            upcoming=_upcoming(store, stored),
            content=store.content(stored.chat.id) if prompt.kind == "digest" else None,
            question=_question(store, prompt, network.account),
            media=self._media(prompt, stored, network.name),
            told=told_before(store, stored) if prompt.kind == "digest" else None,
        )

    def _media(self, prompt: Prompt, stored: StoredChat, network: NetworkName) -> tuple[MediaFile, ...]:
        if prompt.kind == "digest" and network == "bluesky":
            card = self.card(stored)
            return (card,) if card else ()
        if prompt.kind != "question":
            return ()
        image = stored.chat.questions[prompt.number - 1].image
        return (self.picture(image),) if image else ()

    def _look(
        self, network: Network, delivery: Delivery, group: Sequence[Part], parts: tuple[Part, ...]
    ) -> tuple[Part, ...] | None:
        """Parts with what was found marked as sent; ``None`` if it is certainly not there and may be sent again."""
        now = self.clock.now()
        tried = max(part.tried_at or now for part in group)
        if now < tried + self.patience.look:
            raise _TooEarly(tried + self.patience.look)
        found = network.find(group, parts)
        if found:
            self.store.landed(delivery.id, self.owner, found, now)
            return _with_sent(parts, {sent.position: sent.remote for sent in found})
        if not network.atomic and now < tried + self.patience.settle:
            raise _TooEarly(tried + self.patience.settle)
        self.store.not_landed(delivery.id, self.owner, [part.position for part in group])
        if now >= delivery.useful_until and not any(part.state == "sent" for part in parts):
            # Certainly not said, and too late to say it: the next run marks it as missed.
            raise _TooEarly(now + self.patience.settle)
        return None

    def _send(
        self, network: Network, delivery: Delivery, group: Sequence[Part], parts: tuple[Part, ...]
    ) -> tuple[Part, ...]:
        now = self.clock.now()
        positions = [part.position for part in group]
        self.store.leaving(delivery.id, self.owner, positions, now, now + self.patience.lease)
        try:
            sent = network.send(group, parts, self.store.blob)
        except Unanswered:
            # It may have left as late as now: this process, or the way there, may have been slow.
            ended = self.clock.now()
            self.store.leaving(delivery.id, self.owner, positions, ended, ended + self.patience.lease)
            raise
        except NetworkError:
            self.store.not_landed(delivery.id, self.owner, positions)
            raise
        self.store.landed(delivery.id, self.owner, sent, self.clock.now())
        return _with_sent(parts, {one.position: one.remote for one in sent})

    def _retry_at(self, delivery: Delivery, error: NetworkError | UserError) -> datetime:
        now = self.clock.now()
        if isinstance(error, Busy):
            return now + timedelta(seconds=error.retry_after)
        if isinstance(error, Unanswered):
            return now + self.patience.look + backoff(delivery.attempts + 1, self.rng, first=1.0)
        return now + backoff(delivery.attempts + 1, self.rng)


class _TooEarly(Exception):
    """Nothing is wrong; look again at ``again`` (UTC)."""

    def __init__(self, again: datetime) -> None:
        super().__init__(f"look again at {again.isoformat()}")
        self.again = again


def _upcoming(store: Store, stored: StoredChat) -> Chat | None:
    """The series' next chat that is not cancelled, repeats of this one left out, and events."""
    planned = (other.chat for other in store.chats(stored.series.slug) if not other.cancelled)
    return next_after(planned, stored.chat)


def _question(store: Store, prompt: Prompt, account: str) -> PostRef | None:
    """Our question with the prompt's number, where it stands on this account."""
    if prompt.kind != "reminder":
        return None
    return next(
        (
            sent.ref
            for sent in store.sent_posts(prompt.chat)
            if sent.kind == "question" and sent.number == prompt.number and sent.account == account
        ),
        None,
    )


def _with_sent(parts: tuple[Part, ...], remotes: dict[int, PostRef]) -> tuple[Part, ...]:
    return tuple(
        msgspec.structs.replace(part, state="sent", remote=remotes[part.position]) if part.position in remotes else part
        for part in parts
    )
