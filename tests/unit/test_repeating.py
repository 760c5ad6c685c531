"""What of somebody's words may be a link or a hashtag in a post of ours: what was one, and nothing else."""

import pytest

from bot.domain.patterns import ZERO_WIDTH_SPACE
from bot.domain.repeating import repeatable, stays_whole, unlinked
from bot.domain.richtext import Facet, Feature, Link, Mention, RichText, Tag

PAGE = Link("https://example.org/a")
ODD = Link("https://example.org/a).")  # a server would find less of it


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("see https://x.example and HTTP://y.example", "see https:|//x.example and HTTP:|//y.example"),
        ("magnet:?xt=1, xmpp:amy@x.example", "magnet:|?xt=1, xmpp:|amy@x.example"),
        ("#EdChat \uff03EdChat a#b", "#|EdChat \uff03|EdChat a#|b"),
        ("C# or # one: //two xmagnet:x", "C# or # one: //two xmagnet:x"),
    ],
)
def test_no_server_finds_an_address_or_a_hashtag(text: str, told: str) -> None:
    assert unlinked(text) == told.replace("|", ZERO_WIDTH_SPACE)


@pytest.mark.parametrize(
    ("uri", "whole"),
    [
        ("https://example.org/a", True),
        ("https://example.org/(a)", True),
        ("https://example.org/a).", False),
        ("https://example.org/a b", False),
        ("x https://example.org/a", False),
        ("https://example.org https://example.net", False),
    ],
)
def test_an_address_is_found_whole_or_not_at_all(uri: str, whole: bool) -> None:
    assert stays_whole(uri) is whole


def made(*pieces: tuple[str, Feature | None]) -> RichText:
    text, facets = "", []
    for piece, feature in pieces:
        start = len(text.encode())
        text += piece
        if feature is not None:
            facets.append(Facet(start, len(text.encode()), feature))
    return RichText(text, tuple(facets))


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([("See ", None), ("example.org/a", PAGE), (" now", None)], "See https://example.org/a now"),
        ([("See ", None), ("here", PAGE), (".", None)], "See here (https://example.org/a)|."),
        ([("https://evil.example", PAGE)], "https:|//evil.example (https://example.org/a)"),
        ([("#EdChat is fun", PAGE)], "#|EdChat is fun (https://example.org/a)"),
        ([("here", ODD)], "here (https:|//example.org/a).)"),
        ([("See https://x.example", None)], "See https:|//x.example"),
        ([("htt", None), ("ps://x.example", None)], "https:|//x.example"),
        # What stands right beside neither lengthens it nor is lengthened by it.
        ([("a", None), ("https://example.org/a", PAGE), ("b", None)], "a|https://example.org/a|b"),
        ([("https://example.org/a", PAGE), ("example.org/a", PAGE)], "https://example.org/a|https://example.org/a"),
        ([("(", None), ("https://example.org/a", PAGE), (")", None)], "(https://example.org/a|)"),
        ([("“", None), ("#EdChat", Tag("EdChat")), ("”", None)], "“#EdChat|”"),
        ([("\n", None), ("#EdChat", Tag("EdChat")), ("\nyes", None)], "\n#EdChat\nyes"),
        ([("#EdChat", Tag("EdChat")), ("ter", None)], "#EdChat|ter"),
        ([("#EdChat", Tag("EdChat")), (" #other", None)], "#EdChat #|other"),
        ([("Ed chat", Tag("EdChat"))], "Ed chat"),
        ([("#Ed chat", Tag("EdChat"))], "#|Ed chat"),
        ([("hello #EdChat", Tag("EdChat"))], "hello #|EdChat"),
        ([("@amy", Mention("amy.example", "did:plc:amy")), (" and ", None), ("#Ed", Tag("Ed"))], "@amy and #Ed"),
    ],
)
def test_only_what_was_a_link_or_a_hashtag_is_one_again(pieces: list[tuple[str, Feature | None]], told: str) -> None:
    assert repeatable(made(*pieces)) == told.replace("|", ZERO_WIDTH_SPACE)
