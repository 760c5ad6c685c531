import csv
import io
import json
import posixpath
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import icalendar
import msgspec
import pytest
from golden import rewrite, sample

from bot.domain.records import ChatFigures, StoredChat
from bot.domain.richtext import RichText
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question
from bot.rendering import urls
from bot.rendering.calendar import calendar
from bot.rendering.chattable import chat_table
from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates

TEMPLATES = Templates()
ATOM = {"a": "http://www.w3.org/2005/Atom"}
GOLDEN = rewrite.site()
CHAT = "edchat/2027-01-07"


def page(
    path: str, site: Site = sample.SITE, chats: list[StoredChat] | None = None, now: datetime = sample.NOW
) -> bytes:
    renderer = SiteRenderer(TEMPLATES, site, lambda: now)
    pages = renderer.pages(sample.chats() if chats is None else chats, sample.figures())
    return next(one for one in pages if one.path == path).render(sample.contents)


def test_a_feed_has_what_atom_asks_for() -> None:
    feed = ET.fromstring(GOLDEN["edchat/feed.xml"])  # noqa: S314 - our own bytes
    for needed in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{needed}", namespaces=ATOM)
    entries = feed.findall("a:entry", ATOM)
    assert [entry.findtext("a:title", namespaces=ATOM) for entry in entries] == ["Feedback that pupils use · #EdChat"]
    entry = entries[0]
    assert entry.findtext("a:updated", namespaces=ATOM) == "2027-01-08T07:00:00Z"
    link = entry.find("a:link", ATOM)
    assert link is not None
    assert link.get("href") == "https://chats.example.org/edchat/2027-01-07/"


def test_a_feed_tells_only_the_hour_of_the_latest_answer() -> None:
    """It may be of somebody nameless. A chat that began within that hour was not updated before it began."""
    counts = {CHAT: ChatFigures(1, 1, 0, sample.START + timedelta(minutes=47, seconds=3))}
    for minute, updated in ((0, "2027-01-07T20:00:00Z"), (30, "2027-01-07T20:30:00Z")):
        series = msgspec.structs.replace(sample.EDCHAT, at=time(20, minute))
        chats = [StoredChat(planned_chats(series)[0], series, 1)]
        pages = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW).pages(chats, counts)
        feeds = [one.render(sample.contents) for one in pages if one.path.endswith("feed.xml")]
        assert len(feeds) == 2
        for feed in feeds:
            assert b"20:47" not in feed
            assert f"<updated>{updated}</updated>".encode() in feed


def chosen(data: bytes) -> list[str]:
    """Who is quoted in a JSON Feed's first item, in order."""
    html = json.loads(data)["items"][0]["content_html"]
    return re.findall(r'<p>— <a href="[^"]*#a-(\d+)">', html)


def test_a_feed_repeats_of_people_what_the_digest_chose_and_no_more() -> None:
    picks = [pick.answer for pick in sample.contents(CHAT).picks]
    assert chosen(GOLDEN["feed.json"]) == chosen(GOLDEN["edchat/feed.json"]) == picks
    rest = [one.post.author.handle for one in sample.contents(CHAT).answers if one.key not in picks]
    quoted = {one.post.author.handle for one in sample.contents(CHAT).answers if one.key in picks}
    for path in ("feed.xml", "feed.json", "edchat/feed.xml", "edchat/feed.json"):
        assert not [handle for handle in rest if handle and handle not in quoted and handle.encode() in GOLDEN[path]]


def test_what_a_chat_was_worth_is_no_part_of_its_digest_in_feeds() -> None:
    asked = Question("Was it worth it?", ("Yes", "No"), pulse=True)
    stored = sample.chats()[0]
    chat = msgspec.structs.replace(stored.chat, questions=(*stored.chat.questions, asked))
    there = msgspec.structs.replace(stored, chat=chat)
    content = msgspec.structs.replace(sample.content(), stored=there)
    pages = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW).pages([there], sample.figures())
    feeds = [one.render(lambda _: content) for one in pages if one.path in ("edchat/feed.xml", "edchat/feed.json")]
    assert all(b"Q1 " in feed and asked.ask.encode() not in feed for feed in feeds)
    assert len(feeds) == 2


