"""What a chat's page tells, as readers, screen readers and programs find it."""

import csv
import io
import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from golden import sample
from golden.sample import answer
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.domain.patterns import graphemes
from bot.domain.posts import Media, PostRef, Tombstone
from bot.domain.records import Answer, ChatContent, CountedPoll, Pick, SentPost
from bot.rendering import urls
from bot.rendering.brief import LONGEST, from_hosts, shorten
from bot.rendering.chatjson import chat_json, chat_schema
from bot.rendering.chatpage import ChatPage
from bot.rendering.chattable import chat_table
from bot.rendering.frame import Press
from bot.rendering.reporting import reports
from bot.rendering.site import Site
from bot.rendering.templates import Templates

TEMPLATES = Templates()
CHAT = "edchat/2027-01-07"
PATH = urls.chat_page(CHAT)


def content_of(*answers: Answer, picks: tuple[Pick, ...] = ()) -> ChatContent:
    ordered = tuple(sorted(answers, key=lambda one: (one.post.at, one.key)))
    return msgspec.structs.replace(sample.content(), answers=ordered, tombstones=(), picks=picks, intro="")


def page_of(content: ChatContent, site: Site = sample.SITE, *, coming: bool = False) -> LexborHTMLParser:
    page = ChatPage(Press(TEMPLATES, site), content, coming=coming, earlier=None, later=None)
    return LexborHTMLParser(page.render().decode())


def words(node: LexborNode | None) -> str:
    assert node is not None
    return " ".join(node.text().split())


def below(node: LexborNode, tag: str) -> LexborNode:
    """Its only child with that tag."""
    (found,) = (child for child in node.iter() if child.tag == tag)
    return found


def pick(number: int, key: str) -> Pick:
    return Pick(f"{CHAT}/q{number}", key, "")


# -- in two minutes ------------------------------------------------------------------------------------------------


def test_two_minutes_repeat_what_was_chosen_by_question_and_lead_to_it() -> None:
    brief = page_of(sample.content()).css_first(".brief")
    assert brief is not None
    assert [words(one) for one in brief.css("h3 .q")] == ["Q1", "Q3", "Q4"]
    assert [one.attributes["href"] for one in brief.css("ul a")] == ["#a-01", "#a-08", "#a-22", "#a-16", "#a-23"]
    assert words(brief.css_first("ul a")).startswith("Whole-class feedback sheet, two things we fix together")
    assert brief.css("ul a")[1].attributes["lang"] == "ar"
    assert words(brief.css(".from")[4]) == "A teacher"


def test_two_minutes_say_nothing_of_what_is_gone_warned_of_or_without_words() -> None:
    answers = (
        answer("01", "y5", 1, "Behind a warning", 1, warning="inspection"),
        answer("02", "hist", 2, " ", 1, media=(Media("image"),)),
    )
    picks = (pick(1, "01"), pick(1, "02"), pick(1, "gone"))
    assert page_of(content_of(*answers, picks=picks)).css_first(".brief") is None
    assert page_of(content_of(answer("01", "y5", 1, "Not chosen", 1))).css_first(".brief") is None


def test_an_answer_chosen_for_a_question_it_does_not_stand_under_is_named_there() -> None:
    both = answer("01", "y5", 1, "A1 and A2: both", 1, 2, how="label")
    brief = page_of(content_of(both, picks=(pick(2, "01"),))).css_first(".brief")
    assert brief is not None
    assert [words(one) for one in brief.css("h3 .q")] == ["Q2"]


def test_two_minutes_begin_with_what_the_hosts_say() -> None:
    said = page_of(sample.content()).css(".brief .hosts-say")
    assert [words(one) for one in said] == [f"From the hosts: {sample.INTRO}"]
    silent = msgspec.structs.replace(sample.content(), intro="")
    assert page_of(silent).css_first(".brief .hosts-say") is None
    without_quotes = msgspec.structs.replace(sample.content(), picks=())
    brief = page_of(without_quotes).css_first(".brief")
    assert words(brief) == f"In two minutes From the hosts: {sample.INTRO}"
    assert page_of(msgspec.structs.replace(without_quotes, intro=" ")).css_first(".brief") is None


