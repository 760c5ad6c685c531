"""Where something still stands of what was to be nowhere: in a bot's files, packed or not, its rows and its backups."""

import gzip
import html
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TypeVar

from acceptance.world import Evening
from contract.store_world import everything

from bot.bootstrap.desk import export_chat
from bot.storage.store import SqlStore

Word = TypeVar("Word", bound=str | bytes)


def found(chat: Evening, words: Sequence[Word], elsewhere: Mapping[str, bytes] | None = None) -> dict[Word, list[str]]:
    """In which files of the bot's folder, rows of its database, backup, export or other places each word stands.

    Args:
        chat: whose folder.
        words: what to look for: words in any spelling, or bytes as they are.
        elsewhere: what else to look through, by a name for it.
    """
    files = {**_files(chat), **(elsewhere or {})}
    hits = {
        word: [name for name, data in files.items() if any(spelling in data for spelling in _spellings(word))]
        for word in words
    }
    return {word: names for word, names in hits.items() if names}


def _files(chat: Evening) -> dict[str, bytes]:
    database = chat.folder / "staffroom.db"
    (chat.folder / "backup.db").unlink(missing_ok=True)
    if database.exists():
        with closing(sqlite3.connect(database)) as kept, closing(sqlite3.connect(chat.folder / "backup.db")) as backup:
            kept.backup(backup)
    files = {
        str(path.relative_to(chat.folder)): _unpacked(path.read_bytes())
        for path in chat.folder.rglob("*")
        if path.is_file()
    }
    for path in chat.folder.rglob("*.zip"):
        with zipfile.ZipFile(path) as packed:
            files |= {f"{path.name}: {name}": packed.read(name) for name in packed.namelist()}
    assert isinstance(chat.house.store, SqlStore)
    files["all rows"] = everything(chat.house.store).encode()
    files["export"] = export_chat(chat.folder, chat.chat)
    return files


def _unpacked(data: bytes) -> bytes:
    """A file's bytes, or what they say where they are compressed, as search's are."""
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def _spellings(word: str | bytes) -> Iterator[bytes]:
    if isinstance(word, bytes):
        yield word
        return
    yield word.encode()
    yield html.escape(word).encode()
    yield json.dumps(word)[1:-1].encode()
