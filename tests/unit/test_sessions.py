"""Sessions of an event that come from answers: which are proposed, how a file names them, and what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from golden import sample
from golden.sample import answer
from icalendar import Calendar
from unit.pdf_reader import Pdf, bare
from unit.test_trying_said import asked

from bot.config import load
from bot.config.scaffold import scaffold, scaffold_event
from bot.domain.records import Answer, ChatContent
from bot.domain.sessions import MOST, Speaker, named_in, propose, speaker
from bot.domain.teachmeets import Session
from bot.errors import UserError
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.rendering.pages import Page

CHAT = sample.stored_chats()[0]
KEY, OTHER = "0123456789abcdef01234567", "f" * 24
EVENT = "edchat/events/teachmeet-leeds"
AMY = Speaker("Planted Amy", CHAT.chat.id, CHAT.chat.topic)


def proposed(*answers: Answer, persons: Mapping[str, str] | None = None, **changes: Any) -> list[tuple[int, str]]:
    ordered = tuple(sorted(answers, key=lambda one: (one.post.at, one.key)))
    content = msgspec.structs.replace(ChatContent(CHAT, (), ordered, (), ()), **changes)
    return list(propose(content, persons or {}))


def replies(to: str, *who: str) -> list[Answer]:
    return [answer(f"{to}-{name}-{n}", name, 20 + n, "And how?", 1, to=to) for n, name in enumerate(who)]


# -- which are proposed -----------------------------------------------------------------------------------------------
def test_what_several_people_replied_to_gets_seven_minutes_and_what_is_tried_two() -> None:
    assert proposed(
        answer("tries", "y5", 1, "I will mark less #tryit", 1),
        answer("asked", "dep", 2, "We stopped marking", 1),
        *replies("asked", "head", "short"),
        answer("alone", "maths", 3, "We mark on Fridays", 1),
    ) == [(7, "asked"), (2, "tries")]


@pytest.mark.parametrize(
    ("below", "found"),
    [
        ([], []),
        (["head"], []),
        (["head", "head", "head"], []),
        (["head", "dep"], []),  # its own author is nobody else
        (["head", "short"], [(7, "01")]),
    ],
)
def test_replies_of_two_other_people_make_a_session_of_an_answer(
    below: list[str], found: list[tuple[int, str]]
) -> None:
    assert proposed(answer("01", "dep", 2, "We stopped marking", 1), *replies("01", *below)) == found


def test_of_one_person_is_the_one_that_most_people_followed_whatever_their_account() -> None:
    said = [
        answer("01", "y5", 1, "One thing #tryit", 1),
        answer("02", "y5", 2, "Another #tryit", 1),
        *replies("02", "head", "short"),
        answer("03", "dep", 3, "A third #tryit", 1),
    ]
    assert proposed(*said) == [(7, "02"), (2, "03")]
    assert proposed(*said, persons={"01": "p", "02": "p", "03": "p"}) == [(7, "02")]


def test_a_crowd_counts_no_more_than_three_people_and_then_the_earlier_comes_first() -> None:
    early = [answer("01", "y5", 1, "One", 1), *replies("01", "head", "short", "maths")]
    late = [answer("02", "dep", 2, "Two", 1), *replies("02", "head", "short", "maths", "y5")]
    assert proposed(*late, *early) == [(7, "01"), (7, "02")]
    assert proposed(*late, *early[:3]) == [(7, "02"), (7, "01")]


def test_what_is_behind_a_warning_or_told_of_a_trial_later_is_no_session() -> None:
    warned = answer("01", "y5", 1, "One thing #tryit", 1)
    warned = msgspec.structs.replace(warned, post=msgspec.structs.replace(warned.post, warning="harm"))
    tried = answer("02", "dep", 2, "Another #tryit", 1)
    outcome = answer("03", "dep", 9, "It did not work", 1, to="f-02")
    found = proposed(
        warned, *replies("01", "head", "short"), tried, outcome, *replies("03", "head", "short"), sent=(asked("02"),)
    )
    assert [key for _, key in found] == ["02"]


def test_no_more_are_proposed_than_have_room() -> None:
    many = [answer(f"{n:02}", "y5", n, "I will #tryit", 1) for n in range(MOST + 3)]
    assert [key for _, key in proposed(*many, persons={one.key: one.key for one in many})] == [
        f"{n:02}" for n in range(MOST)
    ]


def test_a_speaker_goes_by_the_name_that_they_wish() -> None:
    one = answer("01", "y5", 1, "One", 1)

    def called(**changes: str) -> str:
        author = msgspec.structs.replace(one.post.author, **changes)
        return speaker(
            msgspec.structs.replace(one, post=msgspec.structs.replace(one.post, author=author)), CHAT.chat
        ).called

    assert called(name="A. B.", handle="") == "A. B."
    assert called(name="", handle="y5.example.org") == "y5.example.org"
    assert not called(name="", handle="")


def test_a_speaker_is_said_to_come_from_that_chat() -> None:
    found = speaker(answer("01", "y5", 1, "One", 1), CHAT.chat)
    assert (found.chat, found.topic) == (CHAT.chat.id, CHAT.chat.topic)


def test_ones_own_other_account_follows_nobody() -> None:
    said = (answer("01", "y5", 1, "We stopped marking", 1), *replies("01", "head", "short"))
    (own,) = (one.key for one in said if one.post.author.handle.startswith("head"))
    assert proposed(*said) == [(7, "01")]
    assert proposed(*said, persons={"01": "one", own: "one"}) == []


# -- what is shown ----------------------------------------------------------------------------------------------------
SESSIONS = (Session(7, "", "", KEY), Session(2, "Marking less, planted", "", OTHER), Session(2, "By a host", "Sam"))


def pages(speakers: Mapping[str, Speaker]) -> dict[str, Page]:
    one = sample.event(sessions=SESSIONS)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW, typesetter="typst 1")
    return {page.path: page for page in renderer.pages([CHAT, one], sample.figures(), speakers={EVENT: speakers})}


def text(path: str, speakers: Mapping[str, Speaker]) -> str:
    content = msgspec.structs.replace(sample.contents(EVENT), stored=sample.event(sessions=SESSIONS))
    made = pages(speakers)[path].render(lambda _: content)
    if path.endswith(".pdf"):
        return Pdf(made).words
    if path.endswith(".ics"):
        return str(Calendar.from_ical(made).events[-1]["description"])
    return made.decode()


WHERE = (
    urls.chat_page(EVENT),
    urls.event_programme(EVENT),
    urls.on_paper(urls.event_programme(EVENT)),
    urls.event_poster(EVENT),
    urls.CALENDAR,
    urls.series_calendar("edchat"),
)


@pytest.mark.parametrize("path", WHERE)
def test_until_its_author_agreed_a_session_says_how_long_it_is_and_no_more(path: str) -> None:
    bare_names = [bare(one) for one in ("Planted Amy", "planted")]
    before = bare(text(path, {}))
    assert bare("To be announced") in before
    assert bare("By a host") in before
    assert not any(one in before for one in bare_names)
    agreed = bare(text(path, {KEY: AMY, OTHER: msgspec.structs.replace(AMY, called="")}))
    assert bare("To be announced") not in agreed
    assert bare(f"An idea from “{CHAT.chat.topic}”") in agreed
    assert bare("Marking less, planted") in agreed
    assert (bare("Planted Amy") in agreed) == (path != urls.event_poster(EVENT))  # names stand in the programme
    assert pages({})[path].mark != pages({KEY: AMY})[path].mark


def test_a_session_leads_to_the_chat_that_it_comes_from() -> None:
    assert '<a href="../../2027-01-07/index.html">An idea from' in text(urls.chat_page(EVENT), {KEY: AMY})
    assert "2027-01-07" not in text(urls.event_programme(EVENT), {})


# -- in the file ------------------------------------------------------------------------------------------------------
def checked(folder: Path, sessions: str, name: str = "leeds") -> str:
    """The mistakes in an event's file with these sessions; empty for none."""
    scaffold(folder, sample.NOW.date())
    made = scaffold_event(folder, "edchat", sample.event().chat.date, name, "And?", place="?", edcamp=False)
    written = made.read_text()
    begin, end = written.index("# sessions:"), written.index("sign_up:")
    made.write_text(f"{written[:begin]}sessions:\n{sessions}{written[end:]}")
    try:
        load(folder)
    except UserError as error:
        return str(error)
    return ""


