"""Choose what a digest repeats: up to two answers to each question, spread over people and networks.

No likes, no followers, no counts of a person's posts enter any choice: what counts is that others answered, that it
reads in one breath, and that as many people as possible are heard. The same content gives the same choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.domain.records import Pick
from bot.domain.richtext import graphemes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.records import Answer, ChatContent

PER_QUESTION = 2
READABLE = range(40, 281)
"""Graphemes that read in one breath and still say something."""

NEAR = 40
"""How many levels up an answer still counts as said below another: keeps the work in proportion to the answers."""

Kind = Literal["answered", "first", "thread", "voice"]

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Reason(NamedTuple):
    """Why an answer was chosen.

    Attributes:
        kind: ``answered``: ``people`` others wrote below it; ``first``: nobody answered its question earlier;
            ``thread``: no answer to its question has more below it; ``voice``: so that more people are heard.
        people: how many other people wrote below it.
    """

    kind: Kind
    people: int


class Talk:
    """A chat's shown answers as threads: who and how much stands below each one."""

    def __init__(self, content: ChatContent) -> None:
        self.answers = {answer.key: answer for answer in content.answers}
        parents = {answer.key: answer.parent for answer in content.answers}
        parents.update((stone.key, stone.parent) for stone in content.tombstones)
        self._below: dict[str, list[Answer]] = {key: [] for key in self.answers}
        for answer in content.answers:
            above = answer.parent
            for _ in range(NEAR):  # also ends the climb around a loop
                if above not in parents or above == answer.key:
                    break
                if above in self._below:
                    self._below[above].append(answer)
                above = parents[above]

    def size(self, key: str) -> int:
        """How many answers stand below one."""
        return len(self._below[key])

    def people(self, key: str) -> int:
        """How many other people wrote below one."""
        author = self.answers[key].post.author.id
        return len({below.post.author.id for below in self._below[key]} - {author})


def choose(content: ChatContent) -> tuple[Pick, ...]:
    """Choose up to two answers to each question, by different people.

    Over the whole digest nobody comes twice before everybody came once, unless a question would stay empty. Questions
    that few people answered choose first, so that their only answer is not spent elsewhere.

    Left out are our own posts, answers behind a content warning, and those that only quote a question.
    """
    talk = Talk(content)
    chat = content.stored.chat
    questions = [f"{chat.id}/q{number}" for number in range(1, len(chat.questions) + 1)]
    fit = {question: _fit(content, question) for question in questions}
    everybody = {answer.post.author.id for answers in fit.values() for answer in answers}
    scarce_first = sorted(questions, key=lambda question: (_people(fit[question]), questions.index(question)))
    chosen: dict[str, list[Answer]] = {question: [] for question in questions}
    used: set[str] = set()
    taken: set[str] = set()

    def pick(question: str, *, anybody: bool) -> None:
        mine = chosen[question]
        heard = {answer.post.author.id for answer in mine}
        free = [
            answer
            for answer in fit[question]
            if answer.key not in taken
            and answer.post.author.id not in heard
            and (anybody or answer.post.author.id not in used)
        ]
        if free:
            best = min(free, key=lambda answer: _order(answer, talk, mine))
            mine.append(best)
            taken.add(best.key)
            used.add(best.post.author.id)

    for _ in range(PER_QUESTION):
        for question in scarce_first:
            pick(question, anybody=False)
    for question in scarce_first:
        while len(chosen[question]) < PER_QUESTION and (used >= everybody or not chosen[question]):
            before = len(chosen[question])
            pick(question, anybody=True)
            if len(chosen[question]) == before:
                break
    return tuple(
        Pick(question, answer.key, in_english(reason(talk, fit[question], answer)))
        for question in questions
        for answer in chosen[question]
    )


def reason(talk: Talk, beside: Iterable[Answer], answer: Answer) -> Reason:
    """Say why an answer stands out among those ``beside`` it under its question, as things are now."""
    people = talk.people(answer.key)
    others = list(beside)
    if people > 1:
        return Reason("answered", people)
    if all((answer.post.at, answer.key) <= (other.post.at, other.key) for other in others):
        return Reason("first", people)
    size = talk.size(answer.key)
    if size > 1 and all(size >= talk.size(other.key) for other in others):
        return Reason("thread", people)
    return Reason("answered" if people else "voice", people)


def in_english(why: Reason) -> str:
    """The reason in words, for the record and for previews; pages say it in the chat's language."""
    if why.kind == "answered":
        count = _COUNTS[why.people] if why.people < len(_COUNTS) else str(why.people)
        return f"{count} {'person' if why.people == 1 else 'people'} answered it"
    return {"first": "the first answer", "thread": "the longest thread", "voice": "so that more people are heard"}[
        why.kind
    ]


def _fit(content: ChatContent, question: str) -> list[Answer]:
    """The answers to a question that may be repeated, in order of time."""
    ours = {sent.key for sent in content.sent} | {sent.ref.id for sent in content.sent}
    return [
        answer
        for answer in content.answers
        if answer.key not in ours
        and answer.post.ref.id not in ours
        and not answer.post.warning
        and answer.post.text.text.strip()
        and any(placed.question == question and placed.how != "quote" for placed in answer.placed)
    ]


def _people(answers: Sequence[Answer]) -> int:
    return len({answer.post.author.id for answer in answers})


def _order(answer: Answer, talk: Talk, beside: Sequence[Answer]) -> tuple[object, ...]:
    """What comes first is chosen: the other network, most people below, readable, early."""
    return (
        any(answer.post.ref.network == other.post.ref.network for other in beside),
        -talk.people(answer.key),
        graphemes(answer.post.text.text.strip()) not in READABLE,
        answer.post.at,
        answer.key,
    )
