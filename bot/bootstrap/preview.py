"""What the bot would say, before it says it: every prompt of every dated chat, composed by the same code."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from bot.bootstrap.house import composer_of, limits_of, tell_of_template
from bot.domain.chats import next_after
from bot.domain.outbox import MediaFile
from bot.domain.prompts import prompts
from bot.domain.records import StoredChat
from bot.domain.schedule import planned_chats, without_entry
from bot.domain.textlength import remaining

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from bot.config import Settings
    from bot.domain.chats import Chat
    from bot.domain.outbox import Draft
    from bot.domain.prompts import Prompt
    from bot.domain.series import Series
    from bot.errors import Problem
    from bot.ports import Composer


class PlanLine(msgspec.Struct, frozen=True):
    """One prompt on one account.

    Attributes:
        series, chat, prompt: ids.
        network, account: where.
        at_utc, at_local: ISO 8601; local is in the series' zone.
        text: exactly what will be posted, the posts of a thread parted by an empty line; a digest is not known yet.
        remaining: how many characters are left in the fullest post, in that network's own count; ``None`` if not known.
    """

    series: str
    chat: str
    prompt: str
    network: str
    account: str
    at_utc: str
    at_local: str
    text: str
    remaining: int | None


class Preview(msgspec.Struct, frozen=True):
    """All lines, in order of time within each chat, and by series the dates of its rhythm that have no entry."""

    lines: tuple[PlanLine, ...]
    without_entry: dict[str, tuple[date, ...]]


def preview(
    settings: Settings,
    now: datetime,
    until: date | None,
    cancelled: Collection[str] = (),
    note: Callable[[Problem], None] = tell_of_template,
) -> Preview:
    """Compose every prompt of every dated chat and event of which something is still to be said.

    Args:
        settings: a checked folder.
        now: UTC.
        until: the last date to show; ``None`` for all.
        cancelled: ids of chats that post nothing more.
        note: is given what is wrong with the folder's own templates.
    """
    composer = composer_of(settings, note)
    lines: list[PlanLine] = []
    empty: dict[str, tuple[date, ...]] = {}
    for series in settings.series:
        chats = planned_chats(series)
        coming = [
            chat
            for chat in chats
            if max((prompt.at for prompt in prompts(series, chat)), default=chat.ends_at) > now
            and chat.id not in cancelled
            and (until is None or chat.date <= until)
        ]
        for chat in coming:
            lines += _lines(settings, composer, series, chat, next_after(chats, chat))
        last = until or max((chat.date for chat in chats if chat.event is None), default=now.date())
        empty[series.slug] = without_entry(series, now.astimezone(ZoneInfo(series.timezone)).date(), last)
    return Preview(tuple(lines), empty)


def _lines(
    settings: Settings, composer: Composer, series: Series, chat: Chat, upcoming: Chat | None
) -> Iterator[PlanLine]:
    stored = StoredChat(chat=chat, series=series, revision=0)
    for prompt in prompts(series, chat):
        for key in series.accounts:
            account = settings.networks[key]
            limits = limits_of(account.network, account.characters)
            text, left = "Written after the chat from what teachers said.", None
            if prompt.kind != "digest":
                draft = composer.compose(
                    prompt,
                    stored,
                    account.network,
                    limits,
                    upcoming=upcoming,
                    content=None,
                    question=None,
                    media=_media(chat, prompt),
                )
                text = text_of(draft)
                left = min(remaining(post.text, limits) for post in draft.posts)
            yield PlanLine(
                series=series.slug,
                chat=chat.id,
                prompt=prompt.id.removeprefix(f"{chat.id}/"),
                network=account.network,
                account=key,
                at_utc=prompt.at.astimezone(UTC).isoformat(),
                at_local=prompt.at.astimezone(ZoneInfo(series.timezone)).isoformat(),
                text=text,
                remaining=left,
            )


def _media(chat: Chat, prompt: Prompt) -> tuple[MediaFile, ...]:
    """The question's picture as the composer needs to know of it; its bytes are read when it is sent."""
    image = chat.questions[prompt.number - 1].image if prompt.kind == "question" else None
    return (MediaFile("", "image/jpeg", 0, image.alt, 0, 0),) if image else ()


def text_of(draft: Draft) -> str:
    """The words of a draft as a person would read them; a poll's options as lines of their own."""
    return "\n\n".join(
        "\n".join([post.text.text, *(f"( ) {option}" for option in (post.poll.options if post.poll else ()))])
        for post in draft.posts
    )
