"""Made-up histories of a series: who said how much in which chat, and all that went with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
from contract.store_world import chat, series

from bot.domain.chronicle import Chronicle, Contribution
from bot.domain.occurrences import Span
from bot.domain.posts import NetworkName
from bot.domain.records import StoredChat
from bot.domain.series import Series

BOTH: frozenset[NetworkName] = frozenset(("bluesky", "mastodon"))
LATER = datetime(2040, 1, 1, tzinfo=UTC)
FIRST = date(2027, 1, 4)

Evening = Mapping[str, int]
"""How many answers each person gave; names that begin with ``m`` are on Mastodon, with ``?`` without a name."""


def term(number: int) -> Span:
    """Terms of four weeks, one after the other."""
    first = FIRST + timedelta(weeks=4 * number)
    return Span(first, first + timedelta(days=27))


def terms(count: int) -> tuple[Span, ...]:
    return tuple(term(number) for number in range(count))


def planned(day: date, of: Series, /, *, cancelled: bool = False) -> StoredChat:
    start = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    one = chat(id=f"edchat/{day}", date=day, starts_at=start, ends_at=start + timedelta(hours=1))
    return StoredChat(one, of, 1, cancelled)


def answers(where: str, evening: Evening) -> Iterable[Contribution]:
    for who, count in evening.items():
        for number in range(count):
            code = f"{where}{who}" if who.startswith("?") else who
            network: NetworkName = "mastodon" if who.lstrip("?").startswith("m") else "bluesky"
            key = f"{where}-{who}-{number}"
            yield Contribution(where, key, "", code, not who.startswith("?"), network, (f"{where}/q1",))


def chronicle(
    evenings: Mapping[date, Evening],
    *,
    spans: Sequence[Span] = (),
    networks: frozenset[NetworkName] = BOTH,
    cancelled: Iterable[date] = (),
    more: Iterable[Contribution] = (),
) -> Chronicle:
    """A history in which every chat that was not cancelled asked two questions; answers are to the first."""
    of, off = series(terms=tuple(spans)), set(cancelled)
    stored = [planned(day, of, cancelled=day in off) for day in sorted({*evenings, *off})]
    asked = [one.chat.id for one in stored if not one.cancelled]
    said = [each for day, evening in evenings.items() for each in answers(f"edchat/{day}", evening)]
    return Chronicle(
        chats=tuple(stored),
        asked={one: frozenset((f"{one}/q1", f"{one}/q2")) for one in asked},
        networks=dict.fromkeys(asked, networks),
        contributions=(*said, *more),
    )


def weekly(*of_terms: Sequence[Evening]) -> Chronicle:
    """Terms one after the other, each with up to four evenings."""
    evenings = {
        term(number).first + timedelta(weeks=week): evening
        for number, nights in enumerate(of_terms)
        for week, evening in enumerate(nights)
    }
    return chronicle(evenings, spans=terms(len(of_terms)))


def people(*names: str, answers: int = 1) -> Evening:
    return dict.fromkeys(names, answers)


def crowd(prefix: str, count: int, start: int = 0) -> Evening:
    return people(*(f"{prefix}{number}" for number in range(start, start + count)))


def replying(one: Contribution, to: str) -> Contribution:
    return msgspec.structs.replace(one, parent=to)


def four_terms() -> Chronicle:
    """A group that grows, shrinks to twelve, and is another one in the end."""
    return weekly(
        [{**crowd("b", 14), **crowd("m", 6)}],
        [{**crowd("b", 20), **crowd("m", 9)}, crowd("b", 8, 20)],
        [{**crowd("b", 11), "m1": 2}],
        [{**crowd("b", 12, 30), **crowd("m", 12), "m3": 9}],
    )
