"""What no single value can tell: dates against terms and holidays, clashes, pictures that are missing, long questions.

Each check takes what is valid and leaves the rest alone, so that one mistake is named once and hides no other.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.config import durations
from bot.config.reading import Reading, sound_questions
from bot.config.settings import AccountSettings, Measure, Measured
from bot.config.words import Wrong, nearest, plural, shown, yaml_text
from bot.domain.occurrences import OnlyDates, occurrences
from bot.domain.schedule import entry_problems, planned_chats
from bot.domain.series import ChatEntry, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.config.chat_models import ChatBlock
    from bot.config.series_models import EvidenceBlock, SeriesFile
    from bot.domain.chats import Chat

_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
_LARGEST_PICTURE = 2_000_000  # bytes: ``app.bsky.embed.images``
_NAMES = {"bluesky": "Bluesky", "mastodon": "Mastodon"}


class Draft(NamedTuple):
    """A series on its way: its file, its name, what is valid of it, and where its chats stand in the file (from 0)."""

    reading: Reading[SeriesFile]
    series: Series
    kept: tuple[int, ...]

    def trusts(self, *keys: str) -> bool:
        """Whether none of these keys is wrong in the file."""
        return not set(keys) & set(self.reading.bad)


def check_dates(draft: Draft) -> None:
    """Dates in a holiday, outside all terms, off the rhythm, or twice; also of chats that are wrong otherwise."""
    dated = _dated(draft)
    entries = tuple(ChatEntry(day, "", ()) for _, day in dated)
    bare = Series(
        slug=draft.series.slug,
        title="",
        hashtag="",
        timezone=draft.series.timezone,
        rhythm=draft.series.rhythm,
        at=draft.series.at,
        accounts=(),
        terms=draft.series.terms,
        skip=draft.series.skip,
        chats=entries,
    )
    for found in entry_problems(bare):
        index, day = dated[found.entry]
        path = ("chats", index, "date")
        if found.kind == "twice":
            first, _ = draft.reading.source.find(("chats", dated[int(found.detail)][0], "date"))
            line = first.line + 1 if first else 0
            say = f"{_spoken(day)} has a chat already, in line {line}. A series has one chat on a day."
            following = _following(bare, day)
            draft.reading.note(path, say, value=following.isoformat() if following else "")
        elif not draft.trusts("every", "terms", "skip"):
            continue
        elif found.kind == "skipped":
            say = (
                f"{_spoken(day)} is in a holiday ({found.detail}, under skip:). Move the chat, or shorten the holiday."
            )
            following = _following(bare, day)
            draft.reading.note(path, say, value=following.isoformat() if following else "")
        elif found.kind == "outside-terms":
            say = f"{_spoken(day)} is in no term; the nearest is {found.detail}. Move the chat, or lengthen the term."
            draft.reading.note(path, say)
        else:
            say = f"{_spoken(day)} is no day of this series' rhythm; the nearest is {found.detail or 'not known'}."
            draft.reading.note(path, say, value=found.detail)


def _dated(draft: Draft) -> list[tuple[int, date]]:
    """Every chat in the file whose date can be read, with its place."""
    chats = draft.reading.raw.get("chats")
    found = []
    for index, chat in enumerate(chats if isinstance(chats, list) else []):
        if isinstance(chat, dict):
            try:
                found.append((index, durations.day(chat.get("date"))))
            except Wrong:
                continue
    return found


def _spoken(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def _following(series: Series, day: date) -> date | None:
    """The next day of the rhythm that has no chat yet."""
    taken = {entry.date for entry in series.chats}
    if isinstance(series.rhythm, OnlyDates):
        return None
    from_day = day + timedelta(days=1)
    return next((free for free in _free(series, from_day) if free not in taken), None)


def _free(series: Series, from_day: date) -> list[date]:
    return list(occurrences(series.rhythm, from_day, from_day + timedelta(days=400), series.terms, series.skip))


def check_offsets(draft: Draft, chats: tuple[ChatBlock, ...]) -> None:
    """Each question's ``after:`` lies within the chat and after those of the questions before it."""
    for index, chat in zip(draft.kept, chats, strict=True):
        length = chat.length or draft.series.length
        if chat.length and draft.series.format == "slow":
            say = "A slow chat has no length of its own: it lasts its pace times its questions. Take this out."
            draft.reading.note(("chats", index, "length"), say)
        before: timedelta | None = None
        for number, question in enumerate(chat.questions):
            path = ("chats", index, "questions", number, "after")
            if question.after is None:
                continue
            if before is not None and question.after <= before:
                say = f"An earlier question is asked {durations.say(before)} after the start; this one has to be later."
                draft.reading.note(path, say, value=durations.say(before + timedelta(minutes=8)))
            elif draft.series.format == "live" and draft.trusts("length") and question.after >= length:
                say = f"The chat is over by then: it lasts {durations.say(length)}."
                draft.reading.note(path, say)
            before = question.after


def check_pictures(draft: Draft, folder: Path) -> None:
    """Each image is a picture file within the bot's folder, and not too large for Bluesky."""
    for index, number, question in sound_questions(draft.reading):
        if not question.image:
            continue
        path = ("chats", index, "questions", number, "image")
        try:
            wrong = _wrong_picture(folder, question.image)
        except OSError as error:
            wrong = f"It cannot be looked at: {error.strerror}. Give the bot's user the right to read it.", ""
        if wrong is not None:
            draft.reading.note(path, wrong[0], value=wrong[1])


