"""A chat's own page."""

from __future__ import annotations

from functools import lru_cache
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from bot.domain.patterns import is_web
from bot.domain.teachmeets import told
from bot.rendering import urls
from bot.rendering.answerlines import MARKS, Lines
from bot.rendering.brief import brief, from_hosts, glance
from bot.rendering.chatview import UNPLACED, short_uri, view
from bot.rendering.composer import hosts_line
from bot.rendering.eventpage import NOBODY, event_values
from bot.rendering.frame import NETWORKS, apart, series_card, upper_first, when_line
from bot.rendering.handouts import has_handout
from bot.rendering.questions import lettered
from bot.rendering.reporting import reports
from bot.rendering.signing import signed
from bot.rendering.socialcard import card_of, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.polls import Ballot
    from bot.domain.posts import Post
    from bot.domain.records import ChatContent, StoredChat
    from bot.domain.series import Question
    from bot.rendering.chatview import ChatView, Section, Shared, Tried
    from bot.rendering.eventpage import Speakers
    from bot.rendering.frame import Press
    from bot.rendering.storypages import StoryLink
    from bot.rendering.words import Words


class Neighbour(msgspec.Struct, frozen=True):
    """The chat before or after this one in its series."""

    path: str
    topic: str


def beside(
    chats: Sequence[StoredChat],
) -> Iterator[tuple[StoredChat, Neighbour | None, Neighbour | None]]:
    """Each with the chat before and after it; events stand alone, and between no chats."""
    in_order, _ = apart(chats)
    at = {stored.chat.id: place for place, stored in enumerate(in_order)}
    for stored in chats:
        place = at.get(stored.chat.id)
        earlier = _neighbour(in_order[place - 1]) if place else None
        later = _neighbour(in_order[place + 1]) if place is not None and place + 1 < len(in_order) else None
        yield stored, earlier, later


def _neighbour(stored: StoredChat) -> Neighbour:
    return Neighbour(urls.chat_page(stored.chat.id), stored.chat.topic)


