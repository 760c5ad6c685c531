"""A chat as its page shows it: sections for the questions, threads in them from all networks, tombstones, links."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from bot.domain.patterns import hidden_host, host_of, is_web
from bot.domain.polls import ballots
from bot.domain.richtext import links
from bot.domain.threads import Node, build, walk
from bot.domain.tracking import leads_to, untracked
from bot.domain.trying import intentions, told_later
from bot.domain.whychosen import Reason, Talk, lasting, reason
from bot.rendering.signing import nameless

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.domain.polls import Ballot
    from bot.domain.posts import NetworkName
    from bot.domain.records import Answer, ChatContent, Pick
    from bot.domain.series import Question

DEEPEST = 4
"""Replies are indented up to here; deeper ones stand at this level, one after the other."""

UNPLACED = 0
_LONGEST = 60
_SCHEME = re.compile(r"^https?://(?:www\.)?", re.IGNORECASE)


@dataclass(slots=True)
class Row:
    """One line of a thread, in the order of the page.

    Attributes:
        level: how far it is indented, 0 to ``DEEPEST``.
        answer: what is shown; ``None`` where something is gone.
        key: node key; empty for several gone ones.
        gone: how many removed or hidden posts stand here, if ``answer`` is ``None``.
        dead: nothing shown stands below either.
        parent: the answer this one replies to, where it is shown.
        parent_gone: it replies to one that is gone.
        above: the row that encloses it is the one it replies to.
        why: why it was chosen, if it was.
        together: the other questions it answers.
        opens: its replies follow, inside it.
        closes: how many enclosing rows end after it.
    """

    level: int
    key: str = ""
    answer: Answer | None = None
    gone: int = 0
    dead: bool = False
    parent: Answer | None = None
    parent_gone: bool = False
    above: bool = False
    why: Reason | None = None
    together: tuple[int, ...] = ()
    opens: bool = False
    closes: int = 0


@dataclass(slots=True)
class Section:
    """A question with all that answers it; number 0 holds what names no question.

    Attributes:
        number: the question's number.
        question: what was asked; ``None`` for number 0.
        asked: where we asked it: network name and URL.
        count: how many answers it has, those that stand under another question included.
        rows: its threads, those with a chosen answer first.
        elsewhere: answers to it that stand under an earlier question, which they answer too.
        chosen: what the digest repeats of it, in the digest's order.
        ballots: what was chosen of its poll on each network, as far as anything was and is known.
    """

    number: int
    question: Question | None
    asked: list[tuple[NetworkName, str]] = field(default_factory=list)
    count: int = 0
    rows: list[Row] = field(default_factory=list)
    elsewhere: list[tuple[Answer, int]] = field(default_factory=list)
    chosen: list[Answer] = field(default_factory=list)
    ballots: tuple[Ballot, ...] = ()


@dataclass(slots=True)
class Shared:
    """A link people shared, as the first of them wrote it: how many did, and in which questions."""

    uri: str
    people: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Tried:
    """What somebody says they will try, ``None`` where that is gone, and the threads of what came of it."""

    answer: Answer | None
    rows: list[Row]


@dataclass(slots=True)
class ChatView:
    """All that a chat's page and its data file show; ``networks`` says how many answers came from each."""

    sections: list[Section]
    unplaced: Section
    tried: list[Tried]
    links: list[Shared]
    people: int
    answers: int
    networks: dict[NetworkName, int]


def view(content: ChatContent) -> ChatView:
    """Arrange a chat's answers. Every answer stands in exactly one section, or under what its author tried."""
    later = told_later(content)
    if not later:
        return _arranged(content, content, later)
    during = tuple(answer for answer in content.answers if answer.key not in later)
    return _arranged(content, msgspec.structs.replace(content, answers=during), later)


