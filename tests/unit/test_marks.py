"""What a mark carries for the next plan, and that it makes no page again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.marks import Seen, noted, notes, outdated

SEEN = st.dictionaries(
    st.sampled_from(["edchat/2027-01-07", "edchat/2027-01-07-2", "a@b/2027-01-14", "édu/2027-01-21"]),
    st.builds(Seen, st.integers(0, 10**6), st.text("0123456789abcdef", max_size=12)),
)


@given(SEEN)
def test_what_was_noted_is_read_again(seen: dict[str, Seen]) -> None:
    assert notes([noted("f00d", seen)]) == seen


def test_notes_of_several_pages_go_together_and_marks_without_any_say_nothing() -> None:
    one, other = {"a/1": Seen(1, "aa")}, {"b/1": Seen(2, "bb")}
    assert notes([noted("f", one), "", "f00d name", noted("g", other), noted("h", {})]) == one | other
    assert notes([]) == {}


@pytest.mark.parametrize(
    ("mark", "known", "wanted"),
    [
        ("f00d", "f00d", False),
        ("f00d", "beef", True),
        ("f00d", "", True),
        ("f00d name", "f00d other", True),
        ("f00d\ta@1:x", "f00d\ta@2:y", False),
        ("f00d\ta@1:x", "f00d", False),
        ("f00d\ta@1:x", "beef\ta@1:x", True),
    ],
)
def test_a_note_makes_no_page_out_of_date(mark: str, known: str, *, wanted: bool) -> None:
    assert outdated(mark, known) is wanted
