"""How fast a stream's frames are read and sorted, beside a minimal msgspec decode and beside json.loads.

A mixed stream as the public servers send it without a filter: mostly likes, many posts in several scripts, follows,
deletions, and a few answers to us. Both sides read the same bytes in the same process, one after the other, in pairs.
"""

from __future__ import annotations

import json
import random
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

import msgspec

from bot.networks.bluesky.frames import read_v1
from bot.networks.bluesky.sieve import Sieve
from bot.ports import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FRAMES = 50_000
PAIRS = 15
SEED = 7
POST = "app.bsky.feed.post"
ME = "did:plc:staffroomstaffroomstaffr"
TAG = "edchat"
KINDS = ("like", "post", "follow", "delete", "repost", "identity", "answer")
SHARES = (60, 14, 10, 8, 7, 0.9, 0.1)
TEXTS = (
    "good morning everyone, the sun is out and the coffee is strong, what more could one want on a day like this",
    "今日はとても良い天気ですね。散歩に行きたいです。明日も晴れるといいな。",
    "Bom dia! Hoje é dia de feira e eu já estou atrasada, como sempre 😅",
    "This is the thing about trains: they are late until the one day that you are",
    "new post on the blog: how we moved a database without anybody noticing https://example.org/2026/11/moving",
    "#photography of the week, taken at the harbour #sunset #landscape",
    "Der Zug steht seit einer Stunde, und niemand weiß warum",
)


class _Commit(msgspec.Struct):
    operation: str
    collection: str
    rkey: str


class _Minimal(msgspec.Struct):
    """What anybody needs of a frame to know what it is about."""

    did: str
    time_us: int
    kind: str
    commit: _Commit | None = None


def rows() -> list[dict[str, Any]]:
    """Two rows: microseconds for one frame, median of pairs; ratio = times as fast as the other.

    Raises:
        AssertionError: our answers were not all found, or something else was.
    """
    frames, ours = stream()
    found = keep(frames)
    if found != ours:
        raise AssertionError(f"{len(found)} events kept, {len(ours)} are ours")
    minimal = msgspec.json.Decoder(_Minimal).decode
    made = []
    for name, other, known, goal in (
        ("decode", minimal, "msgspec on a minimal struct", 0.8),
        ("decode_json", json.loads, "json.loads", 7),
    ):
        pairs = [(_seconds(keep, frames), _seconds(_each(other), frames)) for _ in range(PAIRS)]
        made.append(
            {
                "name": name,
                "ours": round(median(mine for mine, _ in pairs) / len(frames) * 1e6, 3),
                "reference": round(median(theirs for _, theirs in pairs) / len(frames) * 1e6, 3),
                "reference_name": known,
                "unit": "µs of CPU for one frame of a mixed stream",
                "ratio": round(median(theirs / mine for mine, theirs in pairs), 2),
                "goal": goal,
                "better": "higher",
            }
        )
    return made


def keep(frames: Sequence[bytes]) -> list[str]:
    """What the adapter does with frames: look, decode where needed, decide. The ids of what concerns us."""
    wanted = Wanted(hashtags=frozenset({TAG}), authors=frozenset(f"did:plc:watched{n:017}" for n in range(500)))
    sieve = Sieve(ME, wanted, {}, "v1")
    found = []
    look = sieve.may_concern
    for frame in frames:
        if look(frame):
            for event in read_v1(frame):
                concern = sieve.concern(event)
                if concern is not None:
                    found.append(concern.id)
    return found


def _each(read: Callable[[bytes], object]) -> Callable[[Sequence[bytes]], None]:
    def reads(frames: Sequence[bytes]) -> None:
        for frame in frames:
            read(frame)

    return reads


def _seconds(work: Callable[[Sequence[bytes]], object], frames: Sequence[bytes]) -> float:
    start = process_time()
    work(frames)
    return process_time() - start


def stream() -> tuple[list[bytes], list[str]]:
    """Frames of version 1, and the ids of those that are answers to us, the same every time."""
    rng = random.Random(SEED)
    frames, ours = [], []
    for number, kind in enumerate(rng.choices(KINDS, SHARES, k=FRAMES)):
        did = f"did:plc:{rng.getrandbits(120):024x}"[:32]
        event: dict[str, Any] = {"did": did, "time_us": 1_800_000_000_000_000 + number * 500}
        if kind == "identity":
            event |= {"kind": "identity", "identity": {"did": did, "handle": "somebody.example.org", "seq": number}}
        else:
            commit = _commit(kind, number, rng)
            event |= {"kind": "commit", "commit": commit}
            if kind == "answer":
                ours.append(f"at://{did}/{POST}/{commit['rkey']}")
        frames.append(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
    return frames, ours


def _commit(kind: str, number: int, rng: random.Random) -> dict[str, Any]:
    rkey = f"3m{number:011x}"
    rev = f"3n{rng.getrandbits(40):011x}"
    ref = {
        "cid": "bafyrei" + f"{rng.getrandbits(260):052x}"[:52],
        "uri": f"at://did:plc:{rng.getrandbits(96):024x}/{POST}/{rkey}",
    }
    made = {"$type": POST, "createdAt": "2026-11-21T20:00:00.000Z"}
    if kind == "delete":
        collection = rng.choice(["app.bsky.feed.like", "app.bsky.graph.follow", POST])
        return {"rev": rev, "operation": "delete", "collection": collection, "rkey": rkey}
    if kind in {"like", "repost"}:
        collection = f"app.bsky.feed.{kind}"
        record = made | {"$type": collection, "subject": ref}
    elif kind == "follow":
        collection = "app.bsky.graph.follow"
        record = made | {"$type": collection, "subject": ref["uri"][5:37]}
    else:
        collection, record = POST, made | _post(kind, ref, rng)
    record = dict(sorted(record.items()))  # as Go writes a map
    return {
        "rev": rev,
        "operation": "create",
        "collection": collection,
        "rkey": rkey,
        "record": record,
        "cid": ref["cid"],
    }


def _post(kind: str, ref: dict[str, str], rng: random.Random) -> dict[str, Any]:
    if kind == "answer":
        mine = ref | {"uri": f"at://{ME}/{POST}/3mq1"}
        return {"langs": ["en"], "text": "A1 by asking them first", "reply": {"parent": mine, "root": mine}}
    post: dict[str, Any] = {"langs": ["en"], "text": rng.choice(TEXTS)}
    if rng.random() < 0.4:  # about so many posts are replies
        post["reply"] = {"parent": ref, "root": ref}
    if "#" in post["text"]:
        feature = {"$type": "app.bsky.richtext.facet#tag", "tag": "photography"}
        post["facets"] = [{"features": [feature], "index": {"byteEnd": 12, "byteStart": 0}}]
    elif "https" in post["text"]:
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/2026/11/moving"}
        post["facets"] = [{"features": [feature], "index": {"byteEnd": 102, "byteStart": 60}}]
    return post
