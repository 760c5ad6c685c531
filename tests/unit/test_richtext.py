# ruff: noqa: RUF001
# Ambiguous letters on purpose: look-alikes are what is tested.
from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.patterns import fold_tag, is_web
from bot.domain.richtext import (
    Facet,
    Link,
    Mention,
    RichText,
    Tag,
    detect,
    from_facets,
    graphemes,
    hashtags,
    join,
    links,
    neutralise,
    sub,
    subs,
    to_html,
    to_plain,
)
from bot.domain.textlength import BLUESKY, MASTODON, Limits, length, remaining

steady = settings(deadline=None)  # on a busy machine a slow example is no fault

ZWSP = "\u200b"
# Mastodon's Account::MENTION_RE, read from app/models/account.rb and written for this regex engine.
MASTODON_MENTION = regex.compile(
    r"(?<![=/\w])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*(?:@\w+(?:[.-]+\w+)*)?)", regex.IGNORECASE
)


def covered(rich: RichText) -> list[str]:
    data = rich.text.encode()
    return [data[facet.start : facet.end].decode() for facet in rich.facets]


PIECES = st.sampled_from(
    ["@", "＠", "﹫", "#", "＃", "bob", "@a@b.org", "https://a.org/@x", "http://", "(", ")", ".", "👩‍👩‍👧", "é",
     "\n\n", " ", "#EdChat", "٣",
     "\u202e", "\x00", "<b>", "&amp;", '"', ZWSP, "次", "🇫🇷"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))
FEATURES = st.one_of(
    st.sampled_from(
        ["https://example.org/@a", "http://b.org", "javascript:alert(1)", 'https://x.org/"onclick', ""]
    ).map(Link),
    st.sampled_from(["EdChat", ""]).map(Tag),
    st.just(Mention("did:plc:abc", "abc.example")),
)
FACETS = st.lists(st.builds(Facet, st.integers(-3, 40), st.integers(-3, 40), FEATURES), max_size=8)
RICH = st.builds(from_facets, TEXTS, FACETS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("a\r\nb", 3),
        ("👩‍👩‍👧‍👦", 1),
        ("🇫🇷🇩🇪🇬🇧", 3),
        ("🇫🇷🇩", 2),
        ("e\u0301", 1),
        ("👍🏽", 1),
        ("क्षि", 1),
    ],
)
def test_graphemes(text: str, count: int) -> None:
    assert graphemes(text) == count


@steady
@given(st.text())
def test_graphemes_are_those_of_unicode(text: str) -> None:
    assert graphemes(text) == len(regex.findall(r"\X", text))


def test_a_long_run_of_flags_is_counted_in_linear_time() -> None:
    assert graphemes("🇫" * 200_001) == 100_001


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://example.org/a.", [("https://example.org/a", Link("https://example.org/a"))]),
        ("(https://example.org/a_(b))", [("https://example.org/a_(b)", Link("https://example.org/a_(b)"))]),
        ("“https://example.org”, or", [("https://example.org", Link("https://example.org"))]),
        ("看https://example.org。好", []),
        ("看 https://example.org。好", [("https://example.org", Link("https://example.org"))]),
        ("https://user@evil.example https:// http://- ftp://a.org", []),
        ("👩‍👩‍👧 #EdChat!", [("#EdChat", Tag("EdChat"))]),
        ("#مدرسة #学校 #Übung_1 #1a", [(f"#{tag}", Tag(tag)) for tag in ("مدرسة", "学校", "Übung_1", "1a")]),
        ("#123 a#b ## # #️⃣ &#39;", []),
        ("#" + "a" * 64, [("#" + "a" * 64, Tag("a" * 64))]),
        ("#" + "a" * 65, []),
        ("https://example.org/#EdChat", [("https://example.org/#EdChat", Link("https://example.org/#EdChat"))]),
    ],
)
def test_detect_links_and_hashtags(text: str, found: list[tuple[str, Link | Tag]]) -> None:
    rich = detect(text)
    assert list(zip(covered(rich), [facet.feature for facet in rich.facets], strict=True)) == found
    assert rich.text == text.replace("@", f"@{ZWSP}")


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("(https://a.example/b)", "https://a.example/b"),
        ("https://a.example/(b)))", "https://a.example/(b)"),
        ("https://a.example/b(c)((", "https://a.example/b(c)"),
        ("https://a.example/b)(", "https://a.example/b"),
        ("https://a.example/b.), he said", "https://a.example/b"),
    ],
)
def test_brackets_of_the_sentence_are_no_part_of_an_address(text: str, uri: str) -> None:
    assert links(detect(text)) == (uri,)


