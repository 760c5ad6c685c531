"""What we write beside the outbox: likes, short answers, private messages, deletions. Twice makes nothing new.

Keys are made from what is liked or answered, so that the second attempt meets the first. The server answers 500 to a
key that is in use; so whatever is in doubt is looked for.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.richtext import RichText, graphemes, neutralise
from bot.domain.textlength import BLUESKY
from bot.errors import Refused, Unanswered, Unauthorized
from bot.networks.bluesky import wire
from bot.networks.bluesky.mentions import did_called
from bot.networks.bluesky.records import POST, StrongRef, tid
from bot.networks.bluesky.sessions import token_scope
from bot.networks.bluesky.times import written
from bot.networks.bluesky.xrpc import XrpcRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.posts import PostRef
    from bot.networks.bluesky.reading import Reader
    from bot.networks.bluesky.xrpc import Xrpc

_LIKE = "app.bsky.feed.like"
_CHAT = "did:web:api.bsky.chat#bsky_chat"  # https://docs.bsky.app/docs/api/chat-bsky-convo-send-message
_NO_CHAT_SCOPE = "com.atproto.appPass"
_MISSING = "RecordNotFound"
_CLOCK_IDS = 1 << 10  # the last bits of a TID, https://atproto.com/specs/tid
_KEYS_FROM = datetime(2024, 1, 1, tzinfo=UTC)
_KEYS_SPAN = timedelta(days=365) // timedelta(microseconds=1)
_MOST_WORDS = 1000  # graphemes of chat.bsky.convo.defs#messageInput
_MOST_BYTES = 10_000
_LOOKED_AT = 100  # messages
_BEFORE = timedelta(minutes=10)  # clocks differ; the same words told longer ago were another message


class _Written(msgspec.Struct):
    uri: str = ""


class _Convo(msgspec.Struct):
    id: str


class _ConvoAnswer(msgspec.Struct):
    """https://docs.bsky.app/docs/api/chat-bsky-convo-get-convo-for-members."""

    convo: _Convo


class _Sender(msgspec.Struct):
    did: str = ""


class _Message(msgspec.Struct, rename="camel"):
    text: str = ""
    sender: _Sender = msgspec.field(default_factory=_Sender)
    sent_at: str = ""


class _MessagesAnswer(msgspec.Struct):
    """https://docs.bsky.app/docs/api/chat-bsky-convo-get-messages."""

    messages: list[_Message] = []


