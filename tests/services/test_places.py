"""Places beside the site's folder: brought up to date, tried again, told of; none holds up another, or the bot."""

import random
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from services.stage import START, Nowhere, Stage
from services.test_alerting import Office

from bot.bootstrap.places import place_duties
from bot.domain.places import PlaceState, Print
from bot.errors import PlaceError, UserError
from bot.ports import Brought
from bot.publishing.original import Original, print_of
from bot.publishing.targets import FolderTarget
from bot.runner import Loop
from bot.services.places import Kept, PlaceKeeper, minding_site
from bot.tick import House, keep_places, publish_site, tick

MINUTE = timedelta(minutes=1)


class Shelf:
    """A place in memory, which can be out of order."""

    def __init__(self, name: str = "web") -> None:
        self.name = name
        self.holds: dict[str, Print] = {}
        self.error: Exception | None = None
        self.at_a_time = 99
        self.asked = 0

    def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
        assert seconds > 0
        self.asked += 1
        if self.error:
            raise self.error
        gone = [path for path in self.holds if path not in wanted]
        late = [path for path in wanted if self.holds.get(path) != wanted[path]]
        for path in gone:
            del self.holds[path]
        for path in late[: self.at_a_time]:
            self.holds[path] = wanted[path]
        return Brought(min(len(late), self.at_a_time), len(gone), max(0, len(late) - self.at_a_time))

    def check(self) -> str:
        return ""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> FolderTarget:
    target = FolderTarget(tmp_path / "site")
    target.write("index.html", b"home")
    target.write("a/index.html", b"words")
    return target


def keeper(stage: Stage, shelf: Shelf, site: FolderTarget) -> PlaceKeeper:
    return PlaceKeeper(stage.store, shelf, Original(site.folder), rng=random.Random(1))


def test_a_place_is_asked_only_when_the_site_changed(stage: Stage, site: FolderTarget) -> None:
    shelf = Shelf()
    place = keeper(stage, shelf, site)
    assert place.keep(START, 9).put == 2
    assert place.keep(START, 9) == place.keep(START + MINUTE, 9)
    assert (shelf.asked, stage.store.places()) == (1, {"web": PlaceState(done_at=START)})
    site.remove("a/index.html")
    assert place.keep(START + 2 * MINUTE, 9).removed == 1
    assert shelf.holds == {"index.html": print_of(b"home")}
    assert stage.store.places() == {"web": PlaceState(done_at=START + 2 * MINUTE)}


def test_another_process_looks_once_and_writes_nothing_down(stage: Stage, site: FolderTarget) -> None:
    shelf = Shelf()
    keeper(stage, shelf, site).keep(START, 9)
    place = keeper(stage, shelf, site)
    for _ in range(2):
        assert place.keep(START + MINUTE, 9).put == 0
    assert (shelf.asked, stage.store.places()) == (2, {"web": PlaceState(done_at=START)})


def test_a_failure_is_told_once_and_tried_again_with_growing_waits(stage: Stage, site: FolderTarget) -> None:
    shelf, waits, told = Shelf(), list[timedelta](), list[str]()
    shelf.error = PlaceError("no answer.")
    now, last = START, START
    while now < START + timedelta(hours=1):
        asked = shelf.asked
        told.append(keeper(stage, shelf, site).keep(now, 9).trouble)  # a process of its own each time, as `tick` is
        if shelf.asked > asked:
            waits.append(now - last)
            last = now
        now += timedelta(seconds=5)
    assert [one for one in told if one] == ["web: no answer. It is tried again."]
    assert 6 <= len(waits) <= 12
    assert waits[1] <= timedelta(seconds=35) < timedelta(minutes=5) < waits[-1]
    state = stage.store.places()["web"]
    assert (state.failing_since, state.done_at, state.error) == (START, None, "no answer.")
    shelf.error = None
    assert keeper(stage, shelf, site).keep(now, 9).put == 0  # it still waits
    assert keeper(stage, shelf, site).keep(now, 9, at_once=True).put == 2
    assert stage.store.places() == {"web": PlaceState(done_at=now)}