def _wrong_picture(folder: Path, image: str) -> tuple[str, str] | None:
    """What is wrong with a picture, and what to write instead where that can be guessed.

    Raises:
        OSError: it may not be looked at.
    """
    picture = folder / image
    if not picture.resolve().is_relative_to(folder.resolve()):
        return "This picture is outside the bot's folder; copy it into images/.", ""
    if picture.suffix.lower() not in _PICTURES:
        return "This is no picture that both networks take: .jpg, .png, .webp and .gif are.", ""
    if not picture.is_file():
        there = [entry.name for entry in picture.parent.iterdir()] if picture.parent.is_dir() else []
        meant = nearest(picture.name, sorted(there))
        value = str(picture.parent.relative_to(folder) / meant) if meant else ""
        return f"There is no file {shown(image)} in the bot's folder.", yaml_text(value) if value else ""
    if picture.stat().st_size > _LARGEST_PICTURE:
        return "This picture is larger than 2 MB, which Bluesky does not take. Make it smaller.", ""
    return None


def check_evidence(draft: Draft, evidence: tuple[EvidenceBlock, ...]) -> None:
    """Each ``chat:`` names a date on which the file has a chat, right or wrong in all else."""
    days = [day for _, day in _dated(draft)]
    for index, one in enumerate(evidence):
        wanted = one.chat
        if wanted is not None and wanted not in days:
            near = min(days, key=lambda day: abs(day - wanted), default=None)
            say = f"There is no chat on {_spoken(wanted)} in this file."
            draft.reading.note(("evidence", index, "chat"), say, value=near.isoformat() if near else "")


def check_lengths(draft: Draft, measure: Measure, site: str, accounts: dict[str, AccountSettings]) -> None:
    """Each valid question fits one post, in each network's own count."""
    if not draft.trusts("hashtag", "language", "languages", "archive"):
        return
    series = draft.series
    for index, number, question in sound_questions(draft.reading):
        asked = Measured(
            **asked_by(series, site, accounts),
            number=number + 1,
            ask=question.ask,
            poll=question.poll,
            pictured=bool(question.image),
            credit=question.credit,
        )
        if over := overlong(measure(asked)):
            say = f"{over} Shorten it, or say part of it in the topic."
            path: tuple[str | int, ...] = ("chats", index, "questions", number)
            draft.reading.note(
                (*path, "ask") if draft.reading.source.find((*path, "ask"))[1] == len(path) + 1 else path, say
            )
    _check_closing(draft, measure, site, accounts)


def _check_closing(draft: Draft, measure: Measure, site: str, accounts: dict[str, AccountSettings]) -> None:
    """So do those asked at each chat's end, with the number that they have in the chat of most questions."""
    series = draft.series
    closing = (("ask_to_try",), series.ask_to_try, ""), (("pulse", "ask"), series.pulse, ", or its answers")
    number = max((len(entry.questions) for entry in series.chats), default=0)
    for path, question, also in closing:
        if question is not None and draft.trusts(path[0]):
            number += 1
            by = asked_by(series, site, accounts)
            asked = Measured(**by, number=number, ask=question.ask, poll=question.poll, try_it=question.try_it)
            if over := overlong(measure(asked)):
                draft.reading.note(path, f"{over} Shorten it{also}.")


def asked_by(series: Series, site: str, accounts: Mapping[str, AccountSettings]) -> dict[str, Any]:
    """What ``Measured`` has to know of whose question it is."""
    return {
        "series": series.slug,
        "hashtag": series.hashtag,
        "languages": series.languages,
        "archive": series.archive,
        "site": site,
        "accounts": tuple(accounts[key] for key in series.accounts),
    }


def overlong(measured: Sequence[tuple[str, int]]) -> str:
    """On which networks a question is too long, and by how much, as a sentence; empty where it fits."""
    over = [f"{by} {plural('character', by)} too long for {_NAMES[net]}" for net, by in measured]
    if not over:
        return ""
    return f"This question is {' and '.join(over)} once the label, the hashtag and the notice are added."


def check_slots(drafts: list[Draft]) -> None:
    """No two chats begin at the same moment with the same account."""
    taken: dict[tuple[str, object], tuple[Draft, Chat]] = {}
    for draft in drafts:
        if not draft.trusts("timezone", "at", "repeats"):
            continue
        for chat in planned_chats(draft.series):
            clash = next(
                (taken[key, chat.starts_at] for key in draft.series.accounts if (key, chat.starts_at) in taken), None
            )
            if clash:
                _clash(draft, chat, *clash)
            for key in draft.series.accounts:
                taken.setdefault((key, chat.starts_at), (draft, chat))


def _clash(draft: Draft, chat: Chat, other: Draft, first: Chat) -> None:
    index, entry = _entry(draft, chat)
    at = chat.starts_at.astimezone(ZoneInfo(draft.series.timezone))
    if first.series == chat.series:
        if first.date == chat.date and first.id != chat.id:
            whose = "the chat itself" if first.id == f"{first.series}/{first.date}" else "another one"
            say = f"A repeat begins at the same moment as {whose} ({at:%H:%M} here); give it another time."
            draft.reading.note(("repeats",), say)
        return
    place, _ = other.reading.source.find(("chats", _entry(other, first)[0], "date"))
    line = place.line + 1 if place else 0
    say = (
        f"On {_spoken(at.date())} at {at:%H:%M} the same account already runs {other.reading.source.name}:{line}."
        " Give one of the two another time or another account."
    )
    later = (at + timedelta(hours=1)).strftime("%H:%M")
    draft.reading.note(("chats", index, "at" if entry.at else "date"), say, f"at: {later}")


def _entry(draft: Draft, chat: Chat) -> tuple[int, ChatEntry]:
    """Where the chat's entry stands in the file, and the entry."""
    for index, entry in zip(draft.kept, draft.series.chats, strict=True):
        if entry.date == chat.date:
            return index, entry
    raise LookupError(chat.id)
