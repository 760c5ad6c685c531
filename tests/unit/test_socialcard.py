"""Social cards and the site's mark: what they say, that nothing is cut or boxed, and that they stay the same."""

import io
import xml.etree.ElementTree as ET
from datetime import timedelta

import msgspec
import pytest
from golden import sample
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageChops

from bot.domain.records import StoredChat
from bot.domain.schedule import planned_chats
from bot.rendering import urls
from bot.rendering.icon import SIZE, icon_png, icon_svg
from bot.rendering.pages import SiteRenderer
from bot.rendering.socialcard import (
    HEIGHT,
    SANS,
    SERIF,
    WIDTH,
    Colours,
    SocialCard,
    card_of,
    colours_of,
    described,
    drawable,
    paint,
    shortened,
    wrapped,
)
from bot.rendering.templates import Templates

TEMPLATES = Templates()
CARD = SocialCard(
    kicker="#EdChat",
    topic="Feedback that pupils use",
    when="Thursday 7 January 2027, 20:00 London time",
    plain="2027-01-07 20:00 Europe/London",
    hosts="Host: edchat.example.org",
    site="Staffroom",
)
MARGINS = ((24, 0, 90, HEIGHT), (1110, 0, WIDTH, HEIGHT), (24, 0, WIDTH, 55), (24, HEIGHT - 20, WIDTH, HEIGHT))
"""Left, top, right, bottom of what no letter may reach."""


PLAIN = Colours()


def painted(card: SocialCard = CARD, colours: Colours = PLAIN) -> Pillow.Image:
    image = Pillow.open(io.BytesIO(paint(card, colours)))
    assert image.size == (WIDTH, HEIGHT)
    return image.convert("RGB")


def without(**fields: str) -> SocialCard:
    return msgspec.structs.replace(CARD, **fields)


