"""The block ``newsletter:``: where the list of recipients is, and which server carries the mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.config.alerts import mail_settings
from bot.config.settings import NewsletterSettings
from bot.config.staffroom_models import NewsletterBlock

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config.reading import Reading
    from bot.config.settings import AlertSettings, Site
    from bot.config.staffroom_models import StaffroomFile


def read_newsletter(
    reading: Reading[StaffroomFile], folder: Path, site: Site | None, alerts: AlertSettings
) -> NewsletterSettings | None:
    """The newsletter, if there is one; what it lacks goes to ``reading.problems``.

    Args:
        reading: ``staffroom.yaml``.
        folder: the bot's, absolute.
        site: the archive, in whose folder no list of addresses may stand.
        alerts: whose mail server serves where none stands here.
    """
    raw = reading.raw.get("newsletter")
    if not isinstance(raw, dict):
        return None
    try:
        block = NewsletterBlock.model_validate(raw)
    except ValidationError:
        return None
    mail = mail_settings(block.mail) or alerts.mail
    if mail is None:
        say = "No mail server stands here that carries the newsletter, nor under alerts:."
        reading.note(("newsletter",), say, "mail: {server: smtp.example.org, sender: chats@example.org}")
        return None
    recipients = folder / block.recipients
    if site is not None and recipients.resolve().is_relative_to(site.folder.resolve()):
        say = "The archive's folder is published: a list of addresses may not stand there."
        reading.note(("newsletter", "recipients"), say, value="newsletter.txt")
    return NewsletterSettings(recipients, mail, block.unsubscribe or "")
