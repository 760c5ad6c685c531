"""The whole corpus through every door: what comes out is our own markup, whole, and pings nobody."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import msgspec
import pytest
import regex
from contract.store_world import PEPPER
from hostile import doors
from hostile.cases import corpus
from hostile.reading import UNSEEN, elements, faults
from icalendar import Calendar

from bot.domain.prompts import Prompt
from bot.domain.records import Pick
from bot.domain.richtext import Link, Mention, Tag, fold_tag, links, runs, to_plain
from bot.domain.textlength import BLUESKY, MASTODON, remaining
from bot.rendering import urls
from bot.rendering.composer import TemplateComposer
from bot.rendering.templates import Templates
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.outbox import DraftPost
    from bot.domain.posts import NetworkName, Post
    from bot.domain.records import ChatContent
    from bot.domain.textlength import Limits

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'store.db'}"
    migrate(url)
    opened = open_store(url, pepper_source=lambda: PEPPER)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def content(store: SqlStore) -> ChatContent:
    return doors.fill(store, corpus())


@pytest.fixture(scope="module")
def pages(store: SqlStore, content: ChatContent) -> dict[str, bytes]:
    return doors.site(store.chats(), [content], [answer.post.author for answer in content.answers])


def answers(content: ChatContent) -> Iterator[tuple[str, Post]]:
    return ((answer.key, answer.post) for answer in content.answers)


def test_the_corpus_is_large_and_no_case_is_there_twice() -> None:
    cases = corpus()
    assert len(cases) >= 200
    assert max(Counter(case.name for case in cases).values()) == 1
    assert max(Counter((case.say, repr(case.facets)) for case in cases).values()) == 1
    assert all(case.attacks for case in cases)


def test_every_door_lets_nearly_all_in_and_the_rest_is_passed_over(content: ChatContent) -> None:
    # Halves of characters are no JSON; and a text for an answer is missing where a case says nothing that can be seen.
    broken = [case.name for case in corpus() if regex.search(r"\p{Cs}", case.say)]
    through = Counter(post.ref.network for _, post in answers(content))
    megabytes = sum(case.big for case in corpus())
    assert through["mastodon"] == (len(corpus()) - len(broken)) * 3 - megabytes
    assert through["bluesky"] == (len(corpus()) - len(broken)) * 3 - megabytes
    assert len(broken) == 2


def test_pages_hold_our_own_markup_and_nothing_else(pages: dict[str, bytes]) -> None:
    for path, page in pages.items():
        if path.endswith(".html"):
            assert faults(page) == [], path


def test_each_answer_stands_whole_in_a_box_of_its_own(content: ChatContent, pages: dict[str, bytes]) -> None:
    page = pages[urls.chat_page(content.stored.chat.id)]
    boxes = {node.id: node for node in elements(page) if node.tag == "article"}
    assert len(boxes) == len(content.answers)
    for key, post in answers(content):
        box = boxes[f"a-{key}"]
        inside = [node for node in box.iter() if node.tag != "-text"]
        assert [node.tag for node in inside if node.tag in ("header", "footer")] == ["header", "footer"], post.ref.id
        words = next(node for node in box.traverse() if "e-content" in (node.attributes.get("class") or ""))
        for host in words.css("bdi.host"):
            host.decompose()
        assert letters(words.text()) == letters(post.text.text), post.ref.id


def letters(text: str) -> str:
    return regex.sub(r"[\s\u202a-\u202e\u2066-\u2069]", "", text)


def test_readers_see_where_a_link_leads(pages: dict[str, bytes], content: ChatContent) -> None:
    page = pages[urls.chat_page(content.stored.chat.id)]
    told = Counter[bool]()
    for words in (node for node in elements(page) if "e-content" in (node.attributes.get("class") or "")):
        for link in words.css("a"):
            host = (urlsplit(link.attributes["href"] or "").hostname or "").removeprefix("www.")
            beside = link.next.next if link.next is not None and link.next.text() == " " else None
            named = beside.text() if beside is not None and beside.attributes.get("class") == "host" else ""
            begins = re.match(r"(?:https?://)?(?:www\.)?([^/?#:…]*)", link.text().strip().lower())
            assert begins is not None
            told[bool(named)] += 1
            if named:
                assert named.isascii()
                assert named.strip("()").removeprefix("www.") == host or not host.isascii() or "%" in host, named
            else:
                assert begins[1].strip("[]") == host, link.text()
                assert host.isascii()
    assert told[True] > 100
    assert told[False] > 10


def test_shared_links_show_the_end_of_their_host(pages: dict[str, bytes], content: ChatContent) -> None:
    page = pages[urls.chat_page(content.stored.chat.id)]
    listed = next(node for node in elements(page) if node.id == "links").css("li > a")
    assert len(listed) > 25
    for link in listed:
        host = (urlsplit(link.attributes["href"] or "").hostname or "").removeprefix("www.")
        shown = link.text().lower()
        assert len(shown) <= 60
        if host.isascii() and "%" not in host:
            begins = shown.strip("[").partition("]")[0] if ":" in host else re.split("[/?#:…]", shown)[0]
            assert begins == host or (shown.startswith("…") and host.endswith(shown[1:])), shown
        else:
            assert re.split("[/?#:…]", shown)[0].isascii(), shown


def test_names_handles_and_warnings_are_fit_to_be_seen(content: ChatContent) -> None:
    for _, post in answers(content):
        for text in (post.author.name, post.author.handle, post.warning, *(one.alt for one in post.media)):
            assert not UNSEEN.search(text), post.ref.id
        assert regex.search(r"[\p{L}\p{N}\p{P}\p{S}]", post.author.name), post.ref.id
        assert len(post.author.name) <= 200 + 120
        assert "\n" not in post.author.name + post.author.handle


def test_data_feeds_and_calendars_can_be_read(pages: dict[str, bytes], content: ChatContent) -> None:
    for path, page in pages.items():
        if path.endswith(".json"):
            told = json.loads(page)
            if path.endswith("/chat.json"):
                assert len(told["questions"][0]["answers"]) <= len(content.answers)
        elif path.endswith(".xml"):
            ET.fromstring(page)  # noqa: S314 - our own bytes
        elif path.endswith(".ics"):
            Calendar.from_ical(page)


# -- digests ------------------------------------------------------------------------------------------------------
MENTIONS = regex.compile(r"(?<![=/\w])@[a-z0-9_]", regex.IGNORECASE)  # Mastodon's Account::MENTION_RE begins so
ADDRESSES = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|magnet:\?|xmpp:)[^\s\u200b]+", re.IGNORECASE)
HASHTAGS = regex.compile(r"(?<![/\w&])[#\uff03]([\w·]*\p{L}[\w·]*)")


@pytest.fixture(scope="module", params=[("bluesky", BLUESKY), ("mastodon", MASTODON)], ids=["bluesky", "mastodon"])
def digest(request: pytest.FixtureRequest, content: ChatContent) -> list[tuple[DraftPost, Post]]:
    """Every answer of the other network as a digest repeats it, with the answer."""
    network: NetworkName
    limits: Limits
    network, limits = request.param
    chat = content.stored.chat
    said = {key: post for key, post in answers(content) if post.ref.network != network}
    chosen = msgspec.structs.replace(content, picks=tuple(Pick(f"{chat.id}/q1", key, "chosen") for key in said))
    prompt = Prompt(f"{chat.id}/digest", chat.id, "digest", 0, 9, chat.ends_at, chat.ends_at)
    draft = TemplateComposer(Templates(), doors.SITE).compose(
        prompt, chosen.stored, network, limits, upcoming=None, content=chosen, question=None, media=()
    )
    assert all(remaining(post.text, limits) >= 0 for post in draft.posts)
    repeated = [(post, said[post.answer]) for post in draft.posts if post.answer]
    assert len(repeated) == len(said)
    return repeated


def test_a_digest_pings_nobody(digest: list[tuple[DraftPost, Post]]) -> None:
    for draft, post in digest:
        assert not MENTIONS.search(to_plain(draft.text)), post.ref.id
        assert not any(isinstance(facet.feature, Mention) for facet in draft.text.facets), post.ref.id


def test_a_digest_makes_no_link_and_no_hashtag_that_was_none(digest: list[tuple[DraftPost, Post]]) -> None:
    for draft, post in digest:
        opened = {plainly(uri) for uri in (*links(post.text), post.ref.url)}
        tags = {fold_tag(piece) for piece, feature in runs(post.text) if isinstance(feature, Tag)}
        made = [facet.feature for facet in draft.text.facets]
        found = [plainly(one.uri) for one in made if isinstance(one, Link)]
        found += [plainly(one).rstrip(")”…") for one in ADDRESSES.findall(to_plain(draft.text))]
        for uri in found:
            assert uri in opened or uri + ")" in opened, post.ref.id
        sent = ADDRESSES.sub("", to_plain(draft.text))
        for tag in [*HASHTAGS.findall(sent), *(one.tag for one in made if isinstance(one, Tag))]:
            assert fold_tag(tag) in tags, post.ref.id
        assert not UNSEEN.search(draft.text.text), post.ref.id


def plainly(uri: str) -> str:
    return uri.replace("%40", "@").replace("%EF%BC%A0", "\uff20")


def test_a_listed_name_says_nothing_but_itself(pages: dict[str, bytes]) -> None:
    page = pages[urls.PEOPLE]
    assert faults(page) == []
    names = [node for node in elements(page) if "p-name" in (node.attributes.get("class") or "")]
    assert len(names) > 200
