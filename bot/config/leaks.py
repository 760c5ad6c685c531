"""Secrets that were written into a YAML file: found, and never repeated."""

from __future__ import annotations

import re

SECRET_KEY = re.compile(
    r"(staffroom_)?((smtp|mail|e_?mail|user|login)_?)?(pass(word|wort|wd|phrase)?|pw|pwd)|mot_de_passe|contrase.a"
    r"|(app|access|refresh|api|bearer|client|private|secret)_?(token|secret|password|key)|token|secret|credentials?|jwt",
    re.IGNORECASE,
)
_APP_PASSWORD = re.compile(r"(?<![\w-])[a-z0-9]{4}(?:-[a-z0-9]{4}){3}(?![\w-])")
_URL_PASSWORD = re.compile(r"(?<!\w)\w+://[^/\s:@]*:[^/\s@]+@")
_KEY_IN_LINE = re.compile(r"^\s*(?:-\s+)*[\"']?([\w -]+?)[\"']?\s*[:=]")
_KEY_WITHIN = 200  # characters from a line's start; the pattern's time grows with their square

HIDDEN = (
    "A secret stands in this line. Secrets never stand in a file like this: take the line out, then use"
    " `staffroom login` or the environment. If anybody else has seen this file, make a new password first."
)


def is_secret_key(key: str) -> bool:
    """Whether a key's name says that a secret follows (``password``, ``app password``, ``access-token`` …)."""
    return bool(SECRET_KEY.fullmatch(re.sub(r"[\s-]+", "_", key.strip())))


def is_secret_value(text: str) -> bool:
    """Whether a value looks like a Bluesky app password, or is a URL with a password inside."""
    found = _APP_PASSWORD.search(text)
    # Four groups of four letters could be words in a title; an app password has a digit or stands alone.
    alone = bool(found and (found[0] == text.strip() or re.search(r"\d", found[0])))
    return alone or bool(_URL_PASSWORD.search(text))


def leaks_in(line: str) -> bool:
    """Whether a line of YAML, perhaps a broken one, seems to hold a secret."""
    key = _KEY_IN_LINE.match(line.lstrip()[:_KEY_WITHIN])
    return bool(key and is_secret_key(key[1])) or is_secret_value(line)
