"""What may go wrong with a network, by name: set before a life, proved to have struck, taken away again.

wrong = begin("answer lost", evening, "mastodon")
life = evening.start(**wrong.orders)
...
evening.settle()
wrong.end()            # how often it struck
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from chaos.evening import Evening, Network
from networks.faults import Fault, FaultProxy

SAYING = {
    "bluesky": r"/xrpc/com\.atproto\.repo\.(applyWrites|uploadBlob|createRecord)$",
    "mastodon": r"/api/v1/statuses$|/api/v2/media$",
}
POSTS = {"bluesky": r"/xrpc/com\.atproto\.repo\.applyWrites$", "mastodon": r"/api/v1/statuses$"}
SLOW = 0.5
"""Seconds that one request may take in a life whose network is slow: nobody here waits for half a minute."""
AN_HOUR_LATER = timedelta(minutes=70)
"""After which an idempotency key has expired."""


@dataclass
class Wrong:
    """One thing that goes wrong on one network.

    Attributes:
        orders: for the lives that meet it.
        refusals: statuses by which the server itself says that something is wrong.
        left: for how many lives more it may wait until it strikes.
    """

    name: str
    evening: Evening
    network: Network
    proxy: FaultProxy
    faults: list[Fault] = field(default_factory=list)
    undo: Callable[[], None] = lambda: None
    orders: dict[str, Any] = field(default_factory=dict)
    left: int = 0
    refusals: frozenset[int] = frozenset()
    _since: int = 0

    @property
    def fired(self) -> int:
        """How often it struck."""
        passed = self.proxy.seen[self._since :]
        return sum(fault.fired for fault in self.faults) + sum(seen.outcome in self.refusals for seen in passed)

    def end(self) -> int:
        """Take it away, once no life is under way; gives how often it struck."""
        struck = self.fired
        self.proxy.clear()
        self.undo()
        return struck


def begin(name: str, evening: Evening, network: Network) -> Wrong:
    """Let something go wrong from now on."""
    proxy = evening.proxies[network]
    wrong = Wrong(name, evening, network, proxy, _since=len(proxy.seen))
    WRONGS[name](wrong)
    return wrong


# -- with what is said -------------------------------------------------------------------------------------------
def _saying(make: Callable[[FaultProxy, str], Fault], *, slow: bool = False) -> Callable[[Wrong], None]:
    """Strikes the next two requests that say something."""

    def set_up(wrong: Wrong) -> None:
        wrong.faults += [make(wrong.proxy, SAYING[wrong.network]) for _ in range(2)]
        wrong.orders |= {"timeout": SLOW} if slow else {}

    return set_up


def _twice(wrong: Wrong) -> None:
    """Something on the way sends it again: Bluesky says 500 to a record that it has, Mastodon knows the key."""
    wrong.faults += [wrong.proxy.twice("POST", POSTS[wrong.network], times=2)]


def _key_expired(wrong: Wrong) -> None:
    """An answer is lost, and nobody comes back before the key has expired."""
    evening = wrong.evening
    wrong.faults += [wrong.proxy.lose_answer("POST", POSTS["mastodon"])]

    def later() -> None:
        if wrong.fired:
            evening.servers.mastodon.advance_keys(evening.toot.id, AN_HOUR_LATER.total_seconds())
            evening.now += AN_HOUR_LATER

    wrong.undo = later


def _keys_ignored(wrong: Wrong) -> None:
    """From now on the server takes no notice of keys, and answers are lost."""
    wrong.evening.servers.mastodon.ignore_keys(wrong.evening.toot.id)
    wrong.faults += [wrong.proxy.lose_answer("POST", POSTS["mastodon"], times=2)]


# -- with anything that is asked ---------------------------------------------------------------------------------
def _asking(make: Callable[[FaultProxy], Fault]) -> Callable[[Wrong], None]:
    """Strikes whatever is asked next."""

    def set_up(wrong: Wrong) -> None:
        wrong.faults.append(make(wrong.proxy))

    return set_up


# -- with the account --------------------------------------------------------------------------------------------
def _token_revoked(wrong: Wrong) -> None:
    """The login is taken back, and a new one is put in its place afterwards, as `staffroom login` does."""
    evening = wrong.evening
    if wrong.network == "mastodon":
        wrong.refusals = frozenset({401})
        old = evening.toot.token
        evening.toot.token = _other_token(evening)
        evening.servers.mastodon.call("POST", "/oauth/revoke", data={"token": old})
    else:
        name = evening.app_password
        evening.sky.call("com.atproto.server.revokeAppPassword", json={"name": name})
        # The PDS takes an access token until it ends by itself; this is that moment.
        body = b'{"error": "ExpiredToken", "message": "Token has expired"}'
        path = r"/xrpc/(?!com\.atproto\.server\.(refresh|create)Session)"
        wrong.faults.append(wrong.proxy.answer(400, path=path, times=None, body=body))
    wrong.undo = partial(evening.log_in, wrong.network)


def _other_token(evening: Evening) -> str:
    code = {"grant_type": "authorization_code", "code": f"mockcode_{evening.toot.username}"}
    token: str = evening.servers.mastodon.call("POST", "/oauth/token", data=code)["access_token"]
    return token


def _suspended(wrong: Wrong) -> None:
    """The server's people suspend our account, and think better of it."""
    evening = wrong.evening
    if wrong.network == "mastodon":
        wrong.refusals = frozenset({403})
        teacher = evening.servers.mastodon.create_account(f"mod{evening.toot.username[-8:]}{len(wrong.proxy.seen)}")
        place = f"/api/v1/admin/accounts/{evening.toot.id}"
        teacher.call("POST", f"{place}/action", json={"type": "suspend"})
        wrong.undo = lambda: teacher.call("POST", f"{place}/unsuspend") and None
    else:
        wrong.refusals = frozenset({400, 401, 403})
        _take_down(evening, down=True)

        def restore() -> None:
            _take_down(evening, down=False)
            evening.servers.bluesky.settle()

        wrong.undo = restore


