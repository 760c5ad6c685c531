"""Wires a rehearsal: the bot's own series on networks in memory, a stepped clock, a store and a site of its own."""

from __future__ import annotations

import hashlib
import random
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import database_file, open_store_at
from bot.bootstrap.house import deliverer_of, indexer_of, phrase_of, renderer_of, target_of
from bot.bootstrap.pictures import rewrite_picture
from bot.bootstrap.rehearsalpapers import put_papers
from bot.clock import SteppedClock
from bot.config.secrets import database_url
from bot.config.watchwords import load_watchwords
from bot.domain.prompts import prompts
from bot.errors import RefusedToStart
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.rehearsal import Rehearsed, rehearse
from bot.rehearsal.script import Cast
from bot.rendering.urls import chat_page
from bot.shipped import shipped
from bot.tick import House

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from bot.bootstrap.rehearsalpapers import Papers
    from bot.config import Settings
    from bot.domain.chats import Chat
    from bot.domain.posts import NetworkName
    from bot.domain.series import Series
    from bot.ports import Clock, Network, Store


class RehearsalReport(msgspec.Struct, frozen=True):
    """A rehearsal's figures (see ``Rehearsed``), which chat was played, and paths.

    Attributes:
        database, site: of the rehearsal.
        tried: the chat's page, where what people tried stands; empty where nobody told what came of it.
        record, impact: pages for nobody but who asked, or the operator, as they would be; empty where there is none.
    """

    chat: str
    chats: int
    prompts_sent: int
    answers_posted: int
    answers_collected: int
    answers_shown: int
    asked_later: int
    outcomes: int
    database: str
    site: str
    tried: str
    record: str
    impact: str
    troubles: tuple[str, ...]


def run_rehearsal(
    settings: Settings,
    chat: Chat,
    *,
    answers: int,
    seed: int,
    here: bool,
    progress: Callable[[float], None],
) -> RehearsalReport:
    """Play a chat at full speed, on a clock that begins just before its first prompt, and publish its pages.

    Args:
        settings: a checked folder.
        chat: the chat to play.
        answers: how many answers the made-up teachers give.
        seed: the same seed gives the same play.
        here: use the folder's own database and site instead of ``rehearsal/``; refused where they hold anything real.
        progress: told the share that is done, 0 to 1.

    Raises:
        RefusedToStart: ``here`` where the database holds something real.
    """
    place = settings.folder / "rehearsal"
    settings = _located(settings) if here else _moved(settings, place)
    store = _clean_store(settings, seed, here=here)
    series = next(one for one in settings.series if one.slug == chat.series)
    series = msgspec.structs.replace(series, approve=False)  # nobody is there to do it
    clock = SteppedClock(_opening(series, chat) - timedelta(minutes=1))
    pages = SteppedClock(clock.now())
    house, servers = sandbox_house(settings, series, store, clock, seed, pages=pages)
    played = rehearse(
        house,
        clock,
        servers,
        made_up_teachers(),
        chat=chat.id,
        answers=answers,
        seed=seed,
        progress=progress,
        pages=pages,
    )
    papers = put_papers(settings, store, series, chat, played.wants_record, place, clock.now())
    return _report(settings, chat, played, papers)


def sandbox_house(
    settings: Settings, series: Series, store: Store, clock: SteppedClock, seed: int, *, pages: Clock | None = None
) -> tuple[House, dict[NetworkName, SandboxServer]]:
    """A house for one series on networks in memory, and those networks by name.

    Args:
        settings: a checked folder.
        series: what is to be said.
        store: holds nothing real.
        clock: moved on by whoever plays.
        seed: the same seed gives the same keys.
        pages: tells the pages what is past, if that is not ``clock``.
    """
    servers = {name: SandboxServer(name, clock.now) for name in _networks_of(settings, series)}
    networks: dict[str, Network] = {
        key: Sandbox(key, servers[settings.networks[key].network], _handle(settings, key)) for key in series.accounts
    }
    house = House(
        store=store,
        accounts={key: networks[key].name for key in networks},
        network=networks.__getitem__,
        own_id=lambda key: networks[key].identity().id,
        deliverer=deliverer_of(
            settings,
            store,
            clock,
            "rehearsal",
            random.Random(seed),  # noqa: S311 - a play, no secret
        ),
        series=lambda: (series,),
        renderer=renderer_of(settings, pages or clock),
        target=target_of(settings),
        indexer=indexer_of(),
        rewrite=rewrite_picture,
        clock=clock,
        owner="rehearsal",
        watch=load_watchwords(settings.folder),
        phrase=phrase_of(settings),
        own_handle=lambda key: networks[key].identity().handle,
        parallel=False,
    )
    return house, servers


