"""Anything at all, into everything that reads what others write: no crash, no hang, and what is promised of the result.

``STAFFROOM_FUZZ=100`` tries a hundred times as much.
"""

from __future__ import annotations

import html
import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import libipld
import msgspec
import pytest
import regex
from golden import sample
from hostile.cases import corpus
from hostile.reading import UNSEEN, faults
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from bot.config.load import load
from bot.config.reading import Reading
from bot.config.series_models import SeriesFile
from bot.config.yaml_source import Source
from bot.domain.cleaning import one_line, showable
from bot.domain.commands import read
from bot.domain.labels import label_of
from bot.domain.mentions import mentions, unname
from bot.domain.patterns import hidden_host, host_of, is_web
from bot.domain.records import Answer, StoredChat
from bot.domain.repeating import repeatable, unlinked
from bot.domain.richtext import Facet, Link, RichText, Tag, detect, from_facets, neutralise, runs, to_html, to_plain
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question
from bot.domain.splitting import split
from bot.domain.textlength import BLUESKY, MASTODON, remaining
from bot.errors import ConfigError
from bot.networks.bluesky import wire
from bot.networks.bluesky.frames import READERS, traces
from bot.networks.bluesky.views import PostView
from bot.networks.mastodon.posthtml import to_rich
from bot.networks.mastodon.sse import Parser
from bot.rendering.calendar import calendar
from bot.rendering.entries import entries
from bot.rendering.feeds import atom, json_feed
from bot.rendering.frame import Press
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

TIMES = int(os.environ.get("STAFFROOM_FUZZ", "1"))
SEEDS = sorted({case.say[:300] for case in corpus()})
ONE_SEED = st.integers(0, len(SEEDS) - 1).map(SEEDS.__getitem__)  # their repr would be long
PIECES = (
    *"<>&\"'/=!-#;:@.\\ \n\t\0[](){}*+?|^$%~`_",
    *("<a href=", "</a>", "<!--", "-->", "<![CDATA[", "<p>", "</p>", "<br>", "<pre>", "<li>", "<svg>", "&#", "&lt;"),
    *("https://", "javascript:", "www.", "example.org", "A1", "Q2:", "#EdChat", "@amy@example.org", "JOIN", "STOP"),
    *(
        "\u202e",
        "\u2069",
        "\u200b",
        "\u200d",
        "\u0301",
        "\ufe0f",
        "\u20e3",
        "\U0001f468",
        "\U0001f1e6",
        "\ufdd0",
        "\x85",
    ),
    *("- ", ": ", "? ", "&x ", "*x ", "!!", "|\n", ">\n", "---\n", "...\n", "\ttitle: ", "  ", "title: ", "chats:\n"),
)


