"""What made-up teachers do in a rehearsal: a list of acts, decided beforehand from a seed. Pure.

They do what real ones do: reply, reply to each other, quote, use the hashtag with a label, answer the wrong question
on purpose, come late, edit, delete, vote, say what they will try, ask for something, leave, and some spam the hashtag.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from string import ascii_uppercase
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.chats import Chat
from bot.domain.posts import NetworkName
from bot.domain.prompts import Prompt
from bot.domain.series import Question, at_the_end

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Sequence

Kind = Literal[
    "reply", "nested", "quote", "label", "elsewhere", "late", "edit", "delete", "leave", "spam", "try", "ask", "vote"
]


class Saying(msgspec.Struct, frozen=True):
    """Something a teacher may say, in the language it is written in."""

    language: str
    text: str


class Teacher(msgspec.Struct, frozen=True):
    """Somebody who plays: the name as it stands in the profile, and the language they write in."""

    name: str
    language: str


class Cast(msgspec.Struct, frozen=True):
    """Who plays, what they say, how they reply to each other, what they will try, what came of it; what spam says."""

    teachers: tuple[Teacher, ...]
    sayings: tuple[Saying, ...]
    responses: tuple[Saying, ...]
    tries: tuple[Saying, ...]
    outcomes: tuple[Saying, ...]
    spam: tuple[str, ...]


class Act(msgspec.Struct, frozen=True):
    """One thing a teacher does.

    Attributes:
        at: when, UTC.
        kind: what. ``edit`` and ``delete`` act on their own earlier ``target``; a ``vote`` chooses in a question's
            poll; all others write a post, an ``ask`` one that asks something of us.
        network: where.
        teacher: index into the cast's teachers.
        question: number of the question it is about; 0 for none.
        target: index of the earlier act whose post it replies to, edits or deletes; -1 for our question itself.
        saying: the words; empty for ``delete``; the option's letter for ``vote``.
        counts: it is one of the answers that must be collected.
    """

    at: datetime
    kind: Kind
    network: NetworkName
    teacher: int
    question: int
    target: int
    saying: Saying
    counts: bool


SHARES: tuple[tuple[Kind, float], ...] = (
    ("reply", 0.52),
    ("nested", 0.24),
    ("quote", 0.06),
    ("label", 0.10),
    ("elsewhere", 0.03),
    ("late", 0.05),
)
"""How answers are given, as shares of all."""

BEFORE = -2
"""A target that means: the act just before this one, until acts are put in order."""

EXTRAS: tuple[tuple[Kind, float], ...] = (("edit", 0.03), ("delete", 0.02), ("leave", 0.005), ("spam", 0.01))
"""What happens besides, as shares of the number of answers; each at least once where there are answers at all."""

TRYING = 0.1
"""How many say what they will try and ask to be reminded, as a share of the number of answers; one at least."""

VOTING = 0.25
"""How many vote in each poll, as a share of the number of answers."""

MY_RECORD = "MY RECORD"
"""Said by one of them, so that a record can be made."""

LINGERING = timedelta(minutes=20)
"""For so long those who still read answer what is asked at the chat's end."""

LEAVERS = 20
"""Of so many teachers one leaves at most: what they all said goes with them, and the others are to be seen."""


class Stage(msgspec.Struct, frozen=True):
    """Where and when a rehearsal plays: the cast, the chat, its question prompts in order, and its networks."""

    cast: Cast
    chat: Chat
    questions: tuple[Prompt, ...]
    networks: tuple[NetworkName, ...]

    def in_course(self) -> Sequence[Prompt]:
        """What is not asked at the chat's end; all, where that is nothing."""
        return [one for one in self.questions if not at_the_end(self.asked(one))] or self.questions

    def to_try(self) -> Sequence[Prompt]:
        """What people will try; all, where that is not asked."""
        return [one for one in self.questions if self.asked(one).try_it] or self.questions

    def asked(self, prompt: Prompt) -> Question:
        """The question that a prompt asks."""
        return self.chat.questions[prompt.number - 1]


def write_script(rng: random.Random, stage: Stage, answers: int) -> tuple[Act, ...]:
    """Decide all acts of one chat, in order of time.

    Args:
        rng: a seed's randomness; the same seed gives the same script.
        stage: who plays, when and where.
        answers: how many answers are given in all.
    """
    kinds = rng.choices([kind for kind, _ in SHARES], [share for _, share in SHARES], k=answers)
    kinds[: len(SHARES)] = [kind for kind, _ in SHARES][:answers]
    acts = sorted((_answer(rng, stage, kind) for kind in kinds), key=lambda act: act.at)
    for index in range(len(acts)):
        acts[index] = _with_target(rng, stage, acts, index)
    extras = [
        act
        for kind, share in (EXTRAS if acts else ())
        for _ in range(_times(kind, answers * share, stage.cast))
        for act in _extra(rng, stage, acts, kind)
    ]
    left = {act.teacher for act in extras if act.kind == "leave"}
    staying = [act for act in acts if act.teacher not in left]
    extras += _trying(rng, stage, staying, max(1, round(answers * TRYING)))
    extras += _voting(rng, stage, left, round(answers * VOTING))
    return tuple(_in_order(acts, extras))


