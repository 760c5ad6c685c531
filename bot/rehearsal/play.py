"""The play: a chat's prompts and its teachers' acts take turns on a stepped clock until all is said and collected.

Two weeks later, if that is wanted, it goes on: who said what they will try is asked what came of it.
"""

from __future__ import annotations

import random
from collections import deque
from datetime import timedelta
from string import ascii_uppercase
from typing import TYPE_CHECKING

import msgspec

from bot.domain.followups import TAG
from bot.domain.outbox import DELIVERY_MOVES
from bot.domain.posts import Account, Signals
from bot.domain.prompts import prompts
from bot.domain.richtext import detect
from bot.domain.sweeps import sweep_interval
from bot.domain.trying import told_later
from bot.errors import UserError
from bot.rehearsal.afterwards import weeks_later
from bot.rehearsal.script import MY_RECORD, Act, Cast, Stage, write_script
from bot.services.door import person_keys
from bot.services.record import gather
from bot.tick import House, publish_site, tick

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.clock import SteppedClock
    from bot.domain.outbox import Delivery
    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.records import StoredChat
    from bot.networks.sandbox import SandboxServer


SECOND = timedelta(seconds=1)


class Rehearsed(msgspec.Struct, frozen=True):
    """What came of a rehearsal.

    Attributes:
        chats: how many chats were played.
        prompts_sent: prompts that went out on every network they were planned for.
        answers_posted: answers that the made-up teachers gave and let stand.
        answers_collected: of those, how many the bot found (kept, or left out because a rule of consent says so).
        answers_shown: of those, how many stand on the pages.
        asked_later: who were asked weeks later what came of what they try.
        outcomes: what they told, and stands on the pages.
        wants_record: the account of somebody who asked for a record and may get one; ``None`` if nobody.
        troubles: what went wrong, in words.
    """

    chats: int
    prompts_sent: int
    answers_posted: int
    answers_collected: int
    answers_shown: int
    asked_later: int = 0
    outcomes: int = 0
    wants_record: Account | None = None
    troubles: tuple[str, ...] = ()


def rehearse(
    house: House,
    clock: SteppedClock,
    servers: Mapping[NetworkName, SandboxServer],
    cast: Cast,
    *,
    chat: str,
    answers: int,
    seed: int,
    progress: Callable[[float], None] = lambda _share: None,
    pages: SteppedClock | None = None,
) -> Rehearsed:
    """Play one chat of the house's series, from its first announcement to its digest, and what comes of it.

    Args:
        house: wired to sandbox networks and to ``clock``; its store holds nothing real.
        clock: moved on as the play goes; must stand before the first prompt.
        servers: the networks in memory, by name.
        cast: who plays.
        chat: id of the chat to play.
        answers: how many answers the teachers give.
        seed: the same seed gives the same play.
        progress: told the share that is done, 0 to 1.
        pages: the clock of the house's pages, if it is another one. It is moved on to the end of the evening; then,
            weeks later, people are asked what came of what they try. So pages tell that, and next week's chat is still
            to come on them. Without it there is no later.
    """
    troubles = list(tick(house, publish=pages is None).troubles)
    stored = house.store.chat(chat)
    if stored is None:
        message = f"{chat} cannot be rehearsed: no series plans it, or it was cancelled"
        raise UserError(message)
    play = _Play(house, clock, servers, stored, _script(stored, servers, cast, answers, seed), cast)
    troubles += play.run(progress)
    if pages is None:
        troubles += tick(house, everything=True).troubles
    else:
        pages.move_to(clock.now())
        troubles += tick(house, everything=True, publish=False).troubles
        troubles += weeks_later(house, clock, servers, cast=cast, stored=stored, trying=play.trying())
        troubles += publish_site(house).troubles
    return Rehearsed(
        chats=1,
        prompts_sent=_prompts_sent(house, stored),
        answers_posted=len(play.standing()),
        answers_collected=play.collected(),
        answers_shown=play.shown(),
        asked_later=sum(one.kind == "follow-up" and not one.position for one in house.store.sent_posts(chat)),
        outcomes=len(told_later(house.store.content(chat))),
        wants_record=play.wants_record(),
        troubles=tuple(dict.fromkeys(troubles)),
    )


