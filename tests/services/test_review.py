"""Held answers: released as they were read, dropped to the last word, hidden at once, and told to hosts in private."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from contract.store_world import END, PEPPER, START, chat, everything, opened, save, say, series

from bot.config.watchwords import load_watchwords
from bot.domain.consent import Wish
from bot.domain.errands import Errand
from bot.domain.posts import Account, Media, Post, PostRef, handle_id
from bot.domain.richtext import Mention, RichText, join, whole
from bot.errors import UserError
from bot.ports import Held
from bot.rendering import urls
from bot.rendering.templates import Templates
from bot.services.door import Door, readmit
from bot.services.hosts import ALARMS, APART, card, tell_hosts, waiting_lines
from bot.services.review import Decided, Waiting, called, drop, hide, log, release, waiting
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store

WATCH = load_watchwords(Path("no such folder"))
LATER = END + timedelta(minutes=30)
ACCOUNTS: Any = {"sky": "bluesky", "masto": "mastodon"}
PHRASE = Templates().dictionary.phrase("")
AMY = Account("bluesky", "did:plc:amy", "amy.bsky.social", "Amy")
BEN = Account("bluesky", "did:plc:ben", "ben.bsky.social", "Ben")
PHOTO = (Media("image", "a wall"),)
CHAT = chat().id


class Room:
    """A chat with a question out, and a door to it."""

    def __init__(self, store: SqlStore) -> None:
        self.store: Any = store
        self.chat, _ = opened(store)
        self.number = 0

    def post(self, text: str | RichText, by: Account = AMY, **changes: Any) -> Post:
        self.number += 1
        name = f"at://{by.id}/app.bsky.feed.post/rk{self.number}"
        base = Post(
            ref=PostRef("bluesky", name, url=f"https://bsky.app/profile/{by.handle}/post/rk{self.number}"),
            author=by,
            text=text if isinstance(text, RichText) else RichText(text),
            at=START + timedelta(minutes=10 + self.number),
            parent=f"{self.chat.id}/q1@sky#0",
            root=f"{self.chat.id}/q1@sky#0",
        )
        return msgspec.structs.replace(base, **changes)

    def key(self, post: Post) -> str:
        return str(self.store.key(post.ref.network, post.ref.id))

    def sweep(self, *posts: Post, now: datetime = LATER) -> None:
        """Let posts in as a sweep does, whether they were seen before or not."""
        door = Door(
            store=self.store,
            stored=self.store.chat(self.chat.id),
            questions=frozenset(sent.key for sent in self.store.sent_posts(self.chat.id) if sent.kind == "question"),
            own="did:plc:staffroom",
            account="sky",
            own_handle="",
            watch=WATCH,
            parents=dict(self.store.edges(self.chat.id)),
            seen=set(),
        )
        self.store.upsert(door.admit(posts), now)

    def look_up(self, *posts: Post, now: datetime = LATER) -> None:
        self.store.upsert(readmit(self.store, posts, WATCH), now)

    def shown(self) -> set[str]:
        return {one.post.text.text for one in self.store.content(self.chat.id).answers}

    def held(self) -> dict[str, tuple[str, ...]]:
        return {one.post.text.text: one.reasons for one in waiting(self.store)}

    def one(self, post: Post) -> Waiting:
        return next(one for one in waiting(self.store) if one.key == self.key(post))

    def release(self, post: Post, now: datetime = LATER) -> Decided:
        return release(self.store, self.one(post), "only a wall", "dan", now, WATCH)

    def drop(self, post: Post, now: datetime = LATER) -> Decided:
        return drop(self.store, self.one(post), "names a pupil", "dan", now, WATCH)

    def hide(self, named: str, now: datetime = LATER) -> Decided:
        return hide(self.store, named, "looked odd", "eve", now, WATCH)

    def digest(self, post: Post) -> str:
        """Let a digest of ours repeat an answer; gives the remote id of the post that does."""
        say(self.store, f"{self.chat.id}/q2@sky", START + timedelta(minutes=25))
        wrap_up = f"{self.chat.id}/wrap-up@sky"
        say(self.store, wrap_up, END, "Digest", f"“{post.text.text}”", answer=self.key(post))
        return f"{wrap_up}#1"

    def errands(self, account: str = "sky", kind: str = "") -> list[Errand]:
        found = self.store.errands(account, LATER + timedelta(days=30), 500)
        return [errand for errand in found if kind in ("", errand.kind)]

    def tell(self, minutes: float = 0, accounts: Mapping[str, Any] = ACCOUNTS) -> int:
        return tell_hosts(self.store, accounts, LATER + timedelta(minutes=minutes), PHRASE)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database: making one is slow beside the tests."""
    path = tmp_path_factory.mktemp("review") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def room(tmp_path: Path, empty: Path) -> Iterator[Room]:
    path = tmp_path / "store.db"
    shutil.copyfile(empty, path)
    store = open_store(f"sqlite:///{path}", pepper_source=lambda: PEPPER)
    yield Room(store)
    store.close()


