"""What pages show of people: as each asked to be called, counted where they are left out, listed where they asked."""

import html
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from golden import sample
from golden.sample import answer

from bot.domain.commands import read
from bot.domain.naming import Naming
from bot.domain.posts import Account
from bot.domain.records import Answer, ChatContent, Pick
from bot.domain.richtext import RichText
from bot.domain.sweeps import check_interval
from bot.rendering import privacy, urls
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates

TEMPLATES = Templates()
CHAT = "edchat/2027-01-07"
LANGUAGES = ("en", "fr", "es", "de", "cy")
SOMEBODY = {
    "en": "A teacher",
    "fr": "Quelqu'un qui enseigne",
    "es": "Una persona docente",
    "de": "Eine Lehrkraft",
    "cy": "Athro neu athrawes",
}


def planned(
    site: Site = sample.SITE, content: ChatContent | None = None, listed: Sequence[Account] = (), **series: Any
) -> dict[str, Page]:
    chats = [content.stored] if content else sample.chats()
    chats = [msgspec.structs.replace(one, series=msgspec.structs.replace(one.series, **series)) for one in chats]
    renderer = SiteRenderer(TEMPLATES, site, lambda: sample.NOW)
    return {page.path: page for page in renderer.pages(chats, sample.figures(), listed)}


def rendered(content: ChatContent, language: str = "en") -> dict[str, str]:
    """Every page of a site with one chat."""
    stored = content.stored
    series = msgspec.structs.replace(stored.series, languages=(language,))
    content = msgspec.structs.replace(content, stored=msgspec.structs.replace(stored, series=series))
    site = msgspec.structs.replace(sample.SITE, language=language)
    return {
        path: page.render(lambda _: content).decode(errors="replace") for path, page in planned(site, content).items()
    }


def chat_of(*answers: Answer, left_out: int = 0, picks: tuple[Pick, ...] = ()) -> ChatContent:
    ordered = tuple(sorted(answers, key=lambda one: (one.post.at, one.key)))
    return msgspec.structs.replace(sample.content(), answers=ordered, tombstones=(), picks=picks, left_out=left_out)


def planted(called: Naming) -> ChatContent:
    """Somebody's answer in two questions, with a reply of theirs to another and one of another's to them."""
    first = answer("aa", "unnamed", 7.525, "I stopped marking on Sundays.", 1, 2, called=called, how="label")
    other = answer("bb", "y5", 9, "So did I.", 1, to="aa", how="thread")
    again = answer("cc", "unnamed", 11.525, "Good!", 1, to="bb", how="thread", called=called)
    return chat_of(first, other, again, picks=(Pick(f"{CHAT}/q1", "aa", ""),))


def spelled(word: str) -> set[str]:
    escaped = {word, html.escape(word), json.dumps(word)[1:-1], word.replace("/", "\\/"), word.replace("@", "%40")}
    return escaped | {one.casefold() for one in escaped}


def found(pages: dict[str, str], *words: str) -> set[str]:
    return {word for word in words for text in pages.values() for one in spelled(word) if one in text}


NAMES = ("Noor", "Known", "@nobody.knows@social.example.org", "nobody.knows")
PLACES = ("https://social.example.org/@unnamed/aa", "https://social.example.org/@unnamed/cc", "@unnamed")
PROFILE = ("https://social.example.org/unnamed", "id:unnamed")
TIMES = ("20:07", "20:11")


