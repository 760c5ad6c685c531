"""What the corpus and the fuzzing found, each as small as it gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from golden import sample
from icalendar import Calendar

from bot.config.reading import Reading
from bot.config.series_models import SeriesFile
from bot.config.watchwords import load_watchwords
from bot.config.yaml_nodes import plain
from bot.config.yaml_source import Source
from bot.domain.alarms import alarms
from bot.domain.cleaning import one_line, showable, words
from bot.domain.mentions import unname
from bot.domain.patterns import hidden_host, host_of, is_web
from bot.domain.posts import Account, PostRef
from bot.domain.prompts import Prompt
from bot.domain.records import Pick, StoredChat
from bot.domain.repeating import repeatable, unlinked
from bot.domain.richtext import Facet, Link, Mention, RichText, Tag, detect, from_facets, links, to_html
from bot.domain.schedule import planned_chats
from bot.domain.textlength import BLUESKY, MASTODON, remaining
from bot.networks.bluesky import wire
from bot.networks.mastodon.posthtml import to_rich
from bot.rendering.calendar import calendar
from bot.rendering.chatview import short_uri
from bot.rendering.composer import TemplateComposer
from bot.rendering.fitting import cut_to_fit, tidy
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.textlength import Limits

EVIL, BANK = "https://evil.example/", "https://bank.example/"


def link(text: str, uri: str) -> RichText:
    return RichText(text, (Facet(0, len(text.encode()), Link(uri)),))


# -- readers ------------------------------------------------------------------------------------------------------
def test_a_number_too_long_for_python_among_too_many_tags() -> None:
    assert to_rich("<b>" * 3_001 + "a&#" + "9" * 5_000 + ";&#x" + "f" * 50 + ";&#65;").text == "a\ufffd\ufffdA"


def test_control_characters_and_separators_leave_facets_where_they_are() -> None:
    text = "a\x85b\u2028c\u2029d\ufdd0e\U0001fffef\x9bg http://x.org"
    start = len(text.encode()) - len("http://x.org")
    rich = from_facets(text, [Facet(start, start + 12, Link("http://x.org"))])
    assert rich.text == "a \nb  \nc \n\nd\ufffde\ufffd f\u00a0g http://x.org"
    assert rich.text.encode()[start:] == b"http://x.org"
    assert links(rich) == ("http://x.org",)


def test_a_mention_over_a_whole_text_costs_no_more_than_a_handle() -> None:
    facet = {"index": {"byteStart": 0, "byteEnd": 50_000}, "features": [{"$type": "x#mention", "did": "did:plc:x"}]}
    record = msgspec.Raw(json.dumps({"text": "@" + "a" * 60_000, "facets": [facet]}).encode())
    (found,) = wire.rich_text(wire.lenient(record, wire._Record)).facets
    assert isinstance(found.feature, Mention)
    assert len(found.feature.handle) < 1_000


def test_names_hide_behind_no_handle_on_the_line_before(tmp_path: Path) -> None:
    watch = load_watchwords(tmp_path)
    post = sample.content().answers[0].post
    said = msgspec.structs.replace(post, text=RichText("Thanks @MrBruff\nLiam in Year 9 said so."))
    assert "pupil" in alarms(said, watch, ("en",))


def test_two_handles_without_a_blank_are_both_taken_out() -> None:
    said = unname(RichText("@amy@example.org@amy@example.org, amy@example.org"), lambda _: True)
    assert said.text == "@…@…, amy@example.org"


# -- names --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Amy\u202eymA", "AmyymA"),
        ("Amy\u2069\u2069 x", "Amy x"),
        ("A\x00m\x1b[31my\x9b", "A m [31my"),
        ("Amy\r\n\u2028Bo", "Amy Bo"),
        ("\u200b\u3164\u2800\u034f \u0301", ""),
        ("a" * 99, "a" * 19 + "…"),
        ("\ud800Amy\uffff", "\ufffdAmy\ufffd"),
        ("\U0001f468\u200d\U0001f469 \u0645", "\U0001f468\u200d\U0001f469 \u0645"),
    ],
)
def test_a_name_is_one_line_that_can_be_seen(name: str, shown: str) -> None:
    assert one_line(name, 20) == shown


def test_descriptions_keep_their_lines() -> None:
    assert words(" one\r\ntwo\rthree\u202e\0 ") == "one\ntwo\nthree"
    assert len(words("a" * 100_000)) == 20_000
    assert showable("plain") == "plain"


# -- where links lead ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "uri", "told"),
    [
        ("https://evil.example/", EVIL, ""),
        ("evil.example/x…", EVIL + "xyz", ""),
        ("www.Evil.example", EVIL, ""),
        ("evil.example:8080/x", "https://evil.example:8080/x", ""),
        ("https://bank.example/", EVIL, "evil.example"),
        ("my blog", EVIL, "evil.example"),
        ("evil.exampl…", EVIL, "evil.example"),
        ("bank.example…", "https://bank.example.evil.example/", "bank.example.evil.example"),
        ("evil.example, the bank", EVIL, "evil.example"),
        ("https://b\u0430nk.example/", "https://b\u0430nk.example/", "xn--bnk-6cd.example"),
        ("stra\u00dfe.example", "https://stra\u00dfe.example/", "xn--strae-oqa.example"),
        ("bank\u3002evil.example", "https://bank\u3002evil.example/", "bank.evil.example"),
        ("evil.example", "https://evil%2eexample/", ""),
        ("ev\u200bil.example", EVIL, "evil.example"),
        ("evil.example", "https://ev\u00adil.example/", ""),
    ],
)
def test_a_link_says_where_it_leads(text: str, uri: str, told: str) -> None:
    assert hidden_host(text, uri) == told
    host = f' <bdi class="host">({told})</bdi>' if told else ""
    assert to_html(link(text, uri)).endswith(f"</a>{host}</p>")


def test_hosts_that_are_none_have_no_name() -> None:
    assert host_of("http://[::1") == ""
    assert host_of("nothing") == ""


def test_an_address_that_turns_text_around_is_none() -> None:
    assert not is_web("https://evil.example/\u202egnp")
    assert not is_web("https://evil.example/\ufdd0")
    assert is_web("https://fa.example/\u0645\u06cc\u200c\u062e")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://b\u0430nk.example/login", "xn--bnk-6cd.example/login"),
        ("https://bank.example." + "a" * 50 + ".evil.example/login", "…" + "a" * 46 + ".evil.example"),
        ("https://www.example.org/" + "a" * 80, "example.org/" + "a" * 47 + "…"),
    ],
)
def test_a_short_address_shows_whose_it_is(uri: str, shown: str) -> None:
    assert short_uri(uri) == shown


# -- what we say again --------------------------------------------------------------------------------------------
def test_words_that_are_no_link_become_none() -> None:
    for text in ("https://evil.example", "see HTTP://evil.example", "#EdChat", "\uff03EdChat", "magnet:?x", "xmpp:a@b"):
        assert detect(unlinked(text)).facets == ()
        assert unlinked(text).replace("\u200b", "") == text
    assert unlinked("Amy: 5 # 3 // x") == "Amy: 5 # 3 // x"


@pytest.mark.parametrize(
    ("rich", "opened"),
    [
        (link("https://bank.example", EVIL), [EVIL]),
        (RichText("https://evil.example", (Facet(6, 20, Tag("x")),)), []),
        (RichText("#EdChat on", (Facet(1, 7, Link(EVIL)),)), [EVIL]),
        (
            RichText("https://bank.example.evil.example", (Facet(0, 20, Link("https://bank.example")),)),
            ["https://bank.example"],
        ),
        (link("x", "https://bank\u3002evil.example/"), []),
        (detect("So (https://a.example/x_(y)). #EdChat!"), ["https://a.example/x_(y)", "EdChat"]),
    ],
)
def test_only_the_links_of_the_original_are_some_in_ours(rich: RichText, opened: list[str]) -> None:
    made = [facet.feature for facet in detect(repeatable(rich)).facets]
    assert [one.uri if isinstance(one, Link) else getattr(one, "tag", "") for one in made] == opened


def test_an_address_is_cut_off_whole() -> None:
    text = "Look at this: https://bank.example.evil.example/" + "a" * 300
    assert cut_to_fit(text, detect, BLUESKY).text == "Look at this…"


def digest_of(limits: Limits, network: Any, **author: str) -> Any:
    whole = sample.content()
    (first,) = (one for one in whole.answers if one.key == "02")
    who = msgspec.structs.replace(first.post.author, **author)
    ref = PostRef("mastodon", "x/1", url="https://social.example.org/" + "a" * 700)
    answer = msgspec.structs.replace(first, post=msgspec.structs.replace(first.post, author=who, ref=ref))
    content = msgspec.structs.replace(whole, answers=(answer,), picks=(Pick("edchat/2027-01-07/q1", "02", "x"),))
    prompt = Prompt("edchat/2027-01-07/digest", "edchat/2027-01-07", "digest", 0, 9, sample.NOW, sample.NOW)
    draft = TemplateComposer(Templates(), sample.SITE).compose(
        prompt, whole.stored, network, limits, upcoming=None, content=content, question=None, media=()
    )
    return next(post.text for post in draft.posts if post.answer)


def test_a_name_that_looks_like_a_link_is_none_in_a_digest() -> None:
    said = digest_of(MASTODON, "mastodon", name="https://evil.example #spam", handle="@a@b.example")
    assert {facet.feature.uri for facet in said.facets if isinstance(facet.feature, Link)} == {
        "https://social.example.org/" + "a" * 700
    }
    assert not any(isinstance(facet.feature, Tag) for facet in said.facets)


def test_a_post_with_a_very_long_address_is_still_repeated() -> None:
    said = digest_of(BLUESKY, "bluesky", name="Amy", handle="@" + "a" * 300 + "@b.example")
    assert remaining(said, BLUESKY) >= 0
    assert "ten silent minutes" in said.text
    assert "Amy" in said.text
    assert links(said) == ()


def test_blanks_before_a_lines_end_go() -> None:
    assert tidy("a  \n\n\n\nb \t ") == "a\n\nb"


# -- pages and files ----------------------------------------------------------------------------------------------
def test_nothing_filled_into_a_template_can_spoil_the_page(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "x.html.j2").write_text("{{ a }}|{{ b }}", encoding="utf-8")
    for templates in (Templates(tmp_path),):
        assert templates.render("site/x.html.j2", {"a": "<\u202e\0\ud800>", "b": 7}) == "&lt; \ufffd&gt;|7"


def test_a_calendar_has_no_line_that_nobody_wrote() -> None:
    entry = msgspec.structs.replace(sample.EDCHAT.chats[0], topic="A\rBEGIN:VALARM\x85b\u2028c\x0bd")
    series = msgspec.structs.replace(sample.EDCHAT, chats=(entry,))
    chats = [StoredChat(chat, series, 1) for chat in planned_chats(series)]
    made = calendar(sample.SITE, Templates().dictionary.words("en"), name="x\r\ny", chats=chats).decode()
    assert made.replace("\r\n", "").isprintable()


def test_a_calendar_keeps_a_backslash_before_an_n() -> None:
    entry = msgspec.structs.replace(sample.EDCHAT.chats[0], topic="C:\\New \\n")
    series = msgspec.structs.replace(sample.EDCHAT, chats=(entry,))
    chats = [StoredChat(chat, series, 1) for chat in planned_chats(series)]
    made = calendar(sample.SITE, Templates().dictionary.words("en"), name="x", chats=chats)
    (event,) = Calendar.from_ical(made).walk("VEVENT")
    assert str(event["SUMMARY"]).replace("\u2060", "") == "#EdChat: C:\\New \\n"


def test_listed_people_need_no_visible_name() -> None:
    account = wire.account(
        msgspec.json.decode(b'{"did":"did:plc:a","handle":"a.example","displayName":"\\u200b"}', type=wire.Profile)
    )
    assert account == Account("bluesky", "did:plc:a", "a.example", "a.example", "https://bsky.app/profile/a.example")


# -- YAML ---------------------------------------------------------------------------------------------------------
def said_at(text: str) -> list[tuple[int, int, str]]:
    reading = Reading("series/x.yaml", text.encode(), SeriesFile)
    return [(problem.line, problem.column, problem.message) for problem in reading.problems]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("title: a\u202eb\n", (1, 9, "U+202E")),
        ("title: a\u2028b\n", (1, 9, "U+2028")),
        ("title: x\nhashtag: a\x85b\n", (2, 11, "U+0085")),
        ('title: "a\\0b"\n', (1, 8, "U+0000")),
        ('title: "a\\u202Eb"\n', (1, 8, "U+202E")),
        ("title: " + "a" * 9_000, (1, 8_001, "9,007 characters")),
    ],
)
def test_what_nobody_sees_is_named_at_its_place(text: str, where: tuple[int, int, str]) -> None:
    assert [(line, column) for line, column, message in said_at(text) if where[2] in message] == [where[:2]]


@pytest.mark.parametrize("data", [b"a: b\r\rc: \xff", b"\xef\xbb\xbfa: b\r\n\nc: \xff", b"a: b\n\nc: \xff"])
def test_what_is_no_utf_8_is_named_at_its_place(data: bytes) -> None:
    (problem,) = Source("x.yaml", data).problems
    assert (problem.line, problem.column) == (3, 4)


def test_aliases_cannot_nest_deeper_than_brackets() -> None:
    levels = "".join(f"k{i}: &a{i} {'[' * 17}{f'*a{i - 1}' if i else ''}{']' * 17}\n" for i in range(60))
    source = Source("x.yaml", levels.encode())
    assert "nested more than 20 levels" in source.problems[0].message
    plain(source.root)


def test_nulls_in_brackets_stay_where_they_are() -> None:
    source = Source("x.yaml", b"a:\n-\nb: [x, ~]\n")
    places = source.places()
    assert places[("b", 1)] == (3, 8)
    assert places[("a", 0)] == (2, 2)
