"""record: made only for who asked, from what is kept by consent, as files that nobody else can read."""

import json
import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from cli.cli_world import STAFFROOM, files, folder, folder_with, lasting, open_store, staffroom
from contract.store_world import END, START, candidate, chat, opened, save, say, series, teacher
from unit.pdf_reader import Pdf, bare

from bot.domain.consent import Wish, WishKind
from bot.domain.followups import FollowUp
from bot.domain.posts import Account, PostRef
from bot.domain.records import Candidate, Placed
from bot.domain.richtext import detect
from bot.services.door import person_keys
from bot.services.plan import planned_follow_ups
from bot.services.wishes import remember
from bot.storage.store import SqlStore

__all__ = ["folder"]  # fixtures

NOW = END + timedelta(days=1)
WORDS = "Xyzzy: what I stopped marking, see https://example.org/xyzzy"
PERSON = teacher("quuxwho", name="Quux Planted-Name")
OTHER = teacher("zoezoe", name="Zoe Somebody")
HANDLE = PERSON.handle
CHAT = chat().id
MADE = ["record.html", "record.json", "record.pdf"]


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def by(store: SqlStore, author: Account, rkey: str, text: str, minutes: float, *, under: str = "") -> Candidate:
    found = candidate(store, CHAT, rkey, under, author=author, text=detect(text))  # type: ignore[arg-type]
    ref = PostRef("bluesky", f"at://{author.id}/app.bsky.feed.post/{rkey}", "c", f"https://bsky.app/{rkey}")
    post = msgspec.structs.replace(found.post, ref=ref, uri=ref.id, at=START + timedelta(minutes=minutes), media=())
    return msgspec.structs.replace(found, post=post, key=store.key("bluesky", ref.id))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chat in which one person answered twice and another replied; copied for each test."""
    bare = folder_with(tmp_path_factory.mktemp("record") / "bot")
    store = open_store(bare)
    _, question = opened(store)
    first = by(store, PERSON, "first", WORDS, 7, under=question)
    reply = by(store, OTHER, "reply", "I agree with that, says Zoe.", 10, under=first.key)
    second = by(store, PERSON, "second", "And one more thing.", 31.5, under=question)
    store.upsert([first, reply, second], START + timedelta(minutes=40))
    store.place(CHAT, {one.key: [Placed(f"{CHAT}/q1", "reply")] for one in (first, reply, second)})
    store.close()
    return bare


def ask(folder: Path, kind: WishKind, slug: str = "", *, who: Account = PERSON, hours: float = 0) -> None:
    """Remember what somebody asked, without the pages, which the command would make anew."""
    store, at = open_store(folder), NOW + timedelta(hours=hours)
    remember(store, who, person_keys(store, who), Wish(kind, slug, at), "a test", at)
    store.close()


@pytest.fixture
def asked(folder: Path) -> Path:
    """The same after that person joined and asked for a record."""
    ask(folder, "joined", "edchat")
    ask(folder, "record")
    return folder


def made(folder: Path, out: Path) -> dict[str, object]:
    result = staffroom("record", HANDLE, "--out", out, "-C", folder)
    assert result.exit_code == 0, result.stderr
    found: dict[str, object] = json.loads((out / "record.json").read_bytes())
    return found


def said(out: Path) -> list[str]:
    """What each file says, without white space."""
    found = files(out)
    return [Pdf(data).words if name.endswith(".pdf") else bare(data.decode()) for name, data in found.items()]


def refused(folder: Path, out: Path, *words: str | Path) -> str:
    """What is said to a record that is not made; nothing may be written."""
    before = files(out) if out.is_dir() else None
    result = staffroom("record", *(words or (HANDLE,)), "--out", out, "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (files(out) if out.is_dir() else None) == before
    return result.stderr


# -- what is written ---------------------------------------------------------------------------------------------------
def test_a_record_is_three_files_for_one_reader(asked: Path, out: Path) -> None:
    result = staffroom("record", HANDLE, "--out", out, "-C", asked)
    assert result.exit_code == 0
    assert result.stdout == (
        f"The record of {HANDLE}: 2 answers in 1 chat.\n"
        f"  {out / 'record.html'}\n"
        f"  {out / 'record.pdf'}\n"
        f"  {out / 'record.json'}\n"
        "Hand the files to their owner and delete them here; nothing else knows of them.\n"
    )
    assert sorted(files(out)) == MADE
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700


def test_it_says_what_was_seen_of_this_person_and_of_nobody_else(asked: Path, out: Path) -> None:
    told = made(asked, out)
    observed = told["observed"]
    assert isinstance(observed, dict)
    assert [observed[name] for name in ("answers", "minutes", "threads", "followed")] == [2, 24, 1, 1]
    assert observed["links"] == ["https://example.org/xyzzy"]
    assert (told["asked_at"], told["made_at"]) == ("2027-01-08T21:00:00Z", "2027-01-08T21:00:00Z")
    for words in said(out):
        assert "Xyzzy" in words
        assert "Zoe" not in words
        assert "zoezoe" not in words


def test_the_same_again_is_the_same_bytes(asked: Path, out: Path) -> None:
    made(asked, out)
    before = files(out)
    made(asked, out)
    assert files(out) == before


def test_without_what_makes_pdfs_the_other_files_are_written(
    asked: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PDF of before would say what no longer stands: it goes."""
    made(asked, out)
    monkeypatch.setitem(sys.modules, "typst", None)
    result = staffroom("record", HANDLE, "--out", out, "-C", asked)
    assert result.exit_code == 0
    assert "A PDF needs one more package: pip install 'staffroom[pdf]'.\n" in result.stdout
    assert "record.pdf" not in result.stdout
    assert sorted(files(out)) == ["record.html", "record.json"]
    monkeypatch.undo()
    made(asked, out)
    assert sorted(files(out)) == MADE


