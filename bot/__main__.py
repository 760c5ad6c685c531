"""``python -m bot`` and the command ``staffroom``."""

import gc

from bot.cli import main as commands
from bot.cli.guard import guard

OBJECTS = 100_000
"""How many more objects there are before Python looks for cycles among them. While modules load it looks after each 700
otherwise, finds nothing, and takes an eighth of a short command's time."""


def main() -> None:
    """Run the command that was given."""
    gc.set_threshold(OBJECTS)
    guard()
    commands()


if __name__ == "__main__":
    main()
