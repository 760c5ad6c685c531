"""What hangs on a post: pictures, a link card, a quoted post; as its record says, and as the AppView shows it.

https://docs.bsky.app/docs/advanced-guides/posts#embeds
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.cleaning import words
from bot.domain.posts import Media
from bot.networks.bluesky.lenient import lenient
from bot.networks.bluesky.views import NOTHING, post_uri
from bot.networks.fetching import picture_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.networks.bluesky.views import PostView

_DETACHED = frozenset({"app.bsky.embed.record#viewDetached", "app.bsky.embed.record#viewBlocked"})
_MEDIA: dict[str, Literal["image", "video"]] = {"app.bsky.embed.images": "image", "app.bsky.embed.video": "video"}


class Ref(msgspec.Struct):
    """What a record names: a URI, or an address, and a content id where it has one."""

    uri: str = ""
    cid: str = ""


class _Blob(msgspec.Struct):
    """A file's content id, in today's form and in the oldest one (https://atproto.com/specs/data-model#blob-type)."""

    ref: msgspec.Raw = NOTHING
    cid: str = ""


class _CidLink(msgspec.Struct):
    link: str = msgspec.field(name="$link", default="")


class _Image(msgspec.Struct):
    alt: str = ""
    image: msgspec.Raw = NOTHING


class _ImageView(msgspec.Struct):
    fullsize: str = ""


class _ImagesView(msgspec.Struct):
    """The view of an embed with pictures, or of one that holds another."""

    images: list[_ImageView] = []
    media: msgspec.Raw = NOTHING


class Embed(msgspec.Struct):
    """Any embed of a record: its quoted post, its media, its link card."""

    type: str = msgspec.field(name="$type", default="")
    images: list[_Image] = []
    alt: str = ""
    external: Ref = msgspec.field(default_factory=Ref)
    record: msgspec.Raw = NOTHING
    media: msgspec.Raw = NOTHING


class _Record(msgspec.Struct):
    """A post's record, as far as is asked here."""

    embed: Embed = msgspec.field(default_factory=Embed)


class _Quoted(msgspec.Struct):
    """A strong reference, or (with media) an embed that holds one; a view of either says its ``$type``."""

    type: str = msgspec.field(name="$type", default="")
    uri: str = ""
    record: msgspec.Raw = NOTHING


def media(embed: Embed) -> Iterator[Media]:
    """https://docs.bsky.app/docs/advanced-guides/posts#images-embeds."""
    for part in (embed, lenient(embed.media, Embed)):
        kind = _MEDIA.get(part.type)
        if kind == "image":
            yield from (Media(kind, words(image.alt), _file(image)) for image in part.images)
        elif kind:
            yield Media(kind, words(part.alt))


def _file(image: _Image) -> str:
    """The content id of a picture's file."""
    blob = lenient(image.image, _Blob)
    return picture_key(lenient(blob.ref, _CidLink).link or blob.cid)


def picture_addresses(view: PostView) -> dict[str, str]:
    """Where the AppView has a post's pictures, by their files' content ids, which stand in their addresses.

    https://docs.bsky.app/docs/advanced-guides/posts#images-embeds (``app.bsky.embed.images#viewImage``)
    """
    seen, record = lenient(view.embed, _ImagesView), lenient(view.record, _Record)
    shown = seen.images or lenient(seen.media, _ImagesView).images
    keys = [one.key for one in media(record.embed) if one.kind == "image"]
    return {
        key: image.fullsize
        for key, image in zip(keys, shown, strict=False)
        if key and key in image.fullsize.rpartition("/")[2]
    }


def card(embed: Embed) -> str:
    """The address of a link card, which may stand beside a quoted post; empty for none."""
    return embed.external.uri or lenient(embed.media, Embed).external.uri


def quoted(embed: Embed) -> str:
    """URI of the quoted post (https://docs.bsky.app/docs/advanced-guides/posts#quote-posts); other records are none."""
    named = lenient(embed.record, _Quoted)
    uri = named.uri or lenient(named.record, _Quoted).uri
    return post_uri(uri)


def quote_cut(view: PostView) -> bool:
    """Whether the quoted author detached the quote, or a block stands between (https://docs.bsky.app/docs/api/app-bsky-feed-get-quotes)."""
    shown = lenient(lenient(view.embed, Embed).record, _Quoted)
    return shown.type in _DETACHED or lenient(shown.record, _Quoted).type in _DETACHED
