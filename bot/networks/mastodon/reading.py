"""Reading what people said: threads to their last reply, hashtags, quotes, single posts."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.mastodon import convert
from bot.networks.mastodon.elsewhere import Elsewhere, Named
from bot.networks.mastodon.finding import Finder, addressed_to, is_remote, visible
from bot.networks.mastodon.http import failure
from bot.networks.mastodon.incoming import Incoming
from bot.networks.mastodon.wire import WireContext, WirePost, one_post, post_in, posts_in
from bot.ports import LookUp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.posts import Post, PostRef
    from bot.domain.records import PollCount
    from bot.networks.mastodon.http import Param, Reply
    from bot.networks.mastodon.server import Server

BATCH = 200  # posts converted and handed on at once
MOST_PAGES = 250  # of 40 posts each
PAGE = 40
MOST_ASKED = 40  # more contexts than the root's, in one sweep
MOST_TROUBLES = 3  # contexts that may fail before the rest is left for the next time
MOST_ASKED_CUT = 400  # the same, where the root's was cut off
CUT = 4_000  # a context this long may have been cut: the limit is 4,096 with a token
ASK_AGAIN = 15 * 60.0  # seconds; a server fetches a remote post's replies no more often than this
MOST_REMEMBERED = 10_000
FETCHES_REPLIES = (4, 5)  # since this version asking for a remote post's context fetches its replies
LISTS_POSTS = (4, 3)  # since this version several posts can be had by their ids at once
LONGEST_REFRESH = 3.0  # seconds we wait for such a fetch
MOST_REFRESHED = 10
MOST_IDS = 20  # in one look-up
MOST_ELSEWHERE = 20  # threads that other servers are asked for, in one sweep
ELSEWHERE_SECONDS = 60.0  # that other servers may take for it in sum; strangers may be slow on purpose
MOST_FETCHED = 40  # posts that our server is asked to fetch, in one sweep
MOST_LOOKED_FOR = 20  # posts that other servers are asked for, in one look-up

_NO_LIST = frozenset({400, 403, 404, 405, 410, 422})
_HIDDEN = frozenset({401, 403})
_WALLED = 403
_GONE = frozenset({404, 410})
_REFRESH = re.compile(r"\bretry=(\d{1,9})\b", re.ASCII)


class Reader:
    """Reads as our account. https://docs.joinmastodon.org/methods/statuses/ and its neighbours.

    Args:
        server: where.
        pause: waits so many seconds.
        incoming: converts what came.
        finder: has our server fetch posts.
        elsewhere: asks other servers.
    """

    def __init__(
        self,
        server: Server,
        pause: Callable[[float], None] = time.sleep,
        *,
        incoming: Incoming | None = None,
        finder: Finder | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._server = server
        self._api = server.api
        self._pause = pause
        self._incoming = incoming or Incoming(server)
        self._finder = finder or Finder(server, self._incoming)
        self._elsewhere = elsewhere or Elsewhere()
        self._asked: dict[str, tuple[int, float]] = {}  # contexts asked for: replies missing then, and when
        self._lock = threading.Lock()
        self._has_batches = True

    # -- threads ---------------------------------------------------------------------------------------------
    def sweep(self, root: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.sweep``. https://docs.joinmastodon.org/methods/statuses/#context.

        A context holds 4,096 posts, depth first, and only what reached the server. So posts that say they have more
        replies than came are asked for theirs, and so are those from elsewhere, which makes the server fetch them. Then
        their own servers are asked what else they know, and ours is made to fetch it. What comes after the first 4,096
        in order below the root itself is not told here: hashtag and notifications are.
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
        troubles: list[NetworkError] = []
        while left > 0 and len(troubles) < MOST_TROUBLES:
            wanted = self._worth_asking(seen)[:left]
            if not wanted:
                break
            left -= len(wanted)
            for local, missing in wanted:
                answer, fresh = self._part(local, start, seen, troubles)
                self._remember(local, missing - sum(post.in_reply_to_id == local for post in fresh))
                if retry := _refreshes(answer):
                    refreshing[local] = retry
                yield from self._batches(fresh, root.id)
        if refreshing:
            self._pause(min(max(refreshing.values()), LONGEST_REFRESH))
        for local in list(refreshing)[:MOST_REFRESHED]:
            _, fresh = self._part(local, start, seen, troubles)
            yield from self._batches(fresh, root.id)
        yield from self._batches(list(self._unsent(start, seen)), root.id)
        if troubles:
            raise troubles[0]

    def _part(
        self, local: str, root: str, seen: dict[str, WirePost], troubles: list[NetworkError]
    ) -> tuple[Reply | None, list[WirePost]]:
        """The same as ``_context``. Where one goes wrong, what else is in the thread can still be read."""
        if len(troubles) >= MOST_TROUBLES:
            return None, []
        try:
            return self._context(local, root, seen)
        except (Unanswered, Refused) as trouble:
            troubles.append(trouble)
            return None, []

    def _unsent(self, root: str, seen: dict[str, WirePost]) -> Iterator[WirePost]:
        """Replies that never reached our server, made known to it: each only where it then stands in this thread."""
        uris = {post.uri for post in seen.values()}
        left = MOST_FETCHED
        for uri in self._known_elsewhere(seen):
            if uri in uris or self._is_ours(uri) or not self._finder.worth_fetching(uri):
                continue
            uris.add(uri)
            try:
                found = self._finder.fetched(uri)
            except (Unanswered, Refused):  # this one cannot be had, or our server waits for it in vain
                continue
            except (Busy, Unavailable):  # whoever sweeps next goes on
                return
            if found is not None and found.id not in seen and found.in_reply_to_id in {root, *seen}:
                seen[found.id] = found
                yield found
            left -= 1
            if left == 0:
                return

    def _known_elsewhere(self, seen: dict[str, WirePost]) -> Iterator[str]:
        """Uris of replies that the servers of those who replied know: below their replies, and below our own post."""
        remote = [post for post in seen.values() if is_remote(post) and visible(post)]
        placed = ((post.uri, self._elsewhere.place(post)) for post in remote)
        asking = self._elsewhere.due(Named(uri, place) for uri, place in placed if uri and place)
        left, until = MOST_ELSEWHERE, time.monotonic() + ELSEWHERE_SECONDS
        while asking and left > 0 and time.monotonic() < until:
            left -= 1
            thread = self._elsewhere.thread(asking.pop(0))
            yield from thread.below
            top = [post for post in thread.above if self._is_ours(post.uri)][:1]
            asking = [*self._elsewhere.due(post for post in top if post not in asking), *asking]

    def _is_ours(self, uri: str) -> bool:
        """Whether a post was written on our own server, which then has it."""
        place = self._server.place()
        return urlsplit(uri).netloc in {place.host, place.domain}

    def _context(self, local: str, root: str, seen: dict[str, WirePost]) -> tuple[Reply, list[WirePost]]:
        """One answer, and the posts in it that are new to us; none where the post is gone by now."""
        reply = self._api.get(f"/api/v1/statuses/{convert.path_piece(local)}/context", also=_NO_LIST)
        if not reply.ok:
            return reply, []
        raws = self._api.decode(reply, WireContext).descendants
        fresh: list[WirePost] = []
        for raw in raws:
            post = post_in(bytes(raw), self._api.aside)
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
            remote = fetches and is_remote(post)
            then, when = self._asked.get(post.id, (-1, 0.0))
            if (missing > 0 or remote) and (missing > then or now - when > ASK_AGAIN):
                found.append((post.id, missing))
        return sorted(found, key=lambda each: -each[1])

    def _remember(self, local: str, missing: int) -> None:
        with self._lock:
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
            page = posts_in(reply.body, self._api.host, self._api.aside) if reply.ok else []
            fresh = [post for post in page if post.id not in seen]
            if not fresh:
                return
            seen.update(post.id for post in fresh)
            yield fresh
            following = reply.next_page()
            if following is None and (not by_id or reply.links):
                return
            params = following or [("limit", str(PAGE)), ("max_id", page[-1].id)]

    # -- pictures --------------------------------------------------------------------------------------------
    def pictures(self, ref: PostRef, keys: Sequence[str], fetch: Callable[[str], bytes]) -> dict[str, bytes] | None:
        """See ``ports.Network.pictures``: ``fetch`` gives what stands at an address, or nothing.

        https://docs.joinmastodon.org/entities/MediaAttachment/#url
        """
        local = self._server.local(ref)
        if local is None:
            return None
        wire = self._one(local)
        if wire is None or not visible(wire) or wire.sensitive:
            return {}
        found = {one.id: one.url for one in wire.media_attachments or () if one.id in keys and one.url}
        return {key: data for key, url in found.items() if (data := fetch(url))}

    # -- single posts ----------------------------------------------------------------------------------------
    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """See ``ports.Network.look_up``. https://docs.joinmastodon.org/methods/statuses/#index (since 4.3) and #get.

        What is not public any more counts as gone. If the server stops answering on the way, what is known till then
        is given, and the rest is unknown. A post that was not addressed to us was never sent to our server, which is
        not told of its deletion either: its own server is asked, a few at a time.
        """
        wanted = {local: ref for ref in refs if (local := self._server.local(ref)) is not None}
        posts: list[Post] = []
        gone: list[PostRef] = []
        ids = list(wanted)
        left = MOST_LOOKED_FOR
        try:
            for start in range(0, len(ids), MOST_IDS):
                some = ids[start : start + MOST_IDS]
                found = {post.id: post for post in self._listed(some)}
                missing = [self._one(local) for local in some if local not in found]
                shown = [post for post in (*found.values(), *missing) if post is not None and visible(post)]
                left, deleted = self._deleted_elsewhere(shown, left)
                shown = [post for post in shown if post.id not in deleted]
                posts += self._incoming.posts(shown)
                there = {post.id for post in shown}
                gone += [wanted[local] for local in some if local not in there]
        except Unauthorized:
            raise
        except NetworkError:
            if not posts and not gone:
                raise
        return LookUp(tuple(posts), tuple(gone))

    def polls(self, refs: Sequence[PostRef]) -> Mapping[str, PollCount]:
        """See ``ports.Network.polls``. https://docs.joinmastodon.org/methods/statuses/#index (since 4.3) and #get."""
        ids = [local for ref in refs if (local := self._server.local(ref)) is not None]
        held: list[WirePost | None] = []
        for start in range(0, len(ids), MOST_IDS):
            some = ids[start : start + MOST_IDS]
            listed = {post.id: post for post in self._listed(some)}
            held += [listed.get(local) or self._one(local) for local in some]
        counted = {post.id: convert.poll_count(post.poll) for post in held if post is not None}
        return {f"{self._api.host}/{local}": count for local, count in counted.items() if count is not None}

    def _deleted_elsewhere(self, wires: Sequence[WirePost], most: int) -> tuple[int, set[str]]:
        """Ids of posts whose own servers say that they are gone, and how many more may be asked for."""
        copies = [post for post in wires if is_remote(post)]
        if not copies:
            return most, set()
        me = self._server.me()
        return self._elsewhere.gone([post for post in copies if not addressed_to(post, me)], most)

    def _listed(self, ids: Sequence[str]) -> list[WirePost]:
        if not self._has_batches:
            return []
        reply = self._api.get("/api/v1/statuses", [("id[]", local) for local in ids], also=_NO_LIST)
        if not reply.ok:  # one by one then; and for good, if the server is too old
            self._has_batches = convert.version(self._server.known_instance()) >= LISTS_POSTS
            return []
        return [post for post in posts_in(reply.body, self._api.host, self._api.aside) if post.id in ids]

    def _one(self, local: str) -> WirePost | None:
        """One post; ``None`` if the server itself says that it is gone or not for us."""
        path = f"/api/v1/statuses/{convert.path_piece(local)}"
        reply = self._api.get(path, also=_GONE | _HIDDEN)
        if reply.ok:
            found = one_post(reply.body, self._api.host)
            if found.id != local:  # or the one that was asked for would count as gone
                raise Unanswered(f"{self._api.host}{path}: the answer is another post")
            return found
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

    # -- both ------------------------------------------------------------------------------------------------
    def _batches(self, wires: Sequence[WirePost], root: str = "") -> Iterator[tuple[Post, ...]]:
        for start in range(0, len(wires), BATCH):
            yield tuple(self._incoming.posts(wires[start : start + BATCH], root))


def _refreshes(reply: Reply | None) -> float:
    """Seconds until the server expects to have fetched more; 0 if it does not fetch.

    https://docs.joinmastodon.org/entities/AsyncRefresh/
    """
    found = _REFRESH.search(reply.headers.get("Mastodon-Async-Refresh", "")) if reply is not None else None
    return float(found[1]) if found else 0.0
