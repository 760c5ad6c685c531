"""Feeds as a reader program meets them: whole, well-formed, and all that a reader shows is there."""

import json
import re
from urllib.parse import urlsplit

import feedparser
import pytest
from golden import rewrite

GOLDEN = rewrite.site()
ATOM = sorted(path for path in GOLDEN if path.endswith("feed.xml"))
JSON = sorted(path for path in GOLDEN if path.endswith("feed.json"))


def test_there_are_feeds_of_the_site_and_of_each_series() -> None:
    assert ATOM == ["edchat/feed.xml", "feed.xml", "profchat/feed.xml"]
    assert JSON == ["edchat/feed.json", "feed.json", "profchat/feed.json"]


@pytest.mark.parametrize("path", ATOM)
def test_a_reader_finds_nothing_wrong(path: str) -> None:
    read = feedparser.parse(GOLDEN[path], response_headers={"content-type": "application/atom+xml; charset=utf-8"})
    assert read.bozo == 0, read.get("bozo_exception")
    assert read.version == "atom10"
    assert read.feed.title
    assert read.feed.id
    assert read.feed.updated_parsed
    assert {link.rel for link in read.feed.links} >= {"self", "alternate"}
    assert all(urlsplit(link.href).netloc == "chats.example.org" for link in read.feed.links)
    for entry in read.entries:
        assert entry.id.startswith("urn:uuid:")
        assert urlsplit(entry.link).netloc == "chats.example.org"
        assert entry.updated_parsed >= entry.published_parsed
        (content,) = entry.content
        assert content.type == "text/html"
        assert not re.search(r"<(script|style|iframe|img)", content.value)


@pytest.mark.parametrize("path", ATOM)
def test_a_readers_own_cleaning_takes_nothing_of_a_digest(path: str) -> None:
    """What a careful reader removes for safety is nothing that we write."""
    kept = feedparser.parse(GOLDEN[path], sanitize_html=False)
    cleaned = feedparser.parse(GOLDEN[path], sanitize_html=True)

    def words(html: str) -> list[str]:
        return re.sub(r"<[^>]*>", " ", html).split()

    for one, two in zip(kept.entries, cleaned.entries, strict=True):
        assert words(one.content[0].value) == words(two.content[0].value)
        assert one.content[0].value.count("<a ") == two.content[0].value.count("<a ")


@pytest.mark.parametrize("path", JSON)
def test_json_tells_the_same_entries_in_the_same_order(path: str) -> None:
    data = json.loads(GOLDEN[path])
    read = feedparser.parse(GOLDEN[path.replace(".json", ".xml")])
    assert [one["id"] for one in data["items"]] == [entry.id for entry in read.entries]
    assert [one["title"] for one in data["items"]] == [entry.title for entry in read.entries]
