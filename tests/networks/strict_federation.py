"""How posts travel between strict servers: what one knows of another's, and what never arrives.

Every strict server can play "another server". A post arrives at one in three ways only:

- delivered, because it was addressed to somebody there (`/deliver`; so are its edits and its deletion),
- fetched, because somebody signed in searched for its address with `resolve` (search, `/fetch`),
- fetched along with a thread, when a signed-in context of another server's post was asked for (since 4.5).

A copy that was fetched is never told of an edit or a deletion. Only servers on this machine are asked.
API: https://docs.joinmastodon.org/methods/search/ and https://docs.joinmastodon.org/entities/AsyncRefresh/
"""

import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, HTTPException, Request
from mastodon_mock.config import MastodonMockConfig
from mastodon_mock.db.models import Account, MediaAttachment, Status, StatusMention, StatusTag, utcnow
from mastodon_mock.deps import Config, DbSession
from mastodon_mock.services import add_notification
from mastodon_mock.streaming_events import emit_status_event, flush_stream_notifications
from networks import strict_streams
from sqlalchemy import select
from sqlalchemy.orm import Session

Json = dict[str, Any]

NEIGHBOURS = frozenset({"127.0.0.1", "localhost"})
REFRESH_SECONDS = 15 * 60
_POST = re.compile(r"/@\w+/(\d+)")


