"""Routes that read differently on a real server than on the mock: a thread's context, search, the server's page."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from mastodon_mock.db.models import Account, Status
from mastodon_mock.deps import Config, CurrentAccount, DbSession
from mastodon_mock.routers import search, statuses
from mastodon_mock.serializers import accounts as account_serializers
from mastodon_mock.serializers.instance import serialize_instance_v2
from mastodon_mock.serializers.statuses import serialize_status_list
from networks import strict_rules as rules
from networks.strict_federation import Federation
from sqlalchemy import select
from sqlalchemy.orm import Session

# Ancestors, descendants and depth of a context (app/controllers/api/v1/statuses_controller.rb).
CONTEXT_SIGNED_IN = (4096, 4096, None)
CONTEXT_ANONYMOUS = (40, 60, 20)


@dataclass(frozen=True)
class Reading:
    """The handlers, over what a server knows of others."""

    federation: Federation

    def router(self) -> APIRouter:
        """The routes, to be asked before the mock's."""
        made = APIRouter()
        made.add_api_route("/api/v1/statuses/{status_id}/context", self.context, methods=["GET"])
        made.add_api_route("/api/v2/search", self.search, methods=["GET"])
        made.add_api_route("/api/v2/instance", _instance, methods=["GET"])
        return made

    def context(
        self, status_id: str, db: DbSession, config: Config, viewer: CurrentAccount, response: Response
    ) -> dict[str, Any]:
        """A thread around a post, within the limits a real server keeps, in depth-first order."""
        post = statuses._get_status_or_404(db, status_id)
        with rules.seeing_all():
            refresh = self.federation.replies_to(db, config, post, viewer)
        if refresh is not None:
            response.headers["Mastodon-Async-Refresh"] = refresh
        up, down, depth = CONTEXT_SIGNED_IN if viewer is not None else CONTEXT_ANONYMOUS
        ancestors = _visible(db, _ancestors(db, post, up))
        descendants = _visible(db, _descendants(db, post.id, down, depth))
        return {
            "ancestors": serialize_status_list(db, ancestors, config, viewer, filter_context="thread"),
            "descendants": serialize_status_list(db, descendants, config, viewer, filter_context="thread"),
        }

    def search(
        self,
        db: DbSession,
        config: Config,
        viewer: CurrentAccount,
        *,
        q: str,
        kind: Annotated[str | None, Query(alias="type")] = None,
        limit: int = 20,
        resolve: bool = False,
        offset: int = 0,
    ) -> dict[str, Any]:
        """The mock's search; with `resolve`, an address finds its post and a handle its account, wherever they are."""
        if resolve and viewer is None:
            raise HTTPException(401, "Search queries that resolve remote resources are not supported without a login")
        address, handle = re.fullmatch(r"https?://\S+", q.strip()), re.fullmatch(r"@?(\w+)@(\S+)", q.strip())
        if resolve and address:
            with rules.seeing_all():
                known = self.federation.bring(db, config, q.strip())
                found = None if known is None else known.id
                db.expunge_all()
            rules.VIEWER.set(rules.Viewer(viewer.id if viewer is not None else None))  # one post, not a search
            posts = list(db.scalars(select(Status).where(Status.id == found)))
            shown = serialize_status_list(db, posts, config, viewer, filter_context="public")
            return {"accounts": [], "statuses": shown, "hashtags": []}
        if handle:
            name, host = handle.groups()
            account = self.federation.bring_account(db, config, name, host) if resolve else None
            home = None if f"{config.url_scheme}://{host}" == config.base_url else host
            account = account or db.scalar(select(Account).where(Account.username == name, Account.domain == home))
            found_accounts = [account_serializers.serialize_account(db, account, config)] if account else []
            return {"accounts": found_accounts, "statuses": [], "hashtags": []}
        answer: dict[str, Any] = search.search_v2(db, config, viewer, q, kind, limit, resolve, offset)
        return answer


def _instance(request: Request, db: DbSession, config: Config) -> dict[str, Any]:
    """The mock's page about itself; its streams are where the asker found it, even behind a proxy."""
    told: dict[str, Any] = serialize_instance_v2(db, config)
    told["configuration"]["urls"]["streaming"] = f"ws://{request.headers['host']}"
    return told


def _ancestors(db: Session, post: Status, limit: int) -> list[int]:
    found: list[int] = []
    table = Status.__table__.c
    parent = post.in_reply_to_id
    while parent is not None and len(found) < limit:
        found.append(parent)
        parent = db.scalar(select(table.in_reply_to_id).where(table.id == parent))
    return found[::-1]


def _descendants(db: Session, root: int, limit: int, depth: int | None) -> list[int]:
    """Ids below a post, whoever may see them: one hidden reply does not hide the public ones below it."""
    table = Status.__table__.c
    children: dict[int, list[int]] = {}
    level, level_number = [root], 0
    while level and (depth is None or level_number < depth):
        rows = [
            row
            for start in range(0, len(level), 500)
            for row in db.execute(
                select(table.id, table.in_reply_to_id).where(table.in_reply_to_id.in_(level[start : start + 500]))
            )
        ]
        for child, parent in sorted((row[0], row[1]) for row in rows):
            children.setdefault(parent, []).append(child)
        level, level_number = [row[0] for row in rows], level_number + 1
    found: list[int] = []
    ahead = children.get(root, [])[::-1]
    while ahead and len(found) < limit:
        found.append(ahead.pop())
        ahead += children.get(found[-1], [])[::-1]
    return found


def _visible(db: Session, ids: list[int]) -> list[Status]:
    by_id = {
        post.id: post
        for start in range(0, len(ids), 500)
        for post in db.scalars(select(Status).where(Status.id.in_(ids[start : start + 500])))
    }
    return [by_id[one] for one in ids if one in by_id]
