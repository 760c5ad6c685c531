"""Asking what came in: notifications and hashtags, upwards from the newest id we know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from operator import setitem
from typing import TYPE_CHECKING

import msgspec

from bot.domain.plainwords import decoding_words
from bot.domain.posts import Post
from bot.errors import NetworkError, Refused, Unauthorized
from bot.networks.mastodon import convert
from bot.networks.mastodon.http import UNREADABLE, failure, readable
from bot.networks.mastodon.incoming import readable_posts
from bot.networks.mastodon.wire import WireNotification, WirePost, id_in
from bot.ports import Heard, Spoiled

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.networks.mastodon.http import Param
    from bot.networks.mastodon.incoming import Incoming
    from bot.networks.mastodon.server import Server

PAGE = 40
MOST_PAGES = 10  # of each list in one go; the cursor knows where to go on
NOTHING_YET = "0"
"""An id older than all others: a list was empty when we first looked, so whatever is in it later is new."""

DOUBTED_EVERY = 20
"""A list that has nothing newer is looked at whole after the first and then after so many such answers."""

_NO_LIST = frozenset({400, 403, 404, 405, 410, 422})
_WALLED = 403


class Mark(msgspec.Struct, omit_defaults=True):
    """How far we heard: the newest notification's id and the newest post's id under each hashtag (folded).

    As a cursor it is JSON; a cursor of old is the notification's id alone.
    """

    notification: str = ""
    tags: dict[str, str] = {}

    @classmethod
    def read(cls, cursor: str) -> Mark:
        """A cursor's mark; one that cannot be read stands for nothing heard yet."""
        if not cursor.startswith("{"):
            return cls(cursor)
        try:
            return msgspec.json.decode(cursor, type=cls)
        except UNREADABLE:
            return cls()

    def cursor(self) -> str:
        """The mark as text; empty before anything was heard."""
        if not self.notification and not self.tags:
            return ""
        ordered = Mark(self.notification, dict(sorted(self.tags.items())))
        return msgspec.json.encode(ordered).decode()

    def copy(self) -> Mark:
        """Another one with the same ids."""
        return Mark(self.notification, dict(self.tags))

    def heard_notification(self, local: str) -> None:
        """Move on to a notification, never back."""
        self.notification = max(self.notification, local, key=age)

    def heard_post(self, tag: str, local: str) -> None:
        """Move on to a post under a hashtag, never back."""
        self.tags[tag] = max(self.tags.get(tag, ""), local, key=age)


class Round(msgspec.Struct):
    """What one go gave.

    Attributes:
        posts: of others.
        mark: where to go on.
        spoiled: what could not be understood.
        missed: the first look at a list did not reach its beginning.
        more: there is more to be had at once.
        trouble: why it stopped on the way; what came before is good.
    """

    posts: list[Post]
    mark: Mark
    spoiled: list[Spoiled] = []
    missed: bool = False
    more: bool = False
    trouble: NetworkError | None = None

    def heard(self) -> Heard:
        """The same for the port."""
        return Heard(tuple(self.posts), self.mark.cursor(), spoiled=tuple(self.spoiled), missed=self.missed)


class _Page(msgspec.Struct):
    """A page of a list: the posts in it that can be understood, all ids, those set aside, and how long it was."""

    posts: list[WirePost]
    ids: list[str]
    spoiled: list[Spoiled]
    full: bool


class _List(msgspec.Struct, frozen=True):
    """What is asked: its name, the newest id we know, how to ask for what is newer, how to remember how far we came."""

    name: str
    known: str
    ask: Callable[[str], _Page]
    move: Callable[[str], None]


