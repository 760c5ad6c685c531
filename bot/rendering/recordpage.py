"""A person's record as one page that opens from a disk: its style is in it, and it asks no host for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bot.domain.chats import runs_live
from bot.domain.patterns import is_web
from bot.domain.takingpart import all_together, spoken_in
from bot.rendering import urls
from bot.rendering.chatview import short_uri
from bot.rendering.frame import NETWORKS, upper_first
from bot.rendering.words import spoken

if TYPE_CHECKING:
    from bot.domain.takingpart import OwnAnswer, Record, Sum, TakenPart
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

_REFLECTION = ("learned", "tried", "next")
"""The questions under which the person may write."""


def record_page(templates: Templates, site: Site, record: Record) -> bytes:
    """Write ``record.html``, in the language of most of the chats' series.

    Args:
        templates: templates and words.
        site: the archive's settings.
        record: when it was asked for and made is told as the day in UTC.
    """
    values = record_values(templates, site, record)
    return templates.render("record/record.html.j2", values | {"style": _style(templates)}).encode()


def record_values(templates: Templates, site: Site, record: Record) -> dict[str, Any]:
    """What a record says, in words, on a screen and on paper alike. See ``record_page``."""
    words = templates.dictionary.words(spoken_in(record.chats) or site.language)
    total = all_together(record.chats)
    return {
        "w": words,
        "site": site,
        "name": record.whose[0].name or record.whose[0].handle,
        "accounts": [
            {"network": NETWORKS[one.network], "handle": one.handle, "url": one.url if is_web(one.url) else ""}
            for one in record.whose
        ],
        "made": words.day_of_year(record.made_at.date()),
        "asked": words.day_of_year(record.asked_at.date()),
        "total": total,
        "figures": _figures(words, total),
        "chats": [_chat(words, site, one) for one in record.chats],
        "links": [{"url": uri, "title": short_uri(uri)} for uri in total.links],
        "reflection": [(name, words(f"record.{name}")) for name in _REFLECTION],
    }


def _style(templates: Templates) -> Markup:
    """The site's style and what only this page needs. No text in it can end the element that it stands in."""
    style = "\n".join(templates.source(name) for name in ("site/look.css", "record/record.css"))
    return Markup(style.replace("</", "<\\/"))  # noqa: S704 - our own file, or the operator's


def _figures(words: Words, total: Sum) -> list[Markup]:
    """The sums, each a number in words; those about time only where there is such time."""
    told = [("chats", total.chats), ("answers", total.answers), ("minutes", total.minutes), ("days", total.days)]
    told += [("followed", total.followed), ("links", len(total.links))]
    number = Markup("<strong>{}</strong>")
    return [
        words.html(f"record.sum_{name}", n=count, number=number.format(count))
        for name, count in told
        if count or name in ("chats", "answers")
    ]


def _chat(words: Words, site: Site, one: TakenPart) -> dict[str, Any]:
    chat, series = one.chat, one.series
    language, way = spoken(words, series.languages)
    return {
        "id": chat.id.replace("/", "-"),
        "topic": chat.topic,
        "lang": language,
        "dir": way,
        "series": f"#{series.hashtag}",
        "title": series.title,
        "day": words.day_of_year(chat.date),
        "iso": chat.date.isoformat(),
        "url": urls.absolute(site.address, urls.chat_page(chat.id)),
        "time": _time(words, one),
        "count": len(one.answers),
        "threads": one.threads,
        "followed": len(one.below),
        "answers": [_answer(words, one, answer) for answer in one.answers],
        "tried": [
            {
                "said": _answer(words, one, tried.said) if tried.said else None,
                "outcomes": [_answer(words, one, outcome) for outcome in tried.outcomes],
            }
            for tried in one.tried
        ],
    }


def _time(words: Words, one: TakenPart) -> str:
    """How long, as far as it can be seen: minutes of a live chat, days of a slow one."""
    if not runs_live(one.series, one.chat):
        return words("record.time_days", n=len(one.days))
    said = [words("record.time_minutes", n=one.minutes)] if one.minutes is not None else []
    if one.later:
        said.append(words("record.time_later", n=one.later))
    return ", ".join(said) or words("record.time_once")


def _answer(words: Words, one: TakenPart, answer: OwnAnswer) -> dict[str, Any]:
    language, way = spoken(words, (answer.language,) if answer.language else one.series.languages)
    asked = [(number, one.chat.questions[number - 1].ask) for number in answer.questions]
    return {
        "lang": language,
        "dir": way,
        "text": answer.text.split("\n"),
        "warning": answer.warning,
        "pictures": answer.pictures,
        "asked": asked,
        "when": upper_first(words.moment(answer.at, one.chat.timezone)),
        "iso": answer.at.isoformat(timespec="seconds"),  # HTML knows no microseconds
        "url": answer.url if is_web(answer.url) else "",
        "followed": answer.followed,
    }
