"""Home, series, topics and links, over a site with a year of chats."""

import html
import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from golden import sample, term
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.marks import outdated
from bot.domain.records import ChatFigures, SharedLink, StoredChat
from bot.domain.schedule import planned_chats
from bot.rendering import urls
from bot.rendering.chart import FEWEST, MOST, chart
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.templates import Templates
from bot.rendering.topicpage import letter_id, letter_of, sort_key

TEMPLATES = Templates()
WORDS = TEMPLATES.dictionary.words("en")
SERIES = "edchat/index.html"


def planned(shared: Any = term.shared_links, **more: Any) -> dict[str, Page]:
    renderer = SiteRenderer(TEMPLATES, more.get("site", sample.SITE), lambda: more.get("now", sample.NOW))
    chats, figures = more.get("chats", term.chats()), more.get("figures", term.figures())
    return {page.path: page for page in renderer.pages(chats, figures, shared=shared, known=more.get("known"))}


def page(path: str, **more: Any) -> str:
    return planned(**more)[path].render(term.contents).decode()


def heads(text: str, level: str) -> list[str]:
    return [html.unescape(re.sub("<[^>]*>", "", one)) for one in re.findall(rf"<{level}\b[^>]*>(.*?)</{level}>", text)]


# -- home --------------------------------------------------------------------------------------------------------------
def test_home_tells_what_how_and_when_with_zones() -> None:
    text = page(urls.HOME)
    assert heads(text, "h2") == ["Coming chats", "What was said", "All chats"]
    assert "on the network you use (Bluesky and Mastodon)" in text
    assert "Thursday 14 January 2027, 20:00 London time</time> · 15:00 in New York · Friday 07:00 in Sydney" in text
    assert heads(text, "h3")[:3] == ["Starting a lesson well", "Ending a lesson", "L'oral au quotidien"]


def test_home_names_only_networks_that_somebody_speaks_on() -> None:
    site = msgspec.structs.replace(sample.SITE, voices=sample.SITE.voices[:1])
    assert "on the network you use (Bluesky)" in page(urls.HOME, site=site)


# -- series ------------------------------------------------------------------------------------------------------------
def test_a_series_tells_rhythm_hosts_and_the_next_questions() -> None:
    text = page(SERIES)
    assert heads(text, "h2") == ["The next chat", "How much was said", "Earlier chats", "Follow along"]
    assert "#EdChat · Every Thursday, 20:00 London" in text
    assert "Hosts: edchat.example.org and @deputy@social.example.org" in text
    assert "Host: @guest@social.example.org" in text  # the next chat's own
    asked = re.findall(r'class="ask">(.*?)<', text.partition('class="asking"')[2].partition("</ol>")[0])
    assert asked == ["What happens in the first five minutes?", "What do you do when it goes wrong?"]


def test_all_past_chats_stand_by_term_or_school_year_latest_first() -> None:
    text = page(SERIES).partition('id="past"')[2].partition('id="follow"')[0]
    assert heads(text, "h3") == [
        "4 January to 26 March 2027",
        "7 September to 18 December 2026",
        "School year 2025\u201326",
    ]
    assert re.findall('id="((?:term|year)-[^"]*)"', text) == ["term-2027-01-04", "term-2026-09-07", "year-2025"]
    assert heads(text, "h4") == ["Feedback that pupils use", *reversed(term.TOPICS), "Exams in May"]


def test_a_term_over_new_year_names_both_years() -> None:
    series = msgspec.structs.replace(term.SERIES, terms=(msgspec.structs.replace(term.AUTUMN, last=term.SPRING.last),))
    chats = [msgspec.structs.replace(one, series=series) for one in term.chats() if one.series.slug == "edchat"]
    assert "7 September 2026 to 26 March 2027" in heads(page(SERIES, chats=chats), "h3")


def test_a_cancelled_chat_is_not_the_next_one() -> None:
    chats = [msgspec.structs.replace(one, cancelled=one.chat.id == "edchat/2027-01-14") for one in term.chats()]
    text = page(SERIES, chats=chats)
    assert heads(text.partition('id="past"')[0], "h3")[0] == "Ending a lesson"
    assert "Starting a lesson well" in text


def test_a_series_with_nothing_to_come_says_so() -> None:
    text = page(SERIES, now=sample.NOW + timedelta(days=300))
    assert "No chat is planned at the moment." in text
    assert 'class="asking"' not in text


def test_the_chart_says_in_words_and_in_a_table_what_it_draws() -> None:
    text = page(SERIES)
    drawn = text.partition('<figure class="chart">')[2].partition("</figure>")[0]
    past = [one for one in term.chats() if one.chat.ends_at <= sample.NOW]
    counts = [term.figures()[one.chat.id] for one in past]
    assert [int(n) for n in re.findall(r'class="count"[^>]*>(\d+)<', drawn)] == [one.answers for one in counts]
    rows = re.findall(r"<td>(\d+)</td><td>(\d+)</td>", drawn)
    assert [(int(a), int(p)) for a, p in rows] == [(one.answers, one.people) for one in reversed(counts)]
    most = max(counts, key=lambda one: one.answers)
    day = past[counts.index(most)].chat.date
    (said,) = re.findall(r'role="img" aria-label="([^"]*)"', drawn)
    assert said == (
        f"Bar chart of the last {len(past)} chats, from 7 May 2026 to 7 January 2027. The chat of "
        f"{WORDS.short_date(day)} {day.year} has the most answers: {most.answers}. The table below holds all numbers."
    )


