"""The oracle sees what went wrong, whatever it was: a judge that never condemns proves nothing."""

import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chaos.lives import Life, Nursery
from chaos.oracle import Held, Verdict, half, judge_asked, judge_said, judge_site, pages

WANTED = ["Welcome.", "Q1 What?", "Q2 Why?"]
WORDS = ["Levels went first.", "Nobody missed it."]
DIGEST = [
    Held("d", "2 people gave 2 answers."),
    Held("d1", "Q1 What? One answer.", "d"),
    Held("d2", "“Levels went first.”", "d1"),
    Held("d3", "Q2 Why? One answer.", "d"),
    Held("d4", "“Nobody missed it.”", "d3"),
]
SAID = [*(Held(f"p{number}", text) for number, text in enumerate(WANTED)), *DIGEST]


def judged(held: list[Held], *, repeated: list[str] | None = WORDS) -> Verdict:
    return judge_said("here", WANTED, held, repeated=repeated, questions=2, unwanted=["taken back"])


def changed(**by_id: str) -> list[Held]:
    """All as it should be, but with other parents."""
    return [Held(one.id, one.text, by_id.get(one.id, one.parent)) for one in SAID]


def test_a_whole_chat_is_whole() -> None:
    assert judged(SAID).wrong == []
    assert judged(SAID[:3], repeated=None).wrong == []
    assert judged([*SAID[:3], DIGEST[0]], repeated=[]).wrong == []


@pytest.mark.parametrize(
    ("held", "kind"),
    [
        (SAID[1:], "lost"),
        ([*SAID[:1], *SAID[2:]], "lost"),
        ([*SAID[:2], *SAID[1:]], "doubled"),
        ([*SAID, Held("again", "Q2 Why?")], "doubled"),
        ([SAID[1], SAID[0], *SAID[2:]], "out of order"),
        ([*SAID[:2], SAID[3], SAID[2], *SAID[4:]], "out of order"),
        (SAID[:3], "lost"),
        (SAID[:-1], "lost"),
        ([*SAID[:5], *SAID[6:]], "lost"),
        ([*SAID[:6], *SAID[7:]], "lost"),
        ([*SAID, Held("e", "2 people gave 3 answers.")], "doubled"),
        ([*SAID, Held("e", "2 people gave 2 answers.")], "doubled"),
        ([*SAID, Held("e", "“Nobody missed it.” Once more.", "d3")], "doubled"),
        ([*SAID, Held("e", "Q1 What? Two answers.", "d")], "doubled"),
        ([*SAID[:4], *SAID[6:], *SAID[4:6]], "out of order"),
        (changed(d4="elsewhere"), "out of order"),
        (changed(d2="d3"), "out of order"),
        (changed(d1=""), "doubled"),
        ([*SAID[:1], Held("p1", "Q1 Whaaat?"), *SAID[2:]], "lost"),
        ([*SAID[:-1], Held("d4", "“Nobody missed it.” taken back", "d3")], "doubled"),
    ],
)
def test_what_was_said_wrongly_is_seen(held: list[Held], kind: str) -> None:
    assert kind in {line.split(":")[0] for line in judged(held).wrong}


def test_nothing_is_to_be_said_beside_the_prompts() -> None:
    assert judged([*SAID[:3], Held("x", "Hello?")], repeated=None).doubled


def test_what_closes_a_digest_is_counted() -> None:
    closed = [*SAID, Held("e", "2 people will try something.", "d4")]
    for held, wrong in ((closed, []), (SAID, ["lost"]), ([*closed, Held("f", "And more.", "e")], ["doubled"])):
        found = judge_said("here", WANTED, held, repeated=WORDS, questions=2, closing=1)
        assert [line.split(":")[0] for line in found.wrong] == wrong


ASKED = [Held("f1", "Did you try it?", "theirs"), Held("f2", "Did you try it?", "theirs")]


