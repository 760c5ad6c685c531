"""Whole sites for a browser: written as the archive writes them, with their search, and served by a static host."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from browser.witness import Quiet, listening
from golden import sample
from pagefind_bin import get_executable

from bot.publishing.pagefind import PagefindIndexer
from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bot.domain.records import ChatContent, StoredChat


def written(site: Path, chats: Sequence[StoredChat], content: Callable[[str], ChatContent]) -> Path:
    """A site with its search, as `archive` writes it."""
    target = FolderTarget(site)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW, "pagefind 1")
    for page in renderer.pages(chats, sample.figures(), sample.listed(), quoting=sample.quoting()):
        target.write(page.path, page.render(content))
    indexer = PagefindIndexer(get_executable())
    for bundle in renderer.bundles(chats, sample.figures()):
        files = indexer.index(bundle.sources(content), bundle.language, engine=bundle.engine)
        for name, data in files.items():
            target.write(bundle.folder + name, data)
    return site


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of loopback; gives its address."""
    with listening(partial(Quiet, directory=str(folder))) as address:
        yield f"{address}/"
