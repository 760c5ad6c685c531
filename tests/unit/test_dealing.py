"""Each process begins with its share of the long tests, and none is lost on the way."""

from dealing import dealt, is_long
from hypothesis import given
from hypothesis import strategies as st


def test_each_piece_begins_with_its_share_of_the_long_ones_at_another_place_of_it() -> None:
    items = [*"abcdef", 1, 2, 3, 4, 5, *"ghijk"]

    order = dealt(items, 2, lambda one: isinstance(one, int))

    assert order == [1, 3, 5, *"abcde", 4, 2, *"fghijk"]


@given(st.lists(st.tuples(st.integers(), st.booleans()), max_size=40), st.integers(1, 6))
def test_all_are_there_once(items: list[tuple[int, bool]], workers: int) -> None:
    assert sorted(dealt(items, workers, lambda one: one[1])) == sorted(items)


def test_what_is_long_is_known_by_its_folder() -> None:
    assert is_long("tests/chaos/test_crashes.py::test_killed_in_the_loop")
    assert is_long("tests/contract/test_networks_bluesky.py::TestStreams::test_a_post_is_found_by_its_address[v1]")
    assert not is_long("tests/unit/test_dealing.py::test_what_is_long_is_known_by_its_folder")
