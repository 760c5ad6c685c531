"""A record's way to its owner on a real Mastodon-API server: asked for, sent, fetched once; and gone with REMOVE ME."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from acceptance import servers
from acceptance.world import Bots, Evening, evening

from bot.bootstrap import send_record
from bot.bootstrap.download_server import download_server
from bot.bootstrap.sending import Waiting
from bot.config import load_staffroom

WORDS = "Xyzzy: exit tickets every Friday"
ADDRESS = "https://records.example.org"


def test_who_asked_fetches_their_record_once_and_who_left_no_more(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    tea = bots.server.create_account(unique("mtea"), note="I teach.")
    bea = bots.net.create_account(unique("btea"), description="I teach.")
    block = f"downloads: {{address: '{ADDRESS}', listen: '127.0.0.1:0'}}\n"
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="replies", publish=block) as chat:
        for prompt in ("announce-30m", "welcome", "q1"):
            assert chat.tick_at(chat.at(prompt)).troubles == ()
        for person, network in ((tea, "mastodon"), (bea, "bluesky")):
            for said in (WORDS, "KEEP MY ANSWERS", "MY RECORD"):
                person.post(said, reply_to=servers.question(bots, network, 1).id)
        read(chat, bots)
        address = tea.call("GET", "/api/v1/accounts/verify_credentials")["url"]
        told: list[str] = []
        with download_server(load_staffroom(chat.folder), chat.house.store, chat.clock.now, told.append):
            base = told[0].removeprefix("Records are given out at ")
            sent = send(chat, address)
            (first,) = paths(tea)
            assert (sent.why, sent.words) == ("", "")
            assert httpx.get(base + first).status_code == 200
            given = httpx.post(base + first)
            assert WORDS.encode() in zipfile.ZipFile(io.BytesIO(given.content)).read("record/record.json")
            assert [httpx.post(base + first).status_code, httpx.get(base + first).status_code] == [404, 404]
            # The network that has no chat service tells why the moderator has to hand it over.
            by_hand = send(chat, bea.handle)
            assert by_hand.why
            handed = found_in(by_hand.words)
            assert httpx.get(base + handed).status_code == 200
            # Another one, and its owner leaves.
            send(chat, address)
            (second,) = set(paths(tea)) - {first}
            assert httpx.get(base + second).status_code == 200
            tea.post("REMOVE ME", reply_to=servers.question(bots, "mastodon", 1).id)
            read(chat, bots)
            assert httpx.post(base + second).status_code == 404
            assert len(list((chat.folder / ".staffroom-downloads").iterdir())) == 1
            # What nobody fetched ends with its week.
            chat.tick_at(chat.clock.now() + timedelta(days=7))
            assert httpx.post(base + handed).status_code == 404
            assert list((chat.folder / ".staffroom-downloads").iterdir()) == []
            assert chat.house.store.downloads() == ()


def send(chat: Evening, who: str) -> Waiting:
    return send_record(chat.folder, who, None)


def read(chat: Evening, bots: Bots) -> None:
    """All that was said is read, and what follows from it done."""
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def found_in(words: str) -> str:
    found = re.search(rf"{re.escape(ADDRESS)}(/[\w-]{{43}})", words)
    assert found
    return found[1]


def paths(tea: Any) -> list[str]:
    """The addresses that this person was told, each in a post that only they and the bot can see."""
    told = [one["status"] for one in tea.call("GET", "/api/v1/notifications") if one["type"] == "mention"]
    about = [one for one in told if ADDRESS in one["content"]]
    assert {one["visibility"] for one in about} == {"direct"}
    assert all([person["username"] for person in one["mentions"]] == [tea.username] for one in about)
    return [found_in(one["content"]) for one in about]