def test_a_hashtag_is_the_same_with_and_without_its_sign() -> None:
    assert {fold_tag(tag) for tag in ("#EdChat", "edchat", "\uff03ＥＤＣＨＡＴ")} == {"edchat"}
    assert fold_tag("c#") == "c#"


def test_an_at_sign_that_addresses_nobody_stays_as_it_is() -> None:
    assert detect("3 @ 4, and @nobody").text == f"3 @ 4, and @{ZWSP}nobody"


def test_a_handle_inside_an_address_does_not_break_it() -> None:
    rich = detect("https://social.example/@amy/1", {"amy": "did:plc:amy"})
    assert [facet.feature for facet in rich.facets] == [Link("https://social.example/@amy/1")]


def test_what_stands_inside_an_address_hides_nothing_behind_it() -> None:
    rich = detect("https://social.example/@amy and #EdChat for @Amy \ud83d!", {"@Amy": "did:plc:amy"})
    assert rich.text == "https://social.example/@amy and #EdChat for @Amy \ufffd!"
    assert [facet.feature for facet in rich.facets] == [
        Link("https://social.example/@amy"),
        Tag("EdChat"),
        Mention("did:plc:amy", "Amy"),
    ]


def test_detect_mentions_only_who_is_wanted() -> None:
    wanted = {"deputy@social.example.org": "https://social.example.org/users/deputy", "EdChat.example.org": "did:plc:x"}
    rich = detect("🎉 @Deputy@social.example.org, @edchat.example.org. @bob @deputy a@edchat.example.org ＠eve", wanted)
    assert [facet.feature for facet in rich.facets] == [
        Mention(wanted["deputy@social.example.org"], "Deputy@social.example.org"),
        Mention("did:plc:x", "edchat.example.org"),
    ]
    assert covered(rich) == ["@Deputy@social.example.org", "@edchat.example.org"]
    assert f"@{ZWSP}bob @{ZWSP}deputy a@{ZWSP}edchat.example.org ＠{ZWSP}eve" in rich.text


def test_a_web_address_of_our_own_pings_nobody() -> None:
    rich = detect("https://example.org/@ann/-@bob")
    assert rich == RichText(
        "https://example.org/@ann/-%40bob", (Facet(0, 32, Link("https://example.org/@ann/-%40bob")),)
    )


@steady
@given(TEXTS)
def test_detect_pings_nobody_and_keeps_every_letter(text: str) -> None:
    rich = detect(text)
    assert not MASTODON_MENTION.search(to_plain(rich))
    assert rich == from_facets(rich.text, rich.facets)
    clean = from_facets(text).text.replace(ZWSP, "")
    assert rich.text.replace(ZWSP, "").replace("%40", "@") == clean.replace("%40", "@")


def test_neutralise_moves_facets_and_drops_mentions() -> None:
    text = "🎉 @bob see https://m.org/@ann #EdChat ＠x﹫y"
    data = text.encode()

    def at(part: str, feature: Link | Tag | Mention) -> Facet:
        start = data.index(part.encode())
        return Facet(start, start + len(part.encode()), feature)

    rich = neutralise(
        from_facets(
            text,
            [
                at("@bob", Mention("did:plc:b", "bob")),
                at("https://m.org/@ann", Link("https://m.org/@ann")),
                at("#EdChat", Tag("EdChat")),
            ],
        )
    )
    assert rich.text == f"🎉 @{ZWSP}bob see https://m.org/%40ann #EdChat ＠{ZWSP}x﹫{ZWSP}y"
    assert covered(rich) == ["https://m.org/%40ann", "#EdChat"]
    assert [facet.feature for facet in rich.facets] == [Link("https://m.org/%40ann"), Tag("EdChat")]


def test_neutralise_minds_the_words_of_a_link_and_its_address_alike() -> None:
    words = "ask @bob @ home"
    rich = neutralise(from_facets(words, [Facet(0, len(words), Link("https://m.org/\uff20ann"))]))
    assert rich.text == f"ask @{ZWSP}bob @{ZWSP} home"
    assert [facet.feature for facet in rich.facets] == [Link("https://m.org/%EF%BC%A0ann")]
    assert covered(rich) == [rich.text]


@steady
@given(RICH)
def test_what_is_neutralised_pings_nobody_and_stays_so(rich: RichText) -> None:
    safe = neutralise(rich)
    for text in (safe.text, to_plain(safe)):
        assert not MASTODON_MENTION.search(text)
        assert not regex.search(rf"[@＠﹫](?!{ZWSP})", text)
    assert not any(isinstance(facet.feature, Mention) for facet in safe.facets)
    assert neutralise(safe) == safe
    assert from_facets(safe.text, safe.facets) == safe


