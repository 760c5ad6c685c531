"""What a stream sends, as one kind of event: Jetstream's two JSON protocols, and the firehose's CBOR.

Pure: bytes in, events out. Whatever cannot be read raises ``ValueError`` (msgspec's errors are such), and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import libipld
import msgspec

from bot.networks.bluesky.records import POST, text_cid
from bot.networks.bluesky.times import stamp
from bot.networks.bluesky.wire import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Protocol = Literal["v1", "v2", "firehose"]

THREADGATE = "app.bsky.feed.threadgate"
POSTGATE = "app.bsky.feed.postgate"
COLLECTIONS = (POST, THREADGATE, POSTGATE)
"""What we ask a Jetstream for; the firehose always sends all."""

_NOTHING = msgspec.Raw(b"{}")


class Event(msgspec.Struct, frozen=True):
    """One thing that happened.

    Attributes:
        kind: a record was written or deleted; an account's standing changed; the server tells us something about the
            stream itself; or it is of no use to us.
        position: the cursor that names this event: microseconds since 1970 (v1) or a number of the server's own.
        at: when the server saw it, microseconds since 1970; 0 if it does not say.
        did: whose repository or account.
        operation, collection, rkey, cid, record: of a commit.
        active, status: of an account (https://docs.bsky.app/docs/advanced-guides/firehose#account-events).
        name: of an information or an error: ``OutdatedCursor``, ``FutureCursor`` …
    """

    kind: Literal["commit", "account", "info", "error", "other"]
    position: int = 0
    at: int = 0
    did: str = ""
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    cid: str = ""
    record: msgspec.Raw = _NOTHING
    active: bool = True
    status: str = ""
    name: str = ""

    @property
    def uri(self) -> str:
        """Of a commit's record."""
        return f"at://{self.did}/{self.collection}/{self.rkey}"


# -- Jetstream, version 1: https://github.com/bluesky-social/jetstream#consuming-jetstream ------------------------
class _Commit(msgspec.Struct):
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    cid: str = ""
    record: msgspec.Raw = _NOTHING


class _Account(msgspec.Struct):
    active: bool = True
    status: str = ""


class _V1(msgspec.Struct):
    did: str
    time_us: int
    kind: str
    commit: _Commit | None = None
    account: _Account | None = None


_read_v1 = msgspec.json.Decoder(_V1).decode


def read_v1(frame: bytes) -> Sequence[Event]:
    """A frame of ``/subscribe``."""
    told = _read_v1(frame)
    if told.kind == "commit" and told.commit is not None:
        return (_committed(told.commit, told.time_us, told.time_us, told.did),)
    if told.kind == "account" and told.account is not None:
        return (_account(told.account, told.time_us, told.time_us, told.did),)
    return (Event("other", told.time_us, told.time_us, told.did),)


# -- Jetstream, version 2: its lexicon network.bsky.jetstream.subscribeEvents -------------------------------------
class _V2Payload(_Commit):
    type: str = msgspec.field(name="$type", default="")
    seq: int = 0
    did: str = ""
    time: str = ""
    witnessed_at: str = msgspec.field(name="witnessedAt", default="")
    account: _Account | None = None
    name: str = ""


class _V2(msgspec.Struct):
    type: str = msgspec.field(name="$type", default="")
    payload: _V2Payload = msgspec.field(default_factory=_V2Payload)
    error: str = ""


_read_v2 = msgspec.json.Decoder(_V2).decode


def read_v2(frame: bytes) -> Sequence[Event]:
    """A frame of ``network.bsky.jetstream.subscribeEvents``."""
    told = _read_v2(frame)
    if told.error or told.type == "error":
        return (Event("error", name=told.error),)
    load = told.payload
    kind = load.type.rpartition("#")[2]
    at = _microseconds(load.witnessed_at or load.time)
    if kind == "commit":
        return (_committed(load, load.seq, at, load.did),)
    if kind == "account" and load.account is not None:
        return (_account(load.account, load.seq, at, load.did),)
    if kind == "info":
        return (Event("info", name=load.name),)
    return (Event("other", load.seq, at, load.did),)


def _committed(commit: _Commit, position: int, at: int, did: str) -> Event:
    return Event(
        "commit",
        position,
        at,
        did,
        commit.operation,
        commit.collection,
        commit.rkey,
        commit.cid,
        commit.record,
    )


def _account(account: _Account, position: int, at: int, did: str) -> Event:
    return Event("account", position, at, did, active=account.active, status=account.status)


def _microseconds(text: str) -> int:
    at = moment(text)
    return stamp(at) if at is not None else 0


# -- firehose: https://docs.bsky.app/docs/api/com-atproto-sync-subscribe-repos ------------------------------------
class _Header(msgspec.Struct):
    op: int
    t: str = ""


class _Op(msgspec.Struct):
    action: str
    path: str
    cid: Any = None


class _Body(msgspec.Struct, rename="camel"):
    seq: int = 0
    repo: str = ""
    did: str = ""
    time: str = ""
    ops: list[_Op] = []
    blocks: bytes = b""
    too_big: bool = False
    active: bool = True
    status: str = ""
    name: str = ""
    error: str = ""


def read_firehose(frame: bytes) -> Sequence[Event]:
    """A frame of ``com.atproto.sync.subscribeRepos``: one commit may hold several records."""
    try:
        parts = libipld.decode_dag_cbor_multi(frame)
    except Exception as error:  # noqa: BLE001 - libipld names no class of errors of its own
        raise ValueError(f"no DAG-CBOR ({type(error).__name__})") from None
    if len(parts) != 2:  # noqa: PLR2004 - a header and a body, https://atproto.com/specs/event-stream#framing
        raise ValueError(f"{len(parts)} parts in one frame")
    header, body = msgspec.convert(parts[0], _Header), msgspec.convert(parts[1], _Body)
    if header.op == -1:
        return (Event("error", name=body.error),)
    at = _microseconds(body.time)
    if header.t == "#info":
        return (Event("info", name=body.name),)
    if header.t == "#account":
        return (Event("account", body.seq, at, body.did, active=body.active, status=body.status),)
    if header.t != "#commit":
        return (Event("other", body.seq, at, body.did),)
    blocks = _blocks(body)
    events = [_operation(op, body, at, blocks) for op in body.ops]
    return events or (Event("other", body.seq, at, body.repo),)


def _blocks(body: _Body) -> dict[bytes, Any]:
    """The commit's records by content id, where one of its operations is of use to us."""
    if body.too_big:
        raise ValueError("a commit too big to be sent")
    if not any(op.cid is not None and op.path.partition("/")[0] in COLLECTIONS for op in body.ops):
        return {}
    try:
        found: dict[bytes, Any] = libipld.decode_car(body.blocks)[1]
    except Exception as error:  # noqa: BLE001 - libipld names no class of errors of its own
        raise ValueError(f"no CAR ({type(error).__name__})") from None
    return found


def _operation(op: _Op, body: _Body, at: int, blocks: dict[bytes, Any]) -> Event:
    collection, _, rkey = op.path.partition("/")
    commit = _Commit(op.action, collection, rkey)
    if op.cid is not None and collection in COLLECTIONS:
        if op.cid not in blocks:
            raise ValueError(f"a commit without its record {op.path}")
        commit.cid = text_cid(op.cid)
        try:
            commit.record = msgspec.Raw(msgspec.json.encode(blocks[op.cid]))
        except (TypeError, RecursionError) as error:
            raise ValueError(f"a record that is no JSON ({type(error).__name__})") from None
    return _committed(commit, body.seq, at, body.repo)


_DID = re.compile(rb"did:[a-z]+:[A-Za-z0-9._:%-]+")
_PLACE = re.compile(rb'"(?:time_us|seq)":\s*(\d{1,20})')
_RKEY = re.compile(rb'"rkey":\s*"([A-Za-z0-9._:~-]{1,512})"')


def traces(frame: bytes) -> str:
    """What names an event in a frame that cannot be read: cursor, DID and key, as far as they can be made out."""
    found = [match[1] for match in (_PLACE.search(frame), _RKEY.search(frame)) if match]
    whose = _DID.search(frame)
    return b" ".join([*found[:1], *([whose[0]] if whose else []), *found[1:]]).decode("ascii")


READERS: dict[Protocol, Callable[[bytes], Sequence[Event]]] = {
    "v1": read_v1,
    "v2": read_v2,
    "firehose": read_firehose,
}
