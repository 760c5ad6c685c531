"""Wires a bot's folder into a house: settings, words, pages, accounts."""

from __future__ import annotations

import os
import random
import secrets
import socket
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.logs import log_plainly, tell
from bot.bootstrap.pictures import card_keeper, picture_keeper, rewrite_picture
from bot.bootstrap.places import places_of
from bot.config import load, stamp
from bot.config.watchwords import load_watchwords
from bot.domain.events import Event
from bot.domain.textlength import BLUESKY, MASTODON
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
    from pathlib import Path

    from bot.bootstrap.accounts import Accounts
    from bot.config import AccountSettings, Measured, Settings
    from bot.domain.posts import NetworkName
    from bot.domain.series import Series
    from bot.domain.textlength import Limits
    from bot.errors import Problem
    from bot.ports import Clock, Composer, Indexer, Renderer, Store, Target
    from bot.ports.phrases import Phrase
    from bot.services.alerts import Alerter
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


def accounts_of(settings: Settings) -> dict[str, NetworkName]:
    """Our account keys, each with its network."""
    return {key: account.network for key, account in settings.networks.items()}


def deliverer_of(settings: Settings, store: Store, clock: Clock, owner: str, rng: random.Random) -> Deliverer:
    """What says this folder's prompts, with its words and pictures; for the arguments see ``Deliverer``."""
    return Deliverer(
        store=store,
        composer=composer_of(settings),
        picture=picture_keeper(settings.folder, store),
        card=card_keeper(site_of(settings), partial(templates_of, settings.folder), store),
        clock=clock,
        owner=owner,
        rng=rng,
    )


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
        deliverer=deliverer_of(settings, store, clock, owner, random.SystemRandom()),
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


def owner_name() -> str:
    """Names this process in leases: host, process id, and a random end so that no later process is taken for it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


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