def test_a_name_stands_there_where_nobody_asked_otherwise() -> None:
    pages = rendered(planted("named"))
    assert found(pages, *NAMES, *PLACES, *TIMES) == {*NAMES, *PLACES, *TIMES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_somebody_nameless_the_words_stand_and_nothing_else(language: str) -> None:
    pages = rendered(planted("nameless"), language)
    assert found(pages, "I stopped marking on Sundays.", *NAMES, *PLACES, *PROFILE, *TIMES) == {
        "I stopped marking on Sundays."
    }
    page = pages[urls.chat_page(CHAT)]
    assert SOMEBODY[language] in html.unescape(page)
    about = TEMPLATES.dictionary.words(language)
    when = about("chat.about_time", date=about.short_date(sample.START), time="20:00")
    assert page.count(f'datetime="2027-01-07">{when}</time>') == 2
    assert not re.search(r'href=""|<bdi class="[\w-]*"></bdi>|@<|<time[^>]*></time>', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_initials_drop_handle_and_profile(language: str) -> None:
    pages = rendered(planted("initials"), language)
    assert found(pages, "N.B.K.", *NAMES, *PROFILE) == {"N.B.K."}
    assert found(pages, *PLACES[:2], *TIMES) == {*PLACES[:2], *TIMES}  # the original's link stays, as it is said


def test_initials_of_a_name_without_letters_are_somebody_with_a_time_and_a_link() -> None:
    shy = answer("aa", "unnamed", 7, "Hm", 1, called="initials")
    post = msgspec.structs.replace(shy.post, author=msgspec.structs.replace(shy.post.author, name=""))
    pages = rendered(chat_of(msgspec.structs.replace(shy, post=post)))
    assert "A teacher" in pages[urls.chat_page(CHAT)]
    assert ">20:07</time>" in pages[urls.chat_page(CHAT)]
    (told,) = json.loads(pages[urls.chat_data(CHAT)])["questions"][0]["answers"]
    assert "author" not in told
    assert told["at"] == "2027-01-07T20:07:00Z"


def test_a_sentence_begins_with_a_capital_and_names_nobody() -> None:
    page = rendered(planted("nameless"))[urls.chat_page(CHAT)]
    assert '<a href="#a-aa">A teacher answers this together with Q1.</a>' in page
    assert re.search(r'in reply to <a class="u-in-reply-to" href="#a-\w+"><bdi>a teacher</bdi></a>', page)


def test_nobody_nameless_is_called_the_first() -> None:
    """Their hour says so only because the minutes are cut away."""
    early = answer("aa", "y5", 6, "First", 1)
    later = answer("bb", "unnamed", 40, "Much later", 1, called="nameless")
    picks = (Pick(f"{CHAT}/q1", "aa", ""), Pick(f"{CHAT}/q1", "bb", ""))
    assert "the first answer" not in rendered(chat_of(early, later, picks=picks))[urls.chat_page(CHAT)]
    alone = rendered(chat_of(early, picks=picks[:1]))[urls.chat_page(CHAT)]
    assert "Chosen: the first answer" in alone


@pytest.mark.parametrize(
    ("why", "named", "nameless"),
    [
        ("the hosts' choice", "von der Moderation ausgewählt", "von der Moderation ausgewählt"),
        ("their first chat here", "der erste Chat dieser Person hier", "damit mehr Menschen zu Wort kommen"),
        (
            "others were quoted more recently",
            "andere wurden vor kürzerer Zeit zitiert",
            "damit mehr Menschen zu Wort kommen",
        ),
    ],
)
def test_a_reason_that_lasts_is_said_in_the_chats_language_and_tells_nothing_of_who_is_nameless(
    why: str, named: str, nameless: str
) -> None:
    for called, said in (("named", named), ("nameless", nameless)):
        one = answer("aa", "unnamed", 40, "Much later", 1, called=called)  # type: ignore[arg-type]
        page = rendered(chat_of(one, picks=(Pick(f"{CHAT}/q1", "aa", why),)), "de")[urls.chat_page(CHAT)]
        assert re.findall('<span class="why">(.*?)</span>', page) == [f"Ausgewählt: {said}"]


@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_left_out_is_counted_and_not_shown(language: str, count: int) -> None:
    pages = rendered(chat_of(left_out=count), language)
    (line,) = re.findall(r'<p class="asked left-out">([^<]*)</p>', pages[urls.chat_page(CHAT)])
    said = TEMPLATES.dictionary.words(language)("chat.left_out", n=count)
    assert html.unescape(line) == said
    assert count == 1 or str(count) in said
    assert json.loads(pages[urls.chat_data(CHAT)])["left_out"] == count


def test_nothing_is_said_where_nothing_is_left_out() -> None:
    assert "left-out" not in rendered(chat_of())[urls.chat_page(CHAT)]


# -- the directory ---------------------------------------------------------------------------------------------------
def test_there_is_a_page_of_people_only_if_somebody_asked() -> None:
    nobody, somebody = planned(), planned(listed=sample.listed())
    assert urls.PEOPLE not in nobody
    about = [pages[urls.ABOUT].render(sample.contents).decode() for pages in (nobody, somebody)]
    assert ["people/index.html" in page for page in about] == [False, True]
    changed = {path for path, page in somebody.items() if path not in nobody or nobody[path].mark != page.mark}
    assert changed == {urls.PEOPLE, urls.ABOUT}


def test_the_page_of_people_shows_name_handle_and_network_and_escapes_them() -> None:
    nasty = '<b onclick="x">Amy & co</b>'
    people = [
        Account("mastodon", "id:2", "@zoe@social.example.org", "zoe", "https://social.example.org/@zoe"),
        Account("bluesky", "id:1", "amy.example.org", nasty, "javascript:alert(1)"),
    ]
    page = planned(listed=people)[urls.PEOPLE].render(sample.contents).decode()
    assert html.escape(nasty, quote=False).split("&")[0] in page
    assert "<b " not in page
    assert "javascript" not in page
    assert page.index("amy.example.org") < page.index("@zoe@social.example.org")  # by name, whoever wrote more
    assert '<meta name="robots" content="noindex">' in page
    assert "id:1" not in page


# -- the privacy page ------------------------------------------------------------------------------------------------
def told(site: Site = sample.SITE, **series: Any) -> str:
    page = planned(site, **series)[urls.PRIVACY].render(sample.contents).decode()
    return html.unescape(re.sub(r"</?kbd[^>]*>", "", page))


def test_the_privacy_page_names_ground_contact_controller_times_and_networks() -> None:
    page = told()
    for said in (
        "on the ground of the notice",
        "Answers are kept only of people who joined with KEEP MY ANSWERS, that is: on consent",
        '<a href="mailto:chats@example.org">chats@example.org</a>',
        "Example Teachers' Association",
        "How long: 3 years after the chat.",
        "How long: for as long as this archive stands.",
        "Late answers are taken in: 14 days after the chat.",
        "Networks: Bluesky and Mastodon.",
        "Networks: Mastodon.",
        "Search engines may list",
        "Search engines are asked not to list",
    ):
        assert said in page


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ({"late": timedelta(days=1)}, "Late answers are taken in: one day after the chat."),
        ({"late": timedelta(hours=36)}, "Late answers are taken in: 36 hours after the chat."),
        ({"late": timedelta(minutes=30)}, "Late answers are taken in: one hour after the chat."),
        ({"late": timedelta(0)}, "Answers are taken in until the chat ends."),
        ({"keep": timedelta(days=30)}, "How long: 30 days after the chat."),
        ({"archive": "everyone"}, "Public posts with the hashtag and answers to our questions are kept"),
    ],
)
def test_the_privacy_page_follows_the_configuration(series: dict[str, Any], said: str) -> None:
    assert said not in told()
    assert said in told(**series)
    before, after = planned(), planned(**series)
    assert before[urls.PRIVACY].mark != after[urls.PRIVACY].mark


