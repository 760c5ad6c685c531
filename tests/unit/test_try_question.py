"""“What will you try?”: asked at a chat's end where the series says so, with how to be asked later what came of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from golden import sample
from unit.test_schedule import entry, plan, series, shown, slow

from bot.domain.chats import pulse_of
from bot.domain.commands import read
from bot.domain.digests import questions_of
from bot.domain.followups import is_intention
from bot.domain.planning import keep_closing
from bot.domain.posts import NetworkName
from bot.domain.prompts import prompts
from bot.domain.records import ChatContent, StoredChat
from bot.domain.richtext import detect
from bot.domain.schedule import planned_chats
from bot.domain.series import Question
from bot.domain.textlength import BLUESKY, MASTODON
from bot.rendering.composer import TemplateComposer
from bot.rendering.questions import question_overrun
from bot.rendering.templates import Templates

TRY = Question("What will you try?", try_it=True)
PULSE = Question("Was it worth it?", ("Yes", "No"), pulse=True)
NOW = datetime(2027, 1, 7, 21, tzinfo=UTC)  # the first chat ends


@pytest.mark.parametrize("of", [series, slow])
def test_it_is_asked_at_a_chats_end_before_the_pulse_and_moves_no_other_question(of: Any) -> None:
    without = shown(plan(of(entry("2027-01-07"))))
    said = shown(plan(of(entry("2027-01-07"), ask_to_try=TRY, pulse=PULSE)))
    assert [one for one in said if one[0] not in ("q3", "q4")] == without
    assert [one[0] for one in said[-4:]] == ["q3", "q4", "wrap-up", "digest"]
    assert {one[1:] for one in said[-4:-1]} == {without[-2][1:]}, "all at the end, and useful as long as the wrap-up"
    (chat,) = planned_chats(of(entry("2027-01-07"), ask_to_try=TRY, pulse=PULSE))
    assert (chat.questions[2:], pulse_of(chat)) == ((TRY, PULSE), 4)


@pytest.mark.parametrize(
    ("before", "wanted", "over", "open_"),
    [
        ({}, {"ask_to_try": TRY}, (), (TRY,)),
        ({"ask_to_try": TRY}, {}, (TRY,), ()),
        ({"pulse": PULSE}, {"ask_to_try": TRY, "pulse": PULSE}, (PULSE,), (TRY, PULSE)),
        ({"ask_to_try": TRY, "pulse": PULSE}, {"pulse": PULSE}, (TRY, PULSE), (PULSE,)),
    ],
)
def test_a_chat_that_is_over_keeps_what_it_was_asked(
    before: dict[str, Question],
    wanted: dict[str, Question],
    over: tuple[Question, ...],
    open_: tuple[Question, ...],
) -> None:
    entries = (entry("2027-01-07"), entry("2027-01-14"))
    known = {chat.id: chat for chat in planned_chats(series(*entries, **before))}
    first, second = keep_closing(planned_chats(series(*entries, **wanted)), known, NOW)
    assert (first.questions[2:], second.questions[2:]) == (over, open_)


def test_digests_choose_among_its_answers() -> None:
    of = series(entry("2027-01-07"), ask_to_try=TRY)
    (chat,) = planned_chats(of)
    asked = questions_of(ChatContent(StoredChat(chat, of, 1), (), (), (), ()))
    assert asked == [f"edchat/2027-01-07/q{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize(
    ("language", "remind"),
    [
        ("en", "REMIND ME"),
        ("cy", "ATGOFFWCH FI"),
        ("de", "ERINNERE MICH"),
        ("es", "RECUÉRDAME"),
        ("fr", "RAPPELLE-MOI"),
    ],
)
def test_it_says_how_to_be_asked_later_in_words_that_are_understood(
    network: NetworkName, language: str, remind: str
) -> None:
    of = series(entry("2027-01-07"), ask_to_try=TRY, accounts=(network,), languages=(language,))
    (chat,) = planned_chats(of)
    limits = BLUESKY if network == "bluesky" else MASTODON
    (asked,) = (one for one in prompts(of, chat) if one.id.endswith("/q3"))
    given: Any = {"upcoming": None, "content": None, "question": None, "media": ()}
    templates = Templates()
    draft = TemplateComposer(templates, sample.SITE).compose(asked, StoredChat(chat, of, 1), network, limits, **given)
    (post,) = draft.posts
    first, how, notice = post.text.text.replace("\n\n", "\n").splitlines()
    words = templates.dictionary.words(language)
    assert (first, how) == ("Q3 What will you try? #EdChat", words("prompt.try"))
    assert notice.startswith(words("notice.replies", link=""))
    assert f" {remind} " in how.replace(":", " ").replace(",", " ")
    assert is_intention(detect(how))
    understood = read(detect(remind), (language,), own="", in_thread=True)
    assert understood == "remind"


def test_what_it_says_of_that_counts_when_its_length_is_checked() -> None:
    def over(*, try_it: bool) -> int:
        of: Any = {"hashtag": "EdChat", "languages": ("en",), "archive": "replies", "site_address": "", "number": 3}
        return question_overrun(Templates(), "bluesky", BLUESKY, **of, question="a" * 300, try_it=try_it)

    assert over(try_it=True) - over(try_it=False) == len(Templates().dictionary.words("en")("prompt.try")) + 2
