"""What the AppView answers, as far as we need it: decoded as it should be (https://docs.bsky.app/docs/category/http-reference)."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

# Ids go into addresses, into questions to servers and into what we keep, so nothing else is taken for one.
# https://atproto.com/specs/did, https://atproto.com/specs/handle, https://atproto.com/specs/record-key
_DID = r"did:[a-z]{2,32}:[A-Za-z0-9._:%-]{1,256}"
_POST_URI = rf"at://{_DID}/app\.bsky\.feed\.post/[A-Za-z0-9_~:-][A-Za-z0-9._~:-]{{0,511}}"
Did = Annotated[str, msgspec.Meta(pattern=rf"\A{_DID}\Z")]
Handle = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.-]{0,253}\Z")]
PostUri = Annotated[str, msgspec.Meta(pattern=rf"\A{_POST_URI}\Z")]
Cid = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+=_-]{0,256}\Z")]

NOTHING = msgspec.Raw(b"{}")


def is_post_uri(text: str) -> bool:
    """Whether a text is the ``at://`` URI of a post, by the account's DID."""
    return re.fullmatch(_POST_URI, text) is not None


def post_uri(text: str) -> str:
    """A post's URI as it is; nothing instead of anything else, which would name no post and spoil what is asked."""
    return text if is_post_uri(text) else ""


def is_did(text: str) -> bool:
    """Whether a text is a DID."""
    return re.fullmatch(_DID, text) is not None


class Label(msgspec.Struct):
    """https://docs.bsky.app/docs/advanced-guides/moderation#labels."""

    val: str
    src: str = ""
    neg: bool = False


class Viewer(msgspec.Struct, rename="camel"):
    """What stands between an account and ours."""

    blocked_by: bool = False
    blocking: str = ""
    blocking_by_list: msgspec.Raw = NOTHING


class Profile(msgspec.Struct, rename="camel"):
    """An account: ``profileViewBasic`` with a post (no description), ``profileViewDetailed`` from getProfiles."""

    did: Did
    handle: Handle
    display_name: str | None = None
    description: str | None = None
    labels: list[Label] | None = None
    viewer: Viewer | None = None


class ThreadgateView(msgspec.Struct):
    """A thread's gate with its record."""

    record: msgspec.Raw = NOTHING


class PostView(msgspec.Struct, rename="camel"):
    """A post as the AppView shows it; ``record`` is what its author's app wrote."""

    uri: PostUri
    cid: Cid
    author: Profile
    record: msgspec.Raw
    indexed_at: str = ""
    embed: msgspec.Raw = NOTHING
    labels: list[Label] | None = None
    reply_count: int = 0
    threadgate: ThreadgateView | None = None


class ThreadNode(msgspec.Struct):
    """A place in a thread; ``post`` is ``None`` where it is not found or blocked."""

    post: PostView | None = None
    parent: msgspec.Raw = NOTHING
    replies: list[ThreadNode] | None = None


class ThreadAnswer(msgspec.Struct):
    """https://docs.bsky.app/docs/api/app-bsky-feed-get-post-thread."""

    thread: ThreadNode
    threadgate: ThreadgateView | None = None


class PostsAnswer(msgspec.Struct):
    """A page of getPosts, searchPosts or getQuotes."""

    posts: list[PostView]
    cursor: str | None = None


class ProfilesAnswer(msgspec.Struct):
    """https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles."""

    profiles: list[Profile]


class Notification(msgspec.Struct, rename="camel"):
    """One item of listNotifications, as far as needed to look its post up."""

    uri: str
    reason: str
    indexed_at: str


class NotificationsAnswer(msgspec.Struct):
    """https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications."""

    notifications: list[Notification]
    cursor: str | None = None


class RecordAnswer(msgspec.Struct):
    """https://docs.bsky.app/docs/api/com-atproto-repo-get-record."""

    uri: str
    cid: str
    value: msgspec.Raw = NOTHING
