"""What ``staffroom newsletter`` asks for: write an edition as a file, send it, take somebody off the list."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import owner_name, read_settings, site_of, templates_of
from bot.config import load_staffroom
from bot.config.secrets import mail_password
from bot.domain.alerts import is_mailbox
from bot.domain.letters import of_last_term, plain_address
from bot.domain.trying import people_trying
from bot.errors import UserError
from bot.publishing.letters import Envelope, SmtpLetters, multipart
from bot.publishing.mail import SmtpMail
from bot.publishing.recipients import read_recipients, remove_recipient
from bot.rendering.newsletter import edition
from bot.services.newsletter import Sender
from bot.tick import LEASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bot.config import Settings
    from bot.config.settings import NewsletterSettings
    from bot.domain.records import ChatContent, StoredChat
    from bot.ports import Store
    from bot.rendering.newsletter import Edition
    from bot.services.newsletter import Posted

LOCK = "newsletter"
"""Name of the lease that whoever sends letters must hold."""

_HOUR = 120 * LEASE


def newsletter_of(folder: Path, what: str) -> tuple[Edition, bytes]:
    """An edition, and the same as a mail in two forms for somebody else's program.

    Args:
        folder: the bot's folder.
        what: a chat's id, or a series' slug for the term of its last chat.

    Raises:
        UserError: there is no such chat or series, or nothing took place yet.
    """
    settings = read_settings(folder)
    written = _edition(settings, open_store_of(settings), what, datetime.now(UTC))
    envelope = _envelope(settings, settings.newsletter, written)
    mail = multipart(envelope, datetime.now(UTC).replace(microsecond=0))
    mail["X-Unsent"] = "1"  # some mail programs open such a file ready to be sent
    return written, mail.as_bytes()


def send_newsletter(folder: Path, what: str) -> Posted:
    """Send an edition to everybody on the list who did not get it yet; see ``newsletter_of``.

    Raises:
        UserError: nothing is set up, the list cannot be read, or it is being sent already.
    """
    settings = read_settings(folder)
    wanted = _wanted(settings)
    addresses = read_recipients(wanted.recipients)
    store, password = open_store_of(settings), mail_password()
    if store.is_rehearsal():
        raise UserError("This database holds a rehearsal; nobody gets mail about what was made up.")
    written = _edition(settings, store, what, datetime.now(UTC))
    smtp = SmtpMail(
        server=wanted.mail.server,
        port=wanted.mail.port,
        sender=wanted.mail.sender,
        user=wanted.mail.user,
        password=password.reveal() if password else "",
    )
    mail = SmtpLetters(smtp, _envelope(settings, wanted, written))
    owner, now = owner_name(), datetime.now(UTC)
    if not store.hold_lock(LOCK, owner, now, now + _HOUR):
        raise UserError("A newsletter is being sent already. Wait for its end; after a crash, for an hour.")
    try:
        return Sender(store, lambda address: _person(store, address), mail, lambda: datetime.now(UTC)).send(
            written.name, addresses
        )
    finally:
        store.drop_lock(LOCK, owner)


def unsubscribe(folder: Path, who: str) -> bool:
    """Take somebody off the list for good; gives whether they stood on it.

    Args:
        folder: the bot's folder.
        who: their address, or the ``t=`` of the one-click request that they sent.
    """
    settings = load_staffroom(folder)
    wanted = _wanted(settings)
    store = open_store_of(settings)
    address = who
    if "@" not in who:
        on_it = {_person(store, one): one for one in read_recipients(wanted.recipients)}
        if who not in on_it:
            raise UserError("Nobody on the list has this mark. Name the address instead, if you know it.")
        address = on_it[who]
    store.no_more_letters(_person(store, address), datetime.now(UTC))
    return remove_recipient(wanted.recipients, address)


def _wanted(settings: Settings) -> NewsletterSettings:
    if settings.newsletter is None:
        raise UserError(
            "No newsletter is set up. Add to staffroom.yaml: newsletter: {recipients: newsletter.txt, "
            "mail: {server: smtp.example.org, sender: chats@example.org}}"
        )
    return settings.newsletter


def _person(store: Store, address: str) -> str:
    return store.key("mail", plain_address(address))


def _envelope(settings: Settings, wanted: NewsletterSettings | None, written: Edition) -> Envelope:
    sender = wanted.mail.sender if wanted else ""
    return Envelope(
        subject=written.subject,
        text=written.text,
        html=written.html,
        language=written.language,
        title=settings.site.title,
        sender=sender,
        replies=settings.contact if is_mailbox(settings.contact) else sender,
        one_click=wanted.unsubscribe if wanted else "",
        list_name=written.name.partition("/")[0],
    )


def _edition(settings: Settings, store: Store, what: str, now: datetime) -> Edition:
    name, chats = _chats(store, what, now)
    every = store.chats(chats[0].series.slug)
    later = (one.chat for one in every if one.chat.starts_at > now and not one.cancelled and one.chat.event is None)
    contents = [store.content(one.chat.id) for one in chats]
    return edition(
        templates_of(settings.folder),
        site_of(settings),
        name,
        chats,
        figures=store.figures(),
        answered=_answered(contents),
        trying={one.stored.chat.id: people_trying(one) for one in contents},
        upcoming=next(later, None),
    )


def _chats(store: Store, what: str, now: datetime) -> tuple[str, Sequence[StoredChat]]:
    """What an edition tells of: one chat, or those of a term."""
    if "/" in what:
        found = store.chat(what)
        if found is None:
            raise UserError(f"{what}: nothing is kept of such a chat. `staffroom status` lists those there are.")
        if found.chat.ends_at > now:
            raise UserError(f"{what} is not over yet.")
        return what, (found,)
    name, chats = of_last_term(store.chats(what), now)
    if not chats:
        raise UserError(f"{what}: no chat of such a series is over yet.")
    return name, chats


def _answered(contents: Iterable[ChatContent]) -> Counter[str]:
    """By question, how many shown answers it has."""
    return Counter(placed.question for one in contents for answer in one.answers for placed in answer.placed)
