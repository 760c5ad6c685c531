"""One tick: whatever is due is done, once. The rehearsal, ``staffroom tick`` and the loop all go through here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from bot.errors import NetworkError, StoreError, UserError
from bot.services.archive import archive
from bot.services.collect import collect
from bot.services.copying import CopiedPictures, copy_pictures
from bot.services.deliver import Delivered
from bot.services.digest import digest
from bot.services.downloads import end_old_downloads
from bot.services.errands import run_errands
from bot.services.hosting import tell_of_digests
from bot.services.hosts import tell_hosts
from bot.services.intake import Intake
from bot.services.listen import ASKED, Ear, listen
from bot.services.places import minding_site
from bot.services.plan import plan
from bot.services.wishes import take_back

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from bot.domain.alarms import Watchwords
    from bot.domain.posts import NetworkName
    from bot.domain.series import Series
    from bot.domain.sweeps import Rhythm
    from bot.ports import Archived, Clock, Condition, Indexer, Network, Renderer, Store, Target
    from bot.ports.downloads import Shelf
    from bot.ports.phrases import Phrase
    from bot.services.alerts import Alerter
    from bot.services.collect import Collected
    from bot.services.copying import Rewritten
    from bot.services.deliver import Deliverer
    from bot.services.outage import Outage
    from bot.services.places import PlaceKeeper

LOCK = "runner"
"""Name of the lease that whoever posts must hold."""

LEASE = timedelta(seconds=30)
"""How long the right to run holds without renewal; renewed three times as often."""

PLACE_SECONDS = 300.0
"""How long bringing one place up to date may take at a time, in seconds; what is left then is for the next time."""


@dataclass(frozen=True, slots=True)
class House:
    """All that running needs, wired once by ``bootstrap``.

    Attributes:
        accounts: our account keys, each with its network.
        network: gives the adapter for an account key, opened when first asked for.
        own_id: gives our own ``Account.id`` for an account key.
        series: reads the YAML files again; raises ``UserError`` where they are wrong now.
        owner: names this process in leases.
        watch: what makes a person look at an answer.
        phrase: words of ours for those who ask something.
        own_handle: gives our own handle for an account key, asked after ``own_id``; empty if unknown.
        parallel: speak to several networks at the same time.
        conditions: how the accounts that were opened so far fare, by key; asks nothing.
        ears: what each account remembers of what it heard; made when first needed.
        alerts: tells operators of trouble; ``None`` where nobody is to be told.
        outage: tells operators that the store cannot be used.
        places: where the archive stands besides the site's own folder.
        writing: held while pages are written, so that no place takes half of an update for the whole.
        indexer: makes indexes for search; ``None`` where the site has none.
        rewrite: writes a participant's picture anew (``services.copying``); ``None``: none is copied.
        shelf: where records wait to be fetched; ``None`` where none ever does.
        vouch: signs anew which badges are revoked, where that changed; gives what somebody has to mend, or nothing.
    """

    store: Store
    accounts: Mapping[str, NetworkName]
    network: Callable[[str], Network]
    own_id: Callable[[str], str]
    deliverer: Deliverer
    series: Callable[[], Sequence[Series]]
    renderer: Renderer
    target: Target
    clock: Clock
    owner: str
    watch: Watchwords
    phrase: Phrase
    own_handle: Callable[[str], str] = lambda _account: ""
    parallel: bool = True
    conditions: Callable[[], Mapping[str, Condition]] = dict
    ears: dict[str, Ear] = field(default_factory=dict)
    alerts: Alerter | None = None
    outage: Outage | None = None
    places: Sequence[PlaceKeeper] = ()
    writing: Lock = field(default_factory=Lock)
    indexer: Indexer | None = None
    rewrite: Callable[[bytes], Rewritten | None] | None = None
    shelf: Shelf | None = None
    vouch: Callable[[], str] = str

    def ear(self, account: str) -> Ear:
        """The ear of an account."""
        if account not in self.ears:
            intake = Intake(
                store=self.store,
                accounts=self.accounts,
                networks=self.network,
                ours=self.own_id,
                watch=self.watch,
                phrase=self.phrase,
                handles=self.own_handle,
            )
            self.ears.setdefault(account, Ear(intake, account, self.own_handle(account)))
        return self.ears[account]


class Ticked(msgspec.Struct, frozen=True):
    """What one tick did: ids of deliveries by outcome, counts of posts, digests and pages, of files that were put in
    other places or removed there, and troubles in words.
    """

    sent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    posts: int = 0
    digests: tuple[str, ...] = ()
    pages: int = 0
    copied: int = 0
    troubles: tuple[str, ...] = ()


def tick(house: House, *, everything: bool = False, publish: bool = True, rhythm: Rhythm = "swept") -> Ticked:
    """Do whatever is due, once: plan, deliver, listen, collect, run errands, digest, deliver the digest, archive.

    A network or an account in trouble is noted and never stops the rest; a broken YAML file keeps the last good plan.

    Args:
        house: all that is needed.
        everything: read all open chats whole, due or not.
        publish: make the pages; else they are left for a later tick.
        rhythm: how we know what is said: between two ticks as a rule by sweeps alone.
    """
    troubles: list[str] = []
    replan(house, troubles)
    missed = tuple(delivery.id for delivery in house.store.expire(house.clock.now()))
    first = deliver_due(house, troubles)
    heard = listen_on_all(house, troubles, place=publish or rhythm == "swept")
    collected = collect_all(house, everything=everything, rhythm=rhythm)
    troubles += [named(account, trouble) for account, trouble in collected.troubles.items()]
    if publish or rhythm == "swept":
        find_errands(house)
    for account in house.accounts:
        run_errands_of(house, account, troubles)
        copy_pictures_of(house, account, troubles)
    tidy(house, troubles)
    house.store.beat("tick", house.clock.now())
    digests = digest(house.store, house.accounts, house.clock.now())
    second = deliver_due(house, troubles) if digests else Delivered()
    if house.alerts is not None:
        troubles += house.alerts.work(house.clock.now()).troubles
    archived = publish_site(house) if publish else None
    troubles += archived.troubles if archived else ()
    copied = keep_places(house, troubles) if publish else 0
    return Ticked(
        sent=first.sent + second.sent,
        waiting=first.waiting + second.waiting,
        refused=first.refused + second.refused,
        missed=missed,
        posts=heard + collected.new,
        digests=digests,
        pages=archived.written if archived else 0,
        copied=copied,
        troubles=tuple(dict.fromkeys(troubles)),
    )


def collect_all(house: House, *, everything: bool, rhythm: Rhythm = "swept") -> Collected:
    """Read what is due to be read, or all open chats, on every account."""
    return collect_on(house, house.accounts, lambda _account: rhythm, everything=everything)


def collect_on(
    house: House,
    accounts: Mapping[str, NetworkName],
    rhythm: Callable[[str], Rhythm],
    *,
    gone: Callable[[str], Collection[str]] = lambda _account: (),
    everything: bool = False,
) -> Collected:
    """Read what is due to be read on some accounts; for the arguments see ``services.collect``."""
    return collect(
        house.store,
        accounts,
        house.network,
        house.clock.now(),
        ours=house.own_id,
        watch=house.watch,
        phrase=house.phrase,
        handles=house.own_handle,
        rhythm=rhythm,
        gone=gone,
        everything=everything,
    )


def publish_site(house: House) -> Archived:
    """Bring the pages up to date; that they cannot be written is remembered, for whoever is to be told."""
    with house.writing, minding_site(house.store, house.clock.now()):
        trouble = house.vouch()
        done = archive(house.store, house.renderer, house.target, indexer=house.indexer)
    return msgspec.structs.replace(done, troubles=(trouble, *done.troubles)) if trouble else done


def keep_places(house: House, troubles: list[str]) -> int:
    """Bring every other place up to date, one after the other; gives how many files were put or removed."""
    files = 0
    for place in house.places:
        done = place.keep(house.clock.now(), PLACE_SECONDS)
        files += done.put + done.removed
        if done.trouble:
            troubles.append(done.trouble)
    return files


def named(account: str, trouble: str) -> str:
    """A trouble with the account's name before it, unless it begins with it already."""
    return trouble if trouble.startswith(f"{account}: ") else f"{account}: {trouble}"


