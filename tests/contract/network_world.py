"""What the contract of networks needs of a network's test world, and what it says there."""

import dataclasses
import hashlib
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from bot.domain.outbox import Draft, DraftPost, LinkCard, MediaFile, Part, next_group
from bot.domain.posts import Post, PostRef
from bot.domain.richtext import Facet, Link, Mention, RichText, Tag
from bot.ports import Network, Sent


@dataclasses.dataclass(frozen=True)
class ServerPost:
    """A post of our account as the server holds it, read without our adapter.

    `id` and `parent` are what `PostRef.id` would be (`parent` empty for none), `text` is plain, `alts` the alternative
    texts of its pictures in order, `links`, `tags` (lower case) and `mentions` (`Account.id`) what the server marks.
    """

    id: str
    text: str
    parent: str = ""
    languages: tuple[str, ...] = ()
    visibility: str = "public"
    alts: tuple[str, ...] = ()
    links: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()


class Teacher(Protocol):
    """An account of somebody else, acting as its owner would in an app. Addresses are as our own server knows them."""

    id: str
    """`Account.id`."""
    handle: str
    """`Account.handle`, without a leading `@`."""

    def post(self, text: str) -> PostRef:
        """Post publicly; `#tags` in the text become hashtags."""
        ...

    def reply(self, to: PostRef, text: str) -> PostRef:
        """Reply publicly, addressing the author as apps do (so that they are notified)."""
        ...

    def quote(self, what: PostRef, text: str) -> PostRef:
        """Quote a post; called only where `World.has_quotes`."""
        ...

    def show(self, text: str, picture: bytes, alt: str) -> PostRef:
        """Post a PNG publicly."""
        ...

    def edit(self, ref: PostRef, text: str) -> None:
        """Change a post of ours; called only where `World.has_edits`."""
        ...

    def delete(self, ref: PostRef) -> None:
        """Delete a post of ours."""
        ...


class Fault(Protocol):
    """A fault that waits for its request; `fired` counts how often it struck."""

    fired: int


class World(Protocol):
    """One network with an account of ours that nobody else uses; the fixture makes a new one for each test.

    Attributes:
        has_quotes, has_edits, has_unlisted: what this network knows at all.
        languages: how many languages a post may name.
    """

    has_quotes: bool
    has_edits: bool
    has_unlisted: bool
    languages: int

    def network(self, *, bot: bool = True) -> Network:
        """Our adapter, new each time, as after a restart. `bot=False`: for another account, not marked as a bot."""
        ...

    def gallery(self) -> Network:
        """Our adapter as an operator would set it up who runs the servers that have the pictures."""
        ...

    def teacher(self, name: str, *, bio: str = "") -> Teacher:
        """A new account whose name is unique to this test; `name` has up to ten letters."""
        ...

    def server_posts(self) -> Sequence[ServerPost]:
        """All posts of our account, oldest first, as the server holds them. Works while unplugged, too."""
        ...

    def settle(self) -> None:
        """Return once the server's reads show all that was written."""
        ...

    def lose_next_answer(self) -> Fault:
        """Let the next request that writes take effect, and break the connection instead of answering it."""
        ...

    def unplug(self) -> None:
        """Make the server unreachable for our adapter: connections are refused."""
        ...

    def plug(self) -> None:
        """Make it reachable again."""
        ...


_MARKS = re.compile(r"(?P<link>https?://\S+)|(?<!\w)#(?P<tag>\w+)")


def words(text: str, **mentions: str) -> RichText:
    """A RichText with links and hashtags marked, and each `@name` whose Account.id is given (`name=id`)."""
    found = []
    for match in _MARKS.finditer(text):
        feature = Link(match["link"]) if match["link"] else Tag(match["tag"])
        found.append((match.start(), match.end(), feature))
    for handle, account in mentions.items():
        at = text.index("@" + handle)
        found.append((at, at + 1 + len(handle), Mention(account, handle)))
    found.sort(key=lambda mark: mark[0])
    facets = (Facet(len(text[:start].encode()), len(text[:end].encode()), feature) for start, end, feature in found)
    return RichText(text, tuple(facets))


def draft(*texts: str | RichText, languages: tuple[str, ...] = ("en",), reply_to: PostRef | None = None) -> Draft:
    """A thread, each post under the one before."""
    rich = [text if isinstance(text, RichText) else words(text) for text in texts]
    posts = tuple(DraftPost(text=text, reply_to=n - 1 if n else None) for n, text in enumerate(rich))
    return Draft(posts=posts, languages=languages, at=datetime.now(UTC), reply_to=reply_to)


def png(width: int = 8, height: int = 6, shade: int = 90) -> bytes:
    """A small grey PNG (https://www.w3.org/TR/png-3/)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Blobs(dict[str, bytes]):
    """Pictures by SHA-256, as the store keeps them."""

    def keep(self, data: bytes, alt: str, *, width: int = 8, height: int = 6) -> MediaFile:
        sha256 = hashlib.sha256(data).hexdigest()
        self[sha256] = data
        return MediaFile(sha256, "image/png", len(data), alt, width, height)


NO_BLOBS: Callable[[str], bytes] = Blobs().__getitem__


class Sender:
    """Sends a frozen delivery as the deliver service does: group by group, looking first where in doubt."""

    def __init__(self, network: Network, draft: Draft, blobs: Blobs | None = None, *, seed: int = 1) -> None:
        self.network = network
        self.blob = blobs.__getitem__ if blobs is not None else NO_BLOBS
        rng = random.Random(seed)
        self.parts: tuple[Part, ...] = network.freeze(draft, f"prompt-{seed}@bot", rng, self.blob)

    def group(self) -> tuple[Part, ...]:
        return next_group(self.parts, atomic=self.network.atomic)

    def send(self) -> tuple[Sent, ...]:
        """Send the next group and note what landed."""
        return self.landed(self.network.send(self.group(), self.parts, self.blob))

    def find(self) -> tuple[Sent, ...]:
        """Look for the next group and note what landed."""
        return self.landed(self.network.find(self.group(), self.parts))

    def landed(self, sent: tuple[Sent, ...]) -> tuple[Sent, ...]:
        remote = {one.position: one.remote for one in sent}
        self.parts = tuple(
            msgspec.structs.replace(part, state="sent", remote=remote[part.position])
            if part.position in remote
            else part
            for part in self.parts
        )
        return sent

    def send_all(self) -> list[PostRef]:
        """Send every group; the posts' addresses in order."""
        while self.group():
            self.send()
        return self.posts()

    def posts(self) -> list[PostRef]:
        return [part.remote for part in self.parts if part.kind == "post" and part.remote is not None]


def say(network: Network, *texts: str | RichText, seed: int = 1) -> list[PostRef]:
    """Post a thread to the end."""
    return Sender(network, draft(*texts), seed=seed).send_all()


def carded(picture: MediaFile | None) -> Draft:
    """A digest of two posts, the first with a link card."""
    card = LinkCard("https://example.org/edchat/", "Feedback that pupils use", "8 people gave 9 answers.", picture)
    whole = draft("The digest", "Q1")
    return msgspec.structs.replace(whole, posts=(msgspec.structs.replace(whole.posts[0], card=card), whole.posts[1]))


def ids(batches: Iterable[Iterable[Post]]) -> list[str]:
    """All posts' ids, sorted; one that comes twice is in here twice."""
    return sorted(post.ref.id for batch in batches for post in batch)
