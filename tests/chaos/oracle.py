"""What became of a chat, read only from what the servers hold and from the files of the site: never from our tables.

`judge_said` looks at one network's posts, `judge_site` at a folder of pages; both give a `Verdict`; verdicts add up.
"""

import gzip
import json
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Self

GZIP = b"\x1f\x8b"
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])


@dataclass(frozen=True)
class Held:
    """A post as a server holds it: its id, the words as they were sent, and the id of what it answers (empty: none)."""

    id: str
    text: str
    parent: str = ""


@dataclass
class Verdict:
    """What is wrong, one line each; nothing in any list: the promise was kept."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    site: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Verdict") -> Self:
        for mine, more in zip(self.lists(), other.lists(), strict=True):
            mine.extend(more)
        return self

    def lists(self) -> tuple[list[str], ...]:
        """All four, in their order."""
        return self.lost, self.doubled, self.out_of_order, self.site

    @property
    def wrong(self) -> list[str]:
        """All that is wrong."""
        named = zip(("lost", "doubled", "out of order", "site"), self.lists(), strict=True)
        return [f"{kind}: {line}" for kind, lines in named for line in lines]


def judge_said(
    network: str,
    wanted: Sequence[str],
    held: Sequence[Held],
    *,
    repeated: Collection[str] | None,
    questions: int = 0,
    closing: int = 0,
    unwanted: Collection[str] = (),
) -> Verdict:
    """Every prompt once and in order, then one digest thread, whole and in order, and nothing else.

    Args:
        network: named in what is found.
        wanted: the prompts' words, in the order in which they are to be said.
        held: our account's posts on the server, oldest first.
        repeated: for each answer that the digest repeats, words that only it has, in order; ``None``: no digest yet.
        questions: for each of them the digest has a post under its root, unless it repeats nothing.
        closing: posts of the digest that repeat nobody and stand at its end.
        unwanted: words that must not stand in any post of ours.
    """
    found = Verdict()
    texts = [one.text for one in held]
    count, planned = Counter(texts), Counter(wanted)
    found.lost += [f"{network}: {text!r}" for text in planned if count[text] < planned[text]]
    found.doubled += [
        f"{network}: {text!r}, {count[text]} times" for text in count if count[text] > (planned[text] or 1)
    ]
    said = [text for text in dict.fromkeys(texts) if text in planned]
    if said != [text for text in dict.fromkeys(wanted) if text in count]:
        found.out_of_order.append(f"{network}: prompts were said as {said}")
    rest = [one for one in held if one.text not in planned]
    if rest and said and texts.index(rest[0].text) < texts.index(said[-1]):
        found.out_of_order.append(f"{network}: {rest[0].text!r} stands before {said[-1]!r}")
    if repeated is None:
        found.doubled += [f"{network}: nobody asked for {one.text!r}" for one in rest]
    else:
        found += _judge_digest(network, rest, list(repeated), (questions if repeated else 0) + closing)
    found.doubled += [
        f"{network}: {word!r} is still repeated" for word in unwanted if any(word in text for text in texts)
    ]
    return found


def judge_asked(network: str, asked: Sequence[Held], held: Sequence[Held], times: int) -> Verdict:
    """Somebody was asked later, under their answer, as often as is due, and after all that was said before.

    Args:
        network: named in what is found.
        asked: our posts under that answer.
        held: all our posts there, oldest first.
        times: how often they are to be asked.
    """
    found = Verdict()
    if len(asked) < times:
        found.lost.append(f"{network}: asked {len(asked)} of {times} times what came of it")
    found.doubled += [f"{network}: {one.text!r} is asked once too often" for one in asked[times:]]
    if [one.id for one in held[len(held) - len(asked) :]] != [one.id for one in asked]:
        found.out_of_order.append(f"{network}: somebody was asked before the chat was through")
    return found


def _judge_digest(network: str, posts: Sequence[Held], repeated: Sequence[str], beside: int) -> Verdict:
    found = Verdict()
    ids = {one.id for one in posts}
    roots = [one for one in posts if not one.parent]
    if not roots:
        found.lost.append(f"{network}: the digest")
    found.doubled += [f"{network}: another root, {one.text!r}" for one in roots[1:]]
    for place, one in enumerate(posts):
        if one.parent and one.parent not in {earlier.id for earlier in posts[:place]}:
            where = "before what it hangs under" if one.parent in ids else "under something else"
            found.out_of_order.append(f"{network}: {one.text!r} of the digest stands {where}")
    places = []
    for words in repeated:
        among = [place for place, one in enumerate(posts) if words in one.text]
        places += among[:1]
        if not among:
            found.lost.append(f"{network}: the digest does not repeat {words!r}")
        found.doubled += [f"{network}: the digest repeats {words!r} again" for _ in among[1:]]
    if places != sorted(places):
        found.out_of_order.append(f"{network}: the digest repeats answers as they stand at {places}")
    whole = 1 + beside + len(repeated)
    if len(posts) < whole:
        found.lost.append(f"{network}: {whole - len(posts)} posts of the digest")
    found.doubled += [f"{network}: {one.text!r} is one post too many" for one in posts[whole:]]
    return found


# -- the site ----------------------------------------------------------------------------------------------------
class _Page(HTMLParser):
    """Whether every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong = ""
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong = self.wrong or f"</{tag}> closes nothing"


