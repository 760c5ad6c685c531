"""The part of the store that knows what people asked for, and what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from bot.domain.consent import Wish
from bot.domain.posts import Account, Post

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain.consent import Ruling
    from bot.domain.errands import Errand
    from bot.domain.linked import Claim
    from bot.domain.permissions import Permission
    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.teachmeets import SignUp


class Held(msgspec.Struct, frozen=True):
    """An answer that waits for a person: where it stands, the post, and why (``consent.Hold``)."""

    chat: str
    key: str
    post: Post
    reasons: tuple[str, ...]


class Person(msgspec.Struct, frozen=True):
    """All that is kept about one account: what it is called by, its posts by chat, and its wishes."""

    account: Account
    posts: tuple[tuple[str, Post], ...]
    wishes: tuple[Wish, ...]


class PeopleBook(Protocol):
    """Wishes, decisions by people, and errands for both. Every method is one transaction; all times are aware UTC."""

    # -- wishes ----------------------------------------------------------------------------------------------
    def wishes(self, account_keys: Collection[str]) -> Mapping[str, tuple[Wish, ...]]:
        """What these accounts (keys of ``Account.id``) asked of us."""
        ...

    def add_wish(self, account_key: str, wish: Wish, source: str) -> None:
        """Remember a wish as an event; the same event twice is one."""
        ...

    def invited(self, network: NetworkName, limit: int) -> tuple[PostRef, ...]:
        """Posts that were left out and whose authors have joined since: to be looked up and let in (``standing``
        gives their places).
        """
        ...

    def forget_left_out(self, now: datetime) -> int:
        """Forget where left-out posts are, once the window of all of their chats is closed; gives how many."""
        ...

    # -- lists of events -------------------------------------------------------------------------------------
    def sign_up(self, one: SignUp) -> bool:
        """Remember that somebody comes to an event, or does not; gives whether that is new. The later saying counts."""
        ...

    def signed_up(self, chat: str) -> tuple[SignUp, ...]:
        """Who comes to an event (by the id of its chat), who said so first first."""
        ...

    def signed_up_as(self, keys: Collection[str]) -> tuple[SignUp, ...]:
        """Where somebody is on a list, by the keys of an account's id and handle."""
        ...

    def forget_sign_ups(self, now: datetime) -> int:
        """Forget who wanted to come to events that have been over for long; gives how many names went."""
        ...

    def answers_of(self, account_key: str, chat: str) -> tuple[str, ...]:
        """Node keys of an account's kept posts in a chat, newest first."""
        ...

    def author_of(self, key: str) -> str:
        """Key of the account that wrote a kept post (by node key); empty if it is not kept."""
        ...

    def repeating(self, keys: Collection[str]) -> tuple[tuple[str, PostRef], ...]:
        """Posts of our own digests that are out and repeat these posts (node keys): our account key, and address.

        Asked before those posts are erased; each is deleted as an errand.
        """
        ...

    def outlived(self) -> tuple[tuple[str, str, PostRef], ...]:
        """Posts of ours that are out and repeat what may not be shown any more: our account, an errand's id, address.

        Those for which that errand was ever queued are left out.
        """
        ...

    def unname(self, account: Account) -> int:
        """Take an account's handle out of all other people's kept posts that mention it; gives how many."""
        ...

    def person(self, account_key: str) -> Person | None:
        """All that is kept about an account, for its owner; ``None`` if nothing is."""
        ...

    # -- linked accounts -------------------------------------------------------------------------------------
    def add_claim(self, claim: Claim, source: str, now: datetime) -> bool:
        """Remember what an account said of being one person with another, as an event; gives whether that is new."""
        ...

    def claims(self) -> tuple[Claim, ...]:
        """All that accounts said of that, in order of time."""
        ...

    def persons(self) -> Mapping[str, tuple[str, ...]]:
        """Who is one person now: by account key all accounts of its person; whoever has one alone is missing."""
        ...

    # -- held for a person -----------------------------------------------------------------------------------
    def rulings(self, keys: Collection[str]) -> Mapping[str, Ruling]:
        """The latest decision about each of these posts (by node key); those without any are left out."""
        ...

    def rule(self, key: str, ruling: Ruling, reason: str, by: str) -> None:
        """Remember a decision, as an event. What it means for the post, ``decide`` says: let it in again."""
        ...

    def held(self) -> tuple[Held, ...]:
        """What waits for a person, oldest first."""
        ...

    def rulings_log(self, limit: int) -> tuple[tuple[str, Ruling, str, str], ...]:
        """Decisions about posts, newest first: node key, ruling, why in words, and who decided."""
        ...

    # -- permissions -----------------------------------------------------------------------------------------
    def permit(self, said: Permission) -> bool:
        """Remember what an author said about an answer and a purpose; gives whether that is new. The later counts, and
        no of two at one time.
        """
        ...

    def permissions(self) -> tuple[Permission, ...]:
        """What authors said last, by purpose, then in the order of answers' keys. It goes with the answer."""
        ...

    # -- errands ---------------------------------------------------------------------------------------------
    def queue(self, errands: Sequence[Errand]) -> int:
        """Remember what is to be done; one that was ever queued is not queued again. Gives how many are new."""
        ...

    def errands(self, account: str, now: datetime, limit: int) -> tuple[Errand, ...]:
        """What an account of ours is to do now, in order of time."""
        ...

    def errand_done(self, errand: str, now: datetime, error: str = "") -> None:
        """It is done, or (with an error) given up. Address, handle and text are forgotten."""
        ...

    def errand_again(self, errand: str, retry_at: datetime, error: str) -> None:
        """It did not work; try again then."""
        ...
