"""The block ``alerts:``: who is told, and whether there is a way to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.config.settings import AlertSettings, MailSettings
from bot.config.staffroom_models import AlertsBlock, MailBlock
from bot.domain.alerts import is_mailbox

if TYPE_CHECKING:
    from bot.config.reading import Reading
    from bot.config.settings import AccountSettings
    from bot.config.staffroom_models import StaffroomFile

_NAMES = {"bluesky": "Bluesky", "mastodon": "Mastodon"}


def read_alerts(
    reading: Reading[StaffroomFile], accounts: dict[str, AccountSettings], *, complain: bool
) -> AlertSettings:
    """Who is told; what has no way to be told goes to ``reading.problems``.

    Args:
        reading: ``staffroom.yaml``.
        accounts: every account that is whole, by name.
        complain: about handles on a network without an account; only where ``networks:`` is whole.
    """
    raw = reading.raw.get("alerts")
    if not isinstance(raw, dict):
        return AlertSettings()
    try:
        block = AlertsBlock.model_validate(raw)
    except ValidationError:
        return AlertSettings()
    mailed: list[str] = []
    several = isinstance(raw.get("to"), list)
    ours = {account.network for account in accounts.values()}
    for index, recipient in enumerate(block.to):
        path = ("alerts", "to", index) if several else ("alerts", "to")
        if is_mailbox(recipient):
            if block.mail is None:
                mailed.append(recipient)
            continue
        network = "mastodon" if recipient.startswith("@") else "bluesky"
        if complain and network not in ours:
            say = f"Only an account of the bot's on {_NAMES[network]} can tell somebody there, and it has none."
            reading.note(path, say)
    if mailed:
        say = f"“{mailed[0]}” is told by mail, and no server stands here that carries it."
        reading.note(("alerts",), say, "mail: {server: smtp.example.org, sender: staffroom@example.org}")
    if block.mail is not None and "mail" in accounts:
        say = "An account that is called mail would share its password's name with the mail server. Rename it."
        reading.note(("networks", "mail"), say, "mail-chat:")
    return AlertSettings(block.to, mail_settings(block.mail))


def mail_settings(block: MailBlock | None) -> MailSettings | None:
    """A mail server's block as settings."""
    return None if block is None else MailSettings(block.server, block.port, block.sender, block.user)
