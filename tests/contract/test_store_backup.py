"""A backup of either database is put back into either, whole or not at all, without what was erased since."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
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
    revision,
    save,
    sent,
    series,
    teacher,
)
from sqlalchemy import select

from bot.domain.alarms import words_read
from bot.domain.consent import Ruling, Wish, WishKind
from bot.domain.posts import Media, handle_id
from bot.domain.richtext import Mention, RichText, join, whole
from bot.errors import RefusedToStart, StaffroomError, StoreError, UserError
from bot.storage import copying
from bot.storage.backups import Manifest, read_manifest, restore_backup, write_backup
from bot.storage.engine import connect, transaction
from bot.storage.erasing import bury_posts
from bot.storage.erasures import Erasures, Listed, read_list
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import alerts, locks, meta, metadata, notices

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer

    from bot.domain.records import Candidate
    from bot.ports import Sent

TAKEN = START + timedelta(minutes=30)
LATER = START + timedelta(minutes=50)
NOTHING = Listed(START)
__all__ = ["database_url"]


@pytest.fixture
def listed(tmp_path: Path) -> Erasures:
    return Erasures(tmp_path / ".staffroom-erasures", lambda: TAKEN + timedelta(minutes=5))


@pytest.fixture
def store(database_url: str, listed: Erasures) -> Iterator[SqlStore]:
    """A store with its list of erasures."""
    found = open_store(database_url, pepper_source=lambda: PEPPER, erasures=listed)
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is not there yet, or has no tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.fresh_database()


def back_up(database_url: str, folder: Path) -> Path:
    """A backup in a file of its own."""
    file = folder / "backup.db"
    write_backup(database_url, file, TAKEN)
    return file


def put_back(file: Path, url: str, listed: Listed = NOTHING) -> SqlStore:
    """The backup in another database; the file itself is left as it is."""
    copy = file.with_name("copy.db")
    shutil.copyfile(file, copy)
    restore_backup(copy, url, listed, LATER)
    return open_store(url, pepper_source=lambda: b"another")


def rows(store: SqlStore, *without: str) -> dict[str, list[str]]:
    """All rows as text, by table, in any database's words."""
    with store._reading() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
            if table.name not in without
        }


def live_chat(store: SqlStore) -> tuple[str, str]:
    """A chat with a kept answer, a bare one, a held one, a picture, wishes, a ruling and an errand; (chat, answer)."""
    one, question = opened(store)
    kept = candidate(store, one.id, "kept", question)
    bare = candidate(store, one.id, "bare", question, store=False, why="not-joined", author=teacher("ben"))
    held = candidate(store, one.id, "held", question, hold=True, held="photo pupil", author=teacher("cyd"))
    store.upsert([kept, bare, held], TAKEN)
    store.keep_blob(b"\0picture\xff", "image/png")
    store.add_wish("w" * 24, Wish("joined", "edchat", TAKEN), "join")
    store.rule(held.key, Ruling("hidden", -5, TAKEN), "a reason", "a host")
    store.save_cursor("sky", "stream", "42")
    return one.id, kept.key


def test_all_of_it_comes_back(store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path) -> None:
    live_chat(store)
    store.hold_lock("runner", "me", TAKEN, TAKEN + LEASE)
    file = back_up(database_url, tmp_path)
    changed = ("meta", "chats", "sweeps", "locks")
    back = put_back(file, elsewhere)
    assert rows(back, *changed) == rows(store, *changed)
    assert back.key("bluesky", "x") == store.key("bluesky", "x"), "the secret came along"
    assert back.lock_owner("runner", TAKEN) == "", "nobody runs there"
    assert back.restored() == msgspec.convert({"taken": TAKEN, "at": LATER}, type(back.restored()))
    assert revision(back, chat().id) > revision(store, chat().id), "its pages are made anew"
    back.close()


