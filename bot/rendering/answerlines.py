"""The rows of a chat's threads in words, as ``site/answer.html.j2`` writes them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from markupsafe import Markup, escape

from bot.domain.patterns import is_web
from bot.domain.richtext import to_html
from bot.rendering import urls
from bot.rendering.frame import NETWORKS
from bot.rendering.signing import clock, handle_beside, signature, signed, stamp
from bot.rendering.words import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.domain.chats import Chat
    from bot.domain.posts import Media, NetworkName
    from bot.domain.records import Answer
    from bot.domain.whychosen import Reason
    from bot.rendering.chatview import Row
    from bot.rendering.words import Words


class Shown(NamedTuple):
    """What is attached to an answer: a copy with its address and size, or what is said instead of it.

    Attributes:
        text: instead of a copy; what is said below one.
        src, width, height: of the copy, relative to the page, in pixels; empty where there is none.
        alt: the description; empty for none, which ``text`` says.
    """

    text: str
    src: str = ""
    width: int = 0
    height: int = 0
    alt: str = ""


MARKS: dict[NetworkName, str] = {"bluesky": "bs", "mastodon": "ma"}
"""The style sheet's classes for the quiet marks of the networks."""


SHORT = 3
"""Characters: a letter that chooses in a poll, with a bracket or full stop around it."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One row of a thread in words; see ``chatview.Row``.

    Attributes:
        within: it stands inside another answer that is shown.
        name, handle: how its author is called at the line's beginning.
        before: what the name of the link to it begins with: author and question.
        time: as it is read; ``nth`` tells it apart where the page has several by the same author at the same time.
        which: author, question and time, behind the words of other links.
        iso: the time for machines.
        to: whom it answers.
        lang, dir: of the words, empty where the page's own hold.
        pictures: what was attached.
        why: why it was chosen; empty if it was not.
        short: its words are so few that they stand beside the name.
        url, open, mark: the original, empty where it is not told; the words to open it; its network's class.
        report: where to report it.
    """

    answer: bool
    id: str
    gone: int
    opens: bool
    closes: int
    within: bool = False
    name: str = ""
    before: str = ""
    handle: str = ""
    iso: str = ""
    time: str = ""
    nth: str = ""
    which: str = ""
    edited: bool = False
    to: str | Markup = ""
    warning: str = ""
    text: Markup = Markup()
    lang: str = ""
    dir: str = ""
    pictures: tuple[Shown, ...] = ()
    why: str = ""
    short: bool = False
    url: str = ""
    open: str = ""
    mark: str = ""
    report: str = ""


class Lines:
    """Puts the rows of one page into words; no two answers of it get the same name.

    Args:
        words: the page's language.
        chat: whose page it is.
        report: gives the link that reports an answer, by its anchor.
    """

    def __init__(self, words: Words, chat: Chat, report: Callable[[str], str]) -> None:
        self._words = words
        self._chat = chat
        self._report = report
        self._open = {key: words("chat.open_on", network=name) for key, name in NETWORKS.items()}
        self._named: Counter[tuple[str, str]] = Counter()

    def lines(self, rows: Iterable[Row], number: int) -> list[Line]:
        """The rows of a question's section, by its number; 0 for what names no question."""
        found: list[Line] = []
        around: list[bool] = []  # for each row that encloses this one, whether it shows an answer
        for row in rows:
            del around[row.level :]
            within = bool(around) and around[-1]
            found.append(self._gone(row) if row.answer is None else self._line(row, row.answer, number, within=within))
            around.append(row.answer is not None)
        return found

    def _gone(self, row: Row) -> Line:
        mark = urls.anchor(row.key) if row.key else ""
        return Line(answer=False, id=mark, gone=row.gone, opens=row.opens, closes=row.closes)

    def _line(self, row: Row, answer: Answer, number: int, *, within: bool) -> Line:
        words, post = self._words, answer.post
        lang, way = spoken(words, post.languages)
        time = clock(words, post, self._chat.timezone, self._chat.date)
        whose = f"{signed(words, post)}, Q{number}" if number else signed(words, post)
        self._named[whose, time] += 1
        count = self._named[whose, time]
        nth = f" ({count})" if count > 1 else ""
        anchor = urls.anchor(answer.key)
        return Line(
            answer=True,
            id=anchor,
            gone=0,
            opens=row.opens,
            closes=row.closes,
            within=within,
            name=signature(words, post),
            before=words("chat.permalink", name=whose),
            handle=handle_beside(post),
            iso=stamp(post, self._chat.timezone),
            time=time,
            nth=nth,
            which=words("chat.open_what", name=whose, time=time + nth),
            edited=post.edited_at is not None,
            to=self._reply_to(row),
            warning=post.warning,
            text=marked_up(answer),
            lang=lang,
            dir=way,
            pictures=self._attached(answer),
            why=_why(words, row.why) if row.why else "",
            short=_is_short(post.text.text) and not (row.why or post.warning or post.media),
            url=post.ref.url if is_web(post.ref.url) else "",
            open=self._open[post.ref.network],
            mark=MARKS[post.ref.network],
            report=self._report(anchor),
        )

    def _attached(self, answer: Answer) -> tuple[Shown, ...]:
        """What is attached to an answer: copies, and words for all else."""
        words, here = self._words, urls.chat_page(self._chat.id)
        copies = {copy.position: copy for copy in answer.pictures}
        found = []
        for position, media in enumerate(answer.post.media):
            copy = copies.get(position)
            if copy is None or not copy.sha256:
                found.append(Shown(_instead(words, media, lost=copy is not None)))
                continue
            src = urls.relative(here, urls.chat_picture(self._chat.id, copy.sha256))
            text = media.alt or words("chat.picture_bare")
            found.append(Shown(text, src, copy.width, copy.height, media.alt))
        return tuple(found)

    def _reply_to(self, row: Row) -> str | Markup:
        """Whom a reply answers, with a link to what it answers."""
        if row.parent is None:
            return self._words("chat.in_reply_gone") if row.parent_gone else ""
        to, name = escape(urls.anchor(row.parent.key)), escape(signed(self._words, row.parent.post))
        link = Markup(f'<a class="u-in-reply-to" href="#{to}"><bdi>{name}</bdi></a>')  # noqa: S704 - both are escaped
        return self._words.html("chat.in_reply", name=link)


def marked_up(answer: Answer) -> Markup:
    """The house's own markup of a text: ``to_html`` escapes all that is not."""
    return Markup(to_html(answer.post.text))  # noqa: S704 - to_html escapes


def _is_short(text: str) -> bool:
    """Whether a text fits beside a name: one character of some scripts is as wide as a line of others."""
    return text.isascii() and len(text.strip()) <= SHORT


def _why(words: Words, why: Reason) -> str:
    return words("why.answered", n=why.people) if why.kind == "answered" else words(f"why.{why.kind}")


def _instead(words: Words, media: Media, *, lost: bool) -> str:
    """What is said of something that is not here; ``lost``: it should be."""
    kind, key = words(f"chat.media_{media.kind}"), "chat.media_lost" if lost else "chat.media"
    return words(key, kind=kind, alt=media.alt) if media.alt else words(f"{key}_bare", kind=kind)