def test_nothing_of_it_is_published(asked: Path, out: Path) -> None:
    staffroom("archive", "-C", asked)
    before = lasting(files(asked / "site"))
    made(asked, out)
    staffroom("archive", "-C", asked)
    assert lasting(files(asked / "site")) == before


def test_who_goes_without_a_name_gets_a_record_with_exact_times(asked: Path, out: Path) -> None:
    ask(asked, "nameless")
    observed = made(asked, out)["observed"]
    assert isinstance(observed, dict)
    assert observed["minutes"] == 24
    assert observed["chats"][0]["answers"][0]["url"] == "https://bsky.app/first"


def test_what_is_held_or_removed_is_not_in_it(asked: Path, out: Path) -> None:
    store = open_store(asked)
    second = store.key("bluesky", f"at://{PERSON.id}/app.bsky.feed.post/second")
    (held,) = [one for one in store.candidates(CHAT) if one.key == second]
    store.upsert([msgspec.structs.replace(held, hold=True, held="pupil")], NOW)
    store.close()
    result = staffroom("record", HANDLE, "--out", out, "-C", asked)
    assert "1 answer in 1 chat." in result.stdout
    assert f"1 kept answer is not in it: held, or in a series that {HANDLE} did not join.\n" in result.stdout
    store = open_store(asked)
    store.bury([second], NOW)
    store.close()
    result = staffroom("record", HANDLE, "--out", out, "-C", asked)
    assert "not in it" not in result.stdout
    assert all("onemorething" not in words for words in said(out))


def test_what_was_told_weeks_later_is_in_it_and_not_said_to_be_left_out(asked: Path, out: Path) -> None:
    store = open_store(asked)
    first = store.key("bluesky", f"at://{PERSON.id}/app.bsky.feed.post/first")
    follow = FollowUp(first, CHAT, "sky")
    later, due = planned_follow_ups(series(), chat(), follow, {"sky": "bluesky"})
    store.follow(follow, NOW, later, due)
    for one in store.deliveries(CHAT):
        if one.state == "planned" and "/follow-up-" not in one.id:
            say(store, one.id, one.at)
    say(store, f"{later[0].id}@sky", later[0].at, "Did you?", answer=first)
    asked_by = store.key("bluesky", f"{later[0].id}@sky#0")
    store.upsert([by(store, PERSON, "told", "It did not work out.", 20 * 24 * 60, under=asked_by)], NOW)
    store.close()
    result = staffroom("record", HANDLE, "--out", out, "-C", asked)
    assert "2 answers in 1 chat." in result.stdout
    assert "not in it" not in result.stdout
    assert all("Itdidnotworkout." in words for words in said(out))