def test_without_contact_the_privacy_page_still_says_how_to_leave() -> None:
    page = told(Site())
    assert "REMOVE ME" in page
    assert "Block our account" in page
    assert "mailto:" not in page


def test_what_the_privacy_page_says_of_look_ups_is_so() -> None:
    """“Hourly on the day of the chat, daily for 14 days, then weekly.”"""
    chat = sample.content().stored.chat
    hour, day = timedelta(hours=1), timedelta(days=1)
    looks = [
        (after, check_interval(chat, chat.ends_at + after)) for after in (day - hour, 14 * day - hour, 14 * day + hour)
    ]
    assert [interval for _, interval in looks] == [hour, day, 7 * day]
    assert "hourly on the day of the chat, daily for 14 days, then weekly" in told()


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_the_page_says_one_may_say_is_understood(language: str) -> None:
    """In the site's language where all series speak it, and in English always."""
    words = TEMPLATES.dictionary.words(language)
    series = msgspec.structs.replace(sample.EDCHAT, languages=(language, "en"))
    said = privacy.sayings(words, [series])
    assert len(said) == 18
    for asked, spellings in said.items():
        assert len(spellings) == (1 if language == "en" else 2)
        for spelling in spellings:
            for in_thread in (False, True):
                typed = RichText(spelling.replace("@…", "@ben@x.example"))
                assert read(typed, series.languages, own="", in_thread=in_thread) == asked
    page = told(msgspec.structs.replace(sample.SITE, language=language), languages=(language,))
    assert all(spelling in page for asked, spoken in said.items() for spelling in spoken if asked != "stop")
    assert said["stop"][0] in page


def test_words_that_not_every_series_speaks_are_not_offered() -> None:
    words = TEMPLATES.dictionary.words("fr")
    assert privacy.sayings(words, [sample.PROFCHAT])["remove-me"] == ("ME RETIRER", "REMOVE ME")
    assert privacy.sayings(words, [sample.EDCHAT, sample.PROFCHAT])["remove-me"] == ("REMOVE ME",)
    assert privacy.sayings(TEMPLATES.dictionary.words("ar"), [sample.EDCHAT])["remove-me"] == ("REMOVE ME",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_the_privacy_page_stands_in_each_language(language: str) -> None:
    site = msgspec.structs.replace(sample.SITE, language=language)
    page = planned(site)[urls.PRIVACY].render(sample.contents).decode()
    assert re.findall(r'<h2(?: id="(\w+)")?', page) == ["leave", "join", "then", "copies", "what", "ground", "who", ""]
    assert "15" in page
    assert f'<html lang="{language}"' in page
    assert "{" not in re.sub(r"<style.*?</style>", "", page)