# -- held ----------------------------------------------------------------------------------------------------------
def test_only_what_raises_an_alarm_waits_and_it_stands_nowhere(room: Room) -> None:
    room.sweep(
        room.post("My pupils love it"),
        room.post("My pupil Liam loves it"),
        room.post("Our wall", media=PHOTO),
    )
    assert room.shown() == {"My pupils love it"}
    assert room.held() == {"My pupil Liam loves it": ("pupil",), "Our wall": ("photo",)}


def test_an_edit_into_an_alarm_holds_what_was_shown(room: Room) -> None:
    post = room.post("My pupils love it")
    room.sweep(post)
    room.look_up(msgspec.structs.replace(post, text=RichText("My pupil Liam loves it")))
    assert room.shown() == set()
    assert room.held() == {"My pupil Liam loves it": ("pupil",)}


# -- releasing -----------------------------------------------------------------------------------------------------
def test_a_released_answer_is_shown_under_its_question_and_stays_so(room: Room) -> None:
    post = room.post("A1 Our wall", media=PHOTO)
    room.sweep(post)
    done = room.release(post)
    assert (done.shown, done.held, done.deleted) == (True, (), 0)
    room.sweep(post, now=LATER + timedelta(minutes=2))
    room.look_up(post, now=LATER + timedelta(hours=1))
    assert room.shown() == {"A1 Our wall"}
    assert room.held() == {}
    (answer,) = room.store.content(room.chat.id).answers
    assert [placed.question for placed in answer.placed] == [f"{room.chat.id}/q1"]


@pytest.mark.parametrize(
    "edit",
    [
        {"text": RichText("A1 Our wall, by my pupil Liam")},
        {"text": RichText("A1 Our wall!")},
        {"media": (*PHOTO, *PHOTO)},
        {"media": (Media("image", "my class"),)},
        {"warning": "faces"},
        {"labels": ("nudity",)},
    ],
)
def test_a_release_counts_only_for_what_was_read(room: Room, edit: dict[str, Any]) -> None:
    post = room.post("A1 Our wall", media=PHOTO)
    room.sweep(post)
    room.release(post)
    room.look_up(msgspec.structs.replace(post, **edit), now=LATER + timedelta(hours=1))
    assert room.shown() == set()
    room.look_up(post, now=LATER + timedelta(hours=2))  # edited back to what was read
    assert room.shown() == {"A1 Our wall"}


def test_an_edit_that_takes_the_alarm_away_needs_no_other_release(room: Room) -> None:
    post = room.post("A1 My pupil Liam loves it")
    room.sweep(post)
    room.look_up(msgspec.structs.replace(post, text=RichText("A1 They love it")))
    assert room.shown() == {"A1 They love it"}
    assert room.held() == {}


def test_a_released_answer_still_waits_where_its_author_said_stop(room: Room) -> None:
    post = room.post("A1 Our wall", media=PHOTO)
    room.sweep(post)
    room.store.add_wish(room.store.key("bluesky", AMY.id), Wish("paused", "edchat", LATER), "a reply")
    done = room.release(post)
    assert (done.shown, done.held) == (False, ("asked",))
    assert room.shown() == set()
    assert room.held() == {"A1 Our wall": ("asked",)}


def test_releasing_the_answer_of_somebody_who_left_shows_nothing(room: Room) -> None:
    post = room.post("A1 Our wall", media=PHOTO)
    room.sweep(post)
    one = room.one(post)
    room.store.add_wish(room.store.key("bluesky", AMY.id), Wish("stopped", "", LATER), "a reply")
    done = release(room.store, one, "only a wall", "dan", LATER, WATCH)
    assert (done.shown, done.held) == (False, ())
    assert "Our wall" not in everything(room.store)