@pytest.mark.parametrize(
    ("intro", "shown"),
    [
        ("What an\nevening.", "What an evening."),
        ("Thanks, @amy.bsky.social and @ben@social.example!", "Thanks, @… and @…!"),
        ("Yours, @EdChat.example.org and @deputy@social.example.org.", None),
        ("Write to office@example.org.", None),
        ("See https://example.org/a?b=1&c=2 \u202eand", "See https://example.org/a?b=1&c=2 and"),
    ],
)
def test_hosts_name_nobody_but_themselves_where_it_stays(intro: str, shown: str | None) -> None:
    assert from_hosts(msgspec.structs.replace(sample.content(), intro=intro)) == (shown or intro)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Four words, no more", "Four words, no more"),
        ("On two\n\nlines", "On two lines"),
        ("One two three four five six", "One two three four…"),
        ("One two three, fourteen five", "One two three…"),
        ("One two threeandfourand five", "One two threeandfou…"),
        ("Onetwothreefour, and five", "Onetwothreefour…"),
        ("x" * 30, "x" * 19 + "…"),
        ("👩🏽‍🏫" * 30, "👩🏽‍🏫" * 19 + "…"),
        ("", ""),
    ],
)
def test_shorten(text: str, short: str) -> None:
    assert shorten(text, 20) == short


@given(st.text(max_size=400))
def test_a_short_text_is_the_beginning_of_the_long_one(text: str) -> None:
    short = shorten(text)
    assert graphemes(short) <= LONGEST
    whole = " ".join(text.split())
    assert short == whole or (short.endswith("…") and whole.startswith(short[:-1]))


# -- names ---------------------------------------------------------------------------------------------------------


def test_every_link_to_an_answer_has_a_name_of_its_own() -> None:
    answers = [answer(f"{n:02}", "y5", 6 + n / 100, f"Quick, {n}", 1 + n % 2) for n in range(8)]
    answers += [answer(f"x{n}", "unnamed", 9 + n, "Shy", 1, called="nameless") for n in range(3)]
    page = page_of(content_of(*answers, answer("y", "y5", 6, "Nowhere")))
    for selector in (".when", ".u-syndication", ".answer footer a:last-child"):
        names = [words(one) for one in page.css(selector)]
        assert len(names) == len(set(names)) > 0
    told = [words(one) for one in page.css("#q1 .when")]
    assert told[2] == "Link to the answer of a teacher, Q1, 7 January, about 20:00 (3)"
    assert told[3:5] == [f"Link to the answer of Year 5 teacher in Leeds, Q1, 20:06{nth}" for nth in ("", " (2)")]
    assert words(page.css_first("#unplaced .when")) == "Link to the answer of Year 5 teacher in Leeds, 20:06"


def test_a_reply_names_and_links_what_it_answers() -> None:
    page = page_of(sample.content())
    assert words(page.css_first("#a-02 > .to")) == "in reply to Year 5 teacher in Leeds"
    assert page.css_first("#a-02 > .to a").attributes["href"] == "#a-01"  # type: ignore[union-attr]


def test_networks_are_marked_and_counted() -> None:
    page = page_of(sample.content())
    marks = Counter("bs" in (one.attributes["class"] or "") for one in page.css("article.h-entry"))
    assert words(page.css_first(".nets")) == f"Bluesky {marks[True]} Mastodon {marks[False]}"
    assert {words(one).split(":")[0] for one in page.css(".bs > footer .u-syndication")} == {"Open on Bluesky"}


@pytest.mark.parametrize("kind", ["image", "video", "audio", "other"])
def test_what_was_attached_is_described_or_marked_as_undescribed(kind: Any) -> None:
    post = answer("01", "y5", 1, "Look", 1, media=(Media(kind, "A wall"), Media(kind)))
    told, bare = page_of(content_of(post)).css("#a-01 > .to")
    assert words(told).endswith("not kept here: A wall")
    assert words(bare).endswith("not described by its author.")
    assert words(told).split(",")[0] == words(bare).split(",")[0]