def _moved(settings: Settings, place: Path) -> Settings:
    """The same settings with database and site under another folder."""
    site = msgspec.structs.replace(settings.site, folder=place / "site")
    return msgspec.structs.replace(settings, database=f"sqlite:///{place / 'staffroom.db'}", site=site)


def _located(settings: Settings) -> Settings:
    """The same settings with the database that is really meant: the environment may name another one."""
    return msgspec.structs.replace(settings, database=database_url(settings).reveal())


def _clean_store(settings: Settings, seed: int, *, here: bool) -> Store:
    """An empty store marked as a rehearsal's; what an earlier rehearsal left is removed, anything else is refused.

    It is opened by its own URL: what the environment says of the real database is not for a rehearsal. Its secret comes
    from the seed, so that the same play gives the same bytes.
    """
    file = database_file(settings.database)
    if file is None:
        message = "A rehearsal on PostgreSQL would need that database for itself; leave out --here to use rehearsal/."
        raise RefusedToStart(message)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{file.parent}: a rehearsal needs this folder, and it cannot be made: {error.strerror}."
        raise RefusedToStart(message) from error
    site = settings.site.folder
    old = open_store_at(settings.database) if file.exists() else None
    if here and not (old and old.is_rehearsal()) and site.is_dir() and any(site.iterdir()):
        message = (
            f"{site} holds pages that no rehearsal made. Leave out --here: a rehearsal then uses rehearsal/ instead."
        )
        raise RefusedToStart(message)
    if old:
        if not old.mark_rehearsal():
            message = f"{file} holds a real chat. Leave out --here: a rehearsal then uses rehearsal/ instead."
            raise RefusedToStart(message)
        for leftover in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
            leftover.unlink(missing_ok=True)
        shutil.rmtree(site, ignore_errors=True)
    store = open_store_at(settings.database, lambda: hashlib.sha256(f"rehearsal {seed}".encode()).digest())
    store.mark_rehearsal()
    return store


def _opening(series: Series, chat: Chat) -> datetime:
    """When the chat's first prompt is due."""
    return min(prompt.at for prompt in prompts(series, chat))


def _networks_of(settings: Settings, series: Series) -> list[NetworkName]:
    """The networks of a series' accounts, each once."""
    return list(dict.fromkeys(settings.networks[key].network for key in series.accounts))


def _handle(settings: Settings, key: str) -> str:
    """A handle for the sandbox that looks like the account's own."""
    return settings.networks[key].handle.strip("@").replace("@", "-") or key


def made_up_teachers() -> Cast:
    """The made-up teachers that ship with the package."""
    return msgspec.json.decode((shipped("templates") / "rehearsal" / "cast.json").read_bytes(), type=Cast)


def _report(settings: Settings, chat: Chat, played: Rehearsed, papers: Papers) -> RehearsalReport:
    file = database_file(settings.database)
    return RehearsalReport(
        chat=chat.id,
        chats=played.chats,
        prompts_sent=played.prompts_sent,
        answers_posted=played.answers_posted,
        answers_collected=played.answers_collected,
        answers_shown=played.answers_shown,
        asked_later=played.asked_later,
        outcomes=played.outcomes,
        database=str(file),
        site=str(settings.site.folder),
        tried=str(settings.site.folder / chat_page(chat.id)) if played.outcomes else "",
        record=papers.record,
        impact=papers.impact,
        troubles=played.troubles + papers.troubles,
    )
