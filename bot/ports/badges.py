"""What badges need of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.badges import Badge, Issuer


class BadgeBook(Protocol):
    """The part of the store that remembers badges: under keyed hashes, no names. Every method is one transaction."""

    def issuer(self) -> Issuer | None:
        """What is published so that badges can be verified; ``None`` before the first key."""
        ...

    def save_issuer(self, issuer: Issuer) -> None:
        """Publish this from now on."""
        ...

    def badges(self) -> tuple[Badge, ...]:
        """All badges that were issued, in order of number."""
        ...

    def add_badge(self, badge: Badge) -> bool:
        """Remember a badge; false, and nothing is changed, where its number is taken."""
        ...

    def drop_badge(self, number: int) -> None:
        """Forget a badge that nobody got."""
        ...

    def revoke_badges(self, keys: Collection[str]) -> int:
        """Revoke all badges of an account, known by any of its keys; gives how many. Each keeps its number alone."""
        ...
