"""Why an answer stands in a digest, as things are now: what is below it, and what it is beside the others."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.records import Answer, ChatContent

NEAR = 40
"""How many levels up an answer still counts as said below another: keeps the work in proportion to the answers."""

Kind = Literal["pinned", "newcomer", "waited", "answered", "first", "thread", "voice"]

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_PLAIN: dict[Kind, str] = {
    "pinned": "the hosts' choice",
    "newcomer": "their first chat here",
    "waited": "others were quoted more recently",
    "first": "the first answer",
    "thread": "the longest thread",
    "voice": "so that more people are heard",
}
_LASTING: tuple[Kind, ...] = ("pinned", "newcomer", "waited")


class Reason(NamedTuple):
    """Why an answer was chosen.

    Attributes:
        kind: ``pinned``: hosts chose it; ``newcomer``: it is its author's first chat in the series' archive;
            ``waited``: it came before another because that one's author was quoted more recently;
            ``answered``: ``people`` others wrote below it; ``first``: nobody answered its question earlier;
            ``thread``: no answer to its question has more below it; ``voice``: so that more people are heard.
        people: how many other people wrote below it.
    """

    kind: Kind
    people: int


class Talk:
    """A chat's shown answers as threads: who and how much stands below each one.

    Args:
        content: what is shown.
        persons: by node key a code for who gave an answer, where several accounts are one person's. Pages are made
            without: a count that is smaller than what one sees would tell who they are.
    """

    def __init__(self, content: ChatContent, persons: Mapping[str, str] = MappingProxyType({})) -> None:
        self._persons = persons
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
        return len({self._person(below) for below in self._below[key]} - {self._person(self.answers[key])})

    def _person(self, answer: Answer) -> str:
        return self._persons.get(answer.key, answer.post.author.id)


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


def lasting(said: str, people: int) -> Reason | None:
    """The reason of a pick (``Pick.why``) if it is one that what comes later does not change; else ``None``."""
    kind = next((kind for kind in _LASTING if _PLAIN[kind] == said), None)
    return None if kind is None else Reason(kind, people)


def in_english(why: Reason) -> str:
    """The reason in words, for the record and for previews; pages say it in the chat's language."""
    if why.kind == "answered":
        count = _COUNTS[why.people] if why.people < len(_COUNTS) else str(why.people)
        return f"{count} {'person' if why.people == 1 else 'people'} answered it"
    return _PLAIN[why.kind]
