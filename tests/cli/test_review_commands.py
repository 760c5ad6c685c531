"""review, hide: what a host sees of what waits, what a decision changes on the pages, and how mistakes are told."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from cli.cli_world import bare, files, folder, folder_with, golden, open_store, publish, said, staffroom
from contract.store_world import END, START, candidate, chat, opened, say, teacher

from bot.cli.review import WHY
from bot.config.watchwords import load_watchwords
from bot.domain.posts import Media, PostRef
from bot.domain.richtext import RichText
from bot.services.door import readmit

__all__ = ["bare", "folder"]  # fixtures

NOW = END + timedelta(days=1)
CHAT = chat().id
PAGE = f"site/{CHAT}/index.html"
PUPIL = "My pupil Liam Planted finally wrote a whole page, and he read it to all of us without being asked."
WALL = "Our wall of questions.\nIt grows every week."
PLAIN = "Ten silent minutes, every lesson."
KEY = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}\b")


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two answers that wait, one that is shown, and the pages of it."""
    bare = folder_with(tmp_path_factory.mktemp("review") / "bot")
    with time_machine.travel(NOW, tick=False):
        fill(bare)
    return bare


def fill(bare: Path) -> None:
    store = open_store(bare)
    _, question = opened(store)
    answers = []
    for number, (text, media, warning) in enumerate(
        ((PUPIL, (), ""), (WALL, (Media("image", "sticky notes"), Media("video")), "crowded"), (PLAIN, (), ""))
    ):
        one = candidate(store, CHAT, f"rk{number}", question, author=teacher("quuxwho", name="Quux"))
        ref = PostRef(
            "bluesky", f"at://did:plc:quuxwho/app.bsky.feed.post/rk{number}", url=f"https://bsky.app/rk{number}"
        )
        post = msgspec.structs.replace(
            one.post,
            ref=ref,
            uri=ref.id,
            text=RichText(text),
            media=media,
            warning=warning,
            at=START + timedelta(minutes=7 + number),
        )
        answers.append(msgspec.structs.replace(one, post=post, key=store.key("bluesky", ref.id)))
    store.upsert(answers, START + timedelta(minutes=30))
    store.upsert(readmit(store, [one.post for one in answers], load_watchwords(bare)), START + timedelta(minutes=31))
    store.close()
    publish(bare)


def keys(folder: Path) -> dict[str, str]:
    """What to type, by the first reason."""
    return {one["why"][0]: one["key"] for one in said(staffroom("review", "--json", "-C", folder))}


def page(folder: Path) -> str:
    return (folder / PAGE).read_text(encoding="utf-8")


def traces(folder: Path) -> list[str]:
    return [name for name, data in files(folder).items() if b"Planted" in data]


# -- reading -------------------------------------------------------------------------------------------------------
def test_nothing_waits(bare: Path) -> None:
    assert staffroom("review", "-C", bare).stdout == "Nothing waits for a decision.\n"
    assert said(staffroom("review", "--json", "-C", bare)) == []
    assert staffroom("review", "--log", "-C", bare).stdout == "Nothing was decided yet.\n"


@pytest.mark.parametrize("columns", [40, 80])
def test_the_list_fits_a_phone_and_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = staffroom("review", "-C", folder)
    assert shown.exit_code == 0
    golden(f"review-{columns}.txt", KEY.sub("c0ffee00-1234", shown.stdout))
    assert [
        line for line in shown.stdout.splitlines() if len(line) > columns and "staffroom review KEY" not in line
    ] == []


def test_one_answer_is_shown_whole(folder: Path) -> None:
    shown = staffroom("review", keys(folder)["photo"], "-C", folder)
    golden("review-one.txt", KEY.sub("c0ffee00-1234", shown.stdout))
    one = said(staffroom("review", keys(folder)["photo"], "--json", "-C", folder))
    assert one["text"] == f"[crowded]\n{WALL}\n[image: sticky notes]\n[video: without a description]"
    assert one["chats"] == [CHAT]


