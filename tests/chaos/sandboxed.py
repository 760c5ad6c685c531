"""A bot wired as `run` and `tick` wire it, from a folder, over networks in memory; and what it is to say."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from chaos.folder import SQLITE, write_folder

import bot.bootstrap.accounts
import bot.bootstrap.house
from bot.bootstrap import running_house
from bot.clock import SteppedClock
from bot.domain.posts import NetworkName
from bot.domain.richtext import detect
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.ports import Indexer
from bot.tick import House

DAY = date(2027, 1, 7)
STARTS = datetime(2027, 1, 7, 20, tzinfo=UTC)
CHAT = "edchat/2027-01-07"
ACCOUNTS: tuple[NetworkName, ...] = ("bluesky", "mastodon")
PROMPTS = ("announce-30m", "welcome", "q1", "q2", "q3", "wrap-up", "digest")
NETWORKS = """\
  bluesky: {handle: staffroom.bluesky.example, server: "https://bluesky.example"}
  mastodon: {server: "https://mastodon.example"}
"""


class Repeating:
    """An indexer that makes the same files of the same pages.

    Pagefind writes some lists in another order, and so under another name, each time. Then no write would ever be the
    same as one that found no room.
    """

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._made: dict[object, Mapping[str, bytes]] = {}

    def index(self, sources: Mapping[str, bytes], language: str, *, engine: bool) -> Mapping[str, bytes]:
        """See ``ports.Indexer``."""
        asked = (tuple(sorted(sources.items())), language, engine)
        if asked not in self._made:
            self._made[asked] = self._indexer.index(sources, language, engine=engine)
        return self._made[asked]


@dataclass
class Evening:
    """One chat in memory: its clock, its networks and its folder, which outlive every bot.

    Attributes:
        folder: the bot's.
        clock: starts an hour before the chat.
    """

    folder: Path
    database: str = SQLITE
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(STARTS - timedelta(hours=1)))

    def __post_init__(self) -> None:
        write_folder(self.folder, self.database, NETWORKS, DAY.isoformat(), "EdChat")
        self.servers: Mapping[NetworkName, SandboxServer] = {
            name: SandboxServer(name, self.clock.now) for name in ACCOUNTS
        }
        self.accounts = {name: Sandbox(name, self.servers[name], "staffroom") for name in ACCOUNTS}
        found = bot.bootstrap.house.indexer_of()
        self._indexer = Repeating(found) if found else None

    @contextmanager
    def bot(self) -> Iterator[House]:
        """A process of its own, as far as the store can tell: it takes the lock and frees what others claimed."""

        def connect(_settings: object, account: bot.config.AccountSettings, *_: object) -> Sandbox:
            return self.accounts[account.network]

        with (
            patch.object(bot.bootstrap.accounts, "connect", connect),
            patch.object(bot.bootstrap.house, "indexer_of", lambda: self._indexer),
            running_house(self.folder, _quiet, wait=False, clock=self.clock) as house,
        ):
            assert house is not None, "another bot holds the lock"
            yield house

    def said(self, name: NetworkName) -> list[str]:
        """What our account said, in order."""
        me = self.accounts[name].identity().id
        return [post.text.text for post in self.servers[name].posts_of(me)]

    def answer(self, name: NetworkName, who: str, text: str) -> str:
        """A teacher answers the first question; gives the post's id."""
        me = self.accounts[name].identity().id
        asked = next(post for post in self.servers[name].posts_of(me) if post.text.text.startswith("Q1"))
        account = self.servers[name].create_account(who)
        return self.servers[name].write(account.id, detect(text), parent=asked.ref.id).ref.id


def _quiet(_line: str) -> None:
    """Nobody watches."""
