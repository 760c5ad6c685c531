"""A chat with two questions out and a door, for what people ask of us."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from contract.store_world import END, PEPPER, START, opened, say

from bot.domain.alarms import Watchwords
from bot.domain.errands import Errand
from bot.domain.posts import Account, Post, PostRef, Signals, handle_id
from bot.domain.richtext import Mention, RichText, join, whole
from bot.services.door import Door, Request
from bot.services.requests import attend
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store

OWN = "did:plc:staffroom"
US = whole("@staffroom.example.org", Mention(OWN, "staffroom.example.org"))
ACCOUNTS: Any = {"sky": "bluesky"}
LATER = END + timedelta(minutes=30)


def person(name: str, **signals: Any) -> Account:
    return Account("bluesky", f"did:plc:{name}", f"{name}.bsky.social", name.title(), signals=Signals(**signals))


AMY, BEN = person("amy"), person("ben")


def phrase(key: str, language: str) -> str:
    return f"{key} in {language}"


class Room:
    """A chat with two questions out, a door, and what goes through it."""

    def __init__(self, store: SqlStore) -> None:
        self.store: Any = store
        self.chat, self.question = opened(store)
        self.asked = f"{self.chat.id}/q1@sky#0"
        self.number = 0

    def post(self, by: Account, *words: RichText | str, to: str = "", minute: float = 10, **changes: Any) -> Post:
        """A post; in the question's thread, unless ``to`` names another parent or is ``-``."""
        self.number += 1
        parent = "" if to == "-" else to or self.asked
        base = Post(
            ref=PostRef("bluesky", f"at://{by.id}/app.bsky.feed.post/{self.number}"),
            author=by,
            text=join(words),
            at=START + timedelta(minutes=minute),
            parent=parent,
            root="" if to == "-" else self.asked,
        )
        return msgspec.structs.replace(base, **changes)

    def key(self, post: Post) -> str:
        return str(self.store.key("bluesky", post.ref.id))

    def read(self, *posts: Post) -> list[Request]:
        """Let posts in as a sweep does; gives what they ask."""
        stored = self.store.chat(self.chat.id)
        door = Door(
            store=self.store,
            stored=stored,
            questions=frozenset({self.question}),
            own=OWN,
            account="sky",
            own_handle="",
            watch=Watchwords(),
            parents=dict(self.store.edges(self.chat.id)),
            seen={sent.key for sent in self.store.sent_posts(self.chat.id)},
        )
        self.store.upsert(door.admit(posts), LATER)
        return door.requests

    def hear(self, *posts: Post, now: datetime = LATER, accounts: Any = ACCOUNTS) -> int:
        return attend(self.store, self.read(*posts), accounts, now, phrase)

    def alone(self, post: Post, asked: Any) -> Request:
        """A request that was only addressed to us, and belongs to no chat."""
        return Request(asked, post, self.key(post), self.store.key("bluesky", post.parent), "", False, "sky")

    def kept(self) -> dict[str, str]:
        """The words that are kept, by node key."""
        return {one.key: one.post.text.text for one in self.store.candidates(self.chat.id)}

    def shown(self) -> set[str]:
        return {one.post.text.text for one in self.store.content(self.chat.id).answers}

    def errands(self, kind: str = "") -> list[Errand]:
        found = self.store.errands("sky", LATER + timedelta(days=30), 100)
        return [errand for errand in found if kind in ("", errand.kind)]

    def wishes(self, who: Account = AMY) -> list[tuple[str, str]]:
        """Wishes under a person's id, which stand under the handle too."""
        by_id, by_handle = (self.store.key("bluesky", one) for one in (who.id, handle_id(who.handle)))
        found = self.store.wishes([by_id, by_handle])
        assert found[by_id] == found[by_handle]
        return [(wish.kind, wish.series) for wish in found[by_id]]

    def digest(self, answer: Post) -> str:
        """Let a digest of ours repeat an answer; gives the remote id of the post that does."""
        say(self.store, f"{self.chat.id}/q2@sky", START + timedelta(minutes=25))
        wrap_up = f"{self.chat.id}/wrap-up@sky"
        say(self.store, wrap_up, END, "Digest", f"“{answer.text.text}”", answer=self.key(answer))
        return f"{wrap_up}#1"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database: making one is slow beside the tests."""
    path = tmp_path_factory.mktemp("requests") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def make(tmp_path: Path, empty: Path) -> Iterator[Callable[[], Room]]:
    made: list[SqlStore] = []

    def one() -> Room:
        path = tmp_path / f"{len(made)}.db"
        shutil.copyfile(empty, path)
        made.append(open_store(f"sqlite:///{path}", pepper_source=lambda: PEPPER))
        return Room(made[-1])

    yield one
    for store in made:
        store.close()


@pytest.fixture
def room(make: Callable[[], Room]) -> Room:
    return make()
