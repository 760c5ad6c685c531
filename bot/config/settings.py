"""What configuration hands on: frozen, checked, with the place of every value for those who find a fault later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from bot.domain.series import Basis, Series

Place = tuple[str, int, int]
Steps = tuple[str | int, ...]


class Site(msgspec.Struct, frozen=True):
    """The archive: ``address`` without a slash at its end, ``folder`` absolute, ``language`` of its own words.

    ``report`` is where an answer is reported, an e-mail or web address; empty means the contact. ``guidelines`` is the
    day on which they were adopted; ``None`` while nobody has.
    """

    title: str
    address: str
    folder: Path
    language: str
    report: str = ""
    guidelines: date | None = None


class AccountSettings(msgspec.Struct, frozen=True):
    """An account that speaks.

    Attributes:
        key: its name under ``networks:``; names its secrets, too.
        network: which kind of network.
        handle: Bluesky's handle; on Mastodon may be empty until the login tells it.
        server: Bluesky: its PDS or entryway. Mastodon: its server. Without a slash at its end.
        appview: Bluesky: where to read from; empty means through the server.
        characters: Mastodon: a post's length where it is not what the server says; else ``None``.
        streams: Bluesky: addresses of live streams, best first; none where they are switched off.
    """

    key: str
    network: Literal["bluesky", "mastodon"]
    handle: str
    server: str
    appview: str = ""
    characters: int | None = None
    streams: tuple[str, ...] = ()


class MailSettings(msgspec.Struct, frozen=True):
    """The server that carries mail: its name, its port, whose mail it is, and the login's name (empty for none)."""

    server: str
    port: int
    sender: str
    user: str = ""


class AlertSettings(msgspec.Struct, frozen=True):
    """Who is told of trouble.

    Attributes:
        to: mail addresses, and handles as ``people.called`` reads them.
        mail: the mail server; ``None`` where no mail address stands in ``to``.
    """

    to: tuple[str, ...] = ()
    mail: MailSettings | None = None


class BranchSettings(msgspec.Struct, frozen=True):
    """A place: a branch of a git repository; ``user`` beside the token may be empty."""

    name: str
    address: str
    branch: str
    user: str = ""


class BucketSettings(msgspec.Struct, frozen=True):
    """A place: a folder in a bucket (empty for all of it); without an endpoint it is Amazon's."""

    name: str
    bucket: str
    folder: str = ""
    endpoint: str = ""
    region: str = ""


class CommandSettings(msgspec.Struct, frozen=True):
    """A place: where a program brings the pages; ``within`` in seconds."""

    name: str
    words: tuple[str, ...]
    within: float


PlaceSettings = BranchSettings | BucketSettings | CommandSettings


class NewsletterSettings(msgspec.Struct, frozen=True):
    """A newsletter by mail.

    Attributes:
        recipients: the file with the addresses, absolute.
        mail: the server that carries it.
        unsubscribe: an https address that takes the wish to get no more; empty for none.
    """

    recipients: Path
    mail: MailSettings
    unsubscribe: str = ""


class DownloadSettings(msgspec.Struct, frozen=True):
    """Where people fetch their records.

    Attributes:
        address: as people see it, without a slash at its end.
        host, port: where the bot itself listens.
    """

    address: str
    host: str
    port: int


class Settings(msgspec.Struct, frozen=True):
    """All of a bot's folder, checked.

    Attributes:
        folder: the bot's folder, absolute.
        database: a URL; a relative SQLite path has been made absolute. See ``secrets.database_url`` for overrides.
        contact: an e-mail or web address.
        controller: who answers for the archive.
        site: the archive.
        networks: the accounts by name.
        series: in the order of their files' names.
        places: for each series' slug (and ``""`` for ``staffroom.yaml``) its file and the places in it.
        alerts: who is told of trouble; nobody where it is not set.
        publish: other places where the archive is put, in the file's order.
        newsletter: the newsletter by mail; ``None`` where there is none.
        downloads: where people fetch their records; ``None`` where the bot gives none out.
    """

    folder: Path
    database: str
    contact: str
    controller: str
    site: Site
    networks: dict[str, AccountSettings]
    series: tuple[Series, ...]
    places: dict[str, tuple[str, dict[Steps, tuple[int, int]]]] = {}
    alerts: AlertSettings = AlertSettings()
    publish: tuple[PlaceSettings, ...] = ()
    newsletter: NewsletterSettings | None = None
    downloads: DownloadSettings | None = None

    def place(self, slug: str, *steps: str | int) -> Place:
        """File, line and column (from 1) of a value in a series' file, or of the nearest thing around it.

        ``place("edchat", "chats", 0, "questions", 2)`` is the third question of ``series.chats[0]``; an empty slug
        means ``staffroom.yaml``. Line and column are 0 where the slug is unknown.
        """
        file, known = self.places.get(slug, (f"series/{slug}.yaml", {}))
        for end in range(len(steps), -1, -1):
            if steps[:end] in known:
                return (file, *known[steps[:end]])
        return file, 0, 0


class Measured(msgspec.Struct, frozen=True):
    """A question about to be measured, with all that its post depends on.

    Attributes:
        series: the slug.
        hashtag: without ``#``.
        languages: BCP 47 tags, the first is the language of the notice.
        archive: the ground of archiving, which the notice names.
        site: the archive's address.
        accounts: those that will ask it.
        number: the question's number, from 1.
        ask: its text.
        poll: its options.
        pictured: a picture goes with it; ``credit`` says whose it is.
        try_it: it asks what people will try, and says how they can be asked later.
    """

    series: str
    hashtag: str
    languages: tuple[str, ...]
    archive: Basis
    site: str
    accounts: tuple[AccountSettings, ...]
    number: int
    ask: str
    poll: tuple[str, ...] = ()
    pictured: bool = False
    credit: str = ""
    try_it: bool = False


Measure = Callable[[Measured], Sequence[tuple[str, int]]]
"""Gives for each network on which a question is too long its name (``bluesky``) and by how many characters, in that
network's own count."""