def test_from_facets_leaves_out_what_cannot_be_right() -> None:
    good = Facet(0, 5, Tag("abc"))
    link = Link("https://example.org")
    wrong = [
        Facet(4, 8, link),  # overlaps
        Facet(6, 7, link),  # inside é
        Facet(-1, 3, link),
        Facet(9, 9, link),
        Facet(9, 99, link),
        Facet(9, 10, Link("javascript:alert(1)")),
        Facet(9, 10, Link("https://bank.example@evil.example/")),
        Facet(9, 10, Link("https://a.org/ b")),
        Facet(9, 10, Link("https://[")),
        Facet(9, 10, Tag("")),
    ]
    assert from_facets("#abc. éé é ok", [*wrong, good]).facets == (good,)


@pytest.mark.parametrize(
    "bad",
    [
        Facet(0, 0, Link("https://a.org")),
        Facet(0, 1, Link("https://a.org")),  # half a letter
        Facet(0, 2, Link("javascript:x")),
        Facet(0, 2, Tag("")),
        Facet(2, 1, Link("https://a.org")),
        Facet(-3, 2, Link("https://a.org")),
    ],
)
def test_what_cannot_be_right_takes_nothing_else_with_it(bad: Facet) -> None:
    good = Facet(3, 7, Link("https://b.org"))
    assert from_facets("é here", [bad, good, Facet(7, 99, Tag("x"))]).facets == (good,)


def test_marks_that_turn_text_around_leave_no_trace_on_a_page() -> None:
    assert to_html(RichText("a\u202eb")) == '<p dir="auto">ab</p>'


@pytest.mark.parametrize(
    "uri", ["https://", "http://[::1", "https://bank@thief.example", "ftp://a.example", "a.example"]
)
def test_what_opens_nothing_is_no_web_address(uri: str) -> None:
    assert not is_web(uri)
    assert detect(uri).facets == ()


@given(st.text(alphabet='ab9.-/:@?#[]<>=%\\"\u202e ', max_size=12))
def test_a_plain_address_is_judged_as_one_in_large_letters_is(rest: str) -> None:
    """What nearly every address looks like is known at a glance; in large letters nothing is."""
    assert is_web(f"https://{rest}") == is_web(f"HTTPS://{rest}")


def test_from_facets_keeps_bytes_in_place() -> None:
    rich = from_facets("a\x00\ud800b #t", [Facet(7, 9, Tag("t"))])
    assert rich.text == "a \ufffdb #t"
    assert covered(rich) == ["#t"]


def test_sub_and_join_keep_facets() -> None:
    rich = detect("🎉 #EdChat https://example.org")
    middle = len("🎉 ".encode())
    assert join([sub(rich, 0, middle), sub(rich, middle, 999)]) == rich
    assert sub(rich, 1, middle + 3) == RichText("🎉 #Ed")  # a cut hashtag is none; bounds move to a code point's start
    assert covered(sub(rich, middle + 8, 20)) == ["https:/"]
    assert sub(detect("https://a.org then"), len("https://a.org"), 99) == RichText(" then")
    assert sub(detect("so: https://a.org"), 0, len("so: ")) == RichText("so: ")
    assert join(["a", detect("#b"), "é"], " · ") == RichText("a · #b · é", (Facet(5, 7, Tag("b")),))


@steady
@given(RICH, st.lists(st.integers(0, 60), max_size=6))
def test_stretches_put_together_are_the_text(rich: RichText, cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(rich.text.encode())]
    bounds = [min(bound, bounds[-1]) for bound in bounds]
    parts = subs(rich, list(pairwise(bounds)))
    assert join(parts).text == rich.text
    assert all(from_facets(part.text, part.facets) == part for part in parts)


def test_links_and_hashtags() -> None:
    rich = detect("#EdChat #edchat ＃ＥＤＣＨＡＴ #Straße https://a.org/#no https://a.org/#no http://b.org/x-#no")
    assert links(rich) == ("https://a.org/#no", "http://b.org/x-#no")
    assert hashtags(rich) == ("edchat", "strasse")
    assert hashtags(RichText("#Zwei #drei", (Facet(0, 5, Tag("Eins")),))) == ("eins", "zwei", "drei")
    assert hashtags(RichText("Eins", (Facet(0, 4, Tag("Eins")),))) == ("eins",)
    assert hashtags(RichText("\uff03Zwei und mehr")) == ("zwei",)


