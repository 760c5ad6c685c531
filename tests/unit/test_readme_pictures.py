"""The README's pictures: all there, small, and told in words."""

import re
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
SHOWN = dict(re.findall(r"!\[([^\]]+)\]\((docs/[^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")))


def test_six_kinds_of_page_are_shown_each_in_words_of_its_own() -> None:
    assert {Path(path).stem for path in SHOWN.values()} == {"home", "series", "chat", "search", "take-part", "phone"}
    assert all(len(words) > 20 for words in SHOWN)


def test_pictures_are_small_and_of_one_shape() -> None:
    for path in SHOWN.values():
        assert (ROOT / path).stat().st_size <= 150_000
        with Image.open(ROOT / path) as picture:
            assert picture.size == (1200, 900)