@pytest.mark.parametrize(
    ("text", "more", "picked", "short"),
    [
        ("B", {}, False, True),
        (" b). ", {}, False, True),
        ("Yes.", {}, False, False),
        ("\ufdfd", {}, False, False),
        ("B", {}, True, False),
        ("B", {"warning": "marks"}, False, False),
        ("B", {"media": (Media("image", "https://x.example/1.jpg"),)}, False, False),
    ],
)
def test_a_letter_alone_stands_beside_the_name(text: str, more: dict[str, Any], picked: bool, short: bool) -> None:
    one = answer("01", "y5", 5, text, 1, **more)
    article = page_of(content_of(one, picks=(pick(1, "01"),) if picked else ())).css_first("#a-01")
    assert article is not None
    assert ("short" in (article.attributes["class"] or "").split()) == short
    assert words(article.css_first(".e-content")) == text.strip()


def test_custom_emoji_are_text_in_names_and_words() -> None:
    post = answer("01", "hist", 1, "Chalk :chalk_blob: for all", 1, warning=":siren: inspection").post
    named = msgspec.structs.replace(post, author=msgspec.structs.replace(post.author, name="Hanes :apple:"))
    one = msgspec.structs.replace(answer("01", "hist", 1, "", 1), post=named)
    page = page_of(content_of(one))
    assert words(page.css_first("#a-01 .p-name")) == "Hanes :apple:"
    assert words(page.css_first("#a-01 summary")) == "Content warning: :siren: inspection"
    assert words(page.css_first("#a-01 .e-content")) == "Chalk :chalk_blob: for all"
    assert page.css_first("img") is None


# -- reports -------------------------------------------------------------------------------------------------------


def test_every_answer_can_be_reported_by_mail_with_its_permalink() -> None:
    page = page_of(sample.content())
    links = {article.attributes["id"]: below(article, "footer").css("a")[-1] for article in page.css("article.h-entry")}
    assert len(links) == len(sample.content().answers)
    for anchor, link in links.items():
        parts = urlsplit(link.attributes["href"] or "")
        assert (parts.scheme, parts.path) == ("mailto", "chats@example.org")
        assert parse_qs(parts.query) == {"subject": [f"Report: https://chats.example.org/edchat/2027-01-07/#{anchor}"]}


ANSWER = "https%3A%2F%2Fc.example%2Fedchat%2F2027-01-07%2F%23a-1"


@pytest.mark.parametrize(
    ("report", "contact", "link"),
    [
        ("", "", "../../about/complaints/index.html"),
        ("", "me@example.org", f"mailto:me@example.org?subject=S%26S%20{ANSWER}"),
        ("a+b%c@example.org", "me@example.org", f"mailto:a%2Bb%25c@example.org?subject=S%26S%20{ANSWER}"),
        ("https://forms.example/r", "me@example.org", "https://forms.example/r"),
        ("https://forms.example/r?q={answer}&x=1", "", f"https://forms.example/r?q={ANSWER}&x=1"),
    ],
)
def test_reports(report: str, contact: str, link: str) -> None:
    site = Site(address="https://c.example", contact=contact, report=report)
    assert reports(site, PATH, "S&S")("a-1") == link


def test_without_an_address_of_the_site_a_report_still_says_which_answer() -> None:
    link = reports(Site(contact="me@example.org"), PATH, "S")("a-1")
    assert unquote(link).endswith("subject=S edchat/2027-01-07/index.html#a-1")


def test_the_page_says_what_happens_to_a_report() -> None:
    links = [one.attributes["href"] for one in page_of(sample.content()).css("main a")]
    assert "../../about/complaints/index.html" in links


# -- polls ---------------------------------------------------------------------------------------------------------


def voted(content: ChatContent, *polls: CountedPoll) -> ChatContent:
    return msgspec.structs.replace(content, polls=polls)


def choices(page: LexborHTMLParser) -> list[tuple[str, str]]:
    """What the table of the second question says, row by row."""
    rows = page.css("#q2 table tbody tr")
    return [(words(row.css_first("th")), words(row.css_first("td"))) for row in rows]


LETTERS = (
    answer("01", "y5", 1, "B", 2),
    answer("02", "hist", 2, "b, of course", 2),
    answer("03", "dep", 3, "A!", 2),
)


