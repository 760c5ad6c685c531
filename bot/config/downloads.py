"""The block ``downloads:``: where people fetch the records that they asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config.settings import DownloadSettings

if TYPE_CHECKING:
    from bot.config.staffroom_models import StaffroomFile


def download_settings(whole: StaffroomFile) -> DownloadSettings | None:
    """The block as settings; ``None`` where there is none."""
    if whole.downloads is None:
        return None
    host, _, port = whole.downloads.listen.rpartition(":")
    return DownloadSettings(whole.downloads.address, host.strip("[]"), int(port))
