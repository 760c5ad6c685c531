"""The one-way street from what the API sends into the domain's types: one function per kind, each cites its page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from bot.domain.cleaning import LONGEST_HANDLE, LONGEST_NAME, one_line, words
from bot.domain.posts import Account, Media, Post, PostRef, Signals, Visibility
from bot.domain.records import PollCount
from bot.domain.richtext import hashtags
from bot.networks.fetching import picture_key
from bot.networks.ids import LONGEST_ADDRESS, is_address, is_language
from bot.networks.mastodon.posthtml import to_rich

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from bot.networks.mastodon.wire import WireAccount, WireInstance, WireMedia, WirePoll, WirePost


class Place(msgspec.Struct, frozen=True):
    """What a conversion must know of where it happens.

    Attributes:
        host: the server whose API answered, port included; it begins every ``PostRef.id``.
        domain: the server's name in handles; often the same.
        now: UTC; nothing was written later than this.
    """

    host: str
    domain: str
    now: datetime

    def id(self, local: str | None) -> str:
        """``PostRef.id`` of a local id; empty for none."""
        return f"{self.host}/{local}" if local else ""


_VISIBILITY: Mapping[str | None, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "followers",
}
_MEDIA: Mapping[str, Literal["image", "video", "audio"]] = {
    "image": "image",
    "gifv": "video",
    "video": "video",
    "audio": "audio",
}
_SHOWN_QUOTES = frozenset({"accepted", None})
_BRIDGES = ("brid.gy",)
_MOST_VOTES = 10_000_000_000  # more than there are people; a number the store and every page can hold
_LONGEST_VERSION = 100  # characters
_BRIDGE_REDIRECT = re.compile(r"https://[\w.-]*brid\.gy/r/(?=https?://)")


def post(wire: WirePost, place: Place, *, root: str = "", blocks_us: bool = False) -> Post:
    """One post, of https://docs.joinmastodon.org/entities/Status/.

    Args:
        wire: as it came.
        place: where and when.
        root: ``PostRef.id`` of the thread's first post, where known: the API does not say it.
        blocks_us: whether its author blocks our account.
    """
    author = account(wire.account, place, blocks_us=blocks_us)
    quoted = _quoted(wire)
    mentions = {one.url: _handle(one.acct, place.domain) for one in wire.mentions or () if one.url}
    web = url(wire)
    return Post(
        ref=PostRef("mastodon", place.id(wire.id), url=web),
        author=author,
        text=to_rich(wire.content or "", mentions, quoting=bool(quoted)),
        at=min(utc(wire.created_at), place.now),
        parent=place.id(wire.in_reply_to_id),
        root=root,
        quote=place.id(quoted),
        visibility=visibility(wire),
        languages=(wire.language,) if wire.language and is_language(wire.language) else (),
        warning=words(wire.spoiler_text or ""),
        media=tuple(media(one, sensitive=bool(wire.sensitive)) for one in wire.media_attachments or ()),
        edited_at=min(utc(wire.edited_at), place.now) if wire.edited_at else None,
        uri=_name(wire.uri) or web,
        original=_BRIDGE_REDIRECT.sub("", web) if author.signals.bridged else "",
    )


def account(wire: WireAccount, place: Place, *, blocks_us: bool = False) -> Account:
    """One account with what it says about being shown, of https://docs.joinmastodon.org/entities/Account/.

    An account that its server's moderators limited counts as hidden, a suspended one as suspended.
    """
    handle = one_line(_handle(wire.acct or wire.username, place.domain), LONGEST_HANDLE)
    domain = handle.rpartition("@")[2].partition(":")[0].casefold()
    said = [wire.note or "", *(text for field in wire.fields or () for text in (field.name, field.value))]
    tags = (tag for html in said for tag in _bio_tags(html))
    labels = (("!suspend", wire.suspended), ("!hide", wire.limited))
    return Account(
        network="mastodon",
        id=_name(wire.uri) or _name(wire.url) or handle,
        handle=handle,
        name=one_line(wire.display_name or "", LONGEST_NAME) or handle,
        url=wire.url if wire.url and is_address(wire.url) else "",
        signals=Signals(
            bot=bool(wire.bot),
            indexable=wire.indexable,
            discoverable=wire.discoverable,
            noindex=wire.noindex,
            bio_tags=tuple(dict.fromkeys(tags)),
            labels=tuple(label for label, holds in labels if holds),
            bridged=any(domain == bridge or domain.endswith("." + bridge) for bridge in _BRIDGES),
            blocks_us=blocks_us,
        ),
    )


def media(wire: WireMedia, *, sensitive: bool = False) -> Media:
    """One attachment, of https://docs.joinmastodon.org/entities/MediaAttachment/.

    What its author marked as sensitive has no key: it is not to be copied.
    """
    key = "" if sensitive else picture_key(wire.id)
    return Media(kind=_MEDIA.get(wire.type, "other"), alt=words(wire.description or ""), key=key)


def poll_count(wire: WirePoll | None) -> PollCount | None:
    """How people voted, of https://docs.joinmastodon.org/entities/Poll/; ``None`` where that is not told whole.

    No number is made up for one that is missing, and none is believed that does not agree with the others. We never ask
    with several choices, so a poll that allows them is none of ours.
    """
    if wire is None or not wire.options or wire.multiple:
        return None
    votes = tuple(option.votes_count for option in wire.options)
    if not all(type(one) is int and 0 <= one <= _MOST_VOTES for one in votes):
        return None
    if wire.votes_count is not None and wire.votes_count != sum(votes):
        return None
    return PollCount(tuple(option.title.strip() for option in wire.options), votes, over=wire.expired is True)


def url(wire: WirePost) -> str:
    """Where a person can open a post; empty if the server says nothing a browser can open."""
    return next((one for one in (wire.url, wire.uri) if one and is_address(one)), "")


def visibility(wire: WirePost) -> Visibility:
    """Who may read a post; what we do not know (``direct``, ``local``, ``mutuals_only`` …) counts as the narrowest."""
    if wire.local_only:
        return "followers"
    return _VISIBILITY.get(wire.visibility, "direct")


def utc(moment: datetime) -> datetime:
    """A time as the API writes it; one without a zone is UTC (https://docs.joinmastodon.org/api/datetime-format/)."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # the first or last day there is, in another zone
        return moment.replace(tzinfo=UTC)


def path_piece(text: str) -> str:
    """A piece of a path, percent-encoded; dots alone, which would lead to another path, as well."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def _name(uri: str | None) -> str:
    """A name across servers (any URI, such as ``tag:…``) as it is; nothing instead of what can be none."""
    found = uri or ""
    return found if len(found) <= LONGEST_ADDRESS and found.isprintable() and " " not in found else ""


def software(wire: WireInstance) -> str:
    """The server's make and version: other makes say theirs behind the version they are compatible with."""
    version = (wire.version or "").strip()
    other = re.search(r"\(compatible;\s*(?P<name>[^)]+)\)", version)
    if other:
        return _short(other["name"])
    source = urlsplit(wire.source_url or "").path.rstrip("/").rpartition("/")[2]
    return _short(f"{source or 'Mastodon'} {version}")


def _short(text: str) -> str:
    """A server's words in one short line, fit for a terminal."""
    return "".join(mark for mark in text[:_LONGEST_VERSION] if mark.isprintable()).strip()


def version(wire: WireInstance) -> tuple[int, int]:
    """The version of Mastodon's API: its major and minor number; (0, 0) if unknown."""
    found = re.match(r"(\d{1,6})\.(\d{1,6})", wire.version or "", re.ASCII)
    return (int(found[1]), int(found[2])) if found else (0, 0)


@lru_cache(maxsize=2048)
def _bio_tags(html: str) -> tuple[str, ...]:
    """Hashtags in a bio; a busy thread shows the same few bios again and again."""
    return hashtags(to_rich(html)) if "#" in html or "\uff03" in html else ()


def _quoted(wire: WirePost) -> str:
    """Local id of the post it quotes with its author's leave (https://docs.joinmastodon.org/entities/Quote/)."""
    if wire.quote is None:
        return wire.quote_id or ""
    if wire.quote.state not in _SHOWN_QUOTES:
        return ""
    inner = wire.quote.quoted_status.id if wire.quote.quoted_status else ""
    return inner or wire.quote.quoted_status_id or wire.quote_id or wire.quote.id or ""


def _handle(acct: str, domain: str) -> str:
    """``@name@host`` also for accounts of the server itself, whose ``acct`` is a bare name."""
    return f"@{acct}" if "@" in acct else f"@{acct}@{domain}"
