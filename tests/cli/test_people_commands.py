"""people, export-person, forget: what is remembered of somebody, and what a wish changes, to the last byte."""

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from cli.cli_world import bare, files, folder, folder_with, lasting, open_store, publish, rows_in, said, staffroom
from contract.store_world import END, START, candidate, chat, opened, say, teacher

from bot.bootstrap.people import export_person
from bot.domain.consent import Wish
from bot.domain.followups import FollowUp
from bot.domain.posts import Account, PostRef
from bot.domain.records import Candidate, Placed
from bot.domain.richtext import Facet, Mention, RichText
from bot.ports import Store
from bot.services.door import person_keys
from bot.storage.store import SqlStore

__all__ = ["bare", "folder"]  # fixtures

NOW = END + timedelta(days=1)
WORDS = "Xyzzy: what I stopped marking & why, in señora Núñez's room"
PERSON = teacher("quuxwho", name="Quux Planted-Name")
OTHER = teacher("zoezoe", name="Zoe Somebody")
HANDLE = PERSON.handle
LINKS = ("https://bsky.app/planted-rkey", "planted-rkey", "https://bsky.app/profile/quuxwho", "did:plc:quuxwho")
TIMES = ("20:07", "T20:07:31", "20:07:31")
CHAT = chat().id
PAGE, DATA = f"site/{CHAT}/index.html", f"site/{CHAT}/chat.json"
HERE = ("staffroom.yaml", "series")


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def by(store: Store, author: Account, rkey: str, text: RichText, *, under: str = "", minutes: float = 0) -> Candidate:
    found = candidate(store, CHAT, rkey, under, author=author, text=text)  # type: ignore[arg-type]
    ref = PostRef("bluesky", f"at://{author.id}/app.bsky.feed.post/{rkey}", "c", f"https://bsky.app/{rkey}")
    at = START + timedelta(minutes=7 + minutes, seconds=31)
    post = msgspec.structs.replace(found.post, ref=ref, uri=ref.id, at=at)
    return msgspec.structs.replace(found, post=post, key=store.key("bluesky", ref.id))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chat in which one person answered and another replied, and the pages of it."""
    bare = folder_with(tmp_path_factory.mktemp("people") / "bot")
    with time_machine.travel(NOW, tick=False):
        fill(bare)
    return bare


def fill(bare: Path) -> None:
    store = open_store(bare)
    _, question = opened(store)
    answer = by(store, PERSON, "planted-rkey", RichText(WORDS), under=question)
    reply = by(store, OTHER, "reply", RichText("I agree with that."), under=answer.key, minutes=3)
    store.upsert([answer, reply], START + timedelta(minutes=30))
    store.place(CHAT, {answer.key: [Placed(f"{CHAT}/q1", "reply")], reply.key: [Placed(f"{CHAT}/q1", "thread")]})
    store.close()
    publish(bare)


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    found = open_store(folder)
    yield found
    found.close()


def spelled(word: str) -> set[bytes]:
    """A word raw, HTML- and JSON-escaped."""
    return {
        word.encode(),
        html.escape(word).encode(),
        json.dumps(word)[1:-1].encode(),
        json.dumps(word, ensure_ascii=False)[1:-1].encode(),
        word.replace("/", "\\/").encode(),
    }


def stands(folder: Path, *words: str, but: tuple[str, ...] = HERE) -> set[tuple[str, str]]:
    """Which of these words stand in which files."""
    everything = files(folder, but)
    return {(word, name) for word in words for name, data in everything.items() for one in spelled(word) if one in data}


def on_pages(folder: Path, *words: str) -> set[str]:
    return {word for word, _ in stands(folder / "site", *words, but=())}


NAMES = (HANDLE, "Quux", "Planted-Name")


def test_it_all_stands_there_before_anybody_asks(folder: Path) -> None:
    assert on_pages(folder, WORDS, *NAMES, *LINKS[:2], *TIMES) == {WORDS, *NAMES, *LINKS[:2], *TIMES}


# -- how somebody is called ------------------------------------------------------------------------------------------
def test_no_name_leaves_the_words_and_nothing_that_tells_whose_they_are(folder: Path) -> None:
    done = staffroom("people", HANDLE, "--no-name", "-C", folder)
    assert (done.exit_code, done.stdout) == (
        0,
        f"Remembered: {HANDLE} goes without a name. The pages are up to date.\n",
    )
    assert on_pages(folder, WORDS, *NAMES, *LINKS, *TIMES) == {WORDS}
    page = (folder / PAGE).read_text(encoding="utf-8")
    assert "A teacher" in page
    assert re.search(r"in reply to (<[^>]*>)+a teacher<", page)
    assert (
        '<time class="dt-published" itemprop="datePublished" datetime="2027-01-07">7 January, about 20:00</time>'
        in page
    )
    assert 'href=""' not in page
    assert "Zoe Somebody" in page
    answer = json.loads((folder / DATA).read_bytes())["questions"][0]["answers"][0]
    assert not {"author", "url", "at", "edited_at"} & answer.keys()
    assert answer["hour"] == "2027-01-07T20:00:00Z"


def test_initials_drop_handle_and_profile_and_keep_the_link(folder: Path) -> None:
    assert staffroom("people", HANDLE, "--initials", "-C", folder).exit_code == 0
    left = {WORDS, *LINKS[:2], *TIMES}
    assert on_pages(folder, WORDS, *NAMES, *LINKS, *TIMES) == left
    answer = json.loads((folder / DATA).read_bytes())["questions"][0]["answers"][0]
    assert answer["author"] == {"name": "Q.P.N."}


def test_the_full_name_comes_back(folder: Path) -> None:
    staffroom("archive", "-C", folder)
    before = lasting(files(folder / "site"))
    for wish in ("--no-name", "--full-name"):
        with time_machine.travel(NOW + timedelta(hours=len(wish)), tick=False):
            assert staffroom("people", HANDLE, wish, "-C", folder).exit_code == 0
    assert lasting(files(folder / "site")) == before


# -- the directory ---------------------------------------------------------------------------------------------------
def test_who_asks_is_listed_and_taken_off_again(folder: Path) -> None:
    people, about = folder / "site/people/index.html", folder / "site/about/index.html"
    assert not people.exists()
    assert staffroom("people", HANDLE, "--list", "-C", folder).exit_code == 0
    page = people.read_text(encoding="utf-8")
    assert HANDLE in page
    assert "Quux Planted-Name" in page
    assert "Bluesky" in page
    assert OTHER.handle not in page
    assert "people/index.html" in about.read_text(encoding="utf-8")
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert staffroom("people", HANDLE, "--unlist", "-C", folder).exit_code == 0
    assert not people.exists()
    assert "people/index.html" not in about.read_text(encoding="utf-8")


@pytest.mark.parametrize("wish", ["--no-name", "--initials", "--remove"])
def test_nobody_is_listed_by_a_name_they_do_not_go_by(folder: Path, store: SqlStore, wish: str) -> None:
    staffroom("people", HANDLE, "--list", "-C", folder)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert staffroom("people", HANDLE, wish, "-C", folder).exit_code == 0
    assert store.listed() == ()
    assert on_pages(folder, HANDLE, "Planted-Name") == set()


# -- leaving ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", [["forget", HANDLE], ["people", f"@{HANDLE.upper()}", "--remove"]])
def test_forgetting_leaves_nothing_in_pages_and_database(folder: Path, words: list[str]) -> None:
    done = staffroom(*words, "-C", folder)
    assert (done.exit_code, done.stdout) == (
        0,
        f"Forgotten: {HANDLE}. The pages are written anew, and the wish is remembered.\n",
    )
    assert stands(folder, WORDS, *NAMES, *LINKS) == set()
    again = staffroom(*words, "-C", folder)
    assert again.exit_code == 0
    assert again.stdout.endswith("is kept. The wish is remembered: nothing will be.\n")


def test_digest_posts_that_repeat_them_are_queued_for_deletion(folder: Path, store: SqlStore) -> None:
    answer = next(one.key for one in store.content(CHAT).answers if one.post.author.id == PERSON.id)
    say(store, f"{CHAT}/q2@sky", START + timedelta(minutes=40), "root", "kept", WORDS, answer=answer)
    done = staffroom("forget", HANDLE, "-C", folder)
    assert done.stdout.endswith(
        "These posts of the bot repeat what they said; `run` or the next `tick` deletes them:\n  https://example.org/2\n"
    )
    errands = store.errands("sky", NOW + timedelta(minutes=1), 10)
    assert [(one.kind, one.ref.url if one.ref else "") for one in errands] == [("delete", "https://example.org/2")]
    assert stands(folder, WORDS) == set()


def test_all_accounts_of_one_name_are_forgotten(folder: Path, store: SqlStore) -> None:
    moved = teacher("quuxtwo", handle=HANDLE, name="Quux Again")
    store.upsert([by(store, moved, "two", RichText("Words of the second"))], NOW)
    done = staffroom("forget", HANDLE, "-C", folder)
    assert done.stdout.startswith(f"Forgotten: {HANDLE}, {HANDLE}.")
    assert stands(folder, WORDS, "Words of the second", HANDLE) == set()


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("new.example.net", Account("bluesky", "did:plc:new", "new.example.net", "New")),
        ("@New@social.example.org", Account("mastodon", "https://x/1", "@new@social.example.org", "New")),
        ("https://social.example.org/@new", Account("mastodon", "https://x/1", "@new@social.example.org", "New")),
        ("https://bsky.app/profile/new.example.net", Account("bluesky", "did:plc:new", "new.example.net", "New")),
        ("did:plc:new", Account("bluesky", "did:plc:new", "other.example.net", "New")),
    ],
)
def test_a_wish_of_somebody_unknown_is_found_when_they_come(bare: Path, name: str, account: Account) -> None:
    done = staffroom("forget", name, "-C", bare)
    assert done.exit_code == 0
    assert done.stdout.startswith("Nothing of ")
    store = open_store(bare)
    asked = [wish for wishes in store.wishes(person_keys(store, account)).values() for wish in wishes]
    assert asked == [Wish("stopped", "", NOW)]
    store.close()


def test_forgetting_somebody_unknown_takes_them_out_of_what_others_said(folder: Path, store: SqlStore) -> None:
    text = RichText("Ask @new.example.net", (Facet(4, 20, Mention("did:plc:new", "new.example.net")),))
    store.upsert([by(store, OTHER, "names", text, minutes=5)], NOW)
    publish(folder)
    assert on_pages(folder, "new.example.net") == {"new.example.net"}
    assert staffroom("forget", "new.example.net", "-C", folder).exit_code == 0
    assert stands(folder, "new.example.net") == set()
    assert on_pages(folder, "Ask @…") == {"Ask @…"}


def test_leaving_needs_no_files_but_staffroom_yaml(folder: Path) -> None:
    (folder / "series" / "edchat.yaml").write_text("title: [", encoding="utf-8")
    assert staffroom("forget", HANDLE, "-C", folder).exit_code == 0
    assert stands(folder, WORDS, but=()) == set()


# -- joining, and what is remembered ---------------------------------------------------------------------------------
def test_joining_is_for_one_series_that_there_is(folder: Path, store: SqlStore) -> None:
    done = staffroom("people", HANDLE, "--join", "edchat", "-C", folder)
    assert done.stdout == f"Remembered: {HANDLE} asked to be kept in edchat. The pages are up to date.\n"
    wrong = staffroom("people", HANDLE, "--join", "edchatt", "-C", folder)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr == "edchatt: there is no such series. There are: edchat.\n"
    assert store.wishes(person_keys(store, PERSON)[:1]) == {
        person_keys(store, PERSON)[0]: (Wish("joined", "edchat", NOW),)
    }


def test_people_counts_wishes_and_names_only_whose_words_are_kept(folder: Path) -> None:
    assert staffroom("people", "-C", folder).stdout == "Nobody has asked for anything yet.\n"
    staffroom("people", HANDLE, "--join", "edchat", "-C", folder)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        staffroom("people", HANDLE, "--initials", "-C", folder)
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        staffroom("forget", OTHER.handle, "-C", folder)
    with time_machine.travel(NOW + timedelta(minutes=3), tick=False):
        staffroom("forget", "@new@social.example.org", "-C", folder)
    shown = staffroom("people", "-C", folder)
    assert shown.stdout == (
        "People: 1 initials, 1 joined, 2 stopped.\n"
        f"  {HANDLE} (bluesky): joined, initials\n"
        "Only those are named of whom words are kept; of all others a code is remembered.\n"
    )
    found = said(staffroom("people", "--json", "-C", folder))
    assert found["counts"] == {"initials": 1, "joined": 1, "stopped": 2}
    assert [one["handle"] for one in found["people"]] == [HANDLE]


def test_who_left_and_joined_again_counts_once(folder: Path, store: SqlStore) -> None:
    staffroom("forget", HANDLE, "-C", folder)
    back = by(store, PERSON, "back", RichText("I am back"), minutes=30)
    for key in person_keys(store, PERSON):
        store.add_wish(key, Wish("joined", "edchat", NOW + timedelta(hours=1)), "KEEP MY ANSWERS")
    store.upsert([msgspec.structs.replace(back, why="joined")], NOW + timedelta(hours=2))
    assert said(staffroom("people", "--json", "-C", folder))["counts"] == {"joined": 1, "stopped": 1}


def test_people_shows_what_is_remembered_of_one(folder: Path) -> None:
    staffroom("people", HANDLE, "--join", "edchat", "-C", folder)
    shown = staffroom("people", HANDLE, "-C", folder)
    assert shown.stdout == (
        f"{HANDLE} (bluesky): 1 answer is kept\n  {CHAT}: 1\n  8 Jan 2027 21:00 UTC: asked to be kept in edchat\n"
    )
    (found,) = said(staffroom("people", HANDLE, "--json", "-C", folder))
    assert (found["answers"], found["standing"]) == ({CHAT: 1}, ["joined"])
    unknown = staffroom("people", "new.example.net", "-C", folder)
    assert (unknown.exit_code, unknown.stdout) == (
        0,
        "new.example.net (bluesky): no answers are kept\n  It asked for nothing.\n",
    )


# -- one person, two accounts ----------------------------------------------------------------------------------------
def test_two_accounts_are_one_person_once_both_sides_are_noted(folder: Path) -> None:
    before = files(folder / "site", ())
    first = staffroom("people", HANDLE, "--also", OTHER.handle, "-C", folder)
    assert first.stdout.splitlines() == [
        f"Remembered: {HANDLE} said that it is {OTHER.handle}, too.",
        f"They are one person once {OTHER.handle} says the same, until 7 Feb 2027:",
        "by I AM ALSO and the handle, in a reply to the bot; or, if its owner asked you:",
        f"  staffroom people {OTHER.handle} --also {HANDLE}",
    ]
    shown = staffroom("people", HANDLE, "-C", folder).stdout
    assert f"  8 Jan 2027 21:00 UTC: said it is {OTHER.handle}, too; not confirmed yet\n" in shown
    assert "asked for nothing" in staffroom("people", OTHER.handle, "-C", folder).stdout
    second = staffroom("people", OTHER.handle, "--also", f"@\u200b{HANDLE}", "-C", folder)
    assert second.stdout == f"Remembered: {OTHER.handle} and {HANDLE} are one person now, as both said.\n"
    for one, other in ((HANDLE, OTHER.handle), (OTHER.handle, HANDLE)):
        assert f"21:00 UTC: is one person with {other}\n" in staffroom("people", one, "-C", folder).stdout
        (found,) = said(staffroom("people", one, "--json", "-C", folder))
        assert (found["standing"], found["others"]) == (
            ["linked"],
            [{"handle": other, "at": "2027-01-08T21:00:00Z", "confirmed": True}],
        )
        (account,) = said(staffroom("export-person", one, "-C", folder))["accounts"]
        assert account["one_person_with"] == found["others"]
    # nothing of it is published
    publish(folder)
    assert files(folder / "site", ()) == before


@pytest.mark.parametrize("words", [("--not-also", OTHER.handle), ("--alone",)])
@pytest.mark.parametrize("who", [HANDLE, OTHER.handle])
def test_one_side_ends_it_at_once(folder: Path, who: str, words: tuple[str, ...]) -> None:
    for one, other in ((HANDLE, OTHER.handle), (OTHER.handle, HANDLE)):
        staffroom("people", one, "--also", other, "-C", folder)
    other = HANDLE if who == OTHER.handle else OTHER.handle
    ended = words if len(words) == 1 else ("--not-also", other)
    with time_machine.travel(NOW + timedelta(seconds=1), tick=False):
        done = staffroom("people", who, *ended, "-C", folder)
    named = other if len(words) > 1 else "any other account"
    assert (done.exit_code, done.stdout) == (0, f"Remembered: {who} is not one person with {named}.\n")
    assert "one_person_with" not in export_person(folder, HANDLE, None)["accounts"][0]
    assert said(staffroom("people", HANDLE, "--also", OTHER.id, "--json", "-C", folder)) == {
        "handle": HANDLE,
        "other": OTHER.handle,
        "linked": False,
        "until": "2027-02-07T21:00:00Z",
    }


def test_an_account_is_linked_by_its_id_and_never_by_a_handle_alone(folder: Path) -> None:
    unknown = staffroom("people", HANDLE, "--also", "new.example.net", "-C", folder)
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "its handle alone does not tell for good whose it is" in unknown.stderr
    assert staffroom("people", "new.example.net", "--also", HANDLE, "-C", folder).exit_code == 2
    by_id = staffroom("people", HANDLE, "--also", "did:plc:new", "-C", folder)
    assert by_id.exit_code == 0
    assert "said it is an account of which nothing is kept, too" in staffroom("people", HANDLE, "-C", folder).stdout
    assert staffroom("people", "did:plc:new", "--also", HANDLE, "-C", folder).exit_code == 0
    (account,) = said(staffroom("export-person", "did:plc:new", "-C", folder))["accounts"]
    assert [one["handle"] for one in account["one_person_with"]] == [HANDLE]


# -- a copy for its owner --------------------------------------------------------------------------------------------
def test_export_person_gives_all_that_is_kept(folder: Path) -> None:
    staffroom("people", HANDLE, "--no-name", "-C", folder)
    result = staffroom("export-person", HANDLE, "-C", folder)
    assert "señora Núñez's" in result.stdout  # as people write it, not escaped
    (account,) = said(result)["accounts"]
    assert (account["id"], account["handle"], account["name"], account["url"]) == (
        PERSON.id,
        HANDLE,
        PERSON.name,
        PERSON.url,
    )
    assert account["wishes"] == [{"kind": "nameless", "series": "", "at": "2027-01-08T21:00:00Z"}]
    (post,) = account["posts"]
    assert (post["chat"], post["text"], post["at"]) == (CHAT, WORDS, "2027-01-07T20:07:31Z")
    assert post["ref"]["url"] == LINKS[0]
    assert "author" not in post


def test_export_person_tells_of_which_answers_somebody_asked_to_be_asked(folder: Path) -> None:
    store = open_store(folder)
    asked = FollowUp(store.answers_of(store.key("bluesky", PERSON.id), CHAT)[0], CHAT, "sky")
    store.follow(asked, END, (), ())
    (account,) = said(staffroom("export-person", HANDLE, "-C", folder))["accounts"]
    assert account["follow_ups"] == [{"chat": CHAT, "of": LINKS[0]}]
    store.unfollow(asked, END + timedelta(hours=1))
    assert "follow_ups" not in export_person(folder, HANDLE, None)["accounts"][0]


def test_export_person_of_nobody_says_so(folder: Path) -> None:
    result = staffroom("export-person", "new.example.net", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "new.example.net: nothing is kept about an account with this handle or address.\n"


def test_export_person_after_leaving_holds_the_wish_alone(folder: Path) -> None:
    staffroom("forget", HANDLE, "-C", folder)
    (account,) = said(staffroom("export-person", HANDLE, "-C", folder))["accounts"]
    assert account == {
        "network": "bluesky",
        "handle": HANDLE,
        "wishes": [{"kind": "stopped", "series": "", "at": "2027-01-08T21:00:00Z"}],
        "posts": [],
    }


# -- mistakes --------------------------------------------------------------------------------------------------------
MISTAKES: list[tuple[list[str], str]] = [
    (["people", "quux", "--remove"], "Write the whole handle"),
    (["forget", "quux who"], "Write the whole handle"),
    (["forget", ""], "Write the whole handle"),
    (["people", "a.example.net", "--network", "mastodon", "--remove"], "Write the whole handle"),
    (["people", "a.example.net", "--remove", "--list"], "One wish at a time"),
    (["people", "a.example.net", "--join", "edchat", "--list"], "One wish at a time"),
    (["people", "--remove"], "Whose wish is it?"),
    (["people", "--alone"], "Whose wish is it?"),
    (["people", "a.example.net", "--alone", "--list"], "One wish at a time"),
    (["people", "did:plc:a", "--also", "b.example.net", "--not-also", "c.example.net"], "One wish at a time"),
    (["people", "did:plc:a", "--also", "did:plc:a"], "are the same account"),
    (["people", "a.example.net", "--network", "twitter"], "'twitter' is not one of"),
]


@pytest.mark.parametrize(("words", "told"), MISTAKES)
def test_a_mistake_is_told_and_changes_nothing(bare: Path, words: list[str], told: str) -> None:
    staffroom("archive", "-C", bare)
    database = ("staffroom.db", "staffroom.db-wal", "staffroom.db-shm")
    before: tuple[dict[str, Any], list[str]] = (files(bare, but=database), rows_in(bare / "staffroom.db"))
    result = staffroom(*words, "-C", bare)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert (files(bare, but=database), rows_in(bare / "staffroom.db")) == before


def test_a_handle_without_its_network_needs_to_be_told_it(bare: Path) -> None:
    done = staffroom("people", "quux", "--network", "mastodon", "--remove", "-C", bare)
    assert done.exit_code == 0
    assert "Nothing of quux is kept." in done.stdout
