import ast
import json
import os
import posixpath
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from golden import rewrite, sample
from golden.sample import answer
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.posts import Account, Tombstone
from bot.domain.records import Answer, ChatContent, ChatFigures, Pick, StoredChat
from bot.domain.richtext import Facet, Link, RichText
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry
from bot.rendering import urls
from bot.rendering.chatview import DEEPEST, short_uri, view
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates

TEMPLATES = Templates()
CHAT = "edchat/2027-01-07"
STORY = urls.story_page("edchat", sample.STORY.slug)
PICTURES = [urls.chat_picture("edchat/2027-01-07", sample.sha256(data)) for data in (sample.board(), sample.notes())]
VOID = {"meta", "link", "br", "img"}


class Seen(HTMLParser):
    """Reads a page strictly: every element ends where it should; notes ids, links and what is loaded."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[tuple[str, dict[str, str | None]]] = []
        self.loads: list[str] = []
        self.icons: list[str] = []
        self.elements: Counter[str] = Counter()
        self.deepest = 0
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), "an attribute twice"
        assert not any(name.startswith("on") for name in values)
        self.elements[tag] += 1
        if "id" in values:
            self.ids.append(values["id"] or "")
        if tag == "a":
            self.hrefs.append((values["href"] or "", values))
        elif tag == "link":
            self.loads += [values["href"] or ""] if values["rel"] == "stylesheet" else []
            self.icons += [values["href"] or ""] if "icon" in (values["rel"] or "") else []
        if "src" in values:
            self.loads.append(values["src"] or "")
        if tag not in VOID:
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def planned(
    site: Site = sample.SITE,
    now: Any = sample.NOW,
    chats: list[StoredChat] | None = None,
    figures: Any = None,
    listed: Sequence[Account] = (),
) -> dict[str, Page]:
    renderer = SiteRenderer(TEMPLATES, site, lambda: now)
    every = sample.chats() if chats is None else chats
    counts = figures if figures is not None else sample.figures()
    pages = renderer.pages(every, counts, listed, album=sample.album(), quoting=sample.quoting())
    return {page.path: page for page in pages}


def chat_page(content: ChatContent, path: str = urls.chat_page(CHAT)) -> bytes:
    return planned(chats=[content.stored])[path].render(lambda _: content)


def chat_of(*answers: Answer, stones: tuple[Tombstone, ...] = (), picks: tuple[Pick, ...] = ()) -> ChatContent:
    whole = sample.content()
    ordered = tuple(sorted(answers, key=lambda one: (one.post.at, one.key)))
    return msgspec.structs.replace(whole, answers=ordered, tombstones=stones, picks=picks)


GOLDEN = rewrite.site()
HTML = sorted(path for path in GOLDEN if path.endswith(".html"))


@pytest.mark.parametrize("path", sorted(path for path in GOLDEN if not rewrite.is_packed(path)))
def test_every_page_reads_as_agreed(path: str) -> None:
    assert GOLDEN[path] == (rewrite.HERE / "site" / path).read_bytes()


def test_there_is_no_golden_page_too_many() -> None:
    folder = Path(rewrite.HERE) / "site"
    assert {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} == {
        path for path in GOLDEN if not rewrite.is_packed(path)
    }


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_with_other_hashes_gives_the_same_bytes(seed: str) -> None:
    program = "import sys; sys.path[:0] = [sys.argv[1]]; from golden import rewrite; print(repr(dict(rewrite.site())))"
    told = subprocess.run(
        [sys.executable, "-c", program, str(rewrite.HERE.parent)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ast.literal_eval(told.stdout) == GOLDEN


@pytest.mark.parametrize("path", HTML)
def test_pages_are_well_formed_and_ids_are_unique(path: str) -> None:
    seen = Seen(GOLDEN[path])
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.elements["h1"] == 1
    assert seen.elements["main"] == 1
    assert not {"script", "iframe", "object", "form", "style"} & seen.elements.keys()
    assert seen.elements["img"] == (len(PICTURES) if path == urls.chat_page(CHAT) else 0)


@pytest.mark.parametrize("path", HTML)
def test_pages_load_only_their_style_sheet_and_every_link_leads_somewhere(path: str) -> None:
    seen = Seen(GOLDEN[path])
    loads = [posixpath.normpath(posixpath.join(posixpath.dirname(path), one)) for one in seen.loads]
    assert loads == ["look.css", *(PICTURES if path == urls.chat_page(CHAT) else ())]
    assert set(loads[1:]) <= GOLDEN.keys()
    icons = [posixpath.normpath(posixpath.join(posixpath.dirname(path), one)) for one in seen.icons]
    assert icons == (["icon.svg", "apple-touch-icon.png"] if path.endswith("index.html") else [])  # a snippet has none
    assert set(icons) <= GOLDEN.keys()
    for href, attributes in seen.hrefs:
        parts = urlsplit(href)
        if parts.scheme:
            assert parts.scheme == "mailto" or "noopener" in (attributes.get("rel") or "")
            continue
        target = (
            posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
        )
        if target == urls.COMPLAINTS:
            continue
        assert target in GOLDEN, href
        if parts.fragment:
            assert parts.fragment in Seen(GOLDEN[target]).ids, href


def test_answers_of_both_networks_stand_under_one_question() -> None:
    page = GOLDEN[urls.chat_page(CHAT)].decode()
    question = page.partition('id="q1"')[2].partition('id="q2"')[0]
    assert "Open on Bluesky" in question
    assert "Open on Mastodon" in question
    assert question.index('id="a-01"') < question.index('id="a-08"') < question.index('id="a-09"')


def test_what_people_wrote_is_never_markup() -> None:
    nasty = '<img src=x onerror=alert(1)> "quoted" &amp; </article>'
    rich = RichText(nasty + " link", (Facet(0, 4, Link("javascript:alert(1)")),))
    post = answer("01", "y5", 6, nasty, 1, warning=nasty, languages=('en"><b>',))
    author = msgspec.structs.replace(post.post.author, name=nasty, handle=nasty)
    ref = msgspec.structs.replace(post.post.ref, url="javascript:alert(1)")
    changed = msgspec.structs.replace(post.post, text=rich, author=author, ref=ref)
    page = chat_page(chat_of(msgspec.structs.replace(post, post=changed)))
    seen = Seen(page)
    assert seen.elements["img"] == 0
    assert all("javascript" not in href for href, _ in seen.hrefs)
    assert b"&lt;img src=x" in page


def test_moderators_words_are_never_markup() -> None:
    stored = sample.stored_chats()[0]
    chat = msgspec.structs.replace(stored.chat, topic="<b>A & B</b>", about="<i>", hosts=("<u>",), resources=("<s>",))
    content = msgspec.structs.replace(sample.content(), stored=msgspec.structs.replace(stored, chat=chat))
    assert not {"b", "i", "u", "s"} & Seen(chat_page(content)).elements.keys()


def test_languages_and_directions() -> None:
    page = GOLDEN[urls.chat_page(CHAT)].decode()
    assert '<div class="e-content" lang="ar" dir="rtl" itemprop="text">' in page
    odd = chat_page(chat_of(answer("01", "y5", 6, "Hm", 1, languages=("not a language",)))).decode()
    assert 'class="e-content" itemprop="text"><p' in odd
    assert '<html lang="fr" dir="ltr">' in GOLDEN["profchat/index.html"].decode()


def test_a_content_warning_hides_the_words_and_keeps_its_links_out_of_the_list() -> None:
    hidden = answer("01", "y5", 6, "See https://example.org/hidden", 1, warning="inspection")
    page = chat_page(chat_of(hidden)).decode()
    assert "<details><summary>Content warning: inspection</summary>" in page
    assert 'id="links"' not in page


def test_a_tombstone_says_nothing_but_that_it_was_there() -> None:
    page = chat_page(chat_of(stones=(Tombstone("13", "ours-bluesky-3", "", sample.START),))).decode()
    question = page.partition('id="q3"')[2].partition('id="q4"')[0]
    assert '<article class="answer" id="a-13"><p class="gone">An answer was removed or is not shown.</p>' in question
    assert "<time" not in question
    assert "No answers are shown · <a" in re.sub(r"</?span[^>]*>", "", question)


def test_many_tombstones_become_one_line_unless_something_hangs_under_them() -> None:
    stones = tuple(Tombstone(f"s{n}", "ours-bluesky-1", "", sample.START + timedelta(minutes=n)) for n in range(9))
    under = answer("01", "y5", 20, "Still here", 1, to="s4")
    page = chat_page(chat_of(under, stones=stones)).decode()
    assert page.count('class="gone"') == 3
    assert "4 answers were removed or are not shown." in page
    assert "in reply to an answer that is not shown" in page


def test_a_tombstone_under_nothing_we_know_is_left_out() -> None:
    page = chat_page(chat_of(stones=(Tombstone("13", "elsewhere", "", sample.START),))).decode()
    assert 'class="gone"' not in page


def test_an_answer_to_two_questions_stands_once_and_is_named_twice() -> None:
    page = GOLDEN[urls.chat_page(CHAT)].decode()
    assert page.count('id="a-11"') == 1
    assert '<a href="#a-11">head.example.net answers this together with Q2.</a>' in page


def test_the_unplaced_come_last() -> None:
    page = GOLDEN[urls.chat_page(CHAT)].decode()
    assert page.index('id="q4"') < page.index('id="unplaced"') < page.index('id="a-18"') < page.index('id="links"')


def test_a_reply_in_another_question_says_whom_it_answers_and_links_there() -> None:
    first, reply = answer("01", "y5", 6, "First", 1), answer("02", "hist", 7, "A2 Second", 2, to="01", how="label")
    page = chat_page(chat_of(first, reply)).decode()
    assert page.partition('id="q2"')[2].index('href="#a-01"><bdi>Year 5 teacher in Leeds</bdi></a>') > 0


def test_links_are_gathered_once_without_what_tracks_and_say_how_many_shared_them() -> None:
    data = json.loads(GOLDEN[urls.chat_data(CHAT)])
    assert data["links"] == ["https://example.org/whole-class-feedback", "https://example.net/notes"]
    page = GOLDEN[urls.chat_page(CHAT)].decode()
    assert 'shared by 2 people in <a href="#q2">Q2</a> and <a href="#q4">Q4</a>' in page


def test_a_long_address_is_shown_short() -> None:
    assert short_uri("https://www.example.org/") == "example.org"
    assert len(short_uri("https://example.org/" + "x" * 100)) == 60


def test_chat_pages_say_noindex_unless_the_series_chooses_otherwise() -> None:
    noindex = b'<meta name="robots" content="noindex">'
    assert noindex in GOLDEN[urls.chat_page(CHAT)]
    assert noindex not in GOLDEN[urls.chat_page("profchat/2027-02-02")]


def test_an_empty_site_has_its_pages() -> None:
    pages = planned(Site(), chats=[], figures={})
    assert {"index.html", "about/index.html", "privacy/index.html", "look.css", "robots.txt"} <= pages.keys()
    assert "sitemap.xml" not in pages  # which names whole addresses, and there are none
    assert not any(b"og:" in page.render(sample.contents) for path, page in pages.items() if path.endswith(".html"))
    assert b"No chat is planned here yet." in pages["index.html"].render(sample.contents)
    for page in pages.values():
        assert page.render(sample.contents)


def test_a_cancelled_chat_keeps_its_answers_and_says_so() -> None:
    content = sample.content()
    content = msgspec.structs.replace(content, stored=msgspec.structs.replace(content.stored, cancelled=True))
    page = chat_page(content)
    assert b"This chat was cancelled." in page
    assert b'id="a-01"' in page


def test_a_series_called_like_a_page_does_not_take_its_place() -> None:
    series = msgspec.structs.replace(sample.EDCHAT, slug="about")
    stored = [StoredChat(chat, series, 1) for chat in planned_chats(series)]
    pages = planned(chats=stored, figures={})
    assert "about-chat/2027-01-07/index.html" in pages
    assert urls.folder("people") == "people-chat"
    assert b"<h1>About</h1>" in pages["about/index.html"].render(sample.contents)


# -- marks ---------------------------------------------------------------------------------------------------------


def marks(**more: Any) -> dict[str, str]:
    return {path: page.mark for path, page in planned(**more).items()}


def changed(**more: Any) -> set[str]:
    before, after = marks(), marks(**more)
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def test_planning_renders_nothing_and_is_stable() -> None:
    def never(_: Callable[..., object]) -> ChatContent:
        raise AssertionError

    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    album, quoting = sample.album(), sample.quoting()
    pages = renderer.pages(sample.chats(), sample.figures(), sample.listed(), album=album, quoting=quoting)
    assert len(list(pages)) == len(GOLDEN) + 1
    assert marks() == marks()
    with pytest.raises(AssertionError):
        planned()[urls.chat_page(CHAT)].render(never)


def test_an_answer_more_changes_its_chat_and_the_lists_that_count_it() -> None:
    chats = [
        msgspec.structs.replace(one, revision=one.revision + 1) if one.chat.id == CHAT else one
        for one in sample.chats()
    ]
    figures = sample.figures() | {CHAT: ChatFigures(8, 18, 3, sample.START + timedelta(hours=12))}
    assert changed(chats=chats, figures=figures) == {
        "index.html",
        "feed.xml",
        "feed.json",
        "edchat/index.html",
        "edchat/feed.xml",
        "edchat/feed.json",
        "links/index.html",
        urls.chat_page(CHAT),
        urls.chat_data(CHAT),
        urls.chat_table(CHAT),
        urls.chat_download(CHAT),
        STORY,
    }


def test_another_address_changes_every_page() -> None:
    assert changed(site=msgspec.structs.replace(sample.SITE, address="https://elsewhere.example")) == marks().keys()


def test_a_topic_in_another_language_says_so_in_lists() -> None:
    home = GOLDEN[urls.HOME].decode()
    assert '<h3 lang="fr"><a href="profchat/2027-02-02/index.html">' in home
    assert '<h3><a href="edchat/2027-01-07/index.html">' in home
    assert '<h3><a href="2027-02-02/index.html">' in GOLDEN["profchat/index.html"].decode()


def test_a_chat_to_come_says_which_accounts_will_ask() -> None:
    coming, past = (GOLDEN[urls.chat_page(f"edchat/2027-01-{day}")].decode() for day in ("14", "07"))
    for voice in sample.SITE.voices:
        assert f'href="{voice.url}"' in coming
        assert f'href="{voice.url}"' not in past


def test_the_accounts_of_a_series_stand_on_its_coming_chats_and_change_them() -> None:
    fewer = msgspec.structs.replace(sample.EDCHAT, accounts=("bluesky",))
    one = urls.chat_page("edchat/2027-01-14")
    assert one in changed(chats=[msgspec.structs.replace(stored, series=fewer) for stored in sample.stored_chats()])


def test_the_end_of_a_chat_moves_it_from_coming_to_past() -> None:
    before, after = sample.START + timedelta(minutes=30), sample.START + timedelta(minutes=90)
    one, two = marks(now=before), marks(now=after)
    moved = {path for path in one if one[path] != two[path]}
    lists = {"index.html", "topics/index.html", "edchat/index.html", "edchat/snippet.html"}
    assert moved == lists | {"calendar.ics", "edchat/calendar.ics", "sitemap.xml"}


def test_a_chat_whose_words_were_kept_long_enough_says_so_and_asks_nobody_to_answer() -> None:
    keep = msgspec.structs.replace(sample.EDCHAT, keep=timedelta(days=30))
    chats = [msgspec.structs.replace(stored, series=keep) for stored in sample.stored_chats()]
    over = chats[0].chat.ends_at + timedelta(days=30)

    def page(now: datetime, content: ChatContent) -> str:
        renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: now)
        found = next(one for one in renderer.pages(chats, {}) if one.path == urls.chat_page(CHAT))
        return found.render(lambda _: content).decode()

    gone, there = ChatContent(chats[0], (), (), (), ()), msgspec.structs.replace(sample.content(), stored=chats[0])
    said, asked = "That time is over, and it is gone.", "No answers yet"
    for now, content, told in (
        (over, gone, True),
        (over - timedelta(seconds=1), gone, False),
        (over, there, False),  # not erased yet
    ):
        html = page(now, content)
        assert (said in html) == told
        assert (asked in html) == (content is gone and not told)
    before, after = (marks(chats=chats, now=now) for now in (over - timedelta(seconds=1), over))
    assert before[urls.chat_page(CHAT)] != after[urls.chat_page(CHAT)]


def test_a_chat_taken_out_takes_its_pages_along() -> None:
    left = [one for one in sample.chats() if one.chat.id != CHAT]
    assert {path for path in marks() if path not in marks(chats=left)} == {
        urls.chat_page(CHAT),
        urls.chat_handout(CHAT),
        urls.chat_data(CHAT),
        urls.chat_table(CHAT),
        urls.chat_download(CHAT),
        urls.chat_card(CHAT),
        STORY,
        *PICTURES,
    }


def test_a_new_neighbour_changes_only_who_stands_beside_it() -> None:
    entry = ChatEntry(sample.EDCHAT.chats[1].date + timedelta(days=7), "Ending a lesson", ())
    series = msgspec.structs.replace(sample.EDCHAT, chats=(*sample.EDCHAT.chats, entry))
    chats = sorted(
        [*sample.stored_chats(series), *sample.stored_chats(sample.PROFCHAT, 1)], key=lambda one: one.chat.starts_at
    )
    moved = changed(chats=chats)
    assert urls.chat_page(CHAT) not in moved
    assert urls.chat_page("edchat/2027-01-14") in moved
    assert urls.chat_page("edchat/2027-01-21") in moved


# -- threads -------------------------------------------------------------------------------------------------------


def test_five_thousand_answers_in_one_thread_stay_shallow() -> None:
    answers = [
        answer(f"{n:05}", "y5" if n % 2 else "hist", n / 100, f"Answer {n}", 1, to=f"{n - 1:05}" if n else "")
        for n in range(5000)
    ]
    content = chat_of(*answers)
    seen = Seen(chat_page(content))
    assert sum(one.startswith("a-") for one in seen.ids) == 5000
    assert seen.deepest < 30
    assert len(_all(json.loads(chat_page(content, urls.chat_data(CHAT)))["questions"][0]["answers"])) == 5000


def _all(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for answer in answers for one in (answer, *_all(answer["replies"]))]


DRAWN = st.lists(
    st.tuples(st.booleans(), st.sets(st.integers(1, 4), max_size=2), st.integers(-2, 30), st.integers(0, 50)),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(DRAWN)
def test_any_thread_is_shown_whole_and_nested_right(drawn: list[tuple[bool, set[int], int, int]]) -> None:
    answers, stones = [], []
    for index, (gone, numbers, parent, minute) in enumerate(drawn):
        key = f"{index:03}"
        above = "ours-bluesky-1" if parent == -1 else f"{parent:03}" if parent >= 0 else ""
        if gone:
            stones.append(Tombstone(key, above, "", sample.START + timedelta(minutes=minute)))
        else:
            answers.append(answer(key, "y5", minute, "Words", *sorted(numbers), to=above))
    content = chat_of(*answers, stones=tuple(stones))
    seen = view(content)
    rows = [row for section in (*seen.sections, seen.unplaced) for row in section.rows]
    assert sorted(row.key for row in rows if row.answer) == sorted(one.key for one in answers)
    for section in (*seen.sections, seen.unplaced):
        depth = 0
        for row in section.rows:
            assert row.level == depth <= DEEPEST
            depth += 1 if row.opens else -row.closes
        assert depth == 0
    page = Seen(chat_page(content))
    assert len(page.ids) == len(set(page.ids))
    told = json.loads(chat_page(content, urls.chat_data(CHAT)))
    listed = [
        one["id"] for part in (*told["questions"], {"answers": told["unplaced"]}) for one in _all(part["answers"])
    ]
    assert sorted(listed) == sorted(one.key for one in answers)