def _script(
    stored: StoredChat, servers: Mapping[NetworkName, SandboxServer], cast: Cast, answers: int, seed: int
) -> tuple[Act, ...]:
    questions = tuple(one for one in prompts(stored.series, stored.chat) if one.kind == "question")
    stage = Stage(cast, stored.chat, questions, tuple(servers))
    return write_script(random.Random(f"{seed}/{stored.chat.id}"), stage, answers)  # noqa: S311 - a play, no secret


def _prompts_sent(house: House, stored: StoredChat) -> int:
    """Prompts of a chat of which every delivery is out."""
    states: dict[str, set[str]] = {}
    for delivery in _of_the_evening(house, stored):
        states.setdefault(delivery.prompt, set()).add(delivery.state)
    return sum(found == {"sent"} for found in states.values())


def _of_the_evening(house: House, stored: StoredChat) -> list[Delivery]:
    """A chat's deliveries without what is asked weeks later."""
    said = {prompt.id for prompt in prompts(stored.series, stored.chat)}
    return [delivery for delivery in house.store.deliveries(stored.chat.id) if delivery.prompt in said]


class _Play:
    """One chat being played."""

    def __init__(  # noqa: PLR0917 - built in one place only
        self,
        house: House,
        clock: SteppedClock,
        servers: Mapping[NetworkName, SandboxServer],
        stored: StoredChat,
        acts: Sequence[Act],
        cast: Cast,
    ) -> None:
        self._house, self._clock, self._servers, self._stored = house, clock, servers, stored
        self._acts, self._cast = acts, cast
        self._made: dict[int, PostRef] = {}
        self._gone: set[int] = set()
        self._asked: dict[tuple[int, NetworkName], PostRef] = {}

    def run(self, progress: Callable[[float], None]) -> list[str]:
        """Let bot and teachers take turns until the digest is out and the last act is collected; gives troubles."""
        troubles: list[str] = []
        waiting = deque(range(len(self._acts)))
        while moment := self._next_moment(waiting):
            while waiting and self._acts[waiting[0]].at <= moment:
                self._clock.move_to(self._acts[waiting[0]].at)
                self._act(waiting.popleft())
            self._clock.move_to(moment)
            troubles += tick(self._house, publish=False, rhythm="told").troubles  # as with a stream that works
            self._note_questions()
            progress(1 - len(waiting) / max(1, len(self._acts)))
        return troubles

    def _next_moment(self, waiting: Sequence[int]) -> datetime | None:
        """When the bot next has something to do: say, read, or write the digest; ``None`` when the play is over."""
        chat, now = self._stored.chat, self._clock.now()
        over = chat.ends_at + self._stored.series.grace
        held = self._house.store.held_digest(chat.id)
        moments = [when for when in (chat.ends_at, over, held.until if held else over) if when > now]
        open_states = [state for state, moves in DELIVERY_MOVES.items() if "sent" in moves or "frozen" in moves]
        moments += [
            max(now + SECOND, delivery.retry_at or delivery.at)
            for delivery in _of_the_evening(self._house, self._stored)
            if delivery.state in open_states
        ]
        if waiting:
            moments.append(max(now, self._acts[waiting[0]].at) + sweep_interval(chat, now))
        return min(moments, default=None)

    def _note_questions(self) -> None:
        for sent in self._house.store.sent_posts(self._stored.chat.id):
            if sent.kind == "question":
                self._asked.setdefault((sent.number, sent.ref.network), sent.ref)

    # -- the teachers ----------------------------------------------------------------------------------------
    def _act(self, index: int) -> None:
        act = self._acts[index]
        server = self._servers[act.network]
        if act.kind == "delete":
            server.delete(self._made[act.target].id)
            self._gone.add(act.target)
        elif act.kind == "edit":
            server.edit(self._made[act.target].id, detect(self._text(self._acts[act.target], act.saying.text)))
        elif act.kind == "vote" and self._votes(act, server):
            return
        else:
            self._made[index] = self._write(act, server)

    def _votes(self, act: Act, server: SandboxServer) -> bool:
        """Choose in the question's poll; false where it has none, and a letter says it."""
        asked = self._asked.get((act.question, act.network))
        if asked is None or not server.has_poll(asked.id):
            return False
        server.vote(self._account(act).id, asked.id, ascii_uppercase.index(act.saying.text))
        return True

    def _write(self, act: Act, server: SandboxServer) -> PostRef:
        account = self._account(act)
        asked = self._asked.get((act.question, act.network))
        parent = quote = ""
        if act.kind == "quote" and asked:
            quote = asked.id
        elif act.kind == "elsewhere":
            parent = self._other_thread(act)
        elif act.kind not in ("label", "spam"):
            above = self._made.get(act.target)
            parent = above.id if above else asked.id if asked else ""
        post = server.write(
            account.id,
            detect(self._text(act, act.saying.text)),
            parent=parent,
            quote=quote,
            languages=(act.saying.language,),
        )
        return post.ref

    def _account(self, act: Act) -> Account:
        name = self._cast.teachers[act.teacher].name
        signals = Signals(indexable=True, discoverable=True)
        return self._servers[act.network].create_account(f"teacher{act.teacher}", name, signals)

    def _text(self, act: Act, words: str) -> str:
        """What a teacher types: the words, with label and hashtag where the way of answering wants them."""
        tag, label = f"#{self._stored.series.hashtag}", f"A{act.question}"
        typed = {
            "label": f"{label} {words} {tag}",
            "elsewhere": f"{label} {words}",
            "spam": f"{words} {tag}",
            "try": f"{words} #{TAG}",
        }
        return typed.get(act.kind, words)

    def _other_thread(self, act: Act) -> str:
        """A question's post under which this answer does not belong, so that only its label tells where it does."""
        others = [
            ref for (number, network), ref in self._asked.items() if network == act.network and number != act.question
        ]
        own = self._asked.get((act.question, act.network))
        return others[0].id if others else own.id if own else ""

    # -- what came of it -------------------------------------------------------------------------------------
    def standing(self) -> list[PostRef]:
        """Answers that were given and still stand."""
        return [ref for index, ref in self._made.items() if self._acts[index].counts and index not in self._gone]

    def trying(self) -> dict[str, int]:
        """The answers that say what somebody will try, by node key, each with its teacher."""
        return {
            self._house.store.key(ref.network, ref.id): self._acts[index].teacher
            for index, ref in self._made.items()
            if self._acts[index].kind == "try"
        }

    def wants_record(self) -> Account | None:
        """Who asked for a record, if answers of theirs are kept by consent."""
        asking = (self._account(act) for act in self._acts if act.saying.text == MY_RECORD)
        return next((one for one in asking if self._may_have_record(one)), None)

    def _may_have_record(self, account: Account) -> bool:
        store = self._house.store
        return bool(gather(store, person_keys(store, account)[:1]))

    def collected(self) -> int:
        """How many of the standing answers the store knows, with words or as a bare node."""
        known = self._house.store.edges(self._stored.chat.id)
        return sum(self._house.store.key(ref.network, ref.id) in known for ref in self.standing())

    def shown(self) -> int:
        """How many of the standing answers may be shown."""
        shown = {answer.key for answer in self._house.store.content(self._stored.chat.id).answers}
        return sum(self._house.store.key(ref.network, ref.id) in shown for ref in self.standing())
