"""Makes the pictures of the README anew, from a rehearsal like the demo's; they are the same each time on one computer.

    make test  # once: it brings the browser
    .venv/bin/python docs/pictures/make.py

The fonts are those of the computer. Dates, teachers and their words are made up, and always the same.
"""

from __future__ import annotations

import io
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent.parent / "tests")]

from browser.sites import served  # noqa: E402 - found through the line above
from networks.browser import launched, unpack  # noqa: E402 - the same
from networks.yard import Yard  # noqa: E402 - the same
from PIL import Image  # noqa: E402 - the same

from bot.bootstrap import rehearse_folder, scaffold_folder  # noqa: E402 - the same

if TYPE_CHECKING:
    from networks.browser import Browser

BEGUN = date(2027, 1, 4)
WIDE = (1200, 900)
NARROW = (390, 900)
GAP = 15
HEAVIEST = 150_000  # bytes
FONTS = "/etc/fonts"
CHAT = "edchat/2027-01-07"


def seen(
    browser: Browser, address: str, size: tuple[int, int], *, look_for: str = "", night: bool = False
) -> Image.Image:
    """The top of a page as it stands in a window of that size."""
    with browser.visit(
        address, width=size[0], height=size[1], reduced_motion="reduce", colour_scheme="dark" if night else "light"
    ) as visit:
        if look_for:
            visit.page.get_by_role("searchbox").fill(look_for)
            visit.page.keyboard.press("Enter")
            visit.page.locator(".hit").first.wait_for()
            visit.page.get_by_role("status").filter(has_text="hit").wait_for()
        visit.page.evaluate("document.activeElement.blur()")
        return Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB")


def beside(pictures: list[Image.Image]) -> Image.Image:
    """Narrow pictures side by side, as wide as one of the others."""
    whole = Image.new("RGB", WIDE, "#8a8f86")
    for number, picture in enumerate(pictures):
        whole.paste(picture, (number * (NARROW[0] + GAP), 0))
    return whole


def pictures(browser: Browser, site: str) -> dict[str, Image.Image]:
    """All of them by name."""
    phone = [
        seen(browser, f"{site}{CHAT}/index.html#q1", NARROW),
        seen(browser, f"{site}{CHAT}/index.html", NARROW, night=True),
        seen(browser, f"{site}topics/index.html", NARROW),
    ]
    return {
        "home": seen(browser, f"{site}index.html", WIDE),
        "series": seen(browser, f"{site}edchat/index.html", WIDE),
        "chat": seen(browser, f"{site}{CHAT}/index.html#q1", WIDE),
        "search": seen(browser, f"{site}search/index.html", WIDE, night=True, look_for="class"),
        "take-part": seen(browser, f"{site}take-part/index.html", WIDE),
        "phone": beside(phone),
    }


def main() -> None:
    """Rehearse, look, and write what was seen."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "demo"
        scaffold_folder(folder, BEGUN)
        played = rehearse_folder(folder, CHAT, answers=60, seed=1, here=True, progress=lambda _: None)
        if played.troubles:
            sys.exit("\n".join(played.troubles))
        chromium = {**unpack(Yard(Path(made), lambda _: {})), "fonts": FONTS}
        with launched(chromium) as browser, served(folder / "site") as site:
            for name, picture in pictures(browser, site).items():
                file = HERE / f"{name}.webp"
                picture.save(file, quality=82, method=6)
                if file.stat().st_size > HEAVIEST:
                    sys.exit(f"{file} is too heavy: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
