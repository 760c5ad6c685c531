"""A digest is held: its hosts are sent it, change it, stop it; and it goes out, once, as they want it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from services.stage import CHAT, START, Stage

from bot.domain.holding import HeldDigest, wanted_by
from bot.domain.posts import Post
from bot.domain.records import StoredChat
from bot.domain.richtext import detect
from bot.errors import UserError
from bot.services.digest import digest
from bot.services.hosting import Said, about_answer, add_words, answer_called, approve, card, held_lines, stop

HOLD = timedelta(hours=2)
CHOSEN = 181  # minutes after the start: the chat's hour, two of grace, and one minute
OUT = CHOSEN + 120
WHO = ("amy", "ben", "cat", "dan")
HOSTS = ("host.bluesky.example", "@host@mastodon.example", "@nobody@elsewhere.example")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A chat of three questions that four people answered, one of each two on each network; its digest is chosen."""
    stage = Stage(tmp_path)
    stage.with_series(hold=HOLD, hosts=HOSTS[:2])
    stage.at(-70)
    for minute in (1, 20, 40, 58):
        stage.at(minute)
    for number, name in enumerate(WHO):
        network = stage.house.accounts[("bluesky", "mastodon")[number % 2]]
        server = stage.servers[network]
        stage.clock.move_to(START + timedelta(minutes=60, seconds=number))
        account = server.create_account(name, name.title())
        text = f"{name} says something of a readable length about the first question"
        server.write(account.id, detect(text), parent=stage.asked(network, 1))
    stage.at(62)
    yield stage
    stage.store.close()


def held(stage: Stage) -> HeldDigest:
    found = stage.store.held_digest(CHAT)
    assert found is not None
    return found


def stored(stage: Stage) -> StoredChat:
    found = stage.store.chat(CHAT)
    assert found is not None
    return found


def says(stage: Stage, reason: str = "") -> Said:
    return Said("dan", reason, stage.clock.now())


def chosen(stage: Stage) -> list[str]:
    """Who is quoted, while it is held or in what is out."""
    by_key = {answer.key: answer.post for answer in stage.store.content(CHAT).answers}
    found = stage.store.held_digest(CHAT)
    picks = stage.store.content(CHAT).picks if found is None else found.picks
    return [by_key[pick.answer].text.text.split()[0] for pick in picks]


def key_of(stage: Stage, who: str) -> str:
    return next(one.key for one in stage.store.content(CHAT).answers if one.post.text.text.startswith(who))


def post_of(stage: Stage, who: str) -> Post:
    return next(one.post for one in stage.store.content(CHAT).answers if one.key == key_of(stage, who))


def digests_said(stage: Stage) -> list[int]:
    return [stage.said(name).count("digest") for name in stage.networks]


def test_it_is_held_and_then_goes_out_once(stage: Stage) -> None:
    assert stage.at(CHOSEN).digests == ()
    assert chosen(stage) == ["amy", "ben"]
    assert stage.store.content(CHAT).picks == ()
    assert stage.at(OUT - 1).digests == ()
    assert digests_said(stage) == [0, 0]
    assert stage.at(OUT).digests == (CHAT,)
    assert digests_said(stage) == [1, 1]
    assert chosen(stage) == ["amy", "ben"]
    assert stage.at(OUT + 1).digests == ()
    assert digests_said(stage) == [1, 1]


def test_without_a_hold_it_goes_out_in_the_same_tick(stage: Stage) -> None:
    stage.with_series(hold=timedelta(0))
    assert stage.at(CHOSEN).digests == (CHAT,)
    assert digests_said(stage) == [1, 1]


def test_choosing_twice_chooses_once(stage: Stage) -> None:
    stage.at(CHOSEN)
    before = held(stage)
    late = stage.servers["bluesky"].create_account("late", "Late")
    stage.servers["bluesky"].write(late.id, detect("late, and loud"), parent=stage.asked("bluesky", 2))
    stage.at(CHOSEN + 30)
    assert len(stage.store.content(CHAT).answers) == 5
    assert digest(stage.store, stage.house.accounts, stage.clock.now()) == ()
    assert (held(stage).picks, held(stage).until) == (before.picks, before.until)


# -- what hosts are sent -------------------------------------------------------------------------------------------
def test_hosts_are_sent_the_addresses_of_what_is_chosen_and_nobodys_words(stage: Stage) -> None:
    told: list[tuple[str, str]] = []
    for network in stage.networks.values():
        network.tell = lambda handle, text, *_: told.append((handle, text))  # type: ignore[method-assign]
    stage.at(CHOSEN)
    assert told == []
    stage.at(CHOSEN + 1)
    assert [handle for handle, _ in told] == ["host.bluesky.example", "@host@mastodon.example"]
    text = told[0][1]
    assert post_of(stage, "amy").ref.url in text
    assert post_of(stage, "ben").ref.url in text
    assert post_of(stage, "cat").ref.url not in text
    assert "readable" not in text
    assert text.endswith(f"hold.until (en) 2027-01-08 01:01 (Europe/London)\nhold.do (en) {CHAT}")
    stage.at(CHOSEN + 2)
    assert len(told) == 2


