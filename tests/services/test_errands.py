"""Errands are done, tried again, refused or given up; and what is not done says nothing of anybody."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errands import Errand, ErrandKind
from bot.domain.posts import PostRef
from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.services.errands import TRIED_FOR, Done, run_errands
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store

NOW = datetime(2027, 1, 7, 21, tzinfo=UTC)
AMY = "amy.example.org"
REF = PostRef("bluesky", f"at://{AMY}/app.bsky.feed.post/1", url=f"https://bsky.app/profile/{AMY}/post/1")


class Recording:
    """One account's network: notes what it is asked, and answers with the errors it was given, then with success."""

    account = "sky"

    def __init__(self, *errors: NetworkError | None) -> None:
        self.errors = list(errors)
        self.asked: list[tuple[Any, ...]] = []

    def _do(self, *what: Any) -> None:
        self.asked.append(what)
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error

    def like(self, ref: PostRef) -> None:
        self._do("like", ref)

    def answer(self, ref: PostRef, handle: str, text: str, key: str, at: datetime) -> None:
        self._do("answer", ref, handle, text, key, at)

    def tell(self, handle: str, text: str, key: str, at: datetime) -> None:
        self._do("tell", handle, text, key, at)

    def delete(self, ref: PostRef) -> None:
        self._do("delete", ref)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("errands") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(tmp_path: Path, empty: Path) -> Iterator[SqlStore]:
    shutil.copyfile(empty, tmp_path / "store.db")
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}", pepper_source=lambda: b"p" * 32)
    yield opened
    opened.close()


def errand(kind: ErrandKind, name: str = "1", **changes: Any) -> Errand:
    words = {"to": AMY, "text": "Which one?"} if kind in ("answer", "tell") else {}
    told: dict[str, Any] = {"account": "sky", "at": NOW, "ref": None if kind == "tell" else REF, **words, **changes}
    return Errand(id=f"{kind}:{name}", kind=kind, **told)


