"""What people's records and the AppView's views (``views``) mean: one conversion per kind of thing.

Records are written by anybody's app, so each field of a record that is not what it should be is left out alone
(``lenient``), and never costs us the post.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.domain.cleaning import LONGEST_NAME, one_line
from bot.domain.posts import Account, Post, PostRef, Signals
from bot.domain.richtext import (
    Facet,
    Feature,
    Link,
    Mention,
    RichText,
    Tag,
    fold_tag,
    from_facets,
    graphemes,
    hashtags,
    join,
    links,
)
from bot.domain.textlength import BLUESKY
from bot.networks.bluesky.embeds import Embed, Ref, card, media, quote_cut, quoted
from bot.networks.bluesky.lenient import lenient
from bot.networks.bluesky.records import StrongRef
from bot.networks.bluesky.views import Label, PostView, Profile, ThreadgateView, is_post_uri, post_uri
from bot.networks.ids import is_address, is_language

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 100_000  # of a text; the lexicon allows 3,000 bytes
MOST_FACETS = 1_000  # in a text of 300 graphemes there is no room for more
_LONGEST_MENTION = 1_000  # bytes; a handle has 253, and thousands of facets over a whole text cost its square
_MOST_LANGUAGES = 3
_BRIDGES = (".ap.brid.gy", ".web.brid.gy")


# -- records: written by anybody's app ----------------------------------------------------------------------------
class _Reply(msgspec.Struct):
    root: Ref = msgspec.field(default_factory=Ref)
    parent: Ref = msgspec.field(default_factory=Ref)


class _Index(msgspec.Struct, rename="camel"):
    byte_start: int
    byte_end: int


class _Feature(msgspec.Struct):
    type: str = msgspec.field(name="$type", default="")
    uri: str = ""
    tag: str = ""
    did: str = ""


class _Facet(msgspec.Struct):
    index: _Index
    features: list[_Feature]


class _SelfLabels(msgspec.Struct):
    values: list[Label] = []


class _Record(msgspec.Struct, rename="camel"):
    """``app.bsky.feed.post``: https://docs.bsky.app/docs/advanced-guides/posts."""

    text: str = ""
    created_at: str = ""
    langs: list[str] = []
    facets: list[msgspec.Raw] = []
    reply: _Reply = msgspec.field(default_factory=_Reply)
    embed: Embed = msgspec.field(default_factory=Embed)
    labels: _SelfLabels = msgspec.field(default_factory=_SelfLabels)
    tags: list[str] = []
    bridgy_original_url: str = ""


class _GateRecord(msgspec.Struct, rename="camel"):
    """``app.bsky.feed.threadgate``: https://docs.bsky.app/docs/tutorials/thread-gates."""

    allow: list[msgspec.Raw] | None = None
    hidden_replies: list[str] = []


class _QuoteGateRecord(msgspec.Struct, rename="camel"):
    """``app.bsky.feed.postgate``: https://docs.bsky.app/docs/tutorials/thread-gates."""

    detached_embedding_uris: list[str] = []
    embedding_rules: list[msgspec.Raw] = []


class _ProfileRecord(msgspec.Struct):
    """``app.bsky.actor.profile``, as far as needed."""

    labels: _SelfLabels = msgspec.field(default_factory=_SelfLabels)


class Gate(msgspec.Struct, frozen=True):
    """A thread's gate: ``closed`` if not everybody may reply; ``hidden`` are URIs of replies its author hid."""

    closed: bool = False
    hidden: frozenset[str] = frozenset()


class QuoteGate(msgspec.Struct, frozen=True):
    """Who may quote a post: nobody if ``closed``; ``detached`` are URIs of posts that may not."""

    closed: bool = False
    detached: frozenset[str] = frozenset()


class Names(msgspec.Struct, frozen=True):
    """What a post's record names: URIs of posts, DIDs of accounts, folded hashtags (``richtext.fold_tag``)."""

    root: str = ""
    parent: str = ""
    quote: str = ""
    mentioned: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


# -- conversions --------------------------------------------------------------------------------------------------
def moment(text: str) -> datetime | None:
    """A time as the network writes it, in UTC (https://atproto.com/specs/lexicon#datetime); ``None`` if it is none."""
    try:
        at = msgspec.convert(text, datetime)
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def account(profile: Profile) -> Account:
    """An account with its signals (https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles)."""
    standing = [label for label in profile.labels or [] if not label.neg]
    bio = from_facets(profile.description or "")
    signals = Signals(
        bot=any(label.val == "bot" and label.src == profile.did for label in standing),
        bio_tags=hashtags(bio),
        labels=tuple(sorted({label.val for label in standing})),
        bridged=profile.handle.lower().endswith(_BRIDGES),
        blocks_us=bool(profile.viewer and profile.viewer.blocked_by),
    )
    return Account(
        "bluesky",
        profile.did,
        profile.handle,
        one_line(profile.display_name or "", LONGEST_NAME) or profile.handle,
        profile_url(profile),
        signals,
    )


def profile_url(profile: Profile) -> str:
    """Where a browser finds an account: by handle, or by DID where its handle does not resolve."""
    known = profile.did if profile.handle in {"", "handle.invalid"} else profile.handle
    return f"https://bsky.app/profile/{known}"