@pytest.mark.parametrize(
    ("hosts", "lines"), [(HOSTS[:2], 0), (HOSTS, 0), (HOSTS[2:], 0), (("just a name",), 1), ((), 1)]
)
def test_it_is_said_here_where_no_host_can_be_told(stage: Stage, hosts: tuple[str, ...], lines: int) -> None:
    stage.with_series(hosts=hosts)
    stage.at(CHOSEN)
    told = list(held_lines(stage.store, stage.house.accounts, stage.clock.now()))
    assert len(told) == lines
    assert all("no host could be told" in line for line in told)
    stage.at(OUT)
    assert list(held_lines(stage.store, stage.house.accounts, stage.clock.now())) == []


def test_a_message_fits_however_much_is_chosen(stage: Stage) -> None:
    stage.at(CHOSEN)
    content = stage.store.content(CHAT)
    picks = held(stage).picks
    many = HeldDigest(CHAT, START, START, tuple(picks) * 9)
    text = card(stored(stage), many, content, lambda key, _language: "x" * 70 + key)
    weight = sum(23 if word.startswith("https://") else len(word) for word in text.split()) + text.count(" ")
    assert weight < 480
    assert "\n…\n" in text


# -- what they do --------------------------------------------------------------------------------------------------
def test_they_pin_and_leave_out_and_take_it_back(stage: Stage) -> None:
    stage.at(CHOSEN)
    about_answer(stage.store, stored(stage), "pinned", key_of(stage, "dan")[:8], says(stage, "a gem"))
    assert chosen(stage) == ["dan", "amy"]
    assert held(stage).picks[0].why == "the hosts' choice"
    about_answer(stage.store, stored(stage), "left out", post_of(stage, "amy").ref.url, says(stage))
    assert chosen(stage) == ["dan", "cat"]
    page = f"https://chats.example.org/{CHAT}/#a-{key_of(stage, 'dan')}"
    about_answer(stage.store, stored(stage), "freed", page, says(stage))
    assert chosen(stage) == ["ben", "cat"]
    assert [(one.kind, one.by, one.reason) for _, one in stage.store.host_log(9)] == [
        ("freed", "dan", ""),
        ("left out", "dan", ""),
        ("pinned", "dan", "a gem"),
    ]
    stage.at(OUT)
    assert chosen(stage) == ["ben", "cat"]


def test_what_is_pinned_during_the_chat_is_chosen(stage: Stage) -> None:
    about_answer(stage.store, stored(stage), "pinned", key_of(stage, "cat"), says(stage))
    stage.at(CHOSEN)
    assert chosen(stage)[0] == "cat"


def test_they_add_words(stage: Stage) -> None:
    def intro() -> str:
        return wanted_by(stage.store.host_said(CHAT)).intro

    add_words(stage.store, stored(stage), "  What an\nevening. ", says(stage))
    assert intro() == "What an evening."
    with pytest.raises(UserError, match="201 characters; 200 are possible"):
        add_words(stage.store, stored(stage), "é" * 201, says(stage))
    add_words(stage.store, stored(stage), "", says(stage))
    assert intro() == ""


def test_their_words_are_shown_when_the_digest_goes_out_and_not_before(stage: Stage) -> None:
    add_words(stage.store, stored(stage), "What an evening.", says(stage))
    stage.at(CHOSEN)
    assert stage.store.content(CHAT).intro == ""
    before = stored(stage).revision
    stage.at(OUT)
    assert stage.store.content(CHAT).intro == "What an evening."
    assert stored(stage).revision > before


def test_words_for_a_digest_that_is_stopped_are_shown_nowhere(stage: Stage) -> None:
    stage.at(CHOSEN)
    add_words(stage.store, stored(stage), "What an evening.", says(stage))
    stop(stage.store, stored(stage), says(stage))
    stage.at(OUT)
    assert stage.store.content(CHAT).intro == ""


def with_chat(stage: Stage, **changes: object) -> None:
    """Let the chat's own entry say something of its digest."""
    entry = msgspec.structs.replace(stage.series.chats[0], **changes)
    stage.with_series(chats=(entry,))


def test_a_chat_may_be_held_for_another_time_than_its_series(stage: Stage) -> None:
    with_chat(stage, hold=timedelta(minutes=30))
    stage.at(CHOSEN)
    assert held(stage).until - held(stage).at == timedelta(minutes=30)
    stage.at(CHOSEN + 29)
    assert digests_said(stage) == [0, 0]
    stage.at(CHOSEN + 31)
    assert digests_said(stage) == [1, 1]


def test_a_chat_may_ask_for_approval_where_its_series_does_not(stage: Stage) -> None:
    with_chat(stage, approve=True)
    stage.at(CHOSEN)
    text = card(stored(stage), held(stage), stage.store.content(CHAT), lambda key, _: key)
    assert "hold.unapproved 2027-01-08 23:01" in text
    stage.at(OUT + 60)
    assert digests_said(stage) == [0, 0]
    stage.at(CHOSEN + 24 * 60 + 1)
    assert digests_said(stage) == [1, 1]
    assert chosen(stage) == []


