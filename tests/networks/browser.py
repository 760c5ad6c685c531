"""A real browser for tests: Chromium from npm, driven by playwright, kept off the network.

Pages may reach loopback and files only. Everything else is refused before it leaves and written down, so that a test
can assert that a page asks no third party for anything.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from networks.yard import HERE, NODE_MODULES, NOT_INSTALLED, StartError, Yard, node, node_installed
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute, sync_playwright

LAUNCH = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}
WITHIN_THE_PAGE = {"file", "data", "blob", "about"}
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{place}/fonts</dir><cachedir>{place}/fonts-cache</cachedir></fontconfig>
"""

ColourScheme = Literal["light", "dark"]


@dataclass
class Visit:
    """One page in a context of its own, and what it asked for."""

    page: Page
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def axe(self, *, tags: tuple[str, ...] = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")) -> list[str]:
        """What axe-core finds wrong on the page, one line per element; needs JavaScript in the page."""
        return axe(self.page, tags=tags)


class Browser:
    """One running browser; each page gets a clean context (no cookies, no cache, nothing shared)."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium

    @contextmanager
    def visit(
        self,
        url: str,
        *,
        width: int = 1280,
        height: int = 800,
        colour_scheme: ColourScheme = "light",
        javascript: bool = True,
        proxy: str = "",
        **context_options: Any,
    ) -> Iterator[Visit]:
        """Open a page at a size in CSS pixels and a colour scheme; closed again when the block ends.

        With the address of a proxy on loopback, all requests go to it, and nothing is refused or written down here.
        """
        if proxy:
            context_options |= {"proxy": {"server": proxy}, "ignore_https_errors": True}
        context = self._chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=colour_scheme,
            java_script_enabled=javascript,
            service_workers="block",  # their requests would pass the route below by
            **context_options,
        )
        try:
            visit = Visit(context.new_page())
            if not proxy:
                _keep_off_the_network(context, visit)
            visit.page.goto(url)
            yield visit
        finally:
            context.close()


def axe(page: Page, *, tags: tuple[str, ...] = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")) -> list[str]:
    """Run axe-core on a page: `rule: help (selector)` for each element that breaks a rule of those tags."""
    if not page.evaluate("() => typeof window.axe === 'object'"):
        page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", list(tags)
    )
    return [
        f"{violation['id']}: {violation['help']} ({' '.join(map(str, element['target']))})"
        for violation in found["violations"]
        for element in violation["nodes"]
    ]


@contextmanager
def launched(chromium: dict[str, str]) -> Iterator[Browser]:
    """Launch the browser that `unpack` unpacked, and close it with the block."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium["executable"],
            args=list(LAUNCH),
            env={**os.environ, "LD_LIBRARY_PATH": chromium["library_path"], "FONTCONFIG_PATH": chromium["fonts"]},
        )
        try:
            yield Browser(running)
        finally:
            running.close()


def unpack(yard: Yard) -> dict[str, Any]:
    """Unpack Chromium with its libraries and fonts into the run's folder; returns where they are."""
    if not node_installed("@sparticuz/chromium"):
        raise StartError(NOT_INSTALLED)
    place = yard.folder / "chromium"
    place.mkdir()
    told = subprocess.run(
        [node(), str(HERE / "chromium.mjs")],
        env={**os.environ, "TMPDIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if told.returncode:
        raise StartError(f"the browser could not be unpacked:\n{told.stderr}")
    found: dict[str, Any] = json.loads(told.stdout)
    # The package's own file looks for its fonts in fixed folders of the machine.
    (place / "fonts" / "fonts.conf").write_text(FONTS.format(place=place))
    return found


def _keep_off_the_network(context: BrowserContext, visit: Visit) -> None:
    def decide(route: Route) -> None:
        url = route.request.url
        if _allowed(url):
            visit.asked.append(url)
            route.continue_()
        else:
            visit.refused.append(url)
            route.abort("blockedbyclient")

    def decide_socket(route: WebSocketRoute) -> None:
        if _allowed(route.url):
            visit.asked.append(route.url)
            route.connect_to_server()
        else:
            visit.refused.append(route.url)
            route.close()

    context.route("**/*", decide)
    context.route_web_socket("**/*", decide_socket)


def _allowed(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in WITHIN_THE_PAGE or parts.hostname in LOOPBACK