def test_letters_are_counted_and_said_to_be_public() -> None:
    page = page_of(voted(content_of(*LETTERS)))
    assert choices(page) == [
        ("A Ticks", "1 vote"),
        ("B Levels", "2 votes"),
        ("C Comments", "No votes"),
        ("D None of them", "No votes"),
    ]
    assert [one.attributes["width"] for one in page.css("#q2 table rect")] == ["33", "66", "0", "0"]
    assert words(page.css_first("#q2 caption")) == (
        "3 people chose, by naming a letter in a public answer below; of each the last one counts."
        " Votes in Mastodon's own poll are counted there, not here."
    )


def test_votes_of_both_networks_stand_together_and_say_where_they_are_from() -> None:
    page = page_of(voted(content_of(*LETTERS), sample.counted(0, 8, 1, 0)))
    assert choices(page) == [
        ("A Ticks", "1 vote: 1 by letter on Bluesky"),
        ("B Levels", "9 votes: 8 on Mastodon, 1 by letter on Bluesky"),
        ("C Comments", "1 vote: 1 on Mastodon"),
        ("D None of them", "No votes"),
    ]
    assert [one.attributes["width"] for one in page.css("#q2 table rect")] == ["9", "81", "9", "0"]
    assert words(page.css_first("#q2 caption")) == (
        "9 people voted in Mastodon's own poll, which tells no names."
        " 2 people chose, by naming a letter in a public answer below; of each the last one counts."
    )


def test_a_poll_that_is_open_says_so() -> None:
    page = page_of(voted(content_of(), sample.counted(1, 0, 0, 0, over=False)))
    assert choices(page)[:2] == [("A Ticks", "1 vote"), ("B Levels", "No votes")]
    assert words(page.css_first("#q2 caption")) == (
        "One person voted in Mastodon's own poll, which tells no names."
        " That poll was still open when it was last counted."
    )


def test_a_poll_that_nobody_answered_shows_its_options() -> None:
    said = content_of(answer("01", "y5", 1, "A difficult question", 2))
    native = "Votes in Mastodon's own poll are counted there, not here."
    for content, beside in ((voted(said), [native]), (voted(said, sample.counted(0, 0, 0, 0)), [])):
        page = page_of(content)
        options = [words(one) for one in page.css("#q2 ul.poll li")]
        assert options == ["A Ticks", "B Levels", "C Comments", "D None of them"]
        assert page.css_first("table") is None
        assert [words(one) for one in page.css("#q2 ul.poll + .asked") if "poll" in words(one)] == beside


def test_a_poll_with_other_options_or_of_another_question_is_not_shown() -> None:
    count = sample.counted(5, 5, 5, 5)
    other = msgspec.structs.replace(count.count, options=("Ticks", "Levels", "Comments", "None"))
    for poll in (msgspec.structs.replace(count, count=other), msgspec.structs.replace(count, number=1)):
        assert page_of(voted(content_of(), poll)).css_first("table") is None


def test_only_answers_that_may_be_shown_are_counted() -> None:
    with_vote = voted(content_of(answer("01", "y5", 1, "B", 2)))
    assert page_of(with_vote).css_first("table") is not None
    held = msgspec.structs.replace(with_vote, answers=())
    assert page_of(held).css_first("table") is None


# -- links ---------------------------------------------------------------------------------------------------------


def test_a_link_shown_short_is_written_out_on_paper() -> None:
    long = f"https://example.org/{'very-' * 20}long"
    page = page_of(content_of(answer("01", "y5", 1, f"See {long}?utm_source=x", 1)))
    assert words(page.css_first("#links .paper")) == long
    assert page_of(sample.content()).css_first("#links .paper") is None


# -- programs ------------------------------------------------------------------------------------------------------


def microdata(scope: LexborNode) -> dict[str, list[Any]]:
    """An item's properties (https://html.spec.whatwg.org/multipage/microdata.html#microdata), nested items as such."""
    found: dict[str, list[Any]] = {}
    todo = list(scope.iter())
    while todo:
        node = todo.pop(0)
        name, item = node.attributes.get("itemprop"), "itemscope" in node.attributes
        if name:
            plain = node.attributes.get("href") if node.tag == "a" else node.attributes.get("datetime") or words(node)
            found.setdefault(name, []).append(microdata(node) if item else plain)
        if not item:
            todo = [*node.iter(), *todo]
    kind = scope.attributes.get("itemtype") or ""
    return found | {"@type": [kind.removeprefix("https://schema.org/")]}


