"""What must not leave with a log: secrets become ``***``, people a short tag that means nothing elsewhere.

Whatever goes through ``Hiding.hide`` comes out as plain data: texts with all that replaced, numbers, times, lists and
mappings of these. Of anything else its type is told and nothing more, because its ``repr`` may show what it holds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from bot.domain.plainwords import plain_words
from bot.errors import StaffroomError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STARS = "***"
SHORTEST = 6
"""Characters a secret needs to be known by its value; a shorter one would be found in every other word."""

_COMMON = frozenset({"staffroom", "bluesky", "mastodon", "postgres", "postgresql", "password", "localhost", "secret"})
_DEPTH = 8
_MOST_ITEMS = 50

_SECRET_KEY = re.compile(
    r"(?:.*[_.-])?(?:pass(?:word|wort|wd|phrase)?|authorization|(?:access|refresh|client|app|api)?[_-]?(?:jwt|token|secret)s?"
    r"|pepper|cookie|set-cookie|credentials?|session|api[_-]?key)",
    re.IGNORECASE,
)
_WORDS_KEY = frozenset({"text", "texts", "html", "body", "content", "post", "posts", "answer", "quote", "spoiler_text"})
_PEOPLE_KEY = frozenset({"handle", "handles", "acct", "did", "username", "display_name", "author", "person", "address"})

_AUTHORIZATION = r"\b(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|dpop|digest)\s+)?)[^\s\"',;}]+"
_IN_URL = r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s/@\"'<>]{0,200}:[^\s/\"'<>]{0,300}@"
_KEY = r"(?:(?:access|refresh|client|app|api)[_-]?)?(?:pass(?:word|phrase|wd)|tokens?|secret|jwt|api[_-]?key|pepper)"
_SECRET_SHAPES = (
    (re.compile(_AUTHORIZATION, re.IGNORECASE), rf"\1{STARS}"),
    (re.compile(r"\b(bearer|basic|dpop)\s+(?=[^\s\"']{8})[\w.~+/=-]+", re.IGNORECASE), rf"\1 {STARS}"),
    (re.compile(_IN_URL, re.IGNORECASE), rf"\1{STARS}@"),
    (re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*){0,4}"), STARS),  # JWT, RFC 7519
    (re.compile(rf"\b({_KEY}=)[^\s\"',;&}})]+", re.IGNORECASE), rf"\1{STARS}"),
    (re.compile(rf"([\"']{_KEY}[\"']\s*:\s*[\"'])[^\"']+", re.IGNORECASE), rf"\1{STARS}"),
    (re.compile(r"(?<![\w-])[a-z0-9]{4}(?:-[a-z0-9]{4}){3}(?![\w-])"), STARS),  # a Bluesky app password
)
_NAME = r"\w(?:[\w.-]*\w)?"
_PAGE = rf"(?:@{_NAME}(?:@{_NAME})?|(?:users|profile)/[^\s/\"'<>]+)(?:/[^\s\"'<>)]*)?"
_PEOPLE_SHAPES = (
    ("post", re.compile(r"\bat://[^\s\"'<>)\]]+")),
    ("person", re.compile(r"\bdid:[a-z]+:[\w.:%-]*\w")),
    ("post", re.compile(rf"\bhttps?://[^\s\"'<>]{{1,200}}/{_PAGE}")),
    ("person", re.compile(rf"(?<![\w@/*])@{_NAME}(?:@{_NAME}(?::\d+)?)?")),
    ("person", re.compile(r"(?<![\w@/.+-])[\w.+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}\b")),
    ("person", re.compile(r"(?<![\w@.-])[\w-]+(?:\.[\w-]+)*\.(?:bsky\.(?:social|team)|brid\.gy)\b", re.IGNORECASE)),
    ("person", re.compile(r"(?<=/accounts/)\d+|(?<=/statuses/)\d+")),
)
_LONGEST = 20_000  # characters; a long traceback has a tenth of them
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Hiding:
    """Knows what is to be hidden, and hides it. Safe to use from several threads.

    Args:
        key: what the tags of people are keyed with; who does not know it cannot tell whose tag one is.
        secrets: gives what is secret at the moment; hidden also as it looks inside a URL, in JSON, in base64 and in
            hexadecimal digits.
        names: let handles and addresses through.
    """

    def __init__(self, key: bytes, secrets: Callable[[], frozenset[str | bytes]], *, names: bool = False) -> None:
        self.names = names
        self._key = key
        self._source = secrets
        self._lock = threading.Lock()
        self._known: tuple[frozenset[str | bytes], tuple[str, ...]] = (frozenset(), ())
        self._named: dict[str, str] = {}
        self._handles: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return "<Hiding>"

    def _spelled(self) -> tuple[str, ...]:
        """How the secrets of the moment may look, longest first; made anew only where there are others."""
        secrets = self._source()
        known, forms = self._known
        if secrets != known:
            found = {form for one in secrets for form in _forms(one)}
            forms = tuple(sorted(found, key=lambda form: (-len(form), form)))
            self._known = (secrets, forms)
        return forms

    def know_handles(self, handles: Mapping[str, str]) -> None:
        """Hide these from now on.

        Args:
            handles: each with what is told instead, such as the name of our account; empty for a tag.
        """
        with self._lock:
            bare = {handle.strip().lstrip("@").lower(): instead for handle, instead in handles.items()}
            self._named |= {handle: instead for handle, instead in bare.items() if "." in handle or "@" in handle}
            longest_first = sorted(self._named, key=lambda handle: (-len(handle), handle))
            spelled = "|".join(re.escape(handle) for handle in longest_first)
            pattern = rf"(?<![\w.@/-])@?(?:{spelled})(?![\w-]|\.\w|:\d)"
            self._handles = re.compile(pattern, re.IGNORECASE) if spelled else None

    def secrets_out(self, text: str) -> str:
        """A text for people without any secret; handles stay."""
        for form in self._spelled():
            text = text.replace(form, STARS)
        for shape, instead in _SECRET_SHAPES:
            text = shape.sub(instead, text)
        return text

    def text(self, text: str) -> str:
        """A text for a log: no secret, no handle or address unless asked, and no character that hides others."""
        text = self.secrets_out(text)
        text = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:_LONGEST])
        if self.names:
            return text
        if self._handles is not None:
            text = self._handles.sub(self._called, text)
        for kind, shape in _PEOPLE_SHAPES:
            text = shape.sub(partial(self._tagged, kind), text)
        return text

    def tag(self, kind: str, name: str) -> str:
        """A short tag; the same name has the same one for as long as the key is the same."""
        digest = hashlib.blake2b(name.lower().lstrip("@").encode("utf-8", "replace"), key=self._key, digest_size=4)
        return f"{kind}-{digest.hexdigest()}"

    def hide(self, value: object, depth: int = _DEPTH) -> Any:  # noqa: ANN401 - as loggers take it
        """Plain data that may leave: see the module's words. What is nested deeper than eight levels is left out."""
        if depth > 0 and isinstance(value, Mapping):
            return dict(self._item(key, inside, depth - 1) for key, inside in list(value.items())[:_MOST_ITEMS])
        if depth > 0 and isinstance(value, list | tuple | set | frozenset):
            return [self.hide(inside, depth - 1) for inside in list(value)[:_MOST_ITEMS]]
        if isinstance(value, Enum):
            return self.hide(value.value, depth)
        return self._single(value)

    def _single(self, value: object) -> Any:  # noqa: ANN401 - as above
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            spelled = str(value)
            return value if self.secrets_out(spelled) == spelled else STARS
        if isinstance(value, timedelta):
            return value.total_seconds()
        words = value.isoformat() if isinstance(value, date) else value
        words = spoken(words) if isinstance(words, BaseException) else words
        return self.text(str(words)) if isinstance(words, str | PurePath) else f"<{type(value).__name__}>"

    def _item(self, key: object, value: object, depth: int) -> tuple[str, Any]:
        name = key if isinstance(key, str) else str(self.hide(key, 0))
        plain = name.lower()
        shown = self.text(name)
        if _SECRET_KEY.fullmatch(plain) and value is not None and not isinstance(value, bool):
            return shown, STARS
        if plain in _WORDS_KEY and not isinstance(value, bool | int | float | None):
            return shown, f"<{type(value).__name__}>"
        if plain in _PEOPLE_KEY and isinstance(value, str) and not self.names:
            return shown, self._named.get(plain_handle := value.lower().lstrip("@")) or self.tag("person", plain_handle)
        return shown, self.hide(value, depth)

    def _tagged(self, kind: str, found: re.Match[str]) -> str:
        return self.tag(kind, found[0])

    def _called(self, found: re.Match[str]) -> str:
        return self._named.get(found[0].lower().lstrip("@")) or self.tag("person", found[0])