def test_a_feed_tells_what_the_hosts_say_escaped_and_under_their_name() -> None:
    said = "Thank you all, and @edchat.example.org. Next: &lt;b&gt;starters&lt;/b&gt;!"
    first = f"<p><strong>From the hosts:</strong> {said}</p>"
    for path in ("feed.json", "edchat/feed.json"):
        assert first in json.loads(GOLDEN[path])["items"][0]["content_html"]
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    page = next(one for one in renderer.pages(sample.chats(), sample.figures()) if one.path == "feed.json")

    def told(**changes: Any) -> dict[str, Any]:
        content = msgspec.structs.replace(sample.contents(CHAT), **changes)
        item: dict[str, Any] = json.loads(page.render(lambda _: content))["items"][0]
        return item

    assert first in told(picks=())["content_html"]
    assert "From the hosts" not in told(intro="")["content_html"]
    assert "content_html" not in told(intro="", picks=())


def test_both_formats_tell_the_same() -> None:
    for folder in ("", "edchat/", "profchat/"):
        feed = ET.fromstring(GOLDEN[f"{folder}feed.xml"])  # noqa: S314 - our own bytes
        data = json.loads(GOLDEN[f"{folder}feed.json"])
        told = [
            [entry.findtext(f"a:{name}", "", ATOM) for name in ("id", "title", "published", "updated", "content")]
            for entry in feed.findall("a:entry", ATOM)
        ]
        assert told == [
            [one["id"], one["title"], one["date_published"], one["date_modified"], one.get("content_html", "")]
            for one in data["items"]
        ]


def test_a_json_feed_has_what_its_version_asks_for() -> None:
    data = json.loads(GOLDEN["edchat/feed.json"])
    assert (data["version"], data["title"], data["language"]) == ("https://jsonfeed.org/version/1.1", "Ed Chat", "en")
    assert data["feed_url"] == "https://chats.example.org/edchat/feed.json"
    assert data["home_page_url"] == "https://chats.example.org/edchat/"
    for item in data["items"]:
        assert item["id"].startswith("urn:uuid:")
        assert ("content_html" in item) != ("content_text" in item)


def test_what_left_the_archive_leaves_the_feed() -> None:
    content = sample.contents(CHAT)
    gone = content.picks[0].answer
    less = msgspec.structs.replace(content, answers=tuple(one for one in content.answers if one.key != gone))
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    for path in ("feed.xml", "feed.json", "edchat/feed.xml", "edchat/feed.json"):
        one = next(one for one in renderer.pages(sample.chats(), sample.figures()) if one.path == path)
        assert f"#a-{gone}".encode() in one.render(sample.contents)
        assert f"#a-{gone}".encode() not in one.render(lambda chat: less if chat == CHAT else sample.contents(chat))


def test_a_feed_is_made_again_when_a_chat_in_it_changed() -> None:
    def marks(chats: list[StoredChat]) -> dict[str, str]:
        pages = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW).pages(chats, sample.figures())
        return {one.path: one.mark for one in pages if "feed." in one.path}

    before = sample.chats()
    after = [msgspec.structs.replace(one, revision=one.revision + (one.chat.id == CHAT)) for one in before]
    changed = {path for path, mark in marks(after).items() if marks(before)[path] != mark}
    assert changed == {"feed.xml", "feed.json", "edchat/feed.xml", "edchat/feed.json"}


def test_all_feeds_in_one_list() -> None:
    outlines = ET.fromstring(GOLDEN["feeds.opml"]).findall("body/outline")  # noqa: S314 - our own bytes
    assert [(one.get("text"), one.get("xmlUrl")) for one in outlines] == [
        ("Staffroom", "https://chats.example.org/feed.xml"),
        ("Ed Chat", "https://chats.example.org/edchat/feed.xml"),
        ("Prof Chat", "https://chats.example.org/profchat/feed.xml"),
    ]


def test_ids_stay_when_the_site_moves_and_links_are_relative_without_an_address() -> None:
    moved = ET.fromstring(page("edchat/feed.xml", Site()))  # noqa: S314 - our own bytes
    here = ET.fromstring(GOLDEN["edchat/feed.xml"])  # noqa: S314 - our own bytes
    path = "a:entry/a:id"
    assert moved.findtext(path, namespaces=ATOM) == here.findtext(path, namespaces=ATOM)
    link = moved.find("a:entry/a:link", ATOM)
    assert link is not None
    assert link.get("href") == "2027-01-07/index.html"


