"""One chat on both networks, each behind a proxy, with a bot that is started again and again; its clock is ours.

    with Nursery() as nursery, open_evening(folder, Servers(bluesky, mastodon), nursery, database=url) as evening:
        life = evening.start()              # one run of the bot, in a process of its own
        evening.after(life.finish())        # or: life.kill(); evening.after(None)
        evening.through()                   # lives follow each other until the chat is through
        assert evening.verdict().wrong == []

`database` is any SQLAlchemy URL, so an evening runs on SQLite and on PostgreSQL. Teachers answer meanwhile: one stays
on each network, one takes an answer back, one asks to be removed.
"""

import json
import os
import re
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from chaos.folder import QUESTIONS, SQLITE, write_folder
from chaos.lives import Life, Nursery
from chaos.oracle import Held, Verdict, judge_said, judge_site, pages
from chaos.trial import TRIES, Trial
from networks.bluesky_server import BlueskyAccount, BlueskyNetwork, Posted
from networks.faults import FaultProxy
from networks.jetstream import Jetstream
from networks.mastodon_server import MastodonAccount, MastodonServer

from bot.bootstrap import plan_of, read_settings
from bot.config.closed import TEMPORARY
from bot.config.secrets import LOGINS, save_login
from bot.domain.schedule import planned_chats

Network = Literal["bluesky", "mastodon"]
NETWORKS: tuple[Network, ...] = ("bluesky", "mastodon")
POST = "app.bsky.feed.post"
STAYS: dict[Network, str] = {
    "bluesky": "We stopped marking every page, and nobody missed it.",
    "mastodon": "Levels went first, and then the talk began.",
}
LEAVES = "A sentence of mine that I asked them to remove."
DELETES = "A sentence of mine that I took back the same evening."
REGRETS = "A sentence of mine that I took back when the digest had repeated it."
ALL_SAID = 2
"""The stage of an evening in which all answers are there; then somebody takes one back."""
TOO_LATE = ALL_SAID + 20
"""The stage in which it should have left the digest long ago."""
LATE_ANSWERS = timedelta(hours=4)
"""After the chat's end the digest is due."""
LOOKED_UP = timedelta(minutes=61)
"""After which the bot looks an answer up again on the day of its chat."""
AFTER_A_KILL = timedelta(seconds=1.5)
A_DAY = timedelta(days=1)
"""What is due later is no part of the evening."""


@dataclass(frozen=True)
class Servers:
    """Both networks, running; with a Jetstream lives can listen, and the oracle knows in which order posts came in."""

    bluesky: BlueskyNetwork
    mastodon: MastodonServer
    jetstream: Jetstream | None = None

    def arrivals(self, did: str, awaited: Collection[str], seconds: float = 60) -> list[str] | None:
        """The addresses of an account's posts in the order in which the PDS took them; waits until it has all these.

        Posts that were deleted since are among them, so that their number tells nothing.
        """
        if self.jetstream is None:
            return None
        ends = time.monotonic() + seconds
        while True:
            events = [json.loads(row.v1) for row in list(self.jetstream._rows) if did.encode() in row.v1]
            made = [
                one["commit"] for one in events if one["kind"] == "commit" and one["commit"]["operation"] == "create"
            ]
            posts = [f"at://{did}/{one['collection']}/{one['rkey']}" for one in made if one["collection"] == POST]
            if set(awaited) <= set(posts) or time.monotonic() > ends:
                return posts
            time.sleep(0.05)


