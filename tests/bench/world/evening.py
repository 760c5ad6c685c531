"""The bot's side of an evening: real servers, a folder as a moderator writes it, its questions asked, and copies of it.

The clock is the real one plus an offset, as in the acceptance tests: it begins an hour and a half ago, so that eight
questions are out within seconds, and then it is the real one. Then the folder is copied for each way of reading that is
measured, so that all of them read the very same evening.
"""

import atexit
import itertools
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from acceptance import servers
from acceptance.world import Bots, make_bots
from networks.bluesky_server import BlueskyNetwork, Posted
from networks.faults import FaultProxy, Seen
from networks.jetstream import Jetstream
from networks.mastodon_server import MastodonServer
from networks.run import ServerRun

from bot.bootstrap import running_house
from bot.clock import SteppedClock
from bot.config.secrets import save_login
from bot.errors import Refused
from bot.ports import Heard, Network
from bot.tick import House, Ticked, tick
from tests.bench.world.teachers import BlueskyCrowd, MastodonCrowd, NetworkName, Talk

__all__ = ["NETWORKS", "QUESTIONS", "Evening", "FaultProxy", "Seen", "evening", "places", "proxies", "unasked"]

NETWORKS: tuple[NetworkName, ...] = ("bluesky", "mastodon")
QUESTIONS = 8
LENGTH = timedelta(minutes=60)
IN_THE_CHAT = timedelta(minutes=54)
"""How far the chat is when the teachers begin to talk: the last question was asked, and the end is to come."""
BEFORE = timedelta(minutes=35)
SAID_EVERY = 2.0  # seconds
STREAMS = 2  # on Mastodon: the account's own, and the hashtag's
TEACHERS = 24  # on each network

_OPENING = threading.Lock()
"""Databases are made one after the other: Alembic knows one migration at a time."""

STAFFROOM = """\
contact: chats@example.org
controller: Example Teachers' Association
site:
  title: Staffroom
  address: https://chats.example.org
networks:
  bluesky:
    handle: {handle}
    server: {bluesky}
    streams: {streams}
  mastodon:
    server: {mastodon}
"""

SERIES = """\
title: Ed Chat
hashtag: {hashtag}
timezone: UTC
every: only dates
at: "{at:%H:%M}"
length: 60 minutes
grace: 2 hours
digest: {{hold: 0 minutes}}
announce: 30 minutes
archive: everyone
chats:
  - date: {at:%Y-%m-%d}
    topic: Feedback
    questions:
{questions}
"""


@dataclass(frozen=True)
class Places:
    """The running servers."""

    bluesky: BlueskyNetwork
    mastodon: MastodonServer
    jetstream: Jetstream


@cache
def places() -> Places:
    """Both networks, started once for the whole bench and stopped when it ends."""
    run = ServerRun.open()
    atexit.register(run.close)
    bluesky, mastodon = BlueskyNetwork(**run.info("bluesky")), MastodonServer(**run.info("mastodon"))
    jetstream = Jetstream(bluesky.pds_url)
    jetstream.__enter__()
    atexit.register(jetstream.__exit__)
    threading.Thread(target=_go_on_elsewhere, args=(jetstream,), daemon=True).start()
    return Places(bluesky, mastodon, jetstream)


def _go_on_elsewhere(jetstream: Jetstream) -> None:
    """On the real network somebody always says something; a stream that says nothing for long counts as broken."""
    for number in itertools.count():
        time.sleep(SAID_EVERY)
        record = {"$type": "app.bsky.feed.post", "text": "Lunch.", "createdAt": "2026-11-22T12:00:00Z", "langs": ["en"]}
        made = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{number:011d}", "rev": "3k"}
        jetstream.inject({"did": "did:plc:elsewhere", **made, "cid": "bafyelsewhere", "record": record})


@contextmanager
def proxies() -> Iterator[dict[NetworkName, FaultProxy]]:
    """What the bot may be sent through, so that its requests are counted where they arrive."""
    here = places()
    with FaultProxy(here.bluesky.pds_url) as bluesky, FaultProxy(here.mastodon.url) as mastodon:
        yield {"bluesky": bluesky, "mastodon": mastodon}


class EveningClock:
    """The real time, plus however far it is moved; it begins at a moment of the past."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        """Move on to a moment; it never goes back."""
        self._ahead += max(moment - self.now(), timedelta(0))


class Deaf:
    """A network that offers no stream."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def stream(self, *_: object) -> Iterator[Heard]:
        raise Refused("there is no stream here")