def test_another_reason_is_news(stage: Stage, site: FolderTarget) -> None:
    shelf = Shelf()
    place = keeper(stage, shelf, site)
    told = []
    for number, reason in enumerate(("no answer", "no answer", "no room")):
        shelf.error = PlaceError(reason)
        told.append(place.keep(START + number * timedelta(hours=1), 9).trouble)
    assert told == ["web: no answer. It is tried again.", "", "web: no room. It is tried again."]
    assert place.keep(START + timedelta(hours=9), 9, at_once=True).trouble == "web: no room. It is tried again."


def test_secrets_are_taken_out_of_what_a_place_says(stage: Stage, site: FolderTarget) -> None:
    shelf = Shelf()
    shelf.error = PlaceError("hunter22 is no good")
    place = PlaceKeeper(stage.store, shelf, Original(site.folder), lambda text: text.replace("hunter22", "***"))
    assert place.keep(START, 9).trouble == "web: *** is no good. It is tried again."
    assert stage.store.places()["web"].error == "*** is no good"


def test_what_nobody_thought_of_is_a_failure_like_any_other(stage: Stage, site: FolderTarget) -> None:
    shelf = Shelf()
    shelf.error = OSError(28, "No space left on device", "/srv/hunter22")
    assert keeper(stage, shelf, site).keep(START, 9).trouble == "web: No space left on device. It is tried again."
    shelf.error = ZeroDivisionError("hunter22")
    told = keeper(stage, shelf, site).keep(START, 9, at_once=True).trouble
    assert told == "web: it failed in a way nobody thought of (ZeroDivisionError). It is tried again."


def test_an_empty_folder_is_brought_nowhere(stage: Stage, site: FolderTarget) -> None:
    """As if the disk with it were not there: the place keeps what it has."""
    shelf = Shelf()
    place = keeper(stage, shelf, site)
    place.keep(START, 9)
    site.remove("index.html")
    assert place.keep(START, 9) == Kept(empty=True)
    shutil.rmtree(site.folder)
    assert keeper(stage, shelf, site).keep(START, 9) == Kept(empty=True)
    assert len(shelf.holds) == 2
    house = _with(stage.house, (place,))
    assert place_duties(house, print)["publish:web"]() - stage.clock.now() == timedelta(seconds=1)


def test_what_is_left_goes_on_at_once(stage: Stage, site: FolderTarget) -> None:
    shelf = Shelf()
    shelf.at_a_time = 1
    place = keeper(stage, shelf, site)
    assert place.keep(START, 9).left
    assert stage.store.places() == {}
    assert not place.keep(START, 9).left
    assert set(shelf.holds) == {"index.html", "a/index.html"}


def test_a_tick_goes_on_past_a_place_that_is_out_of_order(stage: Stage, site: FolderTarget) -> None:
    broken, good = Shelf("broken"), Shelf("good")
    broken.error = PlaceError("no answer")
    house = stage.house
    places = tuple(keeper(stage, shelf, site) for shelf in (broken, good))
    done = tick(_with(house, places))
    assert (done.copied, done.troubles) == (2, ("broken: no answer. It is tried again.",))
    troubles: list[str] = []
    assert keep_places(_with(house, places), troubles) == 0
    assert troubles == []


def _with(house: House, places: tuple[PlaceKeeper, ...]) -> House:
    return replace(house, places=places)


def test_in_the_loop_a_place_that_hangs_holds_up_no_other(stage: Stage, site: FolderTarget) -> None:
    go_on, reached = threading.Event(), threading.Event()

    class Hanging(Shelf):
        def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
            go_on.wait(120)
            return super().bring(wanted, seconds)

    class Good(Shelf):
        def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
            done = super().bring(wanted, seconds)
            reached.set()
            return done

    told: list[str] = []
    house = _with(stage.house, tuple(keeper(stage, shelf, site) for shelf in (Hanging("slow"), Good("good"))))
    loop = Loop(house, told.append, extra=place_duties(house, told.append))
    running = threading.Thread(target=loop.run)
    running.start()
    try:
        assert reached.wait(60)
    finally:
        go_on.set()
        loop.stop()
        running.join(60)
    assert not running.is_alive()


