"""Commands as processes of their own, without paying for the imports each time: forked from a parent that has them.

Reads one line of JSON a command from standard input, `{"argv": [...], "env": {...}, "typed": file, "out": file,
"sabotage": name, "words": [...]}`, writes `{"pid": n}` when it begins and `{"status": n}` when it has ended. Whatever
the command writes goes to the file. Sabotage: `bug` breaks a duty in its middle with all words at hand; `bare` takes
the gate away.
"""

import json
import os
import sys
from typing import Any, NoReturn

import alembic.command  # noqa: F401 - loaded once, for all
import httpx
import mastodon  # noqa: F401 - as above
import psycopg  # noqa: F401 - as above

import bot.__main__
import bot.bootstrap.logs
import bot.domain.hiding
import bot.networks.bluesky
import bot.networks.bluesky.xrpc
import bot.networks.mastodon.http
import bot.rendering.pages
import bot.runner
import bot.services.archive
import bot.storage.migrate
from bot.storage.store import SqlStore


def raises_with(words: list[str]) -> NoReturn:
    """A bug such as a library would make: the values in the message, in its causes, and in local variables."""
    import logging
    import warnings

    from sqlalchemy.exc import IntegrityError

    inside = {"Authorization": f"Bearer {words[0]}", "all": words}
    logging.getLogger("apscheduler.executors").error("job %r failed: %s", inside, words[0])
    logging.getLogger("httpx").warning("HTTP Request: %s", inside)
    logging.getLogger("odd").warning("%d", words[0])  # arguments that do not fit the words
    warnings.warn(f"odd: {inside}", stacklevel=1)
    try:
        raise KeyError(str(inside))  # noqa: TRY301 - one error is to lead to the next
    except KeyError as error:
        broken = ValueError(*words)
        broken.add_note(str(inside))
        try:
            raise IntegrityError("INSERT INTO posts (text) VALUES (?)", (words,), broken) from error  # noqa: TRY301 - so
        except IntegrityError:
            raise ExceptionGroup(str(words), [RuntimeError(str(inside)), OSError(5, words[0], words[-1])])  # noqa: B904


def sabotage(how: str, words: list[str]) -> None:
    if how == "bug":
        bot.tick.archive = lambda *_, **__: raises_with(words)  # type: ignore[assignment]
        bot.runner.find_errands = lambda *_: None
        SqlStore.counts = lambda _self: raises_with(words)  # type: ignore[assignment,method-assign]
    if how == "bare":
        as_it_is: Any = lambda text, *_: str(text)  # noqa: E731 - it stands in many places
        bot.domain.hiding.Hiding.text = lambda _self, text: text  # type: ignore[method-assign]
        bot.domain.hiding.Hiding.secrets_out = lambda _self, text: text  # type: ignore[method-assign]
        bot.networks.bluesky.xrpc.plain_words = as_it_is
        bot.networks.mastodon.http.plain_words = as_it_is
        bot.bootstrap.logs.spoken = repr


def live(asked: dict[str, Any]) -> int:
    """One command; gives its exit status."""
    out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(asked["typed"] or os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["staffroom", *asked["argv"]]
    sabotage(asked["sabotage"], asked["words"])
    try:
        bot.__main__.main()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - as Python itself does at the end
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 70
    return 0


def main() -> None:
    httpx.Client().close()  # loads the rest of it
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 71
            try:
                status = live(asked)
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
        print(json.dumps({"pid": pid}), flush=True)
        print(json.dumps({"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}), flush=True)


if __name__ == "__main__":
    main()
