"""Routes that read differently on a real server than on the mock: a thread's context, and search."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from mastodon_mock.db.models import Status
from mastodon_mock.deps import Config, CurrentAccount, DbSession
from mastodon_mock.routers import search, statuses
from mastodon_mock.serializers.statuses import serialize_status_list
from networks import strict_rules as rules
from sqlalchemy import select
from sqlalchemy.orm import Session

# Ancestors, descendants and depth of a context (app/controllers/api/v1/statuses_controller.rb).
CONTEXT_SIGNED_IN = (4096, 4096, None)
CONTEXT_ANONYMOUS = (40, 60, 20)


def router() -> APIRouter:
    """The routes, to be asked before the mock's."""
    made = APIRouter()
    made.add_api_route("/api/v1/statuses/{status_id}/context", _context, methods=["GET"])
    made.add_api_route("/api/v2/search", _search, methods=["GET"])
    return made


def _context(status_id: str, db: DbSession, config: Config, viewer: CurrentAccount) -> dict[str, Any]:
    """A thread around a post, within the limits a real server keeps, in depth-first order."""
    post = statuses._get_status_or_404(db, status_id)
    up, down, depth = CONTEXT_SIGNED_IN if viewer is not None else CONTEXT_ANONYMOUS
    ancestors = _visible(db, _ancestors(db, post, up))
    descendants = _visible(db, _descendants(db, post.id, down, depth))
    return {
        "ancestors": serialize_status_list(db, ancestors, config, viewer, filter_context="thread"),
        "descendants": serialize_status_list(db, descendants, config, viewer, filter_context="thread"),
    }


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


def _search(
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
    """The mock's search; with `resolve`, an address of ours finds its post, for those who are signed in."""
    if resolve and viewer is None:
        raise HTTPException(401, "Search queries that resolve remote resources are not supported without a login")
    address = re.fullmatch(rf"{re.escape(config.base_url)}/@\w+/(\d+)", q.strip())
    if resolve and address:
        rules.VIEWER.set(rules.Viewer(viewer.id if viewer is not None else None))  # one post, not a search
        post = db.get(Status, int(address[1]))
        found = serialize_status_list(db, [post] if post else [], config, viewer, filter_context="public")
        return {"accounts": [], "statuses": found, "hashtags": []}
    answer: dict[str, Any] = search.search_v2(db, config, viewer, q, kind, limit, resolve, offset)
    return answer