def _trying(rng: random.Random, stage: Stage, acts: Sequence[Act], many: int) -> list[Act]:
    """Some say what they will try and ask to be reminded; the one who answered most may be kept and wants a record."""
    answered = Counter(act.teacher for act in acts)
    found: list[Act] = []
    for place, (teacher, _) in enumerate(answered.most_common(many)):
        fitting = in_language(stage.cast.tries, stage.cast.teachers[teacher].language)
        tries = rng.choice([one for one in fitting if one not in (act.saying for act in found)] or fitting)
        said = _answer(rng, stage, "reply", teacher, stage.to_try())
        said = msgspec.structs.replace(said, kind="try", saying=tries, counts=False)
        asked = msgspec.structs.replace(said, kind="ask", at=said.at + timedelta(seconds=rng.uniform(20, 300)))
        found += [said, msgspec.structs.replace(asked, target=BEFORE, saying=Saying("en", "REMIND ME"))]
        if not place:
            found += [
                msgspec.structs.replace(asked, saying=Saying("en", one)) for one in ("KEEP MY ANSWERS", MY_RECORD)
            ]
    return found


def _voting(rng: random.Random, stage: Stage, left: Collection[int], many: int) -> list[Act]:
    """In each poll some choose an option, each of them once, the first options more often than the last."""
    voters = [teacher for teacher in range(len(stage.cast.teachers)) if teacher not in left]
    found: list[Act] = []
    for asked in stage.questions:
        options = len(stage.asked(asked).poll)
        for teacher in rng.sample(voters, min(many, len(voters))) if options else ():
            [letter] = rng.choices(ascii_uppercase[:options], range(options, 0, -1))
            said = _answer(rng, stage, "reply", teacher, [asked])
            found.append(msgspec.structs.replace(said, kind="vote", saying=Saying("en", letter), counts=False))
    return found


def _times(kind: Kind, share: float, cast: Cast) -> int:
    """How often something happens besides."""
    often = max(1, round(share))
    return min(often, max(1, len(cast.teachers) // LEAVERS)) if kind == "leave" else often


def _answer(
    rng: random.Random, stage: Stage, kind: Kind, teacher: int | None = None, asked: Sequence[Prompt] = ()
) -> Act:
    question = rng.choice(asked or stage.in_course())
    ends = stage.chat.ends_at
    if kind == "late":
        at = ends + timedelta(seconds=rng.uniform(60, 5400))
    else:
        closes = ends if question.at < ends else ends + LINGERING
        spare = max(60.0, (closes - question.at).total_seconds() - 5)
        at = question.at + timedelta(seconds=min(spare, 12 + rng.expovariate(1 / 240)))
    teacher = rng.randrange(len(stage.cast.teachers)) if teacher is None else teacher
    return Act(
        at=at,
        kind=kind,
        network=stage.networks[teacher % len(stage.networks)],
        teacher=teacher,
        question=question.number,
        target=-1,
        saying=rng.choice(in_language(stage.cast.sayings, stage.cast.teachers[teacher].language)),
        counts=True,
    )


def in_language(sayings: Sequence[Saying], language: str) -> Sequence[Saying]:
    """What may be said in a language; anything where the cast has no words in it."""
    return [saying for saying in sayings if saying.language == language] or sayings


def _with_target(rng: random.Random, stage: Stage, acts: Sequence[Act], index: int) -> Act:
    """Hang a nested answer below a recent one on its network; it is a plain reply where there is none."""
    act = acts[index]
    if act.kind != "nested":
        return act
    fitting = [
        other
        for other in range(max(0, index - 60), index)
        if acts[other].network == act.network and acts[other].kind not in ("quote", "label")
    ]
    if not fitting:
        return msgspec.structs.replace(act, kind="reply")
    target = rng.choice(fitting)
    words = rng.choice(in_language(stage.cast.responses, stage.cast.teachers[act.teacher].language))
    return msgspec.structs.replace(act, target=target, question=acts[target].question, saying=words)


def _extra(rng: random.Random, stage: Stage, acts: Sequence[Act], kind: Kind) -> tuple[Act, ...]:
    """Acts that are no answers to keep: an edit of an answer, a post and its deletion, a wish to leave, spam."""
    later = timedelta(seconds=rng.uniform(20, 900))
    if kind == "edit":
        if not acts:
            return ()
        index = rng.randrange(len(acts))
        act = acts[index]
        words = Saying(act.saying.language, act.saying.text + " (edited)")
        return (msgspec.structs.replace(act, kind="edit", at=act.at + later, target=index, saying=words, counts=False),)
    written = msgspec.structs.replace(_answer(rng, stage, "reply"), counts=False)
    if kind == "spam":
        words = Saying("en", rng.choice(stage.cast.spam))
        return (msgspec.structs.replace(written, kind="spam", saying=words, question=0),)
    if kind == "leave":
        return (msgspec.structs.replace(written, kind="leave", saying=Saying("en", "REMOVE ME")),)
    return (written, msgspec.structs.replace(written, kind="delete", at=written.at + later, target=BEFORE))


def _in_order(acts: Sequence[Act], extras: Sequence[Act]) -> list[Act]:
    """Merge answers and extras by time, with targets pointing at the merged list."""
    whole = [*acts, *extras]
    whole = [
        msgspec.structs.replace(act, target=index - 1) if act.target == BEFORE else act
        for index, act in enumerate(whole)
    ]
    order = sorted(range(len(whole)), key=lambda index: (whole[index].at, index))
    moved = {old: new for new, old in enumerate(order)}
    return [msgspec.structs.replace(whole[old], target=moved.get(whole[old].target, -1)) for old in order]
