"""How somebody's words are signed: with a name, with initials, or with nobody's, as ``naming.as_called`` left it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.patterns import is_web
from bot.rendering.frame import upper_first

if TYPE_CHECKING:
    from datetime import date

    from bot.domain.posts import Post
    from bot.rendering.words import Words


def nameless(post: Post) -> bool:
    """Whether its author asked not to be named: then its time is only right to the hour, and it has no address."""
    return not (post.author.handle or post.author.name or post.ref.url)


def signed(words: Words, post: Post) -> str:
    """What to call a post's author within a sentence: who has no name left is “a teacher”."""
    return post.author.name or post.author.handle or words("chat.somebody")


def signature(words: Words, post: Post) -> str:
    """The same at the beginning of a line."""
    return post.author.name or post.author.handle or upper_first(words("chat.somebody"))


def handle_beside(post: Post) -> str:
    """The handle, where it says more than the name."""
    return post.author.handle if post.author.handle != post.author.name else ""


def link_in_public(post: Post) -> str:
    """The original's address, where it may be said aloud: it often holds its author's handle, so only with a name."""
    return post.ref.url if post.author.handle and is_web(post.ref.url) else ""


def stamp(post: Post, zone: str) -> str:
    """For a machine (HTML's ``datetime``): to the second; of somebody nameless only the day, by a zone's calendar."""
    if nameless(post):
        return post.at.astimezone(ZoneInfo(zone)).date().isoformat()
    return post.at.isoformat(timespec="seconds")


def clock(words: Words, post: Post, zone: str, day: date) -> str:
    """For a reader: ``20:03``; of somebody nameless ``7 January, about 20:00``."""
    if not nameless(post):
        return words.clock(post.at, zone, day)
    local = post.at.astimezone(ZoneInfo(zone))
    return words("chat.about_time", date=words.short_date(local), time=f"{local:%H:%M}")
