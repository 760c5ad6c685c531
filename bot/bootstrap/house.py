"""Wires a bot's folder into a house: settings, store, words, pages, accounts."""

from __future__ import annotations

import os
import random
import secrets
import socket
import stat
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.logs import log_plainly, tell
from bot.bootstrap.places import places_of
from bot.clock import SystemClock
from bot.config import load, stamp
from bot.config.secrets import database_url, erasures_file, keep_hidden
from bot.config.watchwords import load_watchwords
from bot.domain.events import Event
from bot.domain.outbox import MediaFile
from bot.domain.textlength import BLUESKY, MASTODON
from bot.errors import UserError
from bot.publishing.downloads import FOLDER, DownloadFolder
from bot.rendering import urls
from bot.rendering.composer import TemplateComposer
from bot.rendering.questions import question_overrun
from bot.rendering.site import Site, Voice
from bot.rendering.templates import Templates
from bot.services.deliver import Deliverer
from bot.tick import House

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.bootstrap.accounts import Accounts
    from bot.config import AccountSettings, Measured, Settings
    from bot.domain.posts import NetworkName
    from bot.domain.records import StoredChat
    from bot.domain.series import Image, Series
    from bot.domain.textlength import Limits
    from bot.errors import Problem
    from bot.ports import Clock, Composer, Indexer, Renderer, Store, Target
    from bot.ports.phrases import Phrase
    from bot.services.alerts import Alerter
    from bot.services.copying import Rewritten
    from bot.services.outage import Outage


_told: set[str] = set()
"""What this process told of own templates: several parts of it read them."""


def tell_of_template(problem: Problem) -> None:
    """Log what is wrong with one of the folder's own templates, once in the life of this process."""
    if str(problem) not in _told:
        _told.add(str(problem))
        log_plainly()
        tell(Event("own template", str(problem), level="warning"))


def templates_of(folder: Path, note: Callable[[Problem], None] = tell_of_template) -> Templates:
    """The templates: ours, with those that stand in the bot's own ``templates/`` folder before them.

    ``note`` is given what is wrong with one of those; the shipped one serves then.
    """
    own = folder / "templates"
    return Templates(own if own.is_dir() else None, note)


def read_settings(folder: Path, note: Callable[[Problem], None] = tell_of_template) -> Settings:
    """Read and check a bot's folder, the length of every question included. Raises ``ConfigError``."""
    templates = templates_of(folder, note)

    def measure(question: Measured) -> list[tuple[str, int]]:
        worst: dict[str, int] = {}
        for account in question.accounts:
            over = question_overrun(
                templates,
                account.network,
                limits_of(account.network, account.characters),
                hashtag=question.hashtag,
                languages=question.languages,
                archive=question.archive,
                site_address=question.site,
                number=question.number,
                question=question.ask,
                poll=question.poll,
                credit=question.credit,
                pictured=question.pictured,
                try_it=question.try_it,
            )
            worst[account.network] = max(worst.get(account.network, 0), over)
        return [(network, over) for network, over in worst.items() if over]

    return load(folder, measure=measure)


def limits_of(network: str, characters: int | None) -> Limits:
    """A network's usual limits; ``characters`` where the operator says that a Mastodon server allows more."""
    if network == "bluesky":
        return BLUESKY
    return msgspec.structs.replace(MASTODON, most=characters) if characters else MASTODON


def site_of(settings: Settings) -> Site:
    """What pages and posts say of the place itself."""
    voices = tuple(
        Voice(key, account.network, account.handle, _profile(account)) for key, account in settings.networks.items()
    )
    return Site(
        title=settings.site.title,
        address=settings.site.address,
        language=settings.site.language,
        contact=settings.contact,
        report=settings.site.report,
        controller=settings.controller,
        voices=voices,
        guidelines=settings.site.guidelines,
    )


def _profile(account: AccountSettings) -> str:
    """Where people find one of our accounts; empty while its handle is not known."""
    name = account.handle.strip("@")
    if not name:
        return "" if account.network == "bluesky" else account.server
    if account.network == "bluesky":
        return f"https://bsky.app/profile/{name}"
    return f"{account.server}/@{name.partition('@')[0]}"


def composer_of(settings: Settings, note: Callable[[Problem], None] = tell_of_template) -> Composer:
    """What turns prompts into words for this folder."""
    return TemplateComposer(templates_of(settings.folder, note), site_of(settings))