@dataclass
class Evening:
    """One chat, its bot, and the teachers who come.

    Attributes:
        folder: the bot's folder; the site stands in `site` below it.
        database: the database's URL, as staffroom.yaml has it.
        now: the next life's clock.
        starts, ends: of the chat.
        expected: the prompts' words on each network, in order.
        asked_at: when each question is due.
        over: no life is to come any more.
        regretting: on each network somebody takes back an answer that the digest repeats.
        trial: on each network somebody says what they will try, and is asked about it weeks later.
    """

    folder: Path
    database: str
    nursery: Nursery
    servers: Servers
    sky: BlueskyAccount
    toot: MastodonAccount
    sky_proxy: FaultProxy
    toot_proxy: FaultProxy
    now: datetime
    ends: datetime
    expected: dict[str, list[str]]
    asked_at: list[datetime]
    kills: int = 0
    over: bool = False
    regretting: bool = False
    trial: Trial | None = None
    troubles: list[str] = field(default_factory=list)
    site_faults: list[str] = field(default_factory=list)
    said_wrongly: Verdict = field(default_factory=Verdict)
    stage: int = 0
    app_password: str = ""
    _pages: frozenset[str] = frozenset()
    _whole: set[tuple[str, int, int]] = field(default_factory=set)
    _people: list[tuple[BlueskyAccount, MastodonAccount]] = field(default_factory=list)
    _said: dict[str, Any] = field(default_factory=dict)
    _sources: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @property
    def proxies(self) -> dict[Network, FaultProxy]:
        """What stands before each network."""
        return {"bluesky": self.sky_proxy, "mastodon": self.toot_proxy}

    @property
    def site(self) -> Path:
        """Where its pages stand."""
        return self.folder / "site"

    def start(self, **orders: Any) -> Life:
        """A life begins, at `now`; `orders` are the child's."""
        if self.stage > ALL_SAID:
            orders["way"] = "tick"  # a loop that has nothing to say may end before it has looked answers up
        late = self.now > self.ends + LATE_ANSWERS
        return Life(self.nursery, self.folder, self.now, **{"digest": late, **orders})

    def after(self, report: dict[str, Any] | None) -> bool:
        """Move the clock on to what is due next; false when the chat is through.

        Args:
            report: of the life that has ended; after a kill whatever it said last, or ``None``.
        """
        self.look_at_site()
        if report is None or "next" not in report:
            died = datetime.fromisoformat(report["now"]) if report and "now" in report else self.now
            self.now = max(self.now, died) + AFTER_A_KILL
            return True
        self.troubles += [*report["troubles"], *report["given_up"]]
        self.teachers_come()
        moved = datetime.fromisoformat(report["now"])
        due = datetime.fromisoformat(report["next"]) if report["next"] else None
        soon = due if due and due - moved < A_DAY else None
        if soon is None and report["digest"]:
            soon = self._afterwards(moved, due)
            if soon is None:
                self.over = True
                return False
        self.now = max(moved, soon or self.ends + LATE_ANSWERS) + timedelta(milliseconds=50)
        return True

    def _afterwards(self, moved: datetime, due: datetime | None) -> datetime | None:
        """When to go on once all of the evening is said; ``None``: it is through."""
        if not self._is_through():
            return moved + LOOKED_UP
        if self.trial is None or not self.trial.goes_on(self.held(), self.site):
            return due
        self.servers.bluesky.settle()
        return moved + A_DAY

    def _is_through(self) -> bool:
        """Whether nothing is to come once the digest is out: what somebody regrets has to leave it again."""
        if not self.regretting or self.stage < ALL_SAID:
            return True
        repeated = {network: any(REGRETS in one.text for one in held) for network, held in self.held().items()}
        if self.stage == ALL_SAID:
            self.said_wrongly.lost += [f"{network}: {REGRETS!r}" for network in NETWORKS if not repeated[network]]
            sky, toot = self._people[2]
            for owner, post in zip((sky, toot), self._said["regretted"], strict=True):
                owner.delete(post)
            self.servers.bluesky.settle()
        self.stage += 1
        shown = judge_site(self.site, gone=[REGRETS]).site
        return self.stage > ALL_SAID + 1 and (self.stage > TOO_LATE or not (shown or any(repeated.values())))

    def settle(self) -> None:
        """Return once no request of a dead life is under way: on its clock they would come in hours later."""
        for proxy in self.proxies.values():
            proxy.settle()

    def through(self, **orders: Any) -> None:
        """Let lives follow each other, none of them killed, until the chat is through."""
        for _ in range(80):
            if not self.after(self.start(**orders).finish()):
                return
        raise AssertionError("the chat does not come to its end")

    def log_in(self, network: Network) -> None:
        """Give the bot a login there, as `staffroom login` does; the other network's stays as it is."""
        if network == "bluesky":
            self.app_password = f"staffroom-{uuid.uuid4().hex[:8]}"
            login = {"password": self.sky.app_password(self.app_password)}
        else:
            login = {"token": self.toot.token}
        save_login(self.folder, network, login)

    # -- teachers ------------------------------------------------------------------------------------------------
    def teachers_come(self) -> None:
        """Once question 1 is out people answer it; once question 2 is, one answers, one takes back, one leaves."""
        if self.stage < ALL_SAID and self.now >= self.asked_at[self.stage] and self._asked(self.stage + 1):
            (self._answer_first, self._answer_second)[self.stage]()
            self.stage += 1
            self.servers.bluesky.settle()

    def _asked(self, number: int) -> bool:
        """Whether a question is out on both networks; then it is remembered where."""
        sky = [one for one in self.sky_posts() if one["value"]["text"].startswith(f"Q{number}")]
        toot = [one for one, text in self.toot_posts() if text.startswith(f"Q{number}")]
        if not sky or not toot:
            return False
        self._said["bluesky"] = Posted(sky[0]["uri"], sky[0]["cid"], sky[0]["uri"], sky[0]["cid"])
        self._said["mastodon"] = toot[0]
        return True

    def _answer_first(self) -> None:
        key = uuid.uuid4().hex[:8]
        for name in ("stays", "leaves", "deletes"):
            sky = self.servers.bluesky.create_account(f"{name}{key}")
            self._people.append((sky, self.servers.mastodon.create_account(f"{name}{key}")))
        (stays, _), (sky_leaver, toot_leaver), (sky_deleter, toot_deleter) = self._people
        sky_q, toot_q = self._said["bluesky"], self._said["mastodon"]
        self._say_and_try("bluesky", stays, sky_q)
        sky_leaver.reply(sky_q, LEAVES)
        toot_leaver.reply(toot_q, LEAVES)
        self._said["first"] = (sky_q, toot_q)
        self._said["deleted"] = (sky_deleter.reply(sky_q, DELETES), toot_deleter.reply(toot_q, DELETES))

    def _answer_second(self) -> None:
        (_, stays), (sky_leaver, toot_leaver), (sky_deleter, toot_deleter) = self._people
        sky_q, toot_q = self._said["bluesky"], self._said["mastodon"]
        self._say_and_try("mastodon", stays, toot_q)
        if self.regretting:
            self._said["regretted"] = (sky_deleter.reply(sky_q, REGRETS), toot_deleter.reply(toot_q, REGRETS))
        for deleter, post in zip((sky_deleter, toot_deleter), self._said["deleted"], strict=True):
            deleter.delete(post)
        sky_first, toot_first = self._said["first"]
        sky_leaver.reply(sky_first, "REMOVE ME")
        toot_leaver.reply(toot_first, f"@{self.toot.username} REMOVE ME")

    def _say_and_try(self, network: Network, who: BlueskyAccount | MastodonAccount, question: Any) -> None:
        """An answer that stays; with a trial it says what they will try, and they want to be asked."""
        said: Any = who.reply(question, STAYS[network] + (TRIES if self.trial else ""))
        if self.trial:
            self.trial.begin(network, who, said)

    # -- what is there -------------------------------------------------------------------------------------------
    def sky_posts(self) -> list[dict[str, Any]]:
        """All posts of our account on the PDS, oldest first."""
        return sorted(self.servers.bluesky.list_records(self.sky.did), key=lambda one: one["uri"])

    def toot_posts(self) -> list[tuple[dict[str, Any], str]]:
        """All posts of our account on the Mastodon server, oldest first, with the words as they were sent."""
        found = self.servers.mastodon.account_statuses(self.toot.id, token=self.toot.token)
        for one in found:
            if (one["id"], one["edited_at"]) not in self._sources:  # each costs a request
                source = self.toot.call("GET", f"/api/v1/statuses/{one['id']}/source")["text"]
                self._sources[one["id"], one["edited_at"]] = source
        texts = [(one, self._sources[one["id"], one["edited_at"]]) for one in found]
        return sorted(texts, key=lambda one: int(one[0]["id"]))

    def held(self) -> dict[str, list[Held]]:
        """What both servers hold of ours, for the oracle."""
        posts = self.sky_posts()
        arrived = self.servers.arrivals(self.sky.did, [one["uri"] for one in posts])
        if arrived is not None:
            posts.sort(key=lambda one: arrived.index(one["uri"]))
        sky = [
            Held(one["uri"], one["value"]["text"], one["value"].get("reply", {}).get("parent", {}).get("uri", ""))
            for one in posts
        ]
        toot = [Held(one["id"], plain(text), one["in_reply_to_id"] or "") for one, text in self.toot_posts()]
        return {"bluesky": sky, "mastodon": toot}

    def look_at_site(self) -> None:
        """The site is whole at any time, and no page that stood there goes away."""
        found = judge_site(self.site, expected=self._pages, known=self._whole)
        self.site_faults += found.site
        self._pages |= pages(self.site)

    def verdict(self) -> Verdict:
        """What the oracle says once the chat is through."""
        found = Verdict(site=list(self.site_faults))
        found += self.said_wrongly
        taken_back = (LEAVES, DELETES, *([REGRETS] if self.stage > ALL_SAID else []))
        everything = self.held()
        asked = self.trial.asked(everything) if self.trial else {}
        if self.trial and self.over:
            found += self.trial.verdict(everything, self.site)
        for network, held in everything.items():
            said = [one for one in held if one not in asked.get(network, ())]
            found += judge_said(
                network, self.expected[network], said, repeated=list(STAYS.values()) if self.over else None,
                questions=QUESTIONS, closing=int(self.trial is not None), unwanted=taken_back,
            )  # fmt: skip
        found += judge_site(
            self.site,
            expected=self._pages | {"index.html", "feed.xml", "calendar.ics"},
            shown=tuple(STAYS.values()),
            gone=taken_back,
            over=True,
        )
        return found