def post(view: PostView, author: Profile, *, hidden: bool) -> Post | None:
    """A post (https://docs.bsky.app/docs/api/app-bsky-feed-get-posts); ``None`` if nobody says when it was written.

    Args:
        view: the post.
        author: its author's whole profile.
        hidden: the network hides it in its thread.
    """
    record = lenient(view.record, _Record)
    times = [at for at in (moment(record.created_at), moment(view.indexed_at)) if at is not None]
    if not times:
        return None
    labels = {label.val for label in (*(view.labels or []), *record.labels.values) if not label.neg}
    url = f"{profile_url(author)}/post/{view.uri.rpartition('/')[2]}"
    return Post(
        ref=PostRef("bluesky", view.uri, view.cid, url),
        author=account(author),
        text=rich_text(record),
        at=min(times),
        parent=post_uri(record.reply.parent.uri),
        root=post_uri(record.reply.root.uri),
        quote=quoted(record.embed),
        languages=tuple(lang for lang in record.langs[:_MOST_LANGUAGES] if is_language(lang)),
        media=tuple(media(record.embed)),
        labels=tuple(sorted(labels)),
        hidden=hidden or quote_cut(view),
        uri=view.uri,
        original=record.bridgy_original_url if is_address(record.bridgy_original_url) else "",
    )


def edges(raw: msgspec.Raw) -> Names:
    """What a record stands under and quotes (``names`` without a look at its text)."""
    record = lenient(raw, _Record)
    reply = record.reply
    return Names(post_uri(reply.root.uri), post_uri(reply.parent.uri), quoted(record.embed))


def names(raw: msgspec.Raw) -> Names:
    """All that a post's record names; its hashtags are those of its text and those beside it."""
    record = lenient(raw, _Record)
    text = rich_text(record)
    return Names(
        post_uri(record.reply.root.uri),
        post_uri(record.reply.parent.uri),
        quoted(record.embed),
        frozenset(facet.feature.id for facet in text.facets if isinstance(facet.feature, Mention)),
        frozenset((*hashtags(text), *map(fold_tag, record.tags))),
    )


def root_ref(raw: msgspec.Raw) -> StrongRef | None:
    """The exact root that a reply's record names; ``None`` for no reply."""
    root = lenient(raw, _Record).reply.root
    return StrongRef(root.uri, root.cid) if root.uri and root.cid else None


def sound(raw: msgspec.Raw) -> bool:
    """Whether a post's record is what its lexicon asks for, as far as we read it; the AppView shows no others.

    https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
    """
    try:
        record = msgspec.json.decode(raw, type=_Record)
        for facet in record.facets:
            msgspec.json.decode(facet, type=_Facet)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    links = (record.reply.root, record.reply.parent)
    whole = all(is_post_uri(one.uri) and one.cid for one in links) or not any(one.uri or one.cid for one in links)
    fits = len(record.text.encode()) <= BLUESKY.most_bytes and graphemes(record.text) <= BLUESKY.most
    return whole and fits and moment(record.created_at) is not None


def tags_of(view: PostView) -> tuple[str, ...]:
    """The hashtags that stand beside the text (``app.bsky.feed.post#tags``)."""
    return tuple(lenient(view.record, _Record).tags)


def gate(view: ThreadgateView | None) -> Gate:
    """https://docs.bsky.app/docs/tutorials/thread-gates."""
    if view is None:
        return Gate()
    record = lenient(view.record, _GateRecord)
    return Gate(closed=record.allow is not None, hidden=frozenset(record.hidden_replies))


def quote_gate(raw: msgspec.Raw) -> QuoteGate:
    """The gate beside a post that may be quoted or not; any rule at all forbids it."""
    record = lenient(raw, _QuoteGateRecord)
    return QuoteGate(bool(record.embedding_rules), frozenset(record.detached_embedding_uris))


def blocked_by_us(profile: Profile) -> bool:
    """Whether we block an account, by itself or in a list: the network then shows nobody its replies to us."""
    viewer = profile.viewer
    return viewer is not None and bool(viewer.blocking or bytes(viewer.blocking_by_list) not in {b"{}", b"null"})


def marked_as_bot(profile_record: msgspec.Raw) -> bool:
    """Whether a profile record carries the self-label ``bot``."""
    return any(label.val == "bot" for label in lenient(profile_record, _ProfileRecord).labels.values)


def rich_text(record: _Record) -> RichText:
    """Text and facets (https://docs.bsky.app/docs/advanced-guides/post-richtext).

    A link card whose address is not in the text is written out below it: many apps take the address out.
    """
    text = record.text[:MOST_CHARACTERS]
    data = text.encode()
    rich = from_facets(text, [facet for raw in record.facets[:MOST_FACETS] for facet in _facets(raw, data)])
    address = card(record.embed)
    if not address or address in rich.text or address in links(rich):
        return rich
    shown = from_facets(address, [Facet(0, len(address.encode()), Link(address))])
    return join([rich, shown] if not rich.text else [rich, "\n\n", shown]) if shown.facets else rich


def _facets(raw: msgspec.Raw, data: bytes) -> Iterator[Facet]:
    """The first feature we know of a facet."""
    try:
        facet = msgspec.json.decode(raw, type=_Facet)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    start, end = facet.index.byte_start, facet.index.byte_end
    for feature in facet.features:
        kind = feature.type.rpartition("#")[2]
        meant: Feature | None = None
        if kind == "link":
            meant = Link(feature.uri)
        elif kind == "tag":
            meant = Tag(feature.tag)
        elif kind == "mention":
            named = data[max(0, start) : max(0, min(end, start + _LONGEST_MENTION))]
            meant = Mention(feature.did, named.decode(errors="replace").removeprefix("@"))
        if meant is not None:
            yield Facet(start, end, meant)
            return
