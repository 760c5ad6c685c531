"""A Mastodon-API server as strict as a real one, around the lenient mock of `mastodon_mock`.

    python -m networks.strict_mastodon READY_FILE      (the file gets {"url": ...} once the server listens)

The mock keeps the data and answers; this layer adds who may see what (strict_rules.py), the limits of a thread's
context, tokens that must exist, rate-limit headers, HTML as Mastodon writes it (strict_html.py), and
`/api/v1/_strict/...` by which a test makes accounts and moves clocks (strict_control.py). Federation and asynchronous
refreshes are left out: a rule for them is one more route in strict_reading.py or check in CHECKS.
API: https://docs.joinmastodon.org/methods/
"""

import asyncio
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
from mastodon_mock.config import MastodonMockConfig, SeedConfig
from mastodon_mock.db.models import Account, OAuthToken
from mastodon_mock.routers import statuses
from mastodon_mock.routers.helpers import read_body
from mastodon_mock.serializers import accounts as account_serializers
from networks import strict_reading
from networks import strict_rules as rules
from networks.strict_control import Control, State
from networks.strict_html import Formatter
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
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
        else:
            async with self._one_writer:
                await self._write(scope, receive, send, account_id)

    async def _write(self, scope: Scope, receive: Receive, send: Send, account_id: int | None) -> None:
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

    def _account_of(self, token: str | None) -> int | None:
        if token is None:
            return None
        with self._mock.state.session_factory() as session:
            found: int | None = session.scalar(select(OAuthToken.account_id).where(OAuthToken.access_token == token))
            return found


def build(url: str) -> ASGIApp:
    """The whole server, for the address it will be reached at."""
    config = MastodonMockConfig(
        domain=url.removeprefix("http://"), url_scheme="http", title="Strict Mastodon", seed=SeedConfig()
    )
    mock = create_app(config)
    state = State()
    sessions = mock.state.session_factory
    rules.hide(sessions)
    rules.tidy(sessions)
    _patch(state, Formatter(url, _local_names(mock)))
    before = len(mock.router.routes)
    mock.include_router(strict_reading.router())
    mock.include_router(Control(state).router())
    # First come, first served: ours go before the mock's routes of the same paths.
    ours = mock.router.routes[before:]
    mock.router.routes[:] = [*ours, *mock.router.routes[:before]]
    return StrictLayer(mock, mock, state)


def _patch(state: State, formatter: Formatter) -> None:
    """Replace the mock's functions that write what no server writes; it imports them by name in many places."""
    plain_account = account_serializers.serialize_account

    def serialize_account(session: Session, account: Account, *args: Any, **kwargs: Any) -> dict[str, Any]:
        data: dict[str, Any] = plain_account(session, account, *args, **kwargs)
        data["note"] = formatter(account.note)
        data["noindex"] = account.id in state.noindex
        return data

    for name, module in list(sys.modules.items()):
        if name.startswith("mastodon_mock") and getattr(module, "serialize_account", None) is plain_account:
            module.serialize_account = serialize_account  # type: ignore[attr-defined]
    statuses.render_status_html = formatter  # type: ignore[attr-defined]
    # Counted by strict_rules instead, as Mastodon counts.
    statuses.MAX_STATUS_CHARACTERS = sys.maxsize  # type: ignore[attr-defined]
    streaming_events._PUBLIC_VISIBILITIES = {"public"}
    services._MENTION_RE = rules.MENTION


def _local_names(mock: FastAPI) -> Any:
    def is_local(name: str) -> bool:
        with mock.state.session_factory() as session:
            local = select(Account.id).where(Account.username == name, Account.domain.is_(None))
            return session.scalar(local) is not None

    return is_local


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
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    server = _Server(uvicorn.Config(build(url), log_level="warning", timeout_graceful_shutdown=1))
    server.ready_file, server.url = Path(sys.argv[1]), url
    server.run(sockets=[place])


if __name__ == "__main__":
    main()