def _take_down(evening: Evening, *, down: bool) -> None:
    subject = {"$type": "com.atproto.admin.defs#repoRef", "did": evening.sky.did}
    body = {"subject": subject, "takedown": {"applied": down, **({"ref": "1"} if down else {})}}
    network = evening.servers.bluesky
    network.call("com.atproto.admin.updateSubjectStatus", json=body, auth=network._admin)


def _just_then(*, account: bool) -> Callable[[Wrong], None]:
    """The server finds fault with our login, or our account, at the very moment when we say something."""

    def set_up(wrong: Wrong) -> None:
        status, said = _NO_MORE[wrong.network, account]
        wrong.faults.append(wrong.proxy.answer(status, "POST", POSTS[wrong.network], body=said))

    return set_up


_NO_MORE: dict[tuple[Network, bool], tuple[int, bytes]] = {
    ("bluesky", True): (400, b'{"error": "AccountTakedown", "message": "Account has been taken down"}'),
    ("bluesky", False): (400, b'{"error": "ExpiredToken", "message": "Token has expired"}'),
    ("mastodon", True): (403, b'{"error": "Your login is currently disabled"}'),
    ("mastodon", False): (401, b'{"error": "The access token was revoked"}'),
}


WRONGS: Mapping[str, Callable[[Wrong], None]] = {
    "answer lost": _saying(lambda proxy, path: proxy.lose_answer("POST", path)),
    "request lost": _saying(lambda proxy, path: proxy.lose_request("POST", path)),
    "429": _saying(lambda proxy, path: proxy.too_many("POST", path, retry_after=5)),
    "500": _saying(lambda proxy, path: proxy.answer(500, "POST", path)),
    "half an answer, then nothing": _saying(lambda proxy, path: proxy.half("POST", path)),
    "half a document": _saying(lambda proxy, path: proxy.half("POST", path, hang_up=False)),
    "reset before": _saying(lambda proxy, path: proxy.reset("POST", path, forward_first=False)),
    "reset after": _saying(lambda proxy, path: proxy.reset("POST", path)),
    "stall before": _saying(lambda proxy, path: proxy.stall("POST", path, seconds=30), slow=True),
    "stall after": _saying(lambda proxy, path: proxy.stall("POST", path, seconds=30, forward_first=True), slow=True),
    "drip": _saying(lambda proxy, path: proxy.drip("POST", path, seconds=30), slow=True),
    "sent twice on the way": _twice,
    "key expired": _key_expired,
    "keys ignored": _keys_ignored,
    "429 to a question": _asking(lambda proxy: proxy.too_many("GET", retry_after=5)),
    "500 to a question": _asking(lambda proxy: proxy.answer(500, "GET")),
    "half a document read": _asking(lambda proxy: proxy.half("GET", hang_up=False)),
    "reset while reading": _asking(lambda proxy: proxy.reset("GET")),
    "token revoked": _token_revoked,
    "token revoked just then": _just_then(account=False),
    "account suspended": _suspended,
    "account suspended just then": _just_then(account=True),
}
MASTODON_ONLY = frozenset({"key expired", "keys ignored"})
LATE = frozenset({"key expired"})
"""It takes more time than there is between two prompts, and so is for the digest."""
DEAFENING = frozenset({"keys ignored"})
"""After it the server takes no notice of keys until the evening is over."""
NEEDS_KEYS = frozenset({"sent twice on the way"})
"""Where a server takes no notice of keys nobody can help against what repeats our request on its way."""


def wrongs_of(network: Network) -> list[str]:
    """The names of what may go wrong on a network."""
    return [name for name in WRONGS if network == "mastodon" or name not in MASTODON_ONLY]