def test_a_series_that_was_not_joined_is_left_out(asked: Path, out: Path) -> None:
    store = open_store(asked)
    there = chat(14, "maths")
    save(store, there, of=series("maths", title="Maths"))
    other = by(store, PERSON, "maths", "On fractions.", 60 * 24 * 7 + 10)
    store.upsert([msgspec.structs.replace(other, chat=there.id, why="in-our-thread")], NOW)
    store.close()
    result = staffroom("record", HANDLE, "--out", out, "-C", asked)
    assert "2 answers in 1 chat." in result.stdout
    assert "1 kept answer is not in it" in result.stdout
    assert all("fractions" not in words for words in said(out))
    ask(asked, "joined", "maths")
    observed = made(asked, out)["observed"]
    assert isinstance(observed, dict)
    assert [one["series"] for one in observed["chats"]] == ["EdChat", "Maths"]
    ask(asked, "stopped", "edchat", hours=1)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        observed = made(asked, out)["observed"]
    assert isinstance(observed, dict)
    assert [one["series"] for one in observed["chats"]] == ["Maths"]
    assert all("Xyzzy" not in words for words in said(out))


# -- who asked, and who did not ----------------------------------------------------------------------------------------
def test_a_request_is_remembered_as_others_are(folder: Path) -> None:
    done = staffroom("people", HANDLE, "--record", "-C", folder)
    assert done.stdout == f"Remembered: {HANDLE} asked for a record of taking part. The pages are up to date.\n"
    shown = staffroom("people", HANDLE, "-C", folder).stdout
    assert "  8 Jan 2027 21:00 UTC: asked for a record of taking part\n" in shown


def test_nobody_gets_a_record_that_its_owner_did_not_ask_for(folder: Path, out: Path) -> None:
    ask(folder, "joined", "edchat")
    told = refused(folder, out)
    assert told.startswith(f"{HANDLE}: its owner has not asked for a record")
    assert f"`staffroom people {HANDLE} --record`" in told


def test_it_waits_until_a_record_is_written(asked: Path, out: Path) -> None:
    told = "1 request for a record waits: `staffroom people` names who asked"
    assert told in staffroom("status", "-C", asked).stdout
    assert json.loads(staffroom("people", HANDLE, "--json", "-C", asked).stdout)[0]["standing"] == ["joined", "record"]
    refused(asked, asked / "site")
    assert told in staffroom("status", "-C", asked).stdout
    made(asked, out)
    assert "for a record" not in staffroom("status", "-C", asked).stdout
    (mine,) = json.loads(staffroom("export-person", HANDLE, "-C", asked).stdout)["accounts"]
    assert "record" in [wish["kind"] for wish in mine["wishes"]]
    assert mine["record_written"].startswith("2027-01-08T21:00")
    ask(asked, "record", hours=1)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        assert told in staffroom("status", "-C", asked).stdout


def test_a_request_ends(asked: Path, out: Path) -> None:
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        assert "asked for a record last on 8 Jan 2027, and that no longer counts" in refused(asked, out)


def test_a_record_takes_consent_in_the_series(folder: Path, out: Path) -> None:
    ask(folder, "record")
    assert "that takes its consent" in refused(folder, out)