def leave_half_a_login(folder: Path) -> None:
    """What a crash of long ago left beside the logins: a life that keeps a login sweeps it away.

    Lives that die here leave such files, too, but a later one seldom keeps a login once they are old enough.
    """
    left = folder / f"{LOGINS}.half{TEMPORARY}"
    left.write_text("{", encoding="utf-8")
    os.utime(left, (0, 0))


def plain(text: str) -> str:
    """Without a poll's options, which `plan` shows as lines and Mastodon keeps elsewhere."""
    return re.sub(r"\n\( \) .*", "", text)


@contextmanager
def open_evening(
    folder: Path,
    servers: Servers,
    nursery: Nursery,
    *,
    database: str = SQLITE,
    regretting: bool = False,
    trying: bool = False,
) -> Iterator[Evening]:
    """A bot's folder, two accounts and two proxies, shortly before the first prompt.

    Args:
        folder: an empty folder.
        servers: both networks; lives can listen where there is a Jetstream.
        nursery: forks the bot's lives.
        database: a SQLAlchemy URL; a relative file stands in the folder.
        regretting: see `Evening`.
        trying: with a trial, see `Evening`.
    """
    key = uuid.uuid4().hex[:8]
    sky = servers.bluesky.create_account(f"chaos{key}", bot=True)
    toot = servers.mastodon.create_account(f"chaos{key}", bot=True)
    servers.bluesky.settle()
    day = datetime.now(UTC).date() + timedelta(days=2)
    with ExitStack() as stack:
        sky_proxy = stack.enter_context(FaultProxy(servers.bluesky.pds_url))
        toot_proxy = stack.enter_context(FaultProxy(servers.mastodon.url))
        networks = f"""\
  bluesky:
    handle: {sky.handle}
    server: "{sky_proxy.url}"
    appview: "{servers.bluesky.appview_url}"
    streams: {f'["{servers.jetstream.v2}"]' if servers.jetstream else "off"}
  mastodon: {{server: "{toot_proxy.url}"}}
"""
        write_folder(folder, database, networks, day.isoformat(), f"EdChat{key}")
        (chat,) = planned_chats(read_settings(folder).series[0])
        expected: dict[str, list[str]] = {"bluesky": [], "mastodon": []}
        lines = plan_of(folder, None).lines
        for line in lines:
            if line.prompt != "digest":
                expected[line.network] += [plain(line.text) if line.network == "mastodon" else line.text]
        due = [datetime.fromisoformat(line.at_utc) for line in lines]
        asked_at = sorted({at for at, line in zip(due, lines, strict=True) if re.match(r"q\d", line.prompt)})
        made = Evening(
            folder, database, nursery, servers, sky, toot, sky_proxy, toot_proxy,
            now=min(due) + timedelta(seconds=1), ends=chat.ends_at, expected=expected, asked_at=asked_at,
            regretting=regretting, trial=Trial(toot.username) if trying else None,
        )  # fmt: skip
        for network in NETWORKS:
            made.log_in(network)
        leave_half_a_login(folder)
        yield made
