"""What a real Mastodon server hides, refuses and tidies up, put under and before the mock's own handlers.

Under: every query for posts, notifications or conversations of a request is narrowed to what its viewer may see, so no
handler can show too much. Before: `refuse` says no to writes that a real server says no to.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import regex
from mastodon_mock.db.models import (
    Account,
    Idempotency,
    Notification,
    Poll,
    PollVote,
    Relationship,
    Status,
    StatusMention,
    StatusTag,
)
from mastodon_mock.services import attach_mentions_and_tags
from networks.strict_html import LINK
from sqlalchemy import ColumnElement, and_, delete, event, false, inspect, or_, select, update
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker, with_loader_criteria
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import ExecutableOption

MAX_CHARACTERS = 500
LINK_CHARACTERS = 23
KEY_SECONDS = 3600
POLL_OPTIONS = (2, 4)
POLL_OPTION_CHARACTERS = 50
POLL_SECONDS = (300, 2_629_746)

# Inside a flush the session's own objects are left alone.
PLAIN = {"synchronize_session": False}

_WORD = regex.compile(r"\X")
# As Account::MENTION_RE: not behind `/`, `=` or a word, so that a profile's address in a text pings nobody.
MENTION = re.compile(r"(?<![=/\w])@([a-zA-Z0-9_]+(?:@[a-zA-Z0-9_.-]+(?::\d+)?)?)")
_REMOTE_MENTION = regex.compile(r"(?<![\w/])(@\w+)@[\w.:-]*\w")

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Viewer:
    """Who asks (None: anybody), and whether for one post or for a list, or a search."""

    account_id: int | None
    listing: bool = False
    searching: bool = False


VIEWER: ContextVar[Viewer | None] = ContextVar("VIEWER", default=None)
"""Who makes the request at hand; None sees everything, as the server itself does."""


@contextmanager
def seeing_all() -> Iterator[None]:
    """For what a server does by itself in the middle of somebody's request."""
    token = VIEWER.set(None)
    try:
        yield
    finally:
        VIEWER.reset(token)


@dataclass(frozen=True)
class Refusal(Exception):
    """A request the server turns down."""

    status: int
    error: str


@dataclass
class Keys:
    """When each Idempotency-Key was first used, on a clock that a test can move for one account."""

    first_use: dict[tuple[int, str], float] = field(default_factory=dict)
    moved: dict[int, float] = field(default_factory=dict)

    def now(self, account_id: int) -> float:
        return time.time() + self.moved.get(account_id, 0.0)

    def move(self, account_id: int, seconds: float) -> None:
        self.moved[account_id] = self.moved.get(account_id, 0.0) + seconds


def may_see(viewer: Viewer) -> ColumnElement[bool]:
    """The posts a viewer may see (Mastodon's StatusPolicy#show?, StatusFilter and search)."""
    me = viewer.account_id
    anybody = Status.visibility.in_(("public", "unlisted"))
    if me is None:
        return false() if viewer.searching else anybody
    edges = Relationship.__table__.c
    blockers = select(edges.source_account_id).where(edges.target_account_id == me, edges.blocking)
    followed = select(edges.target_account_id).where(edges.source_account_id == me, edges.following)
    mentions = StatusMention.__table__.c
    mentioned = select(mentions.status_id).where(mentions.account_id == me)
    seen = or_(
        Status.account_id == me,
        and_(
            Status.account_id.not_in(blockers),
            or_(
                anybody,
                Status.id.in_(mentioned),
                and_(Status.visibility == "private", Status.account_id.in_(followed)),
            ),
        ),
    )
    if viewer.listing:
        shut_out = select(edges.target_account_id).where(
            edges.source_account_id == me, or_(edges.blocking, edges.muting)
        )
        seen = and_(seen, Status.account_id.not_in(shut_out))
    if viewer.searching:
        accounts = Account.__table__.c
        indexable = select(accounts.id).where(accounts.indexable)
        found = and_(Status.visibility == "public", Status.account_id.in_(indexable))
        seen = and_(seen, or_(Status.account_id == me, Status.id.in_(mentioned), found))
    return seen


