"""Pages that are mostly words: take part, guidelines, complaints, about, and schools, in five languages."""

import html
import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import sample, term

from bot.bootstrap.house import site_of
from bot.config import load
from bot.domain.posts import NetworkName
from bot.domain.sweeps import check_interval
from bot.errors import UserError
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.schoolpages import PACK
from bot.rendering.site import Site, Voice
from bot.rendering.templates import Templates
from bot.shipped import shipped

TEMPLATES = Templates()
LANGUAGES = ("en", "cy", "de", "es", "fr")
OURS = ("takepart", "guidelines", "complaints", "schools", "topics", "links", "series", "about", "home", "handout")
SCHOOLS = [urls.SCHOOLS, *map(urls.school_page, PACK)]
WORDY = [urls.TAKE_PART, urls.GUIDELINES, urls.COMPLAINTS, urls.ABOUT, *SCHOOLS]


def site(**changes: Any) -> Site:
    return msgspec.structs.replace(sample.SITE, **changes)


def page(path: str, **changes: Any) -> str:
    renderer = SiteRenderer(TEMPLATES, site(**changes), lambda: sample.NOW)
    pages = {one.path: one for one in renderer.pages(sample.chats(), sample.figures(), sample.listed())}
    return pages[path].render(sample.contents).decode()


def words_of(text: str) -> str:
    """What a page says, without its markup and its navigation."""
    main = text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", main)))


def phrases(language: str) -> dict[str, Any]:
    return json.loads((shipped("templates") / "words" / f"{language}.json").read_text(encoding="utf-8"))


# -- languages --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_lists_are_as_long_as_the_english_ones(language: str) -> None:
    english, other = phrases("en"), phrases(language)
    for key, phrase in english.items():
        if isinstance(phrase, list):
            assert len(other[key]) == len(phrase), key
            assert all(other[key])


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_sentence_was_left_in_english(language: str) -> None:
    english, other = phrases("en"), phrases(language)
    for key in english:
        if key.partition(".")[0] in OURS:
            pairs = zip(_lines(english[key]), _lines(other[key]), strict=False)
            assert not [one for one, two in pairs if one == two and " " in one], key


def _lines(phrase: Any) -> list[str]:
    return [
        str(line)
        for line in (phrase.values() if isinstance(phrase, dict) else phrase if isinstance(phrase, list) else [phrase])
    ]


@pytest.mark.parametrize("path", WORDY)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fills_its_blanks_in_every_language(language: str, path: str) -> None:
    text = page(path, language=language)
    assert f'<html lang="{language}"' in text
    assert "{" not in text
    assert "Undefined" not in text
    ids = re.findall(r'<h2[^>]* id="([^"]*)"', text)
    assert ids == re.findall(r'<h2[^>]* id="([^"]*)"', page(path))  # links to a place hold in every language


# -- take part --------------------------------------------------------------------------------------------------------
def test_taking_part_goes_step_by_step_on_each_network_with_described_drawings() -> None:
    text = page(urls.TAKE_PART)
    for network, steps in (("bluesky", 5), ("mastodon", 5)):
        section = text.partition(f'<h2 id="{network}"')[2].partition("</section>")[0]
        assert section.count("<li>") == steps
    assert '<a href="https://social.example.org/@edchat"' in text
    drawings = re.findall(r'<svg class="drawing"[^>]*role="img" aria-label="([^"]*)"', text)
    assert len(drawings) == 3
    assert all(one.startswith("Drawing: ") for one in drawings)


@pytest.mark.parametrize(("network", "other"), [("bluesky", "mastodon"), ("mastodon", "bluesky")])
def test_a_network_we_are_not_on_is_left_out(network: NetworkName, other: str) -> None:
    text = page(urls.TAKE_PART, voices=(Voice("one", network),))
    assert f'<h2 id="{network}"' in text
    assert f'<h2 id="{other}"' not in text
    assert "Our account is named in each chat" in text


