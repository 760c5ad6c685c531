"""A person's record: as agreed, by its schema, in every language, and nothing of what anybody wrote becomes markup."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import rewrite, sample

from bot.domain.posts import Post
from bot.domain.richtext import detect
from bot.domain.takingpart import Record, TakenPart, TriedOut, taken_part
from bot.rendering.recordjson import record_json, record_schema, whose_record
from bot.rendering.recordpage import record_page
from bot.rendering.templates import Templates

GOLDEN = rewrite.record()


def part(**changes: Any) -> tuple[TakenPart, Post]:
    """What one teacher did in the sample's chat, its series changed, and one of their posts."""
    content = sample.content()
    said = {one.key: one.post for one in content.answers if one.post.author.handle == sample.PEOPLE["y5"][1]}
    stored = msgspec.structs.replace(content.stored, series=msgspec.structs.replace(content.stored.series, **changes))
    found = taken_part(msgspec.structs.replace(content, stored=stored), said)
    assert found is not None
    return found, next(iter(said.values()))


def record_of(found: TakenPart, post: Post) -> Record:
    return Record((post.author,), (found,), sample.NOW - timedelta(days=1), sample.NOW)


def page_of(found: TakenPart, post: Post, site: Any = sample.SITE) -> str:
    return record_page(Templates(), site, record_of(found, post)).decode()


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_every_file_reads_as_agreed(name: str) -> None:
    assert GOLDEN[name] == (rewrite.HERE / "record" / name).read_bytes()


def test_there_is_no_golden_file_too_many() -> None:
    assert {file.name for file in (rewrite.HERE / "record").iterdir()} == GOLDEN.keys()


def test_the_data_are_what_their_schema_says() -> None:
    from jsonschema import Draft202012Validator  # it builds a grammar of addresses as it loads

    schema = json.loads(record_schema())
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    for name in ("live.json", "slow.json"):
        data = json.loads(GOLDEN[name])
        assert list(check.iter_errors(data)) == []
        assert list(check.iter_errors(data | {"observed": {"score": 1}}))
        assert set(data) == set(schema["$defs"]["RecordData"]["required"])


def test_what_is_claimed_is_left_to_the_person() -> None:
    for name in ("live.json", "slow.json"):
        assert json.loads(GOLDEN[name])["claimed"] == {"reflection": ""}
    page = GOLDEN["live.html"].decode()
    rooms = re.findall(r'<div class="lines"[^>]*contenteditable="true"[^>]*>([^<]*)</div>', page)
    assert rooms == ["", "", ""]
    assert page.index('class="observed"') < page.index('class="claimed"') < page.index(rooms[0] or 'class="lines"')


@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
@pytest.mark.parametrize("form", ["live", "slow"])
def test_it_is_said_in_the_language_of_the_series(language: str, form: str) -> None:
    page = page_of(*part(languages=(language,), format=form))
    words = Templates().dictionary.words(language)
    assert f'<html lang="{language}"' in page
    assert words("record.observed").replace("'", "&#39;") in page
    assert "{" not in re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL)


def test_it_asks_no_host_for_anything() -> None:
    page = page_of(*part())
    assert not re.search(r"<(link|script|img|iframe)\b|@import|url\(|\bsrc=", page)
    assert "default-src 'none'" in page


def test_what_people_wrote_is_no_markup() -> None:
    found, post = part()
    evil = "</style><script>alert(1)</script>\nsecond line"
    told = msgspec.structs.replace(
        found.answers[0], text=evil, warning=evil, url="javascript:alert(1)", pictures=(evil,)
    )
    chat = msgspec.structs.replace(found.chat, topic=evil)
    author = msgspec.structs.replace(post.author, name=evil, handle=evil, url="javascript:alert(1)")
    changed = msgspec.structs.replace(found, answers=(told,), chat=chat)
    page = page_of(changed, msgspec.structs.replace(post, author=author, text=detect(evil)))
    assert "<script" not in page
    assert "javascript:" not in page
    assert page.count("</style>") == 1
    assert "<p>second line</p>" in page


def test_a_time_is_one_that_html_knows() -> None:
    found, post = part()
    exact = msgspec.structs.replace(found.answers[0], at=sample.START + timedelta(microseconds=236506))
    page = page_of(msgspec.structs.replace(found, answers=(exact,)), post)
    assert '<time datetime="2027-01-07T20:00:00+00:00">' in page


def test_an_operators_own_style_is_in_it_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "look.css").write_text("p { color: teal } /* </style><script> */")
    found, post = part()
    templates = Templates(tmp_path)
    page = record_page(templates, sample.SITE, record_of(found, post)).decode()
    assert "color: teal" in page
    assert ".claimed" in page
    assert page.count("</style>") == 1


def test_an_archive_without_address_is_not_linked() -> None:
    page = page_of(*part(), site=msgspec.structs.replace(sample.SITE, address=""))
    assert "<span>Feedback that pupils use</span>" in page
    found, post = part()
    data = record_json(record_of(found, post), archive="A", address="")
    assert json.loads(data)["$schema"] == "record.schema.json"


@pytest.mark.parametrize(
    ("data", "whose"),
    [
        (GOLDEN["live.json"], {("bluesky", "id:y5")}),
        (GOLDEN["live.json"].replace(b'"reflection": ""', b'"reflection": "mine"'), {("bluesky", "id:y5")}),
        (b"", set()),
        (b"{}", set()),
        (b"[1]", set()),
        (b"\xff", set()),
    ],
)
def test_a_record_tells_whose_it_is(data: bytes, whose: set[tuple[str, str]]) -> None:
    assert whose_record(data) == whose


def test_what_somebody_tried_stands_with_what_came_of_it() -> None:
    found, post = part()
    outcome = msgspec.structs.replace(found.answers[0], key="later", text="It <b>worked</b>.\nTwice.")
    tried = (TriedOut(found.answers[0], (outcome,)), TriedOut(None, (outcome,)))
    found = msgspec.structs.replace(found, tried=tried)
    page = page_of(found, post)
    assert page.startswith("<!doctype html>")
    section = page[page.index("<h3>What I tried</h3>") :]
    assert section.index(found.answers[0].text.split("\n")[0][:20]) < section.index("It &lt;b&gt;worked&lt;/b&gt;.")
    assert section.count("What I said I would try") == 1
    assert section.count("What I told weeks later") == 2
    told = record_json(record_of(found, post), archive="A", address="")
    (chat,) = json.loads(told)["observed"]["chats"]
    assert [(one.get("answer"), [each["id"] for each in one["outcomes"]]) for one in chat["tried"]] == [
        (found.answers[0].key, ["later"]),
        (None, ["later"]),
    ]
    assert "What I tried</h3>" not in page_of(part()[0], post)