class Noting:
    """A store that notes when each errand is to be tried again."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.again: dict[str, datetime] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def errand_again(self, errand: str, retry_at: datetime, error: str) -> None:
        self.again[errand] = retry_at
        self._store.errand_again(errand, retry_at, error)


def run(store: Any, network: Any, now: datetime = NOW, limit: int = 20) -> Done:
    return run_errands(store, network, now, limit)


KINDS: tuple[ErrandKind, ...] = ("like", "answer", "tell", "delete")


def test_everything_is_done_once_in_order_and_forgotten(store: SqlStore, tmp_path: Path) -> None:
    store.queue([errand(kind, at=NOW - timedelta(minutes=9 - number)) for number, kind in enumerate(KINDS)])
    store.queue([errand("like", "other", account="masto"), errand("like", "later", at=NOW + timedelta(minutes=1))])
    network = Recording()
    assert run(store, network) == Done(done=4)
    like, answer, tell, delete = network.asked
    assert (like, delete) == (("like", REF), ("delete", REF))
    assert answer[:4] == ("answer", REF, AMY, "Which one?")
    assert tell[:3] == ("tell", AMY, "Which one?")
    assert (answer[5], tell[4]) == (NOW - timedelta(minutes=8), NOW - timedelta(minutes=7))
    for key in (answer[4], tell[3]):
        assert len(key) == 32
        assert int(key, 16) >= 0
    assert answer[4] != tell[3]
    assert run(store, network) == Done()
    assert len(network.asked) == 4
    store.errand_done("like:other", NOW)
    store.errand_done("like:later", NOW)
    store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert AMY.encode() not in held
    assert b"Which one" not in held


def test_the_same_errand_bears_the_same_key_at_every_try(store: SqlStore) -> None:
    store.queue([errand("answer")])
    network = Recording(Unanswered("timed out"))
    assert run(store, network) == Done(waiting=1)
    assert run(store, network, NOW + timedelta(minutes=1)) == Done(done=1)
    assert network.asked[0] == network.asked[1]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused_is_not_tried_again(store: SqlStore, kind: ErrandKind) -> None:
    store.queue([errand(kind), errand("like", "2")])
    done = run(store, Recording(Refused(f"{REF.url} is gone")))
    assert (done.done, done.waiting, done.given_up) == (1, 0, 1)
    assert bool(done.troubles) == (kind == "delete")
    assert AMY not in "".join(done.troubles)
    assert store.errands("sky", NOW + timedelta(days=99), 9) == ()


def test_an_errand_that_names_no_post_is_not_tried_for_ever(store: SqlStore) -> None:
    store.queue([errand("like", ref=None)])
    network = Recording()
    assert run(store, network) == Done(given_up=1)
    assert network.asked == []


def test_a_busy_network_is_asked_for_other_kinds_only(store: SqlStore) -> None:
    store.queue([errand("delete", "1"), errand("delete", "2"), errand("like")])
    network, noting = Recording(Busy("slow down", 120)), Noting(store)
    assert run(noting, network) == Done(done=1, waiting=2)
    assert [asked[0] for asked in network.asked] == ["delete", "like"]
    assert noting.again == dict.fromkeys(("delete:1", "delete:2"), NOW + timedelta(seconds=120))
    assert run(store, network, NOW + timedelta(seconds=119)) == Done()
    assert run(store, network, NOW + timedelta(seconds=120)) == Done(done=2)


def test_a_login_that_is_not_accepted_ends_the_run_and_is_told(store: SqlStore) -> None:
    store.queue([errand(kind) for kind in KINDS])
    network, noting = Recording(Unauthorized("log in again")), Noting(store)
    assert run(noting, network) == Done(waiting=4, troubles=("log in again",))
    assert len(network.asked) == 1
    assert set(noting.again.values()) == {NOW + timedelta(minutes=10)}


@pytest.mark.parametrize("error", [Unanswered("timed out"), Unavailable("down")])
def test_a_silent_network_ends_the_run_and_waits_grow(store: SqlStore, error: NetworkError) -> None:
    store.queue([errand("delete"), errand("like", "2", at=NOW + timedelta(seconds=1))])
    now = NOW + timedelta(seconds=1)
    network, noting = Recording(error, None), Noting(store)
    assert run(noting, network, now) == Done(waiting=1)
    assert len(network.asked) == 1
    assert run(noting, network, now) == Done(done=1)  # the like
    waits = []
    for _ in range(12):
        waits.append((noting.again["delete:1"] - now).total_seconds())
        now = noting.again["delete:1"]
        network.errors = [error]
        assert run(noting, network, now - timedelta(milliseconds=1)) == Done()
        assert run(noting, network, now) == Done(waiting=1)
    for attempt, wait in enumerate(waits):
        most = min(300.0, 5.0 * 2**attempt)
        assert most / 2 <= wait <= most
    assert len(set(waits)) == len(waits)


@pytest.mark.parametrize("error", [Unanswered("x"), Unavailable("x"), Busy("x", 60), Unauthorized("x")])
@pytest.mark.parametrize("kind", KINDS)
def test_after_three_days_only_deletions_are_still_tried(
    store: SqlStore, kind: ErrandKind, error: NetworkError
) -> None:
    store.queue([errand(kind)])
    assert run(store, Recording(error), NOW + TRIED_FOR - timedelta(hours=1)).waiting == 1
    late = NOW + TRIED_FOR + timedelta(days=40)
    done = run(store, Recording(error), late)
    assert (done.waiting, done.given_up) == ((1, 0) if kind == "delete" else (0, 1))
    assert run(store, Recording(), late + timedelta(hours=1)).done == (1 if kind == "delete" else 0)


def test_what_comes_late_is_tried_once_at_least(store: SqlStore) -> None:
    store.queue([errand("tell")])
    assert run(store, Recording(), NOW + TRIED_FOR + timedelta(days=4)) == Done(done=1)


def test_a_run_does_no_more_than_it_may(store: SqlStore) -> None:
    store.queue([errand("like", str(number)) for number in range(30)])
    network = Recording()
    assert run(store, network, limit=7) == Done(done=7)
    assert len(network.asked) == 7
    assert run(store, network) == Done(done=20)


def test_waits_of_many_do_not_end_together(store: SqlStore) -> None:
    noting = Noting(store)
    for number in range(8):
        store.queue([errand("delete", str(number))])
        assert run(noting, Recording(Unavailable("down"))).waiting == 1
    assert len(set(noting.again.values())) == 8
