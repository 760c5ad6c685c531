"""Wires the places under ``publish:``, and what brings them up to date beside everything else."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.bootstrap.findings import Finding
from bot.config import BranchSettings, BucketSettings
from bot.config.secrets import place_secret
from bot.domain.events import Event
from bot.errors import LoginError, PlaceError, UserError
from bot.services.places import PlaceKeeper
from bot.tick import PLACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from threading import Lock

    from bot.config import PlaceSettings, Settings
    from bot.domain.places import Print
    from bot.ports import Brought, Place, Store
    from bot.publishing.original import Original
    from bot.tick import House

FOLDER = ".staffroom-places"
"""Where in the bot's folder git places keep the names and ids of what their branch holds."""

LOOK = timedelta(seconds=20)
"""How often ``run`` looks whether a place has to be brought up to date."""

SOON = timedelta(seconds=1)


def places_of(settings: Settings, store: Store, writing: Lock | None = None) -> tuple[PlaceKeeper, ...]:
    """What brings each place up to date. Nothing is asked of any place yet.

    ``writing``: held by whoever writes pages in this process.
    """
    if not settings.publish:
        return ()
    from bot.bootstrap.logs import without_secrets
    from bot.publishing.original import Original

    site = Original(settings.site.folder, writing)
    return tuple(PlaceKeeper(store, Late(settings, one, site), site, without_secrets) for one in settings.publish)


class Late:
    """A ``ports.Place`` that is made when it is first needed, so that one without its keys holds up nothing else."""

    def __init__(self, settings: Settings, place: PlaceSettings, site: Original) -> None:
        self.name = place.name
        self._make = partial(make_place, settings, place, site)
        self._made: Place | None = None

    def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
        """See ``ports.Place``."""
        return self._place().bring(wanted, seconds)

    def check(self) -> str:
        """See ``ports.Place``."""
        return self._place().check()

    def _place(self) -> Place:
        if self._made is None:
            try:
                self._made = self._make()
            except UserError as error:
                raise PlaceError(str(error)) from None
        return self._made


def make_place(settings: Settings, place: PlaceSettings, site: Original) -> Place:
    """Make what speaks to a place.

    Raises:
        LoginError: it has no keys, or what speaks to it is not installed.
        ConfigError: a file that holds one of its secrets cannot be read.
    """
    if isinstance(place, BranchSettings):
        from bot.publishing.gitbranch import GitBranch

        token = place_secret(place.name, "TOKEN")
        return GitBranch(
            name=place.name,
            address=place.address,
            branch=place.branch,
            site=site.folder,
            home=settings.folder / FOLDER / f"{place.name}.git",
            user=place.user,
            token=token.reveal() if token else "",
        )
    if isinstance(place, BucketSettings):
        return _bucket(place, site)
    from bot.publishing.command import Command

    return Command(name=place.name, words=place.words, site=site.folder, within=place.within)


def _bucket(place: BucketSettings, site: Original) -> Place:
    try:
        from bot.publishing.bucket import Bucket
    except ModuleNotFoundError:
        raise LoginError("What speaks to S3 storage is not installed: pip install 'staffroom[s3]'") from None
    key, secret = place_secret(place.name, "KEY"), place_secret(place.name, "SECRET")
    if key is None or secret is None:
        named = f"STAFFROOM_{place.name.upper().replace('-', '_')}"
        raise LoginError(f"its keys are missing; set {named}_KEY and {named}_SECRET in the environment")
    return Bucket(
        name=place.name,
        original=site,
        bucket=place.bucket,
        folder=place.folder,
        endpoint=place.endpoint,
        region=place.region,
        key=key.reveal(),
        secret=secret.reveal(),
    )


def place_duties(house: House, tell: Callable[[str], None]) -> dict[str, Callable[[], datetime]]:
    """What ``run`` does for each place, as a further duty of its loop: one that hangs holds up no other."""

    def keep(place: PlaceKeeper) -> datetime:
        done = place.keep(house.clock.now(), PLACE_SECONDS)
        if done.put or done.removed:
            line = f"{place.name}: {done.put} files put there, {done.removed} removed"
            tell(Event("published", line, place=place.name, put=done.put, removed=done.removed))
        if done.trouble:
            tell(Event("trouble", done.trouble, level="warning", duty=f"publish:{place.name}"))
        soon = done.empty or (done.left and (done.put or done.removed))
        return house.clock.now() + (SOON if soon else LOOK)

    return {f"publish:{place.name}": partial(keep, place) for place in house.places}


def examine_places(settings: Settings) -> Iterator[Finding]:
    """What ``doctor`` says of each place: whether it can be written, and keeps nothing that was erased."""
    from bot.bootstrap.logs import without_secrets
    from bot.publishing.original import Original

    site = Original(settings.site.folder)
    for one in settings.publish:
        try:
            found = Late(settings, one, site).check()
        except PlaceError as error:
            what, _, mend = without_secrets(str(error)).partition(". ")
            yield Finding(one.name, "wrong", what, mend)
        else:
            yield Finding(one.name, "note" if found else "well", found or "pages can be put there")


def end_programs() -> None:
    """End what programs a place still runs; the process is about to leave."""
    from bot.publishing.processes import end_all

    end_all()
