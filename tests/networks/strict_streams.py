"""Streaming as Mastodon's own server does it: server-sent events, obeying visibility and blocks.

Every event with a post is checked against what the listener may see (strict_rules.py) before it is sent. `:thump`
goes out every 15 seconds. A test can make one account's streams silent, missing, or drop them, and put words of its
own on the wire. API: https://docs.joinmastodon.org/methods/streaming/
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from mastodon_mock import streaming, streaming_events
from mastodon_mock.db.models import Status, StatusMention
from mastodon_mock.services import add_notification
from mastodon_mock.streaming import EventBus, Subscriber, hashtag_channel, sse_format, user_channel
from networks import strict_rules as rules
from sqlalchemy import select
from sqlalchemy.orm import Session

LOOK = 0.1  # seconds between looks at what a test wants
THUMP = 15.0
_NAMES = {"status_update": "status.update"}


@dataclass
class Manner:
    """How one account's streams behave."""

    mode: str = "open"  # or "silent": connected, and not a byte; or "missing": 404
    thump: float = THUMP
    dropped: int = 0  # grows when all that are open shall end
    said: list[bytes] = field(default_factory=list)


@dataclass
class Open:
    """How many streams are open, by account and stream."""

    count: dict[tuple[int, str], int] = field(default_factory=dict)

    def change(self, account: int, name: str, by: int) -> None:
        self.count[account, name] = self.count.get((account, name), 0) + by


@dataclass(frozen=True)
class Streams:
    """The routes of one server."""

    mock: FastAPI
    manners: dict[int, Manner] = field(default_factory=dict)
    open: Open = field(default_factory=Open)

    def router(self) -> APIRouter:
        """The routes, to be asked before the mock's."""
        made = APIRouter()
        made.add_api_route("/api/v1/streaming/user", self._user, methods=["GET"])
        made.add_api_route("/api/v1/streaming/hashtag", self._hashtag, methods=["GET"])
        made.add_api_route("/api/v1/_strict/streams", self._change, methods=["POST"])
        made.add_api_route("/api/v1/_strict/streams/{account_id}", self._tell, methods=["GET"])
        return made

    async def _user(self, request: Request) -> StreamingResponse:
        return self._answer(request, "user")

    async def _hashtag(self, request: Request, tag: str = "") -> StreamingResponse:
        if not tag:
            raise HTTPException(400, "Missing tag name parameter")
        return self._answer(request, f"hashtag:{tag.lower()}")

    def _answer(self, request: Request, name: str) -> StreamingResponse:
        # Not asked of the mock: its way to an account holds a connection to the database as long as the answer lasts.
        viewer = rules.VIEWER.get()
        account = viewer.account_id if viewer is not None else None
        if account is None:
            raise HTTPException(401, "Missing access token")
        if self._manner(account).mode == "missing":
            raise HTTPException(404, "Not found")
        bus = streaming.get_bus(self.mock)
        assert bus is not None
        channel = user_channel(account) if name == "user" else hashtag_channel(name.removeprefix("hashtag:"))
        events = self._events(request, account, name, bus, bus.subscribe(channel))
        return StreamingResponse(events, media_type="text/event-stream")

    async def _events(
        self, request: Request, account: int, name: str, bus: EventBus, mailbox: Subscriber
    ) -> AsyncIterator[bytes]:
        manner = self._manner(account)
        dropped, thumped, said = manner.dropped, time.monotonic(), len(manner.said)
        self.open.change(account, name, 1)
        try:
            if manner.mode == "open":
                yield b":)\n"
            while manner.dropped == dropped and not await request.is_disconnected():
                if manner.mode == "silent":
                    await asyncio.sleep(LOOK)
                    continue
                for raw in manner.said[said:] if name == "user" else ():
                    said += 1
                    yield raw
                if time.monotonic() - thumped >= manner.thump:
                    thumped = time.monotonic()
                    yield b":thump\n"
                try:
                    event = await asyncio.wait_for(mailbox.queue.get(), LOOK)
                except TimeoutError:
                    continue
                if self._shown(account, event.payload):
                    yield sse_format(_NAMES.get(event.name, event.name), event.payload)
        finally:
            bus.unsubscribe(mailbox)
            self.open.change(account, name, -1)

    def _shown(self, account: int, payload: Any) -> bool:
        post = payload.get("status", payload) if isinstance(payload, dict) else None
        if post is None:  # a deletion, or a notification without a post
            return True
        token = rules.VIEWER.set(rules.Viewer(account, listing=True))
        try:
            with self.mock.state.session_factory() as session:
                return session.scalar(select(Status.id).where(Status.id == int(post["id"]))) is not None
        finally:
            rules.VIEWER.reset(token)

    def _manner(self, account: int) -> Manner:
        return self.manners.setdefault(account, Manner())

    async def _change(self, request: Request) -> dict[str, Any]:
        body = await request.json()
        manner = self._manner(int(body["account_id"]))
        manner.mode = body.get("mode", manner.mode)
        manner.thump = float(body.get("thump", manner.thump))
        manner.dropped += bool(body.get("drop"))
        if "say" in body:
            manner.said.append(body["say"].encode())
        return {}

    async def _tell(self, account_id: int) -> dict[str, int]:
        return {name: count for (account, name), count in self.open.count.items() if account == account_id and count}


def heard_bus(app: FastAPI) -> EventBus | None:
    """The bus if anybody listens: else nothing is worth putting into words."""
    bus: EventBus | None = getattr(app.state, "event_bus", None)
    return bus if bus is not None and bus._subscribers else None


def emit_delete(app: FastAPI, session: Session, post: Status) -> None:
    """A deletion is told to all who were told of the post, those it mentions among them."""
    mentioned = session.scalars(select(StatusMention.account_id).where(StatusMention.status_id == post.id))
    channels = streaming_events._status_channels(session, post) | {user_channel(one) for one in mentioned}
    streaming.publish(app, "delete", str(post.id), channels)


def notify_quoted(session: Session, post: Status) -> None:
    """Whom a post quotes is told, since 4.5."""
    quoted = session.get(Status, post.quoted_status_id) if post.quoted_status_id else None
    if quoted is not None:
        add_notification(
            session, recipient_id=quoted.account_id, from_account_id=post.account_id, type_="quote", status_id=post.id
        )
