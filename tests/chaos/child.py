"""A nursery of short-lived bots: each wires the real house over the test servers, ticks once, and may be killed.

Reads one line of JSON a life from standard input, `{"folder": path, "now": ISO 8601}`, and forks: the imports are paid
for once, and everything else (settings, store, lock, connections) is as new as after a reboot. Writes `{"pid": n}` when
a life begins and `{"ended": wait status, ...}` when it has ended, by itself or by SIGKILL, with what it had to say.

A life's clock is the real one, moved so that it began at `now`.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

import bot.bootstrap.running
import bot.networks.bluesky
import bot.networks.mastodon
import bot.publishing.targets
import bot.rendering.pages
import bot.storage.store
from bot.tick import tick


class MovedClock:
    """Real time plus an offset."""

    def __init__(self, start: datetime) -> None:
        self._offset: timedelta = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


def live(folder: Path, now: datetime) -> dict[str, Any]:
    """One life: take the lock, do what is due, say what is next."""
    clock = MovedClock(now)
    with bot.bootstrap.running.running_house(folder, _quiet, wait=False, clock=clock) as house:
        if house is None:
            return {"locked": True}
        done = tick(house, publish=False)  # pages have their own tests
        due = house.store.next_due(clock.now())
        digest = any(one.prompt.endswith("/digest") for one in house.store.deliveries())
        return {
            "now": clock.now().isoformat(),
            "next": due.isoformat() if due else None,
            "digest": digest,
            "troubles": [*done.troubles, *done.refused, *done.missed],
        }


def _quiet(line: str) -> None:
    del line


def main() -> None:
    httpx.Client().close()  # loads the rest of it
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            status = 1
            try:
                said = live(Path(asked["folder"]), datetime.fromisoformat(asked["now"]))
                os.write(writing, json.dumps(said).encode())
                status = 0
            except BaseException:  # noqa: BLE001 - whatever it was, the life is over
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            finally:
                os._exit(status)
        os.close(writing)
        print(json.dumps({"pid": pid}), flush=True)
        with os.fdopen(reading, "rb") as pipe:
            said = json.loads(pipe.read() or b"{}")
        print(json.dumps({"ended": os.waitpid(pid, 0)[1], **said}), flush=True)


if __name__ == "__main__":
    main()
