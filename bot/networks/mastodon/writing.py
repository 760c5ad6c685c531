"""Saying something once: fix every request beforehand, send one, and look whether a doubtful one took effect."""

from __future__ import annotations

import hashlib
import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.outbox import Part
from bot.domain.posts import PostRef
from bot.domain.richtext import Mention, runs, shown_plain
from bot.errors import Refused, Unavailable
from bot.networks.mastodon import convert
from bot.networks.mastodon.ownposts import own_posts, said_already
from bot.networks.mastodon.wire import WireMedia, WirePost, one_post
from bot.ports import Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.outbox import Draft, DraftPost, MediaFile
    from bot.domain.richtext import RichText
    from bot.networks.mastodon.server import Server

SLACK = timedelta(minutes=10)
"""How long before its last request a post of ours may have been made: clocks are moved, requests repeated."""

KEY_LIFE = timedelta(hours=1)
"""How far back to look where nobody knows when the request left: so long Mastodon remembers its key."""

PROCESSING = (0.2, 0.3, 0.5, 1.0, *[2.0] * 14)  # seconds between questions whether a picture is ready
_STILL_PROCESSING = frozenset({202, 206})

_AT_HOST = re.compile(r"@[\w.-]*\w@[\w.-]*\w(?::\d+)?")
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


class PollWords(msgspec.Struct, frozen=True):
    """A poll in a frozen post; ``seconds`` it is open."""

    options: tuple[str, ...]
    seconds: int


class PostWords(msgspec.Struct, frozen=True):
    """A frozen post: all but the ids that exist only after other requests.

    Attributes:
        status: the text as it is sent.
        visibility: always stated: some servers have another default.
        language: ISO 639; empty for unsaid.
        warning: content warning.
        poll: with it.
        media: positions of the parts that upload its pictures.
        parent: position of the part it replies to.
        under: local id of a post of an earlier delivery that it replies to.
    """

    status: str
    visibility: str
    language: str = ""
    warning: str = ""
    poll: PollWords | None = None
    media: tuple[int, ...] = ()
    parent: int | None = None
    under: str = ""


class MediaWords(msgspec.Struct, frozen=True):
    """A frozen upload."""

    sha256: str
    mime: str
    alt: str


class Writer:
    """Freezes, sends and finds again.

    Args:
        server: where.
        pause: waits so many seconds.
    """

    def __init__(self, server: Server, pause: Callable[[float], None] = time.sleep) -> None:
        self._server = server
        self._api = server.api
        self._pause = pause

    # -- freeze ----------------------------------------------------------------------------------------------
    def freeze(self, draft: Draft, delivery: str) -> tuple[Part, ...]:
        """See ``ports.Network.freeze``. Raises ``Refused`` for what this network cannot do at all."""
        under = self._server.must_be_local(draft.reply_to) if draft.reply_to else ""
        domain = self._server.place().domain
        parts: list[Part] = []
        places: list[int] = []  # of each post, its part's position
        for index, post in enumerate(draft.posts):
            if post.poll and post.media:
                raise Refused("Mastodon cannot show a poll and a picture in one post; put the picture elsewhere")
            media = [_upload(one, len(parts) + n, index) for n, one in enumerate(post.media)]
            parts += media
            parent = None if post.reply_to is None else places[post.reply_to]
            words = _words(draft, post, domain)
            words = msgspec.structs.replace(
                words,
                media=tuple(one.position for one in media),
                parent=parent,
                under="" if index else under,
            )
            places.append(len(parts))
            parts.append(_post_part(words, len(parts), index, delivery))
        return tuple(parts)

    # -- send ------------------------------------------------------------------------------------------------
    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        """See ``ports.Network.send``; a group is one part, as no request of this API makes two things."""
        (part,) = group
        if part.kind == "media":
            return (Sent(part.position, self._send_media(part, blob)),)
        return (Sent(part.position, self._send_post(part, parts)),)

    def _send_post(self, part: Part, parts: Sequence[Part]) -> PostRef:
        """https://docs.joinmastodon.org/methods/statuses/#create."""
        words = msgspec.json.decode(part.payload, type=PostWords)
        body: dict[str, object] = {"status": words.status, "visibility": words.visibility}
        if words.language:
            body["language"] = words.language
        if words.warning:
            body |= {"spoiler_text": words.warning, "sensitive": True}
        if words.poll:
            body["poll"] = {"options": words.poll.options, "expires_in": words.poll.seconds}
        if words.media:
            body["media_ids"] = [_remote(parts, position).id for position in words.media]
        parent = self._parent(words, parts)
        if parent:
            body["in_reply_to_id"] = parent
        reply = self._api.post(
            "/api/v1/statuses", headers={"Idempotency-Key": part.key}, json=msgspec.json.encode(body)
        )
        return self._ref(one_post(reply.body, self._api.host))

    def _send_media(self, part: Part, blob: Callable[[str], bytes]) -> PostRef:
        """https://docs.joinmastodon.org/methods/media/#v2."""
        words = msgspec.json.decode(part.payload, type=MediaWords)
        name = f"picture.{_ENDINGS.get(words.mime, 'bin')}"
        reply = self._api.post(
            "/api/v2/media",
            data={"description": words.alt} if words.alt else None,
            files={"file": (name, blob(words.sha256), words.mime)},
        )
        media = self._api.decode(reply, WireMedia)
        waits = iter(PROCESSING)
        while reply.status in _STILL_PROCESSING:
            wait = next(waits, None)
            if wait is None:
                raise Unavailable(f"{self._api.host} is still busy with a picture")
            self._pause(wait)
            reply = self._api.get(f"/api/v1/media/{convert.path_piece(media.id)}", urgent=True)
        return PostRef("mastodon", media.id)

    # -- find ------------------------------------------------------------------------------------------------
    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        """See ``ports.Network.find``. An upload cannot be found, and need not be: unused, it is seen by nobody."""
        (part,) = group
        if part.kind == "media":
            return ()
        words = msgspec.json.decode(part.payload, type=PostWords)
        taken = {other.remote.id for other in parts if other.remote is not None and other.position != part.position}
        parent = self._parent(words, parts)
        alike = [
            post
            for post in own_posts(self._server, self._earliest(part.tried_at))
            if f"{self._api.host}/{post.id}" not in taken and _may_be(post, words, parent)
        ]
        # The oldest first: should there be two after all, everything else hangs under that one.
        alike.sort(key=lambda post: (post.visibility != words.visibility, convert.utc(post.created_at)))
        found = said_already(self._server, alike, words.status)
        return (Sent(part.position, self._ref(found)),) if found is not None else ()

    def _earliest(self, tried_at: datetime | None) -> datetime:
        """When a post of a request may have been made at the earliest, by our clock."""
        return (tried_at - SLACK) if tried_at else self._server.place().now - KEY_LIFE

    def _parent(self, words: PostWords, parts: Sequence[Part]) -> str:
        if words.parent is None:
            return words.under
        return self._server.must_be_local(_remote(parts, words.parent))

    def _ref(self, wire: WirePost) -> PostRef:
        return PostRef("mastodon", f"{self._api.host}/{wire.id}", url=convert.url(wire))


