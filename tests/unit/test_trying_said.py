"""What a digest, a newsletter and a feed say of what people try: how many of them, several or nobody, and what came."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import sample
from golden.sample import answer
from markupsafe import escape

from bot.domain.chats import Chat
from bot.domain.outbox import Draft
from bot.domain.posts import PostRef
from bot.domain.prompts import prompts
from bot.domain.records import Answer, ChatContent, SentPost, StoredChat
from bot.domain.series import Tone
from bot.domain.textlength import BLUESKY, remaining
from bot.domain.trying import Told, people_trying, told_since
from bot.rendering.composer import TemplateComposer
from bot.rendering.entries import entries
from bot.rendering.frame import Press
from bot.rendering.newsletter import edition
from bot.rendering.site import Site
from bot.rendering.templates import Templates
from bot.services.digest import told_before

TEMPLATES = Templates()
FIRST, SECOND = sample.stored_chats()
LANGUAGES = ("en", "cy", "de", "es", "fr")
LATER = sample.START + timedelta(weeks=2)
WEEKS = 14 * 24 * 60
"""From a chat's start to its first follow-up, in minutes."""

TONES: tuple[Tone, ...] = ("plain", "warm", "brief")
SAYS = "3 people said what they will try. What comes of it will stand on the chat's page."


def asked(about: str) -> SentPost:
    """Our follow-up about an answer."""
    ref = PostRef("bluesky", f"id:f-{about}", url=f"https://bluesky.example/ours/f-{about}")
    return SentPost(
        f"{FIRST.chat.id}/follow-up-1-{about}", "follow-up", 1, "bluesky", 0, ref, f"f-{about}", about, LATER
    )


def content(*answers: Answer, follow_ups: Sequence[str] = (), **changes: Any) -> ChatContent:
    series = msgspec.structs.replace(FIRST.series, **changes)
    stored = msgspec.structs.replace(FIRST, series=series)
    return ChatContent(stored, tuple(asked(one) for one in follow_ups), answers, (), ())


def tries(*who: str) -> list[Answer]:
    return [answer(f"t{number}", one, 10 + number, "I will #TryIt", 1) for number, one in enumerate(who)]


def tells(*who: str, at: float = 0) -> list[Answer]:
    """What came of what these people try, so many minutes after they were asked."""
    said = [
        answer(f"o{number}", one, WEEKS + at, "It did not work", to=f"f-t{number}") for number, one in enumerate(who)
    ]
    return [*tries(*who), *said]


# -- how many people --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "people"),
    [
        ([], 0),
        (tries("y5"), 0),
        (tries("y5", "y5"), 0),
        (tries("y5", "head"), 2),
        (tries("y5", "head", "y5"), 2),
        ([*tries("y5"), answer("x", "head", 12, "I will not try it", 1)], 0),
        (tries("y5", "head", "short"), 3),
    ],
)
def test_people_who_will_try_something_are_counted_from_two_on(said: list[Answer], people: int) -> None:
    assert people_trying(content(*said)) == people


def test_what_is_told_later_counts_for_nothing_new() -> None:
    later = answer("o1", "short", WEEKS, "It did not work, I will #tryit again", to="f-t0")
    assert people_trying(content(*tries("y5", "head"), later, follow_ups=["t0"])) == 2


def test_where_nobody_is_asked_later_nothing_is_promised() -> None:
    assert people_trying(content(*tries("y5", "head"), follow_up=())) == 0


@pytest.mark.parametrize(
    ("who", "at", "people"),
    [(("y5", "head"), 0, 2), (("y5", "head", "short"), 5, 3), (("y5",), 0, 0), (("y5", "head"), -1, 0), ((), 0, 0)],
)
def test_people_who_told_are_counted_from_two_on_and_only_since(who: tuple[str, ...], at: float, people: int) -> None:
    told = content(*tells(*who, at=at), follow_ups=["t0", "t1", "t2"])
    assert told_since([told], LATER) == (Told(FIRST.chat, people) if people else None)


