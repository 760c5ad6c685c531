"""What a newsletter says of chats that took place: topics, questions, figures, links. Never a participant's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.rendering import urls
from bot.rendering.fitting import one_line, tidy
from bot.rendering.frame import upper_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.chats import Chat
    from bot.domain.records import ChatFigures, StoredChat
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words


class Edition(msgspec.Struct, frozen=True):
    """One newsletter, the same for everybody who gets it.

    Attributes:
        name: names it for good: a chat's id, or ``edchat/2027-01-04-to-2027-03-26`` for a term.
        language: BCP 47, of its words.
        subject: one line.
        paragraph: two or three sentences to put into a newsletter of the school's own.
        text: the whole as plain text.
        html: the whole as simple HTML, without pictures, styles, scripts or anything that is loaded.
    """

    name: str
    language: str
    subject: str
    paragraph: str
    text: str
    html: str


def edition(
    templates: Templates,
    site: Site,
    name: str,
    chats: Sequence[StoredChat],
    *,
    figures: Mapping[str, ChatFigures],
    answered: Mapping[str, int],
    trying: Mapping[str, int],
    upcoming: Chat | None,
) -> Edition:
    """Write a newsletter about a series' chats.

    Args:
        templates: shipped ones and the operator's own.
        site: whose pages it links to, and how to reach those who answer for it.
        name: the edition's.
        chats: at least one, of one series, in order of time.
        figures: counts of shown answers by chat id.
        answered: by question (``edchat/2027-01-07/q1``) how many shown answers it has.
        trying: by chat id how many people said what they will try (``people_trying``).
        upcoming: the series' next chat.
    """
    series = chats[-1].series
    words = templates.dictionary.words(series.languages[0] if series.languages else "en").toned(series.tone)
    hashtag = f"#{series.hashtag}"
    told = [_chat(words, site, one, figures, answered) | {"trying": trying.get(one.chat.id, 0)} for one in chats]
    one = chats[0].chat if len(chats) == 1 else None
    title = one_line(f"{hashtag}: {one.topic}" if one else words("newsletter.term", hashtag=hashtag, n=len(chats)))
    lede = _lede(words, hashtag, chats, figures)
    values = {
        "w": words,
        "title": title,
        "lede": lede,
        "chats": told,
        "coming": _coming(words, upcoming),
        "footer": words("newsletter.footer", title=site.title, contact=site.contact),
    }
    return Edition(
        name=name,
        language=words.language,
        subject=title,
        paragraph=" ".join(part for part in (lede, told[-1]["link"] if one else _home(site, series.slug)) if part),
        text=tidy(templates.render("newsletter/edition.txt.j2", values)) + "\n",
        html=templates.render("newsletter/edition.html.j2", values),
    )


def _lede(words: Words, hashtag: str, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures]) -> str:
    """What took place, in two sentences."""
    if len(chats) == 1:
        chat = chats[0].chat
        begun = words("newsletter.chat", hashtag=hashtag, topic=one_line(chat.topic), when=_when(words, chat))
        return f"{begun} {_counted(words, figures.get(chat.id))}"
    first, last = chats[0].chat, chats[-1].chat
    span = words("date.span", start=words.date(first.date), end=words.date(last.date))
    answers = sum(found.answers for one in chats if (found := figures.get(one.chat.id)))
    return (
        f"{words('newsletter.chats', n=len(chats), hashtag=hashtag, span=span)} {words('digest.answered', n=answers)}"
    )


def _chat(
    words: Words, site: Site, stored: StoredChat, figures: Mapping[str, ChatFigures], answered: Mapping[str, int]
) -> dict[str, Any]:
    chat = stored.chat
    questions = [
        {
            "label": f"Q{number}",
            "ask": one_line(question.ask),
            "count": words("digest.answered", n=answered.get(f"{chat.id}/q{number}", 0)),
        }
        for number, question in enumerate(chat.questions, start=1)
        if not question.pulse
    ]
    return {
        "topic": one_line(chat.topic),
        "when": upper_first(_when(words, chat)),
        "about": chat.about,
        "figures": _counted(words, figures.get(chat.id)),
        "questions": questions,
        "link": urls.absolute(site.address, urls.chat_page(chat.id)),
    }


def _counted(words: Words, counts: ChatFigures | None) -> str:
    if counts is None or not counts.answers:
        return words("digest.none")
    return words("digest.figures", n=counts.answers, people=words("digest.people", n=counts.people))


def _coming(words: Words, upcoming: Chat | None) -> dict[str, str] | None:
    return {"topic": one_line(upcoming.topic), "when": _when(words, upcoming)} if upcoming else None


def _when(words: Words, chat: Chat) -> str:
    return words.moment(chat.starts_at, chat.timezone)


def _home(site: Site, slug: str) -> str:
    return urls.absolute(site.address, urls.series_page(slug))
