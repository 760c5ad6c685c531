"""What search gets to know, and the page it is asked on."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from golden import sample
from golden.sample import answer
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from bot.domain.occurrences import Span
from bot.domain.posts import Media, PostRef
from bot.domain.records import ChatContent, ChatFigures, SentPost, StoredChat
from bot.rendering import urls
from bot.rendering.frame import Press
from bot.rendering.pages import SiteRenderer
from bot.rendering.searching import FILLER, TOGETHER, Bundle, pages, searchable
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from bot.domain.records import Answer

TEMPLATES = Templates()
WORDS = Press(TEMPLATES, sample.SITE).words()
CHAT = "edchat/2027-01-07"
LATER = datetime(2027, 3, 1, tzinfo=UTC)


def made(*answers: Answer) -> dict[str, str]:
    """A chat's unpublished pages by the ends of their paths."""
    content = msgspec.structs.replace(sample.content(), answers=answers)
    return {path.removeprefix(f"{CHAT}/").removesuffix(".html"): data.decode() for path, data in pages(WORDS, content)}


def words_of(page: str) -> str:
    """What can be looked for: a page's text without what Pagefind is told to ignore."""
    tree = HTMLParser(page)
    for ignored in tree.css("[data-pagefind-ignore]"):
        ignored.decompose()
    return " ".join(tree.body.text(separator=" ").split()) if tree.body else ""


def filters_of(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in HTMLParser(page).css("[data-pagefind-filter]"):
        name = (one.attributes["data-pagefind-filter"] or "").partition("[")[0]
        found.setdefault(name, []).append(one.attributes["data-v"] or "")
    return found


def test_answers_stand_on_pages_by_question_network_and_language() -> None:
    found = made(
        answer("01", "y5", 6, "One", 1),
        answer("02", "hist", 7, "Two", 1),
        answer("03", "sci", 8, "ثلاثة", 1, languages=("ar",)),
        answer("04", "dep", 9, "Four", 4, 2),
        answer("05", "dep", 9, "Five"),
    )
    assert sorted(found) == sorted(
        [
            "questions",
            "q1-bluesky-en-1",
            "q1-mastodon-en-1",
            "q1-mastodon-ar-1",
            "q2-bluesky-en-1",
            "q0-bluesky-en-1",
        ]
    )
    assert "Which of these would you drop first? Ticks Levels Comments None of them" in words_of(found["questions"])
    assert words_of(found["q1-bluesky-en-1"]) == "One"
    assert filters_of(found["q1-mastodon-ar-1"]) == {
        "term": ["year-2026"],
        "_tag": ["#EdChat"],
        "_topic": ["Feedback that pupils use"],
        "_day": ["Thursday 7 January 2027"],
        "_label": ["Q1"],
        "network": ["mastodon"],
        "language": ["ar"],
        "_by": ["a-03 معلمة علوم"],
    }
    assert filters_of(found["q0-bluesky-en-1"])["_label"] == [WORDS("chat.unplaced")]


def test_what_was_told_weeks_later_is_found_as_what_people_try() -> None:
    ref = PostRef("bluesky", "at://us/f")
    asked = SentPost(f"{CHAT}/follow-up-1-01", "follow-up", 1, "bluesky", 0, ref, "f", "01", sample.START)
    answers = (answer("01", "y5", 6, "#tryit", 1), answer("02", "y5", 20_000, "A1 It worked", 1, to="f"))
    content = msgspec.structs.replace(sample.content(), answers=answers, sent=(asked,))
    found = {path.rpartition("/")[2].removesuffix(".html"): page.decode() for path, page in pages(WORDS, content)}
    assert filters_of(found["tried-bluesky-en-1"])["_label"] == [WORDS("chat.tried")]
    assert (words_of(found["tried-bluesky-en-1"]), words_of(found["q1-bluesky-en-1"])) == ("A1 It worked", "#tryit")


def test_each_answer_has_a_heading_with_the_anchor_of_its_page() -> None:
    page = made(answer("01", "y5", 6, "One", 1), answer("02", "y5", 7, "Two", 1))["q1-bluesky-en-1"]
    assert [one.attributes["id"] for one in HTMLParser(page).css("h2")] == [urls.anchor("01"), urls.anchor("02")]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer("01", "y5", 6, "Loud", 1, warning="inspection"), "inspection"),
        (answer("01", "y5", 6, "See", 1, media=(Media("image", "A wall"), Media("image", ""))), "See A wall"),
        (answer("01", "y5", 6, "<b>&amp;</b> \x00\u202eno", 1), "<b>&amp;</b> no"),
        (answer("01", "y5", 6, "Unnamed", 1, called="nameless"), "Unnamed"),
    ],
)
def test_what_can_be_looked_for(said: Answer, words: str) -> None:
    assert words_of(made(said)["q1-bluesky-en-1"]) == words


