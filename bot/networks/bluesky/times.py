"""Times as the network writes and counts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at: datetime) -> int:
    """A time as whole microseconds since 1970, which Jetstream counts in."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def unstamped(microseconds: int) -> datetime:
    """The time of so many microseconds since 1970; the last one there is where that is too late for any calendar."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def written(at: datetime) -> str:
    """A time as records and queries carry it (https://atproto.com/specs/lexicon#datetime), in milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
