"""Pages that moved: which old address leads on, and which is gone for good."""

from datetime import date, timedelta

import msgspec
import pytest
from golden import sample
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moves import forwards, leading, name_of, named, replanned
from bot.domain.records import ChatFigures, StoredChat
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question
from bot.rendering import urls
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.templates import Templates

TEMPLATES = Templates()


def at(folder: str) -> str:
    return f"{folder}/index.html"


@pytest.mark.parametrize(
    ("known", "names", "leads"),
    [
        pytest.param({"ed/1": "a"}, {"ed/2": "a"}, {"ed/1": "ed/2"}, id="another day"),
        pytest.param({"ed/1": "a"}, {"ed/1": "a"}, {}, id="nothing moved"),
        pytest.param({"ed/1": "a"}, {"ed/1": "b", "ed/2": "a"}, {}, id="its place is taken"),
        pytest.param({"ed/1": "a"}, {"ed/2": "b"}, {}, id="taken out"),
        pytest.param({"ed/1": "a", "ed/2": "a"}, {"ed/2": "a"}, {}, id="taken out, and its like stood there before"),
        pytest.param({"ed/1": "a"}, {"ed/2": "a", "ed/3": "a"}, {}, id="two that it could be"),
        pytest.param({"ed/1": "a", "ed/2": "a"}, {"ed/3": "a"}, {}, id="two that it could have been"),
        pytest.param(
            {"ed/1": "a", "ed/2": "b"}, {"ed/2": "a", "ed/1": "b"}, {}, id="two that changed places stand there still"
        ),
        pytest.param(
            {"links/1": "a", "links/2": "a", "links/3": "b"},
            {"links-chat/1": "a", "links-chat/2": "a", "links-chat/3": "b"},
            {"links/1": "links-chat/1", "links/2": "links-chat/2", "links/3": "links-chat/3"},
            id="a folder with another name, some of its chats alike",
        ),
        pytest.param({"ed/1": "a"}, {"new/1": "a", "new/2": "a"}, {"ed/1": "new/1"}, id="of two the one of that day"),
        pytest.param(
            {"ed/1": "a", "ed/2": "a"}, {"new/2": "a"}, {"ed/2": "new/2"}, id="of two alike the one of that day"
        ),
        pytest.param(
            {f"ed/{day}": "a" for day in (1, 2, 3)},
            {f"new/{day}": "a" for day in (1, 2, 3)},
            {f"ed/{day}": f"new/{day}" for day in (1, 2, 3)},
            id="three alike, each by its day",
        ),
    ],
)
def test_what_leads_where(known: dict[str, str], names: dict[str, str], leads: dict[str, str]) -> None:
    before = {at(path): named("mark", name) for path, name in known.items()}
    now = {at(path): name for path, name in names.items()}
    assert forwards(before, now, now.keys()) == {at(old): at(new) for old, new in leads.items()}


def test_what_led_somewhere_leads_where_that_went_in_one_step() -> None:
    known = {at("ed/1"): leading("mark", at("ed/2")), at("ed/2"): named("mark", "a")}
    assert forwards(known, {at("ed/3"): "a"}, [at("ed/3")]) == {at("ed/1"): at("ed/3"), at("ed/2"): at("ed/3")}


def test_what_came_back_leads_nowhere_and_is_led_to() -> None:
    known = {at("ed/1"): leading("mark", at("ed/2")), at("ed/2"): named("mark", "a")}
    assert forwards(known, {at("ed/1"): "a"}, [at("ed/1")]) == {at("ed/2"): at("ed/1")}


def test_what_led_to_a_page_that_is_gone_goes_too_and_circles_end() -> None:
    known = {at("ed/1"): leading("mark", at("ed/2")), at("ed/2"): leading("mark", at("ed/1"))}
    assert forwards(known, {}, ["index.html"]) == {}
    assert forwards({at("ed/1"): leading("mark", at("ed/2"))}, {}, ["index.html"]) == {}


def test_marks_of_older_versions_and_of_other_pages_say_nothing() -> None:
    assert forwards({at("ed/1"): "mark", "feed.xml": "mark"}, {at("ed/2"): "a"}, [at("ed/2")]) == {}