def test_after_leaving_there_is_nothing_to_record(asked: Path, out: Path) -> None:
    made(asked, out)
    assert staffroom("forget", HANDLE, "-C", asked).exit_code == 0
    assert "nothing is kept about an account" in refused(asked, out)
    again = open_store(asked)
    back = by(again, PERSON, "back", "I am back.", 50)
    again.close()
    ask(asked, "joined", "edchat", hours=2)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        again = open_store(asked)
        again.upsert([msgspec.structs.replace(back, why="joined")], NOW + timedelta(hours=2))
        again.close()
        assert "that no longer counts" in refused(asked, out)
        ask(asked, "record", hours=2)
        observed = made(asked, out)["observed"]
    assert isinstance(observed, dict)
    assert observed["answers"] == 1
    assert all("Xyzzy" not in words for words in said(out))


# -- where it may stand ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("inside", ["site", "site/edchat", "site/../site/new"])
def test_it_never_stands_in_the_site(asked: Path, inside: str) -> None:
    assert "which is published" in refused(asked, asked / inside)
    assert not list((asked / "site").rglob("record.*ml"))


def test_a_link_into_the_site_is_the_site(asked: Path, out: Path) -> None:
    out.symlink_to(asked / "site")
    assert "which is published" in refused(asked, out)


@pytest.mark.parametrize("place", ['command: [rsync, -a, "{{site}}/", "{there}/"]', 'git: "file://{there}"'])
def test_it_never_stands_where_another_place_is(asked: Path, tmp_path: Path, place: str) -> None:
    there = tmp_path / "www" / "chats"
    text = f"{STAFFROOM}publish:\n  - {place.format(there=there)}\n"
    (asked / "staffroom.yaml").write_text(text, encoding="utf-8")
    assert "which is published" in refused(asked, there / "records")
    made(asked, tmp_path / "www-records")


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("there", ["somebody's own words", ""])
def test_what_is_not_a_record_is_never_replaced(asked: Path, out: Path, name: str, there: str) -> None:
    out.mkdir()
    (out / name).write_text(there)
    told = refused(asked, out)
    assert f"{out / name} is there already and is not this person's record." in told


def test_a_link_that_leads_nowhere_is_something_too(asked: Path, out: Path) -> None:
    out.mkdir()
    (out / "record.html").symlink_to(out / "nowhere")
    assert "is not this person's record" in refused(asked, out)
    assert (out / "record.html").is_symlink()


def test_another_persons_record_is_never_replaced(asked: Path, out: Path) -> None:
    made(asked, out)
    ask(asked, "joined", "edchat", who=OTHER)
    ask(asked, "record", who=OTHER)
    assert "is not this person's record" in refused(asked, out, OTHER.handle)


def test_a_link_in_its_place_is_not_followed(asked: Path, out: Path, tmp_path: Path) -> None:
    made(asked, out)
    elsewhere = tmp_path / "elsewhere.html"
    elsewhere.write_text("mine")
    (out / "record.html").unlink()
    (out / "record.html").symlink_to(elsewhere)
    made(asked, out)
    assert elsewhere.read_text() == "mine"
    assert not (out / "record.html").is_symlink()


def test_a_folder_that_cannot_be_made_is_told(asked: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = staffroom("record", HANDLE, "--out", tmp_path / "file" / "below", "-C", asked)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


# -- mistakes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("new.example.net", "new.example.net: nothing is kept about an account"),
        ("quux", "it cannot be told whom this means"),
    ],
)
def test_a_record_of_nobody_says_so(asked: Path, out: Path, name: str, told: str) -> None:
    assert told in refused(asked, out, name)


def test_two_accounts_of_one_name_are_told_apart(asked: Path, out: Path) -> None:
    store = open_store(asked)
    moved = teacher("quuxtwo", handle=HANDLE, name="Quux Again")
    store.upsert([by(store, moved, "two", "Words of the second", 12)], NOW)
    store.close()
    told = refused(asked, out)
    assert f"means several accounts: {PERSON.url} (bluesky), " in told or f", {PERSON.url} (bluesky)." in told
    assert "Words of the second" not in told


# -- one person, two accounts ------------------------------------------------------------------------------------------
ALSO = Account("mastodon", "https://m.example/users/quux", "@quuxtoo@m.example", "Quux", "https://m.example/@quuxtoo")


