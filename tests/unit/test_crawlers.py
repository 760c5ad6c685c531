"""What search engines are told: the pages themselves, robots.txt and the sitemap say the same."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import msgspec
import pytest
from golden import rewrite, sample

from bot.domain.records import ChatFigures
from bot.rendering import urls
from bot.rendering.crawlers import PREVIEWERS, changed_on, may_list, robots, sitemap

GOLDEN = rewrite.site()
ADDRESS = sample.SITE.address
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
CLOSED_CHAT = "edchat/2027-01-07/"
NOINDEX = b'<meta name="robots" content="noindex">'


def allowed(rules: bytes, robot: str, path: str) -> bool:
    """Whether a path is open to a robot: the longest rule of its group decides (RFC 9309, 2.2.2)."""
    groups: dict[str, list[tuple[bool, str]]] = {}
    names: list[str] = []
    listening = False
    for line in rules.decode().splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "User-agent":
            names = [*names, value] if listening else [value]
            listening = True
            groups.setdefault(value, [])
        elif key in ("Allow", "Disallow"):
            listening = False
            for name in names:
                groups[name].append((key == "Allow", value))
    found = [
        (len(rule), open_)
        for open_, rule in groups.get(robot, groups["*"])
        if rule and re.match(re.escape(rule).replace(r"\*", ".*").replace(r"\$", "$"), path)
    ]
    return max(found, default=(0, True))[1]


def listed(data: bytes) -> dict[str, str | None]:
    entries = ET.fromstring(data)  # noqa: S314 - our own
    return {one.findtext(f"{NAMESPACE}loc") or "": one.findtext(f"{NAMESPACE}lastmod") for one in entries}


@pytest.mark.parametrize("path", sorted(path for path in GOLDEN if path.endswith(".html")))
def test_page_robots_and_sitemap_agree(path: str) -> None:
    page, where = GOLDEN[path], urls.absolute(ADDRESS, path)
    assert (NOINDEX not in page) == (where in listed(GOLDEN[urls.SITEMAP])) == may_list(path, {"edchat"})
    for shape in (urlsplit(where).path, f"/{path}", f"{urlsplit(where).path}?from=a-post"):
        assert allowed(GOLDEN[urls.ROBOTS], "*", shape), "a crawler has to read what a page says"
    if path.endswith("index.html"):  # a snippet is there to be copied
        assert f'<link rel="canonical" href="{where}">'.encode() in page


def test_some_pages_are_listed_and_some_are_not() -> None:
    told = listed(GOLDEN[urls.SITEMAP])
    assert f"{ADDRESS}/profchat/2027-02-02/" in told
    assert f"{ADDRESS}/edchat/" in told
    assert not [one for one in told if CLOSED_CHAT in one or "people" in one]


def test_what_says_nothing_itself_is_closed_where_its_series_is() -> None:
    for path in (path for path in GOLDEN if not path.endswith(".html")):
        closed = path.startswith(("edchat/2027", "edchat/events/"))
        assert allowed(GOLDEN[urls.ROBOTS], "*", f"/{path}") != closed, path
        assert not may_list(path, ()), path


@pytest.mark.parametrize("name", ["chat.json", "chat.csv", "chat.zip", "card.png", "images/a.jpg", "later-made.bin"])
def test_all_beside_a_closed_page_is_closed_and_previews_get_the_card(name: str) -> None:
    rules = GOLDEN[urls.ROBOTS]
    assert not allowed(rules, "*", f"/{CLOSED_CHAT}{name}")
    assert allowed(rules, "*", f"/profchat/2027-02-02/{name}")
    for robot in PREVIEWERS:
        assert allowed(rules, robot, f"/{CLOSED_CHAT}{name}") == (name == "card.png")
        assert allowed(rules, robot, f"/{CLOSED_CHAT}")


def test_the_bundles_of_our_own_search_are_closed_with_their_series() -> None:
    assert not allowed(GOLDEN[urls.ROBOTS], "*", f"/{urls.search_bundle('edchat', 2026)}x.pf_fragment")
    assert allowed(GOLDEN[urls.ROBOTS], "*", "/search/index.html")


def test_feeds_and_calendars_stay_open_to_their_readers() -> None:
    for path in ("feed.xml", "feed.json", "calendar.ics", "edchat/feed.xml", "edchat/calendar.ics"):
        assert allowed(GOLDEN[urls.ROBOTS], "*", f"/{path}")


def test_with_nothing_closed_all_is_open() -> None:
    assert robots("", ()) == b"User-agent: *\nDisallow:\n"


def test_a_site_below_another_names_the_whole_path_and_a_series_its_own_folder() -> None:
    rules = robots("https://school.example/chats/", {"about", "été"})
    assert not allowed(rules, "*", "/chats/about-chat/2027-01-07/chat.json")
    assert allowed(rules, "*", "/chats/about-chat/2027-01-07/")
    assert not allowed(rules, "*", f"/chats/{urls.search_bundle('about', 2026)}pagefind-entry.json")
    assert not allowed(rules, "*", "/chats/%C3%A9t%C3%A9/2027-01-07/chat.json")
    assert rules.endswith(b"Sitemap: https://school.example/chats/sitemap.xml\n")


@pytest.mark.parametrize(
    ("path", "closed", "may"),
    [
        ("index.html", {"edchat"}, True),
        ("edchat/index.html", {"edchat"}, True),
        ("edchat/2027-01-07/index.html", {"edchat"}, False),
        ("edchat/2027-01-07/index.html", {"ed"}, True),
        ("about-chat/2027-01-07/index.html", {"about"}, False),
        ("about/index.html", {"about"}, True),
        ("about/complaints/index.html", {"about"}, True),
        ("people/index.html", set(), False),
        ("edchat/2027-01-07/chat.json", set(), False),
        ("edchat/2027-01-07/card.png", set(), False),
        ("myindex.html", set(), False),
    ],
)
def test_what_may_be_listed(path: str, closed: set[str], may: bool) -> None:
    assert may_list(path, closed) == may


def test_the_sitemap_says_when_something_was_said_last_to_the_day() -> None:
    figures = {"edchat/2027-01-07": ChatFigures(1, 1, 0, sample.START + timedelta(days=2))}
    days = changed_on(sample.chats(), figures, sample.NOW)
    assert days == dict.fromkeys(("edchat/2027-01-07/index.html", "edchat/index.html", "index.html"), date(2027, 1, 9))
    assert changed_on(sample.chats(), {}, sample.NOW)["index.html"] == date(2027, 1, 7)
    assert changed_on(sample.chats(), figures, datetime(2027, 1, 7, 20, 30, tzinfo=UTC)) == {}
    told = listed(sitemap("https://a.example", ["index.html", "b/index.html"], {"index.html": date(2027, 1, 9)}))
    assert told == {"https://a.example/": "2027-01-09", "https://a.example/b/": None}


def test_a_series_that_opens_up_changes_what_is_said_everywhere() -> None:
    from bot.rendering.pages import SiteRenderer
    from bot.rendering.templates import Templates

    series = msgspec.structs.replace(sample.EDCHAT, index=True)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    made = {page.path: page for page in renderer.pages(sample.stored_chats(series), sample.figures())}
    before = {page.path: page.mark for page in renderer.pages(sample.stored_chats(), sample.figures())}
    list(renderer.pages(sample.stored_chats(series), sample.figures()))
    for path in (f"{CLOSED_CHAT}index.html", urls.ROBOTS, urls.SITEMAP):
        assert made[path].mark != before[path]
    assert NOINDEX not in made[f"{CLOSED_CHAT}index.html"].render(sample.contents)
    assert f"{ADDRESS}/{CLOSED_CHAT}" in listed(made[urls.SITEMAP].render(sample.contents))
    assert b"Disallow:\n" in made[urls.ROBOTS].render(sample.contents)
