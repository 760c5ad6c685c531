"""Sheets as PDF: all their words, whatever was written; tagged; the same bytes; never refused for a character."""

import re
import sys
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from golden import sample
from selectolax.lexbor import LexborHTMLParser
from unit.impact_world import LATER, four_terms
from unit.pdf_reader import Pdf, bare

from bot.domain.choosing import Chosen
from bot.domain.impact import Impact, impact
from bot.domain.takingpart import Record, TriedOut, taken_part
from bot.errors import UserError
from bot.rendering import paper
from bot.rendering.impact import Account, page
from bot.rendering.impactpaper import impact_sheet
from bot.rendering.paper import Block, Sheet, language_of
from bot.rendering.recordpage import record_page
from bot.rendering.recordpaper import record_sheet
from bot.rendering.templates import Templates
from bot.rendering.typesetting import typeset

NOTE = "Boxes."
MAY_END = "\u200b"  # where a word that is too wide for its line may end
LANGUAGES = ("en", "cy", "de", "es", "fr")


def sheet(*blocks: Block, title: str = "A title") -> Sheet:
    return Sheet(title, "en", None, NOTE, (paper.special("title", title), *blocks))


def words_of(*said: object) -> str:
    return Pdf(typeset(sheet(paper.words(*said)))).words.removeprefix("Atitle")


# -- what a record says ------------------------------------------------------------------------------------------------
def recorded(language: str) -> tuple[str, Sheet]:
    """The same record as a page and as a sheet."""
    content = sample.content()
    said = {one.key: one.post for one in content.answers if one.post.author.handle == sample.PEOPLE["y5"][1]}
    series = msgspec.structs.replace(content.stored.series, languages=(language,))
    there = msgspec.structs.replace(content, stored=msgspec.structs.replace(content.stored, series=series))
    [part] = [part for part in [taken_part(there, said)] if part]
    first, *_, last = part.answers
    outcome = msgspec.structs.replace(first, key="told", text="It did not work; I know why.", questions=())
    part = msgspec.structs.replace(part, tried=(TriedOut(last, (outcome,)), TriedOut(None, (outcome,))))
    who = next(iter(said.values())).author
    record = Record((who,), (part,), sample.NOW - timedelta(days=1), sample.NOW)
    html = record_page(Templates(), sample.SITE, record)
    return html.decode(), record_sheet(Templates(), sample.SITE, record, "record.html")


@pytest.mark.parametrize("language", LANGUAGES)
def test_paper_says_all_that_the_page_says(language: str) -> None:
    html, told = recorded(language)
    pdf = Pdf(typeset(told))
    tree = LexborHTMLParser(html)
    tree.strip_tags(["style", ".vh", ".screen"], recursive=True)
    asked = ".said > p > span, .asked:not(:has(time))"
    nodes = tree.css(f"h1, h2, h3, h4, th > span, td, li, .write, .lede, .notice, .kind, .said div p, {asked}")
    said = {bare(one.text()) for one in nodes}
    assert len(said) > 35
    assert [one for one in said if one not in pdf.words] == []
    assert "□" not in pdf.words


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_says_all_that_its_page_says(language: str) -> None:
    history = four_terms()
    series = msgspec.structs.replace(history.chats[0].series, languages=(language,), title="Ed & Chat <b>")
    found = impact(history, LATER)
    quiet = Account(
        msgspec.structs.replace(series, slug="quiet"), Chosen("quiet", Impact((), (found.terms[0].stretch,)))
    )
    accounts = [Account(series, Chosen("edchat", found, (found.terms[1].stretch,))), quiet]
    pdf = Pdf(typeset(impact_sheet(Templates(), sample.SITE, accounts, "impact.html")))
    tree = LexborHTMLParser(page(Templates(), sample.SITE, accounts))
    tree.strip_tags(["style", "figure"], recursive=True)
    said = [
        bare(one.text()) for one in tree.css("h1, h2, h3:has(+ table), th, td, dt, dd, li, .lede, .kicker, .part > p")
    ]
    assert len(said) > 120
    assert [one for one in said if one not in pdf.words] == []
    assert (pdf.ua, pdf.parts.count("Table")) == ("1", len(found.terms))


def test_paper_is_tagged_named_and_told_its_language() -> None:
    _, told = recorded("fr")
    pdf = Pdf(typeset(told))
    assert (pdf.ua, pdf.title) == ("1", told.title)
    assert b"/Lang(fr)" in pdf.catalog
    assert b"/MarkInfo<</Marked true" in pdf.catalog
    assert b"/DisplayDocTitle true" in pdf.catalog
    assert re.search(rb"/StructTreeRoot \d+ 0 R", pdf.catalog)
    assert {"H1", "H2", "H3", "P", "L", "LI", "Table", "TH", "TD", "Link"} <= set(pdf.parts)
    assert pdf.parts.count("TH") == 4
    links = [body for body in pdf.objects.values() if b"/Subtype/Link" in body]
    assert links
    assert all(re.search(rb"/Contents\s*[(<]", body) for body in links)
    fonts = [body for body in pdf.objects.values() if b"/Type/FontDescriptor" in body]
    assert fonts
    assert all(b"/FontFile" in body for body in fonts)


def test_the_same_record_is_the_same_bytes_without_a_date() -> None:
    told = recorded("en")[1]
    data = typeset(told)
    assert typeset(told) == data
    assert b"/CreationDate" not in data
    assert b"xmp:CreateDate" not in data


