"""What can be seen of somebody's taking part in chats, for the record that this person asked for.

Only what was observed stands here: what somebody learned from it, nobody but they can say. Nobody is compared with
anybody, and nothing is added up to a score.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.chats import Chat, runs_live
from bot.domain.posts import Account
from bot.domain.richtext import links, to_plain
from bot.domain.series import Series
from bot.domain.threads import Node, build, walk
from bot.domain.tracking import leads_to, untracked
from bot.domain.trying import intentions, told_later

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.consent import Wish
    from bot.domain.posts import Post
    from bot.domain.records import Answer, ChatContent

ASKED_WITHIN = timedelta(days=30)
"""For how long a request for a record counts: one request is no leave to make records for ever."""

RECORD_WRITTEN = "record"
"""Under which name of a stream it stands when a record was last written; the account is that person's key."""

TOLD_OF_RECORDS = "record:"
"""How ids of errands begin that tell hosts who asked for a record; they end in the key of that account."""

_MINUTE = timedelta(minutes=1)
_A_STRETCH = 2  # answers that it takes to see from when to when


class OwnAnswer(msgspec.Struct, frozen=True):
    """One answer of the person.

    Attributes:
        key: its node key.
        at: when it was written, UTC.
        text: plain, as the archive shows it; addresses are written out.
        url: where the original stands; empty if unknown.
        questions: numbers of the questions that it answers; empty where it names none.
        language: a BCP 47 tag as its author set it; empty if none.
        warning: its content warning; empty if none.
        pictures: what the attached pictures are said to show; an empty text for one without description.
        followed: how many answers of others stand below it, however deep.
    """

    key: str
    at: datetime
    text: str
    url: str
    questions: tuple[int, ...]
    language: str
    warning: str
    pictures: tuple[str, ...]
    followed: int


class TriedOut(msgspec.Struct, frozen=True):
    """What the person said they would try, ``None`` where that is not shown, and what they told later."""

    said: OwnAnswer | None
    outcomes: tuple[OwnAnswer, ...]


class TakenPart(msgspec.Struct, frozen=True):
    """One chat in which the person answered.

    Attributes:
        chat, series: which.
        answers: all own answers that the archive shows, oldest first; without what was told weeks later.
        minutes: of a live chat, whole minutes from the first to the last own answer between its start and its end, as
            planned; ``None`` where fewer than two answers fell into that time, and for slow chats.
        days: the days on which the person answered, by the chat's own calendar.
        later: how many own answers of a live chat came before its start or after its end.
        below: node keys of others' answers that stand below own ones, however deep.
        links: web addresses shared in own answers, without what only follows their readers, each once.
        tried: what the person said they would try, and told of it, in order of time.
    """

    chat: Chat
    series: Series
    answers: tuple[OwnAnswer, ...]
    minutes: int | None
    days: tuple[date, ...]
    later: int
    below: frozenset[str]
    links: tuple[str, ...]
    tried: tuple[TriedOut, ...] = ()

    @property
    def threads(self) -> int:
        """How many own answers others went on from."""
        return sum(1 for answer in self.answers if answer.followed)


class Record(msgspec.Struct, frozen=True):
    """All that a person's record is made of.

    Attributes:
        whose: the person's accounts; at least one.
        chats: what was seen, oldest first.
        asked_at: when the person asked for it, UTC.
        made_at: when it is made, UTC.
    """

    whose: tuple[Account, ...]
    chats: tuple[TakenPart, ...]
    asked_at: datetime
    made_at: datetime


class Sum(msgspec.Struct, frozen=True):
    """All chats together; an answer that stands in two chats counts once.

    Attributes:
        chats: how many.
        answers: own ones.
        minutes: of live chats; see ``TakenPart.minutes``.
        days: on which slow chats were answered, each day of each chat.
        threads: own answers that others went on from.
        followed: answers of others below own ones.
        links: every address that was shared, each once.
    """

    chats: int
    answers: int
    minutes: int
    days: int
    threads: int
    followed: int
    links: tuple[str, ...]


def asked_for_record(wishes: Iterable[Wish], now: datetime) -> datetime | None:
    """When somebody last asked for a record, if that still counts: not ``ASKED_WITHIN`` ago, and not left since.

    Args:
        wishes: all that this person asked.
        now: UTC.
    """
    asked = tuple(wishes)
    latest = max((wish.at for wish in asked if wish.kind == "record" and wish.at <= now), default=None)
    left = any(wish.kind in ("stopped", "gone") and latest and wish.at >= latest for wish in asked if not wish.series)
    return None if latest is None or left or now - latest > ASKED_WITHIN else latest


