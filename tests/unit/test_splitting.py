# ruff: noqa: RUF001
# Ambiguous letters on purpose: Chinese marks are full-width.
from __future__ import annotations

import pytest
import regex
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.domain.patterns import GRAPHEME
from bot.domain.richtext import Facet, Link, Mention, RichText, Tag, detect, from_facets, join, whole
from bot.domain.splitting import split
from bot.domain.textlength import BLUESKY, MASTODON, Limits, remaining

steady = settings(deadline=None)  # on a busy machine a slow example is no fault

SMALL = Limits("graphemes", 20, 200)


def texts(rich: RichText, limits: Limits) -> list[str]:
    return [piece.text for piece in split(rich, limits)]


def ink(text: str) -> str:
    return "".join(text.split())


def covered(pieces: tuple[RichText, ...]) -> list[tuple[str, str]]:
    """Each feature with the ink it covers; neighbours with one feature joined, as a cut link has two halves."""
    found: list[tuple[str, str]] = []
    for piece in pieces:
        data = piece.text.encode()
        found += [(repr(facet.feature), ink(data[facet.start : facet.end].decode())) for facet in piece.facets]
    joined: list[tuple[str, str]] = []
    for feature, text in found:
        if joined and joined[-1][0] == feature:
            joined[-1] = (feature, joined[-1][1] + text)
        elif text:
            joined.append((feature, text))
    return joined


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [""]),
        ("  fits as it is ", ["  fits as it is "]),
        ("exactly twenty now. ", ["exactly twenty now. "]),
        ("One paragraph.\n\nAnd another one.", ["One paragraph.", "And another one."]),
        ("A sentence. And some more words.", ["A sentence.", "And some more words."]),
        ("A sentence. And something\n\nmore.", ["A sentence.", "And something\n\nmore."]),
        ("A sentence. 7b liked it a lot.", ["A sentence.", "7b liked it a lot."]),
        ("A paragraph\n\nHi. Then words", ["A paragraph", "Hi. Then words"]),
        ("A mere line\nHi. Then words", ["A mere line\nHi.", "Then words"]),
        (
            "A sentence. Another one. And a third one. Then more words.",
            ["A sentence.", "Another one.", "And a third one.", "Then more words."],
        ),
        ("A " + "b" * 20, ["A", "b" * 20]),
        ("First some words. Two. Four are too many.", ["First some words.", "Two. Four are too", "many."]),
        ("🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉https://a.io/bc", ["🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉", "https://a.io/bc"]),
        ("Use a pen, e.g. blue ones.", ["Use a pen, e.g. blue", "ones."]),
        ("only words and no marks here", ["only words and no", "marks here"]),
        ("one line\nand then a longer line", ["one line", "and then a longer", "line"]),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnopqrst", "uvwxyz"]),
        ("hello abcdefghijklmnopqrstuvwxyz", ["hello abcdefghijklmn", "opqrstuvwxyz"]),
        ("我们每天都写作业。老师每天都批改作业，很累。", ["我们每天都写作业。", "老师每天都批改作业，很累。"]),
        ("我们每天都写作业，老师每天都批改作业和考试", ["我们每天都写作业，", "老师每天都批改作业和考试"]),
        ("So: a\u00a0b\u00a0c\u00a0d stays together", ["So: a\u00a0b\u00a0c\u00a0d stays", "together"]),
        ("👩‍👩‍👧" * 11, ["👩‍👩‍👧" * 11]),
        ("👩‍👩‍👧" * 12, ["👩‍👩‍👧" * 11, "👩‍👩‍👧"]),
        ("see https://a.io/bcd and go", ["see https://a.io/bcd", "and go"]),
        ("see (https://a.io/long)", ["see", "(https://a.io/long)"]),
        ("it was for #FeedbackFriday", ["it was for", "#FeedbackFriday"]),
        ("   \n " * 9, [""]),
    ],
)
def test_where_texts_are_cut(text: str, pieces: list[str]) -> None:
    assert texts(detect(text), SMALL) == pieces


PARTY = "🎉" * 10


@pytest.mark.parametrize(
    ("rich", "limits", "pieces"),
    [
        (
            detect("https://example.org/a/long/way/to/go Sixteen letters. Then more."),
            Limits("mastodon", 40),
            ["https://example.org/a/long/way/to/go Sixteen letters.", "Then more."],
        ),
        (
            join(["Read ", whole("here", Link("https://example.org/a/long/way")), " and there"]),
            Limits("mastodon", 40),
            ["Read here and", "there"],
        ),
        (join([whole(PARTY, Link("https://b.io")), "https://a.io/bc"]), SMALL, [PARTY, "https://a.io/bc"]),
        (
            join(["So ", whole("#EdChat", Tag("EdChat")), f" and 🎉🎉🎉🎉🎉{PARTY}https://a.io/bc"]),
            SMALL,
            ["So #EdChat and 🎉🎉🎉🎉🎉", PARTY, "https://a.io/bc"],
        ),
        (
            RichText(f"{'https://a.io/' + 'a' * 27} {PARTY}https://a.io/bc"),
            SMALL,
            ["https://a.io/aaaaaaa", "a" * 20, PARTY, "https://a.io/bc"],
        ),
        (
            join(["Es wäre schön: ", whole("你好。你们都好", Link("https://b.io"))]),
            SMALL,
            ["Es wäre schön:", "你好。你们都好"],
        ),
    ],
)
def test_no_cut_falls_into_what_stands_for_one_thing(rich: RichText, limits: Limits, pieces: list[str]) -> None:
    assert texts(rich, limits) == pieces