@pytest.mark.parametrize("language", ["cy", "de", "es", "fr"])
def test_the_chart_speaks_the_series_language(language: str) -> None:
    series = msgspec.structs.replace(term.SERIES, languages=(language,))
    chats = [msgspec.structs.replace(one, series=series) for one in term.chats() if one.series.slug == "edchat"]
    words = TEMPLATES.dictionary.words(language)
    assert words("series.activity_table") in html.unescape(page(SERIES, chats=chats))


COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 5000)), max_size=20)
WEEKLY = msgspec.structs.replace(
    term.SERIES,
    chats=tuple(msgspec.structs.replace(term.ENTRIES[0], date=term.AUTUMN.first + timedelta(n)) for n in range(20)),
)
MANY = [StoredChat(chat, WEEKLY, 1) for chat in planned_chats(WEEKLY)][::-1]


@given(COUNTS)
def test_bars_stay_inside_the_chart_apart_and_in_proportion(drawn: list[tuple[int, int]]) -> None:
    figures = {
        one.chat.id: ChatFigures(people, answers, 0, None) for one, (people, answers) in zip(MANY, drawn, strict=False)
    }
    found = chart(WORDS, MANY, figures, {one.chat.id: urls.chat_page(one.chat.id) for one in MANY})
    shown = [(people, answers) for people, answers in drawn if answers][:MOST][::-1]
    if len(shown) < FEWEST:
        assert found is None
        return
    assert found is not None
    assert [(one.people, one.answers) for one in found.columns] == shown
    edge = 0.0
    most = max(max(pair) for pair in shown)
    for one in found.columns:
        for bar, count in ((one.answered, one.answers), (one.took_part, one.people)):
            assert bar.x >= edge - 0.05
            edge = bar.x + bar.width
            assert bar.width > 0
            assert abs(bar.y + bar.height - found.ground) < 0.02
            assert abs(bar.height - 9 * count / most) < 0.02
    assert edge <= found.end <= 100.01


# -- topics ------------------------------------------------------------------------------------------------------------
def test_topics_stand_under_their_letters_without_accents_and_quotes() -> None:
    text = page(urls.TOPICS)
    letters = [one for one in heads(text, "h2") if one != "By term"]
    assert letters == ["Other", "A", "B", "E", "F", "H", "L", "R", "S"]
    assert heads(text.partition('id="letter-e"')[2].partition("</section>")[0], "h3") == [
        "École dehors",
        "Ending a lesson",
        "Exams in May",
    ]
    assert heads(text.partition('id="letter-b"')[2].partition("</section>")[0], "h3") == [
        "“Behaviour” without shouting"
    ]
    assert '<h3 lang="fr"><a href="../profchat/2027-02-02/index.html">' in text


def test_each_term_leads_to_its_place_on_the_series_page() -> None:
    links = re.findall(r'href="\.\./edchat/index\.html#([^"]*)"', page(urls.TOPICS))
    assert links == ["term-2027-01-04", "term-2026-09-07", "year-2025"]
    assert all(f'id="{one}"' in page(SERIES) for one in links)


def test_a_cancelled_chat_is_no_topic() -> None:
    chats = [msgspec.structs.replace(one, cancelled=True) for one in term.chats()]
    text = page(urls.TOPICS, chats=chats)
    assert "There is no chat here yet." in text


def test_topics_without_a_letter_stand_together_in_whatever_script() -> None:
    topics = iter(["العلوم", "٣ أفكار", "42", "…", "Zum Schluss"])
    chats = [
        msgspec.structs.replace(one, chat=msgspec.structs.replace(one.chat, topic=topic))
        for one, topic in zip(term.chats(), topics, strict=False)
    ]
    text = page(urls.TOPICS, chats=chats)
    assert heads(text, "h2")[:3] == ["Other", "Z", "\u0627"]
    assert len(re.findall('id="letters-other"', text)) == 1
    assert 'id="letter-627"' in text


@given(st.text(max_size=30))
def test_any_topic_has_a_letter_and_a_plain_id(topic: str) -> None:
    key = sort_key(topic)
    letter = letter_of(key)
    assert letter == "" or letter[0].isalpha()
    assert re.fullmatch(r"letter-[a-z0-9-]+|letters-other", letter_id(letter))
    assert not key or key[0].isalnum()


@pytest.mark.parametrize(
    ("topic", "key"),
    [("Über alles", "uber alles"), ("  «L'été»", "l'ete»"), ("…", ""), ("ŵy", "wy"), ("العلوم", "العلوم")],
)
def test_by_what_topics_are_sorted(topic: str, key: str) -> None:
    assert sort_key(topic) == key


