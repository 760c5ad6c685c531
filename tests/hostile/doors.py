"""Every door a hostile text may come by: what networks send, through the real conversions, into a store and a site."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from contract.store_world import START, chat, save, say, series

from bot.domain.records import Candidate, Placed
from bot.networks.bluesky import wire as bluesky
from bot.networks.bluesky.views import PostView
from bot.networks.mastodon import convert
from bot.networks.mastodon.convert import Place
from bot.networks.mastodon.wire import post_in
from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site, Voice
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hostile.cases import Case

    from bot.domain.posts import Account, NetworkName, Post
    from bot.domain.records import ChatContent, StoredChat
    from bot.storage.store import SqlStore

NOW = datetime(2027, 1, 8, tzinfo=UTC)
HERE = Place("social.example.org", "social.example.org", NOW)
SITE = Site(
    title="Staffroom",
    address="https://chats.example.org",
    language="en",
    contact="chats@example.org",
    controller="Example Teachers' Association",
    voices=(
        Voice("sky", "bluesky", "edchat.example.org", "https://bsky.example/profile/edchat.example.org"),
        Voice("masto", "mastodon", "@edchat@social.example.org", "https://social.example.org/@edchat"),
    ),
)
PLACES = ("content", "words", "links", "text", "facets", "reply")
"""The doors, each a post: Mastodon's HTML as it is; escaped, with name, warning and image; as links, mentions and
hashtags with odd addresses; Bluesky's text with the case's facets; with everything else odd; an answer to that one."""


def _status(case: Case, place: str, content: str, author: dict[str, Any], **more: Any) -> bytes:
    """A post of https://docs.joinmastodon.org/entities/Status/."""
    at = START + timedelta(minutes=6, seconds=case.number)
    account = {
        "id": str(case.number),
        "username": f"t{case.number}",
        "acct": f"t{case.number}",
        "display_name": f"Teacher {case.number}",
        "url": f"https://social.example.org/@t{case.number}",
        "uri": f"https://social.example.org/users/t{case.number}{place}",
        "note": "",
    }
    post = {
        "id": f"{case.number}{place}",
        "uri": f"https://social.example.org/users/t{case.number}/statuses/{place}",
        "url": f"https://social.example.org/@t{case.number}/{place}",
        "account": account | author,
        "created_at": at.isoformat(),
        "content": content,
        "visibility": "public",
    }
    return _json(post | more)


def _json(value: dict[str, Any]) -> bytes:
    """As the network writes it, halves of characters included."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value).encode()


def mastodon(case: Case) -> Iterator[tuple[str, bytes]]:
    """The case as a Mastodon server may send it, by place."""
    text, safe = case.say, html.escape(case.say)
    yield "content", _status(case, "content", text, {"note": text, "fields": [{"name": text, "value": text}]})
    images = [{"id": "1", "type": "image", "description": text, "url": text}, {"id": "2", "type": text}]
    named = {"display_name": text}
    yield (
        "words",
        _status(case, "words", f"<p>{safe}</p>", named, spoiler_text=text[:4_000], media_attachments=images),
    )
    link = f'<a href="{safe}" class="u-url" title="{safe}">'
    pieces = f"""<p>{link}{safe}</a> {link}words</a> <a class="u-url mention" href="{safe}">@{safe}</a>
        <a class="mention hashtag" rel="tag" href="{safe}">#{safe}</a> <img alt="{safe}" src="{safe}"></p>"""
    handle = re.sub(r'[\s@/\\<>"]', "", text)[:300] or "t"  # what else may stand in one is refused when it is read
    author = {"acct": handle, "username": handle, "url": text}
    mention = [{"acct": handle, "url": text, "username": handle}]
    more = {"uri": text, "url": text, "language": text[:50], "mentions": mention}
    yield "links", _status(case, "links", pieces, author, **more)