def _arranged(everything: ChatContent, content: ChatContent, later: Mapping[str, str]) -> ChatView:
    """Arrange ``content``, a chat without what was told ``later``, which stands beside it."""
    chat = content.stored.chat
    numbers = {f"{chat.id}/q{number}": number for number in range(1, len(chat.questions) + 1)}
    placed = {answer.key: _numbers(answer, numbers) for answer in everything.answers}
    sections = _sections(content)
    home = _homes(content, placed)
    talk = Talk(content)
    picks = {(pick.question, pick.answer): pick for pick in content.picks}
    by_key = {answer.key: answer for answer in content.answers}
    standing = _standing(content, home, by_key)
    naming: dict[int, list[Answer]] = {}
    for answer in content.answers:
        for number in placed[answer.key]:
            naming.setdefault(number, []).append(answer)
    for section in sections:
        number = section.number
        picked = {pick.answer for pick in content.picks if placed.get(pick.answer, ())[:1] == (number,)}
        _fill(section, standing.get(number, ()), by_key, picked)
        question = f"{chat.id}/q{number}"
        beside = naming.get(number, [])
        section.count = len(beside) if number else sum(row.answer is not None for row in section.rows)
        section.elsewhere = [(answer, home[answer.key]) for answer in beside if home[answer.key] != number]
        section.chosen = [
            by_key[pick.answer] for pick in content.picks if pick.question == question and pick.answer in by_key
        ]
        if section.question and section.question.poll:
            polls = [poll for poll in content.polls if poll.number == number]
            section.ballots = ballots(beside, section.question.poll, polls)
        for row in section.rows:
            if row.answer is not None:
                row.together = placed[row.key][1:]
                if (question, row.key) in picks:
                    row.why = _why(talk, beside, row.answer, picks[question, row.key])
    return ChatView(
        sections=sections[1:],
        unplaced=sections[UNPLACED],
        tried=[
            Tried(answer, _told_of(key, everything, later)) for key, answer in intentions(everything, later).items()
        ],
        links=_shared(everything, placed),
        people=len({answer.post.author.id for answer in everything.answers}),
        answers=len(everything.answers),
        networks=dict(sorted(Counter(answer.post.ref.network for answer in everything.answers).items())),
    )


def _sections(content: ChatContent) -> list[Section]:
    """The sections that answers will stand in: the unplaced ones', then each question's, with where it was asked."""
    sections = [Section(UNPLACED, None)]
    sections += [Section(number, asked) for number, asked in enumerate(content.stored.chat.questions, start=1)]
    for sent in content.sent:
        if sent.kind == "question" and sent.position == 0 and 0 < sent.number < len(sections) and is_web(sent.ref.url):
            sections[sent.number].asked.append((sent.ref.network, sent.ref.url))
    return sections


def _told_of(intention: str, content: ChatContent, later: Mapping[str, str]) -> list[Row]:
    """The threads of what came of one intention."""
    told = {answer.key: answer for answer in content.answers if later.get(answer.key) == intention}
    section = Section(UNPLACED, None)
    _fill(section, [Node(answer.key, answer.parent, answer.post.at) for answer in told.values()], told, ())
    return section.rows


def _why(talk: Talk, beside: Sequence[Answer], answer: Answer, pick: Pick) -> Reason:
    """Why it was chosen.

    Of somebody nameless only the hour is told, so not that nobody was earlier; nor whether they were ever here before.
    """
    why = lasting(pick.why, talk.people(answer.key)) or reason(talk, beside, answer)
    told = why.kind in ("pinned", "answered", "thread", "voice") or not nameless(answer.post)
    return why if told else Reason("voice", why.people)


def _numbers(answer: Answer, numbers: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({numbers[placed.question] for placed in answer.placed if placed.question in numbers}))


