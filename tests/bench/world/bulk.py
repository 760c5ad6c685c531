"""Many replies at once, and threads very deep or very wide, as the servers' own APIs take them."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from networks.bluesky_server import BlueskyAccount, Posted

from tests.bench.world.teachers import BlueskyCrowd, MastodonCrowd, Said, Talk

MOST_WRITES = 200  # com.atproto.repo.applyWrites
TYPISTS = 8  # requests on their way at once, where a request is one post


def reply_at_once(talk: Talk, question: int, many: int) -> float:
    """So many replies to a question, as fast as the server takes them; gives the seconds it took.

    On Bluesky each teacher's server writes all of theirs in one commit; on Mastodon each post is a request.
    """
    start = time.monotonic()
    if isinstance(talk.crowd, BlueskyCrowd):
        shares = [many // talk.crowd.many + (who < many % talk.crowd.many) for who in range(talk.crowd.many)]
        with ThreadPoolExecutor(TYPISTS) as pool:
            for done in [pool.submit(_commit, talk, who, question, share) for who, share in enumerate(shares)]:
                talk.said += done.result()
    else:
        assert isinstance(talk.crowd, MastodonCrowd)
        text = talk.addressed("All of us at once.")
        with ThreadPoolExecutor(TYPISTS) as pool:
            for done in [pool.submit(talk.say, "burst", text, question, reply=True) for _ in range(many)]:
                done.result()
    return time.monotonic() - start


def nest(talk: Talk, question: int, deep: int) -> list[Said]:
    """A thread of replies, each below the one before."""
    thread = [talk.say("deep", talk.addressed("It depends."), question, reply=True)]
    while len(thread) < deep:
        thread.append(talk.say("deep", talk.addressed("And on what?"), question, below=thread[-1]))
    return thread


def _commit(talk: Talk, who: int, question: int, many: int) -> list[Said]:
    """One teacher's replies to a question, in as few commits as the API allows."""
    assert isinstance(talk.crowd, BlueskyCrowd)
    account, asked = talk.crowd.accounts[who], talk.questions[question - 1]
    marks = [talk.new_mark() for _ in range(many)]
    said: list[Said] = []
    for start in range(0, many, MOST_WRITES):
        some = marks[start : start + MOST_WRITES]
        now = talk.crowd.clock().isoformat().replace("+00:00", "Z")
        results = _apply(account, asked, [f"All of us at once. {mark}" for mark in some], now)
        at = time.monotonic()
        said += [
            Said("bluesky", who, "burst", question, mark, None, True, True, at, one["uri"])
            for mark, one in zip(some, results, strict=True)
        ]
    return said


def _apply(account: BlueskyAccount, asked: Posted, texts: Sequence[str], now: str) -> list[dict[str, Any]]:
    """https://docs.bsky.app/docs/api/com-atproto-repo-apply-writes."""
    writes = [
        {
            "$type": "com.atproto.repo.applyWrites#create",
            "collection": "app.bsky.feed.post",
            "value": {
                "$type": "app.bsky.feed.post",
                "text": text,
                "langs": ["en"],
                "createdAt": now,
                "reply": {"root": asked.root, "parent": asked.ref},
            },
        }
        for text in texts
    ]
    made = account.call("com.atproto.repo.applyWrites", json={"repo": account.did, "writes": writes})
    results: list[dict[str, Any]] = made["results"]
    return results
