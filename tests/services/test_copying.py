"""Pictures of who joined: copied once a person released them, without place and camera; gone with their answer."""

import dataclasses
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import sample
from PIL import Image
from services.stage import CHAT, START, Stage

from bot.domain.copying import WAITS
from bot.domain.posts import Account, Media, Post, PostRef
from bot.domain.richtext import detect
from bot.errors import Busy, Unavailable
from bot.publishing.targets import FolderTarget
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.pictures import copy_picture
from bot.rendering.templates import Templates
from bot.runner import SAFETY, Loop
from bot.services.copying import copy_pictures, pictures_of
from bot.services.review import hide, release, waiting, would_copy
from bot.tick import tick

ALT = "Zebrafinch on the planted wall"
LIMIT = 8


def photo(colour: str = "teal") -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "PlantedCamera"
    exif.get_ifd(0x8825)[2] = (53.0, 47.0, 59.0)
    out = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(out, "JPEG", exif=exif, comment=f"planted {colour}".encode())
    return out.getvalue()


class Room(Stage):
    """A stage whose pages are real, with somebody who joined and somebody who did not."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for minutes in (-60, 0, 6):
            self.at(minutes)
        self.people: dict[str, Account] = {}
        self.file = photo()
        self.site = self.folder / "site"
        renderer = SiteRenderer(Templates(), sample.SITE, self.clock.now)
        changes = {"renderer": renderer, "target": FolderTarget(self.site), "rewrite": copy_picture}
        for name, value in changes.items():
            object.__setattr__(self.house, name, value)

    def person(self, name: str) -> Account:
        if name not in self.people:
            self.people[name] = self.servers["mastodon"].create_account(name)
        return self.people[name]

    def says(self, name: str, text: str, *media: Media, **more: Any) -> Post:
        said = self.servers["mastodon"].write(
            self.person(name).id, detect(text), parent=self.asked("mastodon", 1), media=media, **more
        )
        self.clock.move_to(self.clock.now() + timedelta(seconds=1))
        return said

    def shows(self, name: str, key: str = "file-1", **more: Any) -> Post:
        self.servers["mastodon"].files[key] = self.file
        return self.says(name, "A1 Our wall", Media("image", ALT, key), **more)

    def release(self) -> None:
        for one in waiting(self.store):
            release(self.store, one, "no faces", "a host", self.clock.now(), self.house.watch)

    def tick(self, seconds: float = 30) -> Sequence[str]:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        return tick(self.house, everything=True).troubles

    def pictures(self) -> dict[str, bytes]:
        return {path.relative_to(self.site).as_posix(): path.read_bytes() for path in self.site.rglob("*.webp")}

    def everything(self) -> bytes:
        """Every byte of site and store, what is packed unpacked."""
        found = [path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()]
        for path in self.site.rglob("*.zip"):
            with zipfile.ZipFile(path) as archive:
                found += [name.encode() + archive.read(name) for name in archive.namelist()]
        return b"\0".join(found)

    def page(self) -> str:
        return (self.site / urls.chat_page(CHAT)).read_text(encoding="utf-8")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.store.close()


def shown(room: Room) -> str:
    """A copied picture of somebody who joined, on the page; gives its name (SHA-256)."""
    room.says("amy", "KEEP MY ANSWERS")
    room.shows("amy")
    room.tick()
    assert room.pictures() == {}  # held: nobody has looked
    room.release()
    assert room.tick() == ()
    ((path, data),) = room.pictures().items()
    copy = copy_picture(room.file)
    assert copy is not None
    assert data == copy.data
    name = Path(path).stem
    assert f'src="pictures/{name}.webp" alt="{ALT}" width="300" height="200"' in room.page()
    with zipfile.ZipFile(room.site / urls.chat_download(CHAT)) as archive:
        assert data in [archive.read(one) for one in archive.namelist()]
    return name


def test_a_released_picture_of_who_joined_is_copied_without_place_and_camera(room: Room) -> None:
    shown(room)
    said = room.everything()
    assert b"planted teal" not in said
    assert b"PlantedCamera" not in said
    before = (room.pictures(), room.page())
    assert room.tick() == ()
    assert (room.pictures(), room.page()) == before


def says_remove_me(room: Room) -> None:
    room.says("amy", "REMOVE ME")


def deletes(room: Room) -> None:
    room.servers["mastodon"].delete(_post(room).ref.id)


def ends(room: Room) -> None:
    room.servers["mastodon"].end_account(room.person("amy").id)


def asks_for_no_name(room: Room) -> None:
    room.says("amy", "NO NAME")


def is_hidden(room: Room) -> None:
    hide(room.store, _post(room).ref.url, "a face", "a host", room.clock.now(), room.house.watch)


def shows_another(room: Room) -> None:
    server, post = room.servers["mastodon"], _post(room)
    server.files["file-2"] = photo("red")
    server._posts[post.ref.id] = msgspec.structs.replace(post, media=(Media("image", ALT, "file-2"),))
    server.edit(post.ref.id, post.text)


def _post(room: Room) -> Post:
    posts = room.servers["mastodon"].posts_of(room.person("amy").id)
    return next(post for post in posts if post.media)


@pytest.mark.parametrize("act", [says_remove_me, deletes, ends, asks_for_no_name, is_hidden, shows_another])
def test_whatever_ends_it_takes_the_picture_off_everything(room: Room, act: Callable[[Room], None]) -> None:
    name = shown(room)
    copy = copy_picture(room.file)
    assert copy is not None
    planted = copy.data[100:400]
    assert planted in room.everything()
    act(room)
    room.clock.move_to(room.clock.now() + timedelta(hours=2))
    assert room.tick() == ()
    found = room.everything()
    assert planted not in found
    assert name.encode() not in found
    assert room.pictures() == {}


def test_whoever_did_not_join_keeps_the_words_alone(room: Room) -> None:
    room.shows("ben")
    room.tick()
    room.release()
    room.tick()
    assert room.pictures() == {}
    assert f"Picture, not kept here: {ALT}" in room.page()
    room.says("ben", "KEEP MY ANSWERS")
    room.tick()
    assert len(room.pictures()) == 1


def test_a_picture_behind_a_warning_is_not_copied(room: Room) -> None:
    room.says("amy", "KEEP MY ANSWERS")
    room.shows("amy", warning="inspection")
    room.tick()
    room.release()
    room.tick()
    assert room.pictures() == {}


def test_what_cannot_be_read_is_tried_some_times_and_then_said(room: Room) -> None:
    room.file = b"<html>no picture</html>"
    room.says("amy", "KEEP MY ANSWERS")
    room.shows("amy")
    room.tick()
    room.release()
    assert room.tick() == ()
    assert "could not be copied" not in room.page()
    for wait in WAITS:
        room.tick(wait.total_seconds() + 1)
    assert f"Picture, which could not be copied: {ALT}" in room.page()
    assert room.store.pictures_wanted("mastodon", room.clock.now() + timedelta(days=30), 9) == ()


class Watched:
    """A network that notes what it is asked for."""

    name = "mastodon"

    def __init__(self, give: Callable[[PostRef, Sequence[str]], Mapping[str, bytes] | None]) -> None:
        self.give = give
        self.asked: list[str] = []

    def pictures(self, ref: PostRef, keys: Sequence[str]) -> Mapping[str, bytes] | None:
        self.asked.append(ref.id)
        return self.give(ref, keys)


def many(room: Room, count: int) -> None:
    room.says("amy", "KEEP MY ANSWERS")
    for number in range(count):
        room.shows("amy", f"file-{number}")
    room.tick(1)
    rewrite, name = room.house.rewrite, "rewrite"
    object.__setattr__(room.house, name, None)
    room.release()
    room.tick(1)
    object.__setattr__(room.house, name, rewrite)


def test_a_network_that_is_down_costs_no_try_and_stops_nothing(room: Room) -> None:
    many(room, 1)

    def down(_ref: PostRef, _keys: Sequence[str]) -> Mapping[str, bytes]:
        raise Unavailable("down")

    network: Any = Watched(down)
    with pytest.raises(Unavailable):
        copy_pictures(room.store, network, copy_picture, room.clock.now())
    (one,) = room.store.pictures_wanted("mastodon", room.clock.now(), 9)
    assert one.attempts == 0


def test_a_network_that_asks_us_to_wait_is_left_in_peace(room: Room) -> None:
    many(room, 2)
    answers = [room.file, None]

    def busy(_ref: PostRef, keys: Sequence[str]) -> Mapping[str, bytes]:
        data = answers.pop(0)
        if data is None:
            raise Busy("slow down", 300)
        return dict.fromkeys(keys, data)

    network: Any = Watched(busy)
    done = copy_pictures(room.store, network, copy_picture, room.clock.now())
    assert (done.copied, done.lost, done.wait) == (1, 0, 300)
    loop = Loop(dataclasses.replace(room.house, network=lambda _account: network), print)
    answers[:] = [None]
    assert loop._copy_pictures("mastodon") == room.clock.now() + timedelta(seconds=300)
    assert [one.attempts for one in room.store.pictures_wanted("mastodon", room.clock.now(), 9)] == [0]


def test_another_servers_posts_are_left_to_its_own_account(room: Room) -> None:
    many(room, 2)
    network: Any = Watched(lambda _ref, _keys: None)
    done = copy_pictures(room.store, network, copy_picture, room.clock.now())
    assert (done.copied, done.lost) == (0, 0)
    assert len(network.asked) == 2
    assert [one.attempts for one in room.store.pictures_wanted("mastodon", room.clock.now(), 9)] == [0, 0]


def test_at_most_so_many_are_copied_in_one_go(room: Room) -> None:
    many(room, LIMIT + 2)
    network: Any = Watched(lambda _ref, keys: dict.fromkeys(keys, room.file))
    done = copy_pictures(room.store, network, copy_picture, room.clock.now())
    assert (done.copied, len(network.asked)) == (LIMIT, LIMIT)
    done = copy_pictures(room.store, network, copy_picture, room.clock.now())
    assert done.copied == 2
    assert room.store.pictures_wanted("mastodon", START + timedelta(days=9), 9) == ()


def test_whoever_asks_what_is_kept_gets_their_pictures_and_no_others(room: Room) -> None:
    shown(room)
    room.says("ben", "A1 Me too")
    room.tick()
    kept = {name: room.store.person(room.store.key("mastodon", room.people[name].id)) for name in ("amy", "ben")}
    copy = copy_picture(room.file)
    assert copy is not None
    assert kept["amy"] is not None
    assert kept["ben"] is not None
    assert pictures_of(room.store, kept["amy"].posts) == [(CHAT, _post(room).ref.url, copy.data)]
    assert pictures_of(room.store, kept["ben"].posts) == []


def test_whoever_reviews_knows_that_a_release_shows_the_pictures(room: Room) -> None:
    room.shows("ben")
    room.says("amy", "KEEP MY ANSWERS")
    room.shows("amy", "file-2")
    room.shows("amy", "file-3", warning="inspection")
    room.tick()
    told = {one.post.ref.id: would_copy(room.store, one) for one in waiting(room.store)}
    by = {
        post.ref.id: post for name in ("amy", "ben") for post in room.servers["mastodon"].posts_of(room.people[name].id)
    }
    assert {(by[ref].author.name, by[ref].warning): many for ref, many in told.items()} == {
        ("ben", ""): 0,
        ("amy", ""): 1,
        ("amy", "inspection"): 0,
    }


def test_the_loop_copies_some_at_a_time_and_comes_back_soon_while_there_are_more(room: Room) -> None:
    many(room, LIMIT + 1)
    told: list[Any] = []
    loop = Loop(room.house, told.append)
    now = room.clock.now()
    assert loop._copy_pictures("mastodon") - now < SAFETY
    assert loop._copy_pictures("mastodon") - now < SAFETY
    assert loop._copy_pictures("mastodon") == now + SAFETY
    assert len(room.store.content(CHAT).answers) == LIMIT + 1
    assert all(one.pictures for one in room.store.content(CHAT).answers)
    assert told == []
    room.shows("amy", "file-x")
    room.tick(1)
    room.release()
    room.servers["mastodon"].offline = True
    loop._copy_pictures("mastodon")
    loop._copy_pictures("mastodon")
    assert [event.fields["duty"] for event in told] == ["pictures:mastodon"]  # said once