def test_a_duty_tells_what_it_did_and_comes_again_sooner_where_more_is_to_do(stage: Stage, site: FolderTarget) -> None:
    shelf, told = Shelf(), list[str]()
    shelf.at_a_time = 1
    house = _with(stage.house, (keeper(stage, shelf, site),))
    duty = place_duties(house, told.append)["publish:web"]
    assert duty() - stage.clock.now() == timedelta(seconds=1)
    assert duty() - stage.clock.now() == timedelta(seconds=20)
    shelf.error = PlaceError("no answer")
    site.write("new.html", b"new")
    duty()
    assert told == [
        "web: 1 files put there, 0 removed",
        "web: 1 files put there, 0 removed",
        "web: no answer. It is tried again.",
    ]


def test_half_of_an_update_is_taken_for_the_whole_by_no_place(stage: Stage, site: FolderTarget) -> None:
    writing = threading.Lock()
    original = Original(site.folder, writing)
    house = replace(stage.house, writing=writing, target=site)
    seen: list[set[str]] = []
    looking = threading.Thread(target=lambda: seen.append(set(original.prints())))

    class Pages:
        def pages(self, *_: object, **__: object) -> list[object]:
            site.write("one.html", b"1")
            looking.start()
            looking.join(0.05)
            site.write("two.html", b"2")
            return []

    publish_site(replace(house, renderer=Pages()))  # type: ignore[arg-type]
    looking.join(30)
    assert seen == [{"index.html", "a/index.html", "one.html", "two.html"}]


# -- the site's own folder, and who is told ------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_remembered_until_it_can(stage: Stage) -> None:
    for number in (0, 1, 2):
        with pytest.raises(UserError), minding_site(stage.store, START + number * MINUTE):
            raise UserError("The page x cannot be written")
    assert stage.store.places() == {
        "site": PlaceState(failing_since=START, attempts=1, error="The page x cannot be written")
    }
    with minding_site(stage.store, START + 3 * MINUTE):
        pass
    assert stage.store.places() == {}


class Broken(Nowhere):
    def write(self, path: str, data: bytes) -> bool:
        del path, data
        raise UserError("The page cannot be written: No space left on device.")

    def settle(self) -> None:
        self.write("", b"")


def test_a_tick_that_cannot_write_its_pages_remembers_it(stage: Stage) -> None:
    with pytest.raises(UserError, match="No space left"):
        tick(replace(stage.house, target=Broken()))
    assert stage.store.places()["site"].failing_since == stage.clock.now()
    tick(stage.house)
    assert stage.store.places() == {}


def test_operators_are_told_of_places_that_stay_behind_and_when_they_are_well(tmp_path: Path) -> None:
    office = Office(tmp_path)
    alerter = replace(office.alerter, places=("web",))
    store = office.stage.store
    store.save_place("web", PlaceState(failing_since=START, error="no answer"))
    store.save_place("site", PlaceState(failing_since=START, error="no room"))
    store.save_place("forgotten", PlaceState(failing_since=START, error="no longer in the file"))
    for minutes in (0, 29):
        alerter.work(START + minutes * MINUTE)
    assert office.mail.mails == []
    alerter.work(START + 30 * MINUTE)
    assert office.mail.subjects == ["Staffroom: the site's folder and the place web: not up to date"]
    text = office.mail.mails[0].text
    assert "the place web: not up to date since 7 Jan 20:00 UTC. What was erased since then may still be read" in text
    assert "forgotten" not in text
    alerter.work(START + timedelta(hours=20))
    assert len(office.mail.mails) == 1
    store.save_place("web", PlaceState(done_at=START))
    alerter.work(START + timedelta(hours=21))
    assert office.mail.subjects[1:] == ["Staffroom: the place web is up to date again"]
    alerter.work(START + timedelta(hours=24, minutes=31))
    assert office.mail.subjects[2:] == ["Staffroom: the site's folder: not up to date"]
    assert {alert.key for alert in store.alerts()} == {"place:site"}
