"""What the two servers hold of the bot: read from them, over plain HTTP, in one shape for both networks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from acceptance.world import Bots

Json = dict[str, Any]

NETWORKS = ("bluesky", "mastodon")


@dataclass(frozen=True)
class Said:
    """One post of the bot as its network holds it; ids are the network's own."""

    id: str
    text: str
    parent: str
    root: str
    languages: tuple[str, ...]
    visibility: str = "public"
    options: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass
class Thread:
    """A root and what the bot hung under it, in the order in which it was said."""

    posts: list[Said] = field(default_factory=list)

    @property
    def root(self) -> Said:
        return self.posts[0]

    @property
    def text(self) -> str:
        """The words as `staffroom plan` tells them."""
        return "\n\n".join("\n".join([one.text, *(f"( ) {option}" for option in one.options)]) for one in self.posts)


def threads(bots: Bots, network: str) -> list[Thread]:
    """All threads of the bot on one network, oldest first."""
    said = _on_bluesky(bots) if network == "bluesky" else on_mastodon(bots)
    found: dict[str, Thread] = {}
    for one in said:
        found.setdefault(one.root or one.id, Thread()).posts.append(one)
    return list(found.values())


def texts(bots: Bots, network: str) -> list[str]:
    """The words of all threads of the bot, oldest first."""
    return [thread.text for thread in threads(bots, network)]


def said(bots: Bots) -> dict[str, list[str]]:
    """The same for both networks."""
    return {network: texts(bots, network) for network in NETWORKS}


def question(bots: Bots, network: str, number: int) -> Said:
    """The post that asks a question."""
    return next(one.root for one in threads(bots, network) if one.root.text.startswith(f"Q{number} "))


def _on_bluesky(bots: Bots) -> list[Said]:
    """The bot's own repository: https://docs.bsky.app/docs/api/com-atproto-repo-list-records."""
    records = {one["uri"]: one for one in bots.net.list_records(bots.bluesky.did)}
    for one in records.values():
        # A reply names the exact versions above it; a wrong content id leaves it dangling for readers.
        for above in one["value"].get("reply", {}).values():
            assert records[above["uri"]]["cid"] == above["cid"]
    return [_bluesky_post(one) for one in sorted(records.values(), key=lambda one: one["uri"])]


def _bluesky_post(held: Json) -> Said:
    record = held["value"]
    reply = record.get("reply", {})
    features = [feature for facet in record.get("facets", []) for feature in facet["features"]]
    return Said(
        id=held["uri"],
        text=record["text"],
        parent=reply.get("parent", {}).get("uri", ""),
        root=reply.get("root", {}).get("uri", ""),
        languages=tuple(record["langs"]),
        alts=tuple(image["alt"] for image in record.get("embed", {}).get("images", [])),
        mentions=tuple(one["did"] for one in features if one["$type"].endswith("#mention")),
    )


def on_mastodon(bots: Bots) -> list[Said]:
    """The bot's profile, with the sources of its posts: https://docs.joinmastodon.org/methods/accounts/#statuses."""
    held = bots.server.account_statuses(bots.mastodon.id, token=bots.mastodon.token)
    roots: dict[str, str] = {}
    found = []
    for one in sorted(held, key=lambda one: int(one["id"])):
        parent = one["in_reply_to_id"] or ""
        roots[one["id"]] = roots.get(parent, "") or parent
        found.append(_mastodon_post(bots, one, parent, roots[one["id"]]))
    return found


def _mastodon_post(bots: Bots, held: Json, parent: str, root: str) -> Said:
    source = bots.mastodon.call("GET", f"/api/v1/statuses/{held['id']}/source")
    return Said(
        id=held["id"],
        text=source["text"],
        parent=parent,
        root=root,
        languages=(held["language"],),
        visibility=held["visibility"],
        options=tuple(option["title"] for option in (held["poll"] or {}).get("options", ())),
        alts=tuple(media["description"] for media in held["media_attachments"]),
        mentions=tuple(one["acct"] for one in held["mentions"]),
    )


def arrived(bots: Bots, network: str) -> list[str]:
    """Ids of all posts of the bot that anybody sees on its profile, in the order in which they reached the server.

    A Bluesky record carries the time it was planned for; the feed of a profile goes by the time of arrival where that
    is earlier, and all of this evening is yet to come.
    """
    if network == "mastodon":
        held = bots.server.call("GET", f"/api/v1/accounts/{bots.mastodon.id}/statuses", params={"limit": 40})
        return [one["id"] for one in reversed(held)]
    bots.net.settle()
    params = {"actor": bots.bluesky.did, "limit": 100}
    feed = bots.net.call("app.bsky.feed.getAuthorFeed", base=bots.net.appview_url, params=params)["feed"]
    return [one["post"]["uri"] for one in reversed(feed)]


def picture_on_bluesky(bots: Bots, said: Said) -> bytes:
    """The bytes behind the picture of a post."""
    return _blob(bots, bots.net.get_record(said.id)["value"]["embed"]["images"][0]["image"])


def card_on_bluesky(bots: Bots, said: Said) -> tuple[str, bytes]:
    """Where the link card of a post leads, and the bytes of its picture."""
    card = bots.net.get_record(said.id)["value"]["embed"]["external"]
    return card["uri"], _blob(bots, card["thumb"])


def _blob(bots: Bots, blob: Json) -> bytes:
    params = {"did": bots.bluesky.did, "cid": blob["ref"]["$link"]}
    response = httpx.get(f"{bots.net.pds_url}/xrpc/com.atproto.sync.getBlob", params=params)
    response.raise_for_status()
    return response.content


def everything_held(bots: Bots) -> tuple[Sequence[Json], Sequence[Json]]:
    """All that both servers hold of the bot, to compare with what they hold later."""
    statuses = bots.server.account_statuses(bots.mastodon.id, token=bots.mastodon.token)
    return bots.net.list_records(bots.bluesky.did), [
        {**one, "account": one["account"]["id"], "poll": bool(one["poll"])} for one in statuses
    ]
