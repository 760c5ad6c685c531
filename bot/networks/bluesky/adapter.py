"""Bluesky behind ``ports.Network``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot.domain.posts import PostRef
from bot.domain.textlength import BLUESKY
from bot.errors import Refused, Unanswered
from bot.networks.bluesky import own, records, wire
from bot.networks.bluesky.cursors import endpoint
from bot.networks.bluesky.line import Lines
from bot.networks.bluesky.mentions import addressed
from bot.networks.bluesky.reading import Reader
from bot.networks.bluesky.records import COLLECTIONS, Reply, StrongRef, cid_of, uri_of
from bot.networks.bluesky.requests import Requests
from bot.networks.bluesky.sessions import token_scope
from bot.networks.bluesky.streaming import Streamer
from bot.networks.bluesky.views import Did, Handle, Profile, RecordAnswer
from bot.networks.bluesky.xrpc import Xrpc, XrpcRefused
from bot.networks.fetching import Fetcher
from bot.networks.ids import is_address
from bot.ports import Identity, Sent

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.outbox import Draft, Part
    from bot.domain.posts import Account, Post
    from bot.domain.records import PollCount, Said
    from bot.domain.textlength import Limits
    from bot.ports import Condition, Heard, LookUp, Wanted

_VERSION = re.compile(r"[\w.+-]{1,60}", re.ASCII)
_PROFILE = "app.bsky.actor.profile"
_MISSING = frozenset({"RecordNotFound"})
_BLOB_LOST = frozenset({"BlobNotFound"})


class _Blob(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob."""

    blob: dict[str, Any]


class _Written(msgspec.Struct):
    uri: str = ""
    cid: str = ""


