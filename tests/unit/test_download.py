"""A chat as one file to keep: what is in it, where its links lead, and when it is made again."""

import io
import re
import zipfile
from html.parser import HTMLParser

import msgspec
import pytest
from golden import sample
from hypothesis import given, settings, strategies

from bot.domain.records import StoredChat
from bot.rendering import urls
from bot.rendering.download import KEPT, Download, Recent
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates

TEMPLATES = Templates()
CHAT = "edchat/2027-01-07"
ZIP = urls.chat_download(CHAT)


def planned(site: Site = sample.SITE, chats: list[StoredChat] | None = None) -> dict[str, Page]:
    renderer = SiteRenderer(TEMPLATES, site, lambda: sample.NOW)
    pages = renderer.pages(sample.chats() if chats is None else chats, sample.figures(), album=sample.album())
    return {page.path: page for page in pages}


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


class Links(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.to: set[str] = set()
        self.feed(page.decode())

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.to |= {value or "" for name, value in attrs if name in ("href", "src")}


def test_it_holds_the_page_what_it_shows_and_its_data() -> None:
    pages = planned()
    files = unpacked(pages[ZIP].render(sample.contents))
    top = "edchat-2027-01-07/"
    pictures = {f"pictures/{sample.sha256(data)}.webp": data for data in (sample.board(), sample.notes())}
    others = {"index.html", "look.css", "icon.svg", "chat.json", "chat.csv"}
    assert set(files) == {f"{top}{name}" for name in (*others, *pictures)}
    assert {name: files[top + name] for name in pictures} == pictures
    for name in ("chat.json", "chat.csv"):
        assert files[top + name] == pages[f"{CHAT}/{name}"].render(sample.contents)
    assert files[f"{top}look.css"] == pages["look.css"].render(sample.contents)


def test_links_stay_inside_or_are_whole_addresses() -> None:
    pages = planned()
    files = unpacked(pages[ZIP].render(sample.contents))
    page = files["edchat-2027-01-07/index.html"]
    found = Links(page).to
    inside = {one for one in found if not re.match(r"#|https://|mailto:", one)}
    pictures = {f"pictures/{sample.sha256(data)}.webp" for data in (sample.board(), sample.notes())}
    assert inside == {"look.css", "icon.svg", "chat.json", "chat.csv", *pictures}
    for known in (
        "https://chats.example.org/",
        "https://chats.example.org/edchat/2027-01-14/",
        "https://chats.example.org/about/complaints/",
        "https://chats.example.org/edchat/feed.xml",
        "https://chats.example.org/edchat/2027-01-07/chat.zip",
    ):
        assert known in found
    anchors = {one for one in found if one.startswith("#")}
    assert all(f'id="{one[1:]}"'.encode() in page for one in anchors)
    words = re.compile(rb"<[^>]*>")
    assert words.sub(b"", page) == words.sub(b"", pages[urls.chat_page(CHAT)].render(sample.contents))


def test_the_chats_page_links_to_it_in_its_own_language() -> None:
    pages = planned()
    english = pages[urls.chat_page(CHAT)].render(sample.contents).decode()
    french = pages["profchat/2027-02-02/index.html"].render(sample.contents).decode()
    assert '<a href="chat.zip">Download this chat</a>' in english
    assert '<a href="chat.zip">Télécharger cette discussion</a>' in french


def test_the_same_chat_gives_the_same_bytes_and_no_clock_is_asked() -> None:
    one, two = planned()[ZIP].render(sample.contents), planned()[ZIP].render(sample.contents)
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
        assert archive.infolist()[0].filename == "edchat-2027-01-07/index.html"


def test_what_changes_the_page_or_its_data_makes_it_again_and_nothing_else_does() -> None:
    before = {path: page.mark for path, page in planned().items()}
    more = [msgspec.structs.replace(one, revision=one.revision + (one.chat.id == CHAT)) for one in sample.chats()]
    after = {path: page.mark for path, page in planned(chats=more).items()}
    changed = {path for path in before if before[path] != after[path]}
    assert {path for path in changed if path.endswith(".zip")} == {ZIP}


def test_erased_words_leave_it_with_the_next_making() -> None:
    pages = planned()
    content = sample.content()
    gone = content.answers[0]
    whole = b"".join(unpacked(pages[ZIP].render(sample.contents)).values())
    less = msgspec.structs.replace(content, answers=content.answers[1:])
    left = b"".join(unpacked(pages[ZIP].render(lambda chat: less if chat == CHAT else sample.contents(chat))).values())
    words = gone.post.text.text[:30].encode()
    assert words in whole
    assert words not in left


def test_a_site_without_an_address_has_none() -> None:
    pages = planned(Site())
    assert not [path for path in pages if path.endswith(".zip")]
    assert b"chat.zip" not in pages[urls.chat_page(CHAT)].render(sample.contents)


def test_making_it_makes_nothing_twice() -> None:
    pages, asked = planned(), list[str]()

    def content(chat: str) -> object:
        asked.append(chat)
        return sample.contents(chat)

    for path in (urls.chat_page(CHAT), urls.chat_data(CHAT), urls.chat_table(CHAT), ZIP):
        pages[path].render(content)  # type: ignore[arg-type]
    assert len(asked) == 3


def test_only_the_last_few_files_are_remembered() -> None:
    recent, made = Recent(), list[str]()

    def make(path: str) -> bytes:
        return recent.make(path, lambda _: made.append(path) or b"x", content)

    content = object()
    for number in range(KEPT + 1):
        make(str(number))
    make("1")
    assert made == [str(number) for number in range(KEPT + 1)]
    make("0")
    assert made[-1] == "0"


FILES = {
    "look.css": b"css",
    "icon.svg": b"svg",
    "a/1/chat.json": b"{}",
    "a/1/images/x y.png": b"png",
    "a/1/deep/index.html": b"",
    "card.png": b"card",
}


@pytest.mark.parametrize(
    ("tag", "becomes", "packed"),
    [
        ('<a href="chat.json">', '<a href="chat.json">', {"chat.json"}),
        ('<a href="chat.json#x">', '<a href="chat.json#x">', {"chat.json"}),
        ('<a class="b" href="../../about/index.html#x">', '<a class="b" href="https://x.example/about/#x">', set()),
        ('<a href="../../card.png">', '<a href="https://x.example/card.png">', set()),
        ('<a href="index.html#a-1">', '<a href="index.html#a-1">', set()),
        ('<a href="deep/index.html">', '<a href="https://x.example/a/1/deep/">', set()),
        ('<a href="lost.txt">', '<a href="https://x.example/a/1/lost.txt">', set()),
        ('<a href="#a-1">', '<a href="#a-1">', set()),
        ('<a href="mailto:x@y.example?subject=href=z">', '<a href="mailto:x@y.example?subject=href=z">', set()),
        ('<a href="//y.example/z">', '<a href="//y.example/z">', set()),
        ('<a data-href="chat.json" id="x">', '<a data-href="chat.json" id="x">', set()),
        ('<img src="images/x%20y.png" alt="&gt;">', '<img src="images/x%20y.png" alt="&gt;">', {"images/x y.png"}),
        ("<IMG alt='' src='../../card.png'>", "<IMG alt='' src=\"card.png\">", {"card.png"}),
        ('<img src="images/lost.png">', "", set()),
        ('<form action="../../about/index.html">', '<form action="https://x.example/about/">', set()),
        ('<video poster="images/x%20y.png">', '<video poster="images/x%20y.png">', {"images/x y.png"}),
        ('<link rel="stylesheet" href="../../look.css">', '<link rel="stylesheet" href="look.css">', {"look.css"}),
        ('<link href="../../icon.svg" rel="icon" >', '<link href="icon.svg" rel="icon" >', {"icon.svg"}),
        ('<link rel="apple-touch-icon" href="../../icon.svg">', "", set()),
        ('<link rel="preload" href="https://x.example/f.woff">', "", set()),
        ('<link rel="canonical" href="https://x.example/">', '<link rel="canonical" href="https://x.example/">', set()),
        ('<link rel="next" href="../2/index.html">', '<link rel="next" href="https://x.example/a/2/">', set()),
        ('&lt;a href="../x.html"&gt; said somebody', '&lt;a href="../x.html"&gt; said somebody', set()),
    ],
)  # fmt: skip
def test_each_kind_of_link(tag: str, becomes: str, packed: set[str]) -> None:
    here = "a/1/index.html"
    page = f"<p>before</p>{tag}<p>after</p>".encode()
    files = unpacked(Download("https://x.example", here, lambda path: page if path == here else FILES.get(path)).pack())
    assert files.pop("a-1/index.html").decode() == f"<p>before</p>{becomes}<p>after</p>"
    assert set(files) == {f"a-1/{name}" for name in packed}


PIECES = (
    *(
        '<a href="../index.html">',
        "<A HREF='../index.html'>",
        '<p class="x">',
        '<a href="#a-1">',
        "words",
        "</a>",
        "\n",
    ),
    *(
        '<a title="href=#" href="x.html">',
        '<a href="https://other.example/">',
        '<form action="../x/">',
        "<",
        ">",
        "<link",
    ),
    *('<link rel="stylesheet" href="no.css">', "<LINK>", '<a data-href="../a.html">', '<img src="none.png">'),
    *("é", "İ", "ß", 'href="../index.html"'),
)


@given(strategies.lists(strategies.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_in_whatever_text_tags_stand_each_is_mended_as_if_it_stood_alone(text: str) -> None:
    def kept(page: str) -> str:
        files = {"a/1/index.html": page.encode()}
        return unpacked(Download("https://x.example", "a/1/index.html", files.get).pack())["a-1/index.html"].decode()

    assert kept(text) == "".join(kept(part) for part in re.split(r"(<[^<>]*>)", text))