def half(file: Path) -> str:
    """What is wrong with a file of the site as a whole of its kind; empty if nothing is."""
    data = file.read_bytes()
    if file.suffix in (".png", ".zip"):
        return _zip_fault(file) if file.suffix == ".zip" else _png_fault(data)
    try:
        if data.startswith(GZIP):
            return "" if gzip.decompress(data) else "it is empty"
        text = data.decode()
        if file.suffix == ".html":
            return _html_fault(text)
        if file.suffix == ".json":
            json.loads(text)
        elif file.suffix in (".xml", ".svg"):
            ET.fromstring(text)  # noqa: S314 - our own pages
        elif file.suffix == ".ics" and not text.rstrip().endswith("END:VCALENDAR"):
            return "it ends too early"
    except (UnicodeDecodeError, ValueError, EOFError, OSError, zlib.error, ET.ParseError) as error:
        return str(error)
    return "" if data else "it is empty"


def words_in(file: Path) -> str:
    """A file's text; where it is compressed, as search's files and downloads are, what it says."""
    data = file.read_bytes()
    if file.suffix == ".zip" and not _zip_fault(file):
        with zipfile.ZipFile(file) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return (gzip.decompress(data) if data.startswith(GZIP) else data).decode(errors="replace")


def _png_fault(data: bytes) -> str:
    """Its last part (https://www.w3.org/TR/png-3/#11IEND) has to be there, with its check sum."""
    return "" if data.endswith(b"IEND\xaeB`\x82") else "it ends too early"


def _zip_fault(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as packed:
            return packed.testzip() or ""
    except zipfile.BadZipFile as error:
        return str(error)


def _html_fault(text: str) -> str:
    page = _Page()
    page.feed(text)
    page.close()
    if page.open or page.wrong or not {"html", "head", "body"} <= page.seen:
        return page.wrong or f"not closed: {page.open or 'no page'}"
    return ""


def judge_site(
    folder: Path,
    *,
    expected: Collection[str] = (),
    shown: Collection[str] = (),
    gone: Collection[str] = (),
    over: bool = False,
    known: set[tuple[str, int, int]] | None = None,
) -> Verdict:
    """The site's last whole version: no page is half, none is missing, and at the end nothing is left lying about.

    Args:
        folder: the site.
        expected: paths that must be there.
        shown: words that must stand on some page.
        gone: words that must stand in no file.
        over: nothing is under way any more, so there may be no temporary file.
        known: files that were found whole before, by path, inode and time; those found now are added.
    """
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()] if folder.is_dir() else []
    temporary = [file for file in files if file.name.startswith(".")]
    whole = [file for file in files if file not in temporary]
    names = {str(file.relative_to(folder)) for file in whole}
    found = Verdict()
    known = set() if known is None else known
    for file in whole:
        stat = file.stat()
        this = (str(file), stat.st_ino, stat.st_mtime_ns)
        why = "" if this in known else half(file)
        if why:
            found.site.append(f"{file.relative_to(folder)}: {why}")
        else:
            known.add(this)
    found.site += [f"{path} is missing" for path in sorted(set(expected) - names)]
    if over:
        found.site += [f"{file.relative_to(folder)} was left behind" for file in temporary]
    looked_for = files if over else whole if shown or gone else []
    texts = {file: words_in(file) for file in looked_for}
    found.site += [f"{words!r} is not shown" for words in shown if not any(words in text for text in texts.values())]
    found.site += [
        f"{words!r} is still in {file.relative_to(folder)}"
        for words in gone
        for file, text in texts.items()
        if words in text
    ]
    return found


def pages(folder: Path) -> frozenset[str]:
    """The paths of all whole files of a site that stay; search's are called by what they hold, and change with it."""
    if not folder.is_dir():
        return frozenset()
    return frozenset(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith(".") and not file.suffix.startswith(".pf_")
    )