def listen_on_all(house: House, troubles: list[str], *, place: bool) -> int:
    """Ask each account once what came in since it was asked last; gives how many posts are new.

    Without ``place``, which questions they answer is left for later: in a huge chat that takes long. Before the bot
    has ever said anything nobody answers it, and no adapter is opened.
    """
    new = 0
    if not house.store.counts()["deliveries.sent"]:
        return 0
    for account in house.accounts:
        try:
            network = house.network(account)
            found = listen(house.ear(account), network, house.store.cursor(account, ASKED), house.clock.now())
        except (NetworkError, UserError) as error:
            troubles.append(named(account, str(error)))
            continue
        troubles += [named(account, trouble) for trouble in found.troubles.values()]
        new += found.new
        if place:
            house.ear(account).place(house.clock.now(), whole=True)
    return new


def find_errands(house: House) -> None:
    """Queue what follows from what is stored: hosts to be told what waits, posts of digests to be taken back."""
    tell_hosts(house.store, house.accounts, house.clock.now(), house.phrase)
    tell_of_digests(house.store, house.accounts, house.clock.now(), house.phrase)
    take_back(house.store, house.clock.now())


def run_errands_of(house: House, account: str, troubles: list[str]) -> int:
    """Do an account's errands; gives how many were done. No adapter is opened where there are none."""
    now = house.clock.now()
    if not house.store.errands(account, now, 1):
        return 0
    try:
        done = run_errands(house.store, house.network(account), now)
    except (NetworkError, UserError) as error:
        troubles.append(named(account, str(error)))
        return 0
    troubles += [named(account, trouble) for trouble in done.troubles]
    return done.done


