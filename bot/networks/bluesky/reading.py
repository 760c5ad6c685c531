"""Reading what people said: threads to the last reply, hashtags, quotes, single posts, notifications."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot.domain.posts import PostRef
from bot.domain.richtext import fold_tag, hashtags
from bot.errors import Busy, NetworkError, Refused, Unanswered, Unavailable
from bot.networks.bluesky import wire
from bot.networks.bluesky.embeds import picture_addresses
from bot.networks.bluesky.mentions import did_called
from bot.networks.bluesky.profiles import Profiles
from bot.networks.bluesky.records import POST
from bot.networks.bluesky.relations import Relations, did_of
from bot.networks.bluesky.times import written
from bot.networks.bluesky.views import (
    NotificationsAnswer,
    PostsAnswer,
    PostView,
    Profile,
    ProfilesAnswer,
    RecordAnswer,
    ThreadAnswer,
    is_did,
    is_post_uri,
)
from bot.networks.bluesky.xrpc import XrpcRefused
from bot.ports import Heard, LookUp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from bot.domain.posts import Account, Post
    from bot.networks.bluesky.wire import Gate
    from bot.networks.bluesky.xrpc import Xrpc
    from bot.ports import Wanted

T = TypeVar("T")

_DEPTH = 100  # levels asked for at once; servers give fewer, and msgspec reads a few hundred at most
_BATCH = 100  # posts handed on at once
_POSTS_AT_ONCE = 25  # app.bsky.feed.getPosts
_PAGE = 100
_SPELT_EVERY = timedelta(minutes=5)
_MOST_PAGES = 500  # of one list; an hour of the busiest hashtag takes a few dozen
_MOST_POSTS = 200_000  # of one thread
_MOST_ASKED = 2_000  # places in a thread from which it is asked for again
_MOST_TROUBLES = 3  # of these that may fail before the rest is left for the next time
_AHEAD = timedelta(minutes=5)  # by which a server's clock may be ahead of ours
_DRY_PAGES = 3  # pages in a row without anything new, after which a list is taken to be at its end
_NOTIFICATION_PAGES = 20  # what is older is found by sweeping
_NOT_THERE = (400, 404)  # RecordNotFound, or a repository that nobody knows
_AT_ADDRESS = re.compile(rf"at://(?P<who>[^/\s]+)/{re.escape(POST)}/(?P<rkey>[\w.:~-]+)", re.ASCII)
_WEB_ADDRESS = re.compile(
    r"https?://(?:www\.)?bsky\.app/profile/(?P<who>[^/\s?#]+)/post/(?P<rkey>[\w.:~-]+)/?(?:[?#]\S*)?", re.ASCII
)
_HANDLE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_REASONS = ("reply", "mention", "quote")


class Reader:
    """All reading for one account. Public reads go to the AppView where one is set, without login."""

    def __init__(self, xrpc: Xrpc, clock: Callable[[], datetime]) -> None:
        self._xrpc = xrpc
        self._clock = clock
        # When each hashtag was asked for in lower case, and since when it was.
        self._folded: dict[str, tuple[datetime, datetime]] = {}
        self.profiles = Profiles(xrpc, clock)
        self.relations = Relations(xrpc, clock)

    def sweep(self, root: str) -> Iterator[tuple[Post, ...]]:
        """Every post below ``root`` (an ``at://`` URI), each once; nothing if the root is not there.

        A server cuts threads at some depth and width. Wherever a post has more replies than were given, the
        thread is asked for again from there, once; replies that are blocked or gated never come.
        """
        seen = {root}
        hidden: set[str] = set()
        anchors, asked = deque([root]), {root}
        troubles: list[NetworkError] = []
        while anchors and len(seen) < _MOST_POSTS and len(troubles) < _MOST_TROUBLES:
            answer = self._place(anchors.popleft(), troubles)
            if answer is None:
                continue
            hidden |= wire.gate(answer.threadgate).hidden
            fresh: list[PostView] = []
            nodes = [answer.thread]
            while nodes:
                node = nodes.pop()
                replies = node.replies or []
                nodes += replies
                if node.post is None:
                    continue
                if node.post.reply_count > len(replies) and node.post.uri not in asked and len(asked) < _MOST_ASKED:
                    asked.add(node.post.uri)
                    anchors.append(node.post.uri)
                if node.post.uri not in seen:
                    seen.add(node.post.uri)
                    fresh.append(node.post)
            for some in _slices(fresh, _BATCH):
                yield self._posts(some, hidden)
        if troubles:
            raise troubles[0]

    def tagged(self, hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        """Posts with a hashtag, newest first, written since then (https://docs.bsky.app/docs/api/app-bsky-feed-search-posts).

        Asked with our login, which search may want. The answer is checked, for a server may take ``#tag`` for a word;
        and asked for in lower case, too, for one may take the letters as they stand: every five minutes, from then on.
        """
        wanted = fold_tag(hashtag)
        seen: set[str] = set()
        for spelling, begins in self._spellings(hashtag.removeprefix("#"), wanted, since):
            params = {"q": f"#{spelling}", "sort": "latest", "since": written(begins)}
            for views in self._pages("app.bsky.feed.searchPosts", params, public=False):
                posts = [
                    post
                    for view, post in self._pairs([view for view in views if view.uri not in seen])
                    if post.at >= begins and wanted in {*hashtags(post.text), *map(fold_tag, wire.tags_of(view))}
                ]
                seen.update(view.uri for view in views)
                if posts:
                    yield tuple(posts)
                times = [wire.moment(view.indexed_at) for view in views]
                if all(at is not None and at < begins for at in times):
                    break

    def _spellings(self, hashtag: str, folded: str, since: datetime) -> Iterator[tuple[str, datetime]]:
        """How to ask for a hashtag, and since when: what was not asked for lately is asked for since it last was."""
        yield hashtag, since
        now, (last, begins) = self._clock(), self._folded.get(folded, (None, since))
        if folded == hashtag or (last is not None and now - last < _SPELT_EVERY and begins <= since):
            return
        self._folded[folded] = (now, min(since, begins))
        yield folded, since if last is None else min(since, last)

    def quotes(self, uri: str) -> Iterator[tuple[Post, ...]]:
        """Posts that quote a post (https://docs.bsky.app/docs/api/app-bsky-feed-get-quotes)."""
        for views in self._pages("app.bsky.feed.getQuotes", {"uri": uri}, public=True):
            posts = tuple(post for _, post in self._pairs(views))
            if posts:
                yield posts

    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """What posts are now, and which are gone.

        A post that getPosts leaves out is asked for as a record. No such record, or no such account: gone. A record
        that is there but not shown to us (a block, a takedown) comes back as ``hidden``. No answer: unknown. If the
        server stops answering on the way, what is known till then is given, and the rest is unknown.
        """
        wanted = list(dict.fromkeys(ref.id for ref in refs))
        views = self.views(wanted)
        posts = [post for _, post in self._pairs(views)]
        there = {view.uri for view in views}
        gone: list[PostRef] = []
        for ref in {ref.id: ref for ref in refs if ref.id not in there}.values():
            try:
                kept = self.record(ref.id)
            except XrpcRefused as error:
                # The words of something in front of the server must not bury what people said.
                if error.status in _NOT_THERE and error.error:
                    gone.append(ref)
                continue
            except Unanswered:
                continue
            except (Busy, Unavailable):
                if not posts and not gone:
                    raise
                break
            posts += self._unshown(kept)
        return LookUp(tuple(posts), tuple(gone))

    def listen(self, cursor: str, wanted: Wanted) -> Heard:
        """Replies, mentions and quotes we were notified of, newer than ``cursor`` (a time as the server wrote it).

        Hashtags are not asked for here: no list of them can be read on from where one stopped.

        https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications
        """
        del wanted
        latest = self._clock() + _AHEAD  # what claims to be later must not make us pass by what really comes till then
        since = wire.moment(cursor) if cursor else None
        if since is not None and since > latest:
            cursor, since = written(latest), latest
        heard: dict[str, str] = {}
        newest, newest_at = cursor, since
        page = ""
        for _ in range(_NOTIFICATION_PAGES if since else 1):
            params: dict[str, Any] = {"limit": _PAGE, "reasons": list(_REASONS)} | ({"cursor": page} if page else {})
            answer = self._xrpc.query("app.bsky.notification.listNotifications", params, NotificationsAnswer)
            older = False
            for item in answer.notifications:
                at = wire.moment(item.indexed_at)
                if at is None or (since is not None and at <= since):
                    older = True
                    continue
                if at <= latest and (newest_at is None or at > newest_at):
                    newest, newest_at = item.indexed_at, at
                if item.reason in _REASONS and f"/{POST}/" in item.uri:
                    heard.setdefault(item.uri, item.reason)
            if older or not answer.cursor or answer.cursor == page:
                break
            page = answer.cursor
        posts = tuple(post for _, post in self._pairs(self.views(list(heard))))
        return Heard(posts, newest)

    def pictures(self, ref: PostRef, keys: Sequence[str], fetch: Callable[[str], bytes]) -> dict[str, bytes]:
        """See ``ports.Network.pictures``: ``fetch`` gives what stands at an address, or nothing.

        They are asked of the AppView, which shows what it has not taken down, and never of a stranger's server.
        """
        found = {key: url for view in self.views([ref.id]) for key, url in picture_addresses(view).items()}
        return {key: data for key in keys if key in found and (data := fetch(found[key]))}

    def resolve(self, address: str) -> Post | None:
        """The post at a web address of Bluesky's app, or at an ``at://`` URI; ``None`` for any other address.

        What stands there may be hidden or not shown to us; the post says so.
        """
        match = _WEB_ADDRESS.fullmatch(address.strip()) or _AT_ADDRESS.fullmatch(address.strip())
        if match is None:
            return None
        did = match["who"] if match["who"].startswith("did:") else did_called(match["who"].lower(), self._xrpc)
        if not is_did(did):
            return None
        found = self.look_up([PostRef("bluesky", f"at://{did}/{POST}/{match['rkey']}")]).posts
        return found[0] if found else None

    def account_called(self, handle: str) -> Account | None:
        """The account with this handle (or DID); ``None`` where there is none that is shown.

        https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles
        """
        called = handle.strip().removeprefix("@").lower()
        if not _HANDLE.fullmatch(called) and not called.startswith("did:"):
            return None
        try:
            answer = self._xrpc.query("app.bsky.actor.getProfiles", {"actors": [called]}, ProfilesAnswer)
        except XrpcRefused:
            if called.startswith("did:"):  # well-formed, so this is no answer to what was asked
                raise
            return None
        return wire.account(answer.profiles[0]) if answer.profiles else None

    def _place(self, uri: str, troubles: list[NetworkError]) -> ThreadAnswer | None:
        """A thread from one of its places; where that goes wrong, the rest of it can still be read."""
        try:
            return self._thread(uri, depth=_DEPTH)
        except (Unanswered, Refused) as trouble:
            troubles.append(trouble)
            return None

    # -- asking --------------------------------------------------------------------------------------------------
    def _thread(self, uri: str, *, depth: int) -> ThreadAnswer | None:
        """A thread from one post downward; ``None`` if that post is not there."""
        params = {"uri": uri, "depth": depth, "parentHeight": 0 if depth else 1}
        try:
            return self._xrpc.query("app.bsky.feed.getPostThread", params, ThreadAnswer, public=True)
        except XrpcRefused as error:
            if error.error == "NotFound":
                return None
            raise

    def _pages(self, method: str, params: dict[str, Any], *, public: bool) -> Iterator[list[PostView]]:
        """All pages of a list of posts, each post once. A page may be empty and yet not the last."""
        seen: set[str] = set()
        cursor: str | None = None
        dry = turn = 0
        while dry < _DRY_PAGES and turn < _MOST_PAGES:
            turn += 1
            page = params | {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
            answer = self._xrpc.query(method, page, PostsAnswer, public=public)
            fresh = [view for view in answer.posts if view.uri not in seen]
            seen.update(view.uri for view in fresh)
            if fresh:
                yield fresh
            if not answer.cursor or answer.cursor == cursor:
                return
            dry = 0 if fresh else dry + 1
            cursor = answer.cursor

    def views(self, uris: Sequence[str]) -> list[PostView]:
        """Posts by URI; those not shown to us are missing, and so is what is no post's URI."""
        found: list[PostView] = []
        for some in _slices([uri for uri in uris if is_post_uri(uri)], _POSTS_AT_ONCE):
            answer = self._xrpc.query("app.bsky.feed.getPosts", {"uris": list(some)}, PostsAnswer, public=True)
            found += [view for view in answer.posts if view.uri in some]
        return found

    def record(self, uri: str) -> RecordAnswer:
        """A record as its author's server or the AppView holds it; our own server knows where to ask."""
        repo, _, rest = uri.removeprefix("at://").partition("/")
        collection, _, rkey = rest.partition("/")
        params = {"repo": repo, "collection": collection, "rkey": rkey}
        answer = self._xrpc.query("com.atproto.repo.getRecord", params, RecordAnswer)
        if answer.uri != uri:
            raise Unanswered(f"com.atproto.repo.getRecord: the answer is not the record that was asked for ({uri})")
        return answer

    # -- making posts --------------------------------------------------------------------------------------------
    def _pairs(self, views: Sequence[PostView]) -> list[tuple[PostView, Post]]:
        """Views outside their thread, as posts: whether the thread hides them is asked of its root and of blocks."""
        edges = {view.uri: wire.edges(view.record) for view in views}
        gates = self._gates({edge.root for edge in edges.values() if edge.root})
        hidden = {uri for uri, edge in edges.items() if edge.root in gates and self._shut_out(uri, gates[edge.root])}
        hidden |= self._cut_off(edges)
        posts = {post.ref.id: post for post in self._posts(views, hidden)}
        return [(view, posts[view.uri]) for view in views if view.uri in posts]

    def _gates(self, roots: Iterable[str]) -> dict[str, Gate]:
        return {view.uri: wire.gate(view.threadgate) for view in self.views(sorted(roots)) if view.threadgate}

    def _shut_out(self, uri: str, gate: Gate) -> bool:
        """Whether a gate hides a reply. A reply that the gate's rule forbids is shown without its parent."""
        if uri in gate.hidden:
            return True
        if not gate.closed:
            return False
        alone = self._thread(uri, depth=0)
        return alone is None or bytes(alone.thread.parent) == b"{}"

    def _cut_off(self, edges: Mapping[str, wire.Names]) -> set[str]:
        """Replies that a block between their author and those they reply to keeps out of every thread.

        Asked only of replies to other people: between an author and us, the author's profile tells. The thread itself
        would tell as well, but at one question for each post.
        """
        own = self._xrpc.session.did
        pairs = {
            uri: {frozenset((did_of(uri), did_of(other))) for other in (edge.root, edge.parent) if other}
            for uri, edge in edges.items()
        }
        asked = {pair for some in pairs.values() for pair in some if own not in pair}
        blocks = self.relations.blocked(asked) if asked else {}
        return {uri for uri, some in pairs.items() if any(blocks.get(pair) for pair in some)}

    def _posts(self, views: Sequence[PostView], hidden: set[str]) -> tuple[Post, ...]:
        """Posts with their authors' whole profiles. An author who is not shown any more hides the post, too."""
        profiles = self.profiles.of(view.author.did for view in views)
        made = (
            wire.post(
                view,
                profiles.get(view.author.did, view.author),
                hidden=view.uri in hidden or view.author.did not in profiles,
            )
            for view in views
        )
        now = self._clock()  # nothing was written later than it was seen
        return tuple(post if post.at <= now else msgspec.structs.replace(post, at=now) for post in made if post)

    def _unshown(self, kept: RecordAnswer) -> tuple[Post, ...]:
        """A post that exists but is not shown to us; our own are only not indexed yet, so we do not know."""
        did = kept.uri.removeprefix("at://").partition("/")[0]
        if did == self._xrpc.session.did:
            return ()
        self.profiles.forget(did)  # it may be a block that hides it, and that is newer than what we know
        author = Profile(did, did)
        return self._posts([PostView(kept.uri, kept.cid, author, msgspec.Raw(kept.value))], {kept.uri})


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
