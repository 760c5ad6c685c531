"""Post HTML becomes RichText: golden pairs from many servers and languages, and whatever a hostile one may send."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.richtext import Link, from_facets, runs
from bot.networks.mastodon.posthtml import MOST_CHARACTERS, MOST_TAGS, to_rich

GOLDEN = Path(__file__).parents[1] / "golden" / "mastodon_html"
PAIRS = sorted(GOLDEN.glob("*.html"))
LISTED = {"https://b.example/users/sam": "@sam@b.example", "https://pleroma.example/users/tom": "@tom@pleroma.example"}


def test_code_keeps_its_indentation_also_around_links() -> None:
    content = '<pre>  if x:\n    see <a href="https://example.org">y</a>  z \n\tend  \n</pre><p>after</p>'
    assert to_rich(content).text == "if x:\n    see y  z\n\tend\n\nafter"


def test_there_are_pairs_to_compare() -> None:
    assert len(PAIRS) >= 25
    assert {path.stem for path in PAIRS} == {path.stem for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_post_reads_as_its_golden_pair_says(path: Path) -> None:
    rich = to_rich(path.read_text("utf-8").removesuffix("\n"), LISTED, quoting="quote" in path.stem)
    wanted: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    marks = [[piece, msgspec.to_builtins(feature)] for piece, feature in runs(rich) if feature is not None]
    assert {"text": rich.text, "marks": marks} == wanted


def test_the_line_for_readers_without_quotes_stays_where_we_see_no_quote() -> None:
    content = '<p class="quote-inline">RE: <a href="https://a.example/1">https://a.example/1</a></p><p>A1 this</p>'
    assert to_rich(content).text == "RE: https://a.example/1\n\nA1 this"
    assert to_rich(content, quoting=True).text == "A1 this"


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 40_000,
        "<blockquote>" * (MOST_TAGS - 1) + "deep",
        "<ul><li>" * (MOST_TAGS // 2 - 1) + "deep",
        "<b><p>" * (MOST_TAGS // 2 - 1) + "deep",
        "<a href=https://example.org>" * (MOST_TAGS - 1) + "deep",
        "<" * MOST_CHARACTERS,
        "<!--" * 50_000,
        "<p " + "a=b " * 40_000,
        "&amp;" * 40_000,
        "\ud800<p>x\udfff",
        "</p></div></body></html>after",
        "<plaintext><p>x",
        "<frameset><frame></frameset>",
        "\0\x01\x1b[31m<p>\x00",
    ],
    ids=range(14),
)
def test_hostile_markup_is_read_as_far_as_it_goes(hostile: str) -> None:
    rich = to_rich(hostile)
    assert len(rich.text) <= MOST_CHARACTERS
    assert rich == from_facets(rich.text, rich.facets)
    if "deep" in hostile:
        assert rich.text.endswith("deep")


def test_a_post_too_full_of_tags_keeps_its_words() -> None:
    assert to_rich("<p>Hello &amp; <b>you</b></p>" + "<i>x</i> " * MOST_TAGS).text.startswith("Hello & you x x x")


def test_very_long_posts_keep_their_beginning() -> None:
    assert to_rich("<p>a</p><p>" + "b" * MOST_CHARACTERS).text.startswith("a\n\nbbbb")


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other tests run beside it
TAGS = [
    "p",
    "br",
    "a",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "span",
    "b",
    "table",
    "td",
    "script",
    "svg",
    "hr",
]
HREFS = ["https://example.org/é", "http://x", "javascript:x", "", "//y", "https://[", "https://a@b/"]
CLASSES = ["", "mention", "hashtag", "mention hashtag", "u-url mention", "invisible", "quote-inline"]
OPENING = st.builds(
    lambda tag, href, kind: f'<{tag} href="{href}" class="{kind}">',
    st.sampled_from(TAGS),
    st.sampled_from(HREFS),
    st.sampled_from(CLASSES),
)
PIECES = st.one_of(OPENING, st.sampled_from(TAGS).map("</{}>".format), st.text(max_size=8), st.just("#tag @me \n"))


@UNHURRIED
@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_any_markup_gives_a_sound_text(content: str, quoting: bool) -> None:
    rich = to_rich(content, quoting=quoting)
    assert rich == from_facets(rich.text, rich.facets), "every facet lies where it should"
    assert rich.text == rich.text.strip(" \n")
    for piece, feature in runs(rich):
        if feature is not None:
            assert piece == piece.strip(" \n")
        if isinstance(feature, Link):
            assert feature.uri.startswith(("http://", "https://"))


@UNHURRIED
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_words_come_through_unchanged(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert to_rich(f"<p>{escaped}</p>").text == " ".join(part for part in text.split(" ") if part)
