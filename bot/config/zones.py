"""Time zones as a teacher writes them."""

from __future__ import annotations

import functools
import zoneinfo
from typing import Any

from bot.config.words import Wrong, nearest, shown, text

_ZONES = {
    "uk": "Europe/London", "gb": "Europe/London", "bst": "Europe/London", "england": "Europe/London",
    "britain": "Europe/London", "wales": "Europe/London", "scotland": "Europe/London", "ireland": "Europe/Dublin",
    "cest": "Europe/Berlin", "germany": "Europe/Berlin", "france": "Europe/Paris", "spain": "Europe/Madrid",
    "italy": "Europe/Rome", "eastern": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "central": "America/Chicago", "cdt": "America/Chicago", "ct": "America/Chicago", "mdt": "America/Denver",
    "mountain": "America/Denver", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "pst": "America/Los_Angeles", "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland", "ist": "Asia/Kolkata",
    "india": "Asia/Kolkata", "jst": "Asia/Tokyo",
}  # fmt: skip


def zone(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """An IANA zone, such as ``Europe/London``."""
    word = text(value)
    if not word.startswith(("posix", "right/")) and word not in {"localtime", "Factory"}:
        try:
            zoneinfo.ZoneInfo(word)
        except (LookupError, OSError, ValueError):
            pass
        else:
            return word
    raise Wrong(f"“{shown(word)}” is no time zone that I know.", _nearest_zone(word) or "Europe/London")


def _nearest_zone(word: str) -> str:
    named = _ZONES.get(word.lower().removesuffix(" time").strip())
    if named:
        return named
    names = sorted(name for name in _zone_names() if name == "UTC" or ("/" in name and not name.startswith("Etc/")))
    asked = word.replace(" ", "_")
    whole = nearest(asked, names, cutoff=0.75)
    if whole.lower() == asked.lower():
        return whole
    cities = {name.rsplit("/", 1)[-1]: name for name in reversed(names)}
    city = nearest(asked.rsplit("/", 1)[-1], cities, cutoff=0.75)
    if city and ("/" not in asked or not whole):
        return cities[city]
    return whole


@functools.cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