def spoken(error: BaseException) -> str:
    """An error in words: our own as they are, of another its type and the plain talk of failures in it."""
    kind = type(error).__name__
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 - an error that cannot be told is told by its type
        words = ""
    if isinstance(error, StaffroomError):
        return f"{kind}: {words}" if words else kind
    if isinstance(error, AttributeError) and error.name and error.name.isidentifier():
        return f"{kind}: {type(error.obj).__name__} has no {error.name}"  # both are names in our code
    plain = plain_words(words)
    return f"{kind}: {plain}" if plain else kind


def _forms(secret: str | bytes) -> Iterator[str]:
    """How a secret may look; nothing for one that is too short or too common to be found by its value."""
    if isinstance(secret, bytes):
        yield from (*_encoded(secret), *([repr(secret)[2:-1]] if len(secret) >= SHORTEST else []))
        return
    for form in {secret, secret.strip()}:
        if len(form) < SHORTEST or form.lower() in _COMMON:
            continue
        yield form
        yield from {spell(form, errors="surrogatepass") for spell in (partial(quote, safe=""), quote, quote_plus)}
        yield from (json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1], repr(form)[1:-1])
        yield from _encoded(form.encode("utf-8", "surrogatepass"))


def _encoded(secret: bytes) -> Iterator[str]:
    """Base64, wherever the secret stands in what was encoded, in both alphabets, and hexadecimal digits."""
    if len(secret) < SHORTEST:
        return
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret)
        first, last = (before * 8 + 5) // 6, (before + len(secret)) * 8 // 6  # the characters it alone decides
        core = whole[first:last].decode()
        yield core
        yield core.replace("+", "-").replace("/", "_")
    yield secret.hex()
    yield secret.hex().upper()