# -- dropping ------------------------------------------------------------------------------------------------------
def test_a_dropped_answer_loses_its_words_at_once_and_for_good(room: Room) -> None:
    post = room.post("My pupil Liam Planted loves it", media=(Media("image", "Planted alt"),))
    room.sweep(post, room.post("Below it", BEN))
    done = room.drop(post)
    assert (done.shown, done.held) == (False, ())
    for again in (lambda: None, lambda: room.sweep(post), lambda: room.look_up(post)):
        again()
        assert "Planted" not in everything(room.store)
        assert room.held() == {}
    assert room.shown() == {"Below it"}
    assert len(room.store.content(room.chat.id).tombstones) == 1


def test_a_dropped_answer_stays_dropped_though_its_author_joins_or_edits_it(room: Room) -> None:
    post = room.post("My pupil Liam loves it")
    room.sweep(post)
    room.drop(post)
    room.store.add_wish(room.store.key("bluesky", AMY.id), Wish("joined", "edchat", LATER), "a reply")
    room.sweep(post, msgspec.structs.replace(post, text=RichText("They love it")))
    assert room.shown() == set()


# -- hiding --------------------------------------------------------------------------------------------------------
def test_hiding_takes_an_answer_away_until_somebody_decides(room: Room) -> None:
    post = room.post("A1 Nothing wrong with it")
    room.sweep(post)
    done = room.hide(post.ref.url)
    assert (done.shown, done.held) == (False, ("hidden",))
    room.sweep(post, now=LATER + timedelta(minutes=2))
    assert room.shown() == set()
    assert room.held() == {"A1 Nothing wrong with it": ("hidden",)}
    assert room.release(post, LATER + timedelta(minutes=3)).shown
    assert room.shown() == {"A1 Nothing wrong with it"}
    room.hide(room.key(post), LATER + timedelta(minutes=4))
    room.drop(post, LATER + timedelta(minutes=5))
    assert "Nothing wrong with it" not in everything(room.store)


def test_hiding_undoes_a_release(room: Room) -> None:
    post = room.post("Our wall", media=PHOTO)
    room.sweep(post)
    room.release(post)
    assert room.hide(post.ref.url, LATER + timedelta(minutes=1)).held == ("photo", "hidden")


def test_every_address_that_people_copy_names_the_answer(room: Room) -> None:
    sky = room.post("A1 On Bluesky")
    uri = "https://far.example.org/users/zoe/statuses/99"
    zoe = Account("mastodon", "https://far.example.org/users/zoe", "@zoe@far.example.org", "Zoe")
    ref = PostRef("mastodon", "social.example.org/4711", url="https://far.example.org/@zoe/99")
    toot = room.post("A1 On Mastodon", zoe, ref=ref, uri=uri)
    say(room.store, f"{room.chat.id}/welcome@masto", room.chat.starts_at)
    say(room.store, f"{room.chat.id}/q1@masto", room.chat.starts_at + timedelta(minutes=5))
    question = f"{room.chat.id}/q1@masto#0"
    toot = msgspec.structs.replace(toot, parent=question, root=question)
    room.sweep(sky, toot)
    page = f"https://chats.example.org/{room.chat.id}/"
    addresses = {
        sky: (
            sky.ref.url,
            f"{sky.ref.url}/",
            sky.ref.id,
            "https://bsky.app/profile/did:plc:amy/post/rk1",
            "https://bsky.app/profile/did%3Aplc%3Aamy/post/rk1?x=1",
            "https://bsky.app/profile/AMY.bsky.social/post/rk1",
            f"{page}#{urls.anchor(room.key(sky))}",
            room.key(sky),
        ),
        toot: (
            ref.url,
            uri,
            ref.id,
            "https://social.example.org/@zoe@far.example.org/4711",
            f" {page}#{urls.anchor(room.key(toot))} ",
        ),
    }
    at = LATER
    for post, named in addresses.items():
        for address in named:
            at += timedelta(minutes=1)
            assert room.hide(address, at).key == room.key(post), address


@pytest.mark.parametrize(
    "named",
    [
        "",
        "/",
        "https://bsky.app/profile/ben.bsky.social/post/rk1",
        "https://bsky.app/profile/amy.bsky.social/post/rk",
        "https://bsky.app/profile/amy.bsky.social",
        "a" * 24,
        "https://chats.example.org/edchat/2027-01-07/",
        "A1 On Bluesky",
    ],
)
def test_an_address_that_means_nothing_kept_says_so_and_changes_nothing(room: Room, named: str) -> None:
    room.sweep(room.post("A1 On Bluesky"))
    with pytest.raises(UserError, match="no answer that is kept has this address"):
        room.hide(named)
    assert room.shown() == {"A1 On Bluesky"}
    assert room.store.rulings_log(9) == ()


