"""Lists of who comes to an event: what was said last counts, in the order of saying, and all of it goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from contract.store_world import database_url, series, store
from sqlalchemy import func, select

from bot.domain.consent import Wish
from bot.domain.prompts import prompts
from bot.domain.schedule import planned_chats
from bot.domain.teachmeets import FORGOTTEN_AFTER, Event, Place, SignUp
from bot.services.plan import planned_deliveries
from bot.storage.erasures import Line
from bot.storage.tables import sign_ups

if TYPE_CHECKING:
    from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures

EVENT = Event("leeds", "TeachMeet Leeds", date(2027, 3, 6), time(10), time(13), Place("The hall"), ask="What now?")
SERIES = series(events=(EVENT,))
(CHAT,) = planned_chats(SERIES)
NOON = datetime(2027, 2, 20, 12, tzinfo=UTC)
AFTER = CHAT.ends_at + FORGOTTEN_AFTER


def said(who: str, minute: float, *, coming: bool = True) -> SignUp:
    handle = f"{who}.example.org" if coming else ""
    return SignUp(CHAT.id, who, f"called-{who}", "bluesky", handle, NOON + timedelta(minutes=minute), coming)


@pytest.fixture
def planned(store: SqlStore) -> SqlStore:
    asked = prompts(SERIES, CHAT)
    store.save_plan(
        SERIES, (CHAT,), asked, planned_deliveries(SERIES, asked, {"sky": "bluesky", "masto": "mastodon"}), NOON
    )
    return store


def who(store: SqlStore) -> list[str]:
    return [one.handle for one in store.signed_up(CHAT.id)]


def rows(store: SqlStore) -> int:
    with store._reading() as connection:
        return connection.scalar(select(func.count()).select_from(sign_ups)) or 0


def revision(store: SqlStore) -> int:
    stored = store.chat(CHAT.id)
    assert stored is not None
    return stored.revision


def test_who_says_so_first_stands_first_and_saying_it_again_changes_nothing(planned: SqlStore) -> None:
    assert planned.sign_up(said("ben", 2))
    assert planned.sign_up(said("amy", 1))
    before = revision(planned)
    assert not planned.sign_up(said("amy", 1))
    assert not planned.sign_up(said("amy", 9))
    assert who(planned) == ["amy.example.org", "ben.example.org"]
    assert revision(planned) == before
    assert planned.content(CHAT.id).coming == 2


def test_the_later_saying_counts_in_whatever_order_they_are_met(planned: SqlStore) -> None:
    assert planned.sign_up(said("amy", 1))
    assert planned.sign_up(said("amy", 5, coming=False))
    assert not planned.sign_up(said("amy", 1))
    assert (who(planned), rows(planned), planned.content(CHAT.id).coming) == ([], 1, 0)
    assert planned.sign_up(said("amy", 6))
    assert who(planned) == ["amy.example.org"]
    assert not planned.sign_up(said("ben", 3, coming=False))  # met before what it takes back
    assert not planned.sign_up(said("ben", 2))
    assert who(planned) == ["amy.example.org"]


def test_a_page_is_made_anew_when_the_number_changes(planned: SqlStore) -> None:
    first = revision(planned)
    planned.sign_up(said("amy", 1))
    planned.sign_up(said("amy", 2, coming=False))
    assert revision(planned) == first + 2


@pytest.mark.parametrize("kind", ["stopped", "gone"])
@pytest.mark.parametrize("key", ["amy", "called-amy"])
def test_who_leaves_is_on_no_list_by_id_or_by_handle(planned: SqlStore, kind: str, key: str) -> None:
    planned.sign_up(said("amy", 1))
    planned.sign_up(said("ben", 2))
    before = revision(planned)
    planned.add_wish(key, Wish(kind, "", NOON + timedelta(hours=1)), "test")  # type: ignore[arg-type]
    assert (who(planned), rows(planned)) == (["ben.example.org"], 1)
    assert revision(planned) > before


def test_another_wish_leaves_the_lists_alone(planned: SqlStore) -> None:
    planned.sign_up(said("amy", 1))
    planned.add_wish("amy", Wish("nameless", "", NOON + timedelta(hours=1)), "test")
    assert who(planned) == ["amy.example.org"]


def test_a_list_is_kept_for_thirty_days_after_the_event(planned: SqlStore) -> None:
    planned.sign_up(said("amy", 1))
    planned.sign_up(said("ben", 1, coming=False))
    before = revision(planned)
    assert planned.forget_sign_ups(AFTER - timedelta(microseconds=1)) == 0
    assert who(planned) == ["amy.example.org"]
    assert planned.forget_sign_ups(AFTER) == 2
    assert (rows(planned), planned.forget_sign_ups(AFTER)) == (0, 0)
    assert revision(planned) == before + 1


def test_somebody_finds_where_they_are_on_a_list(planned: SqlStore) -> None:
    planned.sign_up(said("amy", 1))
    planned.sign_up(said("ben", 1, coming=False))
    assert planned.signed_up_as(["called-amy"]) == planned.signed_up_as(["amy"]) == (said("amy", 1),)
    assert planned.signed_up_as(["ben"]) == ()


def test_a_backup_that_does_not_know_it_takes_off_again_who_signed_off(planned: SqlStore) -> None:
    planned.sign_up(said("amy", 1))
    planned.sign_up(said("ben", 1))
    lines = [Line("signed-off", NOON + timedelta(minutes=5), key=who, chat=CHAT.id) for who in ("amy", "nobody")]
    lines.append(Line("signed-off", NOON, key="ben", chat=CHAT.id))  # said before
    planned.replay(lines, taken=NOON, now=NOON + timedelta(hours=1))
    assert who(planned) == ["ben.example.org"]
    assert not planned.sign_up(said("amy", 1))


def test_an_event_has_no_digest_and_no_figures(planned: SqlStore) -> None:
    assert planned.digest_due(CHAT.ends_at + timedelta(days=1)) == ()
    assert planned.chronicle("edchat").chats == ()
