"""How heavy a chat's page is: 300 answers under six questions, a third of them replies, by people of both networks.

``chat_page_bytes`` is what a reader's phone fetches, compressed as web servers do (gzip, level 6);
``chat_page_file`` is the file itself, as it lies in a folder or on a stick. Both are the page alone: its style sheet
serves the whole site. ``chat_page_growth`` is the file of 5,000 answers, against as many times its part per answer.

What people say is cut out of the project's own documentation, so that no two answers repeat each other.
"""

import gzip
import random
import re
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from bot.domain.chats import Chat
from bot.domain.digests import choose
from bot.domain.occurrences import Weekly
from bot.domain.posts import Account, NetworkName, Post, PostRef, node_key
from bot.domain.records import Answer, ChatContent, Placed, SentPost, StoredChat
from bot.domain.richtext import detect
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series
from bot.rendering.chatpage import ChatPage
from bot.rendering.frame import Press
from bot.rendering.site import Site
from bot.rendering.templates import Templates

ANSWERS, MANY = 300, 5_000
PEOPLE = 40
QUESTIONS = 6
WORDS = (10, 40)
"""How many words an answer has: both networks' posts are short."""
MOST_BYTES = 150_000
PER_ANSWER = 1_400
"""Bytes of the file for each answer, its words among them."""
SITE = Site(address="https://chats.example.org", contact="chats@example.org")
NETWORKS: tuple[NetworkName, NetworkName] = ("bluesky", "mastodon")


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    empty, page, huge = (len(made) for made in (_page(0), _page(ANSWERS), _page(MANY)))
    sent = len(gzip.compress(_page(ANSWERS), 6))
    grown, expected = huge - empty, (page - empty) * MANY // ANSWERS
    return [
        _row("chat_page_bytes", (sent, MOST_BYTES), f"what {ANSWERS} answers may weigh", "bytes, gzipped"),
        _row("chat_page_file", (page, PER_ANSWER * ANSWERS), f"{PER_ANSWER} bytes for each of {ANSWERS}", "bytes"),
        _row("chat_page_growth", (grown, expected), f"as much for each of {MANY} as of {ANSWERS}", "bytes", 1.05),
    ]


def _row(name: str, sizes: tuple[int, int], against: str, unit: str, goal: float = 1) -> dict[str, Any]:
    ours, reference = sizes
    return {
        "name": name,
        "ours": ours,
        "reference": reference,
        "reference_name": against,
        "unit": unit,
        "ratio": round(ours / reference, 3),
        "goal": goal,
        "better": "lower",
    }


def _page(answers: int) -> bytes:
    content = _content(answers)
    return ChatPage(Press(Templates(), SITE), content, coming=False, earlier=None, later=None).render()


def _content(count: int) -> ChatContent:
    series = Series(
        slug="edchat",
        title="Ed Chat",
        hashtag="EdChat",
        timezone="Europe/London",
        rhythm=Weekly(3),
        at=time(20),
        accounts=NETWORKS,
        chats=(
            ChatEntry(
                date(2027, 1, 7),
                "Feedback that pupils use",
                tuple(Question(f"Question {number}: what do you do about it?") for number in range(1, QUESTIONS + 1)),
            ),
        ),
    )
    (chat,) = planned_chats(series)
    chance, known = random.Random(1), words()
    answers: list[Answer] = []
    for number in range(count):
        under = chance.choice(answers) if answers and number % 3 == 2 else None
        answers.append(_answer(chat, number, chance, known, under))
    stored = StoredChat(chat, series, 1)
    content = ChatContent(stored, tuple(_asked(chat)), tuple(answers), (), ())
    return ChatContent(stored, content.sent, content.answers, (), choose(content), left_out=12)


def _asked(chat: Chat) -> list[SentPost]:
    return [
        SentPost(
            f"{chat.id}/q{number}", "question", number, network, 0,
            PostRef(network, f"{network}:{number}", url=f"https://{network}.example/edchat/{number}"),
            _key(f"{network}:{number}"), "", chat.starts_at,
        )
        for number in range(1, QUESTIONS + 1)
        for network in NETWORKS
    ]  # fmt: skip


def _answer(chat: Chat, number: int, chance: random.Random, words: list[str], under: Answer | None) -> Answer:
    who = chance.randrange(PEOPLE)
    network = NETWORKS[who % 2]
    question = under.placed[0].question if under else f"{chat.id}/q{number % QUESTIONS + 1}"
    start, many = chance.randrange(len(words) - WORDS[1]), chance.randint(*WORDS)
    handle = f"teacher{who}.bsky.example" if network == "bluesky" else f"@teacher{who}@social.example.org"
    ident = f"{chance.getrandbits(64):013x}"
    url = f"https://bsky.example/profile/teacher{who}/post/{ident}"
    url = url if network == "bluesky" else f"https://social.example.org/@teacher{who}/1{chance.getrandbits(56):017d}"
    post = Post(
        ref=PostRef(network, ident, url=url),
        author=Account(network, f"id:{who}", handle, f"Teacher of {words[who * 7]}"),
        text=detect(" ".join(words[start : start + many])),
        at=chat.starts_at + timedelta(seconds=12 * number),
        languages=("en",),
    )
    parent = under.key if under else _key(f"{network}:{question[-1]}")
    return Answer(_key(ident), parent, parent, post, (Placed(question, "reply"),), search=True)


def _key(name: str) -> str:
    return node_key(bytes(range(16)), "bench", name)


def words() -> list[str]:
    """The words of the project's own pages, in their order."""
    docs = Path(__file__).parents[2] / "docs"
    text = " ".join(file.read_text(encoding="utf-8") for file in sorted(docs.glob("*.md")))
    return re.findall(r"[A-Za-z][a-z'-]*[a-z][,.]?", text)


if __name__ == "__main__":
    for row in rows():
        print(row)
