"""One of our accounts in the sandbox, behind the same port as the real networks."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import msgspec

from bot.domain.outbox import Draft, DraftPost, Part
from bot.domain.posts import Media, NetworkName, Post, PostRef, Signals, Visibility
from bot.domain.records import PollCount, Said
from bot.domain.richtext import Mention, detect, join, whole
from bot.domain.textlength import BLUESKY, MASTODON, Limits, remaining
from bot.errors import Refused
from bot.networks.faring import Faring
from bot.networks.sandbox.hearing import Hearing
from bot.ports import Identity, LookUp, Sent

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.posts import Account
    from bot.networks.sandbox.server import SandboxServer
    from bot.ports import Condition, Heard, Wanted

BATCH = 500
"""How many posts a sweep hands on at once."""


class _Payload(msgspec.Struct, frozen=True):
    post: DraftPost
    languages: tuple[str, ...]
    warning: str
    parent: str


class Sandbox:
    """An adapter on a ``SandboxServer``; lands part by part as Mastodon does, or all at once as Bluesky does.

    Args:
        account: the account's key in the settings.
        server: the network in memory.
        handle: our handle there.
        bot: whether the account is marked as a bot.
    """

    def __init__(self, account: str, server: SandboxServer, handle: str, *, bot: bool = True) -> None:
        self.account = account
        self.name: NetworkName = server.name
        self.atomic = server.name == "bluesky"
        self.limits: Limits = BLUESKY if server.name == "bluesky" else MASTODON
        self._server = server
        self._me = server.create_account(handle, signals=Signals(bot=bot))
        self._faring = Faring(server.now)

    def condition(self) -> Condition:
        """How the account has fared in the sandbox, where nothing is limited and no login ends."""
        return self._faring.condition()

    def _reach(self) -> None:
        """Raise ``Unavailable`` while the network is unplugged."""
        with self._faring.asking(self.name, login="needed"):
            self._server.reachable()

    def _hear(self) -> None:
        """Raise ``Unanswered`` where an answer is lost."""
        with self._faring.asking(self.name, login="needed", writes=True):
            self._server.answered()

    def identity(self) -> Identity:
        """Who we are in the sandbox."""
        self._reach()
        me = self._me
        return Identity(id=me.id, handle=me.handle, url=me.url, bot=me.signals.bot, software="sandbox", ahead=0.0)

    def freeze(self, draft: Draft, delivery: str, rng: random.Random, blob: Callable[[str], bytes]) -> tuple[Part, ...]:
        """One part per post; keys follow from delivery and position. Raises ``Refused`` where a post is too long."""
        del rng, blob
        parts = []
        for index, post in enumerate(draft.posts):
            if remaining(post.text, self.limits) < 0:
                message = f"post {index + 1} of {delivery} is {-remaining(post.text, self.limits)} characters too long"
                raise Refused(message)
            parent = draft.reply_to.id if index == 0 and draft.reply_to else ""
            payload = _Payload(post, draft.languages, draft.warning, parent)
            parts.append(
                Part(
                    position=index,
                    kind="post",
                    key=hashlib.sha256(f"{delivery}\0{index}".encode()).hexdigest()[:32],
                    payload=msgspec.json.encode(payload).decode(),
                    needs=() if post.reply_to is None else (post.reply_to,),
                    post=index,
                )
            )
        return tuple(parts)

    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        """Write the group's posts; the same parts again make nothing new."""
        del blob
        self._reach()
        remote = {part.position: part.remote.id for part in parts if part.remote}
        sent = []
        for part in group:
            post = self._write(part, remote)
            remote[part.position] = post.ref.id
            sent.append(Sent(part.position, post.ref))
        self._hear()
        return tuple(sent)

    def _write(self, part: Part, remote: dict[int, str]) -> Post:
        payload = msgspec.json.decode(part.payload, type=_Payload)
        return self._server.write(
            self._me.id,
            payload.post.text,
            parent=remote[part.needs[0]] if part.needs else payload.parent,
            key=part.key,
            visibility=payload.post.visibility if self.name == "mastodon" else "public",
            languages=payload.languages,
            warning=payload.warning,
            media=tuple(Media("image", media.alt) for media in payload.post.media),
            poll=payload.post.poll,
        )

    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        """Posts that an earlier request for this group made."""
        del parts
        self._reach()
        made = ((part, self._server.by_key(self._me.id, part.key)) for part in group)
        return tuple(Sent(part.position, post.ref) for part, post in made if post)

    def said_since(self, since: datetime) -> tuple[Said, ...]:
        """Our own posts made since then, oldest first."""
        self._reach()
        mine = (post for post in self._server.posts_of(self._me.id) if post.at >= since)
        return tuple(
            Said(post.ref, post.text.text, post.parent, post.at, private=post.visibility == "direct") for post in mine
        )

    def sweep(self, root: PostRef) -> Iterator[tuple[Post, ...]]:
        """All that a thread read from ``root`` shows; ``Refused`` where the root is gone."""
        self._reach()
        if self._server.get(root.id) is None:
            message = f"{root.url or root.id} is gone"
            raise Refused(message)
        yield from _batches(self._server.below(root.id))

    def tagged(self, hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        """Public posts under a hashtag."""
        self._reach()
        listed = self._server.listed("tagged", hashtag.casefold())
        yield from _batches(post for post in listed if post.at >= since and post.visibility == "public")

    def quotes(self, ref: PostRef) -> Iterator[tuple[Post, ...]]:
        """Posts quoting ``ref``."""
        self._reach()
        yield from _batches(self._server.listed("quoting", ref.id))

    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """Posts by id."""
        self._reach()
        found = [(ref, self._server.get(ref.id)) for ref in refs]
        return LookUp(
            posts=tuple(post for _, post in found if post),
            gone=tuple(ref for ref, post in found if post is None),
        )

    def polls(self, refs: Sequence[PostRef]) -> Mapping[str, PollCount]:
        """How people voted in polls of ours."""
        self._reach()
        found = {ref.id: poll for ref in refs if (poll := self._server.poll_of(ref.id))}
        return {
            remote: PollCount(
                poll.options,
                tuple(list(poll.chosen.values()).count(index) for index in range(len(poll.options))),
                over=self._server.now() >= poll.ends_at,
            )
            for remote, poll in found.items()
        }

    def listen(self, cursor: str, wanted: Wanted) -> Heard:
        """All that concerns us since the cursor; the sandbox tells of deletions here, too."""
        self._reach()
        return Hearing(self._server, self._me).since(cursor, wanted)

    def stream(self, cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """The same, live."""
        return Hearing(self._server, self._me).live(cursor, wanted, stopping)

    def pictures(self, ref: PostRef, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Files of a post that is there."""
        self._reach()
        post = self._server.get(ref.id)
        attached = {one.key for one in post.media} if post else set()
        return {key: self._server.files[key] for key in keys if key in attached and key in self._server.files}

    def resolve(self, address: str) -> Post | None:
        """A post by its address."""
        self._reach()
        return self._server.at_address(address)

    def account_called(self, handle: str) -> Account | None:
        """An account by its handle."""
        self._reach()
        return self._server.account_called(handle)

    def like(self, ref: PostRef) -> None:
        """Like a post; ``Refused`` where it is gone."""
        self._there(ref)
        self._server.like(self._me.id, ref.id)
        self._hear()

    def answer(self, ref: PostRef, handle: str, text: str, key: str, at: datetime) -> None:
        """Answer a post, on Mastodon for its author alone; ``Refused`` where it is gone."""
        del at
        author = self._there(ref).author
        said = detect(text)
        if self.name == "mastodon":
            said = join([whole(f"@{handle.lstrip('@')}", Mention(author.id, handle)), " ", said])
        visibility: Visibility = "direct" if self.name == "mastodon" else "public"
        self._server.write(self._me.id, said, parent=ref.id, key=key, visibility=visibility)
        self._hear()

    def _there(self, ref: PostRef) -> Post:
        self._reach()
        post = self._server.get(ref.id)
        if post is None:
            message = f"{ref.url or ref.id} is gone"
            raise Refused(message)
        return post

    def tell(self, handle: str, text: str, key: str, at: datetime) -> PostRef | None:
        """Write to a person; ``Refused`` where nobody has that handle. On Mastodon it can be answered."""
        del at
        self._reach()
        person = self._server.account_called(handle)
        if person is None:
            message = f"nobody is called {handle} here"
            raise Refused(message)
        self._server.messages.setdefault(key, (self._me.id, person.id, text))
        self._hear()
        return PostRef("mastodon", f"message/{key}") if self.name == "mastodon" else None

    def delete(self, ref: PostRef) -> None:
        """Delete a post of ours; ``Refused`` where it is somebody else's."""
        self._reach()
        post = self._server.get(ref.id)
        if post is None:
            return
        if post.author.id != self._me.id:
            message = f"{ref.url or ref.id} is not ours to delete"
            raise Refused(message)
        self._server.delete(ref.id)

    def close(self) -> None:
        """Nothing to let go of."""


def _batches(posts: Iterable[Post]) -> Iterator[tuple[Post, ...]]:
    waiting = iter(posts)
    while batch := tuple(itertools.islice(waiting, BATCH)):
        yield batch
