"""What pages are given of names, descriptions and warnings: all that can be read, and nothing that spoils the page."""

import pytest

from bot.domain.cleaning import LONGEST_WORDS, one_line, showable, words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Zoë 👩‍🏫 de Vries", "Zoë 👩‍🏫 de Vries"),  # the joiner within the picture stays
        ("a\tb\nc", "a\tb\nc"),
        ("bell\a, page\f, line\u2028, part\u2029.", "bell , page , line , part ."),
        ("half \ud83d, none \ufdd0", "half \ufffd, none \ufffd"),
        ("turned \u202eround\u202c and \u2067back\u2069", "turned round and back"),
        ("\u202e\a\ud83d", " \ufffd"),
    ],
)
def test_what_can_be_read_stays(given: str, shown: str) -> None:
    assert showable(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Amy", "Amy"),
        ("  Amy\r\n\tLee ", "Amy Lee"),
        ("Amy\u202e Lee", "Amy Lee"),
        ("12345678", "12345678"),
        ("123456789", "1234567…"),
        ("123456 89", "123456…"),
        (" " * 20 + "12345678", "12345678"),
        (" \u200b\u2800\u00ad\u0301\ufe0f", ""),
        ("", ""),
        ("\u200b1", "\u200b1"),
    ],
)
def test_a_name_is_one_line_of_so_many_characters(given: str, shown: str) -> None:
    assert one_line(given, 8) == shown


def test_a_long_name_is_cut_however_long_it_is() -> None:
    assert one_line("a" * 10**6, 200) == "a" * 199 + "…"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (" a desk\r\nwith a lamp\r\rand a cup \n", "a desk\nwith a lamp\n\nand a cup"),
        ("a\u202eb", "ab"),
        ("a" * LONGEST_WORDS, "a" * LONGEST_WORDS),
        ("a" * (LONGEST_WORDS + 1), "a" * (LONGEST_WORDS - 1) + "…"),
        ("a" * (LONGEST_WORDS - 2) + "  b", "a" * (LONGEST_WORDS - 2) + "…"),
    ],
)
def test_a_description_keeps_its_lines(given: str, shown: str) -> None:
    assert words(given) == shown