@pytest.mark.parametrize(
    ("asked", "held", "wrong"),
    [
        (ASKED, [*SAID, *ASKED], []),
        (ASKED[:1], [*SAID, ASKED[0]], ["lost"]),
        ([], SAID, ["lost"]),
        ([*ASKED, Held("f3", "Did you?", "theirs")], [*SAID, *ASKED, Held("f3", "Did you?", "theirs")], ["doubled"]),
        (ASKED, [*SAID[:-1], *ASKED, SAID[-1]], ["out of order"]),
    ],
)
def test_who_is_asked_later_is_asked_as_often_as_they_wanted(
    asked: list[Held], held: list[Held], wrong: list[str]
) -> None:
    assert [line.split(":")[0] for line in judge_asked("here", asked, held, 2).wrong] == wrong


PAGE = "<!doctype html><html lang=en><head><meta charset=utf-8><title>T</title></head><body><p>Shown.</p></body></html>"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "chat").mkdir()
    for name, text in {
        "index.html": PAGE,
        "chat/index.html": PAGE,
        "chat/chat.json": '{"a": [1]}',
        "feed.xml": "<feed><entry/></feed>",
        "calendar.ics": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "robots.txt": "User-agent: *",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_whole_site_is_whole(site: Path) -> None:
    assert pages(site) == {
        "index.html", "chat/index.html", "chat/chat.json", "feed.xml", "calendar.ics", "robots.txt",
    }  # fmt: skip
    found = judge_site(site, expected=pages(site), shown=["Shown."], gone=["taken back"], over=True)
    assert found.wrong == []
    assert judge_site(site / "nowhere").wrong == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda site: (site / "index.html").write_text(PAGE[:-7]),
        lambda site: (site / "index.html").write_text(PAGE[: len(PAGE) // 2]),
        lambda site: (site / "index.html").write_text(""),
        lambda site: (site / "index.html").write_text(PAGE.replace("</p>", "</b>")),
        lambda site: (site / "chat/chat.json").write_text('{"a": [1'),
        lambda site: (site / "feed.xml").write_text("<feed><entry/>"),
        lambda site: (site / "calendar.ics").write_text("BEGIN:VCALENDAR\r\n"),
        lambda site: (site / "robots.txt").write_text(""),
        lambda site: (site / "card.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more"),
        lambda site: (site / "feed.xml").unlink(),
        lambda site: (site / ".staffroom-1.tmp").write_text("half"),
        lambda site: [
            (site / name).write_text(PAGE.replace("Shown", "")) for name in ("index.html", "chat/index.html")
        ],
        lambda site: (site / "chat/chat.json").write_text('{"a": "taken back"}'),
    ],
)
def test_a_spoilt_site_is_seen(site: Path, spoil: Callable[[Path], object]) -> None:
    before = pages(site)
    spoil(site)

    assert judge_site(site, expected=before, shown=["Shown."], gone=["taken back"], over=True).site


def test_what_is_under_way_is_no_fault_yet(site: Path) -> None:
    (site / ".staffroom-1.tmp").write_text("half")

    assert judge_site(site, expected=pages(site)).wrong == []


def test_every_cut_of_a_page_is_half(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    for length in range(len(PAGE)):
        file.write_text(PAGE[:length])
        assert half(file)


def test_words_are_looked_for_in_packed_files_and_half_of_one_is_seen(site: Path) -> None:
    with zipfile.ZipFile(site / "chat.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("chat/index.html", "Levels were taken back. " * 50)
    assert judge_site(site, expected=pages(site), over=True).wrong == []
    assert judge_site(site, expected=pages(site), gone=["taken back"], over=True).site
    (site / "chat.zip").write_bytes((site / "chat.zip").read_bytes()[:-30])
    assert half(site / "chat.zip")


def test_verdicts_add_up() -> None:
    found = Verdict(lost=["a"])
    found += Verdict(lost=["b"], site=["c"])

    assert found.wrong == ["lost: a", "lost: b", "site: c"]


def test_a_life_that_ends_as_soon_as_it_began_is_heard(tmp_path: Path) -> None:
    """Both its lines come at once, and nothing after them that would wake whoever waits."""
    both = r"""import os; input(); os.write(1, b'{"pid": 1}\n{"ended": 0}\n'); input()"""
    with Nursery(command=[sys.executable, "-c", both]) as nursery:
        life = Life(nursery, tmp_path, datetime(2027, 1, 7, tzinfo=UTC))
        assert life.ended(1)
        nursery.ask({})