def test_a_voice_with_a_bad_address_is_named_and_not_linked() -> None:
    text = page(urls.TAKE_PART, voices=(Voice("one", "mastodon", "@a@b.example", "javascript:alert(1)"),))
    assert "@a@b.example" in text
    assert "javascript" not in text


def test_in_french_an_answer_is_called_r1_in_words_and_drawings() -> None:
    text = page(urls.TAKE_PART, language="fr")
    assert '<text class="sign" x="54" y="61">R1</text>' in text
    assert "A1" not in words_of(text)


# -- guidelines -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Text of Sunday 22 November 2026. Nobody has adopted it here yet."),
        ({"guidelines": date(2027, 1, 4)}, "Adopted by Example Teachers' Association on Monday 4 January 2027."),
        ({"guidelines": date(2027, 1, 4), "controller": ""}, "Adopted on Monday 4 January 2027."),
    ],
)
def test_guidelines_are_dated_and_say_who_adopted_them(changes: dict[str, Any], said: str) -> None:
    text = words_of(page(urls.GUIDELINES, **changes))
    assert said in text
    assert "for a safeguarding lead and a data-protection officer to review" in text


def test_an_operator_may_put_other_guidelines_in_their_place(tmp_path: Path) -> None:
    own = tmp_path / "site" / "guidelines.html.j2"
    own.parent.mkdir()
    own.write_text('{% extends "site/base.html.j2" %}{% block main %}<h1>Ours</h1>{{ version }}{% endblock %}')
    renderer = SiteRenderer(Templates(tmp_path), sample.SITE, lambda: sample.NOW)
    (text,) = [one.render(sample.contents).decode() for one in renderer.pages([], {}) if one.path == urls.GUIDELINES]
    assert "<h1>Ours</h1>Text of Sunday 22 November 2026." in text


EVERY_KEY = Path(__file__).parents[1] / "golden" / "config" / "02-good-every-key"


def test_the_day_is_read_from_the_configuration(tmp_path: Path) -> None:
    shutil.copytree(EVERY_KEY, tmp_path, dirs_exist_ok=True)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "wall.jpg").write_bytes(b"a picture")
    settings = load(tmp_path)
    assert settings.site.guidelines == date(2027, 1, 4)
    assert site_of(settings).guidelines == date(2027, 1, 4)
    file = tmp_path / "staffroom.yaml"
    file.write_text(file.read_text().replace("guidelines: 2027-01-04", "guidelines: soon"))
    with pytest.raises(UserError, match=r"staffroom\.yaml:11:15"):
        load(tmp_path)


# -- complaints -------------------------------------------------------------------------------------------------------
def test_places_on_the_page_of_complaints_keep_their_names() -> None:
    found = re.findall(r'<h2 id="([^"]*)"', page(urls.COMPLAINTS))
    assert found == ["report", "danger", "when", "decide", "disagree"]


