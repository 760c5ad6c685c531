"""A bot's folder to frozen settings, once; all problems of all files at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bot.config import checks
from bot.config.accounts import read_accounts, speakers
from bot.config.alerts import read_alerts
from bot.config.checks import Draft
from bot.config.downloads import download_settings
from bot.config.events import FOLDER as EVENTS
from bot.config.events import check_length, read_events
from bot.config.messages import tidy
from bot.config.newsletter import read_newsletter
from bot.config.publishing import read_publish
from bot.config.reading import Reading, survivors
from bot.config.series_models import ChatBlock, QuestionBlock, SeriesFile
from bot.config.settings import Measure, Settings, Site
from bot.config.staffroom_models import StaffroomFile
from bot.config.stories import FOLDER as STORIES
from bot.config.stories import read_stories
from bot.config.words import shown
from bot.domain.evidence import Evidence
from bot.domain.series import ChatEntry, Image, Question, Repeat, Series
from bot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bot.config.event_models import EventFile
    from bot.config.settings import AccountSettings
    from bot.domain.stories import Story
    from bot.domain.teachmeets import Event

STAFFROOM = "staffroom.yaml"
_ANY_SITE = "https://chats.example.org"  # stands in for an address that is wrong, to measure questions by


def load(folder: Path, *, measure: Measure | None = None) -> Settings:
    """Read ``staffroom.yaml``, ``series/*.yaml``, ``events/*.yaml`` and ``stories/*.yaml``.

    Args:
        folder: the bot's folder.
        measure: says of a question by how much it is too long; without it lengths are not checked.

    Raises:
        ConfigError: with every problem of every file.
    """
    folder = folder.absolute()
    staffroom = _staffroom(folder)
    accounts, whole_networks = read_accounts(staffroom)
    alerts = read_alerts(staffroom, accounts, complain=whole_networks)
    publish = read_publish(staffroom, accounts)
    site = _site(staffroom, folder)
    newsletter = read_newsletter(staffroom, folder, site, alerts)
    _check_site_folder(staffroom, folder)
    loose, files = _series_files(folder)
    loose_events, event_files = _named_files(folder, EVENTS, "An event's", "teachmeet")
    loose_stories, story_files = _named_files(folder, STORIES, "A story's", "ten-minutes")
    readings = [(slug, Reading(f"series/{path.name}", _bytes(path), SeriesFile)) for slug, path in files]
    rules = _Rules(folder, accounts, whole_networks, site, measure)
    drafts = rules.series(readings)
    by_slug = {draft.series.slug: draft.series for draft in drafts}
    events = read_events([(slug, _bytes(path)) for slug, path in event_files], by_slug, [slug for slug, _ in files])
    rules.lengths(events, by_slug)
    stories = read_stories([(slug, _bytes(path)) for slug, path in story_files], [slug for slug, _ in files])
    problems = [*tidy(staffroom.source, staffroom.problems), *loose]
    for _, reading in readings:
        problems += tidy(reading.source, reading.problems)
    problems += loose_events
    for event_reading, _ in events:
        problems += tidy(event_reading.source, event_reading.problems)
    problems += loose_stories
    for story_reading, _ in stories:
        problems += tidy(story_reading.source, story_reading.problems)
    whole = staffroom.value
    if problems or whole is None or site is None:
        raise ConfigError(problems)
    return Settings(
        folder=folder,
        database=absolute_database(whole.database, folder),
        contact=whole.contact,
        controller=whole.controller,
        site=site,
        networks=accounts,
        alerts=alerts,
        publish=publish,
        newsletter=newsletter,
        downloads=download_settings(whole),
        series=tuple(_with_own(_in_order(draft.series), events, [story for _, story in stories]) for draft in drafts),
        places={"": (STAFFROOM, staffroom.source.places())} | {draft.series.slug: _places(draft) for draft in drafts},
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the files of series and events are checked against; for the arguments see ``load``."""

    folder: Path
    accounts: dict[str, AccountSettings]
    whole_networks: bool
    site: Site | None
    measure: Measure | None

    @property
    def address(self) -> str:
        """The site's address, to measure questions by."""
        return self.site.address if self.site else _ANY_SITE

    def series(self, readings: Sequence[tuple[str, Reading[SeriesFile]]]) -> list[Draft]:
        """The series that can be read; what is wrong in them is noted."""
        language = self.site.language if self.site else "en"
        drafts = []
        for slug, reading in readings:
            block, kept = survivors(reading)
            if block is None:
                continue
            names = speakers(reading, block, self.accounts, complain=self.whole_networks)
            draft = Draft(reading, _series(slug, block, names, language), kept)
            drafts.append(draft)
            checks.check_dates(draft)
            checks.check_offsets(draft, block.chats)
            checks.check_pictures(draft, self.folder)
            checks.check_evidence(draft, block.evidence)
            if self.measure:
                checks.check_lengths(draft, self.measure, self.address, self.accounts)
        checks.check_slots(drafts)
        return drafts

    def lengths(self, events: Iterable[tuple[Reading[EventFile], Event | None]], series: Mapping[str, Series]) -> None:
        """Note of events what is too long in them."""
        for reading, event in events:
            theirs = series.get(reading.value.series) if reading.value else None
            if self.measure and event and theirs:
                check_length(reading, event, theirs, self.measure, site=self.address, accounts=self.accounts)


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


def load_staffroom(folder: Path) -> Settings:
    """Read ``staffroom.yaml`` alone; ``series`` stays empty. For a bot that goes on with the plan it has stored.

    Raises:
        ConfigError: with every problem of that file.
    """
    folder = folder.absolute()
    staffroom = _staffroom(folder)
    accounts, whole_networks = read_accounts(staffroom)
    alerts = read_alerts(staffroom, accounts, complain=whole_networks)
    publish = read_publish(staffroom, accounts)
    site, whole = _site(staffroom, folder), staffroom.value
    newsletter = read_newsletter(staffroom, folder, site, alerts)
    _check_site_folder(staffroom, folder)
    problems = tidy(staffroom.source, staffroom.problems)
    if problems or whole is None or site is None:
        raise ConfigError(problems)
    return Settings(
        folder=folder,
        database=absolute_database(whole.database, folder),
        contact=whole.contact,
        controller=whole.controller,
        site=site,
        networks=accounts,
        alerts=alerts,
        publish=publish,
        newsletter=newsletter,
        downloads=download_settings(whole),
        series=(),
        places={"": (STAFFROOM, staffroom.source.places())},
    )


def _staffroom(folder: Path) -> Reading[StaffroomFile]:
    if not (folder / STAFFROOM).is_file():
        say = "This folder has no staffroom.yaml. `staffroom init DIR` makes one; -C DIR names another folder."
        raise ConfigError([Problem(STAFFROOM, 0, 0, say)])
    return Reading(STAFFROOM, _bytes(folder / STAFFROOM), StaffroomFile)


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change and size of every configuration file: equal stamps need no new ``load``."""
    files = (
        *_series_files(folder)[1],
        *(one for name in (EVENTS, STORIES) for one in _named_files(folder, name, "", "")[1]),
    )
    paths = [folder / STAFFROOM, *(path for _, path in files)]
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((path.name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def absolute_database(url: str, folder: Path) -> str:
    """A database's URL with a relative SQLite path made absolute within ``folder``."""
    match = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/:?][^?]*)(\?.*)?", url)
    return f"{match[1]}{folder / match[2]}{match[3] or ''}" if match else url


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError([Problem(path.name, 0, 0, f"This file cannot be read: {error.strerror}.")]) from error


def _series_files(folder: Path) -> tuple[list[Problem], list[tuple[str, Path]]]:
    """The series' files by name, and what is wrong with the names."""
    problems, found = _named_files(folder, "series", "A series'", "edchat")
    if not found and not problems:
        say = "No series stands here yet. `staffroom init DIR` makes one to begin with."
        problems.append(Problem("series/", 0, 0, say))
    return problems, found


def _named_files(folder: Path, name: str, whose: str, example: str) -> tuple[list[Problem], list[tuple[str, Path]]]:
    """The YAML files of a folder by name, and what is wrong with the names; ``whose``: of what they are, in words."""
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    there = folder / name
    try:
        paths = sorted(path for path in there.iterdir() if path.is_file()) if there.is_dir() else []
    except OSError as error:
        say = f"This folder cannot be read: {error.strerror}. Give the bot's user the right to read it."
        return [Problem(f"{name}/", 0, 0, say)], []
    for path in paths:
        if path.suffix not in {".yaml", ".yml"} or path.name.startswith("."):
            continue
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem):
            fit = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or example
            say = f"{whose} file is named with small letters, digits and single hyphens, as it will stand in addresses."
            problems.append(Problem(f"{name}/{shown(path.name)}", 0, 0, f"{say} Rename it to {fit}.yaml."))
        elif path.stem in found:
            say = f"There is {found[path.stem].name} as well; keep one of the two."
            problems.append(Problem(f"{name}/{path.name}", 0, 0, say))
        else:
            found[path.stem] = path
    return problems, list(found.items())


def _check_site_folder(staffroom: Reading[StaffroomFile], folder: Path) -> None:
    """Pages are written into the site's folder, and old ones removed from it: nothing else may live there."""
    site = staffroom.raw.get("site")
    name = site.get("folder") if isinstance(site, dict) else None
    if not isinstance(name, str) or "\0" in name:
        return
    home, target = folder.resolve(), (folder / name).resolve()
    inner = (home / kept for kept in ("series", "images", EVENTS, STORIES))
    if home.is_relative_to(target) or any(target.is_relative_to(one) for one in inner):
        say = "The archive needs a folder of its own: pages are written there, and old ones removed."
        staffroom.note(("site", "folder"), say, value="site")


def _site(staffroom: Reading[StaffroomFile], folder: Path) -> Site | None:
    if staffroom.value is None:
        return None
    block = staffroom.value.site
    return Site(
        title=block.title,
        address=block.address,
        folder=folder / block.folder,
        language=block.language,
        report=block.report,
        guidelines=block.guidelines,
    )


def _series(slug: str, block: SeriesFile, accounts: tuple[str, ...], language: str) -> Series:
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


def _in_order(series: Series) -> Series:
    return msgspec.structs.replace(series, chats=tuple(series.chats[index] for index in _order(series)))


def _places(draft: Draft) -> tuple[str, dict[tuple[str | int, ...], tuple[int, int]]]:
    """The file's places, with chats numbered as in ``Series.chats`` rather than as in the file."""
    moved = {old: new for new, old in enumerate(_order(draft.series))}
    found = {}
    for path, place in draft.reading.source.places().items():
        if len(path) > 1 and path[0] == "chats" and isinstance(path[1], int):
            path = (path[0], moved[path[1]], *path[2:])  # noqa: PLW2901
        found[path] = place
    return draft.reading.source.name, found
