"""Archive: make every page whose inputs changed, leave all others alone, remove what is no longer planned."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bot.domain.marks import outdated
from bot.errors import UserError
from bot.ports import Album, Archived
from bot.services.searching import Indexed, bring_search

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Indexer, Renderer, Store, Target

_AT_A_TIME = 200
"""Pages after which fingerprints are stored: a build that is stopped goes on about where it was."""

_KEPT = 6
"""Chats whose answers are kept in memory while pages are made: a chat's page and its data follow each other, and the
site's feeds and a series' all tell of the latest five."""


def archive(
    store: Store,
    renderer: Renderer,
    target: Target,
    progress: Callable[[float], None] = lambda _share: None,
    indexer: Indexer | None = None,
) -> Archived:
    """Bring the archive up to what the store says now.

    A page is made only if its fingerprint changed or its file is missing, and written only if its bytes changed. A
    fingerprint is stored once its page has settled: stopped anywhere, the next run makes again what was not.
    Pages that are no longer planned go first, and a page that is there waits until those that it may lead to are there:
    where writing ends in the middle, no link leads nowhere. ``progress`` is told the share that is done, 0 to 1.

    What search knows is brought up to date before the pages are, by ``indexer``; where there is none, or it fails, no
    page waits for it. A page that cannot be made is taken away, as an old one might show what left since; the others
    are made all the same, and it is tried again with the next run.
    """
    known = store.page_marks()
    chats, figures = store.chats(), store.figures()
    album = Album(store.pictures_shown(), store.picture)
    shared, issuer = store.shared_links, store.issuer()
    pages = renderer.pages(chats, figures, store.listed(), known=known, shared=shared, album=album, issuer=issuer)
    planned = {page.path: page for page in pages}
    bundles = list(renderer.bundles(chats, figures)) if indexer else []
    folders = tuple(bundle.folder for bundle in bundles)
    gone = [path for path in known if path not in planned and not path.startswith(folders)]
    removed = sum(target.remove(path) for path in gone)
    content = lru_cache(maxsize=_KEPT)(store.content)
    marks: dict[str, str] = {}
    troubles: list[str] = []
    written = 0

    def settle() -> None:
        target.settle()
        if marks or gone:
            store.save_page_marks(marks, gone)
        marks.clear()
        gone.clear()

    if gone:
        settle()
    searched = Indexed()
    if indexer:
        searched = bring_search(store, bundles, target, indexer, known=known, content=content)
    there = target.standing(planned)
    due = [path for path, page in planned.items() if path not in there or outdated(page.mark, known.get(path, ""))]
    marks |= {path: planned[path].mark for path in planned.keys() - due if planned[path].mark != known[path]}
    unchanged = len(planned) - len(due)
    for number, path in enumerate(sorted(due, key=there.__contains__)):
        progress(number / len(due))
        page = planned[path]
        try:
            data = page.render(content)
        except UserError as error:
            removed += target.remove(path)
            troubles.append(f"{path}: {error}")
            continue
        if target.write(path, data):
            written += 1
        else:
            unchanged += 1
        marks[path] = page.mark
        if len(marks) >= _AT_A_TIME:
            settle()
    settle()
    return Archived(written, unchanged, removed + searched.removed, searched.made, (*searched.troubles, *troubles))
