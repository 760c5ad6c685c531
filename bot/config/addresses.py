"""Addresses as a teacher writes them: handles, web and mail addresses, servers. A reader says what it wants instead."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from bot.config.words import Wrong, line_text, quoted, shown, text

_LONGEST_ADDRESS = 320  # characters: 64, an @, and the longest domain (RFC 3696, errata 1690)
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
_MAILBOX = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:" + _DOMAIN + r"|localhost)"


def domain(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A Bluesky handle, such as ``edchat.bsky.social``; a leading ``@`` is dropped."""
    word = text(value).removeprefix("@").lower()
    if not re.fullmatch(_DOMAIN, word) or len(word) > 253:  # noqa: PLR2004 - the longest domain name
        fit = f"{word}.bsky.social" if re.fullmatch(r"[a-z0-9-]+", word) else ""
        raise Wrong(f"“{shown(word)}” is no Bluesky handle; those look like edchat.bsky.social.", fit)
    return word


def handle(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """Somebody's handle: ``name.bsky.social`` or ``@name@server``."""
    word = text(value)
    if re.fullmatch(_DOMAIN, word.removeprefix("@").lower()):
        return word.removeprefix("@").lower()
    parts = word.removeprefix("@").split("@")
    if len(parts) == 2 and re.fullmatch(r"[\w.-]+", parts[0], re.ASCII) and re.fullmatch(_DOMAIN, parts[1].lower()):  # noqa: PLR2004
        return f"@{parts[0]}@{parts[1].lower()}"
    name = re.sub(r"[^a-z0-9_]", "", word.lower().split("@")[0] or word.lower()) or "name"
    say = f"“{shown(word)}” is no handle; write edchat.bsky.social (Bluesky) or @name@server (Mastodon)."
    raise Wrong(say, quoted(f"@{name}@social.example.org"))


def answer_place(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """The node key in the link of an answer's place on its chat's page, ``…#a-KEY``: nobody can be told from it."""
    word = line_text(value)
    found = re.search(r"#a-([0-9a-f]{24})", word)
    if found is None or found.end() < len(word):
        raise Wrong(
            "This is not the link of an answer on a chat's page: there, copy what stands behind the time beside the"
            " name; it ends in #a- and 24 letters and digits. A post's own address has a name in it, which would stay"
            " in this file when its author leaves."
        )
    return found[1]


def address(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """An ``https://`` (or ``http://``) address, without a slash at its end."""
    word = text(value)
    if _leads(word):
        return word.rstrip("/")
    bare = re.fullmatch(r"(?:[a-z]+:/*|/+)?(" + _DOMAIN + r"(?::\d+)?(?:/\S*)?)", word, re.IGNORECASE)
    better = re.sub(r"[<>\"]", lambda sign: f"%{ord(sign[0]):X}", f"https://{bare[1]}") if bare else ""
    raise Wrong(f"“{shown(word)}” is no web address; those begin with https://.", better if _leads(better) else "")


def _leads(word: str) -> bool:
    """Whether this is a web address as the files may have it."""
    try:
        parts = urlsplit(word)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s<>\"]", word)


def listen(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """An IP address and a port to listen on, as ``127.0.0.1:9465`` or ``[::1]:9465``."""
    word = text(value)
    found = re.fullmatch(r"(\[[^\[\]]+\]|[^:]+):(\d{1,5})", word, re.ASCII)
    try:
        good = found is not None and bool(ip_address(found[1].strip("[]"))) and int(found[2]) <= 65_535  # noqa: PLR2004 - ports
    except ValueError:
        good = False
    if not good:
        raise Wrong(f"“{shown(word)}” is no address and port to listen on.", "127.0.0.1:9465")
    return word


def stream(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A ``wss://`` (or ``ws://``) address of a live stream."""
    word = text(value)
    try:
        parts = urlsplit(word)
        good = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and not re.search(r"[\s<>\"?#]", word)
        _ = parts.port
    except ValueError:
        good = False
    if good:
        return word.rstrip("/")
    bare = re.fullmatch(r"(?:[a-z]+:/*|/+)?(" + _DOMAIN + r"(?::\d+)?(?:/[^\s?#]*)?)[?#]?\S*", word, re.IGNORECASE)
    fit = f"wss://{bare[1]}" if bare else ""
    raise Wrong(f"“{shown(word)}” is no address of a stream; those begin with wss:// and have no question mark.", fit)


def _short(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    word = text(value)
    if len(word) > _LONGEST_ADDRESS:
        raise Wrong(f"“{shown(word)}” is too long for an address.")
    return word


def mailbox(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A bare mail address, such as ``ops@example.org``."""
    word = _short(value).removeprefix("mailto:")
    if re.fullmatch(_MAILBOX, word, re.IGNORECASE):
        return word
    inside = re.search(r"<(" + _MAILBOX + r")>", word, re.IGNORECASE)
    say = f"“{shown(word)}” is no mail address; write it bare, such as ops@example.org."
    raise Wrong(say, inside[1] if inside else "ops@example.org")


def recipient(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """Somebody to be told: a mail address, or a handle on Bluesky or Mastodon."""
    word = _short(value)
    if re.fullmatch(_MAILBOX, word.removeprefix("mailto:"), re.IGNORECASE):
        return word.removeprefix("mailto:")
    try:
        return handle(word)
    except Wrong:
        inside = re.search(r"<(" + _MAILBOX + r")>", word, re.IGNORECASE)
        say = (
            f"“{shown(word)}” is neither a mail address nor a handle; write ops@example.org, sam.example.org (Bluesky)"
            " or @sam@social.example.org (Mastodon)."
        )
        raise Wrong(say, inside[1] if inside else "") from None


def mail_server(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A mail server's bare name or address, such as ``smtp.example.org``, ``localhost`` or ``192.0.2.7``."""
    word = _short(value).lower()
    if re.fullmatch(rf"{_DOMAIN}|localhost|\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[0-9a-f:]*:[0-9a-f:]+", word):
        return word
    inside = re.search(rf"({_DOMAIN}|localhost)(?![\w@])", word)
    say = f"“{shown(word)}” is no mail server's name: it stands bare, its port under port:."
    raise Wrong(say, inside[1] if inside else "smtp.example.org")


def port(value: Any) -> int:  # noqa: ANN401 - whatever the file holds
    """A TCP port, 1 to 65535."""
    word = text(value)
    if re.fullmatch(r"[0-9]{1,5}", word) and 1 <= int(word) <= 65_535:  # noqa: PLR2004 - the highest port
        return int(word)
    raise Wrong(f"“{shown(word)}” is no port; most mail servers take mail on 587.", "587")
