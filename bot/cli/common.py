"""What all commands share: the folder option, the way results are printed, and errors as people read them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from bot.errors import StaffroomError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

folder_option = click.option(
    "-C",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    metavar="DIR",
    help="The bot's folder, where staffroom.yaml stands.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")

chat_argument = click.argument("chat", metavar="SERIES/DATE")


class Commands(click.Group):
    """A group whose errors are one kind line (or one line a problem), on standard error, with exit status 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """The commands in the order in which a newcomer needs them."""
        return list(self.commands)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's own signature
        """Read the options that stand before the command."""
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            _refuse(error)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run a command; what a person can mend is printed, a bug keeps its traceback."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            _refuse(error)
        except UserError as error:
            fail(str(error))
        except StaffroomError as error:
            fail(str(error), status=1)


def _refuse(error: click.UsageError) -> NoReturn:
    """Say in one line what is wrong in a command, where click would show how all of it is written."""
    if error.ctx is None or isinstance(error, NoArgsIsHelpError):  # its message is the help that was meant
        raise error
    fail(f"{' '.join(error.format_message().split())} `{error.ctx.command_path} --help` says what it takes.")


def log_options(command: Callable[..., None]) -> Callable[..., None]:
    """How a command that may run for long tells what happens: ``log_format`` and ``log_handles``."""
    kind = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        envvar="STAFFROOM_LOG_FORMAT",
        show_envvar=True,
        help="Lines for people, or a JSON object a line.",
    )
    handles = click.option("--log-handles", is_flag=True, help="Let handles and addresses stand in what is logged.")
    return kind(handles(command))


def say(line: str, *, err: bool = False) -> None:
    """Print a line for the person who gave the command, without any secret in it."""
    from bot.bootstrap.logs import without_secrets

    click.echo(without_secrets(line), err=err)


def fail(message: str, status: int = 2) -> NoReturn:
    """Print a message on standard error and exit."""
    say(message, err=True)
    sys.exit(status)


def print_json(value: object) -> None:
    """Print plain data as JSON, one document, readable."""
    import msgspec

    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))


def on_terminal() -> bool:
    """Whether a person watches: then long work shows a bar, else plain lines."""
    return sys.stderr.isatty()


def progress_bar(title: str) -> tuple[Callable[[float], None], Callable[[], None]]:
    """What to call with a share from 0 to 1, and what at the end: a bar on a terminal, else a line each quarter."""
    if on_terminal():
        from rich.progress import Progress

        bar = Progress(transient=True)
        task = bar.add_task(title, total=1.0)
        bar.start()
        return (lambda share: bar.update(task, completed=share)), bar.stop
    told = {"quarters": 0}

    def tell(share: float) -> None:
        quarters = int(share * 4)
        if quarters > told["quarters"]:
            told["quarters"] = quarters
            click.echo(f"{title}: {quarters * 25} %", err=True)

    return tell, lambda: None
