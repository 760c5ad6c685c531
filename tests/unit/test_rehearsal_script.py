"""What the made-up teachers of a rehearsal say, and that their script keeps its promises."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.labels import label_of
from bot.domain.occurrences import Weekly
from bot.domain.patterns import graphemes, handles, hashtags_in, urls
from bot.domain.prompts import prompts
from bot.domain.richtext import detect
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series
from bot.rehearsal.script import (
    EXTRAS,
    LINGERING,
    MY_RECORD,
    SHARES,
    TRYING,
    VOTING,
    Act,
    Cast,
    Saying,
    Stage,
    write_script,
)
from bot.shipped import shipped

if TYPE_CHECKING:
    from bot.domain.posts import NetworkName

QUESTIONS = range(1, 7)
ROOM = 280  # graphemes a text may have, so that a label, a hashtag and “(edited)” still fit Bluesky's 300
CAST = msgspec.json.decode((shipped("templates") / "rehearsal" / "cast.json").read_bytes(), type=Cast)
LANGUAGES = {"en", "cy", "fr", "es", "de", "ar", "zh"}


def stage(networks: tuple[NetworkName, ...] = ("bluesky", "mastodon"), **more: Any) -> Stage:
    entry = ChatEntry(
        date=date(2027, 1, 7),
        topic="Feedback that pupils use",
        questions=tuple(Question(ask="What worked?") for _ in QUESTIONS),
    )
    series = Series(
        slug="edchat",
        title="Ed Chat",
        hashtag="EdChat",
        timezone="Europe/London",
        rhythm=Weekly(3),
        at=time(20),
        accounts=networks,
        chats=(entry,),
        **more,
    )
    (chat,) = planned_chats(series)
    asked = tuple(prompt for prompt in prompts(series, chat) if prompt.kind == "question")
    return Stage(CAST, chat, asked, networks)


def script(answers: int, seed: int, networks: tuple[NetworkName, ...] = ("bluesky", "mastodon")) -> tuple[Act, ...]:
    return write_script(random.Random(seed), stage(networks), answers)


def texts() -> tuple[Saying, ...]:
    return (*CAST.sayings, *CAST.responses, *CAST.tries, *CAST.outcomes)


# -- the cast --------------------------------------------------------------------------------------------------
def test_the_cast_is_large_enough_to_seldom_repeat_itself() -> None:
    assert len({teacher.name for teacher in CAST.teachers}) == len(CAST.teachers) >= 90
    assert len({saying.text for saying in CAST.sayings}) == len(CAST.sayings) >= 160
    assert len({saying.text for saying in CAST.responses}) == len(CAST.responses) >= 70
    assert len(set(CAST.spam)) == len(CAST.spam) == 4


def test_the_cast_speaks_seven_languages_and_answers_in_each() -> None:
    spoken = Counter(saying.language for saying in CAST.sayings)
    for others in (CAST.responses, CAST.tries, CAST.outcomes):
        assert set(spoken) == {saying.language for saying in others} == LANGUAGES
    assert spoken["ar"] >= 10
    assert spoken["zh"] >= 10
    assert sum(spoken[language] for language in ("cy", "fr", "es", "de")) >= 20


def test_texts_fit_and_are_trimmed() -> None:
    assert [one.text for one in texts() if one.text != one.text.strip()] == []
    assert [one.text for one in texts() if not 0 < graphemes(one.text) <= ROOM] == []


def test_texts_name_no_account_hashtag_or_question() -> None:
    assert [one.text for one in texts() if [*hashtags_in(one.text), *handles(one.text)]] == []
    assert [one.text for one in texts() if label_of(one.text, QUESTIONS, tuple(LANGUAGES)).numbers] == []


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_saying_with_a_label_before_it_is_read_as_the_answer_to_that_question(number: int) -> None:
    labelled = {one.text: label_of(f"A{number} {one.text} #EdChat", QUESTIONS, ("en",)) for one in CAST.sayings}
    assert [text for text, label in labelled.items() if label.numbers != (number,)] == []


def test_links_lead_to_the_reserved_example_site_only() -> None:
    every = [*CAST.spam, *(saying.text for saying in texts())]
    found = [text[start:end] for text in every for start, end in urls(text)]
    assert len(found) >= 5
    assert all(url.startswith("https://example.org/") for url in found)
    assert sum(text.count("://") for text in every) == len(found)


def test_texts_come_through_the_detection_of_facets_unchanged() -> None:
    for saying in texts():
        assert detect(saying.text).text == saying.text


# -- the script ------------------------------------------------------------------------------------------------
def test_shares_of_answers_sum_to_one() -> None:
    assert math.isclose(sum(share for _, share in SHARES), 1)


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_of_act_occurs_from_200_answers_on(seed: int) -> None:
    found = {act.kind for act in script(200, seed)}
    assert found == {kind for kind, _ in (*SHARES, *EXTRAS)} | {"try", "ask"}


def test_the_same_seed_gives_the_same_script_and_another_seed_another() -> None:
    assert script(120, 7) == script(120, 7)
    assert script(120, 7) != script(120, 8)


@settings(max_examples=40, deadline=None)
@given(
    answers=st.integers(0, 300),
    seed=st.integers(0, 2**32),
    networks=st.sampled_from([("bluesky", "mastodon"), ("mastodon", "bluesky"), ("bluesky",), ("mastodon",)]),
)
def test_a_script_keeps_its_promises(answers: int, seed: int, networks: tuple[NetworkName, ...]) -> None:
    acts = script(answers, seed, networks)
    assert sum(act.counts for act in acts) == answers
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    played = stage(networks)
    asked = {prompt.number: prompt.at for prompt in played.questions}
    for index, act in enumerate(acts):
        assert act.network == networks[act.teacher % len(networks)]
        assert act.at > asked.get(act.question, played.chat.starts_at)
        _check_target(acts, index, act)


def _check_target(acts: tuple[Act, ...], index: int, act: Act) -> None:
    if act.kind not in ("nested", "edit", "delete") and act.saying.text != "REMIND ME":
        assert act.target == -1
        return
    assert 0 <= act.target < index
    target = acts[act.target]
    assert target.network == act.network
    assert target.kind not in ("delete", "edit", "spam", "leave")
    assert target.question == act.question
    if act.kind != "nested":
        assert target.teacher == act.teacher


def test_every_teacher_writes_in_their_own_language() -> None:
    acts = [act for act in script(300, 3) if act.kind not in ("leave", "spam", "ask")]
    assert {act.saying.language for act in acts} >= {"en", "cy", "ar", "zh"}
    assert all(act.saying.language == CAST.teachers[act.teacher].language for act in acts)


def test_what_is_deleted_is_no_answer_to_be_kept() -> None:
    acts = script(300, 4)
    deleted = [acts[act.target] for act in acts if act.kind == "delete"]
    assert deleted
    assert not any(act.counts for act in deleted)


@pytest.mark.parametrize("answers", [1, 9, 60])
def test_some_say_what_they_will_try_and_ask_and_one_wants_a_record(answers: int) -> None:
    acts = script(answers, 5)
    tries = [index for index, act in enumerate(acts) if act.kind == "try"]
    who = {acts[index].teacher for index in tries}
    assert len(who) == len(tries) == max(1, round(answers * TRYING))
    assert who.isdisjoint(act.teacher for act in acts if act.kind == "leave")
    asked = [act for act in acts if act.kind == "ask"]
    assert sorted(act.target for act in asked if act.saying.text == "REMIND ME") == tries
    [keep] = [act for act in asked if act.saying.text == "KEEP MY ANSWERS"]
    [record] = [act for act in asked if act.saying.text == MY_RECORD]
    said = Counter(act.teacher for act in acts if act.counts)
    assert keep.teacher == record.teacher
    assert record.teacher in who
    assert said[record.teacher] == max(said[teacher] for teacher in who)


@pytest.mark.parametrize("seed", range(5))
def test_they_say_it_where_it_is_asked_and_nobody_says_anything_else_there(seed: int) -> None:
    place = stage(ask_to_try=Question("What will you try?", try_it=True))
    acts = [act for act in write_script(random.Random(seed), place, 60) if act.kind not in ("edit", "delete")]
    last = len(place.questions)
    there = [act for act in acts if act.kind == "try"]
    assert {act.question for act in there} == {last}
    assert [act for act in acts if act.question == last and act.kind not in ("try", "ask", "nested")] == []
    times = [act.at for act in there]
    assert place.chat.ends_at <= min(times) <= max(times) <= place.chat.ends_at + LINGERING
    assert max(times) - min(times) > timedelta(minutes=1), "not all of them at once"
    english = [act.saying.text for act in there if act.saying.language == "en"]
    assert len(set(english)) == min(len(english), sum(one.language == "en" for one in CAST.tries))


def test_in_each_poll_some_vote_once_with_one_of_its_letters() -> None:
    pulse = Question("Was it worth it?", ("Yes", "Partly", "No"), pulse=True)
    place = stage(pulse=pulse)
    acts = write_script(random.Random(5), place, 60)
    votes = [act for act in acts if act.kind == "vote"]
    last = len(place.questions)
    assert {act.question for act in votes} == {last}
    assert len(votes) == len({act.teacher for act in votes}) == round(60 * VOTING)
    assert {act.saying.text for act in votes} == {"A", "B", "C"}
    assert not any(act.counts for act in votes)
    assert {act.teacher for act in votes}.isdisjoint(act.teacher for act in acts if act.kind == "leave")
    assert [act for act in acts if act.question == last and act.kind != "vote"] == []


def test_where_nobody_answers_nobody_will_try_anything() -> None:
    assert script(0, 5) == ()