class ChatPage:
    """Writes one chat's page.

    Args:
        press: templates and the site's settings.
        content: all that may be shown of the chat.
        coming: it has not begun.
        forgotten: the time is over for which what was said in it is kept.
        earlier, later: its neighbours in the series.
        stories: those that tell of the chat.
        seen: ``view(content)``, where that is known.
        speakers: of an event, who leads a session that comes from an answer.
    """

    def __init__(
        self,
        press: Press,
        content: ChatContent,
        *,
        coming: bool,
        earlier: Neighbour | None,
        later: Neighbour | None,
        forgotten: bool = False,
        stories: Sequence[StoryLink] = (),
        seen: ChatView | None = None,
        speakers: Speakers = NOBODY,
    ) -> None:
        self._press = press
        self._content = content
        self._seen = seen or view(content)
        self._coming = coming
        self._gone = forgotten and not self._seen.answers
        self._speakers = speakers
        self._neighbours = {"earlier": earlier, "later": later}
        self._stories = stories
        self._chat = content.stored.chat
        self._words = press.series_words(content.stored.series)
        self._here = urls.chat_page(self._chat.id)
        report = reports(press.site, self._here, self._words("chat.report_subject"))
        self._lines = Lines(self._words, self._chat, report).lines

    def render(self) -> bytes:
        """Make the page."""
        words, chat, series = self._words, self._chat, self._content.stored.series
        seen = self._seen
        when = when_line(words, self._content.stored)
        shown = () if chat.event else (series.timezone, *series.also_show)  # people meet in one place
        zones = (zone for zone in dict.fromkeys(shown) if zone != chat.timezone)
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
            "download": urls.chat_download(chat.id) if self._press.site.address else "",
            "handout": urls.chat_handout(chat.id) if has_handout(self._content.stored) else "",
            "hashtag": f"#{series.hashtag}",
            "complaints": urls.COMPLAINTS,
            "series_path": urls.series_page(series.slug),
            "iso": chat.starts_at.isoformat(),
            "when": when,
            "elsewhere": [words.there(chat.starts_at, zone, chat.timezone) for zone in zones],
            "about": chat.about,
            "event": self._event(),
            "hosts": hosts_line(words, chat.hosts),
            "unasked": self._coming or self._gone,
            "notice": self._notice(),
            "voices": self._voices(),
            "figures": self._figures(seen),
            "networks": [(n, NETWORKS[network], MARKS[network]) for network, n in seen.networks.items()],
            "brief": brief(words, seen.sections),
            "from_hosts": from_hosts(self._content),
            "resources": [_resource(one) for one in chat.resources],
            "sections": [self._section(section) for section in seen.sections],
            "unplaced": self._lines(seen.unplaced.rows, UNPLACED),
            "tried": [self._tried(tried) for tried in seen.tried],
            "left_out": words("chat.left_out", n=self._content.left_out) if self._content.left_out else "",
            "links": [self._link(link) for link in seen.links],
            "stories": self._stories,
            **self._neighbours,
        }
        return self._press.page("chat", words, self._here, chat.topic, values)

    def _notice(self) -> str:
        event = self._chat.event is not None
        if self._content.stored.cancelled:
            return self._words("event.cancelled" if event else "chat.cancelled")
        if self._gone:
            return self._words("chat.forgotten")
        return self._words("event.soon" if event else "chat.coming") if self._coming else ""

    def _event(self) -> dict[str, Any]:
        event = self._chat.event
        if event is None:
            return {}
        coming = told(self._content.coming) if self._coming else None
        stored, speakers = self._content.stored, self._speakers
        values = event_values(self._words, stored, event, speakers, coming, over=not self._coming)
        return values | {"paper": self._press.paper(values["programme"])}

    def _voices(self) -> list[dict[str, str]]:
        """Our accounts, on the page of a chat that is to come: where its questions will be asked."""
        stored = self._content.stored
        if stored.cancelled or not self._coming:
            return []
        return series_card(self._words, stored.series, self._press.site.voices).follow

    def _figures(self, seen: ChatView) -> list[tuple[int, str]]:
        if not seen.answers:
            return []
        counts = {
            "people": seen.people,
            "answers": seen.answers,
            "questions": len(self._chat.questions),
            "links": len(seen.links),
        }
        return [(n, self._words(f"count.{what}", n=n)) for what, n in counts.items() if n]

    def _section(self, section: Section) -> dict[str, Any]:
        question = section.question
        return {
            "number": section.number,
            "ask": question.ask if question else "",
            "poll": self._poll(section),
            "pictures": [_picture_of(self._words, question)] if question and question.image else [],
            "count": section.count,
            "asked": [{"network": NETWORKS[network], "url": url} for network, url in section.asked],
            "rows": self._lines(section.rows, section.number),
            "elsewhere": [
                {
                    "id": urls.anchor(answer.key),
                    "text": self._also(answer.post, number),
                }
                for answer, number in section.elsewhere
            ],
        }

    def _tried(self, tried: Tried) -> dict[str, Any]:
        """A line that leads to what somebody will try, and what came of it. A warning stands for what is behind it."""
        words, answer = self._words, tried.answer
        said = glance(words, answer.key, answer.post) if answer else None
        if said and answer and answer.post.warning:
            said = said._replace(text=words("chat.warning", warning=answer.post.warning), lang="", dir="")
        return {"said": said, "rows": self._lines(tried.rows, UNPLACED)}

    def _poll(self, section: Section) -> dict[str, Any]:
        """A question's options with how often each was chosen, and what that counts; nothing where it has no poll."""
        question = section.question
        if question is None or not question.poll:
            return {}
        words, found = self._words, section.ballots
        voted = sum(sum(ballot.votes) for ballot in found if ballot.how == "poll")
        wrote = sum(sum(ballot.votes) for ballot in found if ballot.how == "letter")
        native = not lettered(question.poll, "mastodon", pictured=question.image is not None)
        asked_there = any(network == "mastodon" for network, _ in section.asked)
        counted_there = any(ballot.how == "poll" for ballot in found)
        told = [words("chat.poll_voted", n=voted)] if voted else []
        if any(ballot.how == "poll" and not ballot.over for ballot in found) and voted:
            told.append(words("chat.poll_open"))
        told += [words("chat.poll_counted", n=wrote)] if wrote else []
        return {
            "options": [
                {"letter": letter, "text": option, "told": self._votes(found, index), "share": _share(found, index)}
                for index, (letter, option) in enumerate(zip(ascii_uppercase, question.poll, strict=False))
            ],
            "counted": " ".join(told),
            "elsewhere": words("chat.poll_native") if native and asked_there and not counted_there else "",
        }

    def _votes(self, found: Sequence[Ballot], option: int) -> str:
        """How often an option was chosen, and where, if that was done in more than one way."""
        words = self._words
        votes = words("n.votes", n=sum(ballot.votes[option] for ballot in found))
        if len({ballot.how for ballot in found}) < 2:  # noqa: PLR2004 - two ways
            return votes
        how = {"poll": "chat.poll_there", "letter": "chat.poll_letter"}
        parts = [
            words(how[ballot.how], n=ballot.votes[option], network=NETWORKS[ballot.network])
            for ballot in sorted(found, key=lambda one: one.how == "letter")
            if ballot.votes[option]
        ]
        return words("chat.poll_split", votes=votes, parts=", ".join(parts)) if parts else votes

    def _also(self, post: Post, number: int) -> str:
        text = self._words("chat.also", name=signed(self._words, post), label=f"Q{number}")
        return text if post.author.name or post.author.handle else upper_first(text)

    def _link(self, link: Shared) -> dict[str, str | Markup]:
        words, label = self._words, short_uri(link.uri)
        note = words.html("count.shared", n=len(link.people))
        if link.numbers:
            named = [_to_question(number) for number in sorted(link.numbers)]
            note = Markup(" ").join((note, words.html("chat.shared_in", labels=words.both_html(named))))
        return {"uri": link.uri, "label": label, "note": note, "whole": link.uri if "…" in label else ""}


@lru_cache(64)
def _to_question(number: int) -> Markup:
    return Markup('<a href="#q{0}">Q{0}</a>').format(number)


def _share(found: Sequence[Ballot], option: int) -> int:
    """Which part of all votes an option got, in whole percent."""
    return 100 * sum(ballot.votes[option] for ballot in found) // max(sum(sum(ballot.votes) for ballot in found), 1)


def _picture_of(words: Words, question: Question) -> str:
    image = question.image
    if image is None:
        return ""
    credit = f" ({words('prompt.credit', credit=image.credit)})" if image.credit else ""
    return words("chat.media", kind=words("chat.media_image"), alt=image.alt) + credit


def _resource(text: str) -> dict[str, str]:
    """Something to read: a web address becomes a link, anything else stays words."""
    return {"uri": text, "label": short_uri(text)} if is_web(text) else {"uri": "", "label": text}
