"""Stories: whom they quote, how each quote stands, when they have a page, and what it says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from golden import sample
from hypothesis import given
from hypothesis import strategies as st

from bot.config.addresses import answer_place
from bot.config.scaffold import scaffold_story
from bot.config.stories import read_stories
from bot.config.words import Wrong
from bot.domain.alarms import words_read
from bot.domain.permissions import Permission, permitted
from bot.domain.planning import same_source
from bot.domain.posts import PostRef
from bot.domain.records import SentPost
from bot.domain.stories import Part, Story, agreed, complete, standings
from bot.errors import UserError
from bot.ports import Quoting
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates
from bot.services.stories import Telling, begin_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.domain.records import Answer, ChatContent, StoredChat
    from bot.rendering.pages import Page

TEMPLATES = Templates()
STORY = sample.STORY
PAGE = urls.story_page("edchat", STORY.slug)
CHAT = urls.chat_page(STORY.chat)
KEY = "0123456789abcdef01234567"
ANSWERS = {one.key: one for one in sample.content().answers}


def yes(key: str, **changes: Any) -> Permission:
    said = Permission(key, STORY.chat, STORY.purpose, agreed=True, words=words_read(ANSWERS[key].post), at=sample.NOW)
    return msgspec.structs.replace(said, **changes)


def two() -> Story:
    return Story("s", "S", STORY.chat, (Part(quote="02"), Part("between"), Part(quote="01")))


def pages(quoting: Quoting, known: dict[str, str] | None = None, **changes: Any) -> dict[str, Page]:
    story = msgspec.structs.replace(STORY, **changes)
    chats = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, stories=(story,)))
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    return {page.path: page for page in renderer.pages(chats, sample.figures(), known=known, quoting=quoting)}


@pytest.mark.parametrize(
    ("link", "key"),
    [
        (f"https://chats.example.org/edchat/2027-01-07/#a-{KEY}", KEY),
        (f"edchat/2027-01-07/index.html#a-{KEY}", KEY),
        (f"#a-{KEY}", KEY),
        (KEY, ""),
        (f"a-{KEY}", ""),
        (f"#a-{KEY[1:]}g", ""),
        (f"#a-{KEY}0", ""),
        (f"#a-{KEY[1:]}", ""),
        (f"#a-{KEY} #a-{KEY}", ""),
        (f"#b-{KEY}", ""),
        (f"#a-{KEY.upper()}", ""),
        ("https://bsky.app/profile/amy.example.org/post/3kabc", ""),
        ("", ""),
    ],
)
def test_a_quote_is_the_link_of_its_place_on_our_page(link: str, key: str) -> None:
    if key:
        assert answer_place(link) == key
    else:
        with pytest.raises(Wrong):
            answer_place(link)


def test_what_authors_agreed_to_counts_for_this_story_alone_and_in_its_order() -> None:
    story = two()
    mine = [yes("01", purpose="story/s"), yes("02", purpose="story/s")]
    assert agreed(story, mine) == (mine[1], mine[0])
    assert agreed(story, [mine[0], yes("02")]) == (mine[0],)
    assert agreed(story, [mine[0], yes("02", purpose="story/s", agreed=False)]) == (mine[0],)
    assert agreed(story, [*mine, yes("03", purpose="story/s")]) == (mine[1], mine[0])


def test_a_story_is_told_with_all_of_its_quotes_or_not_at_all() -> None:
    assert complete(two(), ANSWERS)
    assert complete(two(), {key: ANSWERS[key] for key in ("01", "02")})
    assert not complete(two(), {"01": ANSWERS["01"]})
    assert not complete(msgspec.structs.replace(two(), ready=False), ANSWERS)
    assert complete(Story("s", "S", STORY.chat, (Part("My own words."),)), {})


@pytest.mark.parametrize(
    ("said", "shown", "standing"),
    [
        (None, True, "unasked"),
        (None, False, "gone"),
        ({}, True, "agreed"),
        ({}, False, "held"),
        ({"words": 1}, True, "edited"),
        ({"words": 1}, False, "held"),
        ({"agreed": False}, True, "declined"),
        ({"agreed": False}, False, "declined"),
        ({"purpose": "story/other"}, True, "unasked"),
    ],
)
def test_each_quote_stands_as_its_author_and_its_words_have_it(
    said: dict[str, Any] | None, shown: bool, standing: str
) -> None:
    story = Story("s", "S", STORY.chat, (Part(quote="01"),))
    notes = [] if said is None else [yes("01", **{"purpose": "story/s", **said})]
    there = [one for one in ANSWERS.values() if shown or one.key != "01"]
    assert standings(story, there, notes) == (("01", standing),)


@given(
    notes=st.dictionaries(
        st.sampled_from(["01", "02"]),
        st.fixed_dictionaries(
            {},
            optional={"agreed": st.just(False), "words": st.just(1), "purpose": st.just("story/other")},
        ),
    ),
    shown=st.sets(st.sampled_from(["01", "02", "08"])),
    ready=st.booleans(),
)
def test_a_story_is_published_just_when_its_host_says_so_and_each_quote_stands_as_agreed(
    notes: dict[str, dict[str, Any]], shown: set[str], ready: bool
) -> None:
    story = msgspec.structs.replace(two(), ready=ready)
    there = [one for key, one in ANSWERS.items() if key in shown]
    said = [yes(key, **{"purpose": story.purpose, **but}) for key, but in notes.items()]
    usable = {one.key: one for one in permitted(there, said, story.purpose)}
    stands = standings(story, there, said)
    assert [key for key, _ in stands] == ["02", "01"]
    assert complete(story, usable) is (ready and all(standing == "agreed" for _, standing in stands))
    assert {key for key, standing in stands if standing == "agreed"} <= {one.answer for one in agreed(story, said)}


@pytest.mark.parametrize(
    ("known", "ready", "stands", "told"),
    [
        (True, True, ["agreed", "agreed"], ""),
        (True, True, [], ""),
        (True, True, ["agreed", "edited"], "1 of 2 quotes may be used now"),
        (True, True, ["held", "unasked"], "0 of 2 quotes may be used now"),
        (True, False, ["agreed"], "its file says ready: no"),
        (False, False, ["gone"], "there is no chat edchat/2027-01-07 in the archive"),
    ],
)
def test_a_host_is_told_why_a_story_is_not_published(known: bool, ready: bool, stands: list[Any], told: str) -> None:
    story = msgspec.structs.replace(STORY, ready=ready)
    assert Telling(story, known, tuple((str(n), one) for n, one in enumerate(stands))).why_not == told


def test_a_story_counts_for_its_own_page_alone() -> None:
    other = msgspec.structs.replace(sample.EDCHAT, stories=())
    assert same_source(sample.EDCHAT, other)


def test_it_is_published_when_everybody_agreed_and_its_host_says_so() -> None:
    told = pages(sample.quoting())
    linked = [told[CHAT].render(sample.contents), told["edchat/index.html"].render(sample.contents)]
    assert all(b'href="../stories/ten' in page or b'href="stories/ten' in page for page in linked)
    page = told[PAGE].render(sample.contents)
    assert b'<meta name="robots" content="noindex">' in page
    assert f"https://chats.example.org/edchat/stories/{STORY.slug}/".encode() in page
    for but in STORY.quotes:
        untold = pages(sample.quoting(but))
        assert PAGE not in untold
        assert untold[CHAT].mark != told[CHAT].mark
        assert b"stories/" not in untold[CHAT].render(sample.contents)
        assert untold["edchat/index.html"].mark != told["edchat/index.html"].mark
    assert PAGE not in pages(sample.quoting(), ready=False)
    assert PAGE not in pages(sample.quoting(), chat="edchat/2026-01-01")


def test_a_yes_is_not_enough_where_the_answer_may_not_be_used() -> None:
    said = sample.quoting().said
    assert PAGE not in pages(Quoting(said, lambda _chat, _purpose: ()))
    all_but_one = sample.quoting("22").usable
    assert PAGE not in pages(Quoting(said, all_but_one))


def test_answers_are_read_again_only_where_the_chat_or_what_was_said_changed() -> None:
    asked: list[str] = []
    whole = sample.quoting()

    def usable(chat: str, purpose: str) -> Sequence[Answer]:
        asked.append(purpose)
        return whole.usable(chat, purpose)

    first = pages(Quoting(whole.said, usable))
    assert asked == [STORY.purpose]
    known = {path: page.mark for path, page in first.items()}
    assert pages(Quoting(whole.said, usable), known)[PAGE].mark == known[PAGE]
    assert asked == [STORY.purpose]
    later = [msgspec.structs.replace(one, at=one.at + timedelta(days=1)) for one in whole.said]
    assert PAGE in pages(Quoting(later, usable), known)
    assert PAGE in pages(Quoting(whole.said, usable), known, parts=STORY.parts[:2])
    changed = sample.stored_chats(revision=8)
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    quoting = Quoting(whole.said, usable)
    (again,) = (one for one in renderer.pages(changed, {}, known=known, quoting=quoting) if one.path == PAGE)
    assert asked == [STORY.purpose] * 4
    assert again.mark.partition("\t")[0] != known[PAGE].partition("\t")[0]


def test_who_withdraws_while_it_is_made_is_not_quoted() -> None:
    said = sample.quoting().said
    allowed = [sample.quoting().usable(STORY.chat, STORY.purpose), sample.quoting("08").usable(STORY.chat, "")]
    page = pages(Quoting(said, lambda _chat, _purpose: allowed.pop(0)))[PAGE]
    with pytest.raises(UserError, match="does not allow it any more"):
        page.render(sample.contents)


def with_an_outcome() -> ChatContent:
    """The chat as if answer 22 told what came of answer 01."""
    content = sample.content()
    ref = PostRef("bluesky", "asked", url="https://bsky.example/asked")
    follow_up = SentPost("asked", "follow-up", 0, "bluesky", 0, ref, "asked", "01", sample.NOW)
    answers = tuple(
        msgspec.structs.replace(one, parent="asked", root="asked") if one.key == "22" else one
        for one in content.answers
    )
    return msgspec.structs.replace(content, sent=(*content.sent, follow_up), answers=answers)


class Book:
    """What of a store ``begin_with`` asks."""

    def chat(self, chat: str) -> StoredChat | None:
        return sample.stored_chats()[0] if chat == STORY.chat else None

    def content(self, _chat: str) -> ChatContent:
        return with_an_outcome()


def test_one_begins_with_what_was_tried_and_what_came_of_it() -> None:
    stored, tried = begin_with(Book(), STORY.chat)  # type: ignore[arg-type]
    assert (stored.chat.id, tried) == (STORY.chat, (("01", ("22",)),))


def test_the_file_to_begin_with_says_what_came_of_what(tmp_path: Path) -> None:
    links = [f"https://chats.example.org/edchat/2027-01-07/#a-{KEY[:-1]}{number}" for number in range(3)]
    file = scaffold_story(tmp_path, STORY.chat, "Two: tries", "", [links[:2], links[2:]])
    lines = [line.strip() for line in file.read_text().splitlines() if "quote:" in line]
    assert lines == [f"- quote: {links[0]}", f"- quote: {links[1]}   # what came of it", f"- quote: {links[2]}"]
    ((reading, story),) = read_stories([(file.stem, file.read_bytes())], ["edchat"])
    assert reading.problems == []
    assert story is not None
    assert (story.slug, story.title, story.ready) == ("two-tries", "Two: tries", False)
    assert story.quotes == tuple(answer_place(link) for link in links)


def test_what_came_of_it_is_told_apart() -> None:
    page = pages(sample.quoting())[PAGE].render(lambda _chat: with_an_outcome()).decode()
    assert page.count("What came of it") == 1
    assert page.index("read none of them") < page.index("What came of it") < page.index("write the wall")
    assert "What came of it" not in pages(sample.quoting())[PAGE].render(sample.contents).decode()


def test_a_story_without_quotes_says_nothing_of_asking() -> None:
    alone = pages(Quoting(), parts=(Part("One\n\n  \n\ntwo\nthree."),))[PAGE].render(sample.contents).decode()
    assert "<p>One</p>\n    <p>two three.</p>" in alone
    assert "Each of them was asked" not in alone
    assert "Each of them was asked" in pages(sample.quoting())[PAGE].render(sample.contents).decode()


def test_it_needs_no_teller_and_no_summary() -> None:
    page = pages(sample.quoting(), by="", about="")[PAGE].render(sample.contents).decode()
    assert "Told by" not in page
    assert '<meta name="description" content="A story from the chat “Feedback that pupils use”.">' in page
    assert 'class="lede' not in page