def phrase_of(settings: Settings) -> Phrase:
    """What says short phrases to people; one with a link has another form for a bot whose pages have no address."""
    return templates_of(settings.folder).dictionary.phrase(urls.absolute(settings.site.address, urls.PRIVACY))


def renderer_of(settings: Settings, clock: Clock) -> Renderer:
    """What makes this folder's pages."""
    from bot.rendering.pages import SiteRenderer

    return SiteRenderer(
        templates_of(settings.folder), site_of(settings), clock.now, searcher(), typesetter=typesetter()
    )


def typesetter() -> str:
    """Names what sets sheets as PDF, with its version; empty where the extra ``pdf`` is not installed."""
    try:
        return f"typst {version('typst')}"
    except PackageNotFoundError:
        return ""


def searcher() -> str:
    """Names what makes indexes for search, with its version; empty where the extra ``search`` is not installed."""
    try:
        return f"pagefind {version('pagefind-bin')}"
    except PackageNotFoundError:
        return ""


def shelf_of(settings: Settings) -> DownloadFolder:
    """Where records wait to be fetched: beside the bot's files, never below what is published."""
    return DownloadFolder(settings.folder / FOLDER)


def indexer_of() -> Indexer | None:
    """What makes indexes for search; ``None`` where the extra ``search`` is not installed: the site has no search."""
    if not searcher():
        return None
    from pagefind_bin import get_executable

    from bot.publishing.pagefind import PagefindIndexer

    return PagefindIndexer(get_executable())


def target_of(settings: Settings) -> Target:
    """Where this folder's pages go."""
    from bot.publishing.targets import FolderTarget

    return FolderTarget(settings.site.folder)


def database_file_of(settings: Settings) -> Path | None:
    """The file of the folder's SQLite database, or of the one that the environment names instead."""
    return database_file(database_url(settings).reveal())


def database_file(url: str) -> Path | None:
    """The file of a SQLite database; ``None`` for PostgreSQL."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def open_store_of(settings: Settings) -> Store:
    """Open the folder's database, or the one that the environment names instead, with its list of erasures."""
    return open_store_at(database_url(settings).reveal(), erasures=erasures_file_of(settings))


def erasures_file_of(settings: Settings) -> Path:
    """Where it stands what left the folder's database: beside it, so that it outlives it."""
    return erasures_file(settings.folder)


def new_secret() -> bytes:
    """What a new database keys its nodes with."""
    return secrets.token_bytes(32)


def open_store_at(
    url: str, pepper: Callable[[], bytes] = new_secret, *, erasures: Path | None = None, clock: Clock | None = None
) -> Store:
    """Open a database; a new or empty one gets its tables first, and keeps what ``pepper`` gives as its secret.

    ``erasures``: the list of what leaves it; a database that is never put back has none.
    """
    from bot.storage.engine import connect
    from bot.storage.erasures import Erasures
    from bot.storage.store import open_store, version

    engine = connect(url)
    try:
        new = version(engine) is None
    finally:
        engine.dispose()
    if new:
        from bot.storage.migrate import migrate

        migrate(url)
    listed = Erasures(erasures, (clock or SystemClock()).now) if erasures else None
    opened = open_store(url, pepper_source=pepper, erasures=listed)
    keep_hidden(opened._pepper)  # noqa: SLF001 - no method gives it, and here it is only to be shown nowhere
    return opened


def accounts_of(settings: Settings) -> dict[str, NetworkName]:
    """Our account keys, each with its network."""
    return {key: account.network for key, account in settings.networks.items()}


def open_house(
    settings: Settings,
    store: Store,
    accounts: Accounts,
    owner: str,
    clock: Clock,
    *,
    alerts: Alerter | None = None,
    outage: Outage | None = None,
) -> House:
    """Wire a folder into a house that speaks to the real networks."""
    writing = Lock()
    return House(
        store=store,
        accounts=accounts_of(settings),
        network=accounts.network,
        own_id=accounts.own_id,
        own_handle=lambda account: accounts.identity(account).handle,
        conditions=accounts.conditions,
        deliverer=Deliverer(
            store=store,
            composer=composer_of(settings),
            picture=picture_keeper(settings.folder, store),
            card=card_keeper(settings, store),
            clock=clock,
            owner=owner,
            rng=random.SystemRandom(),
        ),
        series=fresh_series(settings.folder, settings),
        renderer=renderer_of(settings, clock),
        target=target_of(settings),
        indexer=indexer_of(),
        rewrite=rewrite_picture,
        shelf=shelf_of(settings),
        clock=clock,
        owner=owner,
        watch=load_watchwords(settings.folder),
        phrase=phrase_of(settings),
        alerts=alerts,
        outage=outage,
        places=places_of(settings, store, writing),
        writing=writing,
        vouch=voucher_of(settings, store, clock),
    )


