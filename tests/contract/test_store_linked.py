"""What accounts said of being one person: remembered by keys alone, and gone without a trace when either leaves."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from contract.store_world import (
    START,
    candidate,
    chat,
    database_url,
    everything,
    opened,
    save,
    store,
    teacher,
)

from bot.domain.consent import Wish, WishKind
from bot.domain.errands import Errand
from bot.domain.linked import CONFIRMED_WITHIN, Claim, asking
from bot.domain.posts import Account, handle_id
from bot.domain.records import Pick
from bot.storage.erasures import Line
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures

AMY, BEN, CAI = teacher("amy"), teacher("ben"), teacher("cai", network="mastodon", handle="@cai@x.example")
DAY = timedelta(days=1)
NOW = START + 10 * DAY


def key(store: SqlStore, who: Account) -> str:
    return store.key(who.network, who.id)


def called(store: SqlStore, who: Account) -> str:
    return store.key(who.network, handle_id(who.handle))


def claim(store: SqlStore, by: Account, other: Account | None, day: float = 0, kind: Any = "also") -> Claim:
    named = key(store, other) if other else ""
    return Claim(kind, key(store, by), named, START + day * DAY, called(store, by))


def add(store: SqlStore, *claims: Claim, now: datetime = NOW) -> list[bool]:
    return [store.add_claim(one, "a test", now) for one in claims]


def link(store: SqlStore, one: Account, other: Account, day: float = 0) -> None:
    assert add(store, claim(store, one, other, day), claim(store, other, one, day)) == [True, True]


def ask(store: SqlStore, who: str, kind: WishKind, day: float, series: str = "") -> None:
    store.add_wish(who, Wish(kind, series, START + day * DAY), "a test")


def pairs(store: SqlStore) -> list[tuple[str, ...]]:
    return sorted(set(store.persons().values()))


def test_it_takes_both_sides_whatever_came_first_and_however_often(store: SqlStore) -> None:
    first, second = claim(store, CAI, AMY, 1), claim(store, AMY, CAI, 2)
    assert add(store, first, first) == [True, False]
    assert store.persons() == {}
    assert add(store, second, second) == [True, False]
    assert store.claims() == (first, second)
    assert pairs(store) == [tuple(sorted((key(store, AMY), key(store, CAI))))]


@pytest.mark.parametrize("late", [0, 1])
def test_what_nobody_could_confirm_any_more_is_not_taken_in(store: SqlStore, late: int) -> None:
    said = claim(store, AMY, BEN)
    assert add(store, said, now=said.at + CONFIRMED_WITHIN + late * timedelta(microseconds=1)) == [not late]


def test_nobody_is_one_person_with_themselves(store: SqlStore) -> None:
    assert add(store, claim(store, AMY, AMY), claim(store, AMY, AMY, 1, "not")) == [False, False]


@pytest.mark.parametrize("other", [BEN, None])
@pytest.mark.parametrize("by", ["amy", "ben"])
def test_an_end_takes_the_words_with_it_that_made_the_link(store: SqlStore, other: Account | None, by: str) -> None:
    link(store, AMY, BEN)
    link(store, AMY, CAI, 1)
    one, two = (AMY, BEN) if by == "amy" else (BEN, AMY)
    end = claim(store, one, two if other else None, 3, "not")
    assert add(store, end) == [True]
    # who says it of all ends the others of theirs, too
    rest = {key(store, AMY), key(store, CAI)} if other or by == "ben" else set()
    assert {each for together in pairs(store) for each in together} == rest
    assert [one for one in store.claims() if one.kind == "also" and key(store, BEN) in (one.by, one.other)] == []
    # met again, the old words change nothing
    again = [claim(store, AMY, BEN), claim(store, BEN, AMY)]
    add(store, *again)
    assert key(store, BEN) not in store.persons()
    link(store, AMY, BEN, 4)
    assert key(store, BEN) in store.persons()


@pytest.mark.parametrize("kind", ["stopped", "gone"])
@pytest.mark.parametrize("series", ["", "edchat"])
def test_who_leaves_leaves_nothing_and_the_other_account_stays(store: SqlStore, kind: WishKind, series: str) -> None:
    one, question = opened(store)
    mine, theirs = candidate(store, one.id, "mine", question), candidate(store, one.id, "theirs", question, author=BEN)
    store.upsert([mine, theirs], START)
    link(store, AMY, BEN)
    add(store, claim(store, CAI, AMY, 1))
    link(store, BEN, CAI, 1)
    ask(store, key(store, AMY), kind, 2, series)
    assert pairs(store) == [tuple(sorted((key(store, BEN), key(store, CAI))))]
    assert [each for each in store.claims() if key(store, AMY) in (each.by, each.other)] == []
    assert theirs.key in {each.key for each in store.content(one.id).answers}
    # what either said before comes in no more; what both say afterwards does
    old = [claim(store, AMY, BEN, 2), claim(store, BEN, AMY, 2), claim(store, AMY, None, 2, "not")]
    assert add(store, *old) == [False, False, False]
    ask(store, key(store, AMY), "joined", 3)
    link(store, AMY, BEN, 3)


def test_an_old_wish_to_leave_that_is_found_late_ends_no_newer_link(store: SqlStore) -> None:
    link(store, AMY, BEN, 5)
    ask(store, key(store, AMY), "stopped", 4)
    ask(store, key(store, AMY), "paused", 9)
    assert len(store.persons()) == 2


def test_who_leaves_by_the_handle_alone_leaves_nothing_either(store: SqlStore) -> None:
    link(store, AMY, BEN)
    add(store, claim(store, AMY, CAI))
    ask(store, called(store, AMY), "stopped", 1)
    assert [one for one in store.claims() if one.by == key(store, AMY)] == []
    assert store.persons() == {}


def test_who_is_no_more_is_gone_from_it_though_nothing_else_is_kept(store: SqlStore) -> None:
    link(store, AMY, BEN)
    link(store, BEN, CAI)
    store.take_in([], gone=[], ended=[key(store, AMY)], account="sky", stream="s", cursor="1", spoiled=[], now=NOW)
    assert pairs(store) == [tuple(sorted((key(store, BEN), key(store, CAI))))]
    assert key(store, AMY) not in everything(store)


def looked_for(store: SqlStore, by: Account, to: str, day: float = 0) -> Errand:
    errand = asking("also", store.key("bluesky", f"{by.id}{to}"), key(store, by), called(store, by))
    return Errand(errand, "sky", "identify", START + day * DAY, to=to)


def test_who_is_still_to_be_looked_up_is_forgotten_with_either(store: SqlStore) -> None:
    by_amy, of_amy = looked_for(store, AMY, "xyzzy.example"), looked_for(store, BEN, "@Amy.bsky.social")
    of_her_id, other = looked_for(store, BEN, AMY.id), looked_for(store, BEN, "zoe.example")
    later = looked_for(store, AMY, "later.example", 2)
    store.queue([by_amy, of_amy, of_her_id, other, later])
    ask(store, key(store, AMY), "stopped", 1)
    ask(store, called(store, AMY), "stopped", 1)
    assert [one.to for one in store.errands("sky", NOW, 9)] == ["zoe.example", "later.example"]
    assert "xyzzy" not in everything(store)


def test_what_nobody_confirmed_is_forgotten_and_a_link_is_not(store: SqlStore) -> None:
    link(store, AMY, BEN)
    add(store, claim(store, AMY, CAI), claim(store, CAI, BEN, 0, "not"))
    store.forget_old(START + CONFIRMED_WITHIN)
    assert len(store.claims()) == 4
    store.forget_old(START + CONFIRMED_WITHIN + DAY)
    assert {(one.by, one.other) for one in store.claims()} == {
        (key(store, AMY), key(store, BEN)),
        (key(store, BEN), key(store, AMY)),
    }
    assert key(store, CAI) not in everything(store)


def test_an_end_that_is_found_late_ends_a_link_and_is_remembered_where_it_still_matters(store: SqlStore) -> None:
    link(store, AMY, BEN)
    late = claim(store, AMY, None, 1, "not")
    much_later = late.at + CONFIRMED_WITHIN + DAY
    assert add(store, late, late, now=much_later) == [True, False]
    assert store.claims() == ()
    # while old words are still met, what ended them is known; they come in no more
    link(store, AMY, BEN, 2)
    assert add(store, claim(store, BEN, None, 3, "not"), claim(store, AMY, BEN, 2)) == [True, False]
    assert [one.kind for one in store.claims()] == ["not"]


def test_the_list_of_erasures_ends_a_link_again_in_a_backup_and_no_newer_one(store: SqlStore) -> None:
    link(store, AMY, BEN)
    ended = Line("unlinked", START + DAY, key=key(store, BEN), what=key(store, AMY))
    store.replay([ended], taken=START, now=NOW)
    assert (store.persons(), [one.kind for one in store.claims()]) == ({}, ["not"])
    link(store, AMY, BEN, 2)
    store.replay([ended], taken=START, now=NOW)
    assert len(store.persons()) == 2
    alone = Line("unlinked", START + 3 * DAY, key=key(store, BEN))
    store.replay([ended, alone], taken=START, now=NOW + CONFIRMED_WITHIN)
    assert store.claims() == ()


def test_leaving_ends_it_again_in_a_backup_too(store: SqlStore) -> None:
    link(store, AMY, BEN)
    left = Line("wish", START + DAY, key=key(store, BEN), what="stopped")
    store.replay([left], taken=START, now=NOW)
    assert store.claims() == ()


# -- what it changes ---------------------------------------------------------------------------------------------------
def said(store: SqlStore, of: str, who: Account, name: str) -> Any:
    return candidate(store, of, f"{who.id}-{name}", author=who)


def test_a_history_has_one_code_for_both_and_none_for_who_goes_without_a_name(store: SqlStore) -> None:
    save(store, chat(7), chat(8))
    every = [said(store, chat(day).id, who, str(day)) for day in (7, 8) for who in (AMY, BEN, CAI)]
    store.upsert(every, NOW)
    link(store, AMY, BEN)
    link(store, BEN, CAI)
    assert {one.by for one in store.chronicle("edchat").contributions} == {min(key(store, w) for w in (AMY, BEN, CAI))}
    ask(store, key(store, CAI), "nameless", 1)
    found = store.chronicle("edchat").contributions
    codes = [{one.by for one in found if one.chat == chat(day).id and not one.followed} for day in (7, 8)]
    assert [len(each) for each in codes] == [1, 1]
    assert codes[0] != codes[1]
    assert len({one.by for one in found if one.followed}) == 1


def test_a_digest_learns_who_is_one_person_and_meets_nobody_twice_for_the_first_time(store: SqlStore) -> None:
    save(store, chat(7), chat(14))
    first, old = said(store, chat(7).id, AMY, "1"), said(store, chat(7).id, BEN, "1")
    now = {who.id: said(store, chat(14).id, who, "2") for who in (AMY, CAI, teacher("dot"))}
    store.upsert([first, old, *now.values()], NOW)
    store.hold_digest(chat(7).id, [Pick("q", first.key, "")], NOW, NOW)
    with store._writing() as connection:
        connection.exec_driver_sql("DELETE FROM digests")
    amy, cai, dot = (now[who].key for who in (AMY.id, CAI.id, "did:plc:dot"))
    before = store.quoted(chat(14).id)
    assert (set(before.last), before.newcomers, before.persons) == ({amy}, {cai, dot}, {})
    link(store, AMY, CAI)
    after = store.quoted(chat(14).id)
    assert (set(after.last), after.newcomers) == ({amy, cai}, {dot})
    assert after.last[amy] == after.last[cai] == chat(7).starts_at
    assert set(after.persons) == {amy, cai}
    assert len(set(after.persons.values())) == 1
