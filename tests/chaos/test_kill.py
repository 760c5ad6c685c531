"""Nothing is lost and nothing is posted twice, whenever the bot is killed: the servers say so, not our tables."""

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from networks.bluesky_server import BlueskyAccount, BlueskyNetwork, Posted
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonAccount, MastodonServer

from bot.bootstrap import plan_of, read_settings
from bot.domain.schedule import planned_chats

STATUSES = "/api/v1/statuses$"
SAYING_THERE = "/api/v1/statuses$|/api/v2/media$"
SAYING_HERE = "/xrpc/com.atproto.repo.(applyWrites|uploadBlob)"
PICTURE = Path(__file__).parents[2] / "templates" / "starter" / "images" / "wall.jpg"
ANSWER = "We stopped marking every page, and nobody missed it."


class Life:
    """One run of the bot, from fork to end."""

    def __init__(self, nursery: subprocess.Popen[str], folder: Path, now: datetime) -> None:
        assert nursery.stdin
        self._nursery = nursery
        nursery.stdin.write(json.dumps({"folder": str(folder), "now": now.isoformat()}) + "\n")
        nursery.stdin.flush()
        self.pid: int = self._line(30)["pid"]
        self.report: dict[str, Any] | None = None

    def ended(self, seconds: float) -> bool:
        """Whether it ended by itself within so many seconds."""
        if self.report is None:
            assert self._nursery.stdout
            if not select.select([self._nursery.stdout], [], [], seconds)[0]:
                return False
            self.report = self._line(5)
        return True

    def kill(self) -> bool:
        """SIGKILL; false where it had ended already."""
        if self.ended(0):
            return False
        os.kill(
            self.pid, signal.SIGKILL
        )  # not reaped before we read the nursery's line, so the number is still its own
        assert self.ended(10)
        assert self.report is not None
        return os.WIFSIGNALED(self.report["ended"])

    def finish(self) -> dict[str, Any]:
        """Let it end by itself; gives its report."""
        assert self.ended(60), "a life hangs"
        assert self.report is not None
        assert self.report["ended"] == 0, "a life ended with an error; see above"
        assert "locked" not in self.report, "the lock of a killed process was not free at once"
        return self.report

    def _line(self, seconds: float) -> dict[str, Any]:
        stdout = self._nursery.stdout
        assert stdout
        assert select.select([stdout], [], [], seconds)[0], "the nursery says nothing"
        line: dict[str, Any] = json.loads(stdout.readline())
        return line


@dataclass
class Evening:
    """One chat on both networks, each behind a proxy, with a bot that is started again and again."""

    folder: Path
    nursery: subprocess.Popen[str]
    bluesky: BlueskyNetwork
    mastodon: MastodonServer
    sky: BlueskyAccount
    toot: MastodonAccount
    sky_proxy: FaultProxy
    toot_proxy: FaultProxy
    now: datetime
    ends: datetime
    kills: int = 0
    troubles: list[str] = field(default_factory=list)
    expected: dict[str, list[str]] = field(default_factory=dict)
    answered: bool = False

    def start(self) -> Life:
        return Life(self.nursery, self.folder, self.now)

    def after(self, report: dict[str, Any] | None) -> bool:
        """Move the clock on to what is due next; false when the chat is through. ``None`` after a kill."""
        if report is None:
            self.now += timedelta(seconds=3)
            return True
        self.troubles += report["troubles"]
        if report["next"]:
            due = datetime.fromisoformat(report["next"])
            self.now = max(datetime.fromisoformat(report["now"]), due) + timedelta(milliseconds=50)
            return True
        if report["digest"]:
            return False
        self.answer()
        self.now = max(self.now, self.ends + timedelta(hours=4))
        return True

    def answer(self) -> None:
        """A teacher answers the first question on each network, so that there is something for a digest to say."""
        if self.answered:
            return
        self.answered = True
        asked = next(post for post in self.sky_posts() if post["value"]["text"].startswith("Q1"))
        teacher = self.bluesky.create_account(f"t{self.sky.handle.partition('.')[0][-10:]}")
        teacher.reply(Posted(asked["uri"], asked["cid"], asked["uri"], asked["cid"]), ANSWER)
        ask = next(post for post, text in self.toot_posts() if text.startswith("Q1"))
        self.mastodon.create_account(f"t{self.toot.username}").reply(ask, ANSWER + " Nobody at all.")
        self.bluesky.settle()

    def through(self) -> None:
        """Let lives follow each other, none of them killed, until the chat is through."""
        for _ in range(60):
            if not self.after(self.start().finish()):
                return
        pytest.fail("the chat does not come to its end")

    def sky_posts(self) -> list[dict[str, Any]]:
        """All posts of our account on the PDS, oldest first."""
        return sorted(self.bluesky.list_records(self.sky.did), key=lambda one: one["uri"])

    def toot_posts(self) -> list[tuple[dict[str, Any], str]]:
        """All posts of our account on the Mastodon server, oldest first, with the words as they were sent."""
        found = self.mastodon.account_statuses(self.toot.id, token=self.toot.token)
        texts = [(one, self.toot.call("GET", f"/api/v1/statuses/{one['id']}/source")["text"]) for one in found]
        return sorted(texts, key=lambda one: int(one[0]["id"]))

    def assert_once_in_order(self) -> None:
        """Every prompt is on both servers exactly once and in order, and one digest thread below them."""
        assert self.troubles == []
        sky = [one["value"]["text"] for one in self.sky_posts()]
        toots = [text for _, text in self.toot_posts()]
        for network, texts in (("bluesky", sky), ("mastodon", toots)):
            wanted = self.expected[network]
            assert [_plain(text) for text in texts[: len(wanted)]] == wanted
            digest = texts[len(wanted) :]
            assert len(digest) >= 3  # its root, a question, and what somebody said there
            assert len(set(digest)) == len(digest)
            assert any(ANSWER in text for text in digest)
        roots = [one for one in self.sky_posts()[len(self.expected["bluesky"]) :] if "reply" not in one["value"]]
        assert len(roots) == 1
        below = [one for one, _ in self.toot_posts()[len(self.expected["mastodon"]) :]]
        assert [one["in_reply_to_id"] is None for one in below] == [True, *[False] * (len(below) - 1)]