def fuzz(times: int) -> Any:
    """So many tries in the suite; slow ones are no failures, whatever else the machine does."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    return settings(max_examples=times * TIMES, deadline=None, suppress_health_check=quiet)


def told() -> SearchStrategy[str]:
    """Texts: anything, pieces that mean something, cases of the corpus, and what comes of joining and cutting them."""
    some = st.one_of(st.sampled_from(PIECES), st.text(max_size=12), ONE_SEED)
    joined = st.lists(some, max_size=10).map("".join)
    return st.one_of(joined, st.text(st.characters(), max_size=60), ONE_SEED)


SPANS = st.tuples(st.integers(-5, 200), st.integers(-5, 200))
FEATURES = st.one_of(told().map(Link), told().map(Tag), st.sampled_from(["https://example.org/a"]).map(Link))
FACETS = st.lists(st.builds(lambda span, feature: Facet(*span, feature), SPANS, FEATURES), max_size=6)


# -- texts --------------------------------------------------------------------------------------------------------
def sound(rich: RichText) -> None:
    """What holds of every RichText."""
    data = rich.text.encode()
    last = 0
    for facet in rich.facets:
        assert last <= facet.start < facet.end <= len(data)
        data[facet.start : facet.end].decode()
        last = facet.end
        assert not isinstance(facet.feature, Link) or is_web(facet.feature.uri)
    assert not regex.search(r"[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u2028\u2029--\t\n]", rich.text, regex.V1)


@fuzz(250)
@given(told())
@example("<b>" * 3_001 + "&#" + "9" * 5_000 + ";")
def test_the_html_reader(text: str) -> None:
    rich = to_rich(text)
    sound(rich)
    assert faults(to_html(rich).encode()) == []
    again = to_rich("<p>" + html.escape(rich.text).replace("\n", "<br>") + "</p>")
    assert again.text.split() == rich.text.split()


@fuzz(250)
@given(told(), FACETS)
def test_facets(text: str, facets: list[Facet]) -> None:
    rich = from_facets(text, facets)
    sound(rich)
    assert from_facets(rich.text, rich.facets) == rich
    assert len(rich.text.encode()) == len(regex.sub(r"\p{Cs}", "\ufffd", text).encode())
    assert "".join(piece for piece, _ in runs(rich)) == rich.text
    assert faults(to_html(rich).encode()) == []
    sound(neutralise(rich))
    assert neutralise(neutralise(rich)) == neutralise(rich)
    assert not mentions(unname(rich, lambda _: True))


@fuzz(150)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | told(),
        st.lists,
        max_leaves=5,
    )
)
def test_facets_of_any_shape(value: Any) -> None:
    record = {"text": "a b c", "createdAt": "2027-01-07T20:00:00Z", "facets": value, "langs": value, "embed": value}
    deeper = {
        "facets": [{"index": {"byteStart": 0, "byteEnd": value}, "features": [{"$type": "x#link", "uri": value}]}]
    }
    for one in (record, {**record, **deeper}, {**record, "embed": {"media": {"external": {"uri": value}}}}):
        raw = json.dumps({"uri": "at://did:plc:a/app.bsky.feed.post/b", "cid": "c", "record": one}).encode()
        author = {"did": "did:plc:a", "handle": "a.example"}
        if b"\\ud" in raw.lower():
            continue  # halves of characters are no JSON: the adapter passes such a post over
        view = msgspec.json.decode(raw[:-1] + b', "author": ' + json.dumps(author).encode() + b"}", type=PostView)
        post = wire.post(view, view.author, hidden=False)
        assert post is not None
        sound(post.text)
        wire.sound(view.record)


@fuzz(200)
@given(told(), st.sampled_from([(), ("en",), ("de", "cy"), ("fr", "es", "xx")]))
def test_labels_and_commands(text: str, languages: tuple[str, ...]) -> None:
    found = label_of(text, {1, 2, 3, 12}, languages)
    assert set(found.numbers) <= {1, 2, 3, 12}
    assert len(set(found.numbers)) == len(found.numbers)
    rich = from_facets(text)
    for in_thread in (True, False):
        read(rich, languages, own="did:plc:us", in_thread=in_thread, own_handle="@us@example.org")


@fuzz(100)
@given(told(), FACETS, st.sampled_from([BLUESKY, MASTODON]))
def test_splitting_and_repeating(text: str, facets: list[Facet], limits: Any) -> None:
    rich = from_facets(text * 20, facets)
    pieces = split(rich, limits)
    assert all(remaining(piece, limits) >= 0 for piece in pieces)
    said = repeatable(rich)
    assert said.replace("\u200b", "") == to_plain(rich).replace("\u200b", "")
    assert unlinked(unlinked(text)).replace("\u200b", "") == unlinked(text).replace("\u200b", "")


@fuzz(250)
@given(told(), told())
def test_hosts_and_names(words: str, tail: str) -> None:
    for uri in (words, f"https://{words}", f"https://{words}/{tail}"):
        host = host_of(uri)
        assert host.isascii()
        assert hidden_host(words, uri) in ("", host)
        if is_web(uri) and host:
            assert hidden_host(f"https://{host}/{tail}", uri) == ""
    line = one_line(words, 50)
    assert not UNSEEN.search(line)
    assert "\n" not in line
    assert len(line) <= 50
    assert one_line(line, 50) == line
    assert showable(showable(words)) == showable(words)


# -- frames -------------------------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["record", "did", "x", "seq"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = (
    "did",
    "time_us",
    "kind",
    "commit",
    "account",
    "$type",
    "payload",
    "error",
    "record",
    "seq",
    "time",
    "op",
    "t",
    "ops",
)
FRAMES = st.dictionaries(
    st.sampled_from(FIELDS), JSON | st.sampled_from(["commit", "account", "#commit", "error"]), max_size=6
)


@fuzz(300)
@given(st.one_of(st.binary(max_size=80), FRAMES.map(lambda value: json.dumps(value).encode())))
@example(b'{"did":"x","time_us":1,"kind":"commit","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
def test_json_frames(frame: bytes) -> None:
    for protocol in ("v1", "v2"):
        refused_or_read(protocol, frame)
    traces(frame)


@fuzz(150)
@given(FRAMES, FRAMES, st.binary(max_size=20))
def test_cbor_frames(header: dict[str, Any], body: dict[str, Any], more: bytes) -> None:
    try:
        frame = libipld.encode_dag_cbor(header) + libipld.encode_dag_cbor(body)
    except Exception:  # noqa: BLE001 -- what CBOR cannot hold is no frame
        return
    for one in (frame, frame + more, more + frame, frame[: len(more)]):
        refused_or_read("firehose", one)


def refused_or_read(protocol: Any, frame: bytes) -> None:
    try:
        events = READERS[protocol](frame)
    except (ValueError, RecursionError):  # what the stream sets aside
        return
    assert all(event.kind in ("commit", "account", "info", "error", "other") for event in events)


EVENTS = st.lists(
    st.sampled_from(
        [
            b"data: x\n",
            b"data\n",
            b"event: update\r\n",
            b":\n",
            b"\n",
            b"\r\n\r\n",
            b"id: 1\n",
            b"\xff",
            b"data: " + b"y" * 40,
        ]
    ),
    max_size=20,
)


@fuzz(150)
@given(EVENTS, st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_server_sent_events_read_the_same_however_they_are_cut(lines: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(lines)
    whole = Parser().feed(stream)
    pieces, bounded = Parser(), Parser(30)
    found = []
    at = 0
    while at < len(stream):
        size = cuts[at % len(cuts)]
        found += pieces.feed(stream[at : at + size])
        at += size
    assert found == whole
    assert all(event.data is None or len(event.data) <= 30 for event in bounded.feed(stream))


# -- YAML ---------------------------------------------------------------------------------------------------------
STAFFROOM = b"""contact: chats@example.org
controller: Example Teachers' Association
site: {title: Staffroom, address: "https://chats.example.org"}
networks: {mastodon: {server: "https://social.example.org"}}
"""
GOOD = """title: Ed Chat
hashtag: EdChat
timezone: Europe/London
every: only dates
at: "20:00"
chats:
  - date: 2027-01-07
    topic: Feedback
    questions:
      - What works?
      - ask: Which?
        poll: [Ticks, Levels]
