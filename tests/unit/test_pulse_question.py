"""What a chat was worth: asked once at its end, counted for whole terms, and never so that a small group shows."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from golden import sample
from hypothesis import given
from hypothesis import strategies as st
from unit.impact_world import LATER, chronicle, crowd, term
from unit.test_schedule import entry, plan, series, shown, slow

from bot.domain.chats import pulse_of
from bot.domain.choosing import Chosen
from bot.domain.chronicle import Chronicle
from bot.domain.digests import questions_of
from bot.domain.impact import impact
from bot.domain.outbox import Poll
from bot.domain.planning import keep_closing
from bot.domain.posts import NetworkName
from bot.domain.prompts import prompts
from bot.domain.pulsevotes import PulseVotes, add_up
from bot.domain.records import ChatContent, StoredChat
from bot.domain.schedule import planned_chats
from bot.domain.series import Question
from bot.domain.suppression import FEW, FEWEST, Cell
from bot.domain.teachmeets import Event, Place
from bot.domain.textlength import BLUESKY, MASTODON
from bot.rendering.composer import TemplateComposer
from bot.rendering.impact import Account, pulse_rows, rows, table
from bot.rendering.templates import Templates

ASKED = Question("Was it worth it?", ("Yes", "Partly", "No"), pulse=True)
OTHER = msgspec.structs.replace(ASKED, ask="Well?")
TURNED = msgspec.structs.replace(ASKED, poll=("No", "Partly", "Yes"))
ENGLISH = Templates().dictionary.words("en")


# -- when it is asked --------------------------------------------------------------------------------------------------
def test_it_is_asked_last_of_all_at_a_chats_end_and_moves_no_other_question() -> None:
    without, with_it = (plan(series(entry("2027-01-07"), pulse=one)) for one in (None, ASKED))
    said = shown(with_it)
    assert [one for one in said if one[0] != "q3"] == shown(without)
    assert said[-3:] == [
        ("q3", "01-07 21:00", "01-08 09:00"),
        ("wrap-up", "01-07 21:00", "01-08 09:00"),
        ("digest", "01-07 23:00", "01-14 23:00"),
    ]
    asked = next(one for one in with_it if one.id.endswith("/q3"))
    assert (asked.kind, asked.number) == ("question", 3)


def test_a_slow_chat_lasts_no_longer_for_it() -> None:
    without, with_it = (slow(entry("2027-01-07"), pulse=one) for one in (None, ASKED))
    assert planned_chats(with_it)[0].ends_at == planned_chats(without)[0].ends_at
    assert [one for one in shown(plan(with_it)) if one[0] != "q3"] == shown(plan(without))


def test_each_chat_has_its_own_and_an_event_none() -> None:
    meeting = Event("leeds", "Leeds", date(2027, 1, 9), time(20), time(22), Place("A school"), ask="And?")
    of = series(entry("2027-01-07"), entry("2027-01-14", 1), pulse=ASKED, events=(meeting,))
    assert [pulse_of(chat) for chat in planned_chats(of)] == [3, 0, 2]
    assert [pulse_of(chat) for chat in planned_chats(series(entry("2027-01-07")))] == [0]


NOW = datetime(2027, 1, 7, 21, tzinfo=UTC)  # the first chat ends


@pytest.mark.parametrize(
    ("now", "before", "wanted", "kept"),
    [
        (NOW, ASKED, None, ASKED),
        (NOW, ASKED, OTHER, ASKED),
        (NOW, ASKED, ASKED, ASKED),
        (NOW, None, ASKED, None),
        (NOW, None, None, None),
        (NOW - timedelta(seconds=1), ASKED, None, None),
        (NOW - timedelta(seconds=1), ASKED, OTHER, OTHER),
        (NOW - timedelta(seconds=1), None, ASKED, ASKED),
    ],
)
def test_a_chat_that_is_over_keeps_what_it_was_asked(
    now: datetime, before: Question | None, wanted: Question | None, kept: Question | None
) -> None:
    entries = (entry("2027-01-07"), entry("2027-01-14"))
    known = {chat.id: chat for chat in planned_chats(series(*entries, pulse=before))}
    first, second = keep_closing(planned_chats(series(*entries, pulse=wanted)), known, now)
    assert first == planned_chats(series(*entries, pulse=kept))[0]
    assert second == planned_chats(series(*entries, pulse=wanted))[1]


def test_a_chat_that_was_never_known_is_asked_nothing_once_it_is_over() -> None:
    (chat,) = keep_closing(planned_chats(series(entry("2027-01-07"), pulse=ASKED)), {}, NOW)
    assert pulse_of(chat) == 0


def test_no_digest_chooses_among_its_answers() -> None:
    of = series(entry("2027-01-07"), pulse=ASKED)
    (chat,) = planned_chats(of)
    content = ChatContent(StoredChat(chat, of, 1), (), (), (), ())
    assert questions_of(content) == ["edchat/2027-01-07/q1", "edchat/2027-01-07/q2"]


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_it_is_a_poll_for_a_day_or_letters_that_are_said_to_be_public(network: NetworkName) -> None:
    of = series(entry("2027-01-07"), pulse=ASKED, accounts=(network,))
    (chat,) = planned_chats(of)
    limits = BLUESKY if network == "bluesky" else MASTODON
    (asked,) = (one for one in prompts(of, chat) if one.id.endswith("/q3"))
    given_: Any = {"upcoming": None, "content": None, "question": None, "media": ()}
    draft = TemplateComposer(Templates(), sample.SITE).compose(
        asked, StoredChat(chat, of, 1), network, limits, **given_
    )
    (post,) = draft.posts
    assert post.text.text.startswith("Q3 Was it worth it? #EdChat\n")
    in_public = "A Yes · B Partly · C No\nReply in public with the letter."
    assert (in_public in post.text.text, post.poll) == (
        (True, None) if network == "bluesky" else (False, Poll(ASKED.poll, 86_400))
    )


# -- what is told ------------------------------------------------------------------------------------------------------
def found(question: Question, chats: int, votes: int | None, *chosen: int) -> PulseVotes:
    """What is told of a question; without numbers for its answers they are too few."""
    cells = tuple(Cell(one) for one in chosen) or (FEW, FEW, FEW)
    return PulseVotes(question.ask, question.poll, chats, FEW if votes is None else Cell(votes), cells)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([], None),
        ([(ASKED, (0, 0, 0))], found(ASKED, 0, None)),
        ([(ASKED, (4, 0, 0))], found(ASKED, 0, None)),
        ([(ASKED, (5, 0, 0))], found(ASKED, 1, 5)),
        ([(ASKED, (9, 5, 4))], found(ASKED, 1, 18)),
        ([(ASKED, (9, 6, 5))], found(ASKED, 1, 20, 9, 6, 5)),
        ([(ASKED, (9, 6, 2)), (ASKED, (2, 0, 3))], found(ASKED, 2, 22, 11, 6, 5)),
        ([(ASKED, (9, 6, 5)), (ASKED, (4, 0, 0))], found(ASKED, 1, 20, 9, 6, 5)),
        ([(ASKED, (9, 9, 9)), (OTHER, (6, 6, 6))], found(OTHER, 1, 18, 6, 6, 6)),
        ([(ASKED, (9, 8, 7)), (TURNED, (5, 5, 6))], found(TURNED, 1, 16, 5, 5, 6)),
    ],
)
def test_votes_are_added_up(asked: list[tuple[Question, tuple[int, ...]]], told: PulseVotes | None) -> None:
    assert add_up(asked) == told


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=1, max_size=6))
def test_who_subtracts_what_is_told_learns_of_nobody(votes: list[tuple[int, ...]]) -> None:
    """Told are all answers or none, each of five votes or more, and no chat alone of which fewer than five voted."""
    told = add_up([(ASKED, one) for one in votes])
    assert told is not None
    values = [cell.value for cell in told.chosen]
    if any(value is None for value in values):
        assert set(values) == {None}
    else:
        assert min(value or 0 for value in values) >= FEWEST
        assert told.votes.value == sum(value or 0 for value in values)
    assert told.votes.value is None or told.votes.value >= FEWEST * told.chats > 0
    assert add_up([(ASKED, one) for one in (*votes, (1, 2, 1))]) == told, "a chat with four votes changes nothing"


# -- in the report -----------------------------------------------------------------------------------------------------
def history(**votes: tuple[int, int, int]) -> Chronicle:
    """Chats a week apart in one term, each with its votes."""
    days = [term(0).first + timedelta(weeks=number) for number in range(len(votes))]
    made = chronicle({day: crowd("b", 9) for day in days}, spans=(term(0),))
    asking = [msgspec.structs.replace(one.chat, questions=(*one.chat.questions, ASKED)) for one in made.chats]
    chats = tuple(msgspec.structs.replace(one, chat=chat) for one, chat in zip(made.chats, asking, strict=True))
    counted = dict(zip([one.id for one in asking], votes.values(), strict=True))
    return msgspec.structs.replace(made, chats=chats, votes=counted)


def told_rows(of: Chronicle) -> list[tuple[str, str]]:
    (found,) = impact(of, LATER).terms
    return [row for row in rows(ENGLISH, found) if row[0].startswith(("Votes", "…"))]


def test_a_term_tells_its_votes_and_a_series_that_asks_nothing_does_not() -> None:
    name = "Votes at chats' ends: Was it worth it?"
    assert told_rows(history(one=(9, 6, 2), two=(2, 0, 3))) == [
        (name, "22"),
        ("… Yes", "11"),
        ("… Partly", "6"),
        ("… No", "5"),
    ]
    few = "too few people"
    assert told_rows(history(one=(9, 6, 2))) == [(name, "17"), ("… Yes", few), ("… Partly", few), ("… No", few)]
    assert told_rows(history(one=(2, 1, 1))) == [(name, few)]
    assert told_rows(chronicle({date(2027, 1, 7): crowd("b", 9)})) == []


def test_the_table_names_each_answer() -> None:
    of = history(one=(9, 6, 5))
    account = Account(of.chats[0].series, Chosen("edchat", impact(of, LATER)))
    lines = [row for row in csv.DictReader(table([account]).decode().splitlines()) if row["figure"].startswith("pulse")]
    assert [(row["figure"], row["value"], row["not_told"]) for row in lines] == [
        ("pulse", "20", ""),
        ("pulse 1: Yes", "9", ""),
        ("pulse 2: Partly", "6", ""),
        ("pulse 3: No", "5", ""),
    ]


def test_what_turns_text_around_in_an_answer_turns_nothing() -> None:
    asked: Any = PulseVotes("Well\u202e?", ("Y\u202ees",), 1, Cell(9), (Cell(9),))
    assert not any("\u202e" in name for name, _ in pulse_rows(ENGLISH, asked))
