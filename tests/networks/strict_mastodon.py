"""A Mastodon-API server as strict as a real one, around the lenient mock of `mastodon_mock`.

    python -m networks.strict_mastodon READY_FILE      (the file gets {"url": ...} once the server listens)

The mock keeps the data and answers; this layer adds who may see what (strict_rules.py), the limits of a thread's
context, tokens that must exist, rate-limit headers, HTML as Mastodon writes it (strict_html.py), and
`/api/v1/_strict/...` by which a test makes accounts and moves clocks (strict_control.py), streams (strict_streams.py),
and other servers of the same kind, with what never arrives from them (strict_federation.py).
API: https://docs.joinmastodon.org/methods/
"""

import asyncio
import gc
import json
import re
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from mastodon_mock import services, streaming_events
from mastodon_mock.app import create_app
from mastodon_mock.config import MastodonMockConfig, SeedConfig, StreamingConfig
from mastodon_mock.db.models import Account, OAuthToken, Status
from mastodon_mock.routers import statuses
from mastodon_mock.routers.helpers import read_body
from mastodon_mock.serializers import accounts as account_serializers
from mastodon_mock.serializers import statuses as status_serializers
from networks import strict_rules as rules
from networks import strict_streams
from networks.strict_control import Control, State
from networks.strict_federation import Federation
from networks.strict_html import Formatter
from networks.strict_reading import Reading
from networks.strict_streams import Streams
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POST = r"/api/v1/statuses/(\d+)"
CHECKS: list[tuple[str, re.Pattern[str], rules.Check]] = [
    ("POST", re.compile(r"/api/v1/statuses"), rules.check_post),
    ("PUT", re.compile(POST), rules.check_edit),
    ("DELETE", re.compile(POST), rules.check_own),
    ("POST", re.compile(r"/api/v1/polls/(\w+)/votes"), rules.check_vote),
    ("POST", re.compile(r"/api/v1/accounts/(\w+)/follow"), rules.check_follow),
]
LISTS = re.compile(r"/api/v1/(timelines/|statuses/\d+/(context|quotes|reblogged_by)|notifications|conversations)")
SEARCHES = re.compile(r"/api/v[12]/search")


class StrictLayer:
    """The outermost ASGI application: tokens, rate limits and refusals, then the mock."""

    def __init__(self, app: ASGIApp, mock: FastAPI, state: State) -> None:
        self._app = app
        self._mock = mock
        self._state = state
        self._one_writer = asyncio.Lock()  # SQLite: two writers at once end in "database is locked"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rules.VIEWER.set(None)
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/"):
            await self._app(scope, receive, send)
            return
        if path.startswith("/api/v1/_"):  # a test's own routes, without tokens or limits
            async with self._one_writer:
                await self._app(scope, receive, send)
            return
        token = _bearer(Request(scope))
        account_id = self._account_of(token)
        if token is not None and account_id is None:
            await JSONResponse({"error": "The access token is invalid"}, 401)(scope, receive, send)
            return
        rules.VIEWER.set(_viewer(path, account_id))
        client = scope.get("client") or ("somebody",)
        allowance = self._state.allowance(account_id if account_id is not None else client[0])
        send = _with_headers(send, allowance.spend())
        if allowance.spent:
            await JSONResponse({"error": "Too many requests"}, 429)(scope, receive, send)
        elif self._only_reads(scope):
            await self._app(scope, receive, send)
        else:
            async with self._one_writer:
                await self._write(scope, receive, send, account_id)

    async def _write(self, scope: Scope, receive: Receive, send: Send, account_id: int | None) -> None:
        if account_id in self._state.without_keys:
            kept = [(name, value) for name, value in scope["headers"] if name != b"idempotency-key"]
            scope = {**scope, "headers": kept}
        body = await Request(scope, receive).body()
        check, found = _check_for(scope["method"], scope["path"])
        if check is not None and account_id is not None:
            params = await _params(Request(scope, _replay(body, receive)))
            key = Request(scope).headers.get("Idempotency-Key")
            with self._mock.state.session_factory() as session:
                account = session.get(Account, account_id)
                try:
                    if account is not None:
                        check(session, account, found, params, self._state.keys, key)
                except rules.Refusal as no:
                    await JSONResponse({"error": no.error}, no.status)(scope, receive, send)
                    return
        await self._app(scope, _replay(body, receive), send)

    def _only_reads(self, scope: Scope) -> bool:
        """Whether nothing is written: a search, or a thread that is being fetched, may bring posts in."""
        brings = SEARCHES.match(scope["path"]) or (self._state.known.pending and scope["path"].endswith("/context"))
        return scope["method"] in ("GET", "HEAD", "OPTIONS") and not brings

    def _account_of(self, token: str | None) -> int | None:
        if token is None:
            return None
        with self._mock.state.session_factory() as session:
            found: int | None = session.scalar(select(OAuthToken.account_id).where(OAuthToken.access_token == token))
            return found


