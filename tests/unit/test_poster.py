"""An event's poster and programme: all that people need stands on them, whatever hosts write, and no other words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn
from xml.etree import ElementTree as ET

import msgspec
import pytest
from golden import sample
from unit.pdf_reader import Pdf, bare

from bot.domain.teachmeets import Place, Session
from bot.rendering import urls
from bot.rendering.eventpage import NOBODY
from bot.rendering.pages import SiteRenderer
from bot.rendering.poster import HEIGHT, WIDTH, poster_of, poster_svg
from bot.rendering.programme import programme_sheet
from bot.rendering.socialcard import Colours
from bot.rendering.templates import Templates
from bot.rendering.typesetting import typeset, typeset_drawing

if TYPE_CHECKING:
    from bot.rendering.pages import Page
    from bot.rendering.poster import Poster

TEMPLATES = Templates()
W = TEMPLATES.dictionary.words("en")
EVENT = sample.event()
TEXT = "{http://www.w3.org/2000/svg}text"


def poster(**changes: Any) -> Poster:
    one = sample.event(**changes)
    assert one.chat.event is not None
    return poster_of(W, one, one.chat.event, NOBODY, sample.SITE.address)


def lines(of: Poster) -> list[ET.Element]:
    return list(ET.fromstring(poster_svg(of, Colours())).iter(TEXT))  # noqa: S314 - our own bytes


def said(of: Poster) -> str:
    return " ".join(line.text or "" for line in lines(of))


def test_a_poster_says_what_when_where_and_how_to_come() -> None:
    words = said(poster())
    for there in (
        "#EdChat",
        "TeachMeet Leeds",
        "Saturday 6 March 2027, 10:00 to 13:00 London time",
        "Carr Manor School",
        "Carr Manor Road, Leeds LS17 5DJ",
        "2 minutes · Five minutes of silence",
        "There: Captions, Sign language interpreter and Step-free.",
        W("event.how"),
        "https://chats.example.org/edchat/events/teachmeet-leeds/",
    ):
        assert there in words
    assert "Sam" not in words  # who leads a session stands in the programme
    assert W("event.free") in said(poster(sign_up=False))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "An evening of very long words " * 8},
        {
            "sessions": tuple(
                Session(7, f"What we tried in the {n}th lesson of a week that had no end") for n in range(60)
            )
        },
        {"place": Place("x" * 300, "y " * 200)},
        {"title": "学校", "sessions": ()},
    ],
    ids=["title", "sessions", "place", "letters that no font has"],
)
def test_whatever_stands_in_the_file_nothing_leaves_the_sheet_or_lies_on_another_line(changes: dict[str, Any]) -> None:
    drawn = lines(poster(**changes))
    feet = [int(line.attrib["y"]) for line in drawn]
    assert feet == sorted(set(feet))
    assert all(0 < foot <= HEIGHT for foot in feet)
    assert all(int(line.attrib["x"]) + int(line.attrib["textLength"]) <= WIDTH for line in drawn)
    assert said(poster(**changes)).endswith("https://chats.example.org/edchat/events/teachmeet-leeds/")


def test_what_has_no_room_is_cut_at_the_end_of_a_full_line() -> None:
    hall = "Verwaltungsgebäude der Gemeinschaftsgrundschule am Donaudampfschifffahrtselektrizitätenhauptbetriebswerk 3"
    shown = [one.text or "" for one in lines(poster(place=Place(name=hall)))]
    [cut] = [one for one in shown if one.endswith("…")]
    before = shown[shown.index(cut) - 1]
    assert hall.startswith(f"{before} {cut[:-1]}")
    assert len(cut) > 30


def test_a_poster_is_words_and_no_markup_of_anybody() -> None:
    svg = poster_svg(poster(title='<script>alert("x")</script> & "more"'), Colours()).decode()
    assert "<script" not in svg
    assert re.findall(r"href|url\(|@import", svg) == []
    assert "alert" in said(poster(title="<script>alert('x')</script>"))


def test_who_cannot_see_a_poster_hears_all_of_it() -> None:
    described = poster().described()
    assert all(line.rstrip(".") in described for line in (*poster().notes, *poster().sessions, poster().when))


def test_a_programme_and_a_poster_are_made_from_the_plan_alone_and_gone_with_a_cancelled_event() -> None:
    def nothing(chat: str) -> NoReturn:
        raise AssertionError(chat)

    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    paths = (urls.event_programme(EVENT.chat.id), urls.event_poster(EVENT.chat.id))
    made = {page.path: page for page in renderer.pages([EVENT], {})}
    programme, drawn = (made[path].render(nothing).decode() for path in paths)
    assert "Sam from Leeds" in programme
    assert "TeachMeet Leeds" in drawn
    gone = msgspec.structs.replace(EVENT, cancelled=True)
    left = {page.path: page for page in renderer.pages([gone], {})}
    assert not left.keys() & set(paths)
    page = left[urls.chat_page(EVENT.chat.id)].render(lambda _: sample.contents(EVENT.chat.id)).decode()
    assert "TeachMeet Leeds" in page


def test_both_can_be_set_as_pdf() -> None:
    assert EVENT.chat.event is not None
    svg = poster_svg(poster(), Colours())
    drawing = typeset_drawing(svg, "TeachMeet Leeds", poster().described(), ("en", None))
    assert drawing == typeset_drawing(svg, "TeachMeet Leeds", poster().described(), ("en", None))
    assert (Pdf(drawing).title, Pdf(drawing).ua) == ("TeachMeet Leeds", "1")
    sheet = typeset(programme_sheet(W, EVENT, EVENT.chat.event, NOBODY, sample.SITE.address))
    assert bare("Sam from Leeds") in Pdf(sheet).words
    assert bare("Quiet room: no") in Pdf(sheet).words
    assert Pdf(sheet).ua == "1"


def test_a_programme_stands_beside_the_event_as_pdf_where_one_can_be_set() -> None:
    paper = urls.on_paper(urls.event_programme(EVENT.chat.id))

    def planned(typesetter: str, **changes: Any) -> dict[str, Page]:
        renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW, typesetter=typesetter)
        return {page.path: page for page in renderer.pages([sample.event(**changes)], {})}

    def page(typesetter: str, path: str) -> str:
        return planned(typesetter)[path].render(lambda _: sample.contents(EVENT.chat.id)).decode()

    here = urls.chat_page(EVENT.chat.id)
    there, nowhere = planned("typst 1"), planned("")
    assert bare("Sam from Leeds") in Pdf(there[paper].render(lambda _: sample.contents(EVENT.chat.id))).words
    assert 'href="programme/programme.pdf"' in page("typst 1", here)
    assert 'href="programme.pdf"' in page("typst 1", urls.event_programme(EVENT.chat.id))
    assert paper not in nowhere
    assert "programme.pdf" not in page("", here) + page("", urls.event_programme(EVENT.chat.id))
    assert there[paper].mark != planned("typst 1", about="Bring a friend")[paper].mark
    assert there[paper].mark == planned("typst 1", announce=())[paper].mark  # it says nothing of that
