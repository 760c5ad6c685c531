"""What is printed for a chat and for a term: made from the plan alone, said by nobody but the hosts, listed nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import msgspec
import pytest
from golden import sample
from selectolax.lexbor import LexborHTMLParser
from unit.pdf_reader import Pdf, bare

from bot.domain.series import Question
from bot.rendering import urls
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.records import ChatContent, StoredChat

TEMPLATES = Templates()
CHAT = sample.stored_chats()[0].chat.id
SHEET = urls.chat_handout(CHAT)
TERM = urls.term_handout("edchat", "year-2026")


def planned(
    chats: Sequence[StoredChat], known: dict[str, str] | None = None, *, typesetter: str = "", language: str = "en"
) -> dict[str, Page]:
    site = msgspec.structs.replace(sample.SITE, language=language)
    renderer = SiteRenderer(TEMPLATES, site, lambda: sample.NOW, typesetter=typesetter)
    return {page.path: page for page in renderer.pages(chats, sample.figures(), known=known)}


def nothing(chat: str) -> NoReturn:
    raise AssertionError(chat)


def changed(**changes: object) -> list[StoredChat]:
    """The sample's chats, the first one stored otherwise."""
    first, *rest = sample.stored_chats()
    return [msgspec.structs.replace(first, **changes), *rest]


def in_language(language: str) -> list[StoredChat]:
    """The sample's chats, all of series in a language."""
    return [
        msgspec.structs.replace(one, series=msgspec.structs.replace(one.series, languages=(language,)))
        for one in sample.stored_chats()
    ]


def asking(**changes: object) -> list[StoredChat]:
    return changed(chat=msgspec.structs.replace(sample.stored_chats()[0].chat, **changes))


def test_they_are_made_without_a_look_at_what_was_said() -> None:
    pages = planned(sample.stored_chats())
    chat = sample.stored_chats()[0].chat
    sheet, term = (pages[path].render(nothing).decode() for path in (SHEET, TERM))
    assert all(question.ask in sheet for question in chat.questions)
    assert sheet.count('class="ruled"') == len(chat.questions) + 1
    assert all(stored.chat.topic in term for stored in sample.stored_chats() if stored.series.slug == "edchat")


def test_what_a_chat_was_worth_is_asked_on_no_sheet() -> None:
    questions = sample.stored_chats()[0].chat.questions
    asked = Question("Was it worth it?", ("Yes", "No"), pulse=True)
    sheets = [planned(chats)[SHEET] for chats in (sample.stored_chats(), asking(questions=(*questions, asked)))]
    assert sheets[0].render(nothing) == sheets[1].render(nothing)


def test_what_a_chat_was_worth_stands_in_no_calendar_and_beside_no_coming_chat() -> None:
    asked = Question("Was it worth it?", ("Yes", "No"), pulse=True)
    with_it = [
        msgspec.structs.replace(one, chat=msgspec.structs.replace(one.chat, questions=(*one.chat.questions, asked)))
        for one in sample.stored_chats()
    ]
    paths = (urls.series_page("edchat"), urls.CALENDAR, urls.series_calendar("edchat"))
    series, *calendars = (planned(with_it)[path].render(sample.contents).replace(b"\r\n ", b"") for path in paths)
    assert with_it[1].chat.questions[0].ask.encode() in series
    assert f">{len(with_it[1].chat.questions) - 1} questions<".encode() in series
    assert all(b"Q1 " in one for one in calendars)
    assert not any(b"Was it worth it?" in one for one in (series, *calendars))


def test_an_answer_or_an_erasure_makes_none_anew_and_a_question_does() -> None:
    before, after = planned(sample.stored_chats()), planned(changed(revision=99))
    assert before[urls.chat_page(CHAT)].mark != after[urls.chat_page(CHAT)].mark
    assert [before[path].mark for path in (SHEET, TERM)] == [after[path].mark for path in (SHEET, TERM)]
    other = planned(asking(topic="Another topic"))
    assert other[TERM].mark != before[TERM].mark
    for chats in (asking(topic="x"), asking(questions=(Question("Why?"),)), asking(timezone="Europe/Paris")):
        assert planned(chats)[SHEET].mark != before[SHEET].mark


@pytest.mark.parametrize("chats", [changed(cancelled=True), asking(questions=())], ids=["cancelled", "asks nothing"])
def test_a_chat_with_nothing_to_print_has_none_and_leads_to_none(chats: list[StoredChat]) -> None:
    pages = planned(chats)
    assert SHEET not in pages

    def content(chat: str) -> ChatContent:
        return msgspec.structs.replace(sample.contents(chat), stored=chats[0])

    assert b"handout/index.html" not in pages[urls.chat_page(CHAT)].render(content)
    assert sample.stored_chats()[0].chat.topic not in pages[TERM].render(nothing).decode()
    none = planned([stored for stored in chats if stored.chat.id == CHAT])
    assert TERM not in none
    assert b"handout/index.html" not in none[urls.series_page("edchat")].render(sample.contents)


