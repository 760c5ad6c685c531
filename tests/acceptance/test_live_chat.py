"""A chat as it is lived: the loop of `staffroom run` with its streams, in real time, on both networks at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from acceptance import pages, servers
from acceptance.servers import NETWORKS
from acceptance.teachers import MastodonCrowd, Spoken, Talk, gather
from acceptance.world import ZONE, Bots, EveningClock, planned, write_folder
from networks.jetstream import Jetstream

from bot.bootstrap import running_house
from bot.ports import Network
from bot.runner import Loop
from bot.tick import House, tick

TEACHERS = 8  # on each network; the last two want nothing of theirs kept
LEAVES, KEEPS = 0, 1
PATIENCE = 90.0  # seconds; all is there within a few, unless the machine is very busy
ASKED = 2  # the question that the loop itself asks


class Watched:
    """A network as it is, with a note of all that is read from it besides its stream."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.read: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._network, name)
        if name not in {"sweep", "tagged", "quotes", "look_up", "listen"}:
            return found

        def noted(*arguments: Any) -> Any:
            what = getattr(arguments[0], "id", arguments[0])
            self.read.append((name, str(what)))
            return found(*arguments)

        return noted


@dataclass
class Live:
    """A chat that is on.

    Attributes:
        watched: what was read on each network.
    """

    folder: Path
    chat: str
    house: House
    watched: dict[str, Watched]

    def words(self) -> str:
        """All words that may be shown."""
        return "\n".join(answer.post.text.text for answer in self.house.store.content(self.chat).answers)

    def missing(self, some: list[Spoken]) -> list[Spoken]:
        """Those of these answers that are no rows yet."""
        words = self.words().split()
        return [one for one in some if one.mark not in words]

    def traces(self, words: list[str]) -> list[str]:
        """Those of these words that stand in the database's very bytes."""
        held = b"\0".join(path.read_bytes() for path in sorted(self.folder.glob("staffroom.db*")))
        return [word for word in words if word.encode() in held]


def test_a_live_chat_is_heard_as_it_is_said(bots: Bots, tmp_path: Path, unique: Callable[[str], str]) -> None:
    with Jetstream(bots.net.pds_url) as jetstream, live(tmp_path / "bot", bots, jetstream, unique("EdChat")) as chat:
        until(lambda: all(question_is_out(bots, network) for network in NETWORKS), "the loop asks its question")
        talks = gather(bots, chat.house.store.chats()[0].series.hashtag, unique, TEACHERS)
        bots.net.settle()  # people who just came are known everywhere before they speak
        began = {network: len(chat.watched[network].read) for network in NETWORKS}

        stay, left_out, decoys = [], [], []
        for talk in talks:
            stay += talk_on(talk)
            left_out.append(talk.say(f"A2: with nothing but the hashtag. {talk.tag}", ASKED, who=KEEPS))
            decoys += say_what_is_not_kept(talk)
        until_none(lambda: chat.missing(stay), "answers to be heard")
        for talk in talks:
            read = chat.watched[talk.network].read[began[talk.network] :]
            assert [one for one in read if one[0] != "sweep" or one[1].endswith(asked_id(talk))] == [], (
                "heard, not read"
            )
        assert chat.missing(left_out) == left_out, "outside the thread, and not asked for"

        for talk in talks:
            change_and_leave(talk, bots)
        gone = [word for talk in talks for word in talk.absent_words()]
        until_none(lambda: chat.traces(gone), "what was deleted, edited away, or by who left")
        until_none(lambda: chat.missing([one for talk in talks for one in talk.shown()]), "all else, edits too")
        until(lambda: likes(bots) == dict.fromkeys(NETWORKS, 2), "each request is honoured with a like")

    assert chat.traces([*gone, *(one.mark for one in decoys)]) == []
    shown = [one for talk in talks for one in talk.shown()]
    found = pages.by_mark(pages.on_page(chat.folder / "site" / chat.chat / "index.html"), [one.mark for one in shown])
    assert {found[one.mark].network for one in shown} == set(NETWORKS)
    assert [word for word in gone if word in chat.words()] == []
    for talk in talks:
        answered = [one for one in servers.threads(bots, talk.network) if len(one.posts) > 1]
        assert all("REMOVE" not in one.text for one in answered), "no request is answered with words"


# -- the chat ----------------------------------------------------------------------------------------------------
@contextmanager
def live(folder: Path, bots: Bots, jetstream: Jetstream, hashtag: str) -> Iterator[Live]:
    """A house as `staffroom run` opens it, with its loop running, a few seconds before its second question."""
    starts_at = write_folder(folder, bots, hashtag, archive="replies")
    settings = folder / "staffroom.yaml"
    line = f"    server: {bots.net.pds_url}\n"
    assert line in settings.read_text()
    settings.write_text(settings.read_text().replace(line, f"{line}    streams: {jetstream.v1}\n", 1))
    chat = f"edchat/{starts_at.astimezone(ZoneInfo(ZONE)).date()}"
    at = {line.prompt: line.at for line in planned(folder, chat)}
    clock = EveningClock()
    told: list[str] = []
    with running_house(folder, told.append, clock=clock) as opened:
        assert opened is not None
        for prompt in ("announce-30m", "welcome", "q1"):
            clock.move_to(at[prompt])
            assert tick(opened).troubles == ()
        watched = {account: Watched(opened.network(account)) for account in opened.accounts}
        house = replace(opened, network=watched.__getitem__)
        clock.move_to(at["q2"] - timedelta(seconds=5))
        loop = Loop(house, told.append)
        running = threading.Thread(target=loop.run, daemon=True)
        running.start()
        try:
            mine = bots.mastodon.id
            until(lambda: jetstream.asked and len(bots.server.open_streams(mine)) > 1, "the loop listens", told)
            until(lambda: all(read_once(house, chat, account) for account in watched), "all was read once", told)
            yield Live(folder, chat, house, watched)
        finally:
            loop.stop()
            running.join(PATIENCE)
        assert not running.is_alive()
        bots.net.settle()
        assert tick(house, everything=True).troubles == ()


