"""Which question does a post answer, and why: attribution.

In order of weight:

1. A label in words (``A2:``) in the first line decides, where the post carries the hashtag or stands in one of the
   chat's threads: who answers "A2" under Q1 answers Q2. One post may name several questions.
2. A direct reply to a question's post answers it, and so does a post that quotes it.
3. Within a thread, a post answers what the nearest post above it answers that is placed, through any number of posts we
   do not hold. Where the way up is lost (a deleted middle), its root decides, if only one question stands there.
4. A bare number (``2.``) counts only with the hashtag and where nothing above places the post.

Everything else is unplaced: the hashtag alone says only that somebody takes part. When a question was open decides
nothing, as slow chats are answered early and late; it only picks the chat where two ask under the same number.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.labels import Label, label_of, labels
from bot.domain.richtext import fold_tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

__all__ = ["AskedQuestion", "Attribution", "Candidate", "How", "attribute", "labels"]

How = Literal["reply", "quote", "label", "thread"]


class AskedQuestion(msgspec.Struct, frozen=True):
    """A question that was asked: prompt id, number, chat id, node keys of its posts on every account, when (UTC)."""

    id: str
    number: int
    chat: str
    keys: tuple[str, ...]
    opened_at: datetime
    closes_at: datetime


class Candidate(msgspec.Struct, frozen=True):
    """A post that may be an answer: node keys (empty if none), its text, its hashtags without ``#``, when (UTC)."""

    key: str
    parent: str
    root: str
    quote: str
    text: str
    hashtags: tuple[str, ...]
    at: datetime


class Attribution(msgspec.Struct, frozen=True):
    """A question (prompt id) that a post answers, and how we know; of several reasons the firmest by the network."""

    question: str
    how: How


def attribute(
    candidates: Sequence[Candidate],
    questions: Sequence[AskedQuestion],
    hashtag: str,
    parents: Mapping[str, str],
    *,
    languages: Collection[str] = (),
    ours: Mapping[str, str] | None = None,
) -> dict[str, tuple[Attribution, ...]]:
    """Say of each candidate which questions it answers; in linear time, however deep the threads and whatever loops.

    Args:
        candidates: posts by others.
        questions: those that were asked; several chats may be open at once.
        hashtag: the series', without ``#``.
        parents: node key to its parent's, also of posts that are no candidates (tombstones).
        languages: BCP 47 tags of the chat, for the letters of labels.
        ours: node keys of our other posts (welcome, wrap-up …) with their chat's id: a label counts below them too.

    Returns:
        Candidate keys, each with its attributions in the order of the questions' numbers; an empty tuple is "unplaced".
    """
    finder = _Finder(
        candidates=candidates,
        questions=questions,
        hashtag=hashtag,
        parents=parents,
        languages=languages,
        ours=ours or {},
    )
    return {post.key: finder.place(post.key).reasons for post in candidates}


class _Place(msgspec.Struct, frozen=True):
    """Where a post stands: the questions it answers, the chat in whose thread it is, and the reasons."""

    questions: tuple[AskedQuestion, ...] = ()
    chat: str = ""
    reasons: tuple[Attribution, ...] = ()


_NOWHERE = _Place()


class _Finder:
    """Places posts one by one and remembers every place on the way up."""

    def __init__(
        self,
        *,
        candidates: Sequence[Candidate],
        questions: Sequence[AskedQuestion],
        hashtag: str,
        parents: Mapping[str, str],
        languages: Collection[str],
        ours: Mapping[str, str],
    ) -> None:
        self._posts = {post.key: post for post in candidates}
        self._questions = questions
        self._asked = {key: question for question in questions for key in question.keys if key}
        self._hashtag = fold_tag(hashtag)
        self._parents = parents
        self._languages = languages
        self._places = {key: _Place(chat=chat) for key, chat in ours.items()}
        self._places |= {key: _Place((question,), question.chat) for key, question in self._asked.items()}
        self._places[""] = _NOWHERE
        self._crowded = frozenset(self._above(self._asked))

    def place(self, key: str) -> _Place:
        """The post's place. Climbs to the nearest known one, then comes down and settles all in between."""
        path: dict[str, None] = {}
        while key not in self._places and key not in path:
            path[key] = None
            key = self._parent(key)
        above = self._places.get(key, _NOWHERE)  # the way up met itself: nothing is known above
        for passed in reversed(path):
            post = self._posts.get(passed)
            above = self._settle(post, above) if post else _Place(above.questions, above.chat)
            self._places[passed] = above
        return above

    def _parent(self, key: str) -> str:
        post = self._posts.get(key)
        return (post.parent if post else "") or self._parents.get(key, "")

    def _above(self, keys: Collection[str]) -> Iterator[str]:
        """All keys above these: a root there stands over several questions and says nothing of which."""
        passed: set[str] = set()
        for start in keys:
            key = self._parent(start)
            while key and key not in passed:
                passed.add(key)
                key = self._parent(key)
        return iter(passed)

    def _settle(self, post: Candidate, above: _Place) -> _Place:
        """Weigh what places one post."""
        if not above.chat and post.root in self._places:
            root = self._places[post.root]
            above = _Place(() if post.root in self._crowded else root.questions, root.chat)
        tagged = self._hashtag in {fold_tag(tag) for tag in post.hashtags}
        reasons: dict[str, tuple[AskedQuestion, How]] = {}
        for question in above.questions:
            how: How = "reply" if self._asked.get(post.parent) is question else "thread"
            reasons[question.id] = (question, how)
        if quoted := self._asked.get(post.quote):
            reasons.setdefault(quoted.id, (quoted, "quote"))
        label = self._label(post, above.chat) if tagged or above.chat else Label()
        if label.named or (label.numbers and tagged and not reasons):
            named = [self._pick(number, above.chat, post.at) for number in label.numbers]
            reasons = {question.id: reasons.get(question.id, (question, "label")) for question in named}
        ordered = sorted(reasons.values(), key=lambda reason: (reason[0].number, reason[0].id))
        found = tuple(question for question, _ in ordered)
        chat = above.chat or (found[0].chat if found else "")
        return _Place(found, chat, tuple(Attribution(question.id, how) for question, how in ordered))

    def _label(self, post: Candidate, chat: str) -> Label:
        known = {question.number for question in self._questions if chat in ("", question.chat)}
        return label_of(post.text, known, self._languages)

    def _pick(self, number: int, chat: str, at: datetime) -> AskedQuestion:
        """The question of that number: this chat's; outside any thread the one asked last before the post, or first."""
        same = [each for each in self._questions if each.number == number and chat in ("", each.chat)]
        asked = [each for each in same if each.opened_at <= at]
        if asked:
            return max(asked, key=lambda each: (each.opened_at, each.id))
        return min(same, key=lambda each: (each.opened_at, each.id))
