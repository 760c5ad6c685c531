"""Records fixed before anything is sent: their keys (TIDs), their content ids (CIDs), and whether they fit.

What is written is built here as plain data, so that the content id computed beforehand is the one the server
computes, and a reply can name its parent before either exists.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import libipld
import msgspec

from bot.domain.outbox import Part
from bot.domain.richtext import Link, Mention, graphemes
from bot.domain.textlength import BLUESKY
from bot.errors import Refused
from bot.networks.bluesky.times import written

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from bot.domain.outbox import Draft, DraftPost, LinkCard, MediaFile
    from bot.domain.richtext import Facet, RichText

Json = dict[str, Any]

POST = "app.bsky.feed.post"
GATE = "app.bsky.feed.threadgate"
COLLECTIONS = {"post": POST, "gate": GATE}

_DAG_CBOR = 0x71
_RAW = 0x55
_TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH = 13
_CLOCK_ID_BITS = 10
_MOST_WRITES = 200  # com.atproto.repo.applyWrites
_MOST_IMAGES = 4  # app.bsky.embed.images
_MOST_IMAGE_BYTES = 2_000_000
_MOST_THUMB_BYTES = 1_000_000  # app.bsky.embed.external
_MOST_LANGS = 3
_MOST_TAG_GRAPHEMES = 64
_MOST_TAG_BYTES = 640
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StrongRef(msgspec.Struct, frozen=True):
    """An exact version of a record (https://atproto.com/lexicons/com-atproto-repo#comatprotorepostrongref)."""

    uri: str
    cid: str

    def plain(self) -> Json:
        """As it stands in a record: without ``$type``, which would change the record's content id."""
        return {"uri": self.uri, "cid": self.cid}


class Reply(msgspec.Struct, frozen=True):
    """Where a post hangs (https://docs.bsky.app/docs/advanced-guides/posts#replies)."""

    root: StrongRef
    parent: StrongRef


def tid(at: datetime, clock_id: int) -> str:
    """A timestamp key: 53 bits of microseconds since 1970, 10 bits to tell writers apart.

    https://atproto.com/specs/tid
    """
    number = ((at - _EPOCH) // timedelta(microseconds=1)) << _CLOCK_ID_BITS | clock_id
    return "".join(_TID_LETTERS[number >> 5 * place & 31] for place in reversed(range(_TID_LENGTH)))


def cid_of(record: Json) -> str:
    """The content id of a record given as JSON (https://atproto.com/specs/data-model#link-and-cid-formats)."""
    return _cid(_DAG_CBOR, libipld.encode_dag_cbor(_linked(record)))


def blob_cid(data: bytes) -> str:
    """The content id of a file."""
    return _cid(_RAW, data)


def text_cid(cid: bytes) -> str:
    """A content id given as bytes, as it stands in JSON."""
    return _base32(cid)


def uri_of(did: str, part: Part) -> str:
    """Where a part's record stands, or will."""
    return f"at://{did}/{COLLECTIONS[part.kind]}/{part.key}"


def freeze(
    draft: Draft, *, did: str, rng: random.Random, blob: Callable[[str], bytes], reply: Reply | None
) -> tuple[Part, ...]:
    """Cut a draft into parts: pictures, then posts, then the gate; see ``ports.Network.freeze``.

    A picture's payload is its blob as it stands in the record; a post's or gate's payload is its whole record.

    Args:
        draft: what to say. Polls and warnings are words in its text already.
        did: our account.
        rng: sets this writer's keys apart from others' of the same second.
        blob: a picture's bytes by SHA-256.
        reply: where the first post hangs, with ``draft.reply_to``.

    Raises:
        Refused: something does not fit Bluesky's limits; the message says what.
    """
    images: dict[str, Part] = {}
    for index, post in enumerate(draft.posts):
        for media in _pictures(post):
            if media.sha256 not in images:
                images[media.sha256] = _image_part(len(images), index, media, blob)
    parts = list(images.values())
    start = draft.at.astimezone(UTC) + timedelta(microseconds=rng.randrange(1000))
    clock_id = rng.randrange(1 << _CLOCK_ID_BITS)
    made: list[Reply] = []
    for index, post in enumerate(draft.posts):
        where = reply if post.reply_to is None else _below(made, post.reply_to, index)
        at = start + timedelta(milliseconds=index)
        record = _post_record(post, f"post {index + 1} of the thread", images)
        record |= {"createdAt": written(at), **_common(draft.languages, where)}
        payload = msgspec.json.encode(record).decode()
        needs = tuple(sorted({images[media.sha256].position for media in _pictures(post)}))
        part = Part(len(parts), "post", tid(at, clock_id), payload, needs=needs, post=index)
        own = StrongRef(uri_of(did, part), cid_of(record))
        made.append(Reply(where.root if where else own, own))
        parts.append(part)
    if draft.gated and reply is None:
        parts.append(_gate_part(len(parts), made[0].parent.uri, start))
    if len(parts) - len(images) > _MOST_WRITES:
        raise Refused(f"a thread of {len(draft.posts)} posts: Bluesky takes at most {_MOST_WRITES} records at once")
    return tuple(parts)


def marked_profile(record: Json) -> Json:
    """A profile record with the self-label ``bot`` beside its other labels.

    https://docs.bsky.app/docs/advanced-guides/moderation#self-labels
    """
    labels = record.get("labels")
    values = labels.get("values") if isinstance(labels, dict) else None
    kept = values if isinstance(values, list) else []
    marked = {"$type": "com.atproto.label.defs#selfLabels", "values": [*kept, {"val": "bot"}]}
    return {"$type": "app.bsky.actor.profile"} | record | {"labels": marked}


def _below(made: Sequence[Reply], parent: int, index: int) -> Reply:
    if not 0 <= parent < index:
        raise Refused(f"post {index + 1} of the thread hangs under post {parent + 1}, which does not come before it")
    return made[parent]


def _post_record(post: DraftPost, which: str, images: dict[str, Part]) -> Json:
    """What is the post's own: https://docs.bsky.app/docs/advanced-guides/posts."""
    _check_text(post.text, which)
    record: Json = {"$type": POST, "text": post.text.text}
    facets = [marked for facet in post.text.facets if (marked := _facet(facet, post.text, which))]
    if facets:
        record["facets"] = facets
    if post.media:
        if len(post.media) > _MOST_IMAGES:
            raise Refused(f"{which} has {len(post.media)} pictures: Bluesky takes at most {_MOST_IMAGES}")
        record["embed"] = {
            "$type": "app.bsky.embed.images",
            "images": [_image(media, images[media.sha256]) for media in post.media],
        }
    elif post.card:
        record["embed"] = _external(post.card, images, which)
    return record


def _pictures(post: DraftPost) -> tuple[MediaFile, ...]:
    """What has to be uploaded before a post can be written."""
    if post.media or post.card is None or post.card.picture is None:
        return post.media
    return (post.card.picture,)


def _external(card: LinkCard, images: dict[str, Part], which: str) -> Json:
    """https://docs.bsky.app/docs/advanced-guides/posts#website-card-embeds."""
    shown: Json = {"uri": card.uri, "title": card.title, "description": card.description}
    if card.picture is not None:
        if card.picture.size > _MOST_THUMB_BYTES:
            size = card.picture.size
            raise Refused(f"{which} has a link card of {size:,} bytes: Bluesky takes at most {_MOST_THUMB_BYTES:,}")
        shown["thumb"] = msgspec.json.decode(images[card.picture.sha256].payload)
    return {"$type": "app.bsky.embed.external", "external": shown}


def _common(languages: Sequence[str], reply: Reply | None) -> Json:
    """What comes from its place in the thread."""
    record: Json = {}
    if languages:
        record["langs"] = list(languages[:_MOST_LANGS])
    if reply is not None:
        record["reply"] = {"root": reply.root.plain(), "parent": reply.parent.plain()}
    return record


def _image(media: MediaFile, part: Part) -> Json:
    """https://docs.bsky.app/docs/advanced-guides/posts#images-embeds."""
    shown: Json = {"image": msgspec.json.decode(part.payload), "alt": media.alt}
    if media.width > 0 and media.height > 0:
        shown["aspectRatio"] = {"width": media.width, "height": media.height}
    return shown


def _image_part(position: int, post: int, media: MediaFile, blob: Callable[[str], bytes]) -> Part:
    data = blob(media.sha256)
    if not media.mime.startswith("image/"):
        raise Refused(f"a file of type {media.mime or 'unknown'}: only pictures can go out on Bluesky")
    if len(data) > _MOST_IMAGE_BYTES:
        raise Refused(f"a picture of {len(data):,} bytes: Bluesky takes at most {_MOST_IMAGE_BYTES:,}; make it smaller")
    shown = {"$type": "blob", "ref": {"$link": blob_cid(data)}, "mimeType": media.mime, "size": len(data)}
    return Part(position, "media", media.sha256, msgspec.json.encode(shown).decode(), post=post)


def _gate_part(position: int, root: str, at: datetime) -> Part:
    """Only followers and mentioned people may reply; the gate shares its root's key.

    https://docs.bsky.app/docs/tutorials/thread-gates
    """
    record = {
        "$type": GATE,
        "post": root,
        "allow": [{"$type": f"{GATE}#mentionRule"}, {"$type": f"{GATE}#followerRule"}],
        "createdAt": written(at),
    }
    return Part(position, "gate", root.rpartition("/")[2], msgspec.json.encode(record).decode())


def _check_text(rich: RichText, which: str) -> None:
    count, size = graphemes(rich.text), len(rich.text.encode())
    if count > BLUESKY.most:
        raise Refused(f"{which} has {count} characters: Bluesky takes at most {BLUESKY.most}; make it shorter")
    if size > BLUESKY.most_bytes:
        raise Refused(f"{which} has {size} bytes: Bluesky takes at most {BLUESKY.most_bytes}; make it shorter")


def _facet(facet: Facet, rich: RichText, which: str) -> Json | None:
    """https://docs.bsky.app/docs/advanced-guides/post-richtext; ``None`` for a mention of nobody on Bluesky."""
    data = rich.text.encode()
    try:
        if not 0 <= facet.start < facet.end <= len(data):
            raise ValueError  # noqa: TRY301 -- the same message as for a cut letter
        data[: facet.start].decode()
        data[facet.start : facet.end].decode()
    except ValueError:
        where = f"{facet.start} to {facet.end} of {len(data)}"
        raise Refused(f"{which}: a link, hashtag or mention does not lie on whole letters (bytes {where})") from None
    feature: Json
    meant = facet.feature
    if isinstance(meant, Link):
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": meant.uri}
    elif isinstance(meant, Mention):
        if not meant.id.startswith("did:"):
            return None
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": meant.id}
    else:
        if graphemes(meant.tag) > _MOST_TAG_GRAPHEMES or len(meant.tag.encode()) > _MOST_TAG_BYTES:
            raise Refused(
                f"{which}: the hashtag #{meant.tag[:30]}… is longer than {_MOST_TAG_GRAPHEMES} characters or "
                f"{_MOST_TAG_BYTES} bytes"
            )
        feature = {"$type": "app.bsky.richtext.facet#tag", "tag": meant.tag}
    return {"index": {"byteStart": facet.start, "byteEnd": facet.end}, "features": [feature]}


def _cid(codec: int, data: bytes) -> str:
    """CID version 1 with SHA-256 in lower-case base32: version, codec, 0x12 (sha2-256), 0x20 (its length), hash."""
    return _base32(bytes((1, codec, 0x12, 0x20)) + hashlib.sha256(data).digest())


def _base32(data: bytes) -> str:
    return "b" + base64.b32encode(data).decode().rstrip("=").lower()


def _cid_bytes(text: str) -> bytes:
    letters = text[1:].upper()
    return base64.b32decode(letters + "=" * (-len(letters) % 8))


def _linked(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """JSON as DAG-CBOR wants it: each ``{"$link": cid}`` as the CID's bytes, which libipld writes as tag 42."""
    if isinstance(value, dict):
        if set(value) == {"$link"}:
            return _cid_bytes(value["$link"])
        return {key: _linked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_linked(inner) for inner in value]
    return value
