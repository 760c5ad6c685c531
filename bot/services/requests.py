"""What people ask of us in a post, carried out: one like says that it was understood; words only where it was not.

The text of such a post is never stored. A request is met again with every sweep, and carried out once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from bot.domain.consent import Wish, WishKind, standing_wish
from bot.domain.errands import Errand
from bot.domain.mentions import mentions
from bot.domain.richtext import fold_tag, hashtags
from bot.errors import UserError
from bot.services.badgerequests import end_badges
from bot.services.door import Request, person_keys
from bot.services.following import forget, remind
from bot.services.hosting import Said, approve, stop
from bot.services.hosts import host_of
from bot.services.linked import say_alone, say_of_another
from bot.services.recordrequests import messages
from bot.services.signups import sign_up
from bot.services.wishes import block, remember, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.commands import Asked
    from bot.domain.posts import Account, NetworkName, Post
    from bot.ports import Store
    from bot.ports.phrases import Phrase

ANSWERED_WITHIN = timedelta(days=3)
"""Nobody is answered later than this: it would come out of nowhere."""

EVERYWHERE: Mapping[Asked, WishKind] = {
    "remove-me": "stopped",
    "stop": "stopped",
    "initials": "initials",
    "no-name": "nameless",
    "full-name": "named",
    "list": "listed",
    "unlist": "unlisted",
    "research": "research",
    "no-research": "noresearch",
    "record": "record",
}
"""Wishes that hold for every series here."""

Answer = Literal["stop", "which_series", "which_answer", "not_yours", "too_late", "waiting", "unclear"]
"""The few things that we say ourselves, each a phrase ``request.…``."""


def attend(
    store: Store, requests: Sequence[Request], accounts: Mapping[str, NetworkName], now: datetime, phrase: Phrase
) -> int:
    """Carry out what was asked, oldest first; all but likes and answers takes effect before this returns.

    Likes and answers are queued last: who is liked can rely on it. If it is stopped in between, the same requests, met
    again, bring it to its end; so a stream's cursor may only be saved after this. For a sweep, call it after the chat
    is noted as swept, because it may ask for another.

    Nobody is answered twice on a day about the same, and an account marked as a bot never: two must not talk for ever.

    Args:
        store: the truth, in which the batch that the requests came with is stored already.
        requests: from ``Door.requests``, or posts that were only addressed to us.
        accounts: keys of our accounts that can be used now.
        now: UTC.
        phrase: says ``request.…`` in a language.

    Returns:
        How many changed something; one that was carried out before does not.
    """
    desk = _Desk(store, accounts, now, phrase)
    changed = sum(desk.attend(request) for request in sorted(requests, key=lambda one: (said_at(one.post), one.key)))
    desk.ask()
    if desk.errands:
        store.queue(desk.errands)
    return changed


def attend_blocks(store: Store, posts: Iterable[Post], now: datetime) -> int:
    """Let everybody leave who wrote one of these posts and blocks our account; gives for how many that was new."""
    blocking = {post.author.id: post.author for post in posts if post.author.signals.blocks_us}
    return sum(block(store, account, now) > 0 for account in blocking.values())


def said_at(post: Post) -> datetime:
    """When a post said what it says now: an edit into a command counts from the edit."""
    return max(post.at, post.edited_at) if post.edited_at else post.at


@dataclass(frozen=True, slots=True)
class _Desk:
    store: Store
    accounts: Mapping[str, NetworkName]
    now: datetime
    phrase: Phrase
    errands: list[Errand] = field(default_factory=list)
    paused: list[tuple[Request, str]] = field(default_factory=list)

    def attend(self, request: Request) -> bool:
        """Carry out one request; gives whether anything changed."""
        if self._said_to_another(request):
            return False
        if request.asked == "unclear":
            self._answer(request, "unclear")
            return False
        if request.asked == "stop" and request.in_thread:
            return self._pause(request)
        return self._carry_out(request)

    def _carry_out(self, request: Request) -> bool:
        acts: Mapping[Asked, Callable[[Request], bool]] = {
            "remove-this": self._remove,
            "keep": self._join,
            "join": self._join,
            "approve-digest": self._decide,
            "stop-digest": self._decide,
            "remind": self._later,
            "forget": self._later,
            "coming": self._come,
            "not-coming": self._come,
            "also": self._link,
            "not-also": self._link,
            "alone": self._link,
            "end-badges": self._end_badges,
        }
        if request.asked in acts:
            return acts[request.asked](request)
        changed = self._wish(request, EVERYWHERE[request.asked], "")
        self._like(request)
        if request.asked == "record":
            self.errands.extend(messages(self.store, request, self.accounts, self.now, self.phrase))
        return changed

    def _later(self, request: Request) -> bool:
        """Ask its author later what came of an answer, or never; where no answer is meant, nothing is said."""
        said = said_at(request.post)
        if request.asked == "remind":
            understood, changed = remind(self.store, request, said, self.accounts, self.now)
        else:
            understood, changed = forget(self.store, request, said)
        if understood:
            self._like(request)
        return changed

    def _end_badges(self, request: Request) -> bool:
        """Let no badge of its author be good any more; who has none is understood as well."""
        changed = end_badges(self.store, request, said_at(request.post))
        self._like(request)
        return changed

    def _come(self, request: Request) -> bool:
        """Put its author on the list of an event, or off; who has to wait for a seat is told so."""
        done = sign_up(self.store, request, said_at(request.post), self.now)
        if done.understood:
            self._like(request)
        if done.waits:
            self._answer(request, "waiting")
        return done.changed

    def _link(self, request: Request) -> bool:
        """Let its author be one person with another account, or not any more; said to somebody else it is nothing."""
        if request.chat and request.parent and not self._ours(request):
            return False
        said = said_at(request.post)
        if request.asked == "alone":
            understood, changed = True, say_alone(self.store, request, said, self.now)
        else:
            errand, understood, changed = say_of_another(self.store, request, said, self.accounts, self.now)
            self.errands.extend([errand] if errand else ())
        if understood:
            self._like(request)
        else:
            self._answer(request, "unclear")
        return changed

    def _decide(self, request: Request) -> bool:
        """Let a host approve or stop the digest that they were asked about; of anybody else it is nothing."""
        stored = self.store.chat(request.chat)
        by = host_of(stored, request.post.author, self.accounts) if stored else ""
        if stored is None or not by:
            return False
        kind, act = ("approved", approve) if request.asked == "approve-digest" else ("stopped", stop)
        at = said_at(request.post)
        known = self.store.host_said(stored.chat.id)
        changed = not any((one.by, one.kind, one.at) == (by, kind, at) for one in known)
        try:
            if changed:
                act(self.store, stored, Said(by, "", at))
        except UserError:  # it is out, or none is held
            self._answer(request, "too_late")
            return False
        self._like(request)
        return changed

    def _said_to_another(self, request: Request) -> bool:
        """Whether a bare JOIN or STOP, found under a hashtag, answers somebody else and not us."""
        bare = request.asked in ("join", "stop") and not request.in_thread
        if not bare or not request.chat or not request.parent:
            return False
        # With a mention in it, it was read as a command only because that one is ours.
        return not mentions(request.post.text) and not self._ours(request)

    def _ours(self, request: Request) -> bool:
        """Whether it replies to a post of ours."""
        return request.parent in {sent.key for sent in self.store.sent_posts(request.chat)}

    def _wish(self, request: Request, kind: WishKind, series: str) -> bool:
        author = request.post.author
        wish = Wish(kind, series, said_at(request.post))
        return remember(self.store, author, person_keys(self.store, author), wish, request.asked, self.now) > 0

    def _join(self, request: Request) -> bool:
        series = self._series(request)
        if series is None:
            self._answer(request, "which_series")
            return False
        changed = self._wish(request, "joined", series)
        if changed:
            self.store.sweep_again(series)  # what was left out until now may come in
        self._like(request)
        return changed

    def _series(self, request: Request) -> str | None:
        """The series a request is about: its chat's, the only one of our account, or the one whose hashtag it has."""
        stored = self.store.chat(request.chat) if request.chat else None
        if stored:
            return stored.series.slug
        known = {stored.series.slug: stored.series for stored in self.store.chats()}
        here = {slug: series for slug, series in known.items() if request.account in series.accounts}
        if len(here) == 1:
            return next(iter(here))
        tags = hashtags(request.post.text)
        tagged = [slug for slug, series in here.items() if fold_tag(series.hashtag) in tags]
        return tagged[0] if len(tagged) == 1 else None

    def _pause(self, request: Request) -> bool:
        """A STOP that may be an answer: hold back what its author said in this series, and ask."""
        series = self._series(request)
        if series is None:
            return False
        self.paused.append((request, series))
        return self._wish(request, "paused", series)

    def ask(self) -> None:
        """Ask those who paused what they meant, unless they have said it since."""
        for request, series in self.paused:
            if self._standing(request.post.author, series) == "paused":
                self._answer(request, "stop")

    def _standing(self, author: Account, series: str) -> str | None:
        known = self.store.wishes(person_keys(self.store, author))
        return standing_wish([wish for wishes in known.values() for wish in wishes], series)

    def _remove(self, request: Request) -> bool:
        """Take out the answer it replies to, or, where it replies to us, its author's own."""
        author = person_keys(self.store, request.post.author)[0]
        if request.chat and self._ours(request):
            key = self._own_answer(request, author)
        else:
            key = request.parent
            writer = self.store.author_of(key) if key else ""
            if writer and writer != author:
                self._answer(request, "not_yours")
                return False
            if not writer and not self._is_removed(key):
                # In a chat it may be met before the answer itself, or that one is not kept at all.
                if not request.chat:
                    self._answer(request, "which_answer")
                return False
        self._like(request)
        return bool(key) and remove(self.store, [key], self.now, words=_number(request)) > 0

    def _is_removed(self, key: str) -> bool:
        ruling = self.store.rulings([key]).get(key) if key else None
        return ruling is not None and ruling.kind == "removed"

    def _own_answer(self, request: Request, author: str) -> str:
        """Node key of the answer that a REMOVE THIS to a post of ours means; empty where there is none.

        That is its author's latest one before it, to that very post if there is one. The choice is made once: met
        again, the same request finds the ruling that bears its number, and not the answer before.
        """
        number = _number(request)
        edges = self.store.edges(request.chat)
        rulings = self.store.rulings(edges.keys())
        for key, ruling in rulings.items():
            if ruling.kind == "removed" and ruling.words == number:
                return key
        person = self.store.person(author)
        before = {
            self.store.key(post.ref.network, post.ref.id): post.at
            for chat, post in (person.posts if person else ())
            if chat == request.chat and post.at <= said_at(request.post)
        }
        return max(before, key=lambda key: (edges.get(key) == request.parent, before[key], key), default="")

    def _like(self, request: Request) -> None:
        if request.account in self.accounts:
            self.errands.append(Errand(f"like:{request.key}", request.account, "like", self.now, request.post.ref))

    def _answer(self, request: Request, what: Answer) -> None:
        author, said = request.post.author, said_at(request.post)
        if author.signals.bot or request.account not in self.accounts or said < self.now - ANSWERED_WITHIN:
            return
        person = person_keys(self.store, author)[0]
        self.errands.append(
            Errand(
                id=f"answer:{what}:{said.date()}:{person}",
                account=request.account,
                kind="answer",
                at=self.now,
                ref=request.post.ref,
                to=author.handle,
                text=self.phrase(f"request.{what}", self._language(request)),
            )
        )

    def _language(self, request: Request) -> str:
        """The language its author wrote in, if the series speaks it; else the first of the series."""
        wrote = request.post.languages[:1]
        stored = self.store.chat(request.chat) if request.chat else None
        if stored is None or not stored.series.languages:
            return (*wrote, "en")[0]
        spoken = {_primary(tag) for tag in stored.series.languages}
        return next((tag for tag in wrote if _primary(tag) in spoken), stored.series.languages[0])


def _primary(tag: str) -> str:
    return tag.partition("-")[0].casefold()


def _number(request: Request) -> int:
    """A number that names a request: 60 bits of its node key."""
    return int(request.key[:15], 16)
