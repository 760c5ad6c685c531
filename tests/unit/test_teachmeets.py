"""Events: planned as one more chat of their series, announced, asked about afterwards, and in nobody's way."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from golden import sample
from icalendar import Calendar

from bot.config import load
from bot.config.scaffold import scaffold, scaffold_event
from bot.domain.chats import asked_at, next_after, runs_live, settled_at
from bot.domain.commands import read
from bot.domain.letters import of_last_term
from bot.domain.planning import same_source
from bot.domain.prompts import prompts
from bot.domain.richtext import RichText
from bot.domain.schedule import planned_chats
from bot.domain.sweeps import check_interval, hashtag_window, listening, sweep_interval
from bot.domain.teachmeets import Access, Place, SignUp, seated
from bot.errors import UserError
from bot.rendering import urls
from bot.rendering.eventpage import access_in_short, event_when, no_sessions
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.records import StoredChat
    from bot.rendering.pages import Page

EVENT = sample.event()
TEMPLATES = Templates()
W = TEMPLATES.dictionary.words("en")
PAGE = "edchat/events/teachmeet-leeds/index.html"
ENDS = datetime(2027, 3, 6, 13, tzinfo=UTC)
ASKED = datetime(2027, 3, 7, 13, tzinfo=UTC)


def pages(chats: list[StoredChat]) -> dict[str, Page]:
    found = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW).pages(chats, sample.figures())
    return {page.path: page for page in found}


def page(path: str = PAGE, **changes: Any) -> str:
    one = msgspec.structs.replace(EVENT, **changes) if "cancelled" in changes else sample.event(**changes)
    content = msgspec.structs.replace(sample.contents(EVENT.chat.id), stored=one)
    return pages([*sample.stored_chats(), one])[path].render(lambda _: content).decode()


def test_an_event_is_a_chat_that_meets_from_its_start_to_its_end_and_asks_later() -> None:
    chat = EVENT.chat
    assert (chat.id, chat.topic) == ("edchat/events/teachmeet-leeds", "TeachMeet Leeds")
    assert (chat.starts_at, chat.ends_at) == (datetime(2027, 3, 6, 10, tzinfo=UTC), ENDS)
    assert chat.hosts == sample.EDCHAT.hosts
    assert sample.event(hosts=("y5.example.org",)).chat.hosts == ("y5.example.org",)
    said = [
        (one.id.rpartition("/")[2], one.kind, one.number, one.at, one.useful_until)
        for one in prompts(sample.EDCHAT, chat)
    ]
    start = chat.starts_at
    assert said == [
        ("announce-3w", "announcement", 0, start - timedelta(weeks=3), start - timedelta(days=3)),
        ("announce-3d", "announcement", 0, start - timedelta(days=3), start),
        ("q1", "question", 1, ASKED, ASKED + timedelta(days=2)),
    ]
    assert [one.order for one in prompts(sample.EDCHAT, chat)] == [0, 1, 2]


def test_what_is_not_asked_is_no_question() -> None:
    silent = sample.event(ask="", announce=())
    assert prompts(sample.EDCHAT, silent.chat) == ()
    assert silent.chat.questions == ()
    assert settled_at(silent.chat) == ENDS


def test_it_is_asked_by_the_wall_clock_when_the_clocks_change() -> None:
    spring = sample.event(date=date(2027, 3, 27), ask_after=timedelta(days=2))
    assert spring.chat.event is not None
    assert asked_at(spring.chat, spring.chat.event) == datetime(2027, 3, 29, 12, tzinfo=UTC)  # 13:00 in summer


def test_in_summer_it_is_at_the_hours_of_its_zone() -> None:
    chat = sample.event(date=date(2027, 6, 5), about="Bring a lesson").chat
    assert (chat.starts_at, chat.ends_at) == (datetime(2027, 6, 5, 9, tzinfo=UTC), datetime(2027, 6, 5, 12, tzinfo=UTC))
    assert settled_at(chat) == datetime(2027, 6, 6, 12, tzinfo=UTC)
    assert chat.about == "Bring a lesson"


def test_an_event_changes_nothing_for_the_chats_of_its_series() -> None:
    series = sample.EDCHAT
    with_event = msgspec.structs.replace(series, events=(sample.TEACHMEET,))
    assert [one for one in planned_chats(with_event) if one.event is None] == list(planned_chats(series))
    assert same_source(series, with_event)
    first, second = planned_chats(series)
    between = sample.event(date=date(2027, 1, 9)).chat
    assert next_after([first, between, second], first) == second
    assert next_after([first, between], first) is None


def test_nobody_listens_to_an_event_and_no_hashtag_is_its_own() -> None:
    chat = EVENT.chat
    assert not listening(sample.EDCHAT, chat, chat.starts_at)
    opens, closes = hashtag_window(sample.EDCHAT, chat, None)
    assert opens == closes


@pytest.mark.parametrize(
    ("now", "often"),
    [
        (ENDS - timedelta(weeks=2), timedelta(minutes=10)),
        (ENDS + timedelta(hours=20), timedelta(minutes=10)),
        (ASKED + timedelta(minutes=59), timedelta(minutes=10)),
        (ASKED + timedelta(hours=1), timedelta(hours=1)),
        (ASKED + timedelta(days=1), timedelta(days=1)),
    ],
)
def test_what_is_said_of_an_event_is_read_until_it_was_asked_about(now: datetime, often: timedelta) -> None:
    assert sweep_interval(EVENT.chat, now) == often


def test_what_was_said_is_looked_up_hourly_on_the_day_it_was_asked() -> None:
    assert check_interval(EVENT.chat, ASKED + timedelta(hours=23)) == timedelta(hours=1)
    assert check_interval(EVENT.chat, ASKED + timedelta(days=1)) == timedelta(days=1)


def test_what_is_said_after_an_event_is_counted_in_days_and_not_in_minutes() -> None:
    assert not runs_live(sample.EDCHAT, EVENT.chat)
    assert runs_live(sample.EDCHAT, sample.stored_chats()[0].chat)


def test_a_newsletter_about_a_term_is_about_its_chats() -> None:
    chats = [*sample.stored_chats(), EVENT]
    name, told = of_last_term(chats, ENDS + timedelta(days=9))
    assert (name, [one.chat.event for one in told]) == ("edchat/2027-01-07-to-2027-01-14", [None, None])


def test_its_page_says_where_what_people_find_there_and_how_to_come() -> None:
    said = page()
    for words in (
        "Carr Manor School",
        "Leeds LS17 5DJ",
        "Step-free: <strong>yes",
        "Quiet room: <strong>no",
        "hearing loop",
    ):
        assert words in said
    assert "I AM COMING" in said
    assert "There are 40 places" in said
    assert "Sam from Leeds" in said
    assert W("event.soon") in said
    assert "New York" not in said  # who comes is there
    assert "handout" not in said
    free = page(sign_up=False)
    assert W("event.free") in free
    assert "I AM COMING" not in free
    gone = page(cancelled=True)
    assert W("event.cancelled") in gone
    assert "I AM COMING" not in gone


@pytest.mark.parametrize(("coming", "said"), [(4, False), (5, True)])
def test_how_many_come_is_told_from_five_people_on_and_until_it_begins(coming: int, said: bool) -> None:
    content = msgspec.structs.replace(sample.contents(EVENT.chat.id), coming=coming)
    assert (W("event.coming", n=coming) in pages([EVENT])[PAGE].render(lambda _: content).decode()) is said
    begun = SiteRenderer(TEMPLATES, sample.SITE, lambda: EVENT.chat.starts_at)
    (shown,) = (one for one in begun.pages([EVENT], {}) if one.path == PAGE)
    after = shown.render(lambda _: content).decode()
    assert "I AM COMING" not in after
    assert W("event.coming", n=coming) not in after


def test_seats_go_to_who_signed_up_first() -> None:
    who = [SignUp("c", name, "", "bluesky", name, ENDS, coming=True) for name in "abc"]
    assert [len(part) for part in seated(who, None)] == [3, 0]
    assert [[one.handle for one in part] for part in seated(who, 2)] == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("language", "coming", "not_coming"),
    [
        ("en", "I AM COMING", "I AM NOT COMING"),
        ("cy", "RWY'N DOD", "DYDW I DDIM YN DOD"),
        ("de", "ICH KOMME", "ICH KOMME NICHT"),
        ("es", "VOY A IR", "NO VOY A IR"),
        ("fr", "JE VIENS", "JE NE VIENS PAS"),
    ],
)
def test_the_words_that_people_are_told_to_reply_are_understood(language: str, coming: str, not_coming: str) -> None:
    words = TEMPLATES.dictionary.words(language)
    assert coming in words("event.how")
    assert coming in words("prompt.event_sign_up")
    assert not_coming in words("event.how")
    assert not_coming in words("request.waiting")
    for said, asked in ((coming, "coming"), (not_coming, "not-coming")):
        text = RichText(said.capitalize())
        assert read(text, [language], own="did:plc:us", in_thread=False) == asked
        assert read(text, [language], own="did:plc:us", in_thread=True) is None


def test_sessions_that_are_not_known_are_said_to_be_none_yet_or_agreed_on_in_the_morning() -> None:
    assert W("event.none_yet") in page(sessions=())
    assert W("event.open") in page(kind="edcamp", sessions=())
    assert no_sessions(W, sample.TEACHMEET) == ""


def test_lists_name_events_apart_from_chats() -> None:
    made = pages(sample.chats())
    for path in (urls.HOME, "edchat/index.html"):
        said = made[path].render(sample.contents).decode()
        before, _, after = said.partition('id="events"')
        assert "TeachMeet Leeds" not in before
        assert "TeachMeet Leeds" in after
    snippet = made["edchat/snippet.html"].render(sample.contents).decode()
    assert "TeachMeet" not in snippet
    last = made[urls.chat_page("edchat/2027-01-14")].render(sample.contents).decode()
    assert "TeachMeet" not in last  # it is no chat's neighbour
    assert 'class="neighbours"' not in page()


def test_its_calendar_entry_has_its_place_and_is_cancelled_with_it() -> None:
    data = pages(sample.chats())["edchat/calendar.ics"].render(sample.contents)
    entry = Calendar.from_ical(data).walk("VEVENT")[-1]
    assert entry["LOCATION"] == "Carr Manor School, Carr Manor Road, Leeds LS17 5DJ"
    assert "Step-free: yes" in entry["DESCRIPTION"]
    assert "7 minutes · Marking less" in entry["DESCRIPTION"]
    assert entry["DTSTART"].params["TZID"] == "Europe/London"
    gone = msgspec.structs.replace(EVENT, cancelled=True, revision=2)
    after = Calendar.from_ical(pages([gone])["edchat/calendar.ics"].render(sample.contents)).walk("VEVENT")[0]
    assert (after["UID"], after["STATUS"], after["SEQUENCE"]) == (entry["UID"], "CANCELLED", 2)


def test_when_and_access_in_short() -> None:
    assert event_when(W, EVENT.chat) == "Saturday 6 March 2027, 10:00 to 13:00 London time"
    utc = msgspec.structs.replace(EVENT.chat, timezone="UTC")
    assert event_when(W, utc) == "Saturday 6 March 2027, 10:00 to 13:00 UTC"
    assert access_in_short(W, Access("yes", "if you ask", "no")) == "Captions and Sign language interpreter"
    assert access_in_short(W, Access()) == ""
    assert sample.event(place=Place("The hall")).chat.event is not None


def test_a_new_event_is_a_file_that_can_be_used_at_once(tmp_path: Path) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    day = date(2027, 3, 6)
    made = scaffold_event(tmp_path, "edchat", day, "TeachMeet Leeds: Frühling!", "And?", place="?", edcamp=False)
    assert made == tmp_path / "events" / "teachmeet-leeds-fruhling.yaml"
    scaffold_event(tmp_path, "edchat", day, "EdCamp", W("event.ask"), place="?", edcamp=True)
    (series,) = load(tmp_path).series
    camp, meet = series.events
    assert (meet.title, meet.date, meet.kind) == ("TeachMeet Leeds: Frühling!", day, "teachmeet")
    assert (meet.sessions, meet.about, meet.access, meet.place) == ((), "", Access(), Place("?"))
    assert (camp.kind, camp.sessions, camp.at) == ("edcamp", (), time(10))
    with pytest.raises(UserError, match="is there already"):
        scaffold_event(tmp_path, "edchat", day, "EdCamp", "", place="?", edcamp=False)
    with pytest.raises(UserError, match="gives no name"):
        scaffold_event(tmp_path, "edchat", day, "学校", "", place="?", edcamp=False)
    first = made.read_text().split("\n")[0]
    assert made.parent.joinpath(first.rpartition("=")[2]).is_file()


def test_what_is_not_known_of_a_new_event_stands_behind_a_sign_that_can_be_taken_away(tmp_path: Path) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    made = scaffold_event(tmp_path, "edchat", date(2027, 3, 6), "Leeds", "And?", place="?", edcamp=False)
    made.write_text(re.sub(r"(?m)^( *)# (?!yaml|One)", r"\1", made.read_text()))
    (series,) = load(tmp_path).series
    (event,) = series.events
    assert (event.place.address, event.access.step_free) == ("Its street, town and postcode", "yes")
    assert ({one.minutes for one in event.sessions}, bool(event.about)) == ({2, 7}, True)
