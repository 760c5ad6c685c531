"""What every block of a file shares, and the keys that people write for others."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Block(BaseModel):
    """A stretch of a file in which only the named keys may stand."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


SYNONYMS = {
    "tz": "timezone", "zone": "timezone", "time_zone": "timezone", "time": "at", "start": "at", "starts": "at",
    "tag": "hashtag", "duration": "length", "question": "ask", "text": "ask", "options": "poll", "answers": "poll",
    "alt_text": "alt", "description": "about", "picture": "image", "photo": "image", "name": "title",
    "subject": "topic", "title": "topic", "links": "resources", "link": "resources", "reading": "resources",
    "holidays": "skip", "holiday": "skip", "moderator": "host", "moderators": "hosts", "guest": "host",
    "url": "address", "instance": "server", "email": "contact", "lang": "language", "when": "date", "day": "date",
    "rhythm": "every", "announcements": "announce", "repeat": "repeats", "term": "terms", "account": "accounts",
    "noindex": "search_engines", "index": "search_engines", "user": "handle", "username": "handle",
    "alert": "alerts", "from": "sender", "smtp": "mail", "host": "server", "recipients": "to",
}  # fmt: skip