def test_search_engines_read_a_discussion_with_its_comments() -> None:
    page = page_of(sample.content())
    (top,) = page.css("main > [itemscope]")
    told = microdata(top)
    assert told["@type"] == ["DiscussionForumPosting"]
    assert told["headline"] == ["Feedback that pupils use"]
    assert told["datePublished"] == ["2027-01-07T20:00:00+00:00"]
    assert told["author"][0] == {"@type": ["Organization"], "name": ["#EdChat"], "url": ["../index.html"]}
    assert len(told["text"]) == 4

    def comments(item: dict[str, list[Any]]) -> list[dict[str, list[Any]]]:
        return [one for below in item.get("comment", []) for one in (below, *comments(below))]

    every = comments(told)
    assert sorted(one["url"][0] for one in every) == sorted(f"#a-{one.key}" for one in sample.content().answers)
    for one in every:
        assert one["@type"] == ["Comment"]
        assert {name: len(values) for name, values in one.items() if name != "comment"} == {
            "@type": 1, "author": 1, "url": 1, "datePublished": 1, "text": 1,
        }  # fmt: skip
        assert one["author"][0]["@type"] == ["Person"]
    first = next(one for one in every if one["url"] == ["#a-01"])
    assert [below["url"] for below in first["comment"]] == [["#a-02"]]
    assert first["author"][0]["name"] == ["Year 5 teacher in Leeds"]


def test_readers_of_microformats_find_a_feed_of_entries() -> None:
    page = page_of(sample.content())
    (feed,) = page.css(".h-feed")
    assert words(feed.css_first("h1.p-name")) == "Feedback that pupils use"
    entries = page.css(".h-feed .h-entry")
    assert len(entries) == len(sample.content().answers)
    for entry in entries:
        header = below(entry, "header")
        assert header.css_first(".p-author.h-card .p-name") is not None
        assert header.css_first("a.u-url").attributes["href"] == f"#{entry.attributes['id']}"  # type: ignore[union-attr]
        assert header.css_first("time.dt-published").attributes["datetime"]  # type: ignore[union-attr]
        own = next(child for child in entry.iter() if child.tag in ("div", "details"))
        assert "e-content" in (own.html or "").partition("replies")[0]
        around = entry.parent.parent if entry.parent is not None else None
        within = around is not None and "h-entry" in (around.attributes.get("class") or "")
        assert ("u-comment" in (entry.attributes["class"] or "")) == within
    assert page.css_first("#a-02 > .to > a.u-in-reply-to").attributes["href"] == "#a-01"  # type: ignore[union-attr]


def test_of_somebody_nameless_programs_learn_no_more_than_readers() -> None:
    article = page_of(sample.content()).css_first("#a-23")
    assert article is not None
    assert article.css_first("time").attributes["datetime"] == "2027-01-07"  # type: ignore[union-attr]
    assert words(article.css_first("[itemprop=name]")) == "A teacher"
    assert below(article, "footer").css_first(".u-syndication") is None


# -- languages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "heading", "reply"),
    [
        ("en", "In two minutes", "in reply to Year 5 teacher in Leeds"),
        ("cy", "Mewn dwy funud", "mewn ateb i Year 5 teacher in Leeds"),
        ("de", "In zwei Minuten", "als Antwort auf Year 5 teacher in Leeds"),
        ("es", "En dos minutos", "en respuesta a Year 5 teacher in Leeds"),
        ("fr", "En deux minutes", "en réponse à Year 5 teacher in Leeds"),
    ],
)
def test_a_page_speaks_its_series_language(language: str, heading: str, reply: str) -> None:
    whole = sample.content()
    series = msgspec.structs.replace(whole.stored.series, languages=(language,))
    stored = msgspec.structs.replace(whole.stored, series=series)
    page = page_of(msgspec.structs.replace(whole, stored=stored))
    assert words(page.css_first("#brief-title")) == heading
    assert words(page.css_first("#a-02 > .to")) == reply
    assert page.css_first("#a-01 .e-content").attributes.get("lang") == (None if language == "en" else "en")  # type: ignore[union-attr]
    assert page.css_first(".brief ul a").attributes.get("lang") == (None if language == "en" else "en")  # type: ignore[union-attr]