def hide(sessions: sessionmaker[Session]) -> None:
    """Narrow every query to what VIEWER may see, where one is set."""

    @event.listens_for(sessions, "do_orm_execute")
    def _narrow(state: ORMExecuteState) -> None:
        viewer = VIEWER.get()
        if viewer is None or not state.is_select or state.is_column_load:
            return
        state.statement = state.statement.options(*_narrowing(viewer))


@lru_cache(maxsize=10_000)
def _narrowing(viewer: Viewer) -> tuple[ExecutableOption, ...]:
    return (
        with_loader_criteria(Status, may_see(viewer), include_aliases=True),
        with_loader_criteria(Notification, _wanted(viewer.account_id), include_aliases=True),
    )


def _wanted(me: int | None) -> ColumnElement[bool]:
    """Notifications that do not come from somebody we block."""
    edges = Relationship.__table__.c
    blocked = select(edges.target_account_id).where(edges.source_account_id == me, edges.blocking)
    return Notification.from_account_id.not_in(blocked)


def tidy(sessions: sessionmaker[Session]) -> None:
    """Do what a real server does around a change: orphan the replies of a deleted post, re-tag an edited one."""

    @event.listens_for(sessions, "before_flush")
    def _before_flush(session: Session, *_: object) -> None:
        for gone in [one for one in session.deleted if isinstance(one, Status)]:
            # `dependent: :nullify`: a reply keeps whom it answered, not what.
            replies = update(Status).where(Status.in_reply_to_id == gone.id)
            session.execute(replies.values(in_reply_to_id=None), execution_options=PLAIN)
            for table in (StatusMention, StatusTag, Notification):
                session.execute(delete(table).where(table.status_id == gone.id), execution_options=PLAIN)
            session.execute(delete(Status).where(Status.reblog_of_id == gone.id), execution_options=PLAIN)
        for edited in [one for one in session.dirty if isinstance(one, Status)]:
            if inspect(edited).attrs.text.history.has_changes():
                for edges in (StatusMention, StatusTag):
                    session.execute(delete(edges).where(edges.status_id == edited.id), execution_options=PLAIN)
                attach_mentions_and_tags(session, edited.id, edited.account_id, edited.text)

    @event.listens_for(Poll, "load", propagate=True)
    def _expire(poll: Poll, _: object) -> None:
        set_committed_value(poll, "expired", _over(poll))


def _over(poll: Poll) -> bool:
    if poll.expires_at is None:
        return False
    expires = poll.expires_at if poll.expires_at.tzinfo else poll.expires_at.replace(tzinfo=UTC)
    return expires <= datetime.now(UTC)


def characters(text: str, warning: str = "") -> int:
    """A post's length as Mastodon counts: graphemes, a link as 23, a remote mention without its server."""
    counted = LINK.sub("x" * LINK_CHARACTERS, text)
    counted = _REMOTE_MENTION.sub(r"\1", counted)
    return len(_WORD.findall(warning + counted))


# What may be refused, by method and path; the first group, if any, is the post's or poll's id.
Check = Callable[[Session, Account, str, Params, Keys, str | None], None]


def check_text(params: Params) -> None:
    """Refuse a text that is too long."""
    if characters(str(params.get("status") or ""), str(params.get("spoiler_text") or "")) > MAX_CHARACTERS:
        raise Refusal(422, f"Validation failed: Text character limit of {MAX_CHARACTERS} exceeded")


def check_post(session: Session, account: Account, _id: str, params: Params, keys: Keys, key: str | None) -> None:
    """Refuse a new post: too long, an impossible poll, a reply to what one cannot see. Ages its key."""
    if key is not None and not params.get("scheduled_at"):
        _age_key(session, account.id, key, keys)
    check_text(params)
    if params.get("visibility") not in (None, "", "public", "unlisted", "private", "direct"):
        raise Refusal(422, "Validation failed: Visibility is not included in the list")
    poll = params.get("poll")
    if isinstance(poll, Mapping):
        _check_poll(poll, params)
    parent = params.get("in_reply_to_id")
    if parent not in (None, "") and _post(session, str(parent)) is None:
        raise Refusal(404, "The post you are trying to reply to does not appear to exist.")
    quoted = params.get("quoted_status_id")
    if quoted not in (None, "") and _post(session, str(quoted)) is None:
        raise Refusal(404, "Record not found")