def there(store: SqlStore, rkey: str, minutes: float, **changes: object) -> Candidate:
    """An answer of the other account of the same person."""
    found = by(store, PERSON, rkey, f"From there {rkey}.", minutes)
    ref = PostRef("mastodon", f"m.example/{rkey}", "", f"https://m.example/@quuxtoo/{rkey}")
    post = msgspec.structs.replace(found.post, ref=ref, uri=ref.id, author=ALSO)
    return msgspec.structs.replace(found, post=post, key=store.key("mastodon", ref.id), **changes)


@pytest.fixture
def two(folder: Path) -> Path:
    """Both accounts answered in one chat and joined; nobody asked for a record yet."""
    store = open_store(folder)
    store.upsert([there(store, "1", 41.5), there(store, "2", 5)], START + timedelta(minutes=50))
    store.close()
    for who in (PERSON, ALSO):
        ask(folder, "joined", "edchat", who=who)
    return folder


def link(folder: Path) -> None:
    for one, other in ((HANDLE, ALSO.handle), (ALSO.handle, HANDLE)):
        assert staffroom("people", one, "--also", other, "-C", folder).exit_code == 0


def test_a_record_covers_both_accounts_and_counts_their_chat_once(two: Path, out: Path) -> None:
    ask(two, "record", who=ALSO)
    assert "has not asked for a record" in refused(two, out)
    link(two)
    result = staffroom("record", HANDLE, "--out", out, "-C", two)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"The record of {HANDLE}: 4 answers in 1 chat." in result.stdout
    assert f"It covers {ALSO.handle}, too: their owner asked that these accounts be one person." in result.stdout
    data = json.loads((out / "record.json").read_bytes())
    assert [one["handle"] for one in data["whose"]] == [HANDLE, ALSO.handle]
    assert [chat["minutes"] for chat in data["observed"]["chats"]] == [36]  # from the first of the one to the last
    assert ["eachofthemsaidsooftheother" in text for text in said(out)] == [True, False, True]  # not in the data
    # the other way round it is the same person's, and may take its place
    assert staffroom("record", ALSO.handle, "--out", out, "-C", two).exit_code == 0
    assert [one["handle"] for one in json.loads((out / "record.json").read_bytes())["whose"]] == [ALSO.handle, HANDLE]


def test_a_record_of_this_account_only_has_no_word_of_the_other(two: Path, out: Path) -> None:
    ask(two, "record", who=ALSO)
    link(two)
    result = staffroom("record", HANDLE, "--this-account-only", "--out", out, "-C", two)
    assert f"The record of {HANDLE}: 2 answers in 1 chat." in result.stdout
    assert ALSO.handle not in result.stdout
    data = json.loads((out / "record.json").read_bytes())
    assert [one["handle"] for one in data["whose"]] == [HANDLE]
    assert not [text for text in said(out) if "Fromthere" in text or bare(ALSO.handle) in text]
    assert "for a record" not in staffroom("status", "-C", two).stdout  # that was what they asked for


def test_a_record_of_one_account_says_nothing_of_others(asked: Path, out: Path) -> None:
    made(asked, out)
    assert not [text for text in said(out) if "saidsooftheother" in text]


def test_an_account_that_did_not_join_is_neither_in_it_nor_named(two: Path, out: Path) -> None:
    link(two)
    ask(two, "record")
    ask(two, "paused", "edchat", who=ALSO, hours=1)
    assert [one["handle"] for one in made(two, out)["whose"]] == [HANDLE]  # type: ignore[attr-defined]
    assert "From there" not in (out / "record.html").read_text()


def test_leaving_with_one_account_takes_it_out_and_leaves_the_other(two: Path, out: Path) -> None:
    link(two)
    ask(two, "record")
    assert len(made(two, out)["whose"]) == 2  # type: ignore[arg-type]
    assert staffroom("forget", ALSO.handle, "-C", two).exit_code == 0
    data = made(two, out)
    assert [one["handle"] for one in data["whose"]] == [HANDLE]  # type: ignore[attr-defined]
    assert not [text for text in said(out) if "quuxtoo" in text]