PLACE = f"https://chats.example.org/edchat/2027-01-07/#a-{KEY}"


@pytest.mark.parametrize(
    ("sessions", "told"),
    [
        (f"  - {{minutes: 7, answer: {PLACE}}}\n", ""),
        (f"  - {{minutes: 7, answer: {PLACE}, title: Less}}\n  - {{minutes: 2, title: More, who: Sam}}\n", ""),
        ("  - {minutes: 7}\n", "What is this session about? Give it a title:, or the answer: that it comes from."),
        (
            "  - {minutes: 7, answer: https://bsky.app/profile/amy.example.org/post/3k}\n",
            "This is not the link of an answer on a chat's page",
        ),
        (f"  - {{minutes: 7, answer: {PLACE}0}}\n", "This is not the link of an answer on a chat's page"),
        (f"  - {{minutes: 7, answer: {PLACE}, who: Amy}}\n", "Its author is named as they wish, once they agreed."),
        (
            f"  - {{minutes: 7, answer: {PLACE}}}\n  - {{minutes: 2, title: x, answer: {PLACE}}}\n",
            "Another session comes from this answer already.",
        ),
    ],
)
def test_a_file_names_answers_by_the_links_of_their_places(tmp_path: Path, sessions: str, told: str) -> None:
    found = checked(tmp_path, sessions)
    assert (told in found, bool(found)) == (True, bool(told))


def test_an_event_that_authors_are_asked_for_has_a_name_that_can_be_noted(tmp_path: Path) -> None:
    scaffold(tmp_path, sample.NOW.date())
    made = scaffold_event(
        tmp_path,
        "edchat",
        sample.event().chat.date,
        "x" * 60,
        "And?",
        [(7, PLACE), (2, f"edchat/2027-01-07/#a-{OTHER}")],
        place="?",
        edcamp=False,
    )
    (series,) = load(tmp_path).series
    assert named_in(series.events[0]) == (KEY, OTHER)
    made.rename(made.with_stem("x" * 61))
    with pytest.raises(UserError, match="at most 60 characters"):
        load(tmp_path)
