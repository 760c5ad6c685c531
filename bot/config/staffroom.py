"""``staffroom.yaml`` to settings: accounts, archive, alerts, places, newsletter, downloads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.config.accounts import read_accounts
from bot.config.alerts import read_alerts
from bot.config.downloads import download_settings
from bot.config.events import FOLDER as EVENTS
from bot.config.files import STAFFROOM, bytes_of
from bot.config.messages import tidy
from bot.config.newsletter import read_newsletter
from bot.config.publishing import read_publish
from bot.config.reading import Reading
from bot.config.settings import Settings, Site
from bot.config.staffroom_models import StaffroomFile
from bot.config.stories import FOLDER as STORIES
from bot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bot.config.settings import AccountSettings, AlertSettings, NewsletterSettings, PlaceSettings


@dataclass(frozen=True, slots=True)
class Staffroom:
    """``staffroom.yaml`` as far as it can be read; what is wrong in it stands in ``reading.problems``.

    Attributes:
        folder: the bot's folder, absolute.
        accounts: those that are whole, by name.
        whole_networks: whether all are.
    """

    folder: Path
    reading: Reading[StaffroomFile]
    accounts: dict[str, AccountSettings]
    whole_networks: bool
    alerts: AlertSettings
    publish: tuple[PlaceSettings, ...]
    site: Site | None
    newsletter: NewsletterSettings | None

    def settings(self, beside: Iterable[Problem] = ()) -> Settings:
        """What it says, without any series. ``beside``: what is wrong in other files.

        Raises:
            ConfigError: anything is wrong, with all of it.
        """
        problems = [*tidy(self.reading.source, self.reading.problems), *beside]
        whole = self.reading.value
        if problems or whole is None or self.site is None:
            raise ConfigError(problems)
        return Settings(
            folder=self.folder,
            database=absolute_database(whole.database, self.folder),
            contact=whole.contact,
            controller=whole.controller,
            site=self.site,
            networks=self.accounts,
            alerts=self.alerts,
            publish=self.publish,
            newsletter=self.newsletter,
            downloads=download_settings(whole),
            series=(),
            places={"": (STAFFROOM, self.reading.source.places())},
        )


def read_staffroom(folder: Path) -> Staffroom:
    """Read a folder's ``staffroom.yaml``.

    Raises:
        ConfigError: it is not there, or cannot be opened.
    """
    folder = folder.absolute()
    if not (folder / STAFFROOM).is_file():
        say = "This folder has no staffroom.yaml. `staffroom init DIR` makes one; -C DIR names another folder."
        raise ConfigError([Problem(STAFFROOM, 0, 0, say)])
    reading = Reading(STAFFROOM, bytes_of(folder / STAFFROOM), StaffroomFile)
    accounts, whole_networks = read_accounts(reading)
    alerts = read_alerts(reading, accounts, complain=whole_networks)
    publish = read_publish(reading, accounts)
    site = _site(reading, folder)
    newsletter = read_newsletter(reading, folder, site, alerts)
    _check_site_folder(reading, folder)
    return Staffroom(folder, reading, accounts, whole_networks, alerts, publish, site, newsletter)


def load_staffroom(folder: Path) -> Settings:
    """Read ``staffroom.yaml`` alone; ``series`` stays empty. For a bot that goes on with the plan it has stored.

    Raises:
        ConfigError: with every problem of that file.
    """
    return read_staffroom(folder).settings()


def absolute_database(url: str, folder: Path) -> str:
    """A database's URL with a relative SQLite path made absolute within ``folder``."""
    match = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/:?][^?]*)(\?.*)?", url)
    return f"{match[1]}{folder / match[2]}{match[3] or ''}" if match else url


def _check_site_folder(reading: Reading[StaffroomFile], folder: Path) -> None:
    """Pages are written into the site's folder, and old ones removed from it: nothing else may live there."""
    site = reading.raw.get("site")
    name = site.get("folder") if isinstance(site, dict) else None
    if not isinstance(name, str) or "\0" in name:
        return
    home, target = folder.resolve(), (folder / name).resolve()
    inner = (home / kept for kept in ("series", "images", EVENTS, STORIES))
    if home.is_relative_to(target) or any(target.is_relative_to(one) for one in inner):
        say = "The archive needs a folder of its own: pages are written there, and old ones removed."
        reading.note(("site", "folder"), say, value="site")


def _site(reading: Reading[StaffroomFile], folder: Path) -> Site | None:
    if reading.value is None:
        return None
    block = reading.value.site
    return Site(
        title=block.title,
        address=block.address,
        folder=folder / block.folder,
        language=block.language,
        report=block.report,
        guidelines=block.guidelines,
    )