def _plain(text: str) -> str:
    """Without a poll's options, which `plan` shows as lines and Mastodon keeps elsewhere."""
    return re.sub(r"\n\( \) .*", "", text)


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(Path(__file__).with_name("child.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def evening(  # noqa: PLR0917 - fixtures
    tmp_path: Path,
    nursery: subprocess.Popen[str],
    bluesky_network: BlueskyNetwork,
    mastodon_server: MastodonServer,
    unique: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Evening]:
    monkeypatch.delenv("STAFFROOM_DATABASE", raising=False)
    sky = bluesky_network.create_account(unique("chaos"), bot=True)
    toot = mastodon_server.create_account(unique("chaos"), bot=True)
    bluesky_network.settle()
    day = datetime.now(UTC).date() + timedelta(days=2)
    with ExitStack() as stack:
        sky_proxy = stack.enter_context(FaultProxy(bluesky_network.pds_url))
        toot_proxy = stack.enter_context(FaultProxy(mastodon_server.url))
        _write_folder(
            tmp_path,
            f"""\
  bluesky: {{handle: {sky.handle}, server: "{sky_proxy.url}", appview: "{bluesky_network.appview_url}"}}
  mastodon: {{server: "{toot_proxy.url}"}}
""",
            day.isoformat(),
            unique("EdChat"),
        )
        logins = {"bluesky": {"password": sky.app_password()}, "mastodon": {"token": toot.token}}
        kept = tmp_path / ".staffroom-logins.json"
        kept.write_text(json.dumps(logins), encoding="utf-8")
        kept.chmod(0o600)
        (chat,) = planned_chats(read_settings(tmp_path).series[0])
        expected: dict[str, list[str]] = {"bluesky": [], "mastodon": []}
        lines = plan_of(tmp_path, None).lines
        for line in lines:
            if line.prompt != "digest":
                expected[line.network] += [_plain(line.text) if line.network == "mastodon" else line.text]
        first = min(datetime.fromisoformat(line.at_utc) for line in lines)
        yield Evening(
            tmp_path, nursery, bluesky_network, mastodon_server, sky, toot, sky_proxy, toot_proxy,
            now=first + timedelta(seconds=1), ends=chat.ends_at, expected=expected,
        )  # fmt: skip


def _write_folder(folder: Path, networks: str, day: str, hashtag: str) -> None:
    (folder / "series").mkdir()
    (folder / "images").mkdir()
    (folder / "images" / "wall.jpg").write_bytes(PICTURE.read_bytes())
    (folder / "staffroom.yaml").write_text(
        f"""\
database: sqlite:///staffroom.db
contact: chats@example.org
controller: Teachers of Example
site: {{title: Chats, address: "https://chats.example.org", folder: site, language: en}}
networks:
{networks}""",
        encoding="utf-8",
    )
    (folder / "series" / "edchat.yaml").write_text(
        f"""\
title: Ed Chat
hashtag: {hashtag}
timezone: Europe/London
every: only dates
at: 20:00
length: 40 minutes
announce: [30 minutes]
archive: everyone
chats:
  - date: {day}
    topic: Feedback that pupils use
    questions:
      - What does feedback look like in your room?
      - ask: Which of these would you drop first?
        poll: [Ticks, Levels, Comments]
      - ask: Where does this wall help?
        image: images/wall.jpg
        alt: Four posters on a wall.
""",
        encoding="utf-8",
    )


def kill_while_out(evening: Evening, *, forward_first: bool) -> Life:
    """Start a life and kill it while its requests are out on both networks: answered already, or not even there yet."""
    watched = ((evening.toot_proxy, SAYING_THERE), (evening.sky_proxy, SAYING_HERE))
    faults = [proxy.stall("POST", path, forward_first=forward_first) for proxy, path in watched]
    before = [len(proxy.requests("POST", path)) for proxy, path in watched]

    def arrived(number: int) -> bool:
        proxy, path = watched[number]
        return len(proxy.requests("POST", path)) > before[number]

    life = evening.start()
    patience = 50
    while patience and not life.ended(0.01):
        out = [arrived(number) if forward_first else fault.fired > 0 for number, fault in enumerate(faults)]
        if all(out):
            break
        patience -= any(out)  # the other one may have nothing to say
    evening.kills += life.kill()
    for proxy, _ in watched:
        proxy.clear()  # what was held up goes on to the server now, after its sender is dead
    for number, fault in enumerate(faults):
        if fault.fired:
            _until(lambda number=number: arrived(number))  # type: ignore[misc]
    return life


def _until(happened: Callable[[], bool]) -> None:
    for _ in range(3000):
        if happened():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(evening: Evening, seed: int) -> None:
    """At any time, then while requests are out, before every moment of the chat."""
    rng = random.Random(seed)
    usual = [1.0]

    def early() -> Life:
        return within(usual[-1] / 2)

    def at_any_time() -> Life:
        return within(usual[-1])

    def within(seconds: float) -> Life:
        life, began = evening.start(), time.monotonic()
        if life.ended(rng.uniform(0.02, seconds)):
            usual.append(time.monotonic() - began)
        evening.kills += life.kill()
        return life

    def while_out() -> Life:
        return kill_while_out(evening, forward_first=rng.random() < 0.5)

    # Of five lives two end by themselves: the first may have to wait until a killed one's request counts as not sent.
    for number in range(200):
        life = (early, while_out, at_any_time, evening.start, evening.start)[number % 5]()
        report = life.finish() if number % 5 >= 3 else life.report
        assert report is not None
        if not evening.after(report if "next" in report else None):
            break
    evening.assert_once_in_order()
    assert evening.kills >= 6


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_a_network_unplugged_in_mid_chat(evening: Evening, network: str) -> None:
    proxy, other = evening.toot_proxy, evening.sky_posts
    if network == "bluesky":
        proxy, other = evening.sky_proxy, evening.toot_posts  # type: ignore[assignment]
    for _ in range(3):
        assert evening.after(evening.start().finish())
    proxy.unplug()
    before = len(other())
    for _ in range(3):
        report = evening.start().finish()
        assert all("no connection" in one for one in report["troubles"])  # nothing is given up
        evening.now += timedelta(minutes=3)
    assert len(other()) > before  # the network that is there goes on in time
    proxy.plug()
    evening.through()
    evening.assert_once_in_order()


def test_lost_answers_where_no_key_helps(evening: Evening) -> None:
    """As on servers that ignore Idempotency-Key: each answer is lost, and the server has forgotten the key."""
    lost = []
    for _ in range(40):
        fault = evening.toot_proxy.lose_answer("POST", STATUSES)
        report = evening.start().finish()
        evening.toot_proxy.clear()
        lost.append(fault.fired)
        evening.mastodon.advance_keys(evening.toot.id, 3600)
        if not evening.after(report):
            break
    assert sum(lost) >= len(evening.expected["mastodon"])
    evening.assert_once_in_order()