def copy_pictures_of(house: House, account: str, troubles: list[str]) -> CopiedPictures:
    """Copy pictures that an account's network has. No adapter is opened where there are none to copy."""
    now = house.clock.now()
    if house.rewrite is None or not house.store.pictures_wanted(house.accounts[account], now, 1):
        return CopiedPictures()
    try:
        return copy_pictures(house.store, house.network(account), house.rewrite, now)
    except (NetworkError, UserError) as error:
        troubles.append(named(account, str(error)))
        return CopiedPictures()


def tidy(house: House, troubles: list[str]) -> tuple[str, ...]:
    """Forget what is not to be kept any longer; gives the ids of the chats whose time of keeping is over."""
    now = house.clock.now()
    forgotten = house.store.forget_old(now)
    house.store.forget_left_out(now)
    house.store.forget_sign_ups(now)
    try:
        if house.shelf is not None:
            end_old_downloads(house.store, house.shelf, now)
    except OSError as error:  # nobody can fetch them, but they are still there
        troubles.append(f"Records that nobody may fetch any more cannot be deleted ({error.strerror}).")
    try:
        house.store.tidy(now)
    except StoreError as error:  # it is only about room: what was erased is erased
        troubles.append(str(error))
    return forgotten


def replan(house: House, troubles: list[str]) -> None:
    """Plan from the YAML files as they are now; where they are wrong the last good plan stays."""
    try:
        series = house.series()
    except UserError as error:
        troubles.append(f"The last good plan stays, because a file is wrong now:\n{error}")
        return
    unknown = sorted({account for one in series for account in one.accounts} - set(house.accounts))
    if unknown:
        names = ", ".join(unknown)
        troubles.append(f"The last good plan stays, because of a new account ({names}): start `staffroom run` again.")
        return
    plan(house.store, series, house.accounts, house.clock.now())


def due_accounts(house: House) -> tuple[str, ...]:
    """Accounts for which something may be said now, so that no other adapter is opened."""
    now = house.clock.now()
    return tuple(account for account in house.accounts if house.store.has_due(account, now))


def deliver_due(house: House, troubles: list[str]) -> Delivered:
    """Deliver on every account that has something due; several networks at the same time, none waiting for another."""
    accounts = due_accounts(house)

    def one(account: str) -> Delivered:
        try:
            said = house.deliverer.deliver(house.network(account))
        except (NetworkError, UserError) as error:
            said = Delivered(troubles=(str(error),))
        troubles.extend(named(account, trouble) for trouble in said.troubles)
        return said

    if house.parallel and len(accounts) > 1:
        with ThreadPoolExecutor(len(accounts)) as pool:
            done = list(pool.map(one, accounts))
    else:
        done = [one(account) for account in accounts]
    return Delivered(
        sent=tuple(item for each in done for item in each.sent),
        waiting=tuple(item for each in done for item in each.waiting),
        refused=tuple(item for each in done for item in each.refused),
    )