def test_the_page_of_a_series_leads_on_with_all_its_chats() -> None:
    known = {at("ed"): "mark", at("ed/1"): named("m", "a"), at("ed/2"): named("m", "b"), "ed/feed.xml": "mark"}
    standing = [at("new"), at("new/1"), at("new/2")]
    leads = forwards(known, {at("new/1"): "a", at("new/2"): "b"}, standing)
    assert leads == {at("ed"): at("new"), at("ed/1"): at("new/1"), at("ed/2"): at("new/2")}
    parted = forwards(known, {at("new/1"): "a", at("other/2"): "b"}, [at("new"), at("new/1"), at("other/2")])
    assert at("ed") not in parted
    assert at("ed") not in forwards(known, {at("new/1"): "a"}, [at("ed"), at("new"), at("new/1")])


def test_a_series_page_goes_after_its_chats_when_they_move_again() -> None:
    known = {at("ed"): leading("m", at("new")), at("ed/1"): leading("m", at("new/1")), at("new/1"): named("m", "a")}
    leads = forwards(known, {at("other/1"): "a"}, [at("new"), at("other"), at("other/1")])
    assert leads == {at("ed"): at("other"), at("ed/1"): at("other/1"), at("new/1"): at("other/1")}


PATHS = st.sampled_from([at(f"{folder}/{day}") for folder in "ab" for day in "123"])
NAMES = st.sampled_from("xyz")


@given(
    st.dictionaries(PATHS, st.one_of(NAMES.map(lambda name: named("m", name)), PATHS.map(lambda to: leading("m", to)))),
    st.dictionaries(PATHS, NAMES),
)
def test_whatever_was_known_what_leads_leads_to_what_stands(known: dict[str, str], names: dict[str, str]) -> None:
    leads = forwards(known, names, names.keys())
    assert not leads.keys() & names.keys()
    assert set(leads.values()) <= names.keys()
    assert leads.keys() <= known.keys()
    again = {path: named("m", name) for path, name in names.items()} | {
        path: leading("m", to) for path, to in leads.items()
    }
    assert forwards(again, names, names.keys()) == leads, "said again, it is the same"


def test_a_chat_is_called_by_what_it_asks_on_whatever_day() -> None:
    chat = sample.stored_chats()[0].chat
    assert name_of(chat) == "4556cf585145271c", "as versions before have written it"
    same = msgspec.structs.replace(
        chat,
        id="other/2028-02-02",
        date=date(2028, 2, 2),
        topic=f" {chat.topic.upper().replace(' ', chr(10))} ",
        about="More",
        hosts=(),
    )
    assert name_of(same) == name_of(chat)
    for other in (
        msgspec.structs.replace(chat, topic="Another"),
        msgspec.structs.replace(chat, questions=chat.questions[1:]),
        msgspec.structs.replace(chat, timezone="America/New_York"),
    ):
        assert name_of(other) != name_of(chat)


# -- of a whole site ---------------------------------------------------------------------------------------------------

OLD, NEW = "edchat/2027-01-14", "edchat/2027-01-21"


def moved_by_a_week() -> list[StoredChat]:
    entries = sample.EDCHAT.chats
    later = msgspec.structs.replace(entries[1], date=entries[1].date + timedelta(days=7))
    return sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=(entries[0], later)))


def site(chats: list[StoredChat], known: dict[str, str] | None = None) -> dict[str, Page]:
    renderer = SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW)
    pages = list(renderer.pages(chats, sample.figures(), known=known))
    assert len({page.path for page in pages}) == len(pages)
    return {page.path: page for page in pages}


def known_of(pages: dict[str, Page]) -> dict[str, str]:
    return {path: page.mark for path, page in pages.items()}