def read_once(house: House, chat: str, account: str) -> bool:
    """Whether a chat was read as a whole since the loop began, as it does where streams begin."""
    [due] = [one for one in house.store.collecting(house.clock.now()) if one.stored.chat.id == chat]
    return house.clock.now() - due.swept[account] < timedelta(minutes=2)


def until(question: Callable[[], object], what: str, told: list[str] | None = None) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < ends, (f"not in {PATIENCE} seconds: {what}", told)
        time.sleep(0.1)


def until_none(question: Callable[[], list[Any]], what: str) -> None:
    """Wait until nothing is left; what is, is told."""
    ends = time.monotonic() + PATIENCE
    while left := question():
        assert time.monotonic() < ends, (f"still there after {PATIENCE} seconds: {what}", left)
        time.sleep(0.1)


def question_is_out(bots: Bots, network: str) -> bool:
    return any(text.startswith(f"Q{ASKED} ") for text in servers.texts(bots, network))


def asked_id(talk: Talk) -> str:
    return talk.question(ASKED)


# -- the teachers ------------------------------------------------------------------------------------------------
def talk_on(talk: Talk) -> list[Spoken]:
    """Answers of which the network tells: on Mastodon with a mention or the hashtag. By who leaves, and by others."""
    mention = f"{talk.bot_handle} " if isinstance(talk.crowd, MastodonCrowd) else ""
    said = [
        talk.say(f"{mention}Comments that nobody reads.", ASKED, to=ASKED, who=LEAVES),
        talk.say(f"{mention}Ticks, and not only on paper.", ASKED, to=ASKED, who=2),
        talk.say(f"Levels. {talk.tag}", ASKED, to=ASKED, who=3),
        talk.say(f"{mention}I take this back soon.", ASKED, to=ASKED, who=4),
    ]
    said.append(talk.say(f"{mention}And I stand by this.", ASKED, below=said[3], who=5))
    said.append(talk.say(f"{mention}One level further down.", ASKED, below=said[4], who=2))
    return said


def say_what_is_not_kept(talk: Talk) -> list[Spoken]:
    mention = f"{talk.bot_handle} " if isinstance(talk.crowd, MastodonCrowd) else ""
    quiet = talk.crowd.no_archive
    found = [
        talk.say(f"{mention}My bio says no.", ASKED, to=ASKED, who=quiet, fate="absent"),
        talk.say(f"{mention}Between us. #noarchive", ASKED, to=ASKED, who=3, fate="absent"),
    ]
    if isinstance(talk.crowd, MastodonCrowd):
        found += [
            talk.say(f"{mention}Not public.", ASKED, to=ASKED, fate="absent", visibility=visibility)
            for visibility in ("private", "direct")
        ]
    return found


def change_and_leave(talk: Talk, bots: Bots) -> None:
    """One deletes an answer in the middle of a thread, one edits, one wants all kept, one leaves."""
    mention = f"{talk.bot_handle} " if isinstance(talk.crowd, MastodonCrowd) else ""
    leaver, _, edited, deleted, *_ = (one for one in talk.said if one.answers)
    talk.delete(deleted)
    if isinstance(talk.crowd, MastodonCrowd):
        talk.edit(edited, f"Levels, and I mean it. {talk.tag}")
    else:
        edit_on_bluesky(talk, edited, bots)
    talk.crowd.write(KEEPS, f"{mention}Keep my answers!", under=talk.question(ASKED))
    talk.crowd.write(LEAVES, f"{mention}REMOVE ME", under=talk.question(ASKED))
    leaver.fate = "absent"


def edit_on_bluesky(talk: Talk, edited: Spoken, bots: Bots) -> None:
    """The same record, written again."""
    record = bots.net.get_record(edited.remote.uri)["value"]
    talk.gone_words.append(edited.mark)
    edited.mark = next(talk._marks)
    edited.text = f"Levels, and I mean it. {edited.mark}"
    account = talk.crowd.accounts[edited.who]  # type: ignore[attr-defined]
    changed = {name: value for name, value in record.items() if name != "facets"}
    account.put_record("app.bsky.feed.post", edited.remote.rkey, {**changed, "text": edited.text})


def likes(bots: Bots) -> dict[str, int]:
    """How many posts the bot likes on each network, as the servers hold it."""
    on_bluesky = bots.net.list_records(bots.bluesky.did, "app.bsky.feed.like")
    on_mastodon = bots.mastodon.call("GET", "/api/v1/favourites", params={"limit": 40})
    return {"bluesky": len(on_bluesky), "mastodon": len(on_mastodon)}
