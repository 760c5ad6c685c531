"""research-export: only of who joined and agreed, in groups of five, by a key that is kept apart."""

import csv
import json
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from cli.cli_world import folder_with, open_store, said, staffroom
from click.testing import Result
from contract.store_world import BEFORE, START, candidate, chat, deliveries, prompts, say, series, teacher

from bot.bootstrap.people import export_person
from bot.config.keys import RESEARCH_KEY
from bot.config.secrets import known_secrets
from bot.domain.consent import Wish, WishKind
from bot.domain.linked import Claim
from bot.domain.occurrences import Span
from bot.domain.posts import PostRef
from bot.domain.records import Placed
from bot.domain.research import pseudonym
from bot.domain.richtext import detect
from bot.services.door import person_keys
from bot.services.research import gather
from bot.services.wishes import remember
from bot.storage.store import SqlStore

TERMS = (Span(chat(7).date, chat(10).date), Span(chat(11).date, chat(24).date), Span(chat(25).date, chat(31).date))
NOW = datetime(2027, 1, 30, 12, tzinfo=UTC)
AGREED = [f"agreed{number}" for number in range(7)]
OTHERS = ("silent", "unjoined", "nameless", "refused")
FILES = ["answers.csv", "chats.csv", "codebook.md", "people.csv"]
TRACES = ("xyzzy", "agreed0", "silent", "did:plc", "bsky", "http", "20:0", "q1", "Feedback", "Marking")


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def ask(store: SqlStore, who: str, kind: WishKind, slug: str = "", *, hours: int = 0) -> None:
    author, at = teacher(who), NOW - timedelta(days=9) + timedelta(hours=hours)
    remember(store, author, person_keys(store, author), Wish(kind, slug, at), "a test", at)


def address(day: int, who: str, nth: int = 0) -> str:
    return f"at://did:plc:{who}/app.bsky.feed.post/{day}-{who}-{nth}"