# -- our own digests -----------------------------------------------------------------------------------------------
def test_digest_posts_that_repeat_a_hidden_answer_are_deleted_once(room: Room) -> None:
    post = room.post("A1 Silence")
    room.sweep(post)
    remote = room.digest(post)
    assert room.hide(post.ref.url).deleted == 1
    assert [errand.ref.id for errand in room.errands(kind="delete") if errand.ref] == [remote]
    assert room.drop(post, LATER + timedelta(minutes=1)).deleted == 0
    assert len(room.errands()) == 1


# -- keys and the log ----------------------------------------------------------------------------------------------
def test_a_key_of_the_list_means_these_words_and_no_others(room: Room) -> None:
    post = room.post("Our wall", media=PHOTO)
    room.sweep(post, room.post("My pupil Liam", BEN))
    before = room.one(post)
    assert called(waiting(room.store), before.short) == before
    assert called(waiting(room.store), f" {before.short.upper()} ") == before
    room.look_up(msgspec.structs.replace(post, text=RichText("Our other wall")))
    after = room.one(post)
    with pytest.raises(UserError, match=f"edited since. Read it again: `staffroom review {after.short}`"):
        called(waiting(room.store), before.short)
    for wrong in ("", "abc", before.short[:4], before.short[:8], "ffffffff-0000"):
        with pytest.raises(UserError, match="no answer that waits has this key. There are: .*" + after.short):
            called(waiting(room.store), wrong)
    with pytest.raises(UserError, match="nothing waits"):
        called((), before.short)


def test_the_log_says_what_when_who_and_why_and_nothing_else(room: Room) -> None:
    post = room.post("My pupil Liam Planted", BEN)
    room.sweep(post)
    room.hide(post.ref.url, LATER)
    room.drop(post, LATER + timedelta(minutes=1))
    told = list(log(room.store, 9))
    assert [(key, ruling.kind, ruling.at, why, by) for key, ruling, why, by in told] == [
        (room.key(post)[:8], "dropped", LATER + timedelta(minutes=1), "names a pupil", "dan"),
        (room.key(post)[:8], "hidden", LATER, "looked odd", "eve"),
    ]
    assert list(log(room.store, 1)) == told[:1]


# -- telling hosts -------------------------------------------------------------------------------------------------
def with_hosts(room: Room, *hosts: str, **changes: Any) -> None:
    one = chat(hosts=hosts)
    save(room.store, one, of=series(hosts=hosts, **changes))


def test_each_host_is_told_once_on_the_network_where_they_are(room: Room) -> None:
    with_hosts(room, "dan.example.org", "@eve@social.example.org", "Fay, by e-mail")
    assert room.tell() == 0
    room.sweep(room.post("My pupil Liam Planted loves it"), room.post("Our wall", media=PHOTO))
    assert room.tell() == 2
    (dan,), (eve,) = room.errands("sky"), room.errands("masto")
    assert (dan.kind, dan.to, dan.ref) == ("tell", "dan.example.org", None)
    assert (eve.kind, eve.to) == ("tell", "@eve@social.example.org")
    assert dan.text == eve.text
    assert f"{CHAT}: 2 (with a picture: 1; may name a pupil: 1)" in dan.text
    assert "staffroom review" in dan.text
    assert "safeguarding lead" in dan.text
    for minutes in (1, 11, 600):
        assert room.tell(minutes) == 0


def test_a_card_and_its_errand_name_nobody_and_repeat_nothing(room: Room) -> None:
    with_hosts(room, "dan.example.org")
    room.sweep(room.post("My pupil Liam Planted loves it", media=(Media("image", "Quux"),), warning="Xyzzy"))
    room.tell()
    (errand,) = room.errands()
    for trace in ("Liam", "Planted", "Quux", "Xyzzy", "amy", "Amy", "rk1", "bsky.app"):
        assert trace not in errand.text
        assert trace not in errand.id


