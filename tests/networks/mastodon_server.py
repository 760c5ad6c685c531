"""Strict Mastodon-API servers for tests: how they are started, and accounts that play teachers on them.

There are two: ours, where the bot lives, and another (`MastodonServer.elsewhere`) whose posts reach ours only when they
are addressed to somebody there, or when ours fetches them. `Stranger` is a teacher on that other one.

Everything is spoken in raw HTTP through httpx, so that tests do not lean on the code they test.
API: https://docs.joinmastodon.org/methods/
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from networks.yard import Yard, python_path

Json = dict[str, Any]


class MastodonError(RuntimeError):
    """The server answered an error; `.status` and `.error` are its own words."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.response = response
        is_json = "json" in response.headers.get("content-type", "")
        self.error = str(response.json().get("error")) if is_json else response.text[:300]
        super().__init__(f"{response.request.method} {response.url.path}: {self.status} {self.error}")


class MastodonServer:
    """A running server, shared by all tests of a run: give every account and hashtag a unique name."""

    def __init__(self, url: str, elsewhere: str = "") -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30)
        self._elsewhere = MastodonServer(elsewhere) if elsewhere else None

    @property
    def elsewhere(self) -> "MastodonServer":
        """The other server, with posts and people of its own."""
        assert self._elsewhere is not None
        return self._elsewhere

    def close(self) -> None:
        """Close our connections; the server itself runs on for other tests."""
        self._http.close()
        if self._elsewhere is not None:
            self._elsewhere.close()

    def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Any:
        """One request, anonymous without a token; returns the decoded answer or raises MastodonError."""
        headers = {**options.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        response = self._http.request(method, path, headers=headers, **options)
        if response.is_error:
            raise MastodonError(response)
        return response.json()

    def create_account(
        self,
        username: str,
        *,
        bot: bool = False,
        note: str = "",
        display_name: str = "",
        noindex: bool = False,
        indexable: bool = False,
        discoverable: bool = False,
        locked: bool = False,
    ) -> "MastodonAccount":
        """Make an account with a token (1 to 30 letters, digits or `_`); flags default as Mastodon's do."""
        wish = {
            "username": username, "bot": bot, "note": note, "display_name": display_name, "noindex": noindex,
            "indexable": indexable, "discoverable": discoverable, "locked": locked,
        }  # fmt: skip
        made = self.call("POST", "/api/v1/_strict/accounts", json=wish)
        return MastodonAccount(self, made["id"], made["username"], made["token"])

    def create_stranger(self, username: str, **flags: Any) -> "Stranger":
        """Make an account on the other server; `flags` as for `create_account`."""
        made = self.elsewhere.create_account(username, **flags)
        return Stranger(made.server, made.id, made.username, made.token, self)

    def known_as(self, uri: str) -> str | None:
        """The id by which this server knows a post, wherever it was written; None if it never arrived."""
        found: str | None = self.call("GET", "/api/v1/_strict/known", params={"uri": uri})["id"]
        return found

    def fetch(self, uri: str) -> str:
        """Bring a post in, as if somebody here had searched for its address; returns its id here."""
        found: str = self.call("POST", "/api/v1/_strict/fetch", params={"uri": uri})["id"]
        return found

    def delete_account(self, account_id: str) -> None:
        """Delete an account, its posts and its token."""
        self.call("DELETE", f"/api/v1/_strict/accounts/{account_id}")

    def get_status(self, status_id: str, *, token: str | None = None) -> Json:
        """One post; raises MastodonError (404) when it is gone or hidden."""
        post: Json = self.call("GET", f"/api/v1/statuses/{status_id}", token=token)
        return post

    def context(self, status_id: str, *, token: str | None = None) -> Json:
        """A thread: `{ancestors, descendants}`, smaller without a token."""
        thread: Json = self.call("GET", f"/api/v1/statuses/{status_id}/context", token=token)
        return thread

    def account_statuses(self, account_id: str, *, token: str | None = None, **params: Any) -> list[Json]:
        """All posts of an account that the token's owner may see, newest first, every page of them."""
        path = f"/api/v1/accounts/{account_id}/statuses"
        found: list[Json] = []
        while True:
            older = {"max_id": found[-1]["id"]} if found else {}
            page = self.call("GET", path, token=token, params={"limit": 40, **params, **older})
            if not page:
                return found
            found += page

    def hashtag(self, tag: str, *, token: str | None = None, **params: Any) -> list[Json]:
        """The first page of a hashtag's timeline, newest first."""
        posts: list[Json] = self.call("GET", f"/api/v1/timelines/tag/{tag}", token=token, params=params)
        return posts

    def advance_keys(self, account_id: str, seconds: float) -> None:
        """Move the clock that ages one account's idempotency keys (they live 3,600 seconds)."""
        self.call("POST", "/api/v1/_strict/clock", json={"account_id": account_id, "seconds": seconds})

    def limit(self, account_id: str, requests: int, *, seconds: float = 300) -> None:
        """Allow one account so many requests in a window of `seconds` that begins with its next request; then 429."""
        wish = {"account_id": account_id, "requests": requests, "seconds": seconds}
        self.call("POST", "/api/v1/_strict/limit", json=wish)

    def ignore_keys(self, account_id: str) -> None:
        """From now on take no notice of an account's idempotency keys, as servers of some makes do."""
        self.call("POST", "/api/v1/_strict/keys", json={"account_id": account_id})

    def fetches_replies(self, account_id: str, *, on: bool) -> None:
        """Whether a context that this account asks for makes the server fetch another server's replies (default)."""
        self.call("POST", "/api/v1/_strict/refresh", json={"account_id": account_id, "on": on})

    def streams(self, account_id: str, **manner: Any) -> None:
        """Change how one account's streams behave.

        `mode="open"`, `"silent"` (connected, and not a byte more) or `"missing"` (404); `thump=0.2` seconds between
        heartbeats; `drop=True` ends those that are open; `say=...` (bytes of an event, as text) puts words on the wire.
        """
        self.call("POST", "/api/v1/_strict/streams", json={"account_id": account_id, **manner})

    def open_streams(self, account_id: str) -> dict[str, int]:
        """How many streams an account has open now, by stream: `{"user": 1, "hashtag:edchat": 1}`."""
        found: dict[str, int] = self.call("GET", f"/api/v1/_strict/streams/{account_id}")
        return found

    def close_poll(self, poll_id: str) -> None:
        """End a poll now."""
        self.call("POST", f"/api/v1/_strict/polls/{poll_id}/close")

    def reset(self) -> None:
        """Empty the server. Never on the shared one, where other tests are at work: start your own for it."""
        self.call("POST", "/api/v1/_strict/reset")


@dataclass
class MastodonAccount:
    """One account with its token, acting as its owner would."""

    server: MastodonServer = field(repr=False)
    id: str
    username: str
    token: str = field(repr=False)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """One request with our token (see MastodonServer.call)."""
        return self.server.call(method, path, token=self.token, **options)

    def post(
        self,
        text: str,
        *,
        visibility: str = "public",
        reply_to: Json | str | None = None,
        quote: Json | str | None = None,
        poll: Sequence[str] = (),
        poll_seconds: int = 3600,
        idempotency_key: str | None = None,
        **more: Any,
    ) -> Json:
        """Post a text, with a poll if options are given; `more` goes into the request as it is."""
        body: Json = {"status": text, "visibility": visibility, "language": "en", **more}
        if reply_to is not None:
            body["in_reply_to_id"] = _id(reply_to)
        if quote is not None:
            body["quoted_status_id"] = _id(quote)
        if poll:
            body["poll"] = {"options": list(poll), "expires_in": poll_seconds}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        made: Json = self.call("POST", "/api/v1/statuses", json=body, headers=headers)
        return made

    def reply(self, to: Json | str, text: str, **more: Any) -> Json:
        """Reply to a post, given as its JSON or its id; like the web app, mention nobody unless the text does."""
        return self.post(text, reply_to=to, **more)

    def edit(self, what: Json | str, text: str, **more: Any) -> Json:
        """Change one of our posts."""
        edited: Json = self.call("PUT", f"/api/v1/statuses/{_id(what)}", json={"status": text, **more})
        return edited

    def delete(self, what: Json | str) -> None:
        """Delete one of our posts."""
        self.call("DELETE", f"/api/v1/statuses/{_id(what)}")

    def vote(self, poll_id: str, *choices: int) -> Json:
        """Vote in a poll, by the options' positions from 0."""
        poll: Json = self.call("POST", f"/api/v1/polls/{poll_id}/votes", json={"choices": list(choices)})
        return poll

    def block(self, account_id: str) -> Json:
        """Block an account; returns our relationship to it."""
        return self._relate("block", account_id)

    def unblock(self, account_id: str) -> Json:
        """Take a block back."""
        return self._relate("unblock", account_id)

    def follow(self, account_id: str) -> Json:
        """Follow an account."""
        return self._relate("follow", account_id)

    def relationship(self, account_id: str) -> Json:
        """How we and another account stand (`blocking`, `blocked_by`, `following` ...)."""
        found: list[Json] = self.call("GET", "/api/v1/accounts/relationships", params={"id[]": account_id})
        return found[0]

    def delete_account(self) -> None:
        """Leave the server: account and posts are gone."""
        self.server.delete_account(self.id)

    def _relate(self, verb: str, account_id: str) -> Json:
        relationship: Json = self.call("POST", f"/api/v1/accounts/{account_id}/{verb}")
        return relationship


@dataclass
class Stranger(MastodonAccount):
    """An account on the other server, `server`; `home` is the bot's.

    What it writes reaches `home` only if told so: `arrives=True`, as when the post mentions somebody there. Edits and
    the deletion of a post that arrived so arrive, too; a copy that `home` fetched by itself is never told.
    Posts are the JSON of the other server: `post["uri"]` names one everywhere, `home.known_as(post["uri"])` is its
    id at `home`.
    """

    home: MastodonServer = field(repr=False)
    arrived: set[str] = field(default_factory=set, repr=False)

    def post(self, text: str, *, arrives: bool = False, **more: Any) -> Json:
        """Post a text. With `reply_to` give a post's JSON, of either server."""
        return self._sent(super().post(text, **more), arrives=arrives)

    def reply(self, to: Json | str, text: str, *, arrives: bool = False, **more: Any) -> Json:
        """Reply to a post of either server, given as its JSON or its uri; the reply stays here unless it `arrives`."""
        uri = to if isinstance(to, str) else str(to["uri"])
        made = super().post(text, reply_to=self.server.fetch(uri), **more)
        return self._sent(made, arrives=arrives, parent=uri)

    def quote(self, what: Json | str, text: str, *, arrives: bool = False, **more: Any) -> Json:
        """Quote a post of either server."""
        uri = what if isinstance(what, str) else str(what["uri"])
        return self._sent(super().post(text, quote=self.server.fetch(uri), **more), arrives=arrives)

    def edit(self, what: Json | str, text: str, **more: Any) -> Json:
        """Change one of our posts; `home` is told if it arrived there."""
        edited = super().edit(what, text, **more)
        return self._sent(edited, arrives=edited["uri"] in self.arrived)

    def delete(self, what: Json | str) -> None:
        """Delete one of our posts; `home` is told if it arrived there."""
        uri = self.server.get_status(_id(what), token=self.token)["uri"]
        super().delete(what)
        if uri in self.arrived:
            self.home.call("POST", "/api/v1/_strict/undeliver", params={"uri": uri})

    def _sent(self, post: Json, *, arrives: bool, parent: str | None = None) -> Json:
        if arrives:
            self.arrived.add(post["uri"])
            self.home.call("POST", "/api/v1/_strict/deliver", json={"post": post, "parent": parent})
        return post


def start(yard: Yard, name: str = "mastodon") -> Json:
    """Start a server and another one elsewhere; returns MastodonServer's arguments."""
    running = []
    for one in (name, f"{name}-elsewhere"):
        ready = yard.folder / f"{one}.json"
        command = [sys.executable, "-m", "networks.strict_mastodon", str(ready)]
        environment = {"PYTHONPATH": python_path(), "TMPDIR": str(yard.folder)}
        running.append((yard.run(one, command, env=environment), ready))
    ours, other = (server.until_file(ready, seconds=60) for server, ready in running)
    return {"url": ours["url"], "elsewhere": other["url"]}


def _id(post: Mapping[str, Any] | str) -> str:
    return post if isinstance(post, str) else str(post["id"])