def test_one_who_tells_twice_is_one() -> None:
    again = answer("more", "y5", WEEKS + 1, "And once more", to="o0")
    assert told_since([content(*tells("y5"), again, follow_ups=["t0"])], LATER) is None


def test_of_several_chats_the_latest_of_which_several_told_is_named() -> None:
    early = content(*tells("y5", "head"), follow_ups=["t0", "t1"])
    late = msgspec.structs.replace(early, stored=SECOND)
    alone = msgspec.structs.replace(content(*tells("y5"), follow_ups=["t0"]), stored=SECOND)
    assert told_since([early, late], LATER) == told_since([late, early], LATER) == Told(SECOND.chat, 2)
    assert told_since([early, alone], LATER) == Told(FIRST.chat, 2)


# -- which chats are looked at ----------------------------------------------------------------------------------------
class Shelf:
    """What ``told_before`` asks of a store: weekly chats, of which the first has something told of it."""

    def __init__(self, told: ChatContent, **changes: Any) -> None:
        self.kept = [
            msgspec.structs.replace(FIRST, chat=weekly(number), **(changes if number == 2 else {}))
            for number in range(14)
        ]
        self.told = told
        self.looked_at: list[str] = []

    def chats(self, _series: str) -> Sequence[StoredChat]:
        return self.kept

    def sent_posts(self, chat: str) -> Sequence[SentPost]:
        return self.told.sent if chat == FIRST.chat.id else ()

    def content(self, chat: str) -> ChatContent:
        self.looked_at.append(chat)
        return self.told


def weekly(number: int) -> Chat:
    later = timedelta(weeks=number)
    chat, day = FIRST.chat, FIRST.chat.date + later
    name = FIRST.chat.id if not number else f"edchat/{day}"
    return msgspec.structs.replace(
        chat, id=name, date=day, starts_at=chat.starts_at + later, ends_at=chat.ends_at + later
    )


def before(shelf: Shelf, number: int) -> Told | None:
    return told_before(shelf, shelf.kept[number])  # type: ignore[arg-type]


def test_the_next_digest_after_it_tells_and_no_other() -> None:
    shelf = Shelf(content(*tells("y5", "head", at=24 * 60), follow_ups=["t0", "t1"]))
    told = Told(FIRST.chat, 2)
    assert [before(shelf, number) for number in range(6)] == [None, told, told, told, None, None]
    # The first three would be asked before anybody told; as it is, the two tell a day after the third chat.
    assert set(shelf.looked_at) == {FIRST.chat.id}


def test_a_cancelled_chat_has_no_digest_before_which_it_was_told() -> None:
    shelf = Shelf(content(*tells("y5", "head"), follow_ups=["t0", "t1"]), cancelled=True)
    assert before(shelf, 3) == Told(FIRST.chat, 2)
    assert before(Shelf(shelf.told), 4) is None


def test_an_event_has_no_digest_before_which_it_was_told() -> None:
    shelf = Shelf(content(*tells("y5", "head", at=24 * 60), follow_ups=["t0", "t1"]))
    shelf.kept.insert(3, sample.event(date=weekly(3).date - timedelta(days=2)))  # between the third chat and the next
    assert shelf.kept[2].chat.starts_at < shelf.kept[3].chat.starts_at < shelf.kept[4].chat.starts_at
    assert before(shelf, 4) == Told(FIRST.chat, 2)


def test_a_repeat_of_the_same_day_is_no_digest_before() -> None:
    shelf = Shelf(content(*tells("y5", "head", at=24 * 60), follow_ups=["t0", "t1"]))
    shelf.kept[2] = msgspec.structs.replace(
        shelf.kept[3],
        chat=msgspec.structs.replace(weekly(3), id="edchat/again", starts_at=weekly(3).starts_at - timedelta(hours=9)),
    )
    assert before(shelf, 3) == Told(FIRST.chat, 2)


