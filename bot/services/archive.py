"""Archive: make every page whose inputs changed, leave all others alone, remove what is no longer planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from bot.domain.marks import outdated
from bot.errors import UserError
from bot.ports import Album, Archived, Quoting
from bot.services.permissions import usable
from bot.services.searching import Indexed, bring_search
from bot.services.sessions import speakers

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.records import ChatContent
    from bot.ports import Indexer, PlannedPage, Renderer, Store, Target

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
    pages = renderer.pages(
        chats,
        figures,
        store.listed(),
        known=known,
        shared=store.shared_links,
        album=album,
        issuer=store.issuer(),
        quoting=Quoting(store.permissions(), partial(usable, store)),
        speakers=speakers(store, chats),
    )
    planned = {page.path: page for page in pages}
    bundles = list(renderer.bundles(chats, figures)) if indexer else []
    folders = tuple(bundle.folder for bundle in bundles)
    gone = [path for path in known if path not in planned and not path.startswith(folders)]
    removed = sum(target.remove(path) for path in gone)
    content = lru_cache(maxsize=_KEPT)(store.content)
    build = _Build(store, target, gone)
    if gone:
        build.settle()
    searched = Indexed()
    if indexer:
        searched = bring_search(store, bundles, target, indexer, known=known, content=content)
    there = target.standing(planned)
    due = [path for path, page in planned.items() if path not in there or outdated(page.mark, known.get(path, ""))]
    build.marks |= {path: planned[path].mark for path in planned.keys() - due if planned[path].mark != known[path]}
    for number, path in enumerate(sorted(due, key=there.__contains__)):
        progress(number / len(due))
        build.make(planned[path], content)
    build.settle()
    unchanged = len(planned) - len(due) + build.unchanged
    removed += build.removed + searched.removed
    return Archived(build.written, unchanged, removed, searched.made, (*searched.troubles, *build.troubles))


@dataclass(slots=True)
class _Build:
    """Pages on their way: what became of them, and the fingerprints that are still to be stored."""

    store: Store
    target: Target
    gone: list[str]
    marks: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    written: int = 0
    unchanged: int = 0
    removed: int = 0

    def make(self, page: PlannedPage, content: Callable[[str], ChatContent]) -> None:
        """Make a page and write it; take it away where it cannot be made."""
        try:
            data = page.render(content)
        except UserError as error:
            self.removed += self.target.remove(page.path)
            self.troubles.append(f"{page.path}: {error}")
            return
        if self.target.write(page.path, data):
            self.written += 1
        else:
            self.unchanged += 1
        self.marks[page.path] = page.mark
        if len(self.marks) >= _AT_A_TIME:
            self.settle()

    def settle(self) -> None:
        """Have files last through a power cut, and only then store their fingerprints."""
        self.target.settle()
        if self.marks or self.gone:
            self.store.save_page_marks(self.marks, self.gone)
        self.marks.clear()
        self.gone.clear()