def taken_part(content: ChatContent, said: Mapping[str, Post]) -> TakenPart | None:
    """What can be seen of somebody's part in a chat; ``None`` where no answer of theirs is shown.

    Args:
        content: what may be shown of the chat. What is not in it counts for nothing.
        said: the person's own posts by node key, of all their accounts, with their exact times and addresses.
    """
    every = sorted(
        (answer for answer in content.answers if answer.key in said),
        key=lambda answer: (said[answer.key].at, answer.key),
    )
    later = told_later(content)
    own = [answer for answer in every if answer.key not in later]
    if not own:
        return None
    chat, series = content.stored.chat, content.stored.series
    below = _below(content, {answer.key for answer in every})
    for answer in own:
        below[answer.key].difference_update(later)  # whoever told it: it may hang there for want of a parent we keep
    seen = {answer.key: _own(answer, said[answer.key], chat, len(below[answer.key])) for answer in every}
    times = [said[answer.key].at for answer in own]
    in_time = [at for at in times if chat.starts_at <= at <= chat.ends_at]
    live = runs_live(series, chat)
    zone = ZoneInfo(chat.timezone)
    return TakenPart(
        chat=chat,
        series=series,
        answers=tuple(seen[answer.key] for answer in own),
        minutes=(in_time[-1] - in_time[0]) // _MINUTE if live and len(in_time) >= _A_STRETCH else None,
        days=tuple(sorted({at.astimezone(zone).date() for at in times})),
        later=len(times) - len(in_time) if live else 0,
        below=frozenset().union(*(below[answer.key] for answer in own)),
        links=_each_once(uri for answer in own if not answer.post.warning for uri in links(answer.post.text)),
        tried=_tried(content, seen, later),
    )


def _tried(content: ChatContent, own: Mapping[str, OwnAnswer], later: Mapping[str, str]) -> tuple[TriedOut, ...]:
    found = []
    for key in intentions(content, later):
        said = own.get(key)
        outcomes = tuple(one for one in own.values() if later.get(one.key) == key)
        if said or outcomes:
            found.append(TriedOut(said, outcomes))
    return tuple(found)


def all_together(chats: Collection[TakenPart]) -> Sum:
    """Add up what was seen in several chats."""
    answers = {answer.key: answer for one in chats for answer in one.answers}
    went_on = {answer.key for one in chats for answer in one.answers if answer.followed}
    below: frozenset[str] = frozenset().union(*(one.below for one in chats))
    return Sum(
        chats=len(chats),
        answers=len(answers),
        minutes=sum(one.minutes or 0 for one in chats),
        days=sum(len(one.days) for one in chats if not runs_live(one.series, one.chat)),
        threads=len(went_on),
        followed=len(below),
        links=_each_once(uri for one in chats for uri in one.links),
    )


def spoken_in(chats: Iterable[TakenPart]) -> str:
    """The language (BCP 47) of most of these chats' series, of two as frequent the earlier; empty where none is set."""
    said = Counter(one.series.languages[0] for one in chats if one.series.languages)
    return next((language for language, _ in said.most_common(1)), "")


def _below(content: ChatContent, own: Collection[str]) -> dict[str, set[str]]:
    """For each own answer the node keys of others' shown answers below it; removed ones only hold threads together."""
    shown = {answer.key for answer in content.answers}
    nodes = [Node(answer.key, answer.parent, answer.post.at, answer.root) for answer in content.answers]
    nodes += [Node(stone.key, stone.parent, stone.at, stone.root) for stone in content.tombstones]
    found: dict[str, set[str]] = {key: set() for key in own}
    above: list[tuple[int, str]] = []
    for depth, node in walk(build(nodes)):
        while above and above[-1][0] >= depth:
            above.pop()
        if node.key in found:
            above.append((depth, node.key))
        elif node.key in shown:
            for _, key in above:
                found[key].add(node.key)
    return found


def _own(answer: Answer, post: Post, chat: Chat, followed: int) -> OwnAnswer:
    numbers = {f"{chat.id}/q{number}": number for number in range(1, len(chat.questions) + 1)}
    return OwnAnswer(
        key=answer.key,
        at=post.at,
        text=to_plain(answer.post.text),
        url=post.ref.url,
        questions=tuple(sorted({numbers[placed.question] for placed in answer.placed if placed.question in numbers})),
        language=post.languages[0] if post.languages else "",
        warning=post.warning,
        pictures=tuple(media.alt for media in post.media if media.kind == "image"),
        followed=followed,
    )


def _each_once(uris: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for uri in uris:
        found.setdefault(leads_to(uri), untracked(uri))
    return tuple(found.values())
