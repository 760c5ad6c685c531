"""YAML and environment become frozen settings, once; all errors at once, with line and column.

``load`` reads a bot's folder. Beside it: ``secrets`` (passwords and tokens), ``schema`` (what editors read) and
``scaffold`` (what ``staffroom init`` writes), imported by name where they are needed.
"""

from bot.config.files import stamp
from bot.config.load import load
from bot.config.settings import (
    AccountSettings,
    AlertSettings,
    BranchSettings,
    BucketSettings,
    CommandSettings,
    MailSettings,
    Measure,
    Measured,
    PlaceSettings,
    Settings,
    Site,
)
from bot.config.staffroom import load_staffroom

__all__ = [
    "AccountSettings",
    "AlertSettings",
    "BranchSettings",
    "BucketSettings",
    "CommandSettings",
    "MailSettings",
    "Measure",
    "Measured",
    "PlaceSettings",
    "Settings",
    "Site",
    "load",
    "load_staffroom",
    "stamp",
]
