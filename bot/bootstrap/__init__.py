"""The only place that names concrete adapters. Network clients are imported where an account is opened, not before."""

from bot.bootstrap.checking import check_folder
from bot.bootstrap.desk import (
    cancel_chat,
    digest_preview,
    export_chat,
    forget_account,
    migrate_database,
    plan_of,
    publish,
    rehearse_folder,
    write_digest,
)
from bot.bootstrap.doctor import examine
from bot.bootstrap.house import read_settings
from bot.bootstrap.logins import login_account
from bot.bootstrap.running import running_house
from bot.bootstrap.status import status_of
from bot.config.scaffold import scaffold as scaffold_folder

__all__ = [
    "cancel_chat",
    "check_folder",
    "digest_preview",
    "examine",
    "export_chat",
    "forget_account",
    "login_account",
    "migrate_database",
    "plan_of",
    "publish",
    "read_settings",
    "rehearse_folder",
    "running_house",
    "scaffold_folder",
    "status_of",
    "write_digest",
]
