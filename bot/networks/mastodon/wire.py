"""What the API sends, as far as we read it: one struct per kind, each with its page.

Nearly every field may be missing: servers of many makes speak this API.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from bot.errors import Unanswered
from bot.networks.mastodon.http import UNREADABLE, readable

if TYPE_CHECKING:
    from bot.networks.salvage import Aside


_ID = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"
LocalId = Annotated[str, msgspec.Meta(pattern=rf"\A{_ID}\Z")]
"""A post's id on the server that gave it: a number, a ULID, a UUID …; it goes into addresses, so nothing else is."""

MaybeId = Annotated[str, msgspec.Meta(pattern=rf"\A(?:{_ID})?\Z")] | None
"""The same, or none."""

AccountId = Annotated[str, msgspec.Meta(pattern=r"\A[\w.@~:-]{1,500}\Z")]
"""An account's id on the server that gave it."""

Acct = Annotated[str, msgspec.Meta(pattern=r"\A(?:[^\s@/\\<>\"]{1,500}(?:@[^\s@/\\<>\"]{1,300})?)?\Z")]
"""``name`` or ``name@server``; it goes into texts of ours, where more would mention others."""


class WireField(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Account/#Field."""

    name: str = ""
    value: str = ""


class WireAccount(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Account/."""

    id: AccountId
    username: Acct = ""
    acct: Acct = ""
    display_name: str | None = ""
    url: str | None = ""
    uri: str | None = ""
    note: str | None = ""
    bot: bool | None = False
    indexable: bool | None = None
    discoverable: bool | None = None
    noindex: bool | None = None
    limited: bool | None = None
    suspended: bool | None = None
    fields: list[WireField] | None = None


class WireMention(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Status/#Mention."""

    acct: str = ""
    url: str | None = ""


class WireMedia(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/MediaAttachment/. ``url`` is empty while it is being processed."""

    id: str = ""
    type: str = "unknown"
    description: str | None = None
    url: str | None = None


class WireOption(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Poll/#Option. ``votes_count`` is null while the server hides it."""

    title: str = ""
    votes_count: Any = None


class WirePoll(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Poll/. An odd number or truth must not cost us the post it stands in."""

    options: list[WireOption] = []
    expired: Any = None
    multiple: Any = None
    votes_count: Any = None


class WireQuoted(msgspec.Struct):
    """The quoted post, of which we want no more than its id."""

    id: MaybeId = None


class WireQuote(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Quote/ and ShallowQuote; forks send the quoted post itself."""

    state: str | None = None
    quoted_status: WireQuoted | None = None
    quoted_status_id: MaybeId = None
    id: MaybeId = None


class WirePost(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Status/."""

    id: LocalId
    account: WireAccount
    created_at: datetime
    uri: str | None = ""
    url: str | None = ""
    content: str | None = ""
    visibility: str | None = None
    language: str | None = None
    spoiler_text: str | None = ""
    sensitive: bool | None = None
    edited_at: datetime | None = None
    in_reply_to_id: MaybeId = None
    replies_count: int | None = 0
    media_attachments: list[WireMedia] | None = None
    mentions: list[WireMention] | None = None
    poll: WirePoll | None = None
    quote: WireQuote | None = None
    quote_id: MaybeId = None
    in_reply_to_account_id: str | None = None
    reblog: WireQuoted | None = None
    local_only: bool | None = None


class WireContext(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Context/."""

    descendants: list[msgspec.Raw]
    ancestors: list[msgspec.Raw] = []


class WireNotification(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Notification/; its post is read apart, as it may be odd."""

    id: LocalId
    type: str = ""
    status: msgspec.Raw = msgspec.Raw(b"null")


class WireReply(msgspec.Struct):
    """A post on somebody else's server, of which we want no more than where it is and where it belongs."""

    id: LocalId
    uri: str | None = ""
    visibility: str | None = None


class WireFound(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Search/."""

    statuses: list[msgspec.Raw] = []
    accounts: list[msgspec.Raw] = []


class WireRelationship(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Relationship/."""

    id: str
    blocked_by: bool | None = False


class WireSource(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/StatusSource/."""

    text: str = ""


class WireApplication(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Application/; ``scopes`` since 4.3."""

    scopes: list[str] | None = None


class WireLimits(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Instance/#max_characters."""

    max_characters: int | None = None
    characters_reserved_per_url: int | None = None


class WireUrls(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Instance/#urls and V1_Instance (``streaming_api``)."""

    about: str | None = None
    terms_of_service: str | None = None
    streaming: str | None = None
    streaming_api: str | None = None


class WireConfiguration(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Instance/#configuration."""

    statuses: WireLimits | None = None
    urls: WireUrls | None = None


class WireInstance(msgspec.Struct):
    """https://docs.joinmastodon.org/entities/Instance/ and V1_Instance (``uri``; ``max_toot_chars`` of forks)."""

    domain: str | None = None
    uri: str | None = None
    version: str | None = None
    source_url: str | None = None
    configuration: WireConfiguration | None = None
    urls: WireUrls | None = None
    max_toot_chars: int | None = None


def posts_in(body: bytes, host: str, aside: Aside | None = None) -> list[WirePost]:
    """A list of posts; one that cannot be understood does not cost us the others. Raises ``Unanswered``.

    Args:
        body: what came.
        host: from where.
        aside: is told of those that cannot be understood.
    """
    try:
        return msgspec.json.decode(body, type=list[WirePost])
    except UNREADABLE:
        raws = readable(body, lambda whole: msgspec.json.decode(whole, type=list[msgspec.Raw]), host)
        return [post for post in (post_in(bytes(raw), aside) for raw in raws) if post is not None]


def post_in(body: bytes, aside: Aside | None = None) -> WirePost | None:
    """A single post; ``None`` if it cannot be understood, of which ``aside`` is told."""
    try:
        return msgspec.json.decode(body, type=WirePost)
    except UNREADABLE as error:
        if aside is not None:
            aside.put(f"post {id_in(body)}".rstrip(), error)
        return None


def id_in(body: bytes) -> str:
    """The id of anything that has one; empty if not even that can be understood."""
    try:
        return msgspec.json.decode(body, type=_Named).id
    except UNREADABLE:
        return ""


class _Named(msgspec.Struct):
    id: LocalId


def one_post(body: bytes, host: str) -> WirePost:
    """The post a request was about. Raises ``Unanswered`` if it cannot be understood."""
    found = post_in(body)
    if found is None:
        raise Unanswered(f"{host}: the answer is not a post")
    return found