def test_a_backup_of_what_was_put_back_is_the_same(
    store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    live_chat(store)
    first = read_manifest(back_up(database_url, tmp_path))
    back = put_back(tmp_path / "backup.db", elsewhere)
    again = write_backup(elsewhere, tmp_path / "again.db", LATER)
    same = set(first.tables) - {"meta", "chats"}
    assert {name: again.tables[name] for name in same} == {name: first.tables[name] for name in same}
    back.close()


def test_nothing_counts_as_missed_until_it_is_known_what_was_said(
    store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    one = chat()
    save(store, one)
    back = put_back(back_up(database_url, tmp_path), elsewhere)
    late = START + timedelta(minutes=11)
    assert back.has_due("sky", START - timedelta(hours=1))  # it has to be found out, though nothing is due
    assert back.expire(late) == ()
    back.settled("sky", {})
    assert not back.has_due("sky", START - timedelta(hours=1))
    assert back.has_due("masto", START - timedelta(hours=1))
    assert back.expire(START) == ()
    assert [each.id for each in back.expire(late)] == [f"{one.id}/welcome@sky"]
    back.close()


def test_it_is_one_closed_file_of_one_moment(store: SqlStore, database_url: str, tmp_path: Path) -> None:
    live_chat(store)
    file = back_up(database_url, tmp_path)
    assert sorted(tmp_path.glob("backup.db*")) == [file]
    assert file.stat().st_mode & 0o777 == 0o600
    manifest = read_manifest(file)
    assert manifest.taken == TAKEN
    assert manifest.source == database_url.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]
    assert not {locks.name, alerts.name, notices.name} & set(manifest.tables)


def test_it_is_consistent_while_somebody_writes(store: SqlStore, database_url: str, tmp_path: Path) -> None:
    """Every post that is in it has its author and its place: all tables are of one moment."""
    one, question = opened(store)
    stop = threading.Event()
    written = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"p{number}"
            store.upsert([candidate(store, one.id, name, question, author=teacher(name))], TAKEN)
            if number > 5:
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(60)
        counts = []
        for number in range(3):
            file = tmp_path / f"{number}.db"
            manifest = write_backup(database_url, file, TAKEN)
            assert read_manifest(file) == manifest
            counts.append([manifest.tables[name].rows for name in ("accounts", "posts", "chat_posts")])
    finally:
        stop.set()
        writer.join()
    assert all(of_accounts == of_posts == of_places > 5 for of_accounts, of_posts, of_places in counts)


# -- what cannot be used ---------------------------------------------------------------------------------------------
def damage_words(file: Path) -> None:
    """One letter of a stored text becomes another: the file is as sound a database as before."""
    data = file.read_bytes()
    assert data.count(b"A1 kept") == 1
    file.write_bytes(data.replace(b"A1 kept", b"A1 kepT"))


def drop_a_row(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM consents")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])


def scribble(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:4600] = b"\xff" * 504
    file.write_bytes(data)


def unmark(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE name = 'backup'")


def from_the_future(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def another_kind(file: Path) -> None:
    file.write_bytes(b"PGDMP and so on")


def another_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE meta (name, value)")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damage_words, "damaged"),
        (drop_a_row, "damaged"),
        (cut, "damaged"),
        (scribble, "damaged"),
        (unmark, "no backup"),
        (another_kind, "no backup"),
        (another_database, "no backup"),
        (from_the_future, "newer Staffroom"),
    ],
)
def test_what_is_damaged_or_strange_is_refused(spoil: object, said: str, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"

    migrate(source)
    store = open_store(source, pepper_source=lambda: PEPPER)
    live_chat(store)
    store.close()
    file = back_up(source, tmp_path)
    spoil(file)  # type: ignore[operator]
    target = tmp_path / "elsewhere.db"
    with pytest.raises(UserError, match=said):
        restore_backup(file, f"sqlite:///{target}", NOTHING, LATER)
    assert not target.exists()


def test_a_database_in_use_is_never_touched(store: SqlStore, database_url: str, tmp_path: Path) -> None:
    save(store, chat())
    file = back_up(database_url, tmp_path)
    before = everything(store)
    with pytest.raises(RefusedToStart, match=r"is in use.*nothing was touched"):
        restore_backup(file, database_url, NOTHING, LATER)
    assert everything(store) == before


def test_nothing_is_put_under_a_running_bot(store: SqlStore, elsewhere: str, database_url: str, tmp_path: Path) -> None:
    live_chat(store)
    file = back_up(database_url, tmp_path)

    migrate(elsewhere)
    running = open_store(elsewhere, pepper_source=lambda: b"x" * 32)
    assert running.hold_lock("runner", "somebody", LATER, LATER + LEASE)
    with pytest.raises(RefusedToStart, match="is running"):
        restore_backup(file, elsewhere, NOTHING, LATER)
    running.drop_lock("runner", "somebody")
    running.close()
    put_back(file, elsewhere).close()


def test_a_restore_that_fails_in_the_middle_leaves_an_empty_database(
    store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_chat(store)
    file = back_up(database_url, tmp_path)

    insert = copying._insert

    def fails(connection: object, table: object, some: object) -> None:
        if getattr(table, "name", "") == "posts" and some:
            raise StoreError("the disk is full")
        insert(connection, table, some)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("bot.storage.copying._insert", fails)
        with pytest.raises(StoreError, match="disk is full"):
            put_back(file, elsewhere)
    put_back(file, elsewhere).close()


# -- the list of erasures --------------------------------------------------------------------------------------------
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
