"""The corpus as moderators' own YAML: refused kindly and exactly, or shown as the words they are."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hostile import doors
from hostile.cases import corpus
from hostile.reading import UNSEEN, faults
from icalendar import Calendar

from bot.config.load import load
from bot.config.reading import Reading
from bot.config.series_models import SeriesFile
from bot.domain.records import ChatContent, StoredChat
from bot.domain.schedule import planned_chats

if TYPE_CHECKING:
    from pathlib import Path

STAFFROOM = """contact: chats@example.org
controller: Example Teachers' Association
site: {title: Staffroom, address: "https://chats.example.org"}
networks: {mastodon: {server: "https://social.example.org"}}
"""
HEAD = """title: Hostile
hashtag: EdChat
timezone: Europe/London
every: only dates
at: "20:00"
chats:
"""


def entry(number: int, say: str) -> str:
    """A chat in which everything that may be said is this; JSON's texts are YAML's."""
    text = json.dumps(say, ensure_ascii=False)
    day = date(2027, 1, 8) + timedelta(days=number)
    return f"""- date: {day.isoformat()}
  topic: {text}
  about: {text}
  questions:
  - {text}
  - ask: {text}
    poll: [Ticks, Levels]
"""


def read(say: str) -> Reading[SeriesFile]:
    return Reading("series/hostile.yaml", (HEAD + entry(0, say)).encode("utf-8", "surrogatepass"), SeriesFile)


def test_what_is_refused_is_refused_at_its_place() -> None:
    refused = 0
    for case in corpus():
        reading = read(case.say)
        assert reading.problems or reading.value is not None
        if reading.problems:
            assert all(one.line >= 1 for one in reading.problems) or len(case.say) > 40_000, case.name
            assert not any(UNSEEN.search(one.message + one.mend) for one in reading.problems), case.name
            refused += 1
    assert 20 < refused < len(corpus()) / 2


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder: Path = tmp_path_factory.mktemp("bot")
    (folder / "series").mkdir()
    (folder / "staffroom.yaml").write_text(STAFFROOM, encoding="utf-8")
    accepted = [case.say for case in corpus() if len(case.say) < 300 and not read(case.say).problems]
    assert len(accepted) > 200
    text = HEAD + "".join(entry(number, say) for number, say in enumerate(accepted))
    (folder / "series" / "hostile.yaml").write_text(text, encoding="utf-8")
    (folder / "stories").mkdir()
    parts = "".join(f"- {json.dumps(say, ensure_ascii=False)}\n" for say in accepted)
    about = json.dumps(accepted[0], ensure_ascii=False)
    told = f"chat: hostile/2027-01-08\ntitle: {about}\nby: {about}\nabout: {about}\nstory:\n{parts}"
    (folder / "stories" / "hostile.yaml").write_text(told, encoding="utf-8")
    (series,) = load(folder).series
    chats = [StoredChat(chat, series, 1) for chat in planned_chats(series)]
    assert len(chats) == len(accepted)
    return doors.site(chats, [ChatContent(stored, (), (), (), ()) for stored in chats], ())


def test_pages_of_moderators_words_are_our_own_markup(pages: dict[str, bytes]) -> None:
    assert "hostile/stories/hostile/index.html" in pages
    for path, page in pages.items():
        if path.endswith(".html"):
            assert faults(page) == [], path


def test_feeds_calendars_and_data_of_moderators_words_can_be_read(pages: dict[str, bytes]) -> None:
    assert {path.rpartition(".")[2] for path in pages} >= {"ics", "xml", "json"}
    for path, page in pages.items():
        if path.endswith(".ics"):
            (told,) = (Calendar.from_ical(page),)
            assert page.count(b"BEGIN:VEVENT\r\n") == len(told.walk("VEVENT"))
            assert {name for event in told.walk("VEVENT") for name in event} <= {
                *("UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "URL"),
                *("LAST-MODIFIED", "TRANSP"),
            }
            assert page.count(b"\r") == page.count(b"\n") == page.count(b"\r\n")
        elif path.endswith(".xml"):
            ET.fromstring(page)  # noqa: S314 - our own bytes
        elif path.endswith(".json"):
            json.loads(page)
