"""Records that wait to be fetched: offered, told of, given out once, ended in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.downloads import TOLD_OF_DOWNLOADS, is_good, left_over, name_of
from bot.domain.errands import Errand
from bot.errors import NetworkError, Refused, UserError
from bot.services.errands import say_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain.downloads import Download
    from bot.domain.posts import Account, NetworkName
    from bot.ports import Network, Store
    from bot.ports.downloads import Shelf


def offer(store: Store, shelf: Shelf, download: Download, data: bytes, now: datetime) -> None:
    """Lay a record out. The store knows of it first, so that nobody takes its file for one that is left over.

    Raises:
        UserError: the file cannot be written; then nothing is offered.
    """
    store.offer(download)
    try:
        shelf.put(download.name, data)
    except UserError:
        store.end_downloads([download.name])
        raise
    end_old_downloads(store, shelf, now)


def tell_owner(  # noqa: PLR0917 - all seven are asked of the one caller
    store: Store,
    download: Download,
    owner: Account,
    text: str,
    accounts: Mapping[str, NetworkName],
    network: Callable[[str], Network],
    now: datetime,
) -> str:
    """Write to a record's owner where it is, privately, at once; where the network does not answer, it is an errand.

    Args:
        store: the truth.
        download: what is told of.
        owner: whom to tell.
        text: what to say, with the address in it.
        accounts: our account keys, each with its network.
        network: opens the adapter of one.
        now: UTC.

    Returns:
        Why this person can get no message from us; empty where it was sent, or will be.
    """
    account = next((key for key, there in accounts.items() if there == owner.network), None)
    if account is None:
        return f"the bot has no account on {owner.network.capitalize()}"
    called = owner.id if owner.network == "bluesky" else owner.handle  # a handle there may be somebody else's by now
    number = f"{TOLD_OF_DOWNLOADS}{download.name}:{download.account}"
    errand = Errand(number, account, "tell", now, to=called, text=text)
    try:
        say_at_once(network(account), errand)
    except Refused as error:
        return str(error)
    except (NetworkError, UserError):  # it may have arrived: the errand looks before it says it again
        store.queue([errand])
    return ""


def good_download(store: Store, shelf: Shelf, token: str, now: datetime) -> Download | None:
    """What may be fetched with a token; ``None`` alike for one that is unknown, used, replaced or too old.

    The store is asked only where a file waits, so that guessing costs it nothing.
    """
    name = name_of(token)
    if not name or not shelf.waits(name):
        return None
    return next((one for one in store.downloads() if one.name == name and is_good(one, now)), None)


def end_old_downloads(store: Store, shelf: Shelf, now: datetime) -> int:
    """Delete the files that nobody may fetch any more, and forget what is too old; gives how many files went."""
    files = shelf.names()  # before the store is asked: whatever is offered meanwhile is known to it
    downloads = store.downloads()
    store.end_downloads([one.name for one in downloads if not is_good(one, now)])
    gone = left_over(downloads, files, now)
    for name in gone:
        shelf.remove(name)
    return len(gone)


def waiting_downloads(store: Store, shelf: Shelf, now: datetime) -> int:
    """How many records wait to be fetched."""
    return sum(1 for one in store.downloads() if is_good(one, now) and shelf.waits(one.name))
