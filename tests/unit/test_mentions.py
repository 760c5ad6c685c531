"""Who a text mentions, and the text without those who left: nobody else, and nothing else, is touched."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mentions import UNNAMED, mentions, unname
from bot.domain.posts import handle_id
from bot.domain.richtext import Link, Mention, RichText, Tag, detect, from_facets, join, runs, whole

AMY = Mention("did:plc:amy", "amy.bsky.social")
BEN = Mention("", "@ben@x.example")


def called(*handles: str) -> Callable[[Mention], bool]:
    left = {handle_id(handle) for handle in handles}
    return lambda mention: handle_id(mention.handle) in left


def nobody(mention: Mention) -> bool:
    raise AssertionError(mention)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RichText("no one here"), ()),
        (RichText("a price @ 3"), ()),
        (RichText("amy@school.example"), ()),
        (RichText("é@school.example"), ()),
        (RichText("@amy.bsky.social says"), (Mention("", "amy.bsky.social"),)),
        (RichText("(@amy.bsky.social)."), (Mention("", "amy.bsky.social"),)),
        (RichText("Thanks @amy.bsky.social."), (Mention("", "amy.bsky.social"),)),
        (RichText("\uff20amy.bsky.social"), (Mention("", "amy.bsky.social"),)),
        (RichText("\ufe6bamy.bsky.social"), (Mention("", "amy.bsky.social"),)),
        (RichText("@ben@x.example and @ben"), (Mention("", "ben@x.example"), Mention("", "ben"))),
        (RichText("@ben@x.example@amy.bsky.social"), (Mention("", "ben@x.example"), Mention("", "amy.bsky.social"))),
        (join(["Ask ", whole("@amy", AMY), " or ", whole("@amy", AMY)]), (AMY,)),
        (join([whole("@amy", AMY), " @amy.bsky.social"]), (AMY, Mention("", "amy.bsky.social"))),
        (whole("@amy", Link("https://x.example/@amy")), ()),
        (detect("https://x.example/@amy"), ()),
        (whole("#edchat", Tag("edchat")), ()),
    ],
)
def test_everybody_is_found_once(text: RichText, found: tuple[Mention, ...]) -> None:
    assert mentions(text) == found


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (join(["Ask ", whole("@amy", AMY), "!"]), join(["Ask ", UNNAMED, "!"])),
        (RichText("Ask @Amy.bsky.social!"), RichText(f"Ask {UNNAMED}!")),
        (RichText("Thanks @amy.bsky.social."), RichText(f"Thanks {UNNAMED}.")),
        (RichText("@amy.bsky.social,@amy.bsky.social"), RichText(f"{UNNAMED},{UNNAMED}")),
        (RichText("@ben@x.example@amy.bsky.social"), RichText(f"@ben@x.example{UNNAMED}")),
        (
            join(["🎓 ", whole("@amy", AMY), " ", whole("@ben", BEN), " ", whole("#EdChat", Tag("EdChat"))]),
            join(["🎓 ", UNNAMED, " ", whole("@ben", BEN), " ", whole("#EdChat", Tag("EdChat"))]),
        ),
        (
            join(
                [
                    whole("here", Link("https://x.example/")),
                    " @amy.bsky.social ",
                    whole("é", Link("https://y.example/")),
                ]
            ),
            join([whole("here", Link("https://x.example/")), f" {UNNAMED} ", whole("é", Link("https://y.example/"))]),
        ),
        (RichText("amy.bsky.social"), RichText("amy.bsky.social")),
        (
            RichText("x@y.example, @amy.bsky.social, and z@y.example"),
            RichText(f"x@y.example, {UNNAMED}, and z@y.example"),
        ),
        (RichText("write to x@amy.bsky.social"), RichText("write to x@amy.bsky.social")),
        (RichText("@amy.bsky.social.example"), RichText("@amy.bsky.social.example")),
        (RichText("@amy"), RichText("@amy")),
    ],
)
def test_who_left_is_not_named_and_all_else_stays(text: RichText, left: RichText) -> None:
    shown = unname(text, called("amy.bsky.social"))
    assert shown == left
    assert unname(shown, called("amy.bsky.social")) == shown


def test_a_text_that_names_nobody_who_left_is_the_same_text() -> None:
    text = join([whole("@ben", BEN), " and @cy.example"])
    assert unname(text, called("amy.bsky.social")) is text
    plain = RichText("nobody at all")
    assert unname(plain, nobody) is plain


def test_what_stands_for_somebody_names_nobody() -> None:
    assert mentions(RichText(f"Ask {UNNAMED}.")) == ()


PIECES = st.lists(
    st.sampled_from(
        [
            "@amy.bsky.social",
            "@ben@x.example",
            "@",
            "@…",
            "a",
            "é",
            "🎓",
            " ",
            "\n",
            ".",
            "x@y.example",
            "#tag",
            "\u200b",
        ]
    ),
    max_size=12,
)


@given(PIECES, st.lists(st.sampled_from([AMY, BEN, Tag("t"), Link("https://x.example/")]), max_size=3))
def test_unnaming_everybody_leaves_nobody(pieces: list[str], features: list[Mention | Tag | Link]) -> None:
    text = join(
        [*(f"{piece} " for piece in pieces), *(part for one in features for part in (" ", whole("@word", one), " "))]
    )
    shown = unname(text, lambda _: True)
    assert mentions(shown) == ()
    kept = [(piece, what) for piece, what in runs(text) if isinstance(what, Tag | Link)]
    assert [(piece, what) for piece, what in runs(shown) if isinstance(what, Tag | Link)] == kept
    assert from_facets(shown.text, shown.facets) == shown  # every facet lies on whole letters
    assert unname(text, lambda _: False) is text


@given(PIECES)
def test_whoever_is_asked_about_is_told_by_mentions_too(pieces: list[str]) -> None:
    text = RichText("".join(pieces))
    asked: list[Mention] = []
    unname(text, lambda mention: bool(asked.append(mention)))
    assert tuple(dict.fromkeys(asked)) == mentions(text)


@pytest.mark.parametrize("unit", ["@amy.bsky.social ", "@amy.bsky.social", "@", "@@a", "a@", "\uff20"])
def test_a_million_characters_come_to_an_end(unit: str) -> None:
    shown = unname(RichText(unit * (1_000_000 // len(unit))), called("amy.bsky.social"))
    assert mentions(shown) == mentions(unname(shown, called("amy.bsky.social")))
