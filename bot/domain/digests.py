"""Choose what a digest repeats: up to two answers to each question, spread over people, networks and weeks.

No likes, no followers, no counts of a person's posts enter any choice: what counts is what the hosts pinned, that
newcomers are met, that everybody has a turn, that others answered, and that it reads in one breath. The same content
gives the same choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.holding import NOTHING_SAID
from bot.domain.records import Pick, Quoted
from bot.domain.richtext import graphemes
from bot.domain.whychosen import Kind, Reason, Talk, in_english, reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bot.domain.holding import Wanted
    from bot.domain.records import Answer, ChatContent

PER_QUESTION = 2
"""Answers to one question, if hosts do not pin more."""

REPLIES = 3
"""Other people below an answer that count: a crowd gathers where one is already."""

READABLE = range(40, 281)
"""Graphemes that read in one breath and still say something."""

NOBODY_QUOTED = Quoted()


def choose(content: ChatContent, quoted: Quoted = NOBODY_QUOTED, wanted: Wanted = NOTHING_SAID) -> tuple[Pick, ...]:
    """Choose up to two answers to each question, each by somebody else.

    1. What hosts pinned, however much it is.
    2. Somebody whose first chat it is, and somebody of each network, where they have fit answers and none is there yet.
    3. As many questions as can have one get an answer; questions that few people answered choose first.
    4. Second answers.

    Nobody comes twice over the whole digest, unless hosts pin it. Among several the one comes first whose author was
    never quoted or whose last time is longest ago, then the other network than what stands there, then replies of up
    to ``REPLIES`` different people, what reads in one breath, and what was said early.

    Left out are our own posts, answers behind a content warning, those that only quote a question, and what hosts left
    out.

    Args:
        content: what may be shown.
        quoted: how people fared in earlier digests of the series.
        wanted: what hosts said.
    """
    seating = _Seating(content, quoted, wanted)
    seating.seat_pinned(wanted.pinned)
    seating.seat_a_newcomer()
    seating.seat_each_network()
    seating.seat_one_each()
    seating.seat_second_ones()
    return tuple(
        Pick(question, answer.key, in_english(seating.why(question, answer)))
        for question in seating.seats
        for answer in seating.in_order(question)
    )


def fit(content: ChatContent, question: str) -> list[Answer]:
    """The answers to a question (a prompt's id) that may be repeated, in order of time."""
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


def questions_of(content: ChatContent) -> list[str]:
    """The ids of a chat's questions, in their order; what the chat was worth is not talked about."""
    chat = content.stored.chat
    return [f"{chat.id}/q{number}" for number, question in enumerate(chat.questions, start=1) if not question.pulse]


class _Seating:
    """Who sits at which question. Somebody may be moved to another one that they answered, so that one is not empty."""

    def __init__(self, content: ChatContent, quoted: Quoted, wanted: Wanted) -> None:
        self._talk = Talk(content, quoted.persons)
        self._quoted = quoted
        self._pinned: set[str] = set()
        self._welcomed: set[str] = set()
        self._waited: set[str] = set()
        self._at: dict[str, str] = {}  # person → question
        self._all = {question: fit(content, question) for question in questions_of(content)}
        self._fit = {
            question: [answer for answer in answers if answer.key not in wanted.left_out]
            for question, answers in self._all.items()
        }
        self.seats: dict[str, list[Answer]] = {question: [] for question in self._fit}

    def seat_pinned(self, keys: Sequence[str]) -> None:
        """Seat what hosts pinned, at the first question that it answers."""
        for key in keys:
            found = ((question, one) for question, answers in self._fit.items() for one in answers if one.key == key)
            question, answer = next(found, (None, None))
            if question is not None and answer is not None:
                self._pinned.add(key)
                self._sit(question, answer)

    def seat_a_newcomer(self) -> None:
        """Seat somebody whose first chat it is, if none of them sits."""
        if not any(answer.key in self._quoted.newcomers for answer in self._seated()):
            new = self._seat_best({key for key in self._quoted.newcomers if key in self._talk.answers})
            if new is not None:
                self._welcomed.add(self._person(new))

    def seat_each_network(self) -> None:
        """Seat somebody of each network that nobody is from."""
        for network in sorted({one.post.ref.network for answers in self._fit.values() for one in answers}):
            if all(answer.post.ref.network != network for answer in self._seated()):
                self._seat_best({key for key, one in self._talk.answers.items() if one.post.ref.network == network})

    def seat_one_each(self) -> None:
        """Seat somebody at each question where nobody sits, as far as there are people."""
        for question in self._scarce_first():
            if not self.seats[question]:
                self._make_room(question, {question})

    def seat_second_ones(self) -> None:
        """Fill up with people who sit nowhere."""
        for question in self._scarce_first():
            while len(self.seats[question]) < PER_QUESTION:
                best = self._best(question, self._free(question))
                if best is None:
                    break
                self._sit(question, best)

    def in_order(self, question: str) -> list[Answer]:
        """Who sits at a question: what hosts pinned, then what comes first."""
        pinned = [answer for answer in self.seats[question] if answer.key in self._pinned]
        others = [answer for answer in self.seats[question] if answer.key not in self._pinned]
        return pinned + sorted(others, key=lambda one: self._order(one, []))

    def why(self, question: str, answer: Answer) -> Reason:
        """Why an answer sits where it does."""
        kind: Kind | None = None
        if answer.key in self._pinned:
            kind = "pinned"
        elif self._person(answer) in self._welcomed:
            kind = "newcomer"
        elif answer.key in self._waited:
            kind = "waited"
        if kind is not None:
            return Reason(kind, self._talk.people(answer.key))
        return reason(self._talk, self._all[question], answer)

    def _person(self, answer: Answer) -> str:
        """A code for who said it: the same for all accounts of one person."""
        return self._quoted.persons.get(answer.key, answer.post.author.id)

    def _seated(self) -> Iterator[Answer]:
        return (answer for answers in self.seats.values() for answer in answers)

    def _sit(self, question: str, answer: Answer) -> None:
        self.seats[question].append(answer)
        self._at[self._person(answer)] = question

    def _free(self, question: str) -> list[Answer]:
        return [answer for answer in self._fit[question] if self._person(answer) not in self._at]

    def _seat_best(self, keys: Collection[str]) -> Answer | None:
        """Seat the best of these answers whose authors sit nowhere, where there is room."""
        found = [
            (self._order(answer, self.seats[question]), question, answer)
            for question in self._scarce_first()
            if len(self.seats[question]) < PER_QUESTION
            for answer in self._free(question)
            if answer.key in keys
        ]
        if not found:
            return None
        best = min(found, key=lambda one: one[0])
        if best is not min(found, key=lambda one: one[0][1:]):
            self._waited.add(best[2].key)
        self._sit(best[1], best[2])
        return best[2]

    def _scarce_first(self) -> list[str]:
        """Questions, those first that fewest people answered."""
        people = {
            question: len({self._person(answer) for answer in answers}) for question, answers in self._fit.items()
        }
        return sorted(self._fit, key=lambda question: people[question])  # stable: else in their own order

    def _make_room(self, question: str, tried: set[str]) -> bool:
        """Seat somebody at a question, if need be by moving whom else it has to where they answered, too.

        This is the augmenting path of bipartite matching, so as many questions as possible get one.
        """
        best = self._best(question, self._free(question))
        if best is not None:
            self._sit(question, best)
            return True
        for answer in sorted(self._fit[question], key=lambda one: self._order(one, [])):
            person = self._person(answer)
            left = self._at[person]
            if left in tried:
                continue
            seat = next(one for one in self.seats[left] if self._person(one) == person)
            if seat.key in self._pinned:
                continue
            tried.add(left)
            self.seats[left].remove(seat)
            if self.seats[left] or self._make_room(left, tried):
                self._sit(question, answer)
                return True
            self.seats[left].append(seat)
        return False

    def _best(self, question: str, free: Sequence[Answer]) -> Answer | None:
        """The one of these that comes first; noted if it does so only because others were quoted more recently."""
        if not free:
            return None
        beside = self.seats[question]
        best = min(free, key=lambda one: self._order(one, beside))
        if best is not min(free, key=lambda one: self._order(one, beside)[1:]):
            self._waited.add(best.key)
        return best

    def _order(self, answer: Answer, beside: Sequence[Answer]) -> tuple[object, ...]:
        """What comes first is chosen: longest not quoted, the other network, most people below, readable, early."""
        last = self._quoted.last.get(answer.key)
        return (
            0.0 if last is None else last.timestamp(),
            any(answer.post.ref.network == other.post.ref.network for other in beside),
            -min(self._talk.people(answer.key), REPLIES),
            graphemes(answer.post.text.text.strip()) not in READABLE,
            answer.post.at,
            answer.key,
        )