"""


@fuzz(60)
@given(st.one_of(st.binary(max_size=120), told().map(lambda text: text.encode(errors="surrogatepass"))))
@example(b"a: &a [[[[[[[[[[\n")
def test_any_bytes_as_yaml(data: bytes) -> None:
    source = Source("series/x.yaml", data)
    within(source, data)


@fuzz(60)
@given(st.integers(0, len(GOOD)), st.integers(0, 12), told())
def test_a_good_file_with_something_else_in_it(at: int, gone: int, text: str) -> None:
    data = (GOOD[:at] + text + GOOD[at + gone :]).encode(errors="surrogatepass")
    reading = Reading("series/edchat.yaml", data, SeriesFile)
    within(reading.source, data, reading.problems)
    assert reading.problems or reading.value is not None
    if reading.value is not None:
        assert not UNSEEN.search(reading.value.title)


def within(source: Source, data: bytes, problems: Any = None) -> None:
    """Every place that is named is one in the file, and no message repeats what a terminal would act on."""
    lines = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in source.problems if problems is None else problems:
        assert 0 <= problem.line <= len(lines), problem
        if problem.line:
            assert 0 <= problem.column <= len(lines[problem.line - 1]) + 3, (
                problem
            )  # behind a key: where its value goes
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", problem.message + problem.mend), problem


@fuzz(25)
@given(st.binary(max_size=60), st.integers(0, len(GOOD)))
def test_a_folder_gives_a_plan_or_says_what_is_wrong(tmp_path: Path, data: bytes, at: int) -> None:
    (tmp_path / "series").mkdir(exist_ok=True)
    (tmp_path / "staffroom.yaml").write_bytes(STAFFROOM)
    (tmp_path / "series" / "edchat.yaml").write_bytes(GOOD.encode()[:at] + data + GOOD.encode()[at:])
    found = problems_of(tmp_path)
    assert all(line <= 100 for _, line, _, _ in found)
    assert problems_of(tmp_path) == found


def problems_of(folder: Path) -> list[tuple[str, int, int, str]]:
    """What is wrong with a folder's files, and where; nothing where they make a plan."""
    try:
        assert load(folder).series
    except ConfigError as wrong:
        return [(one.file, one.line, one.column, one.message) for one in wrong.problems]
    return []