def test_what_is_printed_cannot_command_a_terminal(folder: Path) -> None:
    store = open_store(folder)
    evil = "\x1b]0;owned\x07\x9b2J\u202e"
    (held, _) = store.held()
    post = msgspec.structs.replace(held.post, warning=evil, media=(Media("image", f"a{evil}\nb"),))
    store.upsert(readmit(store, [post], load_watchwords(folder)), NOW)
    store.close()
    (key,) = (one["key"] for one in said(staffroom("review", "--json", "-C", folder)) if "owned" in one["text"])
    for words in ((), (key,)):
        shown = staffroom("review", *words, "-C", folder).stdout
        assert "owned" in shown
        assert [sign for sign in shown if sign != "\n" and not sign.isprintable()] == []


def test_reading_changes_nothing(folder: Path) -> None:
    before = files(folder, but=("staffroom.db", "staffroom.db-wal", "staffroom.db-shm"))
    staffroom("review", "-C", folder)
    staffroom("review", keys(folder)["pupil"], "-C", folder)
    staffroom("review", "--log", "-C", folder)
    assert files(folder, but=("staffroom.db", "staffroom.db-wal", "staffroom.db-shm")) == before
    assert set(keys(folder)) == {"pupil", "photo"}


# -- deciding ------------------------------------------------------------------------------------------------------
def test_releasing_puts_it_on_the_page_at_once(folder: Path) -> None:
    assert "wall of questions" not in page(folder)
    key = keys(folder)["photo"]
    done = staffroom("review", key, "--release", "--reason", "no faces", "--by", "dan", "-C", folder)
    assert (done.exit_code, done.stdout) == (0, f"Released: {key}. It stands on its page now.\n")
    assert "wall of questions" in page(folder)
    assert set(keys(folder)) == {"pupil"}


def test_dropping_leaves_not_one_byte(folder: Path) -> None:
    assert traces(folder) != []
    key = keys(folder)["pupil"]
    done = staffroom("review", key, "--drop", "--reason", "names a pupil", "--by", "dan", "-C", folder)
    assert (done.exit_code, done.stdout) == (0, f"Dropped: {key}. Nothing of it is kept.\n")
    assert traces(folder) == []
    assert set(keys(folder)) == {"photo"}


def test_hiding_takes_it_off_the_page_and_releasing_brings_it_back(folder: Path) -> None:
    assert PLAIN in page(folder)
    done = staffroom("hide", "https://bsky.app/rk2", "--reason", "looked odd", "--by", "eve", "-C", folder)
    assert done.stdout == ("Hidden: https://bsky.app/rk2. It is on no page, and waits in `staffroom review`.\n")
    assert PLAIN not in page(folder)
    assert PLAIN.encode() not in b"".join(data for name, data in files(folder).items() if name.startswith("site/"))
    staffroom("review", keys(folder)["hidden"], "--release", "--reason", "it was fine", "-C", folder)
    assert PLAIN in page(folder)


def test_hiding_by_the_link_of_its_place_on_our_page(folder: Path) -> None:
    (anchor,) = re.findall(r'id="(a-[0-9a-f]{24})"', page(folder))
    link = f"https://chats.example.org/{CHAT}/#{anchor}"
    assert staffroom("hide", link, "--reason", "looked odd", "-C", folder).exit_code == 0
    assert PLAIN not in page(folder)


def test_a_digest_post_that_repeats_it_is_queued_for_deletion_and_told(folder: Path) -> None:
    store = open_store(folder)
    key = store.key("bluesky", "at://did:plc:quuxwho/app.bsky.feed.post/rk2")
    say(store, f"{CHAT}/q2@sky", START + timedelta(minutes=25))
    say(store, f"{CHAT}/wrap-up@sky", END, "Digest", PLAIN, answer=key)
    done = staffroom("hide", "https://bsky.app/rk2", "--reason", "looked odd", "-C", folder)
    assert done.stdout.endswith(" 1 post of the bot repeats it and will be deleted by `run` or the next `tick`.\n")
    assert [errand.kind for errand in store.errands("sky", NOW, 9)] == ["delete"]
    store.close()