def bluesky_views(case: Case) -> Iterator[tuple[str, bytes]]:
    """The case as an AppView may send it, by place."""
    at = START + timedelta(minutes=7, seconds=case.number)
    text = case.say
    size = len(text.encode("utf-8", "surrogatepass"))
    kinds: tuple[dict[str, Any], ...] = ({"uri": text}, {"tag": text}, {"did": text})
    names = ("link", "tag", "mention")
    whole = [
        {
            "index": {"byteStart": size * third // 3, "byteEnd": size * (third + 1) // 3},
            "features": [{"$type": f"app.bsky.richtext.facet#{name}", **kind}],
        }
        for third, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]
    odd = {
        "facets": whole,
        "langs": [text, "en"],
        "tags": [text],
        "labels": {"values": [{"val": text}]},
        "embed": {
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": text, "cid": text}},
            "media": {"$type": "app.bsky.embed.images", "images": [{"alt": text}], "external": {"uri": text}},
        },
    }
    for place, record, author in (
        ("text", {"facets": list(case.facets)}, {}),
        ("facets", odd, {"displayName": text, "description": text}),
        ("reply", {}, {}),
    ):
        plain = {"$type": "app.bsky.feed.post", "text": text, "createdAt": at.isoformat()}
        view = {
            "uri": f"at://did:plc:t{case.number}/app.bsky.feed.post/{place}",
            "cid": "cid",
            "author": {"did": f"did:plc:t{case.number}{place}", "handle": f"t{case.number}.example.org"} | author,
            "record": plain | record,
            "indexedAt": at.isoformat(),
        }
        yield place, _json(view)


def posts(case: Case) -> dict[str, Post]:
    """The case through every door, converted as the adapters do; what cannot be read is left out, as they do.

    A megabyte comes as text, as HTML and as a name, which is all there is to be found out about it.
    """
    found: dict[str, Post] = {}
    for place, body in mastodon(case):
        if case.big and place == "links":
            continue
        status = post_in(body)
        if status is not None:
            found[place] = convert.post(status, HERE)
    for place, body in bluesky_views(case):
        if case.big and place == "reply":
            continue
        try:
            view = msgspec.json.decode(body, type=PostView)
        except msgspec.DecodeError:  # the adapter passes such a post over; there is a test for this of its own
            continue
        post = bluesky.post(view, view.author, hidden=False)
        if post is not None:
            found[place] = post
    return found


def fill(store: SqlStore, cases: Sequence[Case]) -> ChatContent:
    """Put cases into a chat's store, by every door, and take out what pages are given."""
    one = chat()
    save(store, one, of=series(languages=("en",)))
    questions: dict[NetworkName, str] = {}
    for account, network in (("sky", "bluesky"), ("masto", "mastodon")):
        say(store, f"{one.id}/welcome@{account}", one.starts_at)
        say(store, f"{one.id}/q1@{account}", one.starts_at + timedelta(minutes=5))
        questions[network] = store.key(network, f"{one.id}/q1@{account}#0")  # type: ignore[index]
    batch = [each for case in cases for each in _candidates(store, case, one.id, questions)]
    stored = store.upsert(batch, NOW)
    assert stored.new == len(batch)
    store.place(one.id, {each.key: (Placed(f"{one.id}/q1", "reply"),) for each in batch})
    return store.content(one.id)


def _candidates(store: SqlStore, case: Case, of: str, questions: dict[NetworkName, str]) -> Iterator[Candidate]:
    keys: dict[str, str] = {}
    for place, post in posts(case).items():
        keys[place] = store.key(post.ref.network, post.ref.id)
        question = questions[post.ref.network]
        parent = keys.get("facets", question) if place == "reply" else question
        yield Candidate(
            chat=of,
            post=post,
            key=keys[place],
            parent=parent,
            root=question,
            quote="",
            in_thread=True,
            store=True,
            hold=False,
            search=True,
            why="in-our-thread",
        )


def site(chats: Sequence[StoredChat], content: Iterable[ChatContent], listed: Sequence[Account]) -> dict[str, bytes]:
    """Every page of the site."""
    renderer = SiteRenderer(Templates(), SITE, lambda: NOW)
    by_chat = {one.stored.chat.id: one for one in content}
    return {page.path: page.render(by_chat.__getitem__) for page in renderer.pages(chats, {}, listed)}
