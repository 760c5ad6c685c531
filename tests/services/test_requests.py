"""What people ask of us is carried out, once, whatever crashes; and we say next to nothing."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from contract.store_world import END, PEPPER, START, chat, opened, save, say, series

from bot.domain.alarms import Watchwords
from bot.domain.consent import Ruling, Wish, WishKind
from bot.domain.errands import Errand
from bot.domain.naming import naming
from bot.domain.posts import Account, Post, PostRef, Signals, handle_id
from bot.domain.richtext import Mention, RichText, join, whole
from bot.services.door import Door, Request
from bot.services.requests import ANSWERED_WITHIN, attend, attend_blocks
from bot.services.wishes import block, remember, remove
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store

OWN = "did:plc:staffroom"
US = whole("@staffroom.example.org", Mention(OWN, "staffroom.example.org"))
ACCOUNTS: Any = {"sky": "bluesky"}
LATER = END + timedelta(minutes=30)


def person(name: str, **signals: Any) -> Account:
    return Account("bluesky", f"did:plc:{name}", f"{name}.bsky.social", name.title(), signals=Signals(**signals))


AMY, BEN = person("amy"), person("ben")


def phrase(key: str, language: str) -> str:
    return f"{key} in {language}"


class Room:
    """A chat with two questions out, a door, and what goes through it."""

    def __init__(self, store: SqlStore) -> None:
        self.store: Any = store
        self.chat, self.question = opened(store)
        self.asked = f"{self.chat.id}/q1@sky#0"
        self.number = 0

    def post(self, by: Account, *words: RichText | str, to: str = "", minute: float = 10, **changes: Any) -> Post:
        """A post; in the question's thread, unless ``to`` names another parent or is ``-``."""
        self.number += 1
        parent = "" if to == "-" else to or self.asked
        base = Post(
            ref=PostRef("bluesky", f"at://{by.id}/app.bsky.feed.post/{self.number}"),
            author=by,
            text=join(words),
            at=START + timedelta(minutes=minute),
            parent=parent,
            root="" if to == "-" else self.asked,
        )
        return msgspec.structs.replace(base, **changes)

    def key(self, post: Post) -> str:
        return str(self.store.key("bluesky", post.ref.id))

    def read(self, *posts: Post) -> list[Request]:
        """Let posts in as a sweep does; gives what they ask."""
        stored = self.store.chat(self.chat.id)
        door = Door(
            store=self.store,
            stored=stored,
            questions=frozenset({self.question}),
            own=OWN,
            account="sky",
            own_handle="",
            watch=Watchwords(),
            parents=dict(self.store.edges(self.chat.id)),
            seen={sent.key for sent in self.store.sent_posts(self.chat.id)},
        )
        self.store.upsert(door.admit(posts), LATER)
        return door.requests

    def hear(self, *posts: Post, now: datetime = LATER, accounts: Any = ACCOUNTS) -> int:
        return attend(self.store, self.read(*posts), accounts, now, phrase)

    def alone(self, post: Post, asked: Any) -> Request:
        """A request that was only addressed to us, and belongs to no chat."""
        return Request(asked, post, self.key(post), self.store.key("bluesky", post.parent), "", False, "sky")

    def kept(self) -> dict[str, str]:
        """The words that are kept, by node key."""
        return {one.key: one.post.text.text for one in self.store.candidates(self.chat.id)}

    def shown(self) -> set[str]:
        return {one.post.text.text for one in self.store.content(self.chat.id).answers}

    def errands(self, kind: str = "") -> list[Errand]:
        found = self.store.errands("sky", LATER + timedelta(days=30), 100)
        return [errand for errand in found if kind in ("", errand.kind)]

    def wishes(self, who: Account = AMY) -> list[tuple[str, str]]:
        """Wishes under a person's id, which stand under the handle too."""
        by_id, by_handle = (self.store.key("bluesky", one) for one in (who.id, handle_id(who.handle)))
        found = self.store.wishes([by_id, by_handle])
        assert found[by_id] == found[by_handle]
        return [(wish.kind, wish.series) for wish in found[by_id]]

    def digest(self, answer: Post) -> str:
        """Let a digest of ours repeat an answer; gives the remote id of the post that does."""
        say(self.store, f"{self.chat.id}/q2@sky", START + timedelta(minutes=25))
        wrap_up = f"{self.chat.id}/wrap-up@sky"
        say(self.store, wrap_up, END, "Digest", f"“{answer.text.text}”", answer=self.key(answer))
        return f"{wrap_up}#1"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database: making one is slow beside the tests."""
    path = tmp_path_factory.mktemp("requests") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def make(tmp_path: Path, empty: Path) -> Iterator[Callable[[], Room]]:
    made: list[SqlStore] = []

    def one() -> Room:
        path = tmp_path / f"{len(made)}.db"
        shutil.copyfile(empty, path)
        made.append(open_store(f"sqlite:///{path}", pepper_source=lambda: PEPPER))
        return Room(made[-1])

    yield one
    for store in made:
        store.close()


@pytest.fixture
def room(make: Callable[[], Room]) -> Room:
    return make()


# -- leaving ---------------------------------------------------------------------------------------------------------


def test_who_says_remove_me_is_gone_from_everything_of_ours(room: Room) -> None:
    answer = room.post(AMY, "A1 ten silent minutes")
    named = room.post(BEN, "As @amy.bsky.social says, silence", minute=12)
    room.hear(answer, named)
    repeated = room.digest(answer)
    assert len(room.kept()) == 2

    assert room.hear(room.post(AMY, "REMOVE ME", minute=20)) == 1
    assert room.kept() == {room.key(named): "As @… says, silence"}
    assert room.wishes() == [("stopped", "")]
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]
    assert len(room.errands("like")) == 1
    assert room.errands("answer") == []
    assert room.store.outlived() == ()


def test_a_digest_that_repeats_others_naming_who_left_is_taken_back(room: Room) -> None:
    named = room.post(BEN, "As @amy.bsky.social says, silence")
    room.hear(named)
    repeated = room.digest(named)
    room.hear(room.post(AMY, "REMOVE ME", minute=20))
    assert room.shown() == {"As @… says, silence"}
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]


def test_a_request_met_again_does_nothing_and_writes_nothing(room: Room) -> None:
    answer, leaving = room.post(AMY, "A1 silence"), room.post(AMY, "Remove me, please", minute=20)
    assert room.hear(answer, leaving) == 1
    before = room.errands()
    watched = Breaking(room.store, 0)
    room.store = watched
    assert room.hear(leaving, now=LATER + timedelta(days=3)) == 0
    assert watched.writes == ["queue"]  # of the like, which is there
    assert room.errands() == before


def test_what_comes_after_leaving_is_not_kept(room: Room) -> None:
    room.hear(room.post(AMY, "REMOVE ME"))
    room.hear(room.post(AMY, "A1 silence", minute=30), room.post(BEN, "I agree with @amy.bsky.social", minute=31))
    assert list(room.kept().values()) == ["I agree with @…"]


class Breaking:
    """A store whose process dies before its ``step``-th write (never, where that is 0)."""

    WRITES = frozenset({"queue", "add_wish", "unname", "save_cursor", "rule", "bury", "sweep_again"})

    def __init__(self, store: SqlStore, step: int) -> None:
        self._store = store
        self._left = step
        self.writes: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name in self.WRITES:
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
            self.writes.append(name)
        return getattr(self._store, name)


@pytest.mark.parametrize("said", ["REMOVE ME", "REMOVE THIS", "NO NAME", "KEEP MY ANSWERS", "STOP"])
def test_whatever_crashes_the_next_meeting_brings_it_to_the_same_end(make: Callable[[], Room], said: str) -> None:
    def scene() -> tuple[Room, Post]:
        room = make()
        answer = room.post(AMY, "A1 silence")
        room.hear(answer, room.post(AMY, "A1 more"), room.post(BEN, "Yes @amy.bsky.social", to=answer.ref.id))
        room.digest(answer)
        return room, room.post(AMY, said, to=answer.ref.id, minute=20)

    def end(room: Room) -> Any:
        return sorted(room.kept().items()), room.shown(), room.wishes(), {errand.id for errand in room.errands()}

    whole_room, request = scene()
    whole_room.hear(request)
    wanted = end(whole_room)
    step = 0
    crashed = True
    while crashed:
        step += 1
        room, request = scene()
        sound = room.store
        room.store = Breaking(sound, step)
        try:
            room.hear(request)
            crashed = False
        except KeyboardInterrupt:
            room.store = sound
            room.hear(request)
        room.store = sound
        assert end(room) == wanted, f"crashed before write {step}"
    assert step > 2


@pytest.mark.parametrize("first", [True, False])
def test_an_old_command_loses_against_a_newer_wish_whichever_is_met_first(room: Room, first: bool) -> None:
    answer = room.post(AMY, "A1 silence")
    leave, join_again = room.post(AMY, "REMOVE ME", minute=20), room.post(AMY, "KEEP MY ANSWERS", minute=30)
    room.hear(answer)
    room.hear(*((leave,) if first else (join_again,)))
    room.hear(*((join_again,) if first else (leave,)))
    room.hear(leave)
    room.hear(answer)
    assert room.shown() == {"A1 silence"}


def test_joining_does_not_keep_from_leaving_later(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer, room.post(AMY, "KEEP MY ANSWERS"))
    room.hear(room.post(AMY, "REMOVE ME", minute=40))
    assert room.kept() == {}


def test_an_edit_into_a_command_counts_from_the_edit(room: Room) -> None:
    answer = room.post(AMY, "A1 silence", minute=5)
    room.hear(answer, room.post(AMY, "A1 more", minute=6), room.post(AMY, "KEEP MY ANSWERS", minute=10))
    edited = msgspec.structs.replace(answer, text=RichText("REMOVE ME"), edited_at=START + timedelta(minutes=15))
    assert room.hear(edited) == 1
    assert room.hear(edited) == 0
    assert room.kept() == {}
    assert ("stopped", "") in room.wishes()


def test_a_wish_for_one_series_leaves_the_others_alone(room: Room) -> None:
    other = chat(7, "maths")
    save(room.store, other, of=series("maths", hashtag="MathsChat"))
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    repeated = room.digest(answer)
    keys = [room.store.key("bluesky", AMY.id)]
    assert remember(room.store, AMY, keys, Wish("stopped", "maths", LATER), "a host", LATER) == 1
    assert room.shown() == {"A1 silence"}
    assert room.errands("delete") == []
    assert remember(room.store, AMY, keys, Wish("stopped", "edchat", LATER), "a host", LATER) == 1
    assert room.kept() == {}
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]


def test_who_is_known_by_handle_only_is_gone_too(room: Room) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    keys = [room.store.key("bluesky", handle_id("Amy.bsky.social"))]
    assert remember(room.store, None, keys, Wish("stopped", "", LATER), "a host", LATER) == 1
    assert remember(room.store, None, keys, Wish("stopped", "", LATER), "a host", LATER) == 0
    room.hear(room.post(AMY, "A1 silence", minute=30))
    assert room.kept() == {}


# -- joining, pausing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["KEEP MY ANSWERS", "keep my answers 🙏"])
def test_joining_is_for_the_series_of_the_chat(room: Room, said: str) -> None:
    room.store.swept(room.chat.id, "sky", LATER)
    assert room.hear(room.post(AMY, said)) == 1
    assert room.wishes() == [("joined", "edchat")]
    assert [errand.kind for errand in room.errands()] == ["like"]
    (due,) = room.store.collecting(LATER)
    assert due.swept.get("sky") != LATER  # read again soon


def test_join_is_an_answer_in_a_thread_and_a_wish_outside(room: Room) -> None:
    room.hear(room.post(AMY, "JOIN"))
    assert (room.shown(), room.wishes()) == ({"JOIN"}, [])
    room.hear(room.post(AMY, US, " JOIN", to="-"))
    assert room.wishes() == [("joined", "edchat")]


def test_addressed_to_us_alone_join_means_our_only_series(room: Room) -> None:
    wish = room.alone(room.post(AMY, US, " join", to="-"), "join")
    assert attend(room.store, [wish], ACCOUNTS, LATER, phrase) == 1
    assert room.wishes() == [("joined", "edchat")]


def test_with_several_series_the_hashtag_tells_which(room: Room) -> None:
    save(room.store, chat(7, "maths"), of=series("maths", hashtag="MathsChat"))
    save(room.store, chat(7, "far"), of=series("far", hashtag="Far", accounts=("masto",)))
    bare = room.alone(room.post(AMY, US, " join", to="-"), "join")
    assert attend(room.store, [bare], ACCOUNTS, LATER, phrase) == 0
    (told,) = room.errands()
    assert (told.kind, told.to, told.text) == ("answer", AMY.handle, "request.which_series in en")
    assert room.wishes() == []
    tagged = room.alone(room.post(AMY, US, " join #MATHSCHAT", to="-"), "join")
    assert attend(room.store, [tagged], ACCOUNTS, LATER, phrase) == 1
    assert room.wishes() == [("joined", "maths")]
    both = room.alone(room.post(BEN, US, " join #MathsChat #EdChat", to="-"), "join")
    far = room.alone(room.post(BEN, US, " join #Far", to="-"), "join")
    assert attend(room.store, [both, far], ACCOUNTS, LATER, phrase) == 0
    assert room.wishes(BEN) == []


def test_a_bare_stop_under_a_question_holds_back_and_asks(room: Room) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    assert room.hear(room.post(AMY, "Stop!", minute=20)) == 1
    assert (list(room.kept().values()), room.shown()) == (["A1 silence"], set())
    assert room.wishes() == [("paused", "edchat")]
    (told,) = room.errands()
    assert (told.kind, told.text) == ("answer", "request.stop in en")
    room.hear(room.post(AMY, "stop", minute=25))
    assert room.errands() == [told]
    room.hear(room.post(AMY, "KEEP MY ANSWERS", minute=30))
    assert room.shown() == {"A1 silence"}
    assert [errand.kind for errand in room.errands()] == ["answer", "like"]


@pytest.mark.parametrize(("said", "minute"), [("REMOVE ME", 30), ("KEEP MY ANSWERS", 30), ("REMOVE ME", 5)])
def test_nobody_is_asked_who_has_said_it(room: Room, said: str, minute: int) -> None:
    room.hear(room.post(AMY, "STOP", minute=20), room.post(AMY, said, minute=minute))
    assert room.errands("answer") == []
    room.hear(room.post(AMY, "A1 silence", minute=40))
    assert list(room.kept().values()) == (["A1 silence"] if said == "KEEP MY ANSWERS" else [])
    assert room.shown() == set(room.kept().values())


def test_a_bare_stop_to_us_outside_a_thread_leaves(room: Room) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    assert room.hear(room.post(AMY, US, " stop", to="-", minute=20)) == 1
    assert room.kept() == {}
    assert room.wishes() == [("stopped", "")]


def test_a_bare_stop_to_somebody_else_under_the_hashtag_is_not_for_us(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    elsewhere = room.post(BEN, "#EdChat my new desk", to="-")
    other = msgspec.structs.replace(room.post(AMY, "Stop #EdChat", to=elsewhere.ref.id), root=elsewhere.ref.id)
    assert room.hear(answer, elsewhere, other) == 0
    assert (room.wishes(), room.errands()) == ([], [])
    assert "A1 silence" in room.shown()
    named = msgspec.structs.replace(room.post(BEN, US, " stop", to=elsewhere.ref.id), root=elsewhere.ref.id)
    assert room.hear(named) == 1  # it replies to another, and names us
    assert room.wishes(BEN) == [("stopped", "")]
    welcome = f"{room.chat.id}/welcome@sky#0"
    to_us = msgspec.structs.replace(room.post(AMY, "Stop", to=welcome), root=welcome)
    assert room.hear(to_us) == 1
    assert room.wishes() == [("stopped", "")]


# -- one answer ------------------------------------------------------------------------------------------------------


def test_remove_this_takes_out_the_answer_it_replies_to(room: Room) -> None:
    one, two = room.post(AMY, "A1 one"), room.post(AMY, "A1 two", minute=11)
    room.hear(one, two)
    repeated = room.digest(one)
    request = room.post(AMY, "REMOVE THIS", to=one.ref.id, minute=20)
    assert room.hear(request) == 1
    assert room.kept() == {room.key(two): "A1 two"}
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]
    assert room.hear(request, one) == 0
    assert room.kept() == {room.key(two): "A1 two"}
    assert [errand.kind for errand in room.errands()].count("like") == 1
    assert room.errands("answer") == []
    assert room.wishes() == []


def test_remove_this_under_anothers_answer_is_answered_and_does_nothing(room: Room) -> None:
    answer = room.post(BEN, "A1 mine")
    room.hear(answer)
    assert room.hear(room.post(AMY, "Remove this!", to=answer.ref.id, minute=20)) == 0
    assert room.shown() == {"A1 mine"}
    assert [(errand.kind, errand.text) for errand in room.errands()] == [("answer", "request.not_yours in en")]


def test_remove_this_to_our_question_means_ones_own_latest_answer_there_and_only_that(room: Room) -> None:
    early = room.post(AMY, "A1 early", minute=10)
    below = room.post(AMY, "and to Ben", to=room.post(BEN, "A1 Ben").ref.id, minute=15)
    bens = room.post(BEN, "A1 mine", minute=16)
    after = room.post(AMY, "A1 after", minute=30)
    request = room.post(AMY, "REMOVE THIS", minute=20)
    room.hear(early, below, bens, after)
    assert room.hear(request) == 1
    assert set(room.kept().values()) == {"and to Ben", "A1 mine", "A1 after"}
    for _ in range(3):
        assert room.hear(request, early) == 0
    assert set(room.kept().values()) == {"and to Ben", "A1 mine", "A1 after"}
    assert room.hear(room.post(AMY, "REMOVE THIS", minute=25)) == 1  # another request: the next one
    assert set(room.kept().values()) == {"A1 mine", "A1 after"}


def test_remove_this_waits_for_an_answer_that_is_not_here_yet(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    request = room.post(AMY, "REMOVE THIS", to=answer.ref.id, minute=20)
    assert room.hear(request) == 0
    assert room.errands() == []
    room.hear(answer)
    assert room.hear(request) == 1
    assert room.kept() == {}


def test_remove_this_that_replies_to_nothing_is_asked_which(room: Room) -> None:
    request = room.alone(room.post(AMY, US, " remove this", to="-"), "remove-this")
    assert attend(room.store, [request], ACCOUNTS, LATER, phrase) == 0
    assert [errand.text for errand in room.errands()] == ["request.which_answer in en"]


def test_remove_this_works_where_no_chat_is_known(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    request = room.alone(room.post(AMY, US, " remove this", to=answer.ref.id), "remove-this")
    assert attend(room.store, [request], ACCOUNTS, LATER, phrase) == 1
    assert room.kept() == {}


def test_a_hosts_later_decision_does_not_bring_back_what_its_author_removed(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    request = room.post(AMY, "REMOVE THIS", to=answer.ref.id, minute=20)
    room.store.rule(room.key(answer), Ruling("hidden", 0, LATER - timedelta(minutes=1)), "a look first", "host")
    assert room.hear(request) == 1
    room.store.rule(room.key(answer), Ruling("released", 0, LATER + timedelta(minutes=1)), "fine", "host")
    room.hear(answer)
    room.hear(request, now=LATER + timedelta(minutes=2))
    room.hear(answer)
    assert room.kept() == {}


def test_removing_by_hand_says_who_and_why(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    assert remove(room.store, [room.key(answer)], LATER, reason="by mail", by="staffroom people") == 1
    assert remove(room.store, [], LATER) == 0
    assert room.store.rulings([room.key(answer)])[room.key(answer)].kind == "removed"
    room.hear(answer)
    assert room.kept() == {}


# -- names and lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("INITIALS ONLY", "initials"),
        ("NO NAME", "nameless"),
        ("FULL NAME", "named"),
        ("LIST ME", "listed"),
        ("UNLIST ME", "unlisted"),
    ],
)
def test_how_to_be_called_holds_everywhere_and_is_liked(room: Room, said: str, kind: WishKind) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    assert room.hear(room.post(AMY, said, minute=20)) == 1
    assert room.wishes() == [(kind, "")]
    assert [errand.kind for errand in room.errands()] == ["like"]
    assert room.shown() == {"A1 silence"}


def test_the_later_name_counts(room: Room) -> None:
    room.hear(room.post(AMY, "FULL NAME", minute=30), room.post(AMY, "NO NAME", minute=20))
    key = room.store.key("bluesky", AMY.id)
    assert naming(room.store.wishes([key])[key]) == "named"


# -- what we say -----------------------------------------------------------------------------------------------------


def test_unclear_words_do_nothing_and_get_one_short_answer_a_day(room: Room) -> None:
    unclear = [room.post(AMY, US, " please delete it all", to="-", minute=minute) for minute in (5, 6, 60 * 24)]
    bens = room.post(BEN, US, " please delete it all", to="-")
    assert room.hear(bens, *reversed(unclear), now=START + timedelta(days=2)) == 0
    assert {errand.ref for errand in room.errands()} == {post.ref for post in (unclear[0], unclear[2], bens)}
    assert sorted(errand.to for errand in room.errands("answer")) == [AMY.handle, AMY.handle, BEN.handle]
    room.hear(*unclear, now=START + timedelta(days=2, hours=5))
    assert len(room.errands()) == 3
    assert (room.wishes(), room.wishes(BEN)) == ([], [])


@pytest.mark.parametrize(
    ("by", "now", "accounts"),
    [
        (person("robot", bot=True), LATER, ACCOUNTS),
        (AMY, START + ANSWERED_WITHIN + timedelta(hours=1), ACCOUNTS),
        (AMY, LATER, {"masto": "mastodon"}),
    ],
)
def test_bots_old_posts_and_what_our_lost_account_heard_are_not_answered(
    room: Room, by: Account, now: datetime, accounts: Any
) -> None:
    said = [room.post(by, US, " please delete it all", to="-"), room.post(by, "stop")]
    room.hear(*said, now=now, accounts=accounts)
    assert room.errands() == []


def test_a_bot_may_leave_too(room: Room) -> None:
    robot = person("robot", bot=True)
    assert room.hear(room.post(robot, "REMOVE ME")) == 1
    assert room.wishes(robot) == [("stopped", "")]


def test_a_wish_counts_though_our_account_cannot_like_it(room: Room) -> None:
    assert room.hear(room.post(AMY, "REMOVE ME"), accounts={}) == 1
    assert room.errands() == []
    assert room.wishes() == [("stopped", "")]


@pytest.mark.parametrize(
    ("wrote", "speaks", "answered"),
    [
        (("fr",), ("en", "fr-CA"), "fr"),
        (("fr-CA", "en"), ("en", "fr"), "fr-CA"),
        (("ja",), ("cy", "en"), "cy"),
        ((), ("de",), "de"),
    ],
)
def test_who_writes_in_a_language_of_the_series_is_answered_in_it(
    room: Room, wrote: Sequence[str], speaks: Any, answered: str
) -> None:
    save(room.store, room.chat, of=series(languages=speaks))
    room.hear(room.post(AMY, "stop", languages=tuple(wrote)))
    assert [errand.text for errand in room.errands()] == [f"request.stop in {answered}"]


def test_outside_a_chat_the_posts_own_language_counts(room: Room) -> None:
    for wrote, answered in ((("de",), "de"), ((), "en")):
        by = person(f"p{answered}")
        post = room.post(by, US, " remove this", to="-", languages=wrote)
        attend(room.store, [room.alone(post, "remove-this")], ACCOUNTS, LATER, phrase)
        assert f"request.which_answer in {answered}" in {errand.text for errand in room.errands()}


def test_followers_and_single_people_may_ask_and_nothing_of_it_is_kept(room: Room, tmp_path: Path) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    private = room.post(AMY, US, " REMOVE ME #zebrafish", visibility="direct", to="-", minute=20)
    assert room.hear(private) == 1
    assert room.kept() == {}
    room.store.errand_done(room.errands("like")[0].id, LATER)
    room.store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"zebrafish" not in held
    assert b"amy.bsky" not in held


# -- blocks ----------------------------------------------------------------------------------------------------------


def test_who_blocks_us_leaves_once_and_again_after_joining_anew(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    room.digest(answer)
    blocking = person("amy", blocks_us=True)
    seen = [room.post(blocking, "one"), room.post(blocking, "two"), room.post(BEN, "A1 three")]
    assert attend_blocks(room.store, seen, LATER) == 1
    assert attend_blocks(room.store, seen, LATER + timedelta(hours=1)) == 0
    assert room.kept() == {}
    assert (room.wishes(), room.wishes(BEN)) == ([("stopped", "")], [])
    assert [errand.kind for errand in room.errands()] == ["delete"]
    keys = [room.store.key("bluesky", one) for one in (AMY.id, handle_id(AMY.handle))]
    remember(room.store, AMY, keys, Wish("joined", "edchat", LATER + timedelta(hours=2)), "a host", LATER)
    assert block(room.store, blocking, LATER + timedelta(hours=3)) == 2  # under both keys
    assert room.wishes()[-1] == ("stopped", "")
    assert len(room.wishes()) == 3


def test_who_left_one_series_and_blocks_us_leaves_all(room: Room) -> None:
    keys = [room.store.key("bluesky", one) for one in (AMY.id, handle_id(AMY.handle))]
    remember(room.store, AMY, keys, Wish("stopped", "maths", LATER), "a host", LATER)
    room.hear(room.post(AMY, "A1 silence"))
    assert room.kept()
    assert attend_blocks(room.store, [room.post(person("amy", blocks_us=True), "one")], LATER) == 1
    assert room.kept() == {}
    assert ("stopped", "") in room.wishes()