def check_edit(session: Session, account: Account, found: str, params: Params, *_: object) -> None:
    """Refuse to edit what is not ours, or to make it too long."""
    check_own(session, account, found)
    check_text(params)


def check_own(session: Session, account: Account, found: str, *_: object) -> None:
    """Somebody else's post cannot be edited or deleted; a real server does not even find it."""
    post = _post(session, found)
    if post is None or post.account_id != account.id:
        raise Refusal(404, "Record not found")


def check_vote(session: Session, account: Account, found: str, params: Params, *_: object) -> None:
    """Refuse a vote on one's own, a closed or an unseen poll, a second one, and one for no option."""
    poll = session.get(Poll, int(found)) if found.isdigit() else None
    post = session.get(Status, poll.status_id) if poll is not None else None
    if poll is None or post is None:
        raise Refusal(404, "Record not found")
    chosen = params.get("choices") or []
    choices = {str(one) for one in (chosen if isinstance(chosen, list) else [chosen])}
    voted = select(PollVote).where(PollVote.poll_id == poll.id, PollVote.account_id == account.id).limit(1)
    if post.account_id == account.id:
        raise Refusal(422, "Validation failed: You cannot vote in your own polls")
    if _over(poll):
        raise Refusal(422, "Validation failed: The poll has already ended")
    if session.scalar(voted) is not None:
        raise Refusal(422, "Validation failed: You have already voted on this poll")
    options = {str(option.position) for option in poll.options}
    if not choices or not choices <= options or (len(choices) > 1 and not poll.multiple):
        raise Refusal(422, "Validation failed: The chosen vote option does not exist")


def check_follow(session: Session, account: Account, found: str, *_: object) -> None:
    """Who is blocked cannot follow."""
    blocked = select(Relationship).where(
        Relationship.source_account_id == (int(found) if found.isdigit() else -1),
        Relationship.target_account_id == account.id,
        Relationship.blocking,
    )
    if session.scalar(blocked) is not None:
        raise Refusal(403, "This action is not allowed")


def _check_poll(poll: Params, params: Params) -> None:
    fewest, most = POLL_OPTIONS
    shortest, longest = POLL_SECONDS
    options = [str(one) for one in poll.get("options") or []]
    if params.get("media_ids"):
        raise Refusal(422, "Validation failed: Cannot attach both a poll and media")
    if not fewest <= len(options) <= most or len(set(options)) < len(options):
        raise Refusal(422, f"Validation failed: a poll has {fewest} to {most} different options")
    if any(not one.strip() or len(_WORD.findall(one)) > POLL_OPTION_CHARACTERS for one in options):
        raise Refusal(422, f"Validation failed: an option has 1 to {POLL_OPTION_CHARACTERS} characters")
    if not shortest <= int(poll.get("expires_in") or 0) <= longest:
        raise Refusal(422, f"Validation failed: a poll lasts {shortest} to {longest} seconds")


def _age_key(session: Session, account_id: int, key: str, keys: Keys) -> None:
    """Forget a key after its hour; a key whose post was deleted since finds nothing."""
    now = keys.now(account_id)
    mine = (Idempotency.account_id == account_id, Idempotency.key == key)
    known = session.scalar(select(Idempotency).where(*mine))
    first_use = keys.first_use.get((account_id, key), now)
    if known is None or now - first_use >= KEY_SECONDS:
        session.execute(delete(Idempotency).where(*mine))
        session.commit()
        keys.first_use[account_id, key] = now
    elif session.get(Status, known.status_id) is None:
        raise Refusal(404, "Record not found")


def _post(session: Session, found: str) -> Status | None:
    return session.get(Status, int(found)) if found.isdigit() else None
