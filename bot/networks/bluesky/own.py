"""Reading our own posts back from our repository: what is written there, whoever may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.posts import PostRef
from bot.domain.records import Said
from bot.networks.bluesky import wire
from bot.networks.bluesky.records import POST, tid
from bot.networks.bluesky.views import NOTHING, Profile

if TYPE_CHECKING:
    from datetime import datetime

    from bot.networks.bluesky.xrpc import Xrpc

_AT_ONCE = 100
_MOST_PAGES = 100
_SPREAD = timedelta(minutes=1)
"""By how much a key of ours may lie before the time it was made for."""


class _Listed(msgspec.Struct):
    uri: str
    cid: str = ""
    value: msgspec.Raw = NOTHING


class _Records(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-repo-list-records."""

    records: list[_Listed] = []
    cursor: str | None = None


def said_since(xrpc: Xrpc, since: datetime) -> tuple[Said, ...]:
    """Our posts whose keys were made for a time since then, oldest first.

    A key says when a post was meant to be made (https://atproto.com/specs/tid), and so does its ``createdAt``: a prompt
    that left late has the time at which it was due. Records come in the order of their keys, newest first.
    """
    did, handle = xrpc.session.did, xrpc.session.handle
    earliest = tid(since - _SPREAD, 0)
    params: dict[str, Any] = {"repo": did, "collection": POST, "limit": _AT_ONCE}
    found: list[Said] = []
    for _ in range(_MOST_PAGES):
        page = xrpc.query("com.atproto.repo.listRecords", params, _Records)
        recent = [one for one in page.records if _key(one.uri) >= earliest]
        found += [said for one in recent if (said := _said(one, since, wire.profile_url(Profile(did, handle))))]
        if not page.cursor or len(recent) < len(page.records):
            break
        params["cursor"] = page.cursor
    return tuple(sorted(found, key=lambda one: (one.at, one.ref.id)))


def _said(one: _Listed, since: datetime, profile: str) -> Said | None:
    try:
        record = msgspec.json.decode(one.value)
    except msgspec.DecodeError:
        return None
    if not isinstance(record, dict):
        return None
    text, made = record.get("text"), record.get("createdAt")
    at = wire.moment(made) if isinstance(made, str) else None
    ref = PostRef("bluesky", one.uri, one.cid, f"{profile}/post/{_key(one.uri)}")
    return Said(ref, text if isinstance(text, str) else "", _parent(record), at or since)


def _parent(record: dict[str, Any]) -> str:
    """The URI of what a record answers (https://docs.bsky.app/docs/advanced-guides/posts#replies)."""
    reply = record.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    uri = parent.get("uri") if isinstance(parent, dict) else None
    return uri if isinstance(uri, str) else ""


def _key(uri: str) -> str:
    return uri.rpartition("/")[2]