def test_pages_lead_to_what_is_printed_for_them() -> None:
    pages = planned(sample.stored_chats())
    assert b'href="handout/index.html"' in pages[urls.chat_page(CHAT)].render(sample.contents)
    assert b'href="year-2026/handout/index.html"' in pages[urls.series_page("edchat")].render(sample.contents)


def test_it_moves_with_its_chat() -> None:
    before = planned(sample.stored_chats())
    entries = sample.EDCHAT.chats
    later = msgspec.structs.replace(entries[1], date=entries[1].date + timedelta(days=7))
    moved = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=(entries[0], later)))
    after = planned(moved, {path: page.mark for path, page in before.items()})
    old, new = (urls.chat_handout(f"edchat/{day}") for day in ("2027-01-14", "2027-01-21"))
    assert new in after
    leading = after[old].render(nothing).decode()
    assert "../../2027-01-21/handout/index.html" in leading
    assert entries[1].topic in leading


def test_search_engines_list_none_of_them() -> None:
    pages = planned(sample.stored_chats())
    sheets = [path for path in pages if urls.is_handout(path)]
    assert len(sheets) == 3
    sitemap = pages[urls.SITEMAP].render(nothing).decode()
    for path in sheets:
        assert b'<meta name="robots" content="noindex">' in pages[path].render(nothing)
        assert urls.absolute(sample.SITE.address, path) not in sitemap


def test_hosts_words_are_never_markup() -> None:
    chats = asking(topic="<b>&x", questions=(Question("<i>?", poll=("<u>", "b")),))
    sheet = planned(chats)[SHEET].render(nothing).decode()
    assert "<b>&x" not in sheet
    assert "&lt;i&gt;?" in sheet
    assert "A &lt;u&gt; · B b" in sheet


# -- as PDF ------------------------------------------------------------------------------------------------------------
GUIDE = urls.school_page("records")


@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
@pytest.mark.parametrize("path", [SHEET, TERM, GUIDE], ids=["chat", "term", "guide"])
def test_a_pdf_says_all_that_its_page_says(path: str, language: str) -> None:
    pages = planned(in_language(language), typesetter="typst 1", language=language)
    pdf = Pdf(pages[urls.on_paper(path)].render(nothing))
    tree = LexborHTMLParser(pages[path].render(nothing).decode()).css_first("main")
    tree.strip_tags(["p.kicker", ".screen"], recursive=True)
    said = {
        bare(one.text())
        for one in tree.css("h1, h2, h3, li:not(:has(h3)), th a, thead th, .lede, .prose > p:not(.asked)")
    }
    assert len(said) > 15
    assert [one for one in said if one not in pdf.words] == []
    assert (pdf.ua, "□" in pdf.words) == ("1", False)
    assert {"H1", "L", "P"} <= set(pdf.parts)


@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
def test_the_guide_is_one_side_and_a_handout_begins_the_trainees_sheet_on_a_page_of_its_own(language: str) -> None:
    pages = planned(in_language(language), typesetter="typst 1", language=language)
    assert Pdf(pages[urls.on_paper(GUIDE)].render(nothing)).sides == 1
    chat = Pdf(pages[urls.on_paper(SHEET)].render(nothing))
    trainees = bare(TEMPLATES.dictionary.words(language)("handout.trainees"))
    assert chat.by_side[-1].startswith(trainees)


def test_pages_lead_to_their_pdf_where_there_is_one_and_only_then() -> None:
    chats = sample.stored_chats()
    bare_pages, pages = planned(chats), planned(chats, typesetter="typst 1")
    assert not [path for path in bare_pages if path.endswith(".pdf")]
    for path in (SHEET, TERM, GUIDE):
        link = f'href="{urls.relative(path, urls.on_paper(path))}"'.encode()
        assert link in pages[path].render(nothing)
        assert link not in bare_pages[path].render(nothing)
    assert urls.on_paper(SHEET) == "edchat/2027-01-07/handout/handout.pdf"


def test_a_pdf_is_made_anew_for_another_question_or_another_typesetter_and_not_for_an_answer() -> None:
    def marks(chats: Sequence[StoredChat], typesetter: str = "typst 1") -> list[str]:
        pages = planned(chats, typesetter=typesetter)
        return [pages[urls.on_paper(path)].mark for path in (SHEET, TERM, GUIDE)]

    before = marks(sample.stored_chats())
    assert marks(changed(revision=99)) == before
    assert [one == other for one, other in zip(before, marks(asking(topic="x")), strict=True)] == [False, False, True]
    assert marks(asking(questions=(Question("Why?"),)))[0] != before[0]
    assert set(marks(sample.stored_chats(), "typst 2")).isdisjoint(before)