class _Writes(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-repo-apply-writes."""

    results: list[_Written] | None = None


class _Whoami(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-server-get-session."""

    did: Did
    handle: Handle


class _Links(msgspec.Struct, rename="camel"):
    terms_of_service: str | None = None


class _Server(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-server-describe-server."""

    links: _Links | None = None


class _Health(msgspec.Struct):
    version: str = ""


class Bluesky:
    """One account of ours on Bluesky. Implements ``ports.Network``, whose docstrings are the contract.

    Args:
        account: the account's key in the settings.
        server: URL of its PDS or entryway.
        handle: its handle or DID.
        password: an app password; empty to go on with ``session`` alone.
        session: what ``on_session`` was last given.
        on_session: is given every new session as a string, to keep it secret and safe.
        appview: URL of an AppView for public reads without login; empty to read through ``server``.
        streams: addresses of live streams, best first (see ``cursors.endpoint``); none: ``stream`` is ``Refused``.
        silence: seconds without a frame after which a Jetstream, which is never silent, counts as broken.
        clock: gives aware UTC.
        timeout: seconds for connecting, and for each wait while reading and writing.
    """

    name: Literal["bluesky"] = "bluesky"
    atomic = True
    limits: Limits = BLUESKY

    def __init__(
        self,
        *,
        account: str,
        server: str,
        handle: str,
        password: str,
        clock: Callable[[], datetime],
        session: str | None = None,
        on_session: Callable[[str], None] = lambda _: None,
        appview: str = "",
        streams: Sequence[str] = (),
        silence: float = 30.0,
        timeout: float = 20.0,
    ) -> None:
        self.account = account
        self._xrpc = Xrpc(
            server=server,
            handle=handle,
            password=password,
            session=session,
            on_session=on_session,
            appview=appview,
            clock=clock,
            timeout=timeout,
        )
        self._reader = Reader(self._xrpc, clock)
        self._streamer = Streamer(Lines([endpoint(one) for one in streams], silence=silence), self._reader, clock)
        self._pictures = Fetcher(named=[one for one in (server, appview) if one])
        self._requests = Requests(self._xrpc, self._reader, clock)

    def __repr__(self) -> str:
        return f"<Bluesky account {self.account!r}>"

    def condition(self) -> Condition:
        """How the account has fared: its server, the AppView where that is asked, and its login."""
        return self._xrpc.condition()

    def identity(self) -> Identity:
        """Ask who we are. The bot flag is the self-label ``bot`` on our own profile record."""
        whoami = self._xrpc.query("com.atproto.server.getSession", {}, _Whoami)
        server = self._xrpc.plain("com.atproto.server.describeServer", _Server)
        try:
            version = self._xrpc.plain("_health", _Health).version
        except (Refused, Unanswered):
            version = ""
        try:
            bot = wire.marked_as_bot(self._record(whoami.did, _PROFILE, "self").value)
        except XrpcRefused as error:
            if error.error not in _MISSING:
                raise
            bot = False
        scope = token_scope(self._xrpc.session)
        terms = (server.links.terms_of_service if server.links else None) or ""
        return Identity(
            id=whoami.did,
            handle=whoami.handle,
            url=wire.profile_url(Profile(whoami.did, whoami.handle)),
            bot=bot,
            scopes=(scope,) if scope else (),
            software=f"PDS {version}" if _VERSION.fullmatch(version) else "",
            terms=terms if is_address(terms) else "",
            ahead=self._xrpc.ahead,
        )

    def mark_as_bot(self) -> None:
        """See the function ``mark_as_bot``."""
        did = self._xrpc.session.did
        try:
            held = self._record(did, _PROFILE, "self")
        except XrpcRefused as error:
            if error.error not in _MISSING:
                raise
            held = RecordAnswer("", "")
        if wire.marked_as_bot(held.value):
            return
        body = {
            "repo": did,
            "collection": _PROFILE,
            "rkey": "self",
            "record": records.marked_profile(msgspec.json.decode(held.value)),
            "swapRecord": held.cid or None,  # null means: only where there is none yet
        }
        self._xrpc.procedure("com.atproto.repo.putRecord", body, _Written)

    # -- saying --------------------------------------------------------------------------------------------------
    def freeze(self, draft: Draft, delivery: str, rng: random.Random, blob: Callable[[str], bytes]) -> tuple[Part, ...]:
        """Fix all records with their keys. Keys come from ``draft.at`` and ``rng``, so ``delivery`` is not needed."""
        del delivery
        reply = None
        if draft.reply_to is not None:
            reply = Reply(self._strong(draft.reply_root or draft.reply_to), self._strong(draft.reply_to))
        draft = addressed(draft, self._xrpc)
        return records.freeze(draft, did=self._xrpc.session.did, rng=rng, blob=blob, reply=reply)

    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        """Upload one picture, or write all posts and the gate in one request that lands whole or not at all.

        A used key makes the server answer 500 and write nothing, which is ``Unanswered``: ``find`` tells the rest.
        """
        if group[0].kind == "media":
            return tuple(self._upload(part, blob) for part in group)
        try:
            return self._write(group)
        except XrpcRefused as error:
            if error.error not in _BLOB_LOST:
                raise
        # Servers throw away pictures that no record showed for some hours: a late delivery uploads them again.
        for part in parts:
            if part.kind == "media":
                self._upload(part, blob)
        return self._write(group)

    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        """Look for each record of the group on our own server.

        A picture is never found, for it can only be asked for once a post shows it: uploading it again doubles nothing.
        """
        del parts
        found: list[Sent] = []
        for part in group:
            if part.kind == "media":
                continue
            try:
                held = self._record(self._xrpc.session.did, COLLECTIONS[part.kind], part.key)
            except XrpcRefused as error:
                if error.error not in _MISSING:
                    raise
                continue
            if held.cid != _cid(part):
                raise Refused(f"{held.uri} is on the network already, and is not what was to be said")
            found.append(self._sent(part))
        return tuple(found)

    def _upload(self, part: Part, blob: Callable[[str], bytes]) -> Sent:
        """https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob."""
        wanted = msgspec.json.decode(part.payload)
        data = blob(part.key)
        if records.blob_cid(data) != wanted["ref"]["$link"]:
            raise Refused("a kept picture is not the one that was to be sent")
        got = self._xrpc.upload("com.atproto.repo.uploadBlob", data, wanted["mimeType"], _Blob).blob
        if got.get("ref") != wanted["ref"] or got.get("mimeType") != wanted["mimeType"]:
            raise Refused(
                f"a picture was announced as {wanted['mimeType']}, and the server finds {got.get('mimeType')}: "
                "save it as what its name says"
            )
        return Sent(part.position, PostRef("bluesky", msgspec.json.encode(got).decode()))

    def _write(self, group: Sequence[Part]) -> tuple[Sent, ...]:
        """https://docs.bsky.app/docs/api/com-atproto-repo-apply-writes."""
        writes = [
            {
                "$type": "com.atproto.repo.applyWrites#create",
                "collection": COLLECTIONS[part.kind],
                "rkey": part.key,
                "value": msgspec.json.decode(part.payload),
            }
            for part in group
        ]
        body = {"repo": self._xrpc.session.did, "writes": writes}
        results = self._xrpc.procedure("com.atproto.repo.applyWrites", body, _Writes).results
        sent = tuple(self._sent(part) for part in group)
        if [(one.uri, one.cid) for one in results or []] != [(one.remote.id, one.remote.cid) for one in sent]:
            raise Unanswered("com.atproto.repo.applyWrites: the server names other records than those we sent")
        return sent

    def _sent(self, part: Part) -> Sent:
        session = self._xrpc.session
        url = f"{wire.profile_url(Profile(session.did, session.handle))}/post/{part.key}"
        uri = uri_of(session.did, part)
        return Sent(part.position, PostRef("bluesky", uri, _cid(part), url if part.kind == "post" else ""))

    def _strong(self, ref: PostRef) -> StrongRef:
        """A reference with its content id, asked for where it is missing."""
        if ref.cid:
            return StrongRef(ref.id, ref.cid)
        did, collection, rkey = ref.id.removeprefix("at://").split("/")
        return StrongRef(ref.id, self._record(did, collection, rkey).cid)

    def _record(self, did: str, collection: str, rkey: str) -> RecordAnswer:
        """https://docs.bsky.app/docs/api/com-atproto-repo-get-record."""
        params = {"repo": did, "collection": collection, "rkey": rkey}
        return self._xrpc.query("com.atproto.repo.getRecord", params, RecordAnswer)

    def said_since(self, since: datetime) -> tuple[Said, ...]:
        """See ``own.said_since``."""
        return own.said_since(self._xrpc, since)

    # -- reading -------------------------------------------------------------------------------------------------
    def sweep(self, root: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``reading.Reader.sweep``."""
        return self._reader.sweep(root.id)

    def tagged(self, hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        """See ``reading.Reader.tagged``."""
        return self._reader.tagged(hashtag, since)

    def quotes(self, ref: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``reading.Reader.quotes``."""
        return self._reader.quotes(ref.id)

    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """See ``reading.Reader.look_up``."""
        return self._reader.look_up(refs)

    def polls(self, refs: Sequence[PostRef]) -> Mapping[str, PollCount]:
        """See ``ports.Network.polls``: there are none here, options are letters in the text."""
        del refs
        return {}

    def listen(self, cursor: str, wanted: Wanted) -> Heard:
        """See ``reading.Reader.listen``."""
        return self._xrpc.aside.told(self._reader.listen(cursor, wanted))

    def stream(self, cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """See ``streaming.Streamer.stream``."""
        stream = self._streamer.stream(lambda: self._xrpc.session.did, cursor, wanted, stopping)
        return self._xrpc.aside.telling(stream)

    def pictures(self, ref: PostRef, keys: Sequence[str]) -> Mapping[str, bytes]:
        """See ``reading.Reader.pictures``."""
        return self._reader.pictures(ref, keys, self._pictures.fetch)

    def resolve(self, address: str) -> Post | None:
        """See ``reading.Reader.resolve``."""
        return self._reader.resolve(address)

    def account_called(self, handle: str) -> Account | None:
        """See ``reading.Reader.account_called``."""
        return self._reader.account_called(handle)

    # -- small things --------------------------------------------------------------------------------------------
    def like(self, ref: PostRef) -> None:
        """See ``requests.Requests.like``."""
        self._requests.like(ref)

    def answer(self, ref: PostRef, handle: str, text: str, key: str, at: datetime) -> None:
        """See ``requests.Requests.answer``. A reply tells its parent's author, so ``handle`` is not needed."""
        del handle
        self._requests.answer(ref, text, key, at)

    def tell(self, handle: str, text: str, key: str, at: datetime) -> PostRef | None:
        """See ``requests.Requests.tell``. Messages have no keys of ours: words and time tell whether one was sent.

        What is answered to them is not read.
        """
        del key
        self._requests.tell(handle, text, at)
        return None

    def delete(self, ref: PostRef) -> None:
        """See ``requests.Requests.delete``."""
        self._requests.delete(ref)

    def close(self) -> None:
        """Let go of connections."""
        self._pictures.close()
        self._xrpc.close()


def mark_as_bot(network: Bluesky) -> None:
    """Put the self-label ``bot`` on the account's profile and leave all else there as it is; twice changes nothing.

    https://docs.bsky.app/docs/api/com-atproto-repo-put-record
    """
    network.mark_as_bot()


def _cid(part: Part) -> str:
    return cid_of(msgspec.json.decode(part.payload))
