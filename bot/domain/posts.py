"""What anybody says on a network: ``Post``, who said it: ``Account``, and what stays after removal: ``Tombstone``."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

from bot.domain.richtext import RichText

NetworkName = Literal["bluesky", "mastodon"]
Visibility = Literal["public", "unlisted", "followers", "direct"]


class PostRef(msgspec.Struct, frozen=True, gc=False):
    """A post's address on its network.

    Attributes:
        network: which network's API gave it.
        id: what that API knows it by: an ``at://`` URI on Bluesky; on Mastodon ``host/local-id``, where host is
            the server whose API gave it (the same post has another local id on every server).
        cid: Bluesky's content id of the exact version; empty elsewhere.
        url: where a person can open it in a browser; empty if unknown.
    """

    network: NetworkName
    id: str
    cid: str = ""
    url: str = ""


class Signals(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an account says about being shown, as its network and bio tell it. ``None`` means "not said".

    Attributes:
        bot: marked as automated.
        indexable, discoverable: Mastodon's flags; often ``False`` only because that is the default.
        noindex: Mastodon's opt-out from search engines; ``True`` is always a choice.
        bio_tags: hashtags in bio or profile fields, folded to lower case, without ``#``.
        labels: Bluesky labels on the account: ``!no-unauthenticated``, ``!hide``, ``!takedown`` …
        bridged: the account is a copy made by a bridge (Bridgy Fed).
        blocks_us: the account blocks our account.
    """

    bot: bool = False
    indexable: bool | None = None
    discoverable: bool | None = None
    noindex: bool | None = None
    bio_tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    bridged: bool = False
    blocks_us: bool = False


class Account(msgspec.Struct, frozen=True, gc=False):
    """An identity on one network.

    Attributes:
        network: where it lives.
        id: never changes: a DID on Bluesky; the account's ActivityPub ``uri`` (else its ``url``) on Mastodon.
        handle: ``y5leeds.bsky.social``, or ``@hanes@social.example.org`` always with its server.
        name: the display name, or the handle where there is none.
        url: its profile for a browser.
        signals: what it says about being shown.
    """

    network: NetworkName
    id: str
    handle: str
    name: str
    url: str = ""
    signals: Signals = Signals()


class Media(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image, video or sound on somebody's post: that it is there and what its author says it shows.

    Attributes:
        kind: what it is.
        alt: its description; empty for none.
        key: what the network knows exactly this file by (Bluesky: the blob's content id; Mastodon: the attachment's
            id): another file has another key. It is no address. Empty if unknown.
    """

    kind: Literal["image", "video", "audio", "other"]
    alt: str = ""
    key: str = ""


class Post(msgspec.Struct, frozen=True, gc=False):
    """One post as its network shows it now.

    Attributes:
        ref: its address.
        author: who wrote it, with the signals seen at the same time.
        text: converted once, on the way in; remote markup is never kept.
        at: when it was written, UTC (as the network tells; never later than when we saw it).
        parent, root, quote: ids (as ``PostRef.id``) of the post replied to, of the thread's first post, and of
            the post quoted; empty if none or unknown.
        visibility: who may read it.
        languages: BCP 47 tags as the author set them.
        warning: the content warning; empty if none.
        media: what is attached.
        labels: labels on the post itself (``!hide``, ``!takedown``, ``porn`` …).
        hidden: the network hides it in our thread (threadgate, hidden reply, postgate, block).
        edited_at: UTC, where the network tells it.
        uri: the post's name across servers (ActivityPub ``uri``; on Bluesky the same as ``ref.id``).
        original: the URL of the original where this is a bridge's copy; empty otherwise.
    """

    ref: PostRef
    author: Account
    text: RichText
    at: datetime
    parent: str = ""
    root: str = ""
    quote: str = ""
    visibility: Visibility = "public"
    languages: tuple[str, ...] = ()
    warning: str = ""
    media: tuple[Media, ...] = ()
    labels: tuple[str, ...] = ()
    hidden: bool = False
    edited_at: datetime | None = None
    uri: str = ""
    original: str = ""


class Tombstone(msgspec.Struct, frozen=True, gc=False):
    """What stays of a removed post: its place in the thread. No text, name, address or URI.

    Attributes:
        key: the post's node key.
        parent, root: node keys; empty if none.
        at: when the post was written, UTC, cut to the minute: it only keeps the order.
    """

    key: str
    parent: str
    root: str
    at: datetime


def node_key(pepper: bytes, network: str, remote_id: str) -> str:
    """Name a post without telling which it is: a keyed BLAKE2b hash, 24 hex digits.

    Threads are kept as edges between node keys, so a tombstone needs no remote id, and a removed post that
    is seen again is recognised. The key stays with the database (https://www.rfc-editor.org/rfc/rfc7693).

    Args:
        pepper: 16 to 64 secret bytes.
        network: the network's name.
        remote_id: ``PostRef.id`` (or ``Account.id``); the empty string gives the empty key.
    """
    if not remote_id:
        return ""
    return hashlib.blake2b(f"{network}\0{remote_id}".encode(), digest_size=12, key=pepper).hexdigest()


def handle_id(handle: str) -> str:
    """What a handle stands for where an account's id is not known: a wish may be remembered by it.

    Used like an ``Account.id``, in ``node_key``; the server's part of a handle and letters' case make no difference to
    whom it names, a leading ``@`` neither.
    """
    return f"handle:{handle.strip().lstrip('@').casefold()}"
