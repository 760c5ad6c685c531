"""The commands. Each imports ``bootstrap`` when it is called, so that ``--help`` costs no more than click itself."""

import click

from bot.cli import (
    accounts,
    backups,
    badges,
    digests,
    events,
    impact,
    newsletter,
    people,
    permissions,
    planning,
    publishing,
    record,
    research,
    review,
    running,
    stories,
)
from bot.cli.common import Commands

EPILOG = "First steps: staffroom init DIR, then check, plan and rehearse there; login and doctor before the first run."


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="staffroom", message="staffroom %(version)s")
def main() -> None:
    """Staffroom runs teacher chats on Bluesky and Mastodon, and keeps what teachers said, if they agree."""


for command in (
    planning.init,
    planning.check,
    planning.plan,
    planning.cancel,
    running.rehearse,
    events.event,
    stories.story,
    accounts.login,
    accounts.doctor,
    running.run,
    running.tick,
    running.status,
    digests.digest,
    publishing.archive,
    publishing.export,
    newsletter.newsletter,
    impact.impact,
    research.research_export,
    review.review,
    review.hide,
    permissions.permission,
    people.people,
    people.export_person,
    record.record,
    badges.badge_key,
    people.forget,
    accounts.migrate,
    backups.backup,
    backups.restore,
):
    main.add_command(command)

__all__ = ["main"]