def _words(draft: Draft, post: DraftPost, domain: str) -> PostWords:
    return PostWords(
        status=_sent_text(post.text, domain),
        visibility=post.visibility,
        language=_language(draft.languages),
        warning=draft.warning,
        poll=PollWords(post.poll.options, post.poll.seconds) if post.poll else None,
    )


def _post_part(words: PostWords, position: int, index: int, delivery: str) -> Part:
    payload = msgspec.json.encode(words).decode()
    return Part(
        position=position,
        kind="post",
        key=hashlib.sha256(f"{delivery}\0{position}\0{payload}".encode()).hexdigest(),
        payload=payload,
        needs=(*words.media, *(() if words.parent is None else (words.parent,))),
        post=index,
    )


def _upload(file: MediaFile, position: int, index: int) -> Part:
    payload = msgspec.json.encode(MediaWords(file.sha256, file.mime, file.alt)).decode()
    return Part(position=position, kind="media", key=file.sha256, payload=payload, post=index)


def _sent_text(text: RichText, domain: str) -> str:
    """Plain text: mentions with their server (ours is left out, as that is how it writes them), links written out."""
    pieces: list[str] = []
    for piece, feature in runs(text):
        if isinstance(feature, Mention):
            handle = "@" + feature.handle.lstrip("@")
            pieces.append(handle.removesuffix(f"@{domain}") if _AT_HOST.fullmatch(handle) else piece)
        else:
            pieces.append(shown_plain(piece, feature))
    return "".join(pieces)


def _language(languages: Sequence[str]) -> str:
    """The one language a post may have, as ISO 639; Chinese keeps its region, which Mastodon tells apart."""
    first = languages[0] if languages else ""
    base = first.partition("-")[0].lower()
    return first if base == "zh" else base


def _remote(parts: Sequence[Part], position: int) -> PostRef:
    remote = next(part.remote for part in parts if part.position == position)
    if remote is None:
        raise ValueError(f"part {position} has to be sent first")
    return remote


def _may_be(post: WirePost, words: PostWords, parent: str) -> bool:
    """Whether everything but the text fits. Servers make public posts of limited accounts unlisted."""
    orphaned = bool(parent) and not post.in_reply_to_id and bool(post.in_reply_to_account_id)
    options = [option.title for option in post.poll.options] if post.poll else []
    return (
        ((post.in_reply_to_id or "") == parent or orphaned)
        and post.reblog is None
        and (post.visibility == words.visibility or {post.visibility, words.visibility} == {"public", "unlisted"})
        and (post.spoiler_text or "").strip() == words.warning.strip()
        and len(post.media_attachments or ()) == len(words.media)
        and [option.strip() for option in options] == [o.strip() for o in (words.poll.options if words.poll else ())]
    )