def test_to_plain_loses_no_link() -> None:
    shown = "read on example.org/lo… or here"
    rich = from_facets(
        shown,
        [Facet(8, 25, Link("https://www.example.org/long/way")), Facet(29, 33, Link("https://b.org"))],
    )
    assert to_plain(rich) == "read on https://www.example.org/long/way or here (https://b.org)"


@pytest.mark.parametrize(
    ("shown", "uri", "plain"),
    [
        ("example.org/lo…", "http://www.example.org/long", "http://www.example.org/long"),
        ("http://example.org/lo...", "https://example.org/long", "https://example.org/long"),
        ("m.org/@ann/1…", "https://m.org/@ann/1234", "https://m.org/%40ann/1234"),
        ("example.net/lo…", "https://example.org/long", "example.net/lo… (https://example.org/long)"),
    ],
)
def test_an_address_shown_shortened_is_written_out(shown: str, uri: str, plain: str) -> None:
    rich = from_facets(shown, [Facet(0, len(shown.encode()), Link(uri))])
    assert to_plain(neutralise(rich)) == plain


class Reader(HTMLParser):
    """Notes every tag with its attributes, and the words but for where we say that a link really leads."""

    def __init__(self) -> None:
        super().__init__()
        self.aside = False
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.aside = tag == "bdi"

    def handle_endtag(self, tag: str) -> None:
        self.aside &= tag != "bdi"

    def handle_data(self, data: str) -> None:
        if not self.aside:
            self.words.append(data)


def test_to_html() -> None:
    rich = detect("Why <b>? #EdChat\nhttps://example.org/?a=1&b=2\n \n\nبعد")
    assert to_html(rich) == (
        '<p dir="auto">Why &lt;b&gt;? <span class="tag">#EdChat</span><br>'
        '<a href="https://example.org/?a=1&amp;b=2" rel="nofollow noopener">https://example.org/?a=1&amp;b=2</a></p>\n'
        '<p dir="auto">بعد</p>'
    )
    assert to_html(RichText("")) == ""
    assert (
        to_html(RichText("x", (Facet(0, 9, Link("https://a.org")), Facet(0, 1, Link("javascript:x")))))
        == '<p dir="auto">x</p>'
    )


@steady
@given(TEXTS, FACETS)
def test_html_is_only_our_own_markup_whatever_comes(text: str, facets: list[Facet]) -> None:
    made = to_html(RichText(from_facets(text).text, tuple(facets)))
    reader = Reader()
    reader.feed(made)
    reader.close()
    allowed = {"p": {"dir"}, "br": set(), "a": {"href", "rel"}, "span": {"class"}, "bdi": {"class"}}
    for tag, attributes in reader.seen:
        assert set(attributes) == allowed[tag]
        assert tag != "a" or str(attributes["href"]).startswith(("http://", "https://"))
    assert not regex.search(r"[\u202a-\u202e\u2066-\u2069]", made)
    words = regex.sub(r"[\s\u202a-\u202e\u2066-\u2069]", "", from_facets(text).text)
    assert regex.sub(r"\s", "", "".join(reader.words)) == words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("héllo 👩‍👩‍👧", 7),
        ("see https://example.org/" + "a" * 200, 4 + 23),
        ("https://a.io", 23),
        ("次https://a.io", 24),
        ("(https://a.io).", 26),
        ("see https://a.io/b. So", 4 + 23 + 4),
        ("https://www.example.org/" + "a" * 100, 23),
        ("https://school.xn--p1ai/" + "a" * 100, 23),
        ("https://localhost/" + "a" * 100, 118),
        ("https://site.invalid/" + "a" * 100, 121),
        ("@deputy@social.example.org hi", 10),
        ("@deputy hi, a@b.org", 19),
    ],
)
def test_length_on_mastodon(text: str, count: int) -> None:
    assert length(RichText(text), MASTODON) == count


def test_length_counts_what_mastodon_is_sent() -> None:
    rich = RichText("here", (Facet(0, 4, Link("https://example.org/a/long/way/to/go")),))
    assert length(rich, MASTODON) == len("here ()") + 23
    assert length(rich, BLUESKY) == 4


def test_remaining_minds_both_limits() -> None:
    assert remaining(RichText("a" * 290), BLUESKY) == 10
    assert remaining(RichText("a" * 310), BLUESKY) == -10
    assert remaining(RichText("👩‍👩‍👧" * 170), BLUESKY) == 3000 - 170 * 18
    assert remaining(RichText("a" * 95), Limits("graphemes", 300, 100)) == 5