def test_complaints_say_how_and_by_when_as_the_rest_of_the_site_does() -> None:
    text = words_of(page(urls.COMPLAINTS))
    assert "REMOVE THIS" in text
    assert "chats@example.org" in text
    assert "Within 15 minutes of your message." in text
    chat = sample.content().stored.chat
    after = [timedelta(hours=23), timedelta(days=13), timedelta(days=15)]
    looks = [check_interval(chat, chat.ends_at + one) for one in after]
    assert looks == [timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
    assert "hourly on the chat's day, daily for 14 days, then weekly" in text


def test_without_a_contact_complaints_go_to_a_host() -> None:
    text = words_of(page(urls.COMPLAINTS, contact=""))
    assert "write to a host of the chat" in text
    assert "@" not in text


# -- about ------------------------------------------------------------------------------------------------------------
def test_about_names_who_answers_and_leads_on() -> None:
    text = page(urls.ABOUT)
    assert "Example Teachers' Association runs this archive" in words_of(text)
    assert 'href="mailto:chats@example.org"' in text
    assert re.findall(r'<li><a href="(\.\./[a-z]+/index\.html|complaints/index\.html)">', text)[-5:] == [
        "../people/index.html",
        "../guidelines/index.html",
        "complaints/index.html",
        "../privacy/index.html",
        "../schools/index.html",
    ]
    assert 'id="who"' not in page(urls.ABOUT, contact="", controller="")


# -- schools ----------------------------------------------------------------------------------------------------------
def test_hosts_come_from_the_configuration() -> None:
    hosts = words_of(page(urls.school_page("hosts")))
    for one in ("chats.example.org", "bsky.app", "*.bsky.network", "social.example.org"):
        assert one in hosts
    alone = words_of(page(urls.school_page("hosts"), voices=sample.SITE.voices[1:]))
    assert "bsky" not in alone
    assert "social.example.org" in alone
    none = words_of(page(urls.school_page("hosts"), address="", voices=sample.SITE.voices[:1]))
    assert "has no address of its own yet" in none
    assert "Mastodon" not in none


def test_the_letter_names_the_site_and_whom_to_ask() -> None:
    text = words_of(page(urls.school_page("letter")))
    assert "Please let chats.example.org through our filter" in text
    assert "They can be reached at chats@example.org ." in text
    bare = words_of(page(urls.school_page("letter"), address="", contact=""))
    assert "Please let an archive of teachers' chats through our filter" in bare
    assert "They can be reached" not in bare


def test_the_data_map_says_on_what_ground_and_how_long_as_the_privacy_page_does() -> None:
    text = words_of(page(urls.school_page("map")))
    assert "How long: 3 years after the chat." in text
    assert "Late answers are taken in: 14 days after the chat." in text
    assert "Answers are kept only of people who joined with KEEP MY ANSWERS" in text


def test_the_impact_assessment_leaves_the_last_column_to_the_school() -> None:
    text = page(urls.school_page("impact"))
    rows = re.findall(r'<tr role="row"><th role="rowheader".*?</tr>', text)
    assert len(rows) == 6
    assert all(re.search(r'<td role="cell" data-head="[^"]+"></td></tr>$', row) for row in rows)


def test_the_form_on_a_schools_support_is_filled_in_by_hand_and_can_be_sent_nowhere() -> None:
    text = page(urls.school_page("support"))
    rows = re.findall(r'<tr role="row"><th role="rowheader".*?</tr>', text)
    assert len(rows) == 7
    assert all(row.endswith("></td></tr>") for row in rows)
    assert 'class="ruled"' in text
    assert not re.search(r"<(?:form|input|textarea|select|button|script)\b", text)
    assert 'href="../support/index.html"' in page(urls.school_page("heads"))


def test_every_table_says_the_same_on_a_narrow_screen() -> None:
    """There, cells stand below each other: each carries the head of its column."""
    for path in (urls.COMPLAINTS, urls.GUIDELINES, *SCHOOLS):
        text = page(path)
        for table in re.findall(r'<table class="rows".*?</table>', text, re.DOTALL):
            heads = re.findall(r'scope="col">([^<]*)<', table)
            cells = re.findall(r'data-head="([^"]*)"', table)
            assert cells == heads[1:] * (len(cells) // len(heads[1:]))


def test_the_pack_leads_to_all_its_pages_and_each_leads_back() -> None:
    front = page(urls.SCHOOLS)
    for name in PACK:
        assert f'href="{name}/index.html"' in front
        assert 'href="../index.html">For schools</a>' in page(urls.school_page(name))


def test_moderators_and_operators_words_are_never_markup() -> None:
    nasty = "<b>&x</b>"
    for path in WORDY:
        assert "<b>" not in page(path, controller=nasty, title=nasty, contact="https://a.example/<b>")


def test_all_series_have_folders_that_no_page_of_the_site_takes() -> None:
    taken = {path.split("/")[0] for path in (*WORDY, urls.TOPICS, urls.LINKS, urls.PEOPLE, urls.PRIVACY)}
    assert all(urls.folder(name) == f"{name}-chat" for name in taken)
    assert urls.folder(term.SERIES.slug) == "edchat"
