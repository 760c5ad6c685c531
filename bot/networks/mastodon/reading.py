"""Reading what people said: threads to their last reply, hashtags, quotes, single posts, notifications."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from bot.errors import NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.mastodon import convert
from bot.networks.mastodon.blocks import Blocks
from bot.networks.mastodon.http import failure, readable
from bot.networks.mastodon.wire import WireContext, WireNotification, WirePost, one_post, post_in, posts_in
from bot.ports import Heard, LookUp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from bot.domain.posts import Post, PostRef
    from bot.networks.mastodon.http import Param, Reply
    from bot.networks.mastodon.server import Server

BATCH = 200  # posts converted and handed on at once
MOST_PAGES = 250  # of 40 posts each
PAGE = 40
MOST_ASKED = 40  # more contexts than the root's, in one sweep
MOST_ASKED_CUT = 400  # the same, where the root's was cut off
CUT = 4_000  # a context this long may have been cut: the limit is 4,096 with a token
ASK_AGAIN = 15 * 60.0  # seconds; a server fetches a remote post's replies no more often than this
MOST_REMEMBERED = 10_000
FETCHES_REPLIES = (4, 5)  # since this version asking for a remote post's context fetches its replies
LISTS_POSTS = (4, 3)  # since this version several posts can be had by their ids at once
LONGEST_REFRESH = 3.0  # seconds we wait for such a fetch
MOST_REFRESHED = 10
MOST_IDS = 20  # in one look-up
MOST_HEARD = 10  # pages in one go; the cursor knows where to go on

_NO_LIST = frozenset({400, 403, 404, 405, 410, 422})
_HIDDEN = frozenset({401, 403})
_WALLED = 403
_GONE = frozenset({404, 410})
_REFRESH = re.compile(r"\bretry=(\d+)")


class Reader:
    """Reads as our account. https://docs.joinmastodon.org/methods/statuses/ and its neighbours.

    Args:
        server: where.
        pause: waits so many seconds.
    """

    def __init__(self, server: Server, pause: Callable[[float], None] = time.sleep) -> None:
        self._server = server
        self._api = server.api
        self._pause = pause
        self._blocks = Blocks(server)
        self._asked: dict[str, tuple[int, float]] = {}  # contexts asked for: replies missing then, and when
        self._has_batches = True
        self._kinds: tuple[str, ...] = ("mention", "quote")

    # -- threads ---------------------------------------------------------------------------------------------
    def sweep(self, root: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.sweep``. https://docs.joinmastodon.org/methods/statuses/#context.

        A context holds 4,096 posts, depth first, and only what reached the server. So posts that say they have more
        replies than came are asked for theirs, and so are those from elsewhere, which makes the server fetch them. What
        comes after the first 4,096 in order below the root itself is not told here: hashtag and notifications are.
        """
        start = self._server.must_be_local(root)
        seen: dict[str, WirePost] = {}
        reply, fresh = self._context(start, start, seen)
        if not reply.ok:
            said = failure(reply, f"the thread of {root.id}", read=True)
            raise said if reply.words is not None else Unavailable(str(said))
        yield from self._batches(fresh, root.id)
        left = MOST_ASKED_CUT if len(fresh) >= CUT else MOST_ASKED
        refreshing: dict[str, float] = {}
        while left > 0:
            wanted = self._worth_asking(seen)[:left]
            if not wanted:
                break
            left -= len(wanted)
            for local, missing in wanted:
                reply, fresh = self._context(local, start, seen)
                self._remember(local, missing - sum(post.in_reply_to_id == local for post in fresh))
                if retry := _refreshes(reply):
                    refreshing[local] = retry
                yield from self._batches(fresh, root.id)
        if refreshing:
            self._pause(min(max(refreshing.values()), LONGEST_REFRESH))
        for local in list(refreshing)[:MOST_REFRESHED]:
            _, fresh = self._context(local, start, seen)
            yield from self._batches(fresh, root.id)

    def _context(self, local: str, root: str, seen: dict[str, WirePost]) -> tuple[Reply, list[WirePost]]:
        """One answer, and the posts in it that are new to us; none where the post is gone by now."""
        reply = self._api.get(f"/api/v1/statuses/{convert.path_piece(local)}/context", also=_NO_LIST)
        if not reply.ok:
            return reply, []
        raws = self._api.decode(reply, WireContext).descendants
        fresh: list[WirePost] = []
        for raw in raws:
            post = post_in(bytes(raw))
            if post is not None and post.id != root and post.id not in seen:
                seen[post.id] = post
                fresh.append(post)
        return reply, fresh

    def _worth_asking(self, seen: dict[str, WirePost]) -> list[tuple[str, int]]:
        """Posts whose own context may hold more, those missing most first, each with how many replies are missing.

        One that was asked for lately, and lacked as many then, is left in peace.
        """
        came = Counter(post.in_reply_to_id for post in seen.values())
        fetches = convert.version(self._server.known_instance()) >= FETCHES_REPLIES
        now = time.monotonic()
        found: list[tuple[str, int]] = []
        for post in seen.values():
            missing = (post.replies_count or 0) - came[post.id]
            remote = fetches and "@" in post.account.acct
            then, when = self._asked.get(post.id, (-1, 0.0))
            if (missing > 0 or remote) and (missing > then or now - when > ASK_AGAIN):
                found.append((post.id, missing))
        return sorted(found, key=lambda each: -each[1])

    def _remember(self, local: str, missing: int) -> None:
        self._asked.pop(local, None)
        self._asked[local] = (missing, time.monotonic())
        while len(self._asked) > MOST_REMEMBERED:
            del self._asked[next(iter(self._asked))]

    # -- lists -----------------------------------------------------------------------------------------------
    def tagged(self, hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.tagged``. https://docs.joinmastodon.org/methods/timelines/#tag.

        Pages go back by ``max_id``: ``since_id`` would give the newest page and skip what lies between.
        """
        path = f"/api/v1/timelines/tag/{convert.path_piece(hashtag.lstrip('#'))}"
        for page in self._pages(path, by_id=True):
            recent = [post for post in page if convert.utc(post.created_at) >= since]
            yield from self._batches(recent)
            if not recent:
                return

    def quotes(self, ref: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.quotes``; nothing before 4.5. https://docs.joinmastodon.org/methods/statuses/#quotes."""
        local = self._server.must_be_local(ref)
        path = f"/api/v1/statuses/{convert.path_piece(local)}/quotes"
        for page in self._pages(path, by_id=False):
            for batch in self._batches(page):
                yield tuple(post for post in batch if post.quote == ref.id)

    def _pages(self, path: str, *, by_id: bool) -> Iterator[list[WirePost]]:
        """Pages, newest first, each post once; none where the server has no such list.

        Args:
            path: of the list.
            by_id: go back by the last post's id where the server gives no ``Link`` header.
        """
        params: list[Param] = [("limit", str(PAGE))]
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            reply = self._api.get(path, params, also=_NO_LIST)
            if reply.status == _WALLED and reply.words is None:  # no list is one thing, a wall before it another
                raise failure(reply, f"{self._api.host}{path}", read=True)
            page = posts_in(reply.body, self._api.host) if reply.ok else []
            fresh = [post for post in page if post.id not in seen]
            if not fresh:
                return
            seen.update(post.id for post in fresh)
            yield fresh
            following = reply.next_page()
            if following is None and (not by_id or reply.links):
                return
            params = following or [("limit", str(PAGE)), ("max_id", page[-1].id)]

    # -- single posts ----------------------------------------------------------------------------------------
    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """See ``ports.Network.look_up``. https://docs.joinmastodon.org/methods/statuses/#index (since 4.3) and #get.

        What is not public any more counts as gone. If the server stops answering on the way, what is known till then
        is given, and the rest is unknown.
        """
        wanted = {local: ref for ref in refs if (local := self._server.local(ref)) is not None}
        posts: list[Post] = []
        gone: list[PostRef] = []
        ids = list(wanted)
        try:
            for start in range(0, len(ids), MOST_IDS):
                some = ids[start : start + MOST_IDS]
                found = {post.id: post for post in self._listed(some)}
                missing = [self._one(local) for local in some if local not in found]
                shown = [post for post in (*found.values(), *missing) if post is not None and _is_public(post)]
                posts += self._converted(shown)
                there = {post.id for post in shown}
                gone += [wanted[local] for local in some if local not in there]
        except Unauthorized:
            raise
        except NetworkError:
            if not posts and not gone:
                raise
        return LookUp(tuple(posts), tuple(gone))

    def _listed(self, ids: Sequence[str]) -> list[WirePost]:
        if not self._has_batches:
            return []
        reply = self._api.get("/api/v1/statuses", [("id[]", local) for local in ids], also=_NO_LIST)
        if not reply.ok:  # one by one then; and for good, if the server is too old
            self._has_batches = convert.version(self._server.known_instance()) >= LISTS_POSTS
            return []
        return [post for post in posts_in(reply.body, self._api.host) if post.id in ids]

    def _one(self, local: str) -> WirePost | None:
        """One post; ``None`` if the server itself says that it is gone or not for us."""
        path = f"/api/v1/statuses/{convert.path_piece(local)}"
        reply = self._api.get(path, also=_GONE | _HIDDEN)
        if reply.ok:
            return one_post(reply.body, self._api.host)
        if reply.status in _HIDDEN:
            self._prove_we_may_read(reply, path)
        elif not reply.gone:  # the words of something in front of the server must not bury what people said
            raise Unanswered(f"{self._api.host}{path}: {reply.status}, but not in the server's own words")
        return None

    def _prove_we_may_read(self, reply: Reply, path: str) -> None:
        """Tell a post that is closed to us from a login that is: a lost login must not look like many deletions.

        Raises ``Unauthorized`` or ``Refused`` where we may not even read our own posts.
        """
        mine = self._server.ask_me().id
        self._api.get(f"/api/v1/accounts/{convert.path_piece(mine)}/statuses", [("limit", "1")])
        if reply.words is None:
            raise failure(reply, f"{self._api.host}{path}", read=True)

    # -- notifications ---------------------------------------------------------------------------------------
    def listen(self, cursor: str) -> Heard:
        """See ``ports.Network.listen``. https://docs.joinmastodon.org/methods/notifications/#get, up by ``min_id``.

        A reply that does not mention us gives no notification, and a policy may filter some: sweeps are what is true.
        """
        posts: dict[str, WirePost] = {}
        for _ in range(MOST_HEARD):
            page = self._notifications(cursor)
            posts |= {one.status.id: one.status for one in reversed(page) if one.status is not None}
            was_first = not cursor
            cursor = max((cursor, *(one.id for one in page)), key=_age)
            if was_first or len(page) < PAGE:
                break
        return Heard(tuple(self._converted(posts.values())), cursor)

    def _notifications(self, cursor: str) -> list[WireNotification]:
        params: list[Param] = [("limit", str(PAGE)), *(("types[]", kind) for kind in self._kinds)]
        if cursor:
            params.append(("min_id", cursor))
        try:
            reply = self._api.get("/api/v1/notifications", params)
        except Refused:
            if len(self._kinds) == 1:
                raise
            self._kinds = ("mention",)  # a server that does not know quotes
            return self._notifications(cursor)
        raws = readable(reply.body, lambda body: msgspec.json.decode(body, type=list[msgspec.Raw]), self._api.host)
        return [one for one in (_notification(bytes(raw)) for raw in raws) if one is not None]

    # -- both ------------------------------------------------------------------------------------------------
    def _batches(self, wires: Sequence[WirePost], root: str = "") -> Iterator[tuple[Post, ...]]:
        for start in range(0, len(wires), BATCH):
            yield tuple(self._converted(wires[start : start + BATCH], root))

    def _converted(self, wires: Iterable[WirePost], root: str = "") -> list[Post]:
        """Posts as the domain knows them; boosts, which are nobody's words, are left out."""
        some = [wire for wire in wires if wire.reblog is None]
        if not some:
            return []
        blocked = self._blocks.among({wire.account.id for wire in some})
        place = self._server.place()
        return [convert.post(wire, place, root=root, blocks_us=wire.account.id in blocked) for wire in some]


def _notification(body: bytes) -> WireNotification | None:
    try:
        return msgspec.json.decode(body, type=WireNotification)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_public(wire: WirePost) -> bool:
    return convert.visibility(wire) in ("public", "unlisted")


def _age(local: str) -> tuple[int, str]:
    """Ids in the order they were given: numbers, or on some servers words of equal length."""
    return (len(local), local)


def _refreshes(reply: Reply) -> float:
    """Seconds until the server expects to have fetched more; 0 if it does not fetch.

    https://docs.joinmastodon.org/entities/AsyncRefresh/
    """
    found = _REFRESH.search(reply.headers.get("Mastodon-Async-Refresh", ""))
    return float(found[1]) if found else 0.0
