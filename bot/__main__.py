"""``python -m bot`` and the command ``staffroom``."""

from bot.cli import main as commands
from bot.cli.guard import guard


def main() -> None:
    """Run the command that was given."""
    guard()
    commands()


if __name__ == "__main__":
    main()
