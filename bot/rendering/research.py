"""A research export as files: three tables (RFC 4180, UTF-8) and a codebook in Markdown, in English."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from bot.domain.suppression import FEWEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from bot.domain.research import Meeting, Told

ANSWERS, PEOPLE, CHATS, CODEBOOK = "answers.csv", "people.csv", "chats.csv", "codebook.md"

ANSWER_COLUMNS = {
    "pseudonym": (
        "who: the same in people.csv",
        "who it is; two accounts of one person that were never linked have two",
    ),
    "term": ("first day of the term, or a school year such as 2026-27", "which chat of it, which day, in which order"),
    "reply_to": (
        "question: a post of the chat's account; host: a host's answer; participant: another's; other: nothing shown",
        "whose answer it was; what was said there",
    ),
    "placed": ("yes: it answers one of the questions; no: it was said beside them", "which question; how well"),
    "links": ("yes: it has a web address; no: it has none", "which address, how many, whether anybody opened it"),
    "words": (
        "1-10, 11-50 or 51+: words between spaces",
        "the words; what they are worth. Not comparable over languages",
    ),
}
PEOPLE_COLUMNS = {
    "pseudonym": ("20 hexadecimal digits, made with the key of this project", "who it is"),
    "first_term": (
        "the term of the first answer that the archive still shows, as in `term`",
        "whether they only read before, or answered in chats that are not kept any more",
    ),
    "chats": ("1, 2-4 or 5+: in how many chats of this export they answered", "how many they read"),
}
CHATS_COLUMNS = {
    "chat": ("its number in the series, of chats held in terms that are over", "its date and topic"),
    "term": ("as in answers.csv", "the week"),
    "format": ("live or slow", "how long it really went"),
    "questions": ("how many were planned", "how many were answered"),
}


def research_files(series: str, told: Sequence[Told], meetings: Sequence[Meeting], made: date) -> dict[str, bytes]:
    """All files by name; a function of its arguments.

    Args:
        series: slug.
        told: what may be given away (``domain.research.give``).
        meetings: the chats of the terms that are told.
        made: the day, for the codebook.
    """
    answers = [(one.pseudonym, *row) for one in told for row in one.rows]
    people = [(one.pseudonym, one.first_term, one.chats) for one in told]
    chats = [(one.number, one.term, one.format, one.questions) for one in meetings]
    return {
        ANSWERS: _table(ANSWER_COLUMNS, answers),
        PEOPLE: _table(PEOPLE_COLUMNS, people),
        CHATS: _table(CHATS_COLUMNS, chats),
        CODEBOOK: _codebook(series, made).encode(),
    }


def _table(columns: Iterable[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def _codebook(series: str, made: date) -> str:
    tables = "\n".join(
        f"## {name}\n\n{about}\n\n| column | values | what it cannot say |\n| --- | --- | --- |\n{_rows(columns)}\n"
        for name, about, columns in (
            (
                ANSWERS,
                "A row for each answer that can be told. An empty value is “not told”, never “no”.",
                ANSWER_COLUMNS,
            ),
            (PEOPLE, "A row for each account. An empty value is “not told”.", PEOPLE_COLUMNS),
            (CHATS, "A row for each chat that was held. It is about no person.", CHATS_COLUMNS),
        )
    )
    return _TEXT.format(series=series, made=made.isoformat(), tables=tables, fewest=FEWEST)


def _rows(columns: dict[str, tuple[str, str]]) -> str:
    return "\n".join(f"| {name} | {values} | {not_said} |" for name, (values, not_said) in columns.items())


_TEXT = """\
# Codebook: the series {series}

Made on {made}. Files: answers.csv, people.csv, chats.csv (UTF-8, commas, a header line).

## Who is in it

Accounts that asked for their answers to be kept in this series (KEEP MY ANSWERS), agreed to research (RESEARCH YES),
go by their full name, and had an answer shown in a term that is over, on the day this was made. Nobody else: not who
only read, not who did not answer one of these two messages, not who left. Of accounts that asked to be one person, only
the one that answered first. It is a sample of who wanted to be in one.
Do not infer from it to all participants, let alone to teachers.

## What the rows are, and are not

Each person shares all their values with at least four others: they form a group, of which only that is told which is
true of every one of them. So:

- Rows are true, but not all: **numbers of rows are lower bounds.** Who wrote most is cut down to what the group
  shares.
- Rows of people in one group look the same **by construction**. Do not count them as independent, and do not read
  similarity into them.
- No text, name, address, date, order, time, or who replied to whom is in it. No quality, learning, or hours can be
  read from it.

{tables}
## What protects these people, and what does not

The archive of this series is public. Whoever has it can count answers, words and links of everybody by name, and
compare. Without the groups, such counts would name most people here. With them, at least {fewest} people fit every
pseudonym, even for somebody who knows the archive, how the groups were made, and the names of all who agreed.

It does not protect against these, so do not do them, and keep the files closed:

- **Comparing several exports.** Groups are made anew each time. Under one pseudonym, two exports may leave fewer than
  {fewest} people, or one; so may exports from before and after somebody left. Join exports only where your study
  needs it, and delete the older ones.
- **Knowing others of the group**: four people who find each other by what they know of themselves know the fifth.
- **The key.** Whoever has it can make the pseudonym of any account. It is not among these files; do not ask for it.
- **Other sources**, such as a survey in which people give their pseudonym.

Who takes back their agreement, or leaves, is in no export made from then on. This one cannot be called back: before
you publish, ask for a new one.
"""
