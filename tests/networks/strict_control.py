"""What only a test may do on the strict server: make and delete accounts, move clocks, set limits.

Routes below `/api/v1/_strict/`; a real server has none of them.
"""

import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from mastodon_mock.db.models import Account, Idempotency, OAuthToken, Poll, Relationship, Status
from mastodon_mock.deps import DbSession
from mastodon_mock.routers import oauth
from networks import strict_rules as rules
from networks.strict_federation import Known
from sqlalchemy import delete, or_, select


@dataclass
class Allowance:
    """Requests allowed to one account or address in a window that begins with its first request."""

    limit: int = 30_000
    seconds: float = 300
    used: int = 0
    start: float = 0.0

    def spend(self) -> dict[str, str]:
        """Count one request; returns the headers. Refused requests show as `used` over `limit`."""
        now = time.time()
        if now >= self.start + self.seconds:
            self.start, self.used = now, 0
        self.used += 1
        reset = datetime.fromtimestamp(self.start + self.seconds, UTC)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": reset.isoformat().replace("+00:00", "Z"),
        }

    @property
    def spent(self) -> bool:
        return self.used > self.limit


@dataclass
class State:
    """What the layer remembers besides the mock's database."""

    keys: rules.Keys = field(default_factory=rules.Keys)
    allowances: dict[int | str, Allowance] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    without_keys: set[int] = field(default_factory=set)  # accounts whose Idempotency-Keys are ignored

    def allowance(self, who: int | str) -> Allowance:
        return self.allowances.setdefault(who, Allowance())


@dataclass(frozen=True)
class Control:
    """The handlers, over one server's state."""

    state: State

    def router(self) -> APIRouter:
        """The routes to add to the server."""
        router = APIRouter(prefix="/api/v1/_strict")
        router.add_api_route("/accounts", self.create_account, methods=["POST"])
        router.add_api_route("/accounts/{account_id}", self.delete_account, methods=["DELETE"])
        router.add_api_route("/clock", self.move_clock, methods=["POST"])
        router.add_api_route("/limit", self.limit, methods=["POST"])
        router.add_api_route("/keys", self.ignore_keys, methods=["POST"])
        router.add_api_route("/polls/{poll_id}/close", self.close_poll, methods=["POST"])
        router.add_api_route("/reset", self.reset, methods=["POST"])
        return router

    async def create_account(self, request: Request, db: DbSession) -> dict[str, Any]:
        body = await request.json()
        username = str(body["username"])
        taken = select(Account.id).where(Account.username == username, Account.domain.is_(None))
        if not re.fullmatch(r"\w{1,30}", username, re.ASCII) or db.scalar(taken) is not None:
            raise HTTPException(422, "Validation failed: Username is taken, or not 1 to 30 letters, digits or _")
        account = Account(
            username=username,
            display_name=body.get("display_name") or "",
            note=body.get("note") or "",
            bot=bool(body.get("bot")),
            locked=bool(body.get("locked")),
            indexable=bool(body.get("indexable")),
            discoverable=body.get("discoverable"),
            fields=[],
        )
        db.add(account)
        db.flush()
        token = OAuthToken(access_token=secrets.token_urlsafe(32), account_id=account.id, scopes=["read", "write"])
        db.add(token)
        db.commit()
        if body.get("noindex"):
            self.state.known.noindex.add(account.id)
        return {"id": str(account.id), "username": username, "token": token.access_token}

    def delete_account(self, account_id: int, db: DbSession) -> dict[str, Any]:
        for post in db.scalars(select(Status).where(Status.account_id == account_id)):
            db.delete(post)
        db.flush()
        edges = or_(Relationship.source_account_id == account_id, Relationship.target_account_id == account_id)
        for gone in (
            delete(OAuthToken).where(OAuthToken.account_id == account_id),
            delete(Idempotency).where(Idempotency.account_id == account_id),
            delete(Relationship).where(edges),
            delete(Account).where(Account.id == account_id),
        ):
            db.execute(gone)
        db.commit()
        return {}

    async def move_clock(self, request: Request) -> dict[str, Any]:
        body = await request.json()
        self.state.keys.move(int(body["account_id"]), float(body["seconds"]))
        return {}

    async def limit(self, request: Request) -> dict[str, Any]:
        body = await request.json()
        self.state.allowances[int(body["account_id"])] = Allowance(int(body["requests"]), float(body["seconds"]))
        return {}

    async def ignore_keys(self, request: Request) -> dict[str, Any]:
        body = await request.json()
        self.state.without_keys.add(int(body["account_id"]))
        return {}

    def close_poll(self, poll_id: int, db: DbSession) -> dict[str, Any]:
        poll = db.get(Poll, poll_id)
        if poll is None:
            raise HTTPException(404, "Record not found")
        poll.expires_at = datetime.now(UTC)
        db.commit()
        return {}

    def reset(self, request: Request) -> dict[str, Any]:
        fresh = State()
        self.state.keys, self.state.allowances = fresh.keys, fresh.allowances
        self.state.without_keys.clear()
        for remembered in (self.state.known.noindex, self.state.known.without_refresh, self.state.known.pending):
            remembered.clear()
        self.state.known.refreshed.clear()
        emptied: dict[str, Any] = oauth.mock_reset(request)
        return emptied
