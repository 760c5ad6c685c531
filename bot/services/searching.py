"""Search: make anew the bundles whose chats changed, leave all others alone, keep no word that left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from bot.domain.records import ChatContent
    from bot.ports import Indexer, PlannedBundle, Store, Target

_LATER = ""
"""The mark of a file that may be there or not yet: it is in no bundle that is whole."""


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
        mine = [path for path in known if path.startswith(bundle.folder)]
        if mine and all(known[path] == bundle.mark for path in mine) and _there(target, mine):
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
        removed += _replace(store, target, files, [path for path in mine if path not in files], bundle.mark)
    return Indexed(made, removed, tuple(troubles))


def _there(target: Target, paths: Iterable[str]) -> bool:
    """Whether a bundle stands there, by the file that names all others: there may be thousands."""
    return all(target.exists(path) for path in paths if path.endswith(_FIRST))


def _replace(store: Store, target: Target, files: Mapping[str, bytes], gone: Collection[str], mark: str) -> int:
    """Put a bundle's files in the place of old ones; the file that a browser asks for first (its names) comes last."""
    removed = sum(target.remove(path) for path in gone)
    target.settle()
    store.save_page_marks(dict.fromkeys(files, _LATER), gone)
    for path in sorted(files, key=lambda path: (path.endswith(_FIRST), path)):
        target.write(path, files[path])
    target.settle()
    store.save_page_marks(dict.fromkeys(files, mark), ())
    return removed
