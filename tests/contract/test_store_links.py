"""The store's contract for the links of many chats, over SQLite and PostgreSQL."""

from datetime import timedelta
from pathlib import Path

import msgspec
from contract.store_world import START, candidate, chat, database_url, opened, same_revision, save, store, teacher

from bot.domain.records import Candidate, SharedLink
from bot.domain.richtext import RichText, detect, links
from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates
from bot.services.archive import archive
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

TEMPLATES = Templates()
NOW = START + timedelta(minutes=30)


def saying(text: str) -> RichText:
    return detect(text)


def warned(said: Candidate) -> Candidate:
    return msgspec.structs.replace(said, post=msgspec.structs.replace(said.post, warning="inspection"))


def test_links_of_shown_answers_in_order_of_time_and_no_others(store: SqlStore) -> None:
    one, question = opened(store)
    other = chat(14)
    save(store, one, other, now=NOW)
    ben = teacher("ben")
    late = {"at": START + timedelta(minutes=9)}
    store.upsert(
        [
            candidate(store, one.id, "a", question, text=saying("https://example.org/late"), **late),
            candidate(store, one.id, "b", question, text=saying("https://a.example/1 https://b.example/2"), author=ben),
            candidate(store, one.id, "c", question, text=saying("No link at all")),
            candidate(store, one.id, "d", question, text=saying("https://held.example"), hold=True),
            candidate(store, one.id, "e", question, text=saying("https://bare.example"), store=False, why="noindex"),
            warned(candidate(store, one.id, "f", question, text=saying("https://warned.example"))),
            candidate(store, other.id, "g", "", text=saying("https://other.example")),
        ],
        NOW,
    )
    found = store.shared_links([one.id, other.id])
    assert [link.uri for link in found[one.id]] == [
        "https://a.example/1",
        "https://b.example/2",
        "https://example.org/late",
    ]
    first, second, third = (link.by for link in found[one.id])
    assert first == second != third
    assert found[other.id] == (SharedLink("https://other.example", third),)
    assert store.shared_links([one.id]).keys() == {one.id}
    assert store.shared_links([]) == {}


def test_what_is_gone_leaves_its_links_and_tells_the_pages(store: SqlStore) -> None:
    one, question = opened(store)
    said = candidate(store, one.id, "a", question, text=saying("https://example.org/a"))
    store.upsert([said], NOW)
    assert not same_revision(store, one.id, lambda: store.bury([said.key], NOW))
    assert store.shared_links([one.id]) == {}


def test_a_link_of_somebody_who_left_is_in_no_file_any_more(store: SqlStore, tmp_path: Path) -> None:
    one, question = opened(store)
    gone = candidate(store, one.id, "a", question, text=saying("https://example.org/only-mine"), author=teacher("ben"))
    stays = candidate(store, one.id, "b", question, text=saying("https://example.org/stays"))
    store.upsert([gone, stays], NOW)
    site, renderer = tmp_path / "site", SiteRenderer(TEMPLATES, Site(), lambda: NOW)
    archive(store, renderer, FolderTarget(site))
    assert "links/index.html" in _files_with(site, "only-mine")
    store.bury([gone.key], NOW)
    archive(store, renderer, FolderTarget(site))
    assert _files_with(site, "only-mine") == set()
    assert "links/index.html" in _files_with(site, "example.org/stays")


def test_a_link_that_took_anothers_place_does_so_on_the_page(store: SqlStore, tmp_path: Path) -> None:
    one, question = opened(store)
    said = [candidate(store, one.id, "a", question, text=saying(f"https://example.org/{n}")) for n in ("old", "new")]
    store.upsert(said[:1], NOW)
    site, renderer = tmp_path / "site", SiteRenderer(TEMPLATES, Site(), lambda: NOW)
    archive(store, renderer, FolderTarget(site))
    store.upsert(said[1:], NOW)
    archive(store, renderer, FolderTarget(site))
    assert _files_with(site, "example.org/old") == set()
    assert "links/index.html" in _files_with(site, "example.org/new")


def _files_with(folder: Path, words: str) -> set[str]:
    return {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and words.encode() in file.read_bytes()
    }


def test_the_links_are_those_of_the_chats_own_page(store: SqlStore) -> None:
    """Whoever is named beside a link, or asked not to be: it stays the same link."""
    one, question = opened(store)
    texts = ["@amy.example.org see https://example.org/a", "https://example.org/b https://example.org/b", "Nothing"]
    store.upsert([candidate(store, one.id, str(n), question, text=saying(text)) for n, text in enumerate(texts)], NOW)
    shown = [uri for answer in store.content(one.id).answers for uri in links(answer.post.text)]
    assert [link.uri for link in store.shared_links([one.id])[one.id]] == shown