def inked(image: Pillow.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether anything but paper is in there."""
    part = image.crop(box)
    return ImageChops.difference(part, Pillow.new("RGB", part.size, Colours().paper)).getbbox() is not None


def test_the_same_card_is_the_same_bytes_and_small() -> None:
    data = paint(CARD, Colours())
    assert paint(CARD, Colours()) == data
    assert len(data) < 60_000
    assert not Pillow.open(io.BytesIO(data)).info  # neither time nor program


@pytest.mark.parametrize("field", ["kicker", "topic", "when", "hosts", "site"])
def test_each_line_is_on_it(field: str) -> None:
    assert painted(without(**{field: "Another"})).tobytes() != painted().tobytes()


def test_colours_are_those_of_the_style_sheet_in_the_light() -> None:
    sheet = TEMPLATES.source("site/look.css")
    assert colours_of(sheet) == Colours()
    red = colours_of(":root { --paper: #ff0000; } @media (prefers-color-scheme: dark) { :root { --paper: #000000 } }")
    assert red.paper == (255, 0, 0)
    assert red.ink == Colours().ink
    assert painted(colours=red).getpixel((600, 10)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sgŵrs yr ŵyl: tŷ a dŵr", "Sgŵrs yr ŵyl: tŷ a dŵr"),
        ("Straße, œuvre, ¿qué?, Łódź, İstanbul", "Straße, œuvre, ¿qué?, Łódź, İstanbul"),
        ("Обратная связь", "Обратная связь"),
        ("Γλώσσα", "Γλώσσα"),
        ("dw\u0302r", "dŵr"),
        ("Maths 🧮 every\u00a0day ✏️", "Maths every day"),
        ("👩🏽\u200d🏫 and pupils", "and pupils"),
        ("教育について", ""),
        ("معلمة", ""),
        ("Reading اقرأ aloud", ""),
        ("", ""),
        ("🎉", ""),
    ],
)
def test_a_line_is_shown_whole_or_not_at_all(text: str, shown: str) -> None:
    assert drawable(text, SERIF) == shown
    assert drawable(text, SANS) == shown


def test_a_topic_in_letters_that_the_fonts_lack_leaves_series_and_date() -> None:
    image = painted(without(topic="教育について"))
    assert image.tobytes() == painted(without(topic="")).tobytes()
    assert inked(image, (96, 128, 1104, 260)), "the hashtag, large"
    bare = painted(without(topic="教育", kicker="#教育", when="السبت", hosts="教", site="教"))
    assert bare.tobytes() == painted(without(topic="", kicker="", when=CARD.plain, hosts="", site="")).tobytes()
    assert inked(bare, (96, 480, 1104, 530)), "the date in digits"


@pytest.mark.parametrize(
    ("topic", "when"),
    [
        ("Oracy", CARD.when),
        ("Feedback that pupils use and what it costs to give", f"{CARD.when} to {CARD.when}"),
        ("What we learned from a year of silent reading " * 9, "w" * 500),
        ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", CARD.when),
        ("W" * 5000, CARD.when),
    ],
)
def test_nothing_leaves_the_paper(topic: str, when: str) -> None:
    image = painted(without(topic=topic, when=when, hosts="Hosts: " + "@a@b.example " * 40, kicker="#" + "K" * 90))
    assert not [box for box in MARGINS if inked(image, box)]


@settings(max_examples=8, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_words_make_a_card(text: str) -> None:
    image = painted(SocialCard(text, text, text, "2027-01-07", text, text))
    assert not [box for box in MARGINS if inked(image, box)]


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["a", "ffi", "Wort", "Unterbeamtengesellschaft"]), max_size=12))
def test_lines_keep_every_word_in_order(words: list[str]) -> None:
    lines = wrapped(" ".join(words), SERIF, 54, 400)
    assert "".join(lines).replace(" ", "") == "".join(words)


@pytest.mark.parametrize("text", ["word " * 40, "x" * 300, f"{'x' * 90} and {'y' * 90}", "one line"])
def test_a_shortened_text_is_its_beginning_whole(text: str) -> None:
    lines = wrapped(text, SERIF, 60, 600)
    kept = shortened(text, SERIF, 60, 600, 2)
    assert len(kept) == min(2, len(lines))
    assert text.replace(" ", "").startswith("".join(kept).replace(" ", "").removesuffix("…"))
    assert kept[-1].endswith("…") == (len(lines) > 2)


def test_what_a_chat_says_on_its_card() -> None:
    words = TEMPLATES.dictionary.words("en")
    card = card_of(words, sample.stored_chats()[0], "Staffroom")
    assert card == SocialCard(
        kicker="#EdChat",
        topic="Feedback that pupils use",
        when="Thursday 7 January 2027, 20:00 London time",
        plain="2027-01-07 20:00 Europe/London",
        hosts="Hosts: edchat.example.org and @deputy@social.example.org",
        site="Staffroom",
    )
    assert described(card) == f"#EdChat: Feedback that pupils use. {card.when}. {card.hosts}"
    slow = msgspec.structs.replace(sample.EDCHAT, format="slow", pace=timedelta(days=1), hosts=())
    over_days = card_of(words, StoredChat(planned_chats(slow)[0], slow, 1), "Staffroom")
    assert over_days.when == f"{card.when} to Monday 11 January 2027, 20:00 London time"
    assert over_days.hosts == ""


def marks(chats: list[StoredChat], figures: object = None) -> dict[str, str]:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    pages = renderer.pages(chats, figures or sample.figures())  # type: ignore[arg-type]
    return {page.path: page.mark for page in pages}


def test_a_card_changes_with_its_words_and_not_with_answers() -> None:
    path, chats = urls.chat_card("edchat/2027-01-07"), sample.stored_chats()
    before = marks(chats)
    answered = [msgspec.structs.replace(one, revision=one.revision + 1) for one in chats]
    assert marks(answered)[path] == before[path]
    assert marks(answered)[urls.chat_page("edchat/2027-01-07")] != before[urls.chat_page("edchat/2027-01-07")]
    renamed = msgspec.structs.replace(chats[0], chat=msgspec.structs.replace(chats[0].chat, topic="Another"))
    assert marks([renamed, chats[1]])[path] != before[path]
    assert (
        marks([renamed, chats[1]])[urls.chat_card("edchat/2027-01-14")] == before[urls.chat_card("edchat/2027-01-14")]
    )


def test_pages_name_their_card_by_its_whole_address() -> None:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    pages = {page.path: page for page in renderer.pages(sample.chats(), sample.figures())}
    for path, card in {
        "edchat/2027-01-07/index.html": "edchat/2027-01-07/card.png",
        "edchat/index.html": "edchat/card.png",
        "about/index.html": "card.png",
    }.items():
        named = f'<meta property="og:image" content="https://chats.example.org/{card}">'
        assert named.encode() in pages[path].render(sample.contents)
        assert pages[card].render(sample.contents).startswith(b"\x89PNG")


def test_the_mark_is_one_drawing_in_two_files() -> None:
    svg = ET.fromstring(icon_svg(Colours()))  # noqa: S314 - our own
    colours = {"#1f5c46": Colours().board, "#fbf8f1": Colours().paper, "#b4541a": Colours().chalk}
    image = Pillow.open(io.BytesIO(icon_png(Colours())))
    assert image.size == (SIZE, SIZE)
    assert icon_png(Colours()) == icon_png(Colours())
    drawn = Pillow.new("RGB", (SIZE, SIZE))
    for shape in svg:
        if "x" in shape.attrib:
            left, top, width, height = (int(shape.attrib[side]) for side in ("x", "y", "width", "height"))
            drawn.paste(colours[shape.attrib["fill"]], (left, top, left + width, top + height))
    for at in ((10, 90), (90, 50), (90, 66), (80, 86), (140, 100), (90, 170)):
        assert image.getpixel(at) == drawn.getpixel(at), at
    assert image.getpixel((65, 135)) == Colours().paper  # the bubble's tail, a polygon