def voucher_of(settings: Settings, store: Store, clock: Clock) -> Callable[[], str]:
    """Signs anew which badges are revoked; see ``issuer.vouch``."""

    def sign() -> str:
        from bot.bootstrap.issuer import vouch

        return vouch(settings, store, clock.now())

    return sign


def rewrite_picture(data: bytes) -> Rewritten | None:
    """A participant's picture, written anew; ``None`` where it cannot be read."""
    from bot.rendering.pictures import copy_picture

    return copy_picture(data)


def owner_name() -> str:
    """Names this process in leases: host, process id, and a random end so that no later process is taken for it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def picture_keeper(folder: Path, store: Store) -> Callable[[Image], MediaFile]:
    """Gives what reads a moderator's picture, makes it ready to send, and keeps its bytes in the store."""

    def keep(image: Image) -> MediaFile:
        from bot.rendering.pictures import MOST_FILE_BYTES, prepare_picture

        try:
            data = read_inside(folder, image.path, MOST_FILE_BYTES)
        except OSError as error:
            message = f"{image.path}: this picture cannot be read ({error.strerror}); put it back or change `image:`"
            raise UserError(message) from error
        picture = prepare_picture(data, image.path)
        sha256 = store.keep_blob(picture.data, picture.mime)
        return MediaFile(sha256, picture.mime, len(picture.data), image.alt, picture.width, picture.height)

    return keep


def card_keeper(settings: Settings, store: Store) -> Callable[[StoredChat], MediaFile | None]:
    """Gives what paints a chat's social card and keeps it in the store; nothing while the pages have no address."""
    site = site_of(settings)

    def keep(stored: StoredChat) -> MediaFile | None:
        if not site.address:
            return None
        from bot.rendering.socialcard import HEIGHT, WIDTH, card_of, colours_of, described, paint

        templates = templates_of(settings.folder)
        words = templates.dictionary.words(stored.series.languages[0] if stored.series.languages else site.language)
        card = card_of(words, stored, site.title)
        data = paint(card, colours_of(templates.source("site/look.css")))
        sha256 = store.keep_blob(data, "image/png")
        return MediaFile(sha256, "image/png", len(data), described(card), WIDTH, HEIGHT)

    return keep


def read_inside(folder: Path, name: str, most: int) -> bytes:
    """A plain file inside a folder. A link that leads out of it is not followed, also if it is put there just now.

    Args:
        folder: may itself stand behind a link.
        name: relative to it.
        most: bytes.

    Raises:
        UserError: the name leads out of the folder, or it is no plain file, or longer; says what to do.
        OSError: it cannot be read.
    """
    if "\0" in name:
        raise UserError("a picture's name cannot hold a character that no name of a file can")
    root = os.path.realpath(folder)
    file = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - realpath's own kind, NUL and all
    if not Path(file).is_relative_to(root):  # also what is only a link to the outside
        raise UserError(f"{name} leads out of the bot's folder; put a copy of the file inside it and name that")
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UserError(f"{name} is no plain file; put the picture itself there")
        data = stream.read(most + 1)
    if len(data) > most:
        raise UserError(f"{name} is larger than {most // 2**20} MB; save a smaller one")
    return data


def fresh_series(folder: Path, settings: Settings) -> Callable[[], Sequence[Series]]:
    """Gives what reads the YAML files again, only where one of them was saved since they were last right.

    Settings without any series are those of a folder whose series' files are wrong now: they are read at once.
    """
    right, known = (stamp(folder) if settings.series else None), settings.series

    def series() -> Sequence[Series]:
        nonlocal right, known
        now = stamp(folder)
        if now != right:
            known = read_settings(folder).series
            right = now
        return known

    return series
