"""A backup that is put back without what left since: the list of erasures says what that was."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from contract.store_world import (
    END,
    LEASE,
    PEPPER,
    SECRET,
    START,
    TRACES,
    WHO,
    candidate,
    chat,
    database_url,
    digest_of,
    draft,
    everything,
    opened,
    parts,
    planted,
    save,
    sent,
    series,
)
from sqlalchemy import select

from bot.domain.alarms import words_read
from bot.domain.consent import Ruling, Wish, WishKind
from bot.domain.linked import Claim
from bot.domain.posts import Media, handle_id
from bot.domain.richtext import Mention, RichText, join, whole
from bot.errors import StaffroomError, StoreError
from bot.storage.backups import Manifest, write_backup
from bot.storage.engine import connect, transaction
from bot.storage.erasing import bury_posts
from bot.storage.erasures import Erasures, Listed, read_list
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import meta, metadata

if TYPE_CHECKING:
    from bot.domain.records import Candidate
    from bot.ports import Sent

from contract.backup_world import LATER, TAKEN, back_up, elsewhere, listed, put_back, store

__all__ = ["database_url", "elsewhere", "listed", "store"]  # fixtures


def told(listed: Erasures, store: SqlStore) -> Listed:
    return read_list(listed.path, store.database)


def leave(store: SqlStore, road: str, post: "Candidate") -> None:
    """What takes the planted post away, in each way there is."""
    account, key = store.key(WHO.network, WHO.id), post.key
    refused = msgspec.structs.replace(post, store=False, search=False)

    def wish(of: str, series: str = "") -> None:
        store.add_wish(of, Wish("stopped", series, LATER), "remove-me")

    def live(*, gone: Sequence[str] = (), ended: Sequence[str] = ()) -> None:
        store.take_in([], gone=gone, ended=ended, account="sky", stream="s", cursor="1", spoiled=[], now=LATER)

    def verdict(why: str) -> None:
        store.upsert([msgspec.structs.replace(refused, why=why)], LATER)

    def drop() -> None:
        store.rule(key, Ruling("dropped", 7, LATER), "no", "a host")
        verdict("dropped")

    roads: dict[str, Callable[[], object]] = {
        "wish": lambda: wish(account),
        "wish by handle": lambda: wish(store.key(WHO.network, handle_id(WHO.handle))),
        "wish for one series": lambda: wish(account, "edchat"),
        "deleted": lambda: store.bury([key], LATER),
        "account ended": lambda: live(ended=[account]),
        "deleted live": lambda: live(gone=[key]),
        "noarchive": lambda: verdict("noarchive"),
        "stopped at the door": lambda: verdict("stopped"),
        "dropped": drop,
        "keep is over": lambda: store.forget_old(END + timedelta(days=2)),
    }
    roads[road]()


ROADS = (
    "wish",
    "wish by handle",
    "wish for one series",
    "deleted",
    "account ended",
    "deleted live",
    "noarchive",
    "stopped at the door",
    "dropped",
    "keep is over",
)


@pytest.mark.parametrize("road", ROADS)
def test_what_left_by_each_road_does_not_come_back(
    road: str, store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    one, question = opened(store)
    if road == "keep is over":
        save(store, one, of=series(keep=timedelta(days=1)), now=TAKEN)
    post = planted(store, one.id, question)
    store.upsert([post, candidate(store, one.id, "stays", question)], TAKEN)
    file = back_up(database_url, tmp_path)
    assert all(trace in file.read_text(errors="ignore") for trace in TRACES[:3])
    leave(store, road, post)
    assert SECRET not in everything(store)
    line = listed.path.read_text()
    assert not [trace for trace in TRACES if trace in line]
    assert not [word for word in ("quuxwho", "bluesky", "at://") if word in line]
    target = tmp_path / "elsewhere.db"
    back = put_back(file, f"sqlite:///{target}", told(listed, store))
    stays = 0 if road == "keep is over" else 1
    assert len(back.content(one.id).answers) == stays
    data = b"".join(each.read_bytes() for each in tmp_path.glob("elsewhere.db*"))
    assert not [trace for trace in TRACES[:4] if trace.encode() in data]
    assert back.counts() == store.counts() | {"tombstones": back.counts()["tombstones"]}
    back.close()


BYTES = b"\x01planted-picture\xfe" * 100


@pytest.mark.parametrize("road", ["", "nameless", "held", "edited", "wish", "deleted", "dropped", "keep is over"])
def test_a_picture_comes_back_unless_it_left_by_some_road(
    road: str, store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    one, question = opened(store)
    if road == "keep is over":
        save(store, one, of=series(keep=timedelta(days=1)), now=TAKEN)
    post = planted(store, one.id, question, why="joined")
    shot = msgspec.structs.replace(post.post, media=(Media("image", "a wall", "file-1"),))
    post = msgspec.structs.replace(post, post=shot)
    store.rule(post.key, Ruling("released", words_read(shot), TAKEN), "no faces", "a host")
    store.upsert([post], TAKEN)
    (wanted,) = store.pictures_wanted("bluesky", LATER, 1)
    assert store.picture_copied(wanted, BYTES, "ab" * 32, 40, 30)
    file = back_up(database_url, tmp_path)
    assert BYTES in file.read_bytes()
    match road:
        case "":
            pass
        case "nameless":
            store.add_wish(store.key(WHO.network, WHO.id), Wish("nameless", "", LATER), "no name")
        case "held":
            store.upsert([msgspec.structs.replace(post, hold=True, held="hidden")], LATER)
        case "edited":
            other = msgspec.structs.replace(shot, media=(Media("image", "a wall", "file-2"),))
            store.upsert([msgspec.structs.replace(post, post=other, hold=True, held="photo")], LATER)
        case _:
            leave(store, road, post)
    target = tmp_path / "elsewhere.db"
    back = put_back(file, f"sqlite:///{target}", told(listed, store))
    found = b"".join(each.read_bytes() for each in tmp_path.glob("elsewhere.db*"))
    assert (b"planted-picture" in found) is (road == "")
    assert back.picture("ab" * 32) == (BYTES if road == "" else b"")
    assert store.picture("ab" * 32) == back.picture("ab" * 32)
    back.close()


def test_of_leaving_and_joining_the_later_wins(
    store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    one, question = opened(store)
    post = planted(store, one.id, question)
    store.upsert([post], TAKEN)
    file = back_up(database_url, tmp_path)
    account = store.key(WHO.network, WHO.id)
    store.add_wish(account, Wish("stopped", "", LATER), "remove-me")
    store.add_wish(account, Wish("joined", "edchat", LATER + timedelta(minutes=1)), "join")
    back = put_back(file, f"sqlite:///{tmp_path / 'elsewhere.db'}", told(listed, store))
    assert [found.post.text.text for found in back.candidates(one.id)] == [post.post.text.text]
    assert {wish.kind for wish in back.wishes([account])[account]} == {"stopped", "joined"}
    back.close()


@pytest.mark.parametrize("kind", ["initials", "nameless"])
def test_how_somebody_is_called_comes_back(
    kind: WishKind, store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    one, question = opened(store)
    store.upsert([planted(store, one.id, question)], TAKEN)
    file = back_up(database_url, tmp_path)
    store.add_wish(store.key(WHO.network, WHO.id), Wish(kind, "", LATER), kind)
    back = put_back(file, f"sqlite:///{tmp_path / 'elsewhere.db'}", told(listed, store))
    (shown,) = back.content(one.id).answers
    (before,) = store.content(one.id).answers
    assert shown.post.author == before.post.author
    assert WHO.name not in shown.post.author.name
    back.close()


def test_whoever_left_is_not_named_in_what_others_said(
    store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    """Also where nothing of theirs was ever kept, and only a keyed hash of the handle is known."""
    one, question = opened(store)
    words = join([whole("@gone.bsky.social", Mention("did:plc:gone", "gone.bsky.social")), " and @quuxwho said so"])
    plain = RichText("As @plain.bsky.social said")
    texts = [candidate(store, one.id, "a", question, text=words), candidate(store, one.id, "b", question, text=plain)]
    store.upsert(texts, TAKEN)
    file = back_up(database_url, tmp_path)
    store.add_wish(store.key("bluesky", "did:plc:gone"), Wish("gone", "", LATER), "its account ended")
    store.add_wish(store.key("bluesky", handle_id("plain.bsky.social")), Wish("stopped", "", LATER), "a moderator")
    back = put_back(file, f"sqlite:///{tmp_path / 'elsewhere.db'}", told(listed, store))
    shown = sorted(found.post.text.text for found in back.content(one.id).answers)
    assert shown == ["@… and @quuxwho said so", "As @… said"]
    back.close()


@pytest.mark.parametrize("road", ["edited", "held", "hidden by a host", "left and let in again"])
def test_words_that_are_others_now_wait_for_their_look_up(
    road: str, store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    one, question = opened(store)
    post = planted(store, one.id, question)
    store.upsert([post], TAKEN)
    file = back_up(database_url, tmp_path)
    other = msgspec.structs.replace(post.post, text=RichText("other words"))
    match road:
        case "edited":
            store.upsert([msgspec.structs.replace(post, post=other)], LATER)
        case "held":
            store.upsert([msgspec.structs.replace(post, hold=True, held="pupil")], LATER)
        case "hidden by a host":
            store.rule(post.key, Ruling("hidden", 7, LATER), "no", "a host")
            store.upsert([msgspec.structs.replace(post, hold=True, held="hidden")], LATER)
        case _:
            store.upsert([msgspec.structs.replace(post, store=False, why="noarchive")], LATER)
            store.upsert([post], LATER)
    back = put_back(file, f"sqlite:///{tmp_path / 'elsewhere.db'}", told(listed, store))
    assert back.content(one.id).answers == ()
    assert back.rulings([post.key]) == store.rulings([post.key])
    assert back.unchecked("bluesky", lambda _: START, 5) == (post.post.ref,), "it is looked up before all others"
    back.upsert([msgspec.structs.replace(post, post=other)], LATER)
    assert [found.post.text.text for found in back.content(one.id).answers] == ["other words"]
    back.close()


def test_a_digest_loses_what_left_after_the_backup(
    store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    """It was out when the backup was made: the words go from our copy, and the post on the network is to be deleted."""
    one, question = opened(store)
    post = planted(store, one.id, question)
    store.upsert([post], TAKEN)
    name, _ = digest_of(store, TAKEN, post.key)
    store.freeze(name, "me", draft("root", f"again {SECRET}", answer=post.key), parts("root", f"again {SECRET}"))
    store.leaving(name, "me", [0, 1], TAKEN, TAKEN + LEASE)
    landed: list[Sent] = [sent("sky", name, 0), sent("sky", name, 1)]
    store.landed(name, "me", landed, TAKEN)
    file = back_up(database_url, tmp_path)
    store.bury([post.key], LATER)
    back = put_back(file, f"sqlite:///{tmp_path / 'elsewhere.db'}", told(listed, store))
    assert SECRET not in everything(back)
    assert [ref for _, _, ref in back.outlived()] == [landed[1].remote]
    back.close()


def test_the_line_lasts_before_the_erasure_is_committed(
    store: SqlStore, listed: Erasures, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, question = opened(store)
    post = planted(store, one.id, question)
    store.upsert([post], TAKEN)
    before = told(listed, store).lines

    def cannot(_: object) -> None:
        raise StoreError("the list cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(listed, "add", cannot)
        with pytest.raises(StoreError, match="list cannot be written"):
            store.bury([post.key], LATER)
    assert [found.key for found in store.candidates(one.id)] == [post.key], "nothing is erased that is not listed"
    assert told(listed, store).lines == before
    store.bury([post.key], LATER)
    (line,) = told(listed, store).lines[len(before) :]
    assert (line.kind, line.what, line.key) == ("gone", "buried", post.key)


def bury_and_fail(store: SqlStore, key: str) -> None:
    with store._writing() as connection:
        bury_posts(connection, [key])
        raise ZeroDivisionError


def test_what_is_rolled_back_is_not_listed_by_the_next(store: SqlStore, listed: Erasures) -> None:
    one, question = opened(store)
    post = planted(store, one.id, question)
    store.upsert([post], TAKEN)
    before = len(told(listed, store).lines)
    with pytest.raises(ZeroDivisionError):
        bury_and_fail(store, post.key)
    store.save_cursor("sky", "s", "1")
    assert len(told(listed, store).lines) == before


def test_what_is_only_seen_again_is_not_listed(store: SqlStore, listed: Erasures) -> None:
    one, question = opened(store)
    store.upsert([planted(store, one.id, question)], TAKEN)
    before = listed.path.read_bytes()
    store.upsert([planted(store, one.id, question)], LATER)
    store.bury(["unknown"], LATER)
    store.checked([planted(store, one.id, question).post.ref], LATER)
    assert listed.path.read_bytes() == before


def test_who_cannot_read_the_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(StaffroomError, match="no tables yet"):
        write_backup(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "backup.db", TAKEN)


def test_a_manifest_says_how_much_there_is(tmp_path: Path) -> None:

    source = f"sqlite:///{tmp_path / 'source.db'}"
    migrate(source)
    found = open_store(source, pepper_source=lambda: PEPPER)
    save(found, chat())
    manifest: Manifest = write_backup(source, tmp_path / "backup.db", TAKEN)
    engine = connect(source)
    with transaction(engine, writing=False) as connection:
        counted = sum(len(connection.execute(select(table)).all()) for table in metadata.sorted_tables)
        assert connection.scalar(select(meta.c.value).where(meta.c.name == "backup")) is None
    engine.dispose()
    found.close()
    assert manifest.rows == counted


def test_a_link_that_was_ended_since_does_not_come_back(
    store: SqlStore, database_url: str, listed: Erasures, tmp_path: Path
) -> None:
    for by, other in ("ab", "ba", "cd", "dc"):
        store.add_claim(Claim("also", by, other, TAKEN), "a test", TAKEN)
    file = back_up(database_url, tmp_path)
    store.add_claim(Claim("not", "a", "b", LATER), "a test", LATER)
    assert store.persons() == dict.fromkeys("cd", ("c", "d"))
    back = put_back(file, f"sqlite:///{tmp_path / 'elsewhere.db'}", told(listed, store))
    assert back.persons() == store.persons()
    assert [one for one in back.claims() if one.kind == "also"] == [one for one in store.claims() if one.kind == "also"]
    back.close()