def _homes(content: ChatContent, placed: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The section of every node: an answer's first question; a tombstone's is that of what it hangs under.

    A tombstone that hangs under nothing we know is left out, unless something shown hangs under it.
    """
    ours = {sent.key: sent.number for sent in content.sent if sent.number and sent.kind != "follow-up"}
    home = {key: numbers[0] if numbers else UNPLACED for key, numbers in placed.items()}
    stones = {stone.key: stone for stone in content.tombstones if stone.key not in home}
    for key in stones:
        path: list[str] = []
        above = key
        while above in stones and above not in home and above not in path:
            path.append(above)
            above = stones[above].parent
        found = home.get(above, ours.get(above))
        if found is not None:
            home.update(dict.fromkeys(path, found))
    for answer in content.answers:  # a stone known only from what hangs under it
        above = answer.parent
        while above in stones and above not in home:
            home[above] = home[answer.key]
            above = stones[above].parent
    return home


def _standing(content: ChatContent, home: Mapping[str, int], answers: Mapping[str, Answer]) -> dict[int, list[Node]]:
    """The nodes of each section: its answers, then what is gone."""
    found: dict[int, list[Node]] = {}
    for answer in answers.values():
        found.setdefault(home[answer.key], []).append(Node(answer.key, answer.parent, answer.post.at))
    for stone in content.tombstones:
        if stone.key in home and stone.key not in answers:
            found.setdefault(home[stone.key], []).append(Node(stone.key, stone.parent, stone.at))
    return found


def _fill(section: Section, nodes: Sequence[Node], answers: Mapping[str, Answer], picked: Collection[str]) -> None:
    """Put a section's threads in order, those with a chosen answer first."""
    gone = {node.key for node in nodes if node.key not in answers}
    branches = build(nodes)
    holding = [not any(node.key in picked for _, node in walk([branch])) for branch in branches]
    threads = [branch for _, branch in sorted(zip(holding, branches, strict=True), key=lambda pair: pair[0])]
    for depth, node, alive in _lives(list(walk(threads)), answers):
        last = section.rows[-1] if section.rows else None
        level = min(depth, DEEPEST)
        if not alive and last is not None and last.dead and level >= last.level:
            last.gone += 1
            last.key = ""
            continue
        row = Row(level, key=node.key, answer=answers.get(node.key), dead=not alive)
        if row.answer is None:
            row.gone = 1
        else:
            row.parent = answers.get(row.answer.parent)
            row.parent_gone = row.parent is None and row.answer.parent in gone
            row.above = 0 < depth <= DEEPEST
        section.rows.append(row)
    _nest(section.rows)


def _lives(walked: Sequence[tuple[int, Node]], answers: Mapping[str, Answer]) -> list[tuple[int, Node, bool]]:
    """Each node with its depth and whether it, or anything below it, is shown."""
    found: list[tuple[int, Node, bool]] = []
    below: dict[int, bool] = {}
    for depth, node in reversed(walked):
        alive = below.pop(depth + 1, False) or node.key in answers
        below[depth] = below.get(depth, False) or alive
        found.append((depth, node, alive))
    return found[::-1]


def _nest(rows: Sequence[Row]) -> None:
    """Say for each row what of the nesting begins and ends after it."""
    for row, following in pairwise([*rows, Row(0)]):
        row.opens = following.level > row.level
        row.closes = max(row.level - following.level, 0)


def _shared(content: ChatContent, placed: Mapping[str, tuple[int, ...]]) -> list[Shared]:
    """The links in shown answers in order of first appearance; what stands behind a content warning stays there."""
    found: dict[str, Shared] = {}
    for answer in content.answers:
        if answer.post.warning:
            continue
        for uri in links(answer.post.text):
            link = found.setdefault(leads_to(uri), Shared(untracked(uri)))
            link.people.add(answer.post.author.id)
            link.numbers.update(placed[answer.key])
    return list(found.values())


@lru_cache(4096)
def short_uri(uri: str) -> str:
    """An address as a title for itself: no scheme, at most 60 characters, its host in letters that pass for no others.

    Of a host that is longer than that, the end is shown: it says whose it is.
    """
    bare = _SCHEME.sub("", uri).rstrip("/")
    host = hidden_host(bare, uri)
    if host:
        bare = urlunsplit(urlsplit(uri)._replace(scheme="", netloc=host)).removeprefix("//").rstrip("/")
    owner = host_of(uri)
    if len(owner) >= _LONGEST:
        return f"…{owner[1 - _LONGEST :]}"
    return bare if len(bare) <= _LONGEST else f"{bare[: _LONGEST - 1]}…"
