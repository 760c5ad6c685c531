"""The store's contract for the links of many chats, over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
from contract.store_world import START, candidate, chat, database_url, opened, same_revision, save, store, teacher

from bot.domain.records import Candidate, SharedLink
from bot.domain.richtext import RichText, detect, links
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

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


def test_the_links_are_those_of_the_chats_own_page(store: SqlStore) -> None:
    """Whoever is named beside a link, or asked not to be: it stays the same link."""
    one, question = opened(store)
    texts = ["@amy.example.org see https://example.org/a", "https://example.org/b https://example.org/b", "Nothing"]
    store.upsert([candidate(store, one.id, str(n), question, text=saying(text)) for n, text in enumerate(texts)], NOW)
    shown = [uri for answer in store.content(one.id).answers for uri in links(answer.post.text)]
    assert [link.uri for link in store.shared_links([one.id])[one.id]] == shown
