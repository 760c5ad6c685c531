"""Whether digests take turns: ten rehearsed chats of one series, to which the same people come again and again.

``digest_gini``: the Gini coefficient of how often each person was quoted in the ten digests together; 0 where all were
quoted alike, near 1 where one person was quoted and nobody else. Counted are all who gave an answer that could be
repeated. The reference is the same choice from the same answers without memory: each digest as if it were the first.
Who comes is what a rehearsal makes of its cast of ninety: about half of them each evening, and some leave for good.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.bootstrap.house import read_settings
from bot.bootstrap.sandbox import made_up_teachers, sandbox_house
from bot.clock import SteppedClock
from bot.domain.digests import choose, fit, questions_of
from bot.domain.impact import gini
from bot.domain.prompts import prompts
from bot.domain.records import ChatContent, Pick
from bot.domain.schedule import planned_chats
from bot.rehearsal import rehearse
from bot.storage.migrate import migrate
from bot.storage.store import open_store

CHATS = 10
ANSWERS = 60
SEED = 11
GOAL = 0.6
FIRST = date(2027, 1, 7)

STAFFROOM = """\
contact: chats@example.org
controller: Example Teachers' Association
site: {title: Chats, address: "https://chats.example.org", folder: site, language: en}
networks:
  bluesky: {handle: edchat.example.org}
  mastodon: {server: "https://social.example.org"}
"""

SERIES = """\
title: Ed Chat
hashtag: EdChat
timezone: Europe/London
every: thursday
at: 20:00
length: 60 minutes
announce: 30 minutes
archive: everyone
late: 1 day
chats:
"""

CHAT = """\
  - date: {day}
    topic: Feedback, evening {number}
    questions: [What works?, What did you stop?, Who reads it?, When?, What with?, And next?]
"""


def rows() -> list[dict[str, Any]]:
    """The table's row."""
    contents = _played()
    ours = gini(_quoted((content, content.picks) for content in contents))
    without = gini(_quoted((content, choose(content)) for content in contents))
    return [
        {
            "name": "digest_gini",
            "ours": round(ours, 3),
            "reference": round(without, 3),
            "reference_name": "the same choice without memory",
            "unit": "Gini of quotes a person, 10 chats",
            "ratio": round(ours / without, 3),
            "goal": GOAL,
            "better": "lower",
        }
    ]


def _quoted(digests: Iterable[tuple[ChatContent, Iterable[Pick]]]) -> list[int]:
    """How often each person was quoted, those who never were included."""
    counts: Counter[str] = Counter()
    for content, picks in digests:
        authors = {answer.key: answer.post.author.id for answer in content.answers}
        counts.update({one.post.author.id: 0 for question in questions_of(content) for one in fit(content, question)})
        counts.update(authors[pick.answer] for pick in picks)
    return list(counts.values())


def _played() -> list[ChatContent]:
    """What may be shown of ten chats that were played one after the other in one database."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "series").mkdir()
        (folder / "staffroom.yaml").write_text(STAFFROOM, encoding="utf-8")
        days = (CHAT.format(day=FIRST + timedelta(weeks=week), number=week + 1) for week in range(CHATS))
        (folder / "series" / "edchat.yaml").write_text(SERIES + "".join(days), encoding="utf-8")
        settings = read_settings(folder)
        (series,) = settings.series
        chats = planned_chats(series)
        migrate(settings.database)
        store = open_store(settings.database, pepper_source=lambda: b"take turns" * 4)
        store.mark_rehearsal()
        clock = SteppedClock(prompts(series, chats[0])[0].at - timedelta(minutes=1))
        house, servers = sandbox_house(settings, series, store, clock, SEED)
        house = replace(house, renderer=_NoPages())
        cast = made_up_teachers()
        for chat in chats:
            rehearse(house, clock, servers, cast, chat=chat.id, answers=ANSWERS, seed=SEED)
        contents = [store.content(chat.id) for chat in chats]
        store.close()
        return contents


class _NoPages:
    """A renderer without pages: they are not what is looked at."""

    def pages(self, *_: Any, **__: Any) -> tuple[()]:
        """None."""
        return ()

    def bundles(self, *_: Any, **__: Any) -> tuple[()]:
        """Nothing to search either."""
        return ()
