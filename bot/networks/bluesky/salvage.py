"""The AppView's answers with something in them that is not what it should be: that alone is left out.

Only whole posts, profiles and notifications are. A label or a gate that cannot be read costs its post or its thread:
without it, what is to be hidden might be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bot.networks.bluesky.views import (
    Notification,
    NotificationsAnswer,
    PostsAnswer,
    PostView,
    Profile,
    ProfilesAnswer,
    ThreadAnswer,
    ThreadgateView,
    ThreadNode,
    is_post_uri,
)

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LISTS: dict[Any, tuple[str, Any]] = {
    PostsAnswer: ("posts", PostView),
    ProfilesAnswer: ("profiles", Profile),
    NotificationsAnswer: ("notifications", Notification),
}
_NULL = msgspec.Raw(b"null")


class _Node(msgspec.Struct):
    post: msgspec.Raw = _NULL
    parent: msgspec.Raw = msgspec.Raw(b"{}")
    replies: msgspec.Raw = _NULL


class _Named(msgspec.Struct):
    uri: str = ""


def salvaged(body: bytes, kind: type[T], spoil: Callable[[str, Exception], None]) -> T:
    """An answer without the items of its list that cannot be read; each is told to ``spoil`` by name and reason.

    Raises one of ``UNREADABLE`` where more than that is wrong.
    """
    found: Any
    if kind is ThreadAnswer:
        found = _thread(body, spoil)
        return found  # type: ignore[no-any-return]
    if kind not in _LISTS:
        return msgspec.json.decode(body, type=kind)
    name, item = _LISTS[kind]
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    raws = msgspec.json.decode(fields.get(name, _NULL), type=list[msgspec.Raw])
    found = msgspec.json.decode(msgspec.json.encode({**fields, name: []}), type=kind)
    setattr(found, name, [one for raw in raws if (one := _one(raw, item, spoil)) is not None])
    return found  # type: ignore[no-any-return]


def _one(raw: msgspec.Raw, kind: type[T], spoil: Callable[[str, Exception], None]) -> T | None:
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE as error:
        spoil(f"{kind.__name__} {_name(raw)}".rstrip(), error)
        return None


def _name(raw: msgspec.Raw) -> str:
    try:
        uri = msgspec.json.decode(raw, type=_Named).uri
    except UNREADABLE:
        return ""
    return uri if is_post_uri(uri) else ""


def _thread(body: bytes, spoil: Callable[[str, Exception], None]) -> ThreadAnswer:
    """A thread, place by place: what hangs below a post that cannot be read is kept."""
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    gate = msgspec.json.decode(fields.get("threadgate", _NULL), type=ThreadgateView | None)
    top = ThreadNode()
    waiting = [(fields.get("thread", _NULL), top)]
    while waiting:
        raw, node = waiting.pop()
        try:
            whole = msgspec.json.decode(raw, type=ThreadNode)
        except UNREADABLE:
            pass
        else:
            node.post, node.parent, node.replies = whole.post, whole.parent, whole.replies
            continue
        try:
            parts = msgspec.json.decode(raw, type=_Node)
            below = msgspec.json.decode(parts.replies, type=list[msgspec.Raw] | None) or []
        except UNREADABLE as error:
            spoil("a place in a thread", error)
            continue
        node.parent = parts.parent
        if bytes(parts.post) != b"null":
            node.post = _one(parts.post, PostView, spoil)
        node.replies = [ThreadNode() for _ in below]
        waiting += zip(below, node.replies, strict=True)
    return ThreadAnswer(top, gate)