def test_a_page_holds_some_answers_at_most() -> None:
    found = made(*(answer(f"{number:02d}", "y5", number, "Hm", 1) for number in range(2 * TOGETHER + 1)))
    held = {name: page.count("<h2 ") for name, page in found.items() if "bluesky" in name}
    assert held == {"q1-bluesky-en-1": TOGETHER, "q1-bluesky-en-2": TOGETHER, "q1-bluesky-en-3": 1}


def test_names_are_shown_and_no_words_to_look_for() -> None:
    page = made(answer("01", "trainee", 6, "Hm", 1))["q1-mastodon-en-1"]
    assert filters_of(page)["_by"] == ["a-01 Trainee <b>primary</b> & co"]
    assert words_of(page) == "Hm"
    shy = made(answer("01", "unnamed", 6, "Hm", 1, called="nameless"))["q1-mastodon-en-1"]
    assert filters_of(shy)["_by"] == ["a-01 A teacher"]
    assert "Noor" not in shy


def test_who_does_not_want_to_be_found_is_not() -> None:
    quiet = msgspec.structs.replace(answer("01", "y5", 6, "Quiet", 1), search=False)
    assert set(made(quiet)) == {"questions"}


@pytest.mark.parametrize("language", ["../../x", "x y", "é", "", "-"])
def test_a_language_that_is_none_is_no_part_of_a_path(language: str) -> None:
    found = made(answer("01", "y5", 6, "Hm", 1, languages=(language,)))
    assert set(found) == {"questions", "q1-bluesky-und-1"}


# -- bundles -------------------------------------------------------------------------------------------------------


def held(day: date, slug: str = "edchat", **more: Any) -> StoredChat:
    """A chat of the sample's series, on another day."""
    stored = sample.stored_chats()[0]
    at = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    chat = msgspec.structs.replace(
        stored.chat,
        id=f"{slug}/{day.isoformat()}",
        series=slug,
        date=day,
        starts_at=at,
        ends_at=at + timedelta(hours=1),
    )
    series = msgspec.structs.replace(stored.series, slug=slug, **more)
    return msgspec.structs.replace(stored, chat=chat, series=series)


def bundles(chats: list[StoredChat], now: datetime = LATER, renderer: SiteRenderer | None = None) -> dict[str, Bundle]:
    renderer = renderer or SiteRenderer(TEMPLATES, sample.SITE, lambda: now, "pagefind 1")
    return {one.folder: one for one in renderer.bundles(chats, {})}


def test_a_bundle_holds_a_series_school_year() -> None:
    days = [date(2025, 8, 31), date(2025, 9, 1), date(2026, 8, 31), date(2026, 9, 1)]
    found = bundles([held(day) for day in days] + [held(days[0], "about", languages=("cy-GB",))])
    assert {folder: (one.language, one.engine) for folder, one in found.items()} == {
        "search/engine.cy/": ("cy", True),
        "search/engine.en/": ("en", True),
        "search/edchat/2026-27/": ("en", False),
        "search/edchat/2025-26/": ("en", False),
        "search/edchat/2024-25/": ("en", False),
        "search/about-chat/2024-25/": ("cy", False),
    }


def test_a_chat_is_found_once_it_is_over() -> None:
    chats = sample.chats()
    during = chats[0].chat.ends_at - timedelta(seconds=1)
    assert searchable(chats, {}, during) == {}
    assert [len(mine) for mine in searchable(chats, {}, chats[0].chat.ends_at).values()] == [1]


def test_a_cancelled_chat_is_found_where_somebody_answered() -> None:
    chat = msgspec.structs.replace(sample.chats()[0], cancelled=True)
    assert searchable([chat], {}, LATER) == {}
    assert searchable([chat], {chat.chat.id: ChatFigures(1, 1, 0, None)}, LATER)


def test_one_changed_chat_changes_the_mark_of_its_bundle_alone() -> None:
    chats = [held(date(2025, 10, 2)), held(date(2026, 10, 1)), held(date(2026, 10, 8))]
    before = {folder: one.mark for folder, one in bundles(chats).items()}
    chats[2] = msgspec.structs.replace(chats[2], revision=chats[2].revision + 1)
    after = {folder: one.mark for folder, one in bundles(chats).items()}
    assert {folder for folder in before if before[folder] != after[folder]} == {"search/edchat/2026-27/"}


def test_only_a_changed_chat_is_read_again() -> None:
    chats = [held(date(2026, 10, 1)), held(date(2026, 10, 8))]
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: LATER, "pagefind 1")
    read: list[str] = []

    def content(chat: str) -> ChatContent:
        read.append(chat)
        stored = next(one for one in chats if one.chat.id == chat)
        return ChatContent(stored, (), (), (), ())

    def make() -> dict[str, bytes]:
        return dict(bundles(chats, renderer=renderer)["search/edchat/2026-27/"].sources(content))

    first = make()
    assert read == [one.chat.id for one in chats]
    assert make() == first
    chats[1] = msgspec.structs.replace(chats[1], revision=2)
    make()
    assert read[2:] == [chats[1].chat.id]


