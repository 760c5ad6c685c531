"""An impact report in words: its rows, its table, its page in five languages, and what its phrases may not lack."""

import json
import re
from datetime import date

import msgspec
import pytest
from golden import sample
from unit.impact_world import LATER, chronicle, crowd, four_terms

from bot.domain.choosing import Chosen
from bot.domain.chronicle import Chronicle
from bot.domain.evidence import Evidence
from bot.domain.impact import Impact, impact
from bot.domain.suppression import Cell
from bot.rendering.impact import EXPLAINED, Account, basis, explained, page, rows, table
from bot.rendering.impactchart import MOST, bars
from bot.rendering.impactpaper import impact_sheet
from bot.rendering.paper import Bullets
from bot.rendering.templates import Templates

TEMPLATES = Templates()
LANGUAGES = ("en", "cy", "de", "es", "fr")
ENGLISH = TEMPLATES.dictionary.words("en")


def account(history: Chronicle, language: str = "en") -> Account:
    series = msgspec.structs.replace(history.chats[0].series, languages=(language,), title="Ed & Chat <b>")
    return Account(series, Chosen("edchat", impact(history, LATER)))


def phrases(language: str) -> dict[str, object]:
    found = json.loads(TEMPLATES.source(f"words/{language}.json"))
    return {key: phrase for key, phrase in found.items() if key.startswith("impact.")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_phrase_with_its_blanks(language: str) -> None:
    def form(phrase: object) -> tuple[object, list[str]]:
        size = len(phrase) if isinstance(phrase, list) else 0
        return size, sorted(re.findall(r"\{\w+\}", str(phrase)))

    english, here = phrases("en"), phrases(language)
    assert {key: form(phrase) for key, phrase in here.items()} == {key: form(one) for key, one in english.items()}
    assert language == "en" or not any(here[key] == english[key] for key in english if key != "impact.on")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_all_in_its_language_and_nothing_twice(language: str) -> None:
    words = TEMPLATES.dictionary.words(language)
    made = page(TEMPLATES, sample.SITE, [account(four_terms(), language)]).decode()
    assert f'<html lang="{language}"' in made
    for figure in EXPLAINED:
        assert str(words.html(f"impact.{'sides' if figure == 'networks' else figure.replace('-', '_')}")) in made
    for level in range(1, 6):
        assert all(str(line) in made for line in words.lines(f"impact.level_{level}"))
    ids = re.findall(r' id="([^"]+)"', made)
    assert len(ids) == len(set(ids))
    assert "Ed &amp; Chat &lt;b&gt;" in made
    assert page(TEMPLATES, sample.SITE, [account(four_terms(), language)]).decode() == made


def test_of_several_series_the_page_is_in_the_sites_language() -> None:
    both = [account(four_terms(), "de"), account(four_terms(), "fr")]
    assert b'<html lang="en"' in page(TEMPLATES, sample.SITE, both)


def test_on_one_network_no_figure_by_network_has_a_row() -> None:
    one = chronicle({date(2027, 1, 7): crowd("b", 9)}, networks=frozenset({"bluesky"}))
    (term,) = impact(one, LATER).terms
    assert [name for name, _ in rows(ENGLISH, term) if "Bluesky" in name] == []
    assert "People on both networks" not in page(TEMPLATES, sample.SITE, [account(one)]).decode().partition("<dl>")[0]


def test_the_table_has_a_row_for_each_figure_and_says_why_there_is_none() -> None:
    lines = table([account(chronicle({date(2027, 1, 7): crowd("b", 9)}))]).decode().splitlines()
    assert lines[0] == "series,first_day,last_day,figure,value,not_told"
    assert "edchat,2026-09-01,2027-08-31,people,9," in lines
    assert "edchat,2026-09-01,2027-08-31,returners,,first" in lines
    assert "edchat,2026-09-01,2027-08-31,people-mastodon,,few" in lines
    assert len(lines) == 21


def test_rows_are_counted_only_where_that_gives_nothing_away() -> None:
    (few,) = impact(chronicle({date(2027, 1, 7): crowd("b", 4)}), LATER).terms
    found = {figure: basis(few, figure) for figure in EXPLAINED}
    assert found["chats"] == ("chats", 1)
    assert found["silence"] == ("questions", 2)
    assert {found[figure] for figure in ("people", "voice", "returners", "depth", "networks")} == {("answers", None)}


@pytest.mark.parametrize("figure", EXPLAINED)
def test_each_figure_says_how_it_is_counted_and_what_it_does_not_say(figure: str) -> None:
    found = explained(ENGLISH, figure)
    assert found.how.endswith(".")
    assert found.not_said.endswith(".")
    assert found.name


def test_bars_are_as_long_as_their_figures_and_none_stands_for_what_is_not_told() -> None:
    terms = [(f"t{number}", Cell(number), Cell(None, "few")) for number in range(MOST + 2)]
    drawn = bars("Title", ("one", "other"), terms, lambda cell: str(cell.value or cell.why))
    assert drawn is not None
    assert [row.name for row in drawn.rows] == [f"t{number}" for number in range(2, MOST + 2)]
    widths = [row.one.width for row in drawn.rows]
    assert widths == sorted(widths)
    assert widths[-1] / widths[0] == pytest.approx((MOST + 1) / 2)
    assert {(row.other.width, row.other.told) for row in drawn.rows} == {(0, "few")}
    assert bars("Title", ("one", "other"), [("t", Cell(None, "few"), Cell(None, "few"))], str) is None


def test_a_series_of_which_no_term_is_over_has_no_charts() -> None:
    history = four_terms()
    quiet = Account(history.chats[0].series, Chosen("edchat", Impact((), ())))
    made = page(TEMPLATES, sample.SITE, [quiet]).decode()
    assert ENGLISH("impact.none") in made
    assert "<svg" not in made


LINKS = (
    Evidence("Reading <ages>", "https://example.org/reading?a=1&b=2", date(2027, 6, 18), date(2027, 1, 7)),
    Evidence("Attendance", "https://example.org/attendance", date(2027, 7, 2)),
)


def test_what_hosts_link_to_stands_as_they_wrote_it_and_says_that_nothing_is_inferred() -> None:
    linked = msgspec.structs.replace(account(four_terms()), evidence=LINKS)
    made = page(TEMPLATES, sample.SITE, [linked]).decode()
    first = '<a href="https://example.org/reading?a=1&amp;b=2">Reading &lt;ages&gt;</a>'
    assert f"<li>{first} (18 June 2027, after the chat of 7 January 2027)</li>" in made
    assert '<a href="https://example.org/attendance">Attendance</a> (2 July 2027)' in made
    assert str(ENGLISH.html("impact.evidence_lede")) in made
    without = page(TEMPLATES, sample.SITE, [account(four_terms())]).decode()
    assert str(ENGLISH.html("impact.evidence")) not in without


def bullets_of(one: Account) -> list[Bullets]:
    sheet = impact_sheet(TEMPLATES, sample.SITE, [one], "impact.html")
    return [block for block in sheet.blocks if isinstance(block, Bullets)]


def test_on_paper_a_link_leads_and_its_address_can_be_read() -> None:
    linked = msgspec.structs.replace(account(four_terms()), evidence=LINKS)
    lists = bullets_of(linked)
    _, other = lists[0].items
    assert [(run.text, run.url) for run in other] == [
        ("Attendance", LINKS[1].url),
        (f" (2 July 2027): {LINKS[1].url}", ""),
    ]
    assert bullets_of(account(four_terms())) == lists[1:]