class Listener:
    """Asks as our account.

    Args:
        server: where.
        incoming: converts what came.
    """

    def __init__(self, server: Server, incoming: Incoming) -> None:
        self._server = server
        self._api = server.api
        self._incoming = incoming
        self._kinds: tuple[str, ...] = ("mention", "quote")
        self._quiet: Counter[str] = Counter()

    def listen(self, cursor: str, hashtags: Collection[str]) -> Heard:
        """See ``ports.Network.listen``.

        A reply that does not mention us gives no notification, a policy may filter some, and a post that reaches the
        server late may stand below ones we know: sweeps are what is true.
        """
        heard = self.hear(Mark.read(cursor), hashtags)
        if heard.trouble is not None and not heard.posts and not heard.spoiled:
            raise heard.trouble
        return heard.heard()

    def hear(self, mark: Mark, hashtags: Collection[str], *, notifications: bool = True) -> Round:
        """One go at notifications and each hashtag. Where something goes wrong, what came before it is given.

        Args:
            mark: how far we heard; left as it is.
            hashtags: folded; the round's mark knows no others.
            notifications: ask for these as well.
        """
        heard = Round([], Mark(mark.notification, {tag: mark.tags[tag] for tag in hashtags if tag in mark.tags}))
        wires: dict[str, WirePost] = {}
        reached = heard.mark.copy()
        try:
            if notifications:
                move = partial(setattr, reached, "notification")
                self._up(heard, wires, _List("", reached.notification, self._notifications, move))
            for tag in sorted(hashtags):
                move = partial(setitem, reached.tags, tag)
                self._up(heard, wires, _List(tag, reached.tags.get(tag, ""), self._under(tag), move))
        except Unauthorized:
            raise
        except NetworkError as trouble:
            heard.trouble = trouble
        heard.posts = self._incoming.others(wires.values())
        heard.mark = reached
        return heard

    def _up(self, heard: Round, wires: dict[str, WirePost], at: _List) -> None:
        """Pages upwards from an id that is known, or the newest one where none is.

        https://docs.joinmastodon.org/api/guidelines/#pagination: ``since_id`` would skip what lies between.
        """
        known = at.known
        for turn in range(MOST_PAGES):
            page = at.ask(known)
            if known and not page.ids and (below := self._below(at, known)) is not None:
                known, page = "", below
            wires |= {wire.id: wire for wire in reversed(page.posts)}
            heard.spoiled += page.spoiled
            newest = max((known, *page.ids), key=age)
            at.move(newest or NOTHING_YET)
            if not known:
                heard.missed |= page.full
                return
            if not page.full or newest == known:
                return
            heard.more |= turn == MOST_PAGES - 1
            known = newest

    def _below(self, at: _List, known: str) -> _Page | None:
        """A list's newest page, if all in it is older than an id above which nothing is.

        Then that id came from a server's mistake, or from a post that is gone: what has it for a mark would never hear
        anything again. Looked at now and then only, as it costs a request.
        """
        self._quiet[at.name] += 1
        if self._quiet[at.name] % DOUBTED_EVERY != 1:
            return None
        page = at.ask("")
        return page if page.ids and max(map(age, page.ids)) < age(known) else None

    def _notifications(self, known: str) -> _Page:
        """https://docs.joinmastodon.org/methods/notifications/#get."""
        params: list[Param] = [("limit", str(PAGE)), *(("types[]", kind) for kind in self._kinds)]
        if known:
            params.append(("min_id", known))
        try:
            reply = self._api.get("/api/v1/notifications", params)
        except Refused:
            if len(self._kinds) == 1:
                raise
            self._kinds = ("mention",)  # a server that does not know quotes
            return self._notifications(known)
        raws = readable(reply.body, lambda body: msgspec.json.decode(body, type=list[msgspec.Raw]), self._api.host)
        page = _Page([], [id_in(bytes(raw)) for raw in raws], [], len(raws) >= PAGE)
        for raw in raws:
            try:
                post = post_of(notification_in(bytes(raw)))
            except UNREADABLE as error:
                page.spoiled.append(Spoiled(f"notification {id_in(bytes(raw))}".rstrip(), decoding_words(error)))
                continue
            page.posts += [post] if post is not None else []
        return page

    def _under(self, tag: str) -> Callable[[str], _Page]:
        """How to ask for a hashtag's posts. https://docs.joinmastodon.org/methods/timelines/#tag."""
        path = f"/api/v1/timelines/tag/{convert.path_piece(tag)}"

        def ask(known: str) -> _Page:
            newer: list[Param] = [("min_id", known)] if known else []
            reply = self._api.get(path, [("limit", str(PAGE)), *newer], also=_NO_LIST)
            if not reply.ok:
                if reply.status == _WALLED and reply.words is None:  # no list is one thing, a wall another
                    raise failure(reply, f"{self._api.host}{path}", read=True)
                return _Page([], [], [], full=False)
            raws = readable(reply.body, lambda body: msgspec.json.decode(body, type=list[msgspec.Raw]), self._api.host)
            posts, odd = readable_posts(raws)
            spoiled = [Spoiled(f"post {local}".rstrip(), f"under #{tag}: not a post") for local in odd]
            return _Page(posts, [*(post.id for post in posts), *odd], spoiled, len(raws) >= PAGE)

        return ask


def notification_in(body: bytes) -> WireNotification:
    """A notification. Raises one of ``http.UNREADABLE``."""
    return msgspec.json.decode(body, type=WireNotification)


def post_of(notification: WireNotification) -> WirePost | None:
    """The post it is about, if any. Raises one of ``http.UNREADABLE``."""
    return msgspec.json.decode(bytes(notification.status), type=WirePost | None)


def age(local: str) -> tuple[int, str]:
    """Ids in the order they were given: numbers, or on some servers words of equal length."""
    return (len(local), local)
