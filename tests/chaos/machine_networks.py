"""Two networks in memory that write down what we say, and our accounts on them, whose requests go wrong."""

from collections.abc import Callable, Sequence
from datetime import datetime

from chaos.machine_mishaps import Mishaps
from chaos.machine_said import Said
from chaos.model import Model

from bot.domain.outbox import Part
from bot.domain.posts import NetworkName, Post
from bot.domain.richtext import RichText
from bot.errors import Busy, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.ports import Sent

CERTAIN: dict[str, Callable[[], Exception]] = {
    "refused": lambda: Refused("no"),
    "busy": lambda: Busy("wait", 7.0),
    "unavailable": lambda: Unavailable("down"),
    "unauthorized": lambda: Unauthorized("who are you"),
}
"""Answers after which a request certainly did nothing."""
DOUBTFUL = ("lost", "never there", "late", "slow")
"""Requests without an answer: it took effect; it never got there; it takes effect when nobody waits for it any more;
that, too, after a long wait.
"""
SLOW = 20
"""Seconds."""


class Server(SandboxServer):
    """A network that writes down what we say. Mastodon's forgets idempotency keys, as some servers do."""

    def __init__(self, name: NetworkName, now: Callable[[], datetime], said: Said, model: Model) -> None:
        super().__init__(name, now)
        self._said = said
        self._model = model

    def write(self, account: str, text: RichText, *, key: str = "", **given: object) -> Post:
        known = self.by_key(account, key) if key else None
        if known and self.name == "bluesky":
            return known
        post = super().write(account, text, **given)  # type: ignore[arg-type]
        if key:
            self._by_key[account, key] = post.ref.id
        if text.text.startswith("edchat/"):  # a prompt of ours, see Composer
            prompt, number = text.text.split(" ")[:2]
            self._said.add(self.name, prompt, int(number), self.now(), post.ref.id)
            self._model.ours[post.ref.id] = prompt.rpartition("/")[0]
            self._model.standing.add(post.ref.id)
        return post

    def delete(self, post: str) -> None:
        super().delete(post)
        self._model.standing.discard(post)


class Account(Sandbox):
    """Our account, whose requests may be lost, refused, or answered by nobody."""

    def __init__(self, server: Server, mishaps: Mishaps) -> None:
        super().__init__(server.name, server, "staffroom")
        self._mishaps = mishaps

    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        mishaps = self._mishaps
        mishaps.point("before sending")
        fault = mishaps.take(self.name)
        if fault in CERTAIN:
            failure = CERTAIN[fault]()
            raise failure
        if fault == "never there":
            raise Unanswered("nothing left")
        if fault in ("late", "slow"):
            mishaps.pass_time(SLOW if fault == "slow" else 0)
            mishaps.arrives_later(1 if self.atomic else 25, lambda: super(Account, self).send(group, parts, blob))
            raise Unanswered("timed out")
        sent = super().send(group, parts, blob)
        mishaps.point("sent")
        if fault == "lost":
            raise Unanswered("the answer was lost")
        return sent

    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        self._mishaps.point("looking")
        return super().find(group, parts)