def test_the_script_comes_with_a_word_that_nobody_looks_for() -> None:
    (page,) = bundles(sample.chats())["search/engine.en/"].sources(sample.contents).values()
    assert words_of(page.decode()) == FILLER


def test_without_what_makes_indexes_the_site_says_nothing_of_search() -> None:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    assert list(renderer.bundles(sample.chats(), sample.figures())) == []
    found = {page.path: page for page in renderer.pages(sample.chats(), sample.figures())}
    assert not [path for path in found if path.startswith("search")]
    assert b"search" not in found["index.html"].render(sample.contents).lower()


# -- the page ------------------------------------------------------------------------------------------------------


def search_page(chats: list[StoredChat], now: datetime = LATER) -> HTMLParser:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: now, "pagefind 1")
    page = next(one for one in renderer.pages(chats, {}) if one.path == urls.SEARCH)
    return HTMLParser(page.render(sample.contents))


def options(page: HTMLParser, name: str) -> list[tuple[str, str]]:
    return [(one.attributes["value"] or "", one.text()) for one in page.css(f"select[name={name}] option")]


def test_the_page_offers_what_there_is() -> None:
    terms = (Span(date(2026, 9, 7), date(2026, 10, 20)), Span(date(2027, 1, 4), date(2027, 2, 12)))
    page = search_page(
        [held(date(2025, 10, 2)), held(date(2026, 10, 1), terms=terms), held(date(2026, 12, 3), "profs", hashtag="Pr")]
    )
    assert options(page, "series") == [("", "All"), ("edchat", "#EdChat"), ("profs", "#Pr")]
    assert options(page, "when") == [
        ("", "All"),
        ("2026", "School year 2026\u201327"),
        ("2026 term-2026-09-07", "\u2013 7 September to 20 October 2026"),
        ("2025", "School year 2025\u201326"),
    ]
    assert options(page, "language") == [("", "All"), ("en", "English")]
    assert options(page, "network") == [("", "All"), ("bluesky", "Bluesky"), ("mastodon", "Mastodon")]


def test_the_script_is_told_of_every_bundle_the_latest_first() -> None:
    form = search_page([held(date(2025, 10, 2)), held(date(2026, 10, 1))]).css_first("form")
    assert form is not None
    plan = json.loads(form.attributes["data-plan"] or "")
    assert [(one["path"], one["year"]) for one in plan["bundles"]] == [
        ("search/edchat/2026-27/", 2026),
        ("search/edchat/2025-26/", 2025),
    ]
    assert plan["engines"] == {"en": "search/engine.en/"}
    assert plan["hits"]["other"] == "{n} hits."


def test_the_page_stays_the_same_when_answers_come_in() -> None:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: LATER, "pagefind 1")

    def mark(revision: int) -> str:
        chats = [msgspec.structs.replace(sample.chats()[0], revision=revision)]
        return next(one.mark for one in renderer.pages(chats, {}) if one.path == urls.SEARCH)

    assert mark(1) == mark(2)


def test_every_language_has_every_phrase_of_the_search() -> None:
    english = {key for key in json.loads(TEMPLATES.source("words/en.json")) if key.startswith("search.")}
    for language in ("cy", "de", "es", "fr"):
        phrases = json.loads(TEMPLATES.source(f"words/{language}.json"))
        assert {key for key in phrases if key.startswith("search.")} == english
        assert all("{n}" in phrases[key]["other"] for key in ("search.hits", "search.first"))


# -- what pages may load -------------------------------------------------------------------------------------------


def test_no_page_but_the_search_may_run_or_ask_anything() -> None:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW, "pagefind 1")
    policies = {}
    for page in renderer.pages(sample.chats(), sample.figures(), sample.listed()):
        if page.path.endswith(".html") and not page.path.endswith("/snippet.html"):  # which others put into theirs
            tree = HTMLParser(page.render(sample.contents))
            policy, style = tree.css_first("meta[http-equiv=Content-Security-Policy]"), tree.css_first("link")
            assert policy is not None
            assert style is not None
            assert tree.html is not None
            assert tree.html.index("Content-Security-Policy") < tree.html.index("<link")
            assert not tree.css("[style], [onclick], style, script:not([src])")
            policies[page.path] = (policy.attributes["content"] or "").split("; ")
    search = policies.pop(urls.SEARCH)
    assert set(map(tuple, policies.values())) == {
        (
            "default-src 'none'",
            "style-src 'self' file:",
            "img-src 'self' file:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    }
    assert {one for one in search if one not in policies["index.html"]} == {
        "script-src 'self' 'wasm-unsafe-eval' file:",
        "connect-src 'self'",
    }


@pytest.mark.parametrize(("searcher", "said"), [("pagefind 1", True), ("", False)])
def test_the_privacy_page_says_where_a_script_runs(searcher: str, said: bool) -> None:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW, searcher)
    page = next(one for one in renderer.pages(sample.chats(), {}) if one.path == urls.PRIVACY)
    assert (b"The search page alone runs a script" in page.render(sample.contents)) is said
