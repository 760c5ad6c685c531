"""A bot's folder to frozen settings, once; all problems of all files at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from bot.config import checks
from bot.config.accounts import speakers
from bot.config.checks import Draft
from bot.config.events import FOLDER as EVENTS
from bot.config.events import check_length, read_events
from bot.config.files import bytes_of, named_files, series_files
from bot.config.messages import tidy
from bot.config.reading import Reading, survivors
from bot.config.series import in_order, places_of, series_of
from bot.config.series_models import SeriesFile
from bot.config.staffroom import Staffroom, read_staffroom
from bot.config.stories import FOLDER as STORIES
from bot.config.stories import read_stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.config.event_models import EventFile
    from bot.config.settings import Measure, Settings
    from bot.domain.series import Series
    from bot.domain.stories import Story
    from bot.domain.teachmeets import Event
    from bot.errors import Problem

_ANY_SITE = "https://chats.example.org"  # stands in for an address that is wrong, to measure questions by


def load(folder: Path, *, measure: Measure | None = None) -> Settings:
    """Read ``staffroom.yaml``, ``series/*.yaml``, ``events/*.yaml`` and ``stories/*.yaml``.

    Args:
        folder: the bot's folder.
        measure: says of a question by how much it is too long; without it lengths are not checked.

    Raises:
        ConfigError: with every problem of every file.
    """
    staffroom = read_staffroom(folder)
    folder = staffroom.folder
    loose, files = series_files(folder)
    loose_events, event_files = named_files(folder, EVENTS, "An event's", "teachmeet")
    loose_stories, story_files = named_files(folder, STORIES, "A story's", "ten-minutes")
    readings = [(slug, Reading(f"series/{path.name}", bytes_of(path), SeriesFile)) for slug, path in files]
    rules = _Rules(staffroom, measure)
    drafts = rules.series(readings)
    by_slug = {draft.series.slug: draft.series for draft in drafts}
    events = read_events([(slug, bytes_of(path)) for slug, path in event_files], by_slug, [slug for slug, _ in files])
    rules.lengths(events, by_slug)
    stories = read_stories([(slug, bytes_of(path)) for slug, path in story_files], [slug for slug, _ in files])
    settings = staffroom.settings(
        [
            *loose,
            *_told(reading for _, reading in readings),
            *loose_events,
            *_told(reading for reading, _ in events),
            *loose_stories,
            *_told(reading for reading, _ in stories),
        ]
    )
    return msgspec.structs.replace(
        settings,
        series=tuple(_with_own(in_order(draft.series), events, [story for _, story in stories]) for draft in drafts),
        places=settings.places | {draft.series.slug: places_of(draft) for draft in drafts},
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the files of series and events are checked against; for ``measure`` see ``load``."""

    staffroom: Staffroom
    measure: Measure | None

    @property
    def address(self) -> str:
        """The site's address, to measure questions by."""
        return self.staffroom.site.address if self.staffroom.site else _ANY_SITE

    def series(self, readings: Sequence[tuple[str, Reading[SeriesFile]]]) -> list[Draft]:
        """The series that can be read; what is wrong in them is noted."""
        language = self.staffroom.site.language if self.staffroom.site else "en"
        drafts = []
        for slug, reading in readings:
            block, kept = survivors(reading)
            if block is None:
                continue
            names = speakers(reading, block, self.staffroom.accounts, complain=self.staffroom.whole_networks)
            draft = Draft(reading, series_of(slug, block, names, language), kept)
            drafts.append(draft)
            checks.check_dates(draft)
            checks.check_offsets(draft, block.chats)
            checks.check_pictures(draft, self.staffroom.folder)
            checks.check_evidence(draft, block.evidence)
            if self.measure:
                checks.check_lengths(draft, self.measure, self.address, self.staffroom.accounts)
        checks.check_slots(drafts)
        return drafts

    def lengths(self, events: Iterable[tuple[Reading[EventFile], Event | None]], series: Mapping[str, Series]) -> None:
        """Note of events what is too long in them."""
        for reading, event in events:
            theirs = series.get(reading.value.series) if reading.value else None
            if self.measure and event and theirs:
                check_length(reading, event, theirs, self.measure, site=self.address, accounts=self.staffroom.accounts)


def _told(readings: Iterable[Reading[Any]]) -> Iterator[Problem]:
    """What is wrong in files, as it is told."""
    for reading in readings:
        yield from tidy(reading.source, reading.problems)


def _with_own(
    series: Series, events: Sequence[tuple[Reading[EventFile], Event | None]], stories: Sequence[Story | None]
) -> Series:
    """A series with its events and stories."""
    mine = [event for reading, event in events if event and reading.value and reading.value.series == series.slug]
    return msgspec.structs.replace(
        series,
        events=tuple(sorted(mine, key=lambda one: (one.date, one.at, one.slug))),
        stories=tuple(story for story in stories if story and story.chat.partition("/")[0] == series.slug),
    )
