"""From domain types to rows and back. One JSON encoder and one decoder per type, made once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.chats import Chat
from bot.domain.outbox import Delivery, Draft, Part
from bot.domain.posts import Account, Media, Post, PostRef, Visibility
from bot.domain.prompts import Prompt
from bot.domain.records import StoredChat
from bot.domain.richtext import Link, RichText, links
from bot.domain.series import Series

if TYPE_CHECKING:
    from sqlalchemy import Row

_encoder = msgspec.json.Encoder(order="deterministic")
_chat = msgspec.json.Decoder(Chat)
_series = msgspec.json.Decoder(Series)
_account = msgspec.json.Decoder(Account)
_ref = msgspec.json.Decoder(PostRef)
_draft = msgspec.json.Decoder(Draft)
_needs = msgspec.json.Decoder(tuple[int, ...])


class _Words(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is kept of a post besides its keys, its author and its time.

    The ids of parent, root and quoted post are left out: they are somebody else's, and that post may be removed. The
    node keys that name them tell nobody where they were.
    """

    ref: PostRef
    text: RichText
    visibility: Visibility = "public"
    languages: tuple[str, ...] = ()
    warning: str = ""
    media: tuple[Media, ...] = ()
    labels: tuple[str, ...] = ()
    hidden: bool = False
    edited_at: datetime | None = None
    uri: str = ""
    original: str = ""


class _OnlyRef(msgspec.Struct, frozen=True):
    """The address alone, read from the same JSON without building the rest."""

    ref: PostRef


_words = msgspec.json.Decoder(_Words)
_only_ref = msgspec.json.Decoder(_OnlyRef)


class _OnlyText(msgspec.Struct, frozen=True):
    """The same for the text and the warning before it."""

    text: RichText
    warning: str = ""


_only_text = msgspec.json.Decoder(_OnlyText)


def plain(text: str) -> str:
    """A text as PostgreSQL can hold it: without NUL and halves of characters, which a server's answer might have."""
    return text.replace("\0", "").encode(errors="replace").decode()


def to_json(value: object) -> str:
    """Deterministic JSON of a domain type: equal values give equal text."""
    return _encoder.encode(value).decode()


def chat_from(data: str) -> Chat:
    """A chat from its JSON."""
    return _chat.decode(data)


@lru_cache(64)
def series_from(data: str) -> Series:
    """A series from its JSON. It names all of its chats, and is read with each of them."""
    return _series.decode(data)


def account_from(data: str) -> Account:
    """An account from its JSON."""
    return _account.decode(data)


def draft_from(data: str) -> Draft:
    """A draft from its JSON."""
    return _draft.decode(data)


def ref_in(data: str) -> PostRef:
    """The address in a stored post's JSON."""
    return _only_ref.decode(data).ref


def only_ref(data: str) -> PostRef:
    """An address from its own JSON."""
    return _ref.decode(data)


def text_in(data: str) -> RichText:
    """The text in a stored post's JSON."""
    return _words.decode(data).text


def with_text(data: str, text: RichText) -> str:
    """A stored post's JSON with another text."""
    return _encoder.encode(msgspec.structs.replace(_words.decode(data), text=text)).decode()


def inside(text: str) -> str:
    """A text as it stands inside JSON."""
    return _encoder.encode(text).decode()[1:-1]


def words_of(post: Post) -> str:
    """JSON of what is kept of a post."""
    return _encoder.encode(
        _Words(
            post.ref,
            post.text,
            post.visibility,
            post.languages,
            post.warning,
            post.media,
            post.labels,
            post.hidden,
            post.edited_at,
            post.uri,
            post.original,
        )
    ).decode()


def links_in(text: RichText) -> int:
    """How many links a text has."""
    return len([facet for facet in text.facets if type(facet.feature) is Link]) if text.facets else 0


def open_links(words: str) -> tuple[str, ...]:
    """The addresses that a post links to, each once; none where a content warning stands before its words."""
    kept = _only_text.decode(words)
    return () if kept.warning else links(kept.text)


def post_from(words: str, author: Account, at: datetime) -> Post:
    """A post from its row; ``parent``, ``root`` and ``quote`` stay empty, their node keys stand beside it."""
    kept = _words.decode(words)
    return Post(
        ref=kept.ref,
        author=author,
        text=kept.text,
        at=at,
        visibility=kept.visibility,
        languages=kept.languages,
        warning=kept.warning,
        media=kept.media,
        labels=kept.labels,
        hidden=kept.hidden,
        edited_at=kept.edited_at,
        uri=kept.uri,
        original=kept.original,
    )


def stored_chat(row: Row[Any], series: Series) -> StoredChat:
    """A row of ``chats`` with its series.

    One that was taken out of the YAML before its end counts as cancelled: nothing more is posted. One that was taken
    out afterwards was held, and does not.
    """
    taken_out = row.taken_out_at is not None and row.taken_out_at < row.ends_at
    return StoredChat(
        chat=chat_from(row.data), series=series, revision=row.revision, cancelled=row.cancelled or taken_out
    )


def prompt_row(prompt: Prompt) -> dict[str, Any]:
    """A prompt as a row of ``prompts``."""
    return msgspec.structs.asdict(prompt)


def prompt_from(row: Row[Any]) -> Prompt:
    """A prompt from its row."""
    return Prompt(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented access by name


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a row of ``deliveries``, without its parts, lease and draft."""
    row = msgspec.structs.asdict(delivery)
    del row["parts"]
    return row


def delivery_from(row: Row[Any], parts: tuple[Part, ...]) -> Delivery:
    """A delivery from its row and its parts."""
    names = (name for name in Delivery.__struct_fields__ if name != "parts")
    return Delivery(**{name: row._mapping[name] for name in names}, parts=parts)  # noqa: SLF001 - as above


def part_row(delivery: str, part: Part, answer: str) -> dict[str, Any]:
    """A part as a row of ``parts``."""
    row = msgspec.structs.asdict(part)
    row["needs"] = to_json(part.needs)
    row["remote"] = to_json(part.remote) if part.remote else None
    return row | {"delivery": delivery, "answer": answer}


def part_from(row: Row[Any]) -> Part:
    """A part from its row."""
    return Part(
        position=row.position,
        kind=row.kind,
        key=row.key,
        payload=row.payload,
        needs=_needs.decode(row.needs),
        post=row.post,
        state=row.state,
        tried_at=row.tried_at,
        remote=remote_from(row.remote),
    )


def remote_from(data: str | None) -> PostRef | None:
    """A part's address from its JSON."""
    return None if data is None else _ref.decode(data)
