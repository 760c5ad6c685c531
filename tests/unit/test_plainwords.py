"""Of what a server or a library says, what is surely nobody's words and no secret is repeated, and nothing else."""

from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hiding import spoken
from bot.domain.plainwords import decoding_words, plain_name, plain_words
from bot.errors import Unavailable


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Validation failed: Text character limit of 500 exceeded", None),
        ("The access token is invalid", None),
        ("[Errno 111] Connection refused", None),
        ("Server disconnected without sending a response.", None),
        ("Record/text must not be longer than 300 graphemes", None),
        ("[Errno -2] Name or service not known", "[Errno -2] Name or service not known"),
        ("UNIQUE constraint failed: posts.remote_id", None),
        ("Profile not found: amy.example.org", "Profile not found: …"),
        ("We were told to mark in three colours. We asked them.", "….".replace(".", "") + "."),
        ("illegal status line: bytearray(b'tok-3c9a1f77e0')", "illegal status line: bytearray(…')"),
        ("duplicate key value violates unique constraint\nDETAIL: Key (text)=(our pupils) already exists.", None),
        ("1234567", "…"),
        ("123456", "123456"),
        ("Amy asked (not found)", "… (not found)"),
        ("not found, Amy: timed out", "not found, …: timed out"),
        ("", ""),
    ],
)
def test_only_the_plain_talk_of_failures_is_repeated(said: str, told: str | None) -> None:
    shown = plain_words(said)
    if told is not None:
        assert shown == told
    elif "pupils" not in said:
        assert shown == said
    assert not [word for word in ("amy", "colours", "tok-", "pupils") if word in shown]


def test_long_talk_is_cut() -> None:
    assert [plain_words("the time", most) for most in (9, 8, 7)] == ["the time", "the time", "the ti…"]
    assert plain_words("the " * 99) == ("the " * 50)[:199] + "…"


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(WORDS, st.integers(10**7).map(lambda number: f"x{number}y"), WORDS)
def test_no_foreign_word_gets_through(before: str, mark: str, after: str) -> None:
    assert mark not in plain_words(before + mark + after)
    assert mark not in plain_name(before + mark + after)
    assert mark not in spoken(ValueError(before, mark, after))
    assert mark not in spoken(RuntimeError(f"{before} {mark} {after}"))
    assert mark in spoken(Unavailable(f"{before} {mark} {after}"))  # our own words are ours


def test_names_of_errors() -> None:
    assert [plain_name(one) for one in ("InvalidRequest", "ExpiredToken", "RateLimitExceeded")] == [
        "InvalidRequest",
        "ExpiredToken",
        "RateLimitExceeded",
    ]
    assert [plain_name(one) for one in ("hunter2", "AmyAsked", "Invalid Request", "eyJhbGciOi", "")] == [""] * 5


def test_decoding_says_where_and_not_what() -> None:
    import msgspec

    class Wire(msgspec.Struct):
        kind: str | int

    class Enumerated(Enum):
        ONE = "one"

    with pytest.raises(msgspec.ValidationError) as shape:
        msgspec.json.decode(b'{"kind": ["our pupils"]}', type=Wire)
    with pytest.raises(msgspec.ValidationError) as value:
        msgspec.json.decode(b'"our pupils\' words"', type=Enumerated)
    assert decoding_words(shape.value) == "Expected `int | str`, got `array` - at `$.kind`"
    assert decoding_words(value.value) == "Invalid enum value '…'"
    with pytest.raises(UnicodeDecodeError) as text:
        b"our pupils \xff".decode()
    assert "pupils" not in decoding_words(text.value)
    assert decoding_words(ValueError("Connection refused")) == "Connection refused"
    assert decoding_words(ValueError("")) == "ValueError"
    assert decoding_words(msgspec.ValidationError("x" * 300)) == "x" * 200