def test_chats_of_which_nothing_can_come_any_more_are_not_looked_at() -> None:
    shelf = Shelf(content(*tells("y5", "head"), follow_ups=["t0", "t1"]))
    assert before(shelf, 11) is None
    assert shelf.looked_at == [FIRST.chat.id]
    shelf.looked_at.clear()
    assert before(shelf, 12) is None
    assert shelf.looked_at == []


# -- in words ---------------------------------------------------------------------------------------------------------
def digest(said: ChatContent, told: Told | None, site: Site = sample.SITE, own: Path | None = None) -> Draft:
    stored = said.stored
    prompt = next(one for one in prompts(stored.series, stored.chat) if one.kind == "digest")
    return TemplateComposer(Templates(own), site).compose(
        prompt, stored, "bluesky", BLUESKY, upcoming=None, content=said, question=None, media=(), told=told
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tone", TONES)
def test_a_digest_ends_with_it_in_one_post_under_its_root(language: str, tone: Tone) -> None:
    said = content(*tries("y5", "head", "short"), languages=(language,), tone=tone)
    *before, last = digest(said, Told(SECOND.chat, 4)).posts
    assert (last.reply_to, last.visibility, last.answer, remaining(last.text, BLUESKY) >= 0) == (
        0,
        "unlisted",
        "",
        True,
    )
    trying, told = last.text.text.split("\n\n")
    assert ("3" in trying, "\n" in trying, " 4" in told or told.startswith("4"), "2027" in told) == (
        True,
        False,
        True,
        True,
    )
    assert "https://chats.example.org/edchat/2027-01-14/#tried" in told.split()
    alone = content(*tries("y5"), answer("x", "head", 12, "No", 1), languages=(language,), tone=tone)
    assert len(digest(alone, None).posts) == len(before)


def test_each_of_the_two_may_stand_alone() -> None:
    said = content(*tries("y5", "head", "short"))
    assert digest(said, None).posts[-1].text.text == SAYS
    told = "4 people told what came of what they tried after the chat of 14 January 2027:"
    assert digest(content(*tries("y5")), Told(SECOND.chat, 4)).posts[-1].text.text.startswith(told)


def test_without_an_address_a_digest_points_nowhere() -> None:
    said = content(*tries("y5", "head"))
    assert len(digest(said, Told(SECOND.chat, 4), Site()).posts) == len(digest(content(*tries("y5")), None).posts)


def test_an_own_template_may_say_otherwise_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "digest").mkdir()
    own = tmp_path / "digest" / "tried.txt.j2"
    said = content(*tries("y5", "head"))
    for wording, posts in (("Try it, all {{ trying }}!", ["Try it, all 2!"]), ("", [])):
        own.write_text(wording)
        mine = [one.text.text for one in digest(said, None, own=tmp_path).posts]
        assert mine[len(digest(content(*tries("y5")), None).posts) :] == posts


def test_a_newsletter_says_it_beside_the_link() -> None:
    def made(trying: int) -> Any:
        counts = {"figures": sample.figures(), "answered": {}, "upcoming": None}
        return edition(TEMPLATES, sample.SITE, "x", [FIRST], trying={FIRST.chat.id: trying}, **counts)  # type: ignore[arg-type]

    assert f"https://chats.example.org/edchat/2027-01-07/\n{SAYS}\n" in made(3).text
    assert f"</a> {escape(SAYS)}</p>" in made(3).html
    assert "try" not in made(0).text + made(0).html


def test_a_feed_says_it_beside_the_link() -> None:
    whole = sample.content()
    press, figures = Press(TEMPLATES, sample.SITE), sample.figures()
    for people, there in ((("y5", "head", "short"), True), (("y5",), False)):
        said = msgspec.structs.replace(whole, answers=(*whole.answers, *tries(*people)))
        words = TEMPLATES.dictionary.words("en")
        [told] = entries(press, words, "feed.xml", [FIRST], figures=figures, content=lambda _, said=said: said)
        assert (f"</a> {escape(SAYS)}</p>" in told.html) is there