# -- size ----------------------------------------------------------------------------------------------------------


def test_a_page_grows_in_proportion_to_its_answers() -> None:
    def size(count: int) -> int:
        answers = [
            answer(f"{n:05}", "y5" if n % 2 else "hist", n / 50, "Words enough to say something", 1 + n % 4)
            for n in range(count)
        ]
        content = content_of(*answers)
        page = ChatPage(Press(TEMPLATES, sample.SITE), content, coming=False, earlier=None, later=None)
        return len(page.render())

    empty, some, many = size(0), size(250), size(1000)
    assert abs((many - empty) - 4 * (some - empty)) < (many - empty) // 50


# -- from talk to action -------------------------------------------------------------------------------------------


def asked_later(number: int, about: str) -> SentPost:
    """A follow-up of ours."""
    ref = PostRef("bluesky", f"at://us/{number}", url=f"https://bsky.example/us/{number}")
    prompt = f"{CHAT}/follow-up-{number}-{about}"
    return SentPost(prompt, "follow-up", number, "bluesky", 0, ref, f"f{number}", about, sample.START)


def tried() -> ChatContent:
    """One intention with an outcome and a word about that, one without, one that is gone; and its place's removal."""
    during = (
        answer("1", "y5", 10, "I will stop marking. #tryit", 1),
        answer("2", "sci", 11, "Exit tickets #TryIt", 2, warning="pupils' work"),
        answer("3", "dep", 12, "We all do", 1, to="1"),
    )
    later = (
        answer("4", "y5", 20_160, "A1 It did not work, see https://example.org/why", to="f1"),
        answer("5", "y5", 20_161, "So I went back.", to="4"),
        answer("6", "head", 20_162, "Mine worked.", to="f2"),
    )
    content = content_of(*during, *later)
    stones = (Tombstone("7", "f1", "", sample.START), Tombstone("gone", "ours-bluesky-1", "", sample.START))
    return msgspec.structs.replace(
        content, sent=(*content.sent, asked_later(1, "1"), asked_later(2, "gone")), tombstones=stones
    )


def test_what_came_of_it_stands_with_what_was_tried_and_nowhere_else() -> None:
    page = page_of(tried())
    section = page.css_first("#tried")
    assert [node.attributes["id"] for node in page.css(".h-entry.answer")] == ["a-1", "a-3", "a-2", "a-4", "a-5", "a-6"]
    assert [node.attributes["id"] for node in section.css(".answer")] == ["a-4", "a-5", "a-6"]
    lines = [(node.css_first("a").attributes["href"], words(node.css_first("a"))) for node in section.css("p.tried")]
    assert lines == [("#a-1", "I will stop marking. #tryit"), ("#a-2", "Content warning: pupils' work")]
    assert "not shown any more" in words(section)
    assert words(page.css_first("#q1 .asked")).startswith("2 answers")
    assert page.css_first("#q1 #a-3") is not None
    assert [words(node) for node in page.css("#q1 .gone")] == [TEMPLATES.dictionary.words("en")("chat.gone", n=1)]
    assert page.css_first("#unplaced") is None
    assert page.css_first('.jump a[href="#tried"]') is not None
    assert page_of(content_of(answer("1", "y5", 10, "No", 1))).css_first("#tried") is None


def test_data_and_table_have_what_came_of_it_once() -> None:
    from jsonschema import Draft202012Validator  # it builds a grammar of addresses as it loads

    told = json.loads(chat_json(tried()))
    flat = [(one.get("answer"), [each["id"] for each in one["outcomes"]]) for one in told["tried"]]
    assert flat == [("1", ["4"]), ("2", []), (None, ["6"])]
    assert [one["id"] for one in told["tried"][0]["outcomes"][0]["replies"]] == ["5"]
    assert told["unplaced"] == []
    assert told["links"] == ["https://example.org/why"]
    Draft202012Validator(json.loads(chat_schema())).validate(told)
    rows = list(csv.reader(io.StringIO(chat_table(tried()).decode("utf-8-sig"))))
    assert sorted(row[0] for row in rows[1:]) == ["1", "2", "3", "4", "5", "6"]
    assert "tried" not in json.loads(chat_json(content_of(answer("1", "y5", 10, "No", 1))))
