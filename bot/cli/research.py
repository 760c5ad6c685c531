"""The command that writes a research export, of who agreed to research."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import folder_option


@click.command("research-export")
@click.option("--series", metavar="SLUG", required=True, help="Of this series.")
@click.option("--term", metavar="NAME", default="", help="Only this term: its first day, or a school year as 2026-27.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the files go: a folder that nobody else reads.",
)
@click.option("--new-key", is_flag=True, help="Make other pseudonyms, for another project.")
@folder_option
def research_export(folder: Path, series: str, term: str, out: Path, new_key: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Write how people took part, for researchers: only of who agreed.

    Only of people who said KEEP MY ANSWERS in this series and RESEARCH YES; under pseudonyms, without words, links and
    times, in groups of five or more who look the same. Only of terms that are over.
    """
    from bot.bootstrap import export_research

    done = export_research(folder, series, term, out, new_key=new_key)
    answers = "1 answer" if done.answers == 1 else f"{done.answers} answers"
    click.echo(f"{done.people} people, {answers}, as far as they are the same for five people or more:")
    for file in done.files:
        click.echo(f"  {file}")
    click.echo(f"The key of the pseudonyms stays here: {done.key}. Give it to nobody.")
    if not done.made:
        click.echo(
            "It is that of the export before: pseudonyms are the same, and who has both can narrow them down to fewer "
            "than five people. Have the older files deleted, or write --new-key if this is another project."
        )
    click.echo("Who leaves or says RESEARCH NO is in no later export. What you hand out now cannot be called back.")
