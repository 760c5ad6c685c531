"""A small house on sandbox networks: one series, one chat, a stepped clock, a store in a temporary file."""

import random
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from bot.clock import SteppedClock
from bot.domain.alarms import Watchwords
from bot.domain.occurrences import OnlyDates
from bot.domain.outbox import Draft, DraftPost, MediaFile
from bot.domain.posts import NetworkName
from bot.domain.prompts import Prompt
from bot.domain.richtext import detect
from bot.domain.series import ChatEntry, Image, Question, Series
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.ports import Heard
from bot.services.deliver import Deliverer
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.tick import House, Ticked, tick

START = datetime(2027, 1, 7, 20, tzinfo=UTC)
CHAT = "edchat/2027-01-07"

SERIES = Series(
    slug="edchat",
    title="Ed Chat",
    hashtag="EdChat",
    timezone="Europe/London",
    rhythm=OnlyDates(),
    at=time(20),
    accounts=("bluesky", "mastodon"),
    announce=(timedelta(hours=1),),
    archive="everyone",
    chats=(
        ChatEntry(
            date=date(2027, 1, 7),
            topic="Feedback",
            questions=(Question("What works?"), Question("What did you stop?"), Question("And now?")),
        ),
    ),
)


class PlainComposer:
    """Says the prompt's key, and for a digest how many answers there are."""

    def compose(self, prompt: Prompt, stored: Any, network: NetworkName, limits: Any, **given: Any) -> Draft:
        del stored, network, limits
        text = prompt.id.rpartition("/")[2]
        posts = [DraftPost(detect(text))]
        if prompt.kind == "wrap-up":
            posts.append(DraftPost(detect("and thanks"), reply_to=0, visibility="unlisted"))
        content = given["content"]
        if content is not None:
            posts += [
                DraftPost(detect(f"pick {pick.answer}"), reply_to=0, visibility="unlisted", answer=pick.answer)
                for pick in content.picks
            ]
        return Draft(tuple(posts), ("en",), prompt.at)


class NoPages:
    """A renderer without pages, for tests that look at networks and store only."""

    def pages(self, chats: Any, figures: Any, people: Any, **_: Any) -> Sequence[Any]:
        del chats, figures, people
        return ()


class Nowhere:
    def write(self, path: str, data: bytes) -> bool:
        raise AssertionError((path, data))

    def standing(self, paths: Iterable[str]) -> set[str]:
        del paths
        return set()

    def remove(self, path: str) -> bool:
        del path
        return False

    def settle(self) -> None:
        """Nothing was written."""


def phrase(key: str, language: str) -> str:
    return f"{key} ({language})"


def no_picture(image: Image) -> MediaFile:
    raise AssertionError(image)


@cache
def _migrated() -> bytes:
    """An empty database with its tables: making them is slow beside most tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "template.db")
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


@dataclass
class Stage:
    """The house with what tests want to touch."""

    folder: Path
    series: Series = SERIES
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START - timedelta(hours=2)))
    servers: dict[NetworkName, SandboxServer] = field(default_factory=dict)
    networks: dict[str, Sandbox] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "staffroom.db").write_bytes(_migrated())
        url = f"sqlite:///{self.folder / 'staffroom.db'}"
        self.store: SqlStore = open_store(url, pepper_source=lambda: secrets.token_bytes(32))
        for name in ("bluesky", "mastodon"):
            self.servers[name] = SandboxServer(name, self.clock.now)
            self.networks[name] = Sandbox(name, self.servers[name], "staffroom")
        self.house = self.open("one")

    def open(self, owner: str, **changes: Any) -> House:
        """A house over the same store and networks, as another process would have it."""
        parts = {
            "store": self.store,
            "composer": PlainComposer(),
            "picture": no_picture,
            "clock": self.clock,
            "owner": owner,
            "rng": random.Random(7),
            **changes,
        }
        return House(
            store=self.store,
            accounts={"bluesky": "bluesky", "mastodon": "mastodon"},
            network=self.networks.__getitem__,
            own_id=lambda key: self.networks[key].identity().id,
            deliverer=Deliverer(**parts),
            series=lambda: (self.series,),
            renderer=NoPages(),
            target=Nowhere(),
            clock=self.clock,
            owner=owner,
            watch=Watchwords(),
            phrase=phrase,
            own_handle=lambda key: self.networks[key].identity().handle,
            parallel=False,
        )

    def at(self, minutes: float) -> Ticked:
        """Move to so many minutes after the chat's start, and tick."""
        self.clock.move_to(START + timedelta(minutes=minutes))
        return tick(self.house)

    def deafen(self) -> None:
        """Let nothing be heard from now on: only reading finds what is said."""
        for network in self.networks.values():
            network.listen = lambda cursor, _wanted: Heard((), cursor)  # type: ignore[method-assign]

    def said(self, name: NetworkName) -> list[str]:
        """What our account said on a network, in order."""
        me = self.networks[name]._me.id
        return [post.text.text for post in self.servers[name].posts_of(me)]

    def asked(self, name: NetworkName, number: int) -> str:
        """Id of our question's post on a network."""
        me = self.networks[name]._me.id
        return next(post.ref.id for post in self.servers[name].posts_of(me) if post.text.text == f"q{number}")

    def with_series(self, **changes: Any) -> None:
        self.series = msgspec.structs.replace(self.series, **changes)


__all__ = ["CHAT", "SERIES", "START", "Stage"]