def test_a_chat_may_do_without_the_approval_its_series_asks_for(stage: Stage) -> None:
    stage.with_series(approve=True)
    with_chat(stage, approve=False, hold=timedelta(0))
    stage.at(CHOSEN)
    stage.at(CHOSEN + 1)
    assert digests_said(stage) == [1, 1]
    assert chosen(stage) != []


def test_they_stop_it_and_let_it_go(stage: Stage) -> None:
    stage.at(CHOSEN)
    stop(stage.store, stored(stage), says(stage))
    stage.at(OUT + 60)
    assert digests_said(stage) == [0, 0]
    assert stage.store.content(CHAT).picks == ()
    approve(stage.store, stored(stage), says(stage))
    assert stage.at(OUT + 61).digests == (CHAT,)
    assert digests_said(stage) == [1, 1]


def test_they_approve_it_before_its_time(stage: Stage) -> None:
    with pytest.raises(UserError, match="nothing is chosen yet"):
        approve(stage.store, stored(stage), says(stage))
    stage.at(CHOSEN)
    approve(stage.store, stored(stage), says(stage))
    assert stage.at(CHOSEN + 1).digests == (CHAT,)


def test_silence_where_approval_is_wanted_quotes_nobody(stage: Stage) -> None:
    stage.with_series(approve=True)
    stage.at(CHOSEN)
    assert stage.at(CHOSEN + 24 * 60 - 1).digests == ()
    assert stage.at(CHOSEN + 24 * 60).digests == (CHAT,)
    assert digests_said(stage) == [1, 1]
    assert stage.said("bluesky")[-1] == "digest"
    assert stage.store.content(CHAT).picks == ()


def test_what_is_out_is_changed_otherwise(stage: Stage) -> None:
    stage.at(CHOSEN)
    stage.at(OUT)
    for change in (
        lambda: about_answer(stage.store, stored(stage), "left out", key_of(stage, "amy"), says(stage)),
        lambda: add_words(stage.store, stored(stage), "Hello", says(stage)),
        lambda: stop(stage.store, stored(stage), says(stage)),
        lambda: approve(stage.store, stored(stage), says(stage)),
    ):
        with pytest.raises(UserError, match=r"is out, or on its way\. `staffroom hide URL`"):
            change()
    assert stage.store.host_log(9) == ()


@pytest.mark.parametrize("typed", ["amy", "0123456789abcdef", "#a-", "", "https://bsky.app/profile/amy"])
def test_an_answer_that_is_none_is_explained(stage: Stage, typed: str) -> None:
    with pytest.raises(UserError, match=r"no answer of edchat/2027-01-07 is called so\. Give the key"):
        answer_called(stage.store.content(CHAT), typed)


def test_what_cannot_be_repeated_cannot_be_pinned(stage: Stage) -> None:
    server = stage.servers["bluesky"]
    shy, loose = (server.create_account(name, name) for name in ("shy", "loose"))
    server.write(shy.id, detect("shy of inspections"), parent=stage.asked("bluesky", 1), warning="inspection")
    server.write(loose.id, detect("loose, about nothing #EdChat"))
    stage.at(70)
    for who, why in (("shy", "behind a content warning"), ("loose", "answers no question by itself")):
        with pytest.raises(UserError, match=why):
            about_answer(stage.store, stored(stage), "pinned", key_of(stage, who), says(stage))


# -- what happens meanwhile ----------------------------------------------------------------------------------------
def test_who_leaves_while_it_is_held_is_not_in_it(stage: Stage) -> None:
    stage.at(CHOSEN)
    stage.servers["bluesky"].delete(post_of(stage, "amy").ref.id)
    stage.at(CHOSEN + 70)  # looked up within the hour
    assert chosen(stage) == ["ben"]
    stage.at(OUT)
    assert chosen(stage) == ["ben"]
    assert not any("amy" in text for text in stage.said("bluesky"))


def test_when_all_have_left_nothing_is_posted(stage: Stage) -> None:
    stage.at(CHOSEN)
    stage.store.bury([key_of(stage, who) for who in WHO], stage.clock.now())
    stage.servers["bluesky"].offline = stage.servers["mastodon"].offline = True
    assert stage.at(OUT).digests == (CHAT,)
    assert [one.id for one in stage.store.deliveries(CHAT) if one.prompt.endswith("digest")] == []


def test_a_cancelled_chat_has_no_digest(stage: Stage) -> None:
    stage.at(CHOSEN)
    stage.store.cancel(CHAT, stage.clock.now())
    assert stage.at(OUT).digests == ()
    assert digests_said(stage) == [0, 0]


def test_another_process_goes_on_with_what_is_held(stage: Stage) -> None:
    stage.at(CHOSEN)
    stage.house = stage.open("two")
    assert stage.at(OUT).digests == (CHAT,)
    assert digests_said(stage) == [1, 1]