def test_a_link_counts_23_on_mastodon_and_stays_whole() -> None:
    address = "https://example.org/" + "a" * 600
    rich = detect("word " * 95 + address + " " + "word " * 20)
    pieces = split(rich, MASTODON)
    assert len(pieces) == 2
    assert sum(address in piece.text for piece in pieces) == 1
    assert [facet.feature for piece in pieces for facet in piece.facets] == [Link(address)]


def test_a_link_longer_than_a_post_opens_the_same_page_from_each_piece() -> None:
    address = "https://example.org/" + "a" * 600
    pieces = split(detect(address), BLUESKY)
    assert [len(piece.text) for piece in pieces] == [300, 300, 20]
    assert {facet.feature for piece in pieces for facet in piece.facets} == {Link(address)}


def test_a_link_that_never_fits_mastodon_becomes_words() -> None:
    shown = "here " + "and there " * 60
    rich = from_facets(shown, [Facet(0, 4, Link("https://localhost/" + "a" * 600))])
    pieces = split(rich, MASTODON)
    assert all(remaining(piece, MASTODON) >= 0 for piece in pieces)
    assert ink("".join(piece.text for piece in pieces)) == ink(shown)


def test_a_grapheme_of_too_many_bytes_is_cut_between_code_points() -> None:
    pieces = split(RichText("a" + "\u0301" * 3000), BLUESKY)
    assert [len(piece.text.encode()) for piece in pieces] == [2999, 3000, 2]


def test_a_hundred_kilobytes_become_posts() -> None:
    rich = detect("Marking is feedback, @bob. See https://example.org/a #EdChat 🎉\n" * 1600)
    for limits in (BLUESKY, MASTODON):
        pieces = split(rich, limits)
        assert all(remaining(piece, limits) >= 0 for piece in pieces)
        assert sum(len(piece.facets) for piece in pieces) == len(rich.facets) == 3200


PIECES = st.sampled_from(
    ["word", " ", " ", "\n", "\n\n", ". ", "! A", "e.g. x", "👩‍👩‍👧", "🇫🇷", "e\u0301\u0301", "次",
     "。", "，", "#EdChat ", "@\u200bbob",
     "https://example.org/a ", "http://a.io", "https://localhost/x", "@ann@social.example.org",
     "\u00a0", "\u0600", "\u200d", "x" * 40]
)  # fmt: skip
LIMITS = st.sampled_from([Limits("graphemes", 12, 60), SMALL, Limits("mastodon", 40), Limits("graphemes", 7), MASTODON])
FEATURES = st.sampled_from(
    [
        Link("https://example.org/a"),
        Link("https://localhost/aaaaaaaaaaaaaaaaa"),
        Tag("EdChat"),
        Mention("did:plc:b", "b.org"),
    ]
)


@st.composite
def riches(draw: st.DrawFn) -> RichText:
    text = draw(st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=40).map("".join)))
    if draw(st.booleans()):
        return detect(text)
    spots = st.integers(0, max(1, len(text.encode())))
    return from_facets(text, draw(st.lists(st.builds(Facet, spots, spots, FEATURES), max_size=5)))


@steady
@given(riches(), LIMITS)
@example(RichText("x" * 50 + "https://a.io " + "次https://b.io" * 9), Limits("mastodon", 40))
@example(RichText("次https://b.io" * 9), Limits("mastodon", 24))
def test_every_piece_fits_and_nothing_but_white_space_is_lost(rich: RichText, limits: Limits) -> None:
    pieces = split(rich, limits)
    assert all(remaining(piece, limits) >= 0 for piece in pieces)
    assert ink("".join(piece.text for piece in pieces)) == ink(rich.text)
    assert all(piece == from_facets(piece.text, piece.facets) for piece in pieces)


@steady
@given(riches())
def test_facets_cover_the_same_text_and_nothing_is_cut_that_fits(rich: RichText) -> None:
    data = rich.text.encode()
    # White space at a post's end is taken off, and with it a facet that reaches into it.
    assume(all((part := data[one.start : one.end].decode()) == part.strip() for one in rich.facets))
    limits = Limits("graphemes", 60)
    pieces = split(rich, limits)
    if all(remaining(RichText(text), limits) >= 0 for _, text in covered((rich,))):
        assert covered(pieces) == covered((rich,))
    at = 0
    bounds = {0, *(match.end() for match in GRAPHEME.finditer(rich.text))}
    for piece in pieces:
        start = rich.text.index(piece.text, at)
        at = start + len(piece.text)
        assert {start, at} <= bounds
        assert not regex.fullmatch(r"\s+", rich.text[at - len(piece.text) : at]) or len(pieces) == 1
