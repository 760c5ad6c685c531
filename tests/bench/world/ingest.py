"""What is stored again and again to see how fast it goes: posts of about 1.75 KB, 1.5 KB of it words, in batches."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.chats import Chat
from bot.domain.occurrences import OnlyDates
from bot.domain.posts import Account, Post, PostRef, node_key
from bot.domain.records import Candidate
from bot.domain.richtext import Facet, Link, RichText
from bot.domain.series import Series
from bot.storage.codec import words_of
from bot.storage.tables import accounts, chat_posts, posts

POSTS = 20_000
BATCH = 500
SEEN_AGAIN = 3
ROUNDS = 5
NOW = datetime(2027, 1, 7, 21, 0, tzinfo=UTC)
CHAT = Chat(
    id="edchat/2027-01-07",
    series="edchat",
    date=date(2027, 1, 7),
    timezone="Europe/London",
    starts_at=NOW - timedelta(hours=1),
    ends_at=NOW,
    topic="Marking",
    questions=(),
)
SERIES = Series(
    slug="edchat",
    title="EdChat",
    hashtag="EdChat",
    timezone="Europe/London",
    rhythm=OnlyDates(),
    at=datetime.min.time(),
    accounts=("main",),
)


PEPPER = b"p" * 32
TABLES = (accounts, posts, chat_posts)
"""What the store writes for a post, in the order in which their keys need each other."""

Rows = dict[str, list[tuple[Any, ...]]]
"""Ready rows by the name of their table."""

STORED = {
    "accounts": "SELECT * FROM accounts WHERE key IN"
    " (SELECT account FROM posts GROUP BY account HAVING (MIN(id) - 1) / {size} = {number}) ORDER BY key",
    "posts": "SELECT * FROM posts WHERE (id - 1) / {size} = {number} ORDER BY id",
    "chat_posts": "SELECT * FROM chat_posts WHERE (post - 1) / {size} = {number} ORDER BY post",
}
"""What a batch of ``size`` posts wrote, by table; its ``number`` is counted from 0. Posts are numbered as they come."""


def batches() -> list[list[Candidate]]:
    """Posts of a hundred authors, none of them twice."""
    authors = [
        Account("bluesky", f"did:plc:{number:024d}", f"teacher{number}.bsky.social", f"Teacher {number}")
        for number in range(100)  # the busiest chats
    ]
    candidates = [candidate(number, authors[number % len(authors)]) for number in range(POSTS)]
    words = sum(len(words_of(one.post)) for one in candidates) / POSTS
    assert 1_400 < words < 1_600, words
    return [candidates[start : start + BATCH] for start in range(0, POSTS, BATCH)]


def candidate(number: int, author: Account) -> Candidate:
    """One of them."""
    ref = PostRef(
        "bluesky",
        f"at://{author.id}/app.bsky.feed.post/3k{number:011d}",
        cid=f"bafyrei{number:052d}",
        url=f"https://bsky.app/profile/{author.handle}/post/3k{number:011d}",
    )
    text = f"A1 {number} We stopped marking every book and talk to five pupils a lesson instead. #EdChat " * 11
    post = Post(
        ref=ref,
        author=author,
        text=RichText(text[:960], (Facet(0, 2, Link("https://example.org/marking")),)),
        at=NOW - timedelta(seconds=number % 3600, milliseconds=number % 1000),
        languages=("en",),
        uri=ref.id,
    )
    return Candidate(
        chat=CHAT.id,
        post=post,
        key=node_key(PEPPER, "bluesky", ref.id),
        parent="a" * 24,
        root="a" * 24,
        quote="",
        in_thread=True,
        store=True,
        hold=False,
        search=True,
        why="in-our-thread",
    )


def row(name: str, pairs: Sequence[tuple[float, float]], goal: float, reference_name: str) -> dict[str, Any]:
    """A row of the bench's table from several (ours, reference) in posts a second: the one with the median ratio."""
    ours, reference = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
    return {
        "name": name,
        "ours": round(ours),
        "reference": round(reference),
        "reference_name": reference_name,
        "unit": "posts/s",
        "ratio": round(ours / reference, 2),
        "goal": goal,
        "better": "higher",
    }