def test_a_feed_with_marks_that_xml_cannot_hold_still_parses() -> None:
    entry = msgspec.structs.replace(sample.EDCHAT.chats[0], topic="Bell \x07 & <tag>\ufffe 👩\u200d🏫 ok")
    series = msgspec.structs.replace(sample.EDCHAT, chats=(entry,))
    chats = [StoredChat(chat, series, 1) for chat in planned_chats(series)]
    feed = ET.fromstring(page("feed.xml", chats=chats))  # noqa: S314 - our own bytes
    assert feed.findtext("a:entry/a:title", namespaces=ATOM) == "Bell   & <tag>\ufffd 👩\u200d🏫 ok · #EdChat"


def test_a_feed_holds_the_latest_thirty() -> None:
    day = sample.EDCHAT.chats[0].date
    entries = tuple(ChatEntry(day - timedelta(days=7 * n), f"Topic {n}", ()) for n in range(40))
    series = msgspec.structs.replace(sample.EDCHAT, chats=entries)
    feed = ET.fromstring(page("feed.xml", chats=sample.stored_chats(series)))  # noqa: S314 - our own bytes
    titles = [entry.findtext("a:title", namespaces=ATOM) for entry in feed.findall("a:entry", ATOM)]
    assert titles == [f"Topic {n} · #EdChat" for n in range(30)]


def events(data: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_a_calendar_tells_of_coming_chats_in_their_own_zone() -> None:
    (event, _) = events(GOLDEN["edchat/calendar.ics"])
    assert str(event["summary"]) == "#EdChat: Starting a lesson well"
    assert event["dtstart"].dt.isoformat() == "2027-01-14T20:00:00+00:00"
    assert event["dtstart"].params["TZID"] == "Europe/London"
    assert str(event["url"]) == "https://chats.example.org/edchat/2027-01-14/"
    assert len(events(GOLDEN["calendar.ics"])) == 3
    assert b"BEGIN:VTIMEZONE\r\nTZID:Europe/Paris" in GOLDEN["calendar.ics"]


def test_a_running_chat_is_still_in_the_calendar_and_a_past_one_is_not() -> None:
    during, after = sample.START + timedelta(minutes=30), sample.START + timedelta(minutes=61)
    assert len(events(page("edchat/calendar.ics", now=during))) == 3
    assert len(events(page("edchat/calendar.ics", now=after))) == 2


def test_a_cancelled_chat_stays_in_the_calendar_for_a_month() -> None:
    end, (first, second) = sample.START + timedelta(hours=1), sample.stored_chats()
    chats = [msgspec.structs.replace(first, cancelled=True), second]
    for days, told in ((-5, 2), (0, 2), (5, 2), (29, 1), (30, 0)):
        for path in ("edchat/calendar.ics", "calendar.ics"):
            found = events(page(path, chats=chats, now=end + timedelta(days=days)))
            assert len(found) == told


def test_a_chat_that_is_put_on_another_day_is_a_cancelled_event_and_a_new_one() -> None:
    chats = sample.stored_chats()
    before = {str(event["uid"]) for event in events(page("edchat/calendar.ics", chats=chats))}
    moved = msgspec.structs.replace(sample.EDCHAT.chats[1], date=sample.EDCHAT.chats[1].date + timedelta(days=7))
    series = msgspec.structs.replace(sample.EDCHAT, chats=(sample.EDCHAT.chats[0], moved))
    gone = msgspec.structs.replace(chats[1], cancelled=True, revision=chats[1].revision + 1)
    later = sample.stored_chats(series)[1]
    told = {str(event["uid"]): event for event in events(page("edchat/calendar.ics", chats=[chats[0], gone, later]))}
    assert before < told.keys()
    assert [str(event["status"]) for event in told.values()] == ["CANCELLED", "CONFIRMED"]
    assert [str(event["transp"]) for event in told.values()] == ["TRANSPARENT", "OPAQUE"]


def test_a_new_topic_or_hour_is_the_same_event_changed() -> None:
    chats = sample.stored_chats()
    entry = msgspec.structs.replace(sample.EDCHAT.chats[1], topic="Ending a lesson well", at=time(19, 30))
    series = msgspec.structs.replace(sample.EDCHAT, chats=(sample.EDCHAT.chats[0], entry))
    now = msgspec.structs.replace(sample.stored_chats(series)[1], revision=chats[1].revision + 1)
    before, after = (events(page("edchat/calendar.ics", chats=[one]))[0] for one in (chats[1], now))
    assert before["uid"] == after["uid"]
    assert str(after["summary"]) == "#EdChat: Ending a lesson well"
    assert after["dtstart"].dt - before["dtstart"].dt == timedelta(minutes=-30)
    for newer in ("dtstamp", "last-modified"):
        assert before[newer].dt < after[newer].dt
    assert before["sequence"] < after["sequence"]


@pytest.mark.parametrize("path", ["calendar.ics", "edchat/calendar.ics", "profchat/calendar.ics"])
def test_a_calendar_keeps_the_rules_of_its_format(path: str) -> None:
    """RFC 5545: lines of at most 75 bytes that end in CRLF, each zone defined once, all that an event needs."""
    data = GOLDEN[path]
    assert data.endswith(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in data.split(b"\r\n"))
    found = icalendar.Calendar.from_ical(data)
    assert found.errors == []
    zones = [str(zone["tzid"]) for zone in found.walk("VTIMEZONE")]
    used = {event[name].params["TZID"] for event in found.walk("VEVENT") for name in ("dtstart", "dtend")}
    assert len(zones) == len(set(zones))
    assert used == set(zones)
    uids = [str(event["uid"]) for event in found.walk("VEVENT")]
    assert len(uids) == len(set(uids)) > 0
    for event in found.walk("VEVENT"):
        assert event.errors == []
        assert {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "STATUS", "URL", "SUMMARY"} <= event.keys()


def test_summer_and_winter_keep_the_hour_on_the_wall() -> None:
    day = datetime(2027, 3, 25, tzinfo=UTC).date()
    entries = tuple(ChatEntry(day + timedelta(days=7 * n), f"Topic {n}", ()) for n in range(2))
    chats = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=entries))
    told = events(page("calendar.ics", chats=chats))
    assert [event["dtstart"].dt.isoformat() for event in told] == [
        "2027-03-25T20:00:00+00:00",
        "2027-04-01T20:00:00+01:00",
    ]