def answer(store: SqlStore, day: int, who: str, words: int, *, under: str = "", nth: int = 0) -> None:
    of, rkey = chat(day), f"{day}-{who}"
    text = detect("xyzzy " * words + ("https://example.org/xyzzy" if who == "agreed6" else ""))
    parent = store.key("bluesky", under or f"{of.id}/q1@sky#0")
    found = candidate(store, of.id, rkey, parent, author=teacher(who), text=text)
    ref = PostRef("bluesky", address(day, who, nth), "c", f"https://bsky.app/{rkey}")
    at = START + timedelta(days=day - 7, minutes=7)
    post = msgspec.structs.replace(found.post, ref=ref, uri=ref.id, at=at, media=())
    one = msgspec.structs.replace(found, post=post, key=store.key("bluesky", ref.id))
    store.upsert([one], of.ends_at)
    if not under:
        store.place(of.id, {one.key: [Placed(f"{of.id}/q1", "reply")]})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two terms that are over and one that is not; seven people agreed, four others did not, each in another way."""
    made = folder_with(tmp_path_factory.mktemp("research") / "bot")
    store = open_store(made)
    chats = [chat(day) for day in (7, 14, 28)]
    spoken = tuple(prompt for one in chats for prompt in prompts(one))
    store.save_plan(series(terms=TERMS, hosts=("@agreed3.bsky.social",)), chats, spoken, deliveries(spoken), BEFORE)
    for one in chats:
        say(store, f"{one.id}/welcome@sky", one.starts_at)
        say(store, f"{one.id}/q1@sky", one.starts_at + timedelta(minutes=5))
    for who in (*AGREED, *OTHERS):
        for day in (7, 14, 28):
            answer(store, day, who, 60 if who == "agreed0" else 20)
    for who in (*AGREED, *OTHERS):
        if who != "unjoined":
            ask(store, who, "joined", "edchat")
        if who != "silent":
            ask(store, who, "research")
    ask(store, "nameless", "nameless")
    ask(store, "refused", "noresearch", hours=1)
    store.close()
    return made


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "bot")


def export(folder: Path, out: Path, *words: str) -> Result:
    return staffroom("research-export", "--series", "edchat", "--out", out, *words, "-C", folder)


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def codes(folder: Path, *names: str) -> set[str]:
    key = bytes.fromhex(json.loads((folder / RESEARCH_KEY).read_text())["key"])
    return {pseudonym(key, "edchat", "bluesky", f"did:plc:{name}") for name in names}


def closed(file: Path) -> bool:
    return stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_who_joined_and_agreed_is_in_it_and_nothing_names_them(folder: Path, tmp_path: Path) -> None:
    out, kept = tmp_path / "out", tmp_path / "kept.db"
    result = export(folder, out)
    assert result.exit_code == 0, result.output
    assert sorted(one.name for one in out.iterdir()) == FILES
    assert {one["pseudonym"] for one in rows(out / "people.csv")} == codes(folder, *AGREED)
    assert "cannot be called back" in result.stdout
    assert "the export before" not in result.stdout
    assert all(closed(one) for one in (*out.iterdir(), folder / RESEARCH_KEY))
    key = json.loads((folder / RESEARCH_KEY).read_text())["key"]
    written = "".join(one.read_text() for one in out.iterdir())
    assert not [one for one in (*TRACES, *OTHERS[2:], key) if one in written]
    assert key in known_secrets()
    assert key not in result.output
    assert staffroom("backup", kept, "-C", folder).exit_code == 0
    assert key.encode() not in kept.read_bytes()


def test_rows_are_of_terms_that_are_over_and_the_same_for_all(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "out")
    told = rows(tmp_path / "out" / "answers.csv")
    assert len(told) == 14
    assert {one["term"] for one in told} == {"2027-01-07", "2027-01-11"}
    assert {tuple(one.values())[2:] for one in told} == {("question", "yes", "", "")}
    people = rows(tmp_path / "out" / "people.csv")
    assert {(one["first_term"], one["chats"]) for one in people} == {("2027-01-07", "2-4")}
    assert [list(one.values()) for one in rows(tmp_path / "out" / "chats.csv")] == [
        ["1", "2027-01-07", "live", "2"],
        ["2", "2027-01-11", "live", "2"],
    ]
    assert export(folder, tmp_path / "one", "--term", "2027-01-11").exit_code == 0
    assert {one["term"] for one in rows(tmp_path / "one" / "answers.csv")} == {"2027-01-11"}
    assert rows(tmp_path / "one" / "chats.csv")[0]["chat"] == "2"


def test_an_answer_is_told_by_what_it_stands_under_and_nothing_else(folder: Path) -> None:
    store = open_store(folder)
    for nth, above in enumerate((address(7, "agreed3"), address(7, "silent"), "at://never/seen"), start=1):
        answer(store, 7, "agreed6", 5, under=above, nth=nth)
    found = gather(store, "edchat", "2027-01-07", bytes(32), NOW)
    (one,) = [
        one for one in found.people if one.pseudonym == pseudonym(bytes(32), "edchat", "bluesky", "did:plc:agreed6")
    ]
    store.close()
    assert sorted(tuple(row)[1:] for row in one.rows) == [
        ("host", "no", "yes", "1-10"),
        ("other", "no", "yes", "1-10"),
        ("participant", "no", "yes", "1-10"),
        ("question", "yes", "yes", "11-50"),
    ]
    assert (one.first_term, one.chats) == ("2027-01-07", 1)


def test_the_codebook_explains_every_column(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "out")
    codebook = (tmp_path / "out" / "codebook.md").read_text()
    for name in ("answers.csv", "people.csv", "chats.csv"):
        for column in rows(tmp_path / "out" / name)[0]:
            assert f"| {column} |" in codebook.partition(f"## {name}")[2]
    assert "lower bounds" in codebook


@pytest.mark.parametrize("kind", ["noresearch", "stopped"])
def test_who_takes_it_back_or_leaves_is_in_no_later_export(folder: Path, tmp_path: Path, kind: WishKind) -> None:
    export(folder, tmp_path / "out")
    (gone,) = codes(folder, "agreed1")
    assert gone in (tmp_path / "out" / "people.csv").read_text()
    store = open_store(folder)
    ask(store, "agreed1", kind, hours=2)
    store.close()
    result = export(folder, tmp_path / "out")
    assert "narrow them down" in result.stdout
    written = "".join(one.read_text() for one in (tmp_path / "out").iterdir())
    assert gone not in written
    assert codes(folder, "agreed2") <= {one["pseudonym"] for one in rows(tmp_path / "out" / "people.csv")}


def test_of_fewer_than_five_there_is_nothing(folder: Path, tmp_path: Path) -> None:
    store = open_store(folder)
    for who in AGREED[:3]:
        ask(store, who, "noresearch", hours=2)
    store.close()
    result = export(folder, tmp_path / "out")
    assert result.exit_code == 2
    assert "Fewer than 5 people" in result.stderr
    assert not (tmp_path / "out").exists()
    assert not (folder / RESEARCH_KEY).exists()


def test_a_new_key_makes_strangers_of_all(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "one")
    before = {one["pseudonym"] for one in rows(tmp_path / "one" / "people.csv")}
    export(folder, tmp_path / "two")
    assert before == {one["pseudonym"] for one in rows(tmp_path / "two" / "people.csv")}
    export(folder, tmp_path / "three", "--new-key")
    assert before.isdisjoint(one["pseudonym"] for one in rows(tmp_path / "three" / "people.csv"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--series", "chatter"], "--series chatter: there is no such series. There are: edchat.\n"),
        (["--term", "2027-01-25"], "no such term that is over. Those that are over: 2027-01-07, 2027-01-11.\n"),
        (["--out", "SITE"], "which is published"),
        (["--out", "HERE"], "must not lie beside them"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    folder: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    places = {"SITE": str(folder / "site" / "x"), "HERE": str(folder)}
    result = export(folder, tmp_path / "out", *[places.get(word, word) for word in words])
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (tmp_path / "out").exists()
    assert not [name for name in (*FILES, RESEARCH_KEY) if (folder / name).exists()]


@pytest.mark.parametrize(("text", "mode", "told"), [("{}", 0o600, "is damaged"), ('{"key": ""}', 0o644, "can read")])
def test_a_key_that_is_open_or_damaged_is_not_used(
    folder: Path, tmp_path: Path, text: str, mode: int, told: str
) -> None:
    (folder / RESEARCH_KEY).write_text(text)
    (folder / RESEARCH_KEY).chmod(mode)
    result = export(folder, tmp_path / "out")
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_moderator_enters_it_and_its_owner_is_told(folder: Path) -> None:
    done = staffroom("people", "silent.bsky.social", "--research", "-C", folder)
    assert "silent.bsky.social agreed to research" in done.stdout
    (one,) = said(staffroom("people", "silent.bsky.social", "--json", "-C", folder))
    assert "research" in one["standing"]
    (account,) = export_person(folder, "silent.bsky.social", None)["accounts"]
    assert "research" in {wish["kind"] for wish in account["wishes"]}
    assert "said no to research" in staffroom("people", "silent.bsky.social", "--no-research", "-C", folder).stdout
    (one,) = said(staffroom("people", "silent.bsky.social", "--json", "-C", folder))
    assert "research" not in one["standing"]


def link(store: SqlStore, *names: str) -> None:
    one, other = (store.key("bluesky", f"did:plc:{name}") for name in names)
    for by, of in ((one, other), (other, one)):
        store.add_claim(Claim("also", by, of, NOW), "a test", NOW)


def gathered(store: SqlStore, term: str = "") -> set[str]:
    """Who of those that agreed would be given away."""
    found = {one.pseudonym for one in gather(store, "edchat", term, bytes(32), NOW).people}
    names = (*AGREED, "early", "late")
    return {name for name in names if pseudonym(bytes(32), "edchat", "bluesky", f"did:plc:{name}") in found}


def test_of_two_linked_accounts_only_the_one_that_answered_first_is_in_it(folder: Path) -> None:
    store = open_store(folder)
    answer(store, 7, "early", 5)
    answer(store, 14, "late", 5)
    for who in ("early", "late"):
        ask(store, who, "joined", "edchat")
        ask(store, who, "research")
    assert gathered(store) == {*AGREED, "early", "late"}
    link(store, "early", "late")
    assert gathered(store) == {*AGREED, "early"}
    # and that does not change from term to term, so that no pseudonym follows upon another one
    assert gathered(store, "2027-01-11") == set(AGREED)
    ask(store, "early", "noresearch", hours=2)
    assert gathered(store) == {*AGREED, "late"}
    store.close()
