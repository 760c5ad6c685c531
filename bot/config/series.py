"""A series' file as domain types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.evidence import Evidence
from bot.domain.series import ChatEntry, Image, Question, Repeat, Series

if TYPE_CHECKING:
    from bot.config.chat_models import ChatBlock, QuestionBlock
    from bot.config.checks import Draft
    from bot.config.series_models import SeriesFile


def series_of(slug: str, block: SeriesFile, accounts: tuple[str, ...], language: str) -> Series:
    """A series' file as domain types; its chats still in the file's order."""
    return Series(
        slug=slug,
        title=block.title,
        hashtag=block.hashtag,
        timezone=block.timezone,
        rhythm=block.every,
        at=block.at,
        accounts=accounts,
        about=block.about,
        format=block.format,
        **({} if block.length is None else {"length": block.length}),
        pace=block.pace,
        terms=block.terms,
        skip=block.skip,
        hosts=block.hosts,
        announce=tuple(sorted(block.announce, reverse=True)),
        archive=block.archive,
        tone=block.tone,
        keep=block.keep,
        repeats=tuple(Repeat(repeat.at, repeat.timezone) for repeat in block.repeats),
        also_show=block.also_show,
        threadgate=block.threadgate,
        languages=block.languages or (block.language or language,),
        grace=block.grace,
        hold=block.digest.hold,
        approve=block.digest.approve == "required",
        late=block.late,
        follow_up=tuple(sorted(block.follow_up)),
        ask_to_try=Question(block.ask_to_try, try_it=True) if block.ask_to_try else None,
        pulse=Question(block.pulse.ask, block.pulse.answers, pulse=True) if block.pulse else None,
        index=block.search_engines,
        evidence=tuple(Evidence(one.title, one.url, one.date, one.chat) for one in block.evidence),
        chats=tuple(_entry(chat) for chat in block.chats),
        events=(),
        stories=(),
    )


def in_order(series: Series) -> Series:
    """The series with its chats in order of date."""
    return msgspec.structs.replace(series, chats=tuple(series.chats[index] for index in _order(series)))


def places_of(draft: Draft) -> tuple[str, dict[tuple[str | int, ...], tuple[int, int]]]:
    """The file's places, with chats numbered as in ``Series.chats`` rather than as in the file."""
    moved = {old: new for new, old in enumerate(_order(draft.series))}
    found = {}
    for path, place in draft.reading.source.places().items():
        if len(path) > 1 and path[0] == "chats" and isinstance(path[1], int):
            path = (path[0], moved[path[1]], *path[2:])  # noqa: PLW2901
        found[path] = place
    return draft.reading.source.name, found


def _entry(chat: ChatBlock) -> ChatEntry:
    return ChatEntry(
        date=chat.date,
        topic=chat.topic,
        questions=tuple(_question(question) for question in chat.questions),
        hosts=(chat.host,) if chat.host else chat.hosts,
        resources=chat.resources,
        at=chat.at,
        length=chat.length,
        about=chat.about,
        hold=chat.digest.hold,
        approve=None if chat.digest.approve is None else chat.digest.approve == "required",
    )


def _question(block: QuestionBlock) -> Question:
    image = Image(block.image, block.alt or "", block.credit) if block.image else None
    return Question(ask=block.ask, poll=block.poll, image=image, offset=block.after)


def _order(series: Series) -> list[int]:
    return sorted(range(len(series.chats)), key=lambda index: series.chats[index].date)