def test_the_same_plan_gives_the_same_bytes_and_a_changed_one_is_newer() -> None:
    words = TEMPLATES.dictionary.words("en")
    chats = sample.stored_chats()

    def told(chats: list[StoredChat]) -> bytes:
        return calendar(sample.SITE, words, name="Ed Chat", chats=chats)

    assert told(chats) == told(chats)
    newer = [msgspec.structs.replace(one, revision=9) for one in chats]
    before, after = events(told(chats))[0], events(told(newer))[0]
    assert before["uid"] == after["uid"]
    assert before["dtstamp"].dt < after["dtstamp"].dt
    assert before["sequence"] < after["sequence"]


def test_a_cancelled_chat_says_so() -> None:
    chats = [msgspec.structs.replace(one, cancelled=True) for one in sample.stored_chats()]
    told = events(page("edchat/calendar.ics", chats=chats))
    assert [str(event["status"]) for event in told] == ["CANCELLED", "CANCELLED"]


def test_an_empty_calendar_is_one_too() -> None:
    assert events(page("calendar.ics", chats=[])) == []


def test_chat_json_has_the_agreed_fields_nested_by_question_and_thread() -> None:
    data = json.loads(GOLDEN[urls.chat_data(CHAT)])
    assert (data["id"], data["hashtag"], data["people"]) == (CHAT, "EdChat", 9)
    first = data["questions"][0]
    assert (first["number"], first["ask"]) == (1, sample.EDCHAT.chats[0].questions[0].ask)
    assert {post["network"] for post in first["posts"]} == {"bluesky", "mastodon"}
    told = first["answers"][0]
    assert told["id"] == "01"
    assert told["author"] == {"name": "Year 5 teacher in Leeds", "handle": "y5leeds.example.org"}
    assert (told["network"], told["url"], told["at"]) == ("bluesky", "https://bsky.example/01", "2027-01-07T20:06:00Z")
    assert told["text"].startswith("Whole-class feedback sheet")
    assert [reply["id"] for reply in told["replies"]] == ["02"]


def test_chat_json_says_nothing_of_what_was_removed_and_keeps_what_hangs_under_it() -> None:
    third = json.loads(GOLDEN[urls.chat_data(CHAT)])["questions"][2]
    assert [answer["id"] for answer in third["answers"]] == ["22", "14", "15"]
    assert b'"13"' not in GOLDEN[urls.chat_data(CHAT)]


