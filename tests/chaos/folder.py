"""A bot's folder: one series, one chat with three questions, a poll and a picture among them."""

from pathlib import Path

PICTURE = Path(__file__).parents[2] / "templates" / "starter" / "images" / "wall.jpg"
QUESTIONS = 3
SQLITE = "sqlite:///staffroom.db"


def write_folder(folder: Path, database: str, networks: str, day: str, hashtag: str) -> None:
    """Write staffroom.yaml, a series with one chat and its picture.

    Args:
        folder: an empty folder.
        database: a SQLAlchemy URL.
        networks: the accounts, as YAML below `networks:`.
        day: the chat's date, ISO 8601.
        hashtag: the chat's.
    """
    (folder / "series").mkdir()
    (folder / "images").mkdir()
    (folder / "images" / "wall.jpg").write_bytes(PICTURE.read_bytes())
    (folder / "staffroom.yaml").write_text(
        f"""\
database: {database}
contact: chats@example.org
controller: Teachers of Example
site: {{title: Chats, address: "https://chats.example.org", folder: site, language: en}}
networks:
{networks}""",
        encoding="utf-8",
    )
    (folder / "series" / "edchat.yaml").write_text(
        f"""\
title: Ed Chat
hashtag: {hashtag}
timezone: Europe/London
every: only dates
at: 20:00
length: 40 minutes
digest: {{hold: 0 minutes}}
announce: [30 minutes]
archive: everyone
chats:
  - date: {day}
    topic: Feedback that pupils use
    questions:
      - What does feedback look like in your room?
      - ask: Which of these would you drop first?
        poll: [Ticks, Levels, Comments]
      - ask: Where does this wall help?
        image: images/wall.jpg
        alt: Four posters on a wall.
""",
        encoding="utf-8",
    )
