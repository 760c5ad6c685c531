"""Which pictures of an answer may be copied, and when one that could not be had is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.copying import MOST, WAITS, try_again, wanted
from bot.domain.posts import Media

NOW = datetime(2027, 1, 7, 20, tzinfo=UTC)
WALL = Media("image", "A wall", "a1")


@pytest.mark.parametrize(
    ("media", "warning", "labels", "positions"),
    [
        ([], "", (), {}),
        ([WALL], "", (), {0: "a1"}),
        ([Media("image", "", "a1"), Media("image", "", "a2")], "", ("bot",), {0: "a1", 1: "a2"}),
        ([Media("video", "", "v"), WALL, Media("audio", "", "s"), Media("other", "", "o")], "", (), {1: "a1"}),
        ([Media("image", "no key: another server's, or sensitive")], "", (), {}),
        ([WALL], "inspection", (), {}),
        ([WALL], "", ("graphic-media",), {}),
        ([WALL], "", ("spam", "nudity"), {}),
        ([Media("image", "", f"a{n}") for n in range(9)], "", (), {n: f"a{n}" for n in range(MOST)}),
    ],
)
def test_only_pictures_that_nothing_stands_before(
    media: list[Media], warning: str, labels: tuple[str, ...], positions: dict[int, str]
) -> None:
    assert wanted(media, warning=warning, labels=labels) == positions


def test_waits_grow_and_end() -> None:
    tries = [try_again(attempts, NOW) for attempts in range(1, len(WAITS) + 3)]
    waits = [one - NOW for one in tries if one]
    assert waits == sorted(set(waits))
    assert waits[0] <= timedelta(minutes=5)
    assert [one is None for one in tries] == [False] * len(WAITS) + [True, True]
    assert waits[-1] == timedelta(days=1)
