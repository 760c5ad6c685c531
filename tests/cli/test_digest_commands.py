"""digest: what a host sees of what is chosen, what changes it, and how mistakes are told."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from cli.cli_world import folder_with, golden, open_store, said, staffroom
from contract.store_world import END, START, candidate, chat, opened, teacher

from bot.domain.digests import choose
from bot.domain.posts import PostRef
from bot.domain.records import Placed
from bot.domain.richtext import RichText

NOW = END + timedelta(hours=2, minutes=30)
CHAT = chat().id
STAFFROOM = """\
database: sqlite:///staffroom.db
contact: chats@example.org
controller: Teachers of Example
site: {title: Chats, address: "https://chats.example.org", folder: site, language: en}
networks:
  sky: {network: bluesky, handle: chats.example.org}
  masto: {network: mastodon, server: "https://social.example.org"}
"""
SERIES = """\
title: EdChat
hashtag: EdChat
timezone: Europe/London
every: thursday
at: 20:00
accounts: [sky, masto]
chats:
  - date: 2027-01-07
    topic: Marking
    questions: [Why mark?, What instead?]
"""


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """A folder with a chat that three people answered; nothing is chosen yet."""
    folder = folder_with(tmp_path / "bot", STAFFROOM, SERIES)
    store = open_store(folder)
    _, question = opened(store)
    answers = []
    for number, who in enumerate(("amy", "ben", "cat")):
        one = candidate(store, CHAT, who, question, author=teacher(who, name=who.title()))
        ref = PostRef("bluesky", f"at://did:plc:{who}/app.bsky.feed.post/x", url=f"https://bsky.app/{who}")
        text = RichText(f"{who.title()} says something long enough to be read\n\nin one breath\x1b[2J.")
        post = msgspec.structs.replace(one.post, ref=ref, text=text, at=START + timedelta(minutes=7 + number), media=())
        answers.append(msgspec.structs.replace(one, post=post, key=store.key("bluesky", ref.id)))
    store.upsert(answers, START + timedelta(minutes=30))
    store.place(CHAT, {one.key: (Placed(f"{CHAT}/q1", "reply"),) for one in answers})
    store.close()
    return folder


@pytest.fixture
def folder(answered: Path) -> Path:
    """The same with its digest chosen and held."""
    store = open_store(answered)
    picks = choose(store.content(CHAT))
    assert store.hold_digest(CHAT, picks, NOW, NOW + timedelta(hours=2))
    store.close()
    return answered


def key_of(folder: Path, who: str) -> str:
    store = open_store(folder)
    key = store.key("bluesky", f"at://did:plc:{who}/app.bsky.feed.post/x")
    store.close()
    return key[:8]


def shown(folder: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = said(staffroom("digest", *words, "--json", "-C", folder))
    return found


def quoted(found: dict[str, Any]) -> list[str]:
    return [one["text"].split()[0] for one in found["chosen"]]


@pytest.mark.parametrize("columns", [40, 80])
def test_what_is_held_fits_a_phone_and_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = staffroom("digest", "show", CHAT, "-C", folder).stdout
    golden(f"digest-{columns}.txt", re.sub(r"\b[0-9a-f]{8}\b", "c0ffee00", text))
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if len(line) > columns and "staffroom digest" not in line] == []


def test_what_is_held_as_json(folder: Path) -> None:
    found = shown(folder, "show", CHAT)
    assert (found["state"], found["quotes"], found["intro"]) == ("held", True, "")
    assert found["at"] == "2027-01-08T01:30:00Z"
    assert [(one["question"], one["key"], one["why"]) for one in found["chosen"]] == [
        (1, key_of(folder, "amy"), "the first answer"),
        (1, key_of(folder, "ben"), "so that more people are heard"),
    ]
    assert set(found["posts"]) == {"sky", "masto"}
    assert "3 people gave 3 answers." in found["posts"]["sky"]


def test_it_can_be_looked_at_before_it_is_chosen(answered: Path) -> None:
    found = shown(answered, "show", CHAT)
    assert (found["state"], quoted(found)) == ("not chosen", ["Amy", "Ben"])
    assert (
        "not chosen yet. It is to go out on 7 Jan 2027 23:00 UTC"
        in staffroom("digest", "show", CHAT, "-C", answered).stdout
    )
    late = staffroom("digest", "approve", CHAT, "-C", answered)
    assert late.exit_code == 2
    assert late.stderr == f"{CHAT}: nothing is chosen yet; there is nothing to approve.\n"


def test_hosts_change_it_and_the_log_tells_who_did(folder: Path) -> None:
    assert quoted(shown(folder, "pin", CHAT, "https://bsky.app/cat", "--by", "dan", "--reason", "a gem")) == [
        "Cat",
        "Amy",
    ]
    found = shown(folder, "leave-out", CHAT, key_of(folder, "amy"), "--by", "eve")
    assert quoted(found) == ["Cat", "Ben"]
    assert found["left_out"] == [key_of(folder, "amy")]
    assert quoted(shown(folder, "free", CHAT, key_of(folder, "amy"), "--by", "eve")) == ["Cat", "Amy"]
    found = shown(folder, "edit", CHAT, " What an\tevening. ", "--by", "eve")
    assert found["intro"] == "What an evening."
    assert "\n\nWhat an evening.\n\n" in found["posts"]["masto"]
    assert shown(folder, "stop", CHAT, "--by", "eve")["state"] == "stopped"
    assert "stopped: it does not go out" in staffroom("digest", "show", CHAT, "-C", folder).stdout
    assert shown(folder, "approve", CHAT, "--by", "dan")["at"] == "2027-01-07T23:30:00Z"
    log = (
        staffroom("review", "--log", "-C", folder)
        .stdout.replace(key_of(folder, "amy"), "AMY")
        .replace(key_of(folder, "cat"), "CAT")
    )
    assert [line.partition("  ")[2] for line in log.splitlines()] == [
        f"{CHAT}  digest approved by dan",
        f"{CHAT}  digest stopped by eve",
        f"{CHAT}  digest's words edited by eve",
        "AMY  left to the digest's own choice by eve",
        "AMY  left out of the digest by eve",
        "CAT  pinned for the digest by dan: a gem",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pin", CHAT, "nobody"], "nobody: no answer of edchat/2027-01-07 is called so."),
        (["edit", CHAT, "x" * 201], "Your words have 201 characters; 200 are possible here."),
        (["show", "edchat/2027-01-08"], "There are: edchat/2027-01-07."),
        (["stop", CHAT, "--by", "x" * 81], "a name 1 to 80"),
        (["pint", CHAT], "No such command 'pint'."),
    ],
)
def test_mistakes_are_told_and_change_nothing(folder: Path, words: list[str], told: str) -> None:
    before = shown(folder, "show", CHAT)
    result = staffroom("digest", *words, "-C", folder)
    assert result.exit_code == 2
    assert told in result.stderr
    assert shown(folder, "show", CHAT) == before


def test_a_chat_alone_means_now_and_what_is_out_is_out(folder: Path) -> None:
    shown(folder, "pin", CHAT, key_of(folder, "cat"))
    preview = staffroom("digest", CHAT, "--preview", "-C", folder).stdout
    assert preview == staffroom("digest", "now", CHAT, "--preview", "-C", folder).stdout
    assert preview == staffroom("digest", "-C", folder, CHAT, "--preview").stdout
    assert preview.startswith("sky\n#EdChat: Marking\n")
    assert "is written" in staffroom("digest", CHAT, "-C", folder).stdout
    found = shown(folder, "show", CHAT)
    assert (found["state"], found["at"], quoted(found)) == ("out", None, ["Cat", "Amy"])
    stopped = staffroom("digest", "stop", CHAT, "-C", folder)
    assert stopped.exit_code == 2
    assert "is out, or on its way" in stopped.stderr
    assert "already" in staffroom("digest", CHAT, "-C", folder).stdout
