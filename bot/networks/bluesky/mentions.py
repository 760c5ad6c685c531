"""Whom a draft mentions: handles become the accounts behind them, which is what a mention on Bluesky names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.richtext import Mention
from bot.networks.bluesky.xrpc import XrpcRefused

if TYPE_CHECKING:
    from bot.domain.outbox import Draft
    from bot.domain.richtext import Facet, RichText
    from bot.networks.bluesky.xrpc import Xrpc


class _Resolved(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-identity-resolve-handle."""

    did: str


def addressed(draft: Draft, xrpc: Xrpc) -> Draft:
    """The draft with the account behind every mentioned handle; a handle that nobody has stays plain words.

    Raises:
        NetworkError: the server could not be asked.
    """
    known: dict[str, str] = {}

    def account(handle: str) -> str:
        if handle not in known:
            known[handle] = did_called(handle, xrpc)
        return known[handle]

    def facet(one: Facet) -> Facet:
        meant = one.feature
        if not isinstance(meant, Mention) or meant.id:
            return one
        handle = meant.handle.lstrip("@").lower()
        return msgspec.structs.replace(one, feature=Mention(account(handle), meant.handle))

    def text(rich: RichText) -> RichText:
        return msgspec.structs.replace(rich, facets=tuple(facet(one) for one in rich.facets))

    return msgspec.structs.replace(
        draft, posts=tuple(msgspec.structs.replace(post, text=text(post.text)) for post in draft.posts)
    )


def did_called(handle: str, xrpc: Xrpc) -> str:
    """The account behind a handle; empty if nobody has it.

    Raises:
        NetworkError: the server could not be asked.
    """
    try:
        return xrpc.query("com.atproto.identity.resolveHandle", {"handle": handle}, _Resolved).did
    except XrpcRefused:
        return ""
