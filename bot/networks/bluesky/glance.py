"""A glance at a frame of a stream: enough to pass by what cannot concern us.

Of two thousand events in a second hardly one is ours. The glance reads only what it must; it may let too much through,
and never too little: a differential test holds it against ``sieve.Sieve.concern``, which reads records as everything
else does. Its loops are written out, and its names are local, because nothing else here runs so often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.richtext import fold_tag
from bot.networks.bluesky.frames import POSTGATE, THREADGATE
from bot.networks.bluesky.records import POST

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from bot.networks.bluesky.frames import Protocol
    from bot.ports import Wanted

    Look = Callable[[bytes], bool]

_GATES = frozenset({THREADGATE, POSTGATE})
_WIDE_HASH = "\uff03"
_NOTHING = msgspec.Raw()

# How Jetstream's first version writes a new record of a ``did:plc`` account: up to the collection all has its place.
_CREATED = b'","operation":"create","collection":"'
_CREATED_AT = len(
    b'{"did":"did:plc:ewvi7nxzyoun6zhxrhs64oiz","time_us":1725911162329308,"kind":"commit",'
    b'"commit":{"rev":"3l3qo2vutsw2b'
)
_OTHERS = (
    b'app.bsky.feed.like"',
    b'app.bsky.feed.repost"',
    b'app.bsky.graph.follow"',
    b'app.bsky.graph.block"',
    b'app.bsky.graph.listitem"',
)
_NAMED = min(map(len, _OTHERS))  # bytes that tell them apart from what we keep
_NAMED_WITHIN = slice(_CREATED_AT, _CREATED_AT + len(_CREATED) + _NAMED)
_PASSED_BY = frozenset(_CREATED + name[:_NAMED] for name in _OTHERS)


class _Uri(msgspec.Struct, gc=False):
    uri: str


class _Reply(msgspec.Struct, gc=False):
    parent: _Uri
    root: _Uri


class _Record(msgspec.Struct, gc=False):
    """A post's record, as far as a glance goes: text and places. What else could name us stays as bytes.

    The fields stand in the order in which servers write them, which is the order msgspec is fastest at.
    """

    embed: msgspec.Raw = _NOTHING
    facets: msgspec.Raw = _NOTHING
    reply: _Reply | None = None
    tags: msgspec.Raw = _NOTHING
    text: str = ""


class _Commit(msgspec.Struct, gc=False):
    operation: str = ""
    collection: str = ""
    record: _Record | None = None


class _V1(msgspec.Struct, gc=False):
    did: str
    kind: str = ""
    commit: _Commit | None = None


class _V2Payload(_Commit, gc=False):
    did: str = ""
    type: str = msgspec.field(name="$type", default="")


class _V2(msgspec.Struct, gc=False):
    payload: _V2Payload


_read_v1 = msgspec.json.Decoder(_V1).decode
_read_v2 = msgspec.json.Decoder(_V2).decode


def looker(own: str, wanted: Wanted, posters: Container[str], protocol: Protocol) -> Look:
    """Tells of a frame whether it has to be decoded. Where it says no, ``concern`` would of the decoded event, too.

    A frame that is not what it should be has to, so that it is set aside; but one of Jetstream's first version that
    tells of a new like or follow is known by its first bytes and not read any further. The firehose, used on private
    servers alone, is decoded whole.
    """
    commits = _commits(own, wanted, posters)

    def look_v1(frame: bytes) -> bool:
        if frame[_NAMED_WITHIN] in _PASSED_BY:
            return False  # a server that writes its keys in another order has something else at this place
        try:
            told = _read_v1(frame)
        except (ValueError, RecursionError):
            return True
        commit = told.commit
        return told.kind != "identity" if commit is None else commits(told.did, commit)

    def look_v2(frame: bytes) -> bool:
        try:
            load = _read_v2(frame).payload
        except (ValueError, RecursionError):
            return True
        return commits(load.did, load) if load.type.endswith("#commit") else not load.type.endswith("#identity")

    return {"v1": look_v1, "v2": look_v2}.get(protocol, lambda _: True)


def _commits(own: str, wanted: Wanted, posters: Container[str]) -> Callable[[str, _Commit], bool]:
    """Tells of a commit whether it has to be decoded."""
    ours, authors = f"at://{own}/", wanted.authors
    tagged, inside = _tagged(wanted), _inside(own, wanted)

    def commits(did: str, commit: _Commit) -> bool:
        if commit.collection != POST or did == own:
            return did == own and commit.collection in _GATES
        if commit.operation != "create" and (did in authors or did in posters):
            return True
        record = commit.record
        if record is None or commit.operation == "delete":
            return False
        reply, text = record.reply, record.text
        return (
            (reply is not None and (reply.root.uri.startswith(ours) or reply.parent.uri.startswith(ours)))
            or (("#" in text or (not text.isascii() and _WIDE_HASH in text)) and tagged(text))
            or (record.embed is not _NOTHING and inside(record.embed))
            or (record.facets is not _NOTHING and inside(record.facets))
            or (record.tags is not _NOTHING and inside(record.tags))
        )

    return commits


def _inside(own: str, wanted: Wanted) -> Callable[[msgspec.Raw], bool]:
    """Tells of JSON of any shape whether it may name us or a wanted hashtag; what is escaped may be anything."""
    own_bytes, tagged = own.encode(), _tagged(wanted)
    plain = tuple(tag.encode() for tag in wanted.hashtags if tag and tag.isascii())

    def inside(raw: msgspec.Raw) -> bool:
        data = bytes(raw)
        if b"\\" in data or own_bytes in data:
            return True
        if not data.isascii():
            return tagged(data.decode(errors="replace"))
        lower = data.lower()
        for tag in plain:  # noqa: SIM110 - half the time of any()
            if tag in lower:
                return True
        return False

    return inside


def _tagged(wanted: Wanted) -> Callable[[str], bool]:
    """Tells of a text whether a wanted hashtag's letters stand anywhere in it, in any spelling that means the same."""
    tags = tuple(tag for tag in wanted.hashtags if tag)

    def tagged(text: str) -> bool:
        folded = text.lower() if text.isascii() else fold_tag(text)
        for tag in tags:  # noqa: SIM110 - half the time of any()
            if tag in folded:
                return True
        return False

    return tagged if tags else lambda _: False
