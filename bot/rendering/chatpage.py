"""A chat's own page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from markupsafe import Markup

from bot.domain.patterns import is_web
from bot.domain.richtext import RichText, to_html
from bot.rendering import urls
from bot.rendering.chatview import short_uri, view
from bot.rendering.composer import name_hosts
from bot.rendering.frame import NETWORKS, series_card, upper_first
from bot.rendering.signing import clock, handle_beside, signature, signed, stamp
from bot.rendering.socialcard import card_of, described
from bot.rendering.words import direction, primary

if TYPE_CHECKING:
    from bot.domain.digests import Reason
    from bot.domain.posts import Media, Post
    from bot.domain.records import ChatContent
    from bot.domain.schedule import Question
    from bot.rendering.chatview import Row, Section, Shared
    from bot.rendering.frame import Press
    from bot.rendering.words import Words

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


class Neighbour(msgspec.Struct, frozen=True):
    """The chat before or after this one in its series."""

    path: str
    topic: str


class Line(NamedTuple):
    """One row of a thread in words; see ``chatview.Row``."""

    answer: bool
    id: str
    gone: int
    opens: bool
    closes: int
    name: str = ""
    called: str = ""
    handle: str = ""
    iso: str = ""
    time: str = ""
    edited: bool = False
    to: str | Markup = ""
    warning: str = ""
    text: Markup = Markup()
    lang: str = ""
    dir: str = ""
    pictures: tuple[str, ...] = ()
    why: str = ""
    url: str = ""
    network: str = ""
    leave: str = ""


class ChatPage:
    """Writes one chat's page.

    Args:
        press: templates and the site's settings.
        content: all that may be shown of the chat.
        coming: it has not begun.
        earlier, later: its neighbours in the series.
    """

    def __init__(
        self, press: Press, content: ChatContent, *, coming: bool, earlier: Neighbour | None, later: Neighbour | None
    ) -> None:
        self._press = press
        self._content = content
        self._coming = coming
        self._neighbours = {"earlier": earlier, "later": later}
        self._chat = content.stored.chat
        self._words = press.series_words(content.stored.series)
        self._here = urls.chat_page(self._chat.id)
        self._leave = urls.relative(self._here, urls.PRIVACY, "leave")

    def render(self) -> bytes:
        """Make the page."""
        words, chat, series = self._words, self._chat, self._content.stored.series
        seen = view(self._content)
        when = upper_first(words.moment(chat.starts_at, chat.timezone))
        if series.format == "slow":
            when = words("date.span", start=when, end=words.moment(chat.ends_at, chat.timezone))
        hosts = [
            host.removeprefix("@") if "@" not in host[1:] else host for host in name_hosts(chat.hosts, "bluesky")[0]
        ]
        zones = (zone for zone in dict.fromkeys((series.timezone, *series.also_show)) if zone != chat.timezone)
        values: dict[str, Any] = {
            "summary": chat.about or f"#{series.hashtag}, {when}",
            "feed": urls.series_feed(series.slug),
            "json_feed": urls.series_json_feed(series.slug),
            "feed_title": series.title,
            "calendar": urls.series_calendar(series.slug),
            "data": urls.chat_data(chat.id),
            "table": urls.chat_table(chat.id),
            "kind": "article",
            "card": urls.chat_card(chat.id),
            "card_alt": described(card_of(words, self._content.stored, self._press.site.title)),
            "hashtag": f"#{series.hashtag}",
            "series_path": urls.series_page(series.slug),
            "iso": chat.starts_at.isoformat(),
            "when": when,
            "elsewhere": [words.there(chat.starts_at, zone, chat.timezone) for zone in zones],
            "about": chat.about,
            "hosts": words("chat.hosts", n=len(hosts), hosts=words.both(hosts)) if hosts else "",
            "coming": self._coming,
            "notice": self._notice(),
            "voices": self._voices(),
            "figures": self._figures(seen.people, seen.answers, len(seen.links)),
            "resources": [_resource(one) for one in chat.resources],
            "sections": [self._section(section) for section in seen.sections],
            "unplaced": [self._line(row) for row in seen.unplaced.rows],
            "left_out": words("chat.left_out", n=self._content.left_out) if self._content.left_out else "",
            "links": [self._link(link) for link in seen.links],
            **self._neighbours,
        }
        return self._press.page("chat", words, self._here, chat.topic, values)

    def _notice(self) -> str:
        if self._content.stored.cancelled:
            return self._words("chat.cancelled")
        return self._words("chat.coming") if self._coming else ""

    def _voices(self) -> list[dict[str, str]]:
        """Our accounts, on the page of a chat that is to come: where its questions will be asked."""
        stored = self._content.stored
        if stored.cancelled or not self._coming:
            return []
        return series_card(self._words, stored.series, self._press.site.voices).follow

    def _figures(self, people: int, answers: int, links: int) -> list[tuple[int, str]]:
        if not answers:
            return []
        counts = {"people": people, "answers": answers, "questions": len(self._chat.questions), "links": links}
        return [(n, self._words(f"count.{what}", n=n)) for what, n in counts.items() if n]

    def _section(self, section: Section) -> dict[str, Any]:
        question = section.question
        return {
            "number": section.number,
            "ask": question.ask if question else "",
            "poll": question.poll if question else (),
            "pictures": [_picture_of(self._words, question)] if question and question.image else [],
            "count": section.count,
            "asked": [{"network": NETWORKS[network], "url": url} for network, url in section.asked],
            "rows": [self._line(row) for row in section.rows],
            "elsewhere": [
                {
                    "id": urls.anchor(answer.key),
                    "text": self._also(answer.post, number),
                }
                for answer, number in section.elsewhere
            ],
        }

    def _also(self, post: Post, number: int) -> str:
        text = self._words("chat.also", name=signed(self._words, post), label=f"Q{number}")
        return text if post.author.name or post.author.handle else upper_first(text)

    def _line(self, row: Row) -> Line:
        if row.answer is None:
            mark = urls.anchor(row.key) if row.key else ""
            return Line(answer=False, id=mark, gone=row.gone, opens=row.opens, closes=row.closes)
        answer, words, post = row.answer, self._words, row.answer.post
        language = post.languages[0] if post.languages and _LANGUAGE.fullmatch(post.languages[0]) else ""
        return Line(
            answer=True,
            id=urls.anchor(answer.key),
            gone=0,
            opens=row.opens,
            closes=row.closes,
            name=signature(words, post),
            called=signed(words, post),
            handle=handle_beside(post),
            iso=stamp(post, self._chat.timezone),
            time=clock(words, post, self._chat.timezone, self._chat.date),
            edited=post.edited_at is not None,
            to=self._reply_to(row),
            warning=post.warning,
            text=_html(post.text),
            lang="" if primary(language) == primary(words.language) else language,
            dir=direction(language) if language and direction(language) != words.direction else "",
            pictures=tuple(_picture(words, media) for media in post.media),
            why=_why(words, row.why) if row.why else "",
            url=post.ref.url if is_web(post.ref.url) else "",
            network=NETWORKS[post.ref.network],
            leave=self._leave,
        )

    def _reply_to(self, row: Row) -> str | Markup:
        """Whom a reply answers; with a link to what it answers where that does not stand right above."""
        if row.parent is None:
            return self._words("chat.in_reply_gone") if row.parent_gone else ""
        name = signed(self._words, row.parent.post)
        if row.above:
            return self._words("chat.in_reply", name=name)
        link = Markup('<a href="#{}">{}</a>').format(urls.anchor(row.parent.key), name)
        return self._words.html("chat.in_reply", name=link)

    def _link(self, link: Shared) -> dict[str, str]:
        words = self._words
        note = words("count.shared", n=len(link.people))
        if link.numbers:
            labels = words.both([f"Q{number}" for number in sorted(link.numbers)])
            note = f"{note} {words('chat.shared_in', labels=labels)}"
        return {"uri": link.uri, "label": short_uri(link.uri), "note": note}


def _html(text: RichText) -> Markup:
    """The house's own markup of a text: ``to_html`` escapes all that is not."""
    return Markup(to_html(text))  # noqa: S704 - to_html escapes


def _why(words: Words, why: Reason) -> str:
    return words("why.answered", n=why.people) if why.kind == "answered" else words(f"why.{why.kind}")


def _picture(words: Words, media: Media) -> str:
    return words("chat.media", alt=media.alt) if media.alt else words("chat.media_bare")


def _picture_of(words: Words, question: Question) -> str:
    image = question.image
    if image is None:
        return ""
    credit = f" ({words('prompt.credit', credit=image.credit)})" if image.credit else ""
    return words("chat.media", alt=image.alt) + credit


def _resource(text: str) -> dict[str, str]:
    """Something to read: a web address becomes a link, anything else stays words."""
    return {"uri": text, "label": short_uri(text)} if is_web(text) else {"uri": "", "label": text}