def test_the_good_file_is_good(tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "staffroom.yaml").write_bytes(STAFFROOM)
    (tmp_path / "series" / "edchat.yaml").write_text(GOOD, encoding="utf-8")
    assert problems_of(tmp_path) == []


# -- feeds and calendars ------------------------------------------------------------------------------------------
PRESS = Press(Templates(), sample.SITE)
WORDS = PRESS.words("en")


@fuzz(20)
@given(told(), told(), told())
def test_feeds_and_calendars(topic: str, about: str, ask: str) -> None:
    entry = ChatEntry(date=date(2027, 1, 7), topic=topic, about=about, questions=(Question(ask),))
    series = msgspec.structs.replace(sample.EDCHAT, chats=(entry,), title=about)
    chats = [StoredChat(chat, series, 1) for chat in planned_chats(series)]
    content = sample.contents(chats[0].chat.id)
    quoted = tuple(hostile(one, ask, about) for one in content.answers)
    content = msgspec.structs.replace(content, stored=chats[0], answers=quoted, intro=ask)
    told = list(entries(PRESS, WORDS, "feed.xml", chats, figures=sample.figures(), content=lambda _: content))
    feed, data = (
        write(sample.SITE, WORDS, title=about, path="feed.xml", page="index.html", told=told)
        for write in (atom, json_feed)
    )
    root = ET.fromstring(feed)  # noqa: S314 - our own bytes
    assert [child.tag.rpartition("}")[2] for child in root].count("entry") == 1
    assert len(list(root.iter())) == 16
    (item,) = json.loads(data)["items"]
    ours = {"p", "h2", "blockquote", "a", "br", "span", "bdi", "strong"}
    assert set(re.findall(r"<(\w+)", item["content_html"])) <= ours
    made = calendar(sample.SITE, WORDS, name=topic, chats=chats)
    assert not re.search(b"\r(?!\n)|(?<!\r)\n", made)
    (event,) = Calendar.from_ical(made).walk("VEVENT")
    plain = {"UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "URL"}
    assert set(event) == plain | {"LAST-MODIFIED", "TRANSP"}
    assert letters(str(event["SUMMARY"])) == letters(f"#EdChat: {showable(topic)}")


def hostile(answer: Answer, text: str, name: str) -> Answer:
    author = msgspec.structs.replace(answer.post.author, name=name)
    return msgspec.structs.replace(
        answer, post=msgspec.structs.replace(answer.post, text=detect(text), author=author, warning="")
    )


def letters(text: str) -> str:
    return regex.sub(r"[\s\p{C}]", "", text)


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_times_at_the_ends_of_the_calendar(at: datetime) -> None:
    frame = json.dumps({"payload": {"$type": "x#commit", "did": "a", "time": at.isoformat()}}).encode()
    refused_or_read("v2", frame)
    assert wire.moment((at - timedelta(0)).isoformat()) == at
