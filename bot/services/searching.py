"""Search: make anew the bundles whose chats changed, leave all others alone, keep no word that left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.domain.records import ChatContent
    from bot.ports import Indexer, PlannedBundle, Store, Target

_LATER = ""
"""The mark of a file that may be there or not yet: it is in no bundle that is whole."""

_WHOLE = "whole"
"""The mark of a file that is there. The bundle's own mark is that of the file that names all others."""


_FIRST = ".json"
"""How the file ends that a browser asks for first; no other of a bundle does."""


class Indexed(msgspec.Struct, frozen=True):
    """How many bundles were made, how many files removed, and what went wrong, in words."""

    made: int = 0
    removed: int = 0
    troubles: tuple[str, ...] = ()


def bring_search(
    store: Store,
    bundles: Iterable[PlannedBundle],
    target: Target,
    indexer: Indexer,
    *,
    known: Mapping[str, str],
    content: Callable[[str], ChatContent],
) -> Indexed:
    """Bring each bundle up to what the store says.

    A bundle's files are content-addressed, so what changed has other names. Old files go before new ones are written:
    they may hold words whose author has left. Names are stored before files are written, so that a run that stops
    in between leaves none that is not known. Where a bundle cannot be made its old files go all the same, and search
    does without it until it can; after a first failure no other is tried.

    Args:
        store: keeps marks.
        bundles: all that there are to be.
        target: where the site stands.
        indexer: makes a bundle's files.
        known: marks of all files that were ever written and not removed, by path.
        content: what may be shown of a chat, by its id.
    """
    made = removed = 0
    troubles: list[str] = []
    for bundle in bundles:
        mine = {path: mark for path, mark in known.items() if path.startswith(bundle.folder)}
        if _up_to_date(target, mine, bundle.mark):
            continue
        files: dict[str, bytes] = {}
        if not troubles:
            try:
                found = indexer.index(bundle.sources(content), bundle.language, engine=bundle.engine)
            except SearchError as error:
                troubles.append(str(error))
            else:
                files = {bundle.folder + name: data for name, data in found.items()}
                made += 1
        removed += _replace(store, target, files, mine, bundle.mark)
    return Indexed(made, removed, tuple(troubles))


def _up_to_date(target: Target, mine: Mapping[str, str], mark: str) -> bool:
    """Whether a bundle is whole. Of its files, which may be thousands, the one is looked for that names all others."""
    first = [path for path in mine if path.endswith(_FIRST)]
    if not first or _LATER in mine.values():
        return False
    return all(mine[path] == mark for path in first) and len(target.standing(first)) == len(first)


def _by_content(path: str) -> bool:
    """Whether a file is named by what it holds: another content has another name."""
    return path.rpartition(".")[2].startswith("pf_")


def _replace(store: Store, target: Target, files: Mapping[str, bytes], mine: Mapping[str, str], mark: str) -> int:
    """Put a bundle's files in the place of old ones; the file that a browser asks for first (its names) comes last.

    What is there and named by its content is not compared again: of a year most stays as it is.
    """
    gone = [path for path in mine if path not in files]
    removed = sum(target.remove(path) for path in gone)
    target.settle()
    whole = target.standing(path for path in files if _by_content(path) and mine.get(path) == _WHOLE)
    due = [path for path in files if path not in whole]
    store.save_page_marks(dict.fromkeys(due, _LATER), gone)
    for path in sorted(due, key=lambda path: (path.endswith(_FIRST), path)):
        target.write(path, files[path])
    target.settle()
    store.save_page_marks({path: mark if path.endswith(_FIRST) else _WHOLE for path in due}, ())
    return removed