# -- whatever was written ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        '#panic("no") #read("/etc/passwd") $x^2$ *b* _i_ `c` <label> @ref // \\ [a] {b} = h - l',
        '"],"kind":"none"} \\u0022 {{ x }} {% y %}',
        "Łódź, ŵ ŷ, Привет, ελληνικά, fi ffi office",
        "#" * 200,
        "x" * 500,
    ],
)
def test_words_are_words(text: str) -> None:
    assert words_of(text).replace(MAY_END, "") == bare(text)


@pytest.mark.parametrize(
    "block",
    [
        paper.words,
        paper.small,
        partial(paper.special, "title"),
        partial(paper.special, "kicker"),
        partial(paper.heading, 1),
        lambda word: paper.bullets([word]),
        lambda word: paper.words(paper.run(word, url="https://example.org/")),
        lambda word: paper.table((4, 3), ("a", "b"), [(word, "c")]),
        lambda word: paper.table((1, 5), ("a", "b"), [("c", word)]),
    ],
)
def test_no_word_leaves_the_paper(block: Callable[[str], Block]) -> None:
    """Beside it nobody can read it. A word that fits a line of its own stays whole, and so does what is copied."""
    whole, wide = (Pdf(typeset(sheet(block("m" * count)))) for count in (16, 120))
    assert MAY_END not in whole.words
    assert len(baselines(wide)) > len(baselines(whole))


def baselines(pdf: Pdf) -> set[bytes]:
    """How high the lines of text stand on the paper."""
    return set(re.findall(rb"q 1 0 0 -1 [\d.]+ ([\d.]+) cm\S* \S+ ", pdf.painted))


def test_words_in_other_languages_are_said_to_be() -> None:
    pdf = Pdf(typeset(sheet(paper.words(paper.run("Bom dia", tag="pt-BR"), " ", paper.run("dzień", tag="pl")))))
    told = b"".join(pdf.objects.values()) + pdf.painted
    assert b"/Lang(pt-BR)" in told
    assert b"/Lang(pl)" in told


def test_a_link_leads_only_to_the_web() -> None:
    runs = [paper.run("a", url="https://example.org/a?b=(c)"), paper.run("b", url="javascript:alert(1)")]
    runs += [paper.run("c", url="file:///etc/passwd"), paper.run("d", url="https://example.org/" + "e" * 3000)]
    pdf = Pdf(typeset(sheet(paper.words(*runs))))
    assert pdf.words.endswith("abcd")
    assert sum(b"/URI(" in body for body in pdf.objects.values()) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("school 👩‍🏫!", "school□!"),
        ("日本語", "□□□"),
        ("flag 🇬🇧.", "flag□."),
        ("\u2764\ufe0f, ☎\ufe0f and a\u200db", "\u2764\ufe0f,☎\ufe0fanda\u200db"),
        ("日\ufe0f is not ☎\ufe0f", "□isnot☎\ufe0f"),
        ("x and x\u3099 and \U0001f3fd", "xand□and□"),
        (" \u180b and 日\u0488 and x", "\u180band□andx"),
    ],
)
def test_a_character_without_a_picture_is_one_box_and_a_note(text: str, told: str) -> None:
    found = words_of(text)
    assert found == told + (NOTE if "□" in told else "")


def test_what_a_title_lacks_is_a_box_there_too() -> None:
    pdf = Pdf(typeset(sheet(title="Homework 📚")))
    assert pdf.words == f"Homework□{NOTE}"


def test_no_character_is_refused_beside_whatever_it_stands() -> None:
    """Characters from all of Unicode, beside each other, behind a letter and behind a blank; marks behind each."""
    every = "".join(chr(code) for code in range(0, 0x110000, 1009))
    marks = [one for one in map(chr, range(0x20000)) if unicodedata.category(one) in ("Mn", "Mc", "Me", "Cf")][::11]
    for text in (every + " ".join(every), "".join(f"x{one}" for one in every), "x".join(marks) + " ".join(marks)):
        pdf = Pdf(typeset(sheet(paper.words("plain words stay"), paper.words(text))))
        assert pdf.words.startswith("Atitleplainwordsstay")
        assert pdf.words.endswith(NOTE)


def test_where_typst_breaks_down_marks_go_and_words_stay() -> None:
    """With 0.15.2 it does over a line of nothing but Arabic marks and blanks that is longer than the page is wide."""
    lone = [0x61C, *range(0x64F, 0x656), *range(0x6D8, 0x6DE), *range(0x6DF, 0x6E5), 0x6E7, 0x6E8, *range(0x6EA, 0x6EE)]
    found = words_of("Łódź, é! ", " ".join(map(chr, [*lone, 0x70F])))
    assert found.startswith("Łódź,é!")
    assert found.endswith(NOTE)


@pytest.mark.parametrize(
    ("tag", "language", "country"),
    [
        ("en", "en", None),
        ("pt-br", "pt", "BR"),
        ("zh-Hant-TW", "zh", "TW"),
        ("es-419", "es", None),
        ("gsw", "gsw", None),
        ("", "", None),
        ('x"y', "", None),
        ("english", "", None),
    ],
)
def test_a_tag_is_told_as_far_as_it_can_be(tag: str, language: str, country: str | None) -> None:
    assert language_of(tag) == (language, country)


# -- what goes wrong ---------------------------------------------------------------------------------------------------
def test_without_typst_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UserError, match=r"pip install 'staffroom\[pdf\]'"):
        typeset(sheet())


def test_another_refusal_is_told() -> None:
    """A heading of the second level first: PDF/UA-1 has none of it."""
    with pytest.raises(UserError, match=r"The PDF could not be made: PDF/UA-1 error"):
        typeset(sheet(paper.heading(2, "too deep")))
