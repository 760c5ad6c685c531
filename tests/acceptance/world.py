"""One evening of one chat: the folder a moderator writes, the bot that reads it, and a clock the test moves on.

The clock is the real one plus an offset: three hours of chat pass in seconds, while what teachers post carries the
servers' real times. Those lie in the half hour before the start, when the hashtag counts for the chat already.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contract.network_world import png
from networks.bluesky_server import BlueskyAccount, BlueskyNetwork
from networks.mastodon_server import MastodonAccount, MastodonServer

from bot.bootstrap.accounts import Accounts
from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import open_house, read_settings
from bot.config.secrets import save_login
from bot.tick import House, Ticked, tick

Json = dict[str, Any]

ZONE = "Africa/Nairobi"  # far from UTC, and without a night on which an hour comes twice
SITE = "https://chats.example.org"
ALT = "A classroom wall with four handwritten posters, one of them half hidden by coats."
POLL = ["Ticks", "Levels", "Comments", "None of them"]
LANGUAGES = ["en", "fr", "ar"]
PICTURE = png(64, 48)
JUST_BEFORE = timedelta(seconds=30)

STAFFROOM = """\
contact: chats@example.org
controller: Example Teachers' Association
site:
  title: Staffroom
  address: {site}
networks:
  bluesky:
    handle: {handle}
    server: {bluesky}{appview}
  mastodon:
    server: {mastodon}
{publish}"""

SERIES = """\
title: Ed Chat
hashtag: {hashtag}
about: Teachers on what works.
timezone: {zone}
every: only dates
at: "{at}"
length: 60 minutes
grace: 2 hours
digest: {{hold: 0 minutes}}
hosts: {host}
announce: 30 minutes
archive: {archive}
languages: {languages}
{closing}chats:
  - date: {date}
    topic: >-
      Feedback that pupils use, and the feedback that nobody has ever used since it was first written
      into a policy by somebody who was about to be inspected
    questions:
      - What does feedback look like in your room when nobody is watching?
      - ask: Which of these would you drop first?
        poll: {poll}
      - ask: Where does this wall help, and where does it only decorate?
        image: images/wall.png
        alt: {alt}
        credit: the host
      - What will you try next week?
  - date: {next_date}
    topic: Starting a lesson well
    questions:
      - What happens in the first five minutes?
"""


class EveningClock:
    """The real time, plus however far the test moved on."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        self._ahead += max(moment - self.now(), timedelta(0))


@dataclass(frozen=True)
class Bots:
    """The bot's own account on each network, made for one test, and the chat's host, who is on Bluesky."""

    net: BlueskyNetwork
    server: MastodonServer
    bluesky: BlueskyAccount
    mastodon: MastodonAccount
    host: BlueskyAccount


def make_bots(net: BlueskyNetwork, server: MastodonServer, unique: Callable[[str], str]) -> Bots:
    """Two accounts that say they are bots, and a host."""
    name = unique("edbot")
    on_bluesky, on_mastodon = net.create_account(name, bot=True), server.create_account(name, bot=True)
    return Bots(net, server, on_bluesky, on_mastodon, host=net.create_account(unique("host")))


@dataclass(frozen=True)
class Line:
    """One prompt on one network, as `staffroom plan --json` tells it."""

    prompt: str
    network: str
    at: datetime
    text: str


@dataclass
class Evening:
    """A folder with its bot at work."""

    folder: Path
    hashtag: str
    chat: str
    starts_at: datetime
    lines: list[Line]
    clock: EveningClock
    house: House

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def page(self) -> Path:
        return self.site / self.chat / "index.html"

    @property
    def digest_at(self) -> datetime:
        return self.starts_at + timedelta(hours=3)

    def moments(self) -> list[datetime]:
        """When something is to be said, the digest left out."""
        return sorted({line.at for line in self.lines})

    def at(self, prompt: str) -> datetime:
        """When a prompt is due."""
        return next(line.at for line in self.lines if line.prompt == prompt)

    def due(self) -> dict[str, list[str]]:
        """The texts that are due by now on each network, in order."""
        found: dict[str, list[str]] = {line.network: [] for line in self.lines}
        for line in self.lines:
            if line.at <= self.clock.now():
                found[line.network].append(line.text)
        return found

    def tick_at(self, moment: datetime) -> Ticked:
        """Let the time pass and do what is due then."""
        self.clock.move_to(moment)
        return tick(self.house)

    def tick_fully(self) -> Ticked:
        """Do what is due, and read all threads again."""
        return tick(self.house, everything=True)


def chat_start() -> datetime:
    """The whole minute that leaves two to three minutes before the announcement, half an hour ahead of the chat."""
    return (datetime.now(UTC) + timedelta(minutes=33)).replace(second=0, microsecond=0)


def write_folder(
    folder: Path,
    bots: Bots,
    hashtag: str,
    *,
    archive: str,
    bluesky: str = "",
    mastodon: str = "",
    appview: str = "",
    publish: str = "",
    closing: str = "",
) -> datetime:
    """Write what a moderator writes, log the bot in, and give the chat's start; addresses may be those of proxies.

    `appview` is where Bluesky is read from, if not through the server; `publish` is YAML that names other places,
    and `closing` YAML of the series of what is asked at each chat's end.
    """
    starts_at = chat_start()
    local = starts_at.astimezone(ZoneInfo(ZONE))
    (folder / "series").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "images" / "wall.png").write_bytes(PICTURE)
    addresses = {"bluesky": bluesky or bots.net.pds_url, "mastodon": mastodon or bots.server.url}
    staffroom = STAFFROOM.format(
        site=SITE,
        handle=bots.bluesky.handle,
        appview=appview and f"\n    appview: {appview}",
        publish=publish,
        **addresses,
    )
    (folder / "staffroom.yaml").write_text(staffroom)
    series = SERIES.format(
        hashtag=hashtag,
        host=bots.host.handle,
        zone=ZONE,
        at=f"{local:%H:%M}",
        archive=archive,
        languages=json.dumps(LANGUAGES),
        closing=closing,
        date=local.date(),
        next_date=local.date() + timedelta(days=7),
        poll=json.dumps(POLL),
        alt=ALT,
    )
    (folder / "series" / "edchat.yaml").write_text(series)
    save_login(folder, "bluesky", {"password": bots.bluesky.app_password()})
    save_login(folder, "mastodon", {"token": bots.mastodon.token})
    return starts_at


def planned(folder: Path, chat: str) -> list[Line]:
    """What `staffroom plan --json` says of a chat, the digest left out: its words are not known beforehand."""
    command = [sys.executable, "-m", "bot", "plan", "--json", "-C", str(folder)]
    told: list[Json] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return [
        Line(one["prompt"], one["network"], datetime.fromisoformat(one["at_utc"]), one["text"])
        for one in told
        if one["chat"] == chat and one["prompt"] != "digest"
    ]


@contextmanager
def evening(folder: Path, bots: Bots, hashtag: str, *, archive: str, **written: str) -> Iterator[Evening]:
    """A folder as `write_folder` writes it, and its bot, wired as `staffroom run` wires it, but for the clock."""
    starts_at = write_folder(folder, bots, hashtag, archive=archive, **written)
    chat = f"edchat/{starts_at.astimezone(ZoneInfo(ZONE)).date()}"
    lines = planned(folder, chat)
    clock = EveningClock()
    settings = read_settings(folder)
    store = open_store_of(settings)
    accounts = Accounts(settings, clock)
    try:
        house = open_house(settings, store, accounts, "acceptance", clock)
        yield Evening(folder, hashtag, chat, starts_at, lines, clock, house)
    finally:
        accounts.close()
        store.close()