def test_a_burst_of_pictures_is_one_message_and_then_one_more(room: Room) -> None:
    with_hosts(room, "dan.example.org")
    for number in range(50):
        room.sweep(room.post(f"Wall {number}", media=PHOTO))
        room.tell(number / 10)
    assert len(room.errands()) == 1
    assert f"{CHAT}: 1 (" in room.errands()[0].text
    assert room.tell(APART.total_seconds() / 60) == 1
    assert f"{CHAT}: 50 (with a picture: 50)" in room.errands()[1].text
    assert room.tell(60) == 0


def test_an_edit_of_what_was_told_is_told_again(room: Room) -> None:
    with_hosts(room, "dan.example.org")
    post = room.post("Our wall", media=PHOTO)
    room.sweep(post)
    assert room.tell() == 1
    room.look_up(msgspec.structs.replace(post, text=RichText("My pupil Liam")))
    assert room.tell(11) == 1
    room.look_up(post)  # back to what was told already
    assert room.tell(22) == 0


def test_what_its_author_or_a_host_holds_back_is_told_to_nobody(room: Room) -> None:
    with_hosts(room, "dan.example.org")
    post, other = room.post("A1 Fine"), room.post("A1 Fine too", BEN)
    room.sweep(post, other)
    room.hide(post.ref.url)
    room.store.add_wish(room.store.key("bluesky", BEN.id), Wish("paused", "edchat", LATER), "a reply")
    room.look_up(other)
    assert set(room.held().values()) == {("hidden",), ("asked",)}
    assert room.tell() == 0
    assert list(waiting_lines(room.store, ACCOUNTS)) == []


def test_a_crash_between_queue_and_book_sends_no_second_message(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with_hosts(room, "dan.example.org", "eve.example.org")
    room.sweep(room.post("Our wall", media=PHOTO))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(room.store, "save_cursor", crash)
        with pytest.raises(KeyboardInterrupt):
            room.tell()
    assert len(room.errands()) == 2
    assert room.tell(1) == 0
    room.sweep(room.post("Another wall", media=PHOTO))
    assert room.tell(20) == 2


def test_where_no_host_can_be_told_it_is_said_here_and_told_later(room: Room) -> None:
    with_hosts(room, "@eve@social.example.org")
    room.sweep(room.post("Our wall", media=PHOTO))
    only_sky: Any = {"sky": "bluesky"}
    assert room.tell(accounts=only_sky) == 0
    said = f"{CHAT}: 1 answer waits for a person to read: `staffroom review`."
    untold = " No host could be told: none of `hosts:` has a handle on a network this bot is on."
    assert list(waiting_lines(room.store, only_sky)) == [said + untold]
    assert list(waiting_lines(room.store, ACCOUNTS)) == [said]
    assert room.tell(1) == 1


@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
def test_a_card_fits_one_post_in_every_language_and_is_in_it(room: Room, language: str) -> None:
    with_hosts(room, "dan.example.org", languages=(language,))
    stored = room.store.chat(CHAT)
    long = msgspec.structs.replace(stored, chat=msgspec.structs.replace(stored.chat, id="edchat/2027-01-07-new-york"))
    held = [Held(CHAT, str(number), room.post("x"), ALARMS) for number in range(100)]
    text = card(long, held, PHRASE)
    assert len(text) <= 470
    assert text.count(": 100") == 1 + len(ALARMS)
    assert "\n" in text
    assert "{" not in text
    said = [PHRASE(f"review.{key}", language) for key in (*ALARMS, "waiting", "do", "danger")]
    assert all(phrase in text for phrase in said)
    assert language == "en" or {PHRASE(f"review.{key}", "en") for key in ALARMS}.isdisjoint(said)


@pytest.mark.parametrize("before", [True, False])
def test_whom_a_released_answer_mentions_may_leave_before_or_after(room: Room, before: bool) -> None:
    def leave() -> None:
        for name in (BEN.id, handle_id(BEN.handle)):
            room.store.add_wish(room.store.key("bluesky", name), Wish("stopped", "", LATER), "a reply")

    mention = whole("@ben.bsky.social", Mention(BEN.id, BEN.handle))
    post = room.post(join(["Our wall, thanks to ", mention]), media=PHOTO)
    if before:
        leave()
    room.sweep(post)
    room.release(post)
    if not before:
        leave()
        room.look_up(post)
        room.release(post, LATER + timedelta(minutes=1))  # what stands there now was read by nobody yet
    room.look_up(post, now=LATER + timedelta(minutes=2))
    assert BEN.handle not in everything(room.store)
    assert room.shown() == {"Our wall, thanks to @…"}
