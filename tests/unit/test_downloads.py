"""One-time downloads: what is a token, when an address is good, which files nobody may fetch any more."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.downloads import GOOD_FOR, MOST, TOKEN_BYTES, Download, is_good, left_over, name_of, token_in

NOW = datetime(2027, 1, 8, 9, tzinfo=UTC)
TOKEN = "A-_z" * 10 + "xyz"


def one(name: str, until: datetime = NOW + GOOD_FOR) -> Download:
    return Download("key", name, until, "en")


def test_a_record_waits_a_week_behind_an_address_that_nobody_guesses() -> None:
    assert timedelta(days=7) == GOOD_FOR
    assert TOKEN_BYTES * 8 == 256
    assert MOST == 52_428_800


def test_a_file_is_called_by_the_tokens_hash_alone() -> None:
    assert name_of(TOKEN) == hashlib.sha256(TOKEN.encode()).hexdigest()


@pytest.mark.parametrize("token", ["", TOKEN[:-1], f"{TOKEN}a", TOKEN[:-1] + "/", TOKEN[:-1] + "ä", f"{TOKEN}\n"])
def test_what_cannot_be_a_token_has_no_name(token: str) -> None:
    assert name_of(token) == ""


@pytest.mark.parametrize(
    ("path", "token"),
    [("/abc", "abc"), ("/records/abc", "abc"), ("/abc?utm=1/2", "abc"), ("/", ""), ("", ""), ("/abc/", "")],
)
def test_a_token_stands_behind_the_last_slash(path: str, token: str) -> None:
    assert token_in(path) == token


def test_an_address_is_good_until_its_moment() -> None:
    assert is_good(one("a", NOW + timedelta(microseconds=1)), NOW)
    assert not is_good(one("a", NOW), NOW)


@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_only_what_may_be_fetched_stays(good: set[str], old: set[str], files: set[str]) -> None:
    known = [one(name) for name in good] + [one(name, NOW) for name in old - good]
    assert left_over(known, files, NOW) == tuple(sorted(files - good))