# -- links -------------------------------------------------------------------------------------------------------------
def test_a_link_stands_once_under_the_latest_chat_that_shared_it() -> None:
    text = page(urls.LINKS)
    assert text.count("https://www.example.org/sheet/") == 1
    latest = text.partition("Feedback that pupils use")[2].partition("</section>")[0]
    assert ">example.org/sheet</a> " in latest
    assert "shared by 8 people, in 7 more chats, too" in latest
    assert "utm_source" not in text
    assert heads(text, "h2") == ["Feedback that pupils use", *reversed(term.TOPICS), "Other school years"]


def test_two_spellings_of_an_address_are_one_link() -> None:
    text = page(urls.LINKS)
    assert text.count("example.net/edchat/2027-01-07/1") == 2  # its address and its words
    assert '">example.net/edchat/2027-01-07/1</a> <span class="from">shared by 2 people</span>' in text
    assert '">example.net/edchat/2027-01-07/2</a></li>' in text


def test_each_school_year_has_a_page_and_they_know_each_other() -> None:
    pages = planned()
    assert [path for path in pages if path.startswith("links/")] == ["links/index.html", "links/2025/index.html"]
    earlier = pages["links/2025/index.html"].render(term.contents).decode()
    assert heads(earlier, "h2") == ["Exams in May", "Other school years"]
    assert '<a href="../index.html">2026\u201327</a>' in earlier
    assert '<a href="2025/index.html">2025\u201326</a>' in pages[urls.LINKS].render(term.contents).decode()


CHANGED = "edchat/2026-05-07"


def test_only_the_year_of_other_links_is_made_again() -> None:
    before = planned()
    known = {path: page.mark for path, page in before.items()}
    chats = [msgspec.structs.replace(one, revision=one.revision + (one.chat.id == CHANGED)) for one in term.chats()]
    asked: list[Collection[str]] = []

    def shared(of: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        asked.append(list(of))
        return dict.fromkeys(of, (SharedLink("https://new.example", "amy"),))

    after = planned(shared, chats=chats, known=known)
    assert asked == [[CHANGED]]
    links = [path for path in after if path.startswith("links/")]
    assert [path for path in links if outdated(after[path].mark, known[path])] == ["links/2025/index.html"]
    after["links/2025/index.html"].render(term.contents)
    assert asked == [[CHANGED], [CHANGED]]


def test_a_chat_whose_links_are_the_same_makes_no_page_again() -> None:
    known = {path: page.mark for path, page in planned().items()}
    chats = [msgspec.structs.replace(one, revision=one.revision + 1) for one in term.chats()]
    after = planned(chats=chats, known=known)
    for path in (urls.LINKS, "links/2025/index.html"):
        assert after[path].mark != known[path]
        assert not outdated(after[path].mark, known[path])
    known = {path: page.mark for path, page in after.items()}

    def shared(of: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        raise AssertionError(of)

    assert planned(shared, chats=chats, known=known)[urls.LINKS].mark == known[urls.LINKS]


def test_who_shared_a_link_makes_the_page_again() -> None:
    known = {path: page.mark for path, page in planned().items()}
    chats = [msgspec.structs.replace(one, revision=9) for one in term.chats()]

    def shared(of: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        found = term.shared_links(of)
        return {chat: (msgspec.structs.replace(links[0], by="dan"), *links[1:]) for chat, links in found.items()}

    assert outdated(planned(shared, chats=chats, known=known)[urls.LINKS].mark, known[urls.LINKS])


def test_a_chat_without_links_does_not_make_the_page_again() -> None:
    figures = {one: msgspec.structs.replace(counts, links=0) for one, counts in term.figures().items()}
    chats = [msgspec.structs.replace(one, revision=9) for one in term.chats()]
    before, after = planned(figures=figures), planned(figures=figures, chats=chats)
    assert before[urls.LINKS].mark == after[urls.LINKS].mark
    assert "No links have been shared" in page(urls.LINKS, figures=figures)


def test_what_is_no_web_address_is_no_link() -> None:
    def shared(of: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        bad = ("javascript:alert(1)", "https://bank@thief.example/", "ftp://example.org", 'https://x.example/"><b>')
        return {chat: tuple(SharedLink(uri, "amy") for uri in bad) for chat in of}

    text = page(urls.LINKS, shared=shared)
    assert "javascript" not in text
    assert "thief" not in text
    assert "ftp:" not in text
    assert "<b>" not in text


def test_links_are_for_search_engines_only_where_every_chat_is() -> None:
    noindex = '<meta name="robots" content="noindex">'
    assert noindex in page(urls.LINKS)
    series = msgspec.structs.replace(term.SERIES, index=True)
    chats = [msgspec.structs.replace(one, series=series) for one in term.chats() if one.series.slug == "edchat"]
    assert noindex not in page(urls.LINKS, chats=chats)
    one_is_not = [msgspec.structs.replace(chats[1], series=term.SERIES), *chats[2:]]
    assert noindex in page(urls.LINKS, chats=one_is_not)