class Requests:
    """Writes for one account.

    Args:
        xrpc: its calls.
        reader: to look things up.
        clock: gives aware UTC.
    """

    def __init__(self, xrpc: Xrpc, reader: Reader, clock: Callable[[], datetime]) -> None:
        self._xrpc = xrpc
        self._reader = reader
        self._clock = clock

    def like(self, ref: PostRef) -> None:
        """Like a post, under a key made from its URI (https://docs.bsky.app/docs/tutorials/like-repost)."""
        rkey = like_key(ref.id)
        if self._holds(_LIKE, rkey):
            return
        cid = ref.cid or self._reader.record(ref.id).cid
        subject = StrongRef(ref.id, cid).plain()
        self._create(_LIKE, rkey, {"$type": _LIKE, "subject": subject, "createdAt": written(self._clock())})

    def answer(self, ref: PostRef, text: str, key: str, at: datetime) -> None:
        """Reply to a post, in plain words that mention nobody: its author is told of the reply anyway.

        The key is made from ``at`` and ``key``, so that an answer lies where its time says and never twice.
        """
        words = neutralise(RichText(text)).text
        _fits(words, BLUESKY.most, BLUESKY.most_bytes, "an answer")
        rkey = answer_key(key, at)
        if self._holds(POST, rkey):
            return
        parent = self._reader.record(ref.id)
        root = wire.root_ref(parent.value) or StrongRef(parent.uri, parent.cid)
        reply = {"root": root.plain(), "parent": StrongRef(parent.uri, parent.cid).plain()}
        self._create(POST, rkey, {"$type": POST, "text": words, "reply": reply, "createdAt": written(at)})

    def delete(self, ref: PostRef) -> None:
        """Delete a post of ours (https://docs.bsky.app/docs/api/com-atproto-repo-delete-record)."""
        repo, collection, rkey = _parts(ref)
        if repo != self._xrpc.session.did or collection != POST:
            raise Refused(f"{ref.id} is no post of this account, so it cannot be deleted by it")
        body = {"repo": repo, "collection": collection, "rkey": rkey}
        self._xrpc.procedure("com.atproto.repo.deleteRecord", body, _Written)

    # -- private messages ----------------------------------------------------------------------------------------
    def tell(self, handle: str, text: str, at: datetime) -> None:
        """Send a private message, unless the conversation shows that it was sent since ``at``.

        Raises:
            Refused: nobody has this handle, the person takes no messages from us, or this login may not write any.
        """
        _fits(text, _MOST_WORDS, _MOST_BYTES, "a private message")
        if token_scope(self._xrpc.session) == _NO_CHAT_SCOPE:
            raise Refused(_NO_CHAT)
        who = handle.strip().removeprefix("@").lower()
        did = who if who.startswith("did:") else did_called(who, self._xrpc)
        if not did:
            raise Refused(f"nobody on Bluesky is called {who}: is the handle spelt right?")
        try:
            self._send(did, text, at)
        except Unauthorized:
            # Our server has just accepted this login, so it is the chat service that wants more.
            raise Refused(_NO_CHAT) from None
        except XrpcRefused as error:
            raise Refused(
                f"{who} cannot be written to privately ({error}). Most people take messages only from accounts that "
                "they follow: ask them to follow this one, or write to them yourself"
            ) from None

    def _send(self, did: str, text: str, at: datetime) -> None:
        convo = self._xrpc.query(
            "chat.bsky.convo.getConvoForMembers", {"members": [did]}, _ConvoAnswer, service=_CHAT
        ).convo.id
        asked = {"convoId": convo, "limit": _LOOKED_AT}
        told = self._xrpc.query("chat.bsky.convo.getMessages", asked, _MessagesAnswer, service=_CHAT).messages
        own = self._xrpc.session.did
        for message in told:
            sent = wire.moment(message.sent_at)
            if (message.sender.did, message.text) == (own, text) and sent is not None and sent >= at - _BEFORE:
                return
        body = {"convoId": convo, "message": {"text": text}}
        self._xrpc.procedure("chat.bsky.convo.sendMessage", body, dict[str, Any], service=_CHAT)

    # -- records -------------------------------------------------------------------------------------------------
    def _holds(self, collection: str, rkey: str) -> bool:
        """Whether a record of ours is there (https://docs.bsky.app/docs/api/com-atproto-repo-get-record)."""
        try:
            self._reader.record(f"at://{self._xrpc.session.did}/{collection}/{rkey}")
        except XrpcRefused as error:
            if error.error != _MISSING:
                raise
            return False
        return True

    def _create(self, collection: str, rkey: str, record: dict[str, Any]) -> None:
        """https://docs.bsky.app/docs/api/com-atproto-repo-create-record; in doubt, look."""
        body = {"repo": self._xrpc.session.did, "collection": collection, "rkey": rkey, "record": record}
        try:
            self._xrpc.procedure("com.atproto.repo.createRecord", body, _Written)
        except Unanswered:
            if not self._holds(collection, rkey):
                raise


_NO_CHAT = (
    "this login may not write private messages: make a new app password on Bluesky with the box “Allow access to your "
    "direct messages” ticked, and run `staffroom login bluesky` with it"
)


def like_key(uri: str) -> str:
    """A key of the right form, always the same for a post."""
    number = int.from_bytes(hashlib.sha256(uri.encode()).digest()[:8], "big")
    return tid(_KEYS_FROM + timedelta(microseconds=number // _CLOCK_IDS % _KEYS_SPAN), number % _CLOCK_IDS)


def answer_key(key: str, at: datetime) -> str:
    """A key that says when, to the millisecond, and tells answers of the same moment apart."""
    number = int(key, 16)
    whole = at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
    return tid(whole + timedelta(microseconds=number // _CLOCK_IDS % 1000), number % _CLOCK_IDS)


def _parts(ref: PostRef) -> tuple[str, str, str]:
    repo, _, rest = ref.id.removeprefix("at://").partition("/")
    collection, _, rkey = rest.partition("/")
    return repo, collection, rkey


def _fits(text: str, most: int, most_bytes: int, what: str) -> None:
    count, size = graphemes(text), len(text.encode())
    if count > most or size > most_bytes:
        raise Refused(f"{what} has {count} characters: Bluesky takes at most {most}; make it shorter")