def build(url: str) -> ASGIApp:
    """The whole server, for the address it will be reached at."""
    config = MastodonMockConfig(
        domain=url.removeprefix("http://"),
        url_scheme="http",
        title="Strict Mastodon",
        seed=SeedConfig(),
        streaming=StreamingConfig(queue_maxsize=20_000),
    )
    mock = create_app(config)
    state = State()
    sessions = mock.state.session_factory
    rules.hide(sessions)
    rules.tidy(sessions)
    _patch(state, Formatter(url, _profiles(mock, url)))
    before = len(mock.router.routes)
    federation = Federation(state.known)
    for ours in (Reading(federation), federation, Streams(mock), Control(state)):
        mock.include_router(ours.router())
    # First come, first served: ours go before the mock's routes of the same paths.
    mock.router.routes[:] = [*mock.router.routes[before:], *mock.router.routes[:before]]
    return StrictLayer(mock, mock, state)


def _patch(state: State, formatter: Formatter) -> None:
    """Replace the mock's functions that write what no server writes; it imports them by name in many places."""
    plain_account = account_serializers.serialize_account

    def serialize_account(session: Session, account: Account, *args: Any, **kwargs: Any) -> dict[str, Any]:
        data: dict[str, Any] = plain_account(session, account, *args, **kwargs)
        data["note"] = account.note if account.domain else formatter(account.note)
        data["noindex"] = account.id in state.known.noindex
        if account.domain:
            data["uri"] = data["url"] = f"http://{account.domain}/@{account.username}"
        return data

    for name, module in list(sys.modules.items()):
        if name.startswith("mastodon_mock") and getattr(module, "serialize_account", None) is plain_account:
            module.serialize_account = serialize_account  # type: ignore[attr-defined]
    statuses.render_status_html = formatter  # type: ignore[attr-defined]
    # Counted by strict_rules instead, as Mastodon counts.
    statuses.MAX_STATUS_CHARACTERS = sys.maxsize  # type: ignore[attr-defined]
    streaming_events._PUBLIC_VISIBILITIES = {"public"}
    streaming_events.get_bus = strict_streams.heard_bus
    services._MENTION_RE = rules.MENTION
    _patch_posts(formatter.base_url)


def _patch_posts(url: str) -> None:
    """What happens when a post is written or deleted, and how it tells whom it mentions."""
    plain_create, plain_mentions = statuses._create_status_from_params, status_serializers._mentions_from_ctx
    plain_parse = services.parse_mentions

    def create(db: Session, account: Account, params: dict[str, Any]) -> Status:
        post: Status = plain_create(db, account, params)
        strict_streams.notify_quoted(db, post)
        return post

    def parse_mentions(session: Session, text: str, exclude_account_id: int) -> list[Account]:
        plain = re.sub(rf"@{re.escape(url.removeprefix('http://'))}(?!\w)", "", text)  # our own people, named in full
        return plain_parse(session, plain, exclude_account_id)

    def mentions(accounts: list[Account], config: MastodonMockConfig) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = plain_mentions(accounts, config)
        for one, account in zip(told, accounts, strict=True):
            if account.domain:
                one["url"] = f"http://{account.domain}/@{account.username}"
        return told

    services.parse_mentions = parse_mentions
    statuses._create_status_from_params = create
    statuses.emit_status_delete = strict_streams.emit_delete  # type: ignore[attr-defined]
    status_serializers._mentions_from_ctx = mentions


def _profiles(mock: FastAPI, url: str) -> Any:
    def profile(name: str, domain: str | None) -> str | None:
        home = None if domain is None or f"http://{domain}" == url else domain
        with mock.state.session_factory() as session:
            known = session.scalar(select(Account.id).where(Account.username == name, Account.domain == home))
        return None if known is None else f"http://{domain or url.removeprefix('http://')}/@{name}"

    return profile


def _viewer(path: str, account_id: int | None) -> rules.Viewer:
    return rules.Viewer(account_id, listing=LISTS.match(path) is not None, searching=SEARCHES.match(path) is not None)


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def _check_for(method: str, path: str) -> tuple[rules.Check | None, str]:
    for verb, pattern, check in CHECKS:
        match = pattern.fullmatch(path)
        if verb == method and match:
            return check, match[1] if pattern.groups else ""
    return None, ""


async def _params(request: Request) -> dict[str, Any]:
    """Parameters of a form or a JSON body, and of the query."""
    query = {name.removesuffix("[]"): request.query_params.getlist(name) for name in request.query_params}
    return {**query, **await read_body(request)}


def _replay(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, to be read once more."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send, headers: dict[str, str]) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return with_headers


class _Server(uvicorn.Server):
    ready_file: Path
    url: str

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        draft = self.ready_file.with_suffix(".new")
        draft.write_text(json.dumps({"url": self.url}))
        draft.rename(self.ready_file)


def main() -> None:
    gc.freeze()  # thousands of requests leave little behind; what was loaded is never garbage
    gc.set_threshold(100_000)
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    server = _Server(uvicorn.Config(build(url), log_level="warning", timeout_graceful_shutdown=1))
    server.ready_file, server.url = Path(sys.argv[1]), url
    server.run(sockets=[place])


if __name__ == "__main__":
    main()
