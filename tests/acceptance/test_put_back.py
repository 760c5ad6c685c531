"""The disk is lost in mid-chat, and the backup is put back elsewhere: both servers hold each prompt once, in order."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from acceptance import servers
from acceptance.servers import NETWORKS
from acceptance.teachers import Spoken, Talk, gather
from acceptance.world import Bots, Evening, evening
from contract.store_world import everything

from bot.bootstrap.accounts import Accounts
from bot.bootstrap.backups import back_up, restore
from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import open_house, read_settings
from bot.config.secrets import ERASURES, LOGINS
from bot.storage.store import SqlStore

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer

TEACHERS = 6  # on each network; the last two want nothing of theirs kept
STAYS, LEAVES, COMES = 0, 1, 2
SETTLED = timedelta(minutes=1)
"""How long after a restore nothing is said, and a little more: a last request of the lost bot may still land."""


def test_a_disk_lost_in_mid_chat(
    bots: Bots,
    tmp_path: Path,
    unique: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: "PostgresServer",
) -> None:
    """It was SQLite, and is PostgreSQL from then on."""
    bots.server.ignore_keys(bots.mastodon.id)  # whatever leaves twice is there twice
    with evening(tmp_path / "lost", bots, unique("EdChat"), archive="everyone") as chat:
        talks = gather(bots, chat.hashtag, unique, TEACHERS)
        until_question(chat, 2)
        stay, leave = [], []
        for talk in talks:
            stay.append(talk.say("We read each other's work first.", 1, to=1, who=STAYS))
            leave.append(talk.say("What I said and took back.", 1, to=1, who=LEAVES))
        look(chat, bots)
        kept = everything(the_store(chat))
        assert all(one.mark in kept for one in (*stay, *leave))
        file = Path(back_up(chat.folder, tmp_path / "far away.db", clock=chat.clock).file)

        until_question(chat, 3)
        came = [talk.say("A third question, answered.", 3, to=3, who=COMES) for talk in talks]
        for talk in talks:
            mention = f"{talk.bot_handle} " if talk.network == "mastodon" else ""
            talk.crowd.write(LEAVES, f"{mention}Remove me.", under=talk.question(1))
        look(chat, bots)
        kept = everything(the_store(chat))
        assert all(one.mark in kept for one in came)
        assert not [one.mark for one in leave if one.mark in kept]
        assert servers.said(bots) == chat.due()
        likes = {talk.network: talk.crowd.told_by_bot(LEAVES) for talk in talks}
        assert all(len(told) == 1 for told in likes.values()), "who left was answered, by a like"

        with put_back(chat, tmp_path / "found", file, postgres_server.fresh_database(), monkeypatch) as back:
            back.clock.move_to(back.clock.now() + SETTLED)
            assert back.tick_fully().troubles == ()
            assert servers.said(bots) == chat.due(), "not a post more, and not one less"
            to_the_end(back, bots)
            each_prompt_once(back, bots)
            what_is_kept(back, talks, shown=[*stay, *came], gone=leave)
            now = {talk.network: talk.crowd.told_by_bot(LEAVES) for talk in talks}
            assert {name: sorted(told) for name, told in now.items()} == {
                name: sorted(told) for name, told in likes.items()
            }, "who left is liked once"


def until_question(chat: Evening, number: int) -> None:
    """Say everything up to a question, each thing at its time."""
    for moment in chat.moments():
        if chat.clock.now() < moment <= chat.at(f"q{number}"):
            assert chat.tick_at(moment).troubles == ()


def look(chat: Evening, bots: Bots) -> None:
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def to_the_end(chat: Evening, bots: Bots) -> None:
    for moment in (*chat.moments(), chat.digest_at, chat.digest_at + SETTLED):
        bots.net.settle()
        if chat.clock.now() < moment:
            assert chat.tick_at(moment).troubles == ()


def each_prompt_once(chat: Evening, bots: Bots) -> None:
    """What the servers hold: the plan's prompts in its order, and one digest."""
    for network in NETWORKS:
        *prompts, digest = servers.threads(bots, network)
        assert [thread.text for thread in prompts] == [line.text for line in chat.lines if line.network == network]
        assert "people gave" in digest.text
    for delivery in the_store(chat).deliveries(chat.chat):
        assert delivery.state == "sent", delivery.id


def what_is_kept(chat: Evening, talks: list[Talk], *, shown: list[Spoken], gone: list[Spoken]) -> None:
    page = chat.page.read_text(encoding="utf-8")
    rows = everything(the_store(chat))
    files = b"".join(path.read_bytes() for path in chat.folder.rglob("*") if path.is_file())
    assert [one.mark for one in shown if one.mark not in page] == []
    handles = [talk.crowd.handle(LEAVES) for talk in talks]
    for word in (*(one.mark for one in gone), *handles):
        assert word not in rows
        assert word.encode() not in files


def the_store(chat: Evening) -> SqlStore:
    assert isinstance(chat.house.store, SqlStore)
    return chat.house.store


@contextmanager
def put_back(
    chat: Evening, folder: Path, file: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Evening]:
    """Another folder with what the operator keeps elsewhere: the YAML, the logins, the list, and the backup."""
    the_store(chat).close()
    folder.mkdir()
    for name in ("staffroom.yaml", LOGINS, ERASURES):
        shutil.copy2(chat.folder / name, folder / name)
    for name in ("series", "images"):
        shutil.copytree(chat.folder / name, folder / name)
    monkeypatch.setenv("STAFFROOM_DATABASE", database)
    done = restore(folder, file, clock=chat.clock)
    assert done.erasures > 0
    settings = read_settings(folder)
    store, accounts = open_store_of(settings), Accounts(settings, chat.clock)
    try:
        house = open_house(settings, store, accounts, "elsewhere", chat.clock)
        yield replace(chat, folder=folder, house=house)
    finally:
        accounts.close()
        assert isinstance(store, SqlStore)
        store.close()