@dataclass
class Known:
    """What a server remembers about others."""

    noindex: set[int] = field(default_factory=set)
    without_refresh: set[int] = field(default_factory=set)  # accounts for whom this server is older than 4.5
    pending: set[int] = field(default_factory=set)  # posts whose replies are being fetched
    refreshed: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Federation:
    """One server's side of it."""

    known: Known

    def router(self) -> APIRouter:
        """What a test may do."""
        made = APIRouter(prefix="/api/v1/_strict")
        made.add_api_route("/fetch", self.fetch, methods=["POST"])
        made.add_api_route("/deliver", self.deliver, methods=["POST"])
        made.add_api_route("/undeliver", self.undeliver, methods=["POST"])
        made.add_api_route("/known", self.ask_known, methods=["GET"])
        made.add_api_route("/refresh", self.refresh, methods=["POST"])
        return made

    def fetch(self, uri: str, db: DbSession, config: Config) -> Json:
        """As if somebody here searched for a post's address; `id` is what it is called here."""
        post = self.bring(db, config, uri)
        if post is None:
            raise HTTPException(404, "Record not found")
        return {"id": str(post.id)}

    async def deliver(self, request: Request, db: DbSession, config: Config) -> Json:
        """Another server sends a post, new or edited: `{post, parent}`, `parent` being the parent's uri or null."""
        body = await request.json()
        before = self._copy(db, body["post"]["uri"])
        parent = self.bring(db, config, body["parent"]) if body.get("parent") else None
        post = self._keep(db, config, body["post"], parent)
        if before is None:
            for account in db.scalars(select(StatusMention.account_id).where(StatusMention.status_id == post.id)):
                add_notification(
                    db, recipient_id=account, from_account_id=post.account_id, type_="mention", status_id=post.id
                )
            strict_streams.notify_quoted(db, post)
        db.commit()
        emit_status_event(request.app, db, post, config, name="status_update" if before else "update")
        flush_stream_notifications(request.app, db, config)
        return {"id": str(post.id)}

    def undeliver(self, uri: str, request: Request, db: DbSession) -> Json:
        """Another server says that a post is deleted."""
        post = self._copy(db, uri)
        if post is not None:
            strict_streams.emit_delete(request.app, db, post)
            db.delete(post)
            db.commit()
        return {}

    def ask_known(self, uri: str, db: DbSession, config: Config) -> Json:
        """What a post is called here; `id` is null where it never arrived."""
        post = self._local(db, config, uri) or self._copy(db, uri)
        return {"id": None if post is None else str(post.id)}

    async def refresh(self, request: Request) -> Json:
        """Switch the fetching of replies to other servers' posts on or off, for one account that asks."""
        body = await request.json()
        change = self.known.without_refresh.discard if body["on"] else self.known.without_refresh.add
        change(int(body["account_id"]))
        return {}

    # -- what reading does -------------------------------------------------------------------------------------
    def bring(self, db: Session, config: MastodonMockConfig, uri: str) -> Status | None:
        """The post with this uri, fetched with what it replies to if it is not here yet; None if there is none."""
        found = self._local(db, config, uri) or self._copy(db, uri)
        host, number = _place(uri)
        if found is not None or number is None or f"{config.url_scheme}://{host}" == config.base_url:
            return found
        post = _ask(host, f"/api/v1/statuses/{number}")
        if not isinstance(post, dict) or post.get("uri") != uri:
            return None
        up = _ask(host, f"/api/v1/statuses/{post['in_reply_to_id']}") if post["in_reply_to_id"] else None
        parent = self.bring(db, config, up["uri"]) if isinstance(up, dict) else None
        made = self._keep(db, config, post, parent)
        db.commit()
        return made

    def bring_account(self, db: Session, config: MastodonMockConfig, name: str, host: str) -> Account | None:
        """The account of another server, asked there."""
        if f"{config.url_scheme}://{host}" == config.base_url:
            return None
        found = _ask(host, f"/api/v1/accounts/lookup?acct={name}")
        if not isinstance(found, dict):
            return None
        made = self._account(db, found, host)
        db.commit()
        return made

    def replies_to(self, db: Session, config: MastodonMockConfig, post: Status, viewer: Account | None) -> str | None:
        """Fetch a thread's replies as 4.5 does: begun by one question, there at the next. Gives the header's value."""
        if viewer is None or viewer.id in self.known.without_refresh or post.account.domain is None or not post.url:
            return None
        host, number = _place(post.url)
        if post.id in self.known.pending:
            self.known.pending.discard(post.id)
            thread = _ask(host, f"/api/v1/statuses/{number}/context")
            for reply in thread["descendants"] if isinstance(thread, dict) else ():
                self.bring(db, config, reply["uri"])
            return None
        if time.time() - self.known.refreshed.get(post.id, 0.0) < REFRESH_SECONDS:
            return None
        self.known.refreshed[post.id] = time.time()
        self.known.pending.add(post.id)
        return f'id="{post.id}", retry=1, result_count=0'

    # -- rows --------------------------------------------------------------------------------------------------
    @staticmethod
    def _local(db: Session, config: MastodonMockConfig, uri: str) -> Status | None:
        host, number = _place(uri)
        if number is None or f"{config.url_scheme}://{host}" != config.base_url:
            return None
        found: Status | None = db.scalar(select(Status).where(Status.id == number, Status.url.is_(None)))
        return found

    @staticmethod
    def _copy(db: Session, uri: str) -> Status | None:
        found: Status | None = db.scalar(select(Status).where(Status.url == uri))
        return found

    def _account(self, db: Session, data: Json, host: str) -> Account:
        name, _, domain = data["acct"].partition("@")
        domain = domain or host
        account = db.scalar(select(Account).where(Account.username == name, Account.domain == domain))
        if account is None:
            account = Account(username=name, domain=domain, fields=[])
            db.add(account)
        account.display_name, account.note, account.bot = data["display_name"], data["note"], data["bot"]
        account.indexable, account.discoverable = bool(data["indexable"]), data["discoverable"]
        db.flush()
        if data["noindex"]:
            self.known.noindex.add(account.id)
        return account

    def _keep(self, db: Session, config: MastodonMockConfig, data: Json, parent: Status | None) -> Status:
        """Write another server's post, new or once more, as it is there now."""
        host, _ = _place(data["uri"])
        post = self._copy(db, data["uri"])
        if post is None:
            post = Status(account_id=self._account(db, data["account"], host).id, url=data["uri"], edit_history=[])
            post.created_at = datetime.fromisoformat(data["created_at"])
            if parent is not None:
                post.in_reply_to_id, post.in_reply_to_account_id = parent.id, parent.account_id
            db.add(post)
        else:
            post.edited_at = utcnow()
        post.content, post.visibility, post.language = data["content"], data["visibility"], data["language"]
        post.spoiler_text, post.sensitive = data["spoiler_text"], data["sensitive"]
        db.flush()
        for edges in (StatusTag, StatusMention, MediaAttachment):
            for old in db.scalars(select(edges).where(edges.status_id == post.id)):
                db.delete(old)
        for media in data["media_attachments"]:
            kept = {name: media[name] for name in ("type", "url", "description")}
            db.add(MediaAttachment(account_id=post.account_id, status_id=post.id, **kept))
        for tag in data["tags"]:
            db.add(StatusTag(status_id=post.id, name=tag["name"].lower()))
        for mention in data["mentions"]:
            name, _, domain = mention["acct"].partition("@")
            home = None if f"{config.url_scheme}://{domain}" == config.base_url else domain or host
            account = db.scalar(select(Account.id).where(Account.username == name, Account.domain == home))
            if account is not None:
                db.add(StatusMention(status_id=post.id, account_id=account))
        quoted = ((data["quote"] or {}).get("quoted_status") or {}).get("uri")
        if quoted:
            found = self._local(db, config, quoted) or self._copy(db, quoted)
            post.quoted_status_id = found.id if found else None
        db.flush()
        return post


def _place(uri: str) -> tuple[str, int | None]:
    """A post's server and its number there."""
    parts = urlsplit(uri)
    number = _POST.fullmatch(parts.path)
    return parts.netloc, int(number[1]) if number else None


def _ask(host: str, path: str) -> Any:
    """What another server tells anybody; None for everything but a good answer."""
    if urlsplit(f"//{host}").hostname not in NEIGHBOURS:
        return None
    try:
        answer = httpx.get(f"http://{host}{path}", timeout=10)
        return answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError):
        return None