def test_for_scripts(folder: Path) -> None:
    done = said(staffroom("hide", "https://bsky.app/rk2", "--reason", "odd", "--json", "-C", folder))
    assert (done["shown"], done["held"], done["deleted"]) == (False, ["hidden"], 0)
    key = keys(folder)["hidden"]
    done = said(staffroom("review", key, "--release", "--reason", "fine", "--json", "-C", folder))
    assert (done["shown"], done["held"]) == (True, [])


# -- the log -------------------------------------------------------------------------------------------------------
def test_the_log_names_nobody_but_who_decided(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "fay")
    found = keys(folder)
    staffroom("review", found["photo"], "--release", "--reason", " no\nfaces ", "-C", folder)
    staffroom("review", found["pupil"], "--drop", "--reason", "names a pupil", "--by", "dan", "-C", folder)
    shown = staffroom("review", "--log", "-C", folder).stdout
    at = "8 Jan 2027 21:00 UTC"
    assert sorted(shown.splitlines()) == sorted(
        (
            f"{at}  {found['pupil'][:8]}  dropped by dan: names a pupil",
            f"{at}  {found['photo'][:8]}  released by fay: no faces",
        )
    )
    told = said(staffroom("review", "--log", "--json", "-C", folder))
    assert {one["kind"] for one in told} == {"dropped", "released"}
    for word in ("Planted", "quuxwho", "Quux", "wall", "bsky.app"):
        assert word not in shown + json.dumps(told)


# -- mistakes ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("review", "--release"), "Which answer? `staffroom review` lists what waits, each with its key."),
        (("review", "--reason", "x"), "Which answer? `staffroom review` lists what waits, each with its key."),
        (("review", "K", "--release", "--drop"), "One at a time, please: --release or --drop?"),
        (("review", "K", "--reason", "x"), "Add what you decided: --release or --drop."),
        (("review", "K", "--release"), 'Say why, for the log: --reason "…"'),
        (("review", "K", "--drop", "--reason", " "), 'Say why, for the log: --reason "…"'),
        (("review", "K", "--drop", "--reason", "x" * 501), "A reason has at most 500 characters, a name 1 to 80."),
        (("review", "K", "--drop", "--reason", "x", "--by", "y" * 81), "A reason has at most 500 characters, a name"),
        (("review", "K", "--drop", "--reason", "x", "--by", ""), "A reason has at most 500 characters, a name"),
        (("review", "--log", "--drop"), "`--log` stands alone: `staffroom review --log`."),
        (("hide", "https://bsky.app/rk2"), 'Say why, for the log: --reason "…"'),
        (("hide", "https://bsky.app/rk9", "--reason", "x"), "no answer that is kept has this address."),
    ],
)
def test_a_mistake_is_one_kind_line_and_changes_nothing(folder: Path, words: tuple[str, ...], says: str) -> None:
    key = keys(folder)["pupil"]
    result = staffroom(*(key if word == "K" else word for word in words), "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert set(keys(folder)) == {"pupil", "photo"}
    assert said(staffroom("review", "--log", "--json", "-C", folder)) == []


def test_a_wrong_key_says_which_there_are(folder: Path) -> None:
    result = staffroom("review", "ffffffff-0000", "--drop", "--reason", "x", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    found = keys(folder)
    assert result.stderr == (
        f"ffffffff-0000: no answer that waits has this key. There are: {found['pupil']}, {found['photo']}.\n"
    )


def test_a_wrong_list_of_words_stops_a_decision_before_it_is_made(folder: Path) -> None:
    own = folder / "templates" / "watchwords" / "en.json"
    own.parent.mkdir(parents=True)
    own.write_text("{", encoding="utf-8")
    result = staffroom("hide", "https://bsky.app/rk2", "--reason", "x", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("templates/watchwords/en.json:1:2: This is not JSON")
    assert PLAIN in page(folder)


def test_every_reason_has_words() -> None:
    assert set(WHY) == {"photo", "label", "pupil", "harm", "accusation", "asked", "hidden"}