@dataclass
class Evening:
    """A chat whose questions are asked.

    Attributes:
        folder: the bot's folder as it stood when the last question was out; nothing runs in it.
        asked: the bot's questions on each network, as a teacher's app replies to them.
    """

    places: Places
    bots: Bots
    folder: Path
    hashtag: str
    starts_at: datetime
    clock: EveningClock | SteppedClock
    heard_before: int
    asked: dict[NetworkName, list[Any]] = field(default_factory=lambda: {network: [] for network in NETWORKS})

    @property
    def chat(self) -> str:
        """The chat's id."""
        return f"edchat/{self.starts_at:%Y-%m-%d}"

    @property
    def ends_at(self) -> datetime:
        """When the chat closes, on its own clock."""
        return self.starts_at + LENGTH

    def talks(self, many: int = TEACHERS) -> list[Talk]:
        """Teachers on both networks, ready to talk."""
        crowds = BlueskyCrowd(self.bots, unique, many), MastodonCrowd(self.bots, unique, many)
        mention = {"bluesky": "", "mastodon": f"@{self.bots.mastodon.username}"}
        return [
            Talk(
                crowd,
                self.asked[crowd.network],
                hashtag=self.hashtag,
                bot=mention[crowd.network],
                key=self.hashtag[-8:],
            )
            for crowd in crowds
        ]

    def copy(self, name: str) -> Path:
        """A folder of its own with all that is known by now."""
        return shutil.copytree(self.folder, self.folder.with_name(name))

    @contextmanager
    def house(self, folder: Path, *, deaf: bool = False) -> Iterator[House]:
        """The bot of a folder, wired as ``staffroom run`` wires it, but for the clock; ``deaf``: without streams."""
        with ExitStack() as stack:
            with _OPENING:
                house = stack.enter_context(running_house(folder, lambda _line: None, clock=self.clock))
            assert house is not None, "nobody else runs here"
            networks = {account: Deaf(house.network(account)) for account in house.accounts} if deaf else {}
            yield replace(house, network=networks.__getitem__) if deaf else house

    def note_question(self, number: int) -> None:
        """The bot asked a question: look on the servers which posts those are."""
        for network in NETWORKS:
            roots = [thread.root for thread in servers.threads(self.bots, network)]
            found = next(root.id for root in roots if root.text.startswith(f"Q{number} "))
            self.asked[network].append(self._as_replied_to(network, found))

    def _as_replied_to(self, network: NetworkName, remote: str) -> Any:
        if network == "mastodon":
            return self.places.mastodon.get_status(remote)
        cid = self.places.bluesky.get_record(remote)["cid"]
        return Posted(remote, cid, remote, cid)

    def wait_for_streams(self, seconds: float = 60) -> None:
        """Return once a house listens on both networks."""
        ends = time.monotonic() + seconds
        while min(self.connections().values()) == 0 or len(self.open_streams()) < STREAMS:
            assert time.monotonic() < ends, "nobody listens"
            time.sleep(0.1)

    def connections(self) -> dict[NetworkName, int]:
        """How many streams were opened on Bluesky since this began, and how many are open on Mastodon."""
        heard = len(self.places.jetstream.asked) - self.heard_before
        return {"bluesky": heard, "mastodon": sum(self.open_streams().values())}

    def open_streams(self) -> dict[str, int]:
        """The bot's streams on the Mastodon-API server."""
        return self.places.mastodon.open_streams(self.bots.mastodon.id)

    def settled_tick(self, house: House) -> Ticked:
        """Do what is due, once the servers have read all that was said."""
        self.places.bluesky.settle()
        return tick(house)


@contextmanager
def evening(**addresses: str) -> Iterator[Evening]:
    """Write a folder, and let the bot ask its questions; ``addresses`` of the networks may lead through proxies."""
    with unasked(datetime.now(UTC) - IN_THE_CHAT, **addresses) as made:
        ask(made)
        yield made


@contextmanager
def unasked(starts_at: datetime, **addresses: str) -> Iterator[Evening]:
    """The same before anything was said; the chat starts in the minute of ``starts_at``."""
    with tempfile.TemporaryDirectory() as name:
        hashtag = unique("EdChat")
        here = places()
        bots = make_bots(here.bluesky, here.mastodon, unique)
        starts_at = starts_at.replace(second=0, microsecond=0)
        folder = Path(name) / "bot"
        (folder / "series").mkdir(parents=True)
        write_settings(folder, bots, here.jetstream.v1, **addresses)
        questions = "\n".join(f"      - What do you do about it, number {one}?" for one in range(1, QUESTIONS + 1))
        text = SERIES.format(hashtag=hashtag, at=starts_at, questions=questions)
        (folder / "series" / "edchat.yaml").write_text(text)
        save_login(folder, "bluesky", {"password": bots.bluesky.app_password()})
        save_login(folder, "mastodon", {"token": bots.mastodon.token})
        clock, heard = EveningClock(starts_at - BEFORE), len(here.jetstream.asked)
        yield Evening(here, bots, folder, hashtag, starts_at, clock, heard)


def write_settings(folder: Path, bots: Bots, streams: str, **addresses: str) -> None:
    """Write ``staffroom.yaml``; ``addresses`` of the networks may lead through proxies."""
    found = {"bluesky": bots.net.pds_url, "mastodon": bots.server.url} | addresses
    text = STAFFROOM.format(handle=bots.bluesky.handle, streams=streams, **found)
    (folder / "staffroom.yaml").write_text(text)


def ask(made: Evening) -> None:
    """Let the bot say all that stands before the chat's end."""
    with made.house(made.folder) as house:
        tick(house)
        for moment in sorted({one.at for one in house.store.deliveries(made.chat) if one.at < made.ends_at}):
            made.clock.move_to(moment)
            said = tick(house)
            assert not said.troubles, said.troubles
    made.clock.move_to(datetime.now(UTC))
    for one in range(1, QUESTIONS + 1):
        made.note_question(one)


def unique(name: str) -> str:
    """A name nobody else uses on these servers."""
    return f"{name}{secrets.token_hex(4)}"