def test_a_chat_on_another_day_leaves_a_page_that_leads_there_and_nothing_else() -> None:
    before = site(sample.stored_chats())
    after = site(moved_by_a_week(), known_of(before))
    page = after[urls.chat_page(OLD)].render(sample.contents).decode()
    assert '<meta http-equiv="refresh" content="0; url=../2027-01-21/index.html">' in page
    assert (
        '<a href="../2027-01-21/index.html">Starting a lesson well, Thursday 21 January 2027, 20:00 London time</a>'
    ) in page
    assert '<link rel="canonical" href="https://chats.example.org/edchat/2027-01-21/">' in page
    assert '<meta name="robots" content="noindex">' in page
    assert {path for path in after if path.startswith(OLD)} == {urls.chat_page(OLD), urls.chat_handout(OLD)}
    assert OLD.encode() not in after[urls.SITEMAP].render(sample.contents)
    again = site(moved_by_a_week(), known_of(after))
    assert known_of(again) == known_of(after)


def test_a_page_that_leads_on_is_made_anew_when_its_target_changes() -> None:
    first = site(moved_by_a_week(), known_of(site(sample.stored_chats())))
    chats = moved_by_a_week()
    renamed = msgspec.structs.replace(chats[1], chat=msgspec.structs.replace(chats[1].chat, topic="Lessons"))
    then = site([chats[0], renamed], known_of(first))
    assert then[urls.chat_page(OLD)].mark != first[urls.chat_page(OLD)].mark
    assert b"Lessons, Thursday" in then[urls.chat_page(OLD)].render(sample.contents)


def test_a_renamed_topic_moves_nothing_and_a_chat_that_is_taken_out_leaves_nothing() -> None:
    before = known_of(site(sample.stored_chats()))
    chats = sample.stored_chats()
    renamed = msgspec.structs.replace(chats[1], chat=msgspec.structs.replace(chats[1].chat, topic="Lessons"))
    assert known_of(site([chats[0], renamed], before)).keys() == before.keys()
    assert not [path for path in site(chats[:1], before) if path.startswith(OLD)]


def test_a_series_under_another_name_leads_on_whole() -> None:
    before = known_of(site(sample.stored_chats()))
    renamed = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, slug="lessons"))
    after = site(renamed, before)
    for path in ("edchat/index.html", "edchat/2027-01-07/index.html", "edchat/2027-01-14/index.html"):
        page = after[path].render(sample.contents).decode()
        target = urls.relative(path, path.replace("edchat", "lessons"))
        assert f'content="0; url={target}"' in page
    assert "All chats of this series" in after["edchat/index.html"].render(sample.contents).decode()


def cancelled(*more: ChatEntry, answers: int = 0) -> tuple[list[StoredChat], dict[str, ChatFigures]]:
    """The sample's second chat, cancelled after it was announced, beside others."""
    series = msgspec.structs.replace(sample.EDCHAT, chats=(*sample.EDCHAT.chats, *more))
    chats = [StoredChat(chat, series, 7, cancelled=chat.id == OLD) for chat in planned_chats(series)]
    return chats, {OLD: ChatFigures(answers, answers, 0, None)}


AGAIN = msgspec.structs.replace(sample.EDCHAT.chats[1], date=date(2027, 1, 21))


def test_a_cancelled_chat_that_is_planned_again_leads_there() -> None:
    assert replanned(*cancelled(AGAIN)) == {OLD: NEW}
    chats, figures = cancelled(AGAIN)
    pages = {
        page.path: page
        for page in SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW).pages(chats, figures)
        if page.path.startswith(OLD)
    }
    assert pages.keys() == {urls.chat_page(OLD)}
    assert b"url=../2027-01-21/index.html" in pages[urls.chat_page(OLD)].render(sample.contents)


def test_a_cancelled_chat_stays_where_it_was_answered_or_is_not_planned_again() -> None:
    other = ChatEntry(date(2027, 1, 21), "Another", (Question("Why?"),))
    twice = msgspec.structs.replace(AGAIN, date=date(2027, 1, 28))
    assert replanned(*cancelled(AGAIN, answers=1)) == {}
    assert replanned(*cancelled(other)) == {}
    assert replanned(*cancelled(AGAIN, twice)) == {}
    assert replanned(sample.stored_chats(), {}) == {}