def test_chat_json_counts_what_is_left_out_and_tells_of_nobody_more_than_they_like() -> None:
    data = json.loads(GOLDEN[urls.chat_data(CHAT)])
    assert data["left_out"] == 12
    by_key = {answer["id"]: answer for question in data["questions"] for answer in question["answers"]}
    assert by_key["22"]["author"] == {"name": "S.O.L."}
    assert by_key["22"]["at"] == "2027-01-07T20:32:00Z"
    assert by_key["23"].keys() == {"id", "network", "text", "hour", "questions", "languages", "replies"}
    assert by_key["23"]["hour"] == "2027-01-07T20:00:00Z"


def test_chat_json_names_every_question_an_answer_belongs_to() -> None:
    data = json.loads(GOLDEN[urls.chat_data(CHAT)])
    both = next(answer for answer in data["questions"][1]["answers"] if answer["id"] == "11")
    assert both["questions"] == [2, 4]
    assert [answer["id"] for answer in data["unplaced"]] == ["18"]


def test_chat_json_is_what_its_schema_says() -> None:
    from jsonschema import Draft202012Validator  # it builds a grammar of addresses as it loads

    schema = json.loads(GOLDEN[urls.SCHEMA])
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    paths = [path for path in GOLDEN if path.endswith("/chat.json")]
    assert len(paths) == 4
    for path in paths:
        data = json.loads(GOLDEN[path])
        assert posixpath.normpath(f"{posixpath.dirname(path)}/{data['$schema']}") == urls.SCHEMA
        assert list(check.iter_errors(data)) == []
        assert list(check.iter_errors(data | {"questions": [{"number": "one"}]}))
        assert set(data) == set(schema["$defs"]["ChatData"]["required"])


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_table_says_what_the_data_say() -> None:
    def flat(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for answer in answers for one in (answer, *flat(answer["replies"]))]

    data = json.loads(GOLDEN[urls.chat_data(CHAT)])
    told = [one for question in data["questions"] for one in flat(question["answers"])] + flat(data["unplaced"])
    rows = table(GOLDEN[urls.chat_table(CHAT)])
    assert [row["id"] for row in rows] == [one["id"] for one in told]
    for row, one in zip(rows, told, strict=True):
        author = one.get("author", {})
        assert row["text"] == one["text"]
        assert [row["name"], row["handle"]] == [author.get("name", ""), author.get("handle", "").removeprefix("@")]
        assert [row["network"], row["url"]] == [one["network"], one.get("url", "")]
        assert row["questions"] == " ".join(map(str, one["questions"]))
        assert one.get("at", one.get("hour")).startswith(row["at"])
    by_key = {row["id"]: row for row in rows}
    assert by_key["02"]["in_reply_to"] == "01"
    assert by_key["23"]["at"] == "2027-01-07T20"


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1", "-1", "@teacher", "\t=1"])
def test_no_spreadsheet_runs_a_cell(text: str) -> None:
    content = sample.contents(CHAT)
    first = content.answers[0]
    post = msgspec.structs.replace(first.post, text=RichText(text))
    odd = msgspec.structs.replace(content, answers=(msgspec.structs.replace(first, post=post), *content.answers[1:]))
    cell = next(row["text"] for row in table(chat_table(odd)) if row["id"] == first.key)
    assert cell.startswith("'")
    assert cell.endswith(text.strip())


@pytest.mark.parametrize(
    ("start", "to", "fragment", "link"),
    [
        ("index.html", "edchat/2027-01-07/index.html", "", "edchat/2027-01-07/index.html"),
        ("edchat/2027-01-07/index.html", "look.css", "", "../../look.css"),
        ("edchat/2027-01-07/index.html", "edchat/2027-01-14/index.html", "a-1", "../2027-01-14/index.html#a-1"),
        ("edchat/index.html", "été 1/index.html", "", "../%C3%A9t%C3%A9%201/index.html"),
    ],
)
def test_relative_links(start: str, to: str, fragment: str, link: str) -> None:
    assert urls.relative(start, to, fragment) == link


def test_absolute_links() -> None:
    assert urls.absolute("https://a.example/", "edchat/index.html", "q1") == "https://a.example/edchat/#q1"
    assert urls.absolute("https://a.example/sub", "feed.xml") == "https://a.example/sub/feed.xml"
    assert urls.absolute("", "feed.xml") == ""
