"""A nursery of short-lived bots: each wires the real house over the test servers, works a while, and may be killed.

Reads one line of JSON a life from standard input and forks: the imports are paid for once, and everything else
(settings, store, lock, connections) is as new as after a reboot. Writes `{"pid": n}` when a life begins and
`{"ended": wait status, ...}` when it has ended, by itself or by SIGKILL, with what it had to say.

Orders of a life:

- `folder`, `now` (ISO 8601): its clock is the real one, moved so that it begins there;
- `way`: `tick` (default) does what is due once; `loop` is `staffroom run` until nothing is due, or for `seconds`, and
  then ends as by SIGKILL while it has nothing to do;
- `kill`: `{point: n}`; `spare` and `groups`: see points.py. A life that dies so says `died`, its point, and `now`;
- `digest`: a loop does not end before the digest is planned;
- `timeout`: seconds that one request may take.

Every report has `visits`, how often each point was met. One of a life that ended by itself has `now`, `next` (what is
due next), `digest` (whether it is planned), `owed` (networks on which something is due and not out), `troubles`, and
what was `given_up`.
"""

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos.points import Points
from chaos.warm import warm

import bot.bootstrap.accounts
import bot.bootstrap.running
import bot.config.closed
import bot.networks.bluesky
import bot.networks.mastodon
import bot.runner
from bot.listening import Pace
from bot.runner import Loop
from bot.tick import House, tick

PACE = Pace(look=0.2, known=0.5, asking=1.0, longest=1.0, tell=5.0)
REREAD = timedelta(seconds=0.3)
SAFETY = timedelta(seconds=1)
QUIET = 0.4
LEFT_BEHIND = 0.2
"""Seconds after which nobody can still be writing a login: one that is half-written was left by a life that died."""


class MovedClock:
    """Real time plus an offset."""

    def __init__(self, start: datetime) -> None:
        self._offset: timedelta = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


def live(orders: dict[str, Any], clock: MovedClock, say: Callable[[dict[str, Any]], None]) -> None:
    """One life: take the lock, do what is due, say what is next."""
    with bot.bootstrap.running.running_house(Path(orders["folder"]), _quiet, wait=False, clock=clock) as house:
        if house is None:
            say({"locked": True})
            return
        looping = orders.get("way") == "loop"
        done = _loop(house, orders) if looping else _tick(house)
        due = house.store.next_due(clock.now())
        said = {
            "now": clock.now().isoformat(),
            "next": due.isoformat() if due else None,
            "digest": _has_digest(house),
            "owed": _owed(house),
            **done,
        }
        if looping:
            say(said)
            os._exit(0)
    say(said)


def _tick(house: House) -> dict[str, list[str]]:
    done = tick(house)
    return {"troubles": list(done.troubles), "given_up": [*done.refused, *done.missed]}


def _loop(house: House, orders: dict[str, Any]) -> dict[str, list[str]]:
    """The loop, until nothing is due for a moment; it is left running. With `digest` that is due, too."""
    digest = orders.get("digest", False)
    lines: list[str] = []
    loop = Loop(house, lines.append, reread=REREAD, pace=PACE)
    threading.Thread(target=loop.run, daemon=True).start()
    ends = time.monotonic() + orders.get("seconds", 60.0)
    quiet = time.monotonic() + 3 * QUIET  # the streams get a moment to begin
    while time.monotonic() < min(ends, quiet):
        time.sleep(0.05)
        due = house.store.next_due(house.clock.now())
        soon = due is not None and due <= house.clock.now() + timedelta(seconds=5)
        if soon or (digest and not _has_digest(house)):
            quiet = max(quiet, time.monotonic() + QUIET)
    return {"troubles": [], "given_up": [line for line in lines if line.startswith(("missed", "refused"))]}


def _has_digest(house: House) -> bool:
    return any(one.prompt.endswith("/digest") for one in house.store.deliveries())


def _owed(house: House) -> list[str]:
    now = house.clock.now()
    open_ones = (one for one in house.store.deliveries() if one.state in ("planned", "frozen"))
    return sorted({one.network for one in open_ones if one.at <= now})


def _quiet(line: str) -> None:
    del line


def _born(orders: dict[str, Any], writing: int) -> None:
    """A life in its own process; never returns."""
    status = 1
    points = Points(orders.get("kill"), orders.get("spare", ()), orders.get("groups", ()))

    def write(said: dict[str, Any]) -> None:
        os.write(writing, json.dumps({**said, "visits": dict(points.visits)}).encode())

    def say(said: dict[str, Any]) -> None:
        points.over()
        write(said)

    try:
        clock = MovedClock(datetime.fromisoformat(orders["now"]))
        points.install(lambda point: write({"died": point, "now": clock.now().isoformat()}))
        bot.runner.SAFETY = bot.runner.SOON = SAFETY
        bot.bootstrap.accounts.REQUEST_SECONDS = orders.get("timeout", bot.bootstrap.accounts.REQUEST_SECONDS)
        bot.config.closed.LEFT_BEHIND = LEFT_BEHIND
        live(orders, clock, say)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the life is over
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        os._exit(status)


def main() -> None:
    warm(sys.argv[1:])
    gc.collect()
    gc.freeze()  # whatever a life collects, it leaves what all of them share
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _born(asked, writing)
        os.close(writing)
        print(json.dumps({"pid": pid}), flush=True)
        with os.fdopen(reading, "rb") as pipe:
            said = json.loads(pipe.read() or b"{}")
        print(json.dumps({"ended": os.waitpid(pid, 0)[1], **said}), flush=True)


if __name__ == "__main__":
    main()
