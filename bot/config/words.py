"""Words as a teacher writes them: names, hashtags, handles, zones, yes and no. A reader says what it wants instead."""

from __future__ import annotations

import difflib
import functools
import re
import zoneinfo
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_SHOWN = 60  # characters of a value repeated in a message
_LONGEST_TEXT = 5_000  # characters; a question is checked against each network's own limit later
_LONGEST_OPTION = 50  # graphemes: Mastodon's default, ``configuration.polls.max_characters_per_option``
_LONGEST_TAG = 64  # graphemes: ``app.bsky.richtext.facet#tag``
_LONGEST_ALT = 1_500  # characters: Mastodon's limit for a description


class Wrong(ValueError):
    """A value is not what its key wants.

    Args:
        say: what is wrong, a whole sentence.
        write: the value to write instead, as YAML; empty where only the writer can know.
    """

    def __init__(self, say: str, write: str = "") -> None:
        super().__init__(say)
        self.say = say
        self.write = write


def shown(value: object) -> str:
    """A value fit for a message: one line, no control characters, shortened."""
    text = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", str(value)).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def graphemes(text: str) -> int:
    """How many characters a reader sees (extended grapheme clusters)."""
    return len(regex.findall(r"\X", text))


def nearest(word: str, known: Iterable[str], synonyms: Mapping[str, str] | None = None, *, cutoff: float = 0.6) -> str:
    """The known word that was probably meant; empty where none is near (``cutoff`` is difflib's, 1 is the same)."""
    choices = list(known)
    lowered = {choice.lower(): choice for choice in choices}
    plain = word.strip().lower()
    meant = (synonyms or {}).get(plain.replace(" ", "_").replace("-", "_"), "")
    if meant in choices:
        return meant
    if plain.replace(" ", "_").replace("-", "_") in lowered:
        return lowered[plain.replace(" ", "_").replace("-", "_")]
    close = difflib.get_close_matches(plain, lowered, n=1, cutoff=cutoff)
    return lowered[close[0]] if close else ""


def yaml_text(text: str, *, listed: bool = False) -> str:
    """A text as YAML, in quotation marks only where it needs them (``listed``: it stands between brackets)."""
    plain = re.fullmatch(r"[\w(¿¡„“«][^\n]*", text) and not re.search(r":(\s|$)|\s#|\s$", text)
    if plain and not (listed and re.search(r"[,\[\]{}]", text)):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def text(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """Any text. A mapping with one pair is a text with a colon that YAML has torn apart."""
    if isinstance(value, str):
        if not value.strip():
            raise Wrong("Nothing stands here; a text is wanted.")
        if len(value) > _LONGEST_TEXT:
            raise Wrong(f"This text has {len(value):,} characters; {_LONGEST_TEXT:,} are allowed.")
        return value.strip()
    if value is None:
        raise Wrong("Nothing stands after this dash.")
    if isinstance(value, dict) and len(value) == 1:
        ((key, rest),) = value.items()
        if isinstance(rest, str):
            say = (
                f"The colon after “{shown(key)}” makes YAML read this as a key and its value;"
                " quotation marks keep the text together."
            )
            raise Wrong(say, quoted(f"{key}: {rest}"))
    raise Wrong("A text is wanted here, not a list or keys of their own.")


def quoted(words: str) -> str:
    """A text in YAML's quotation marks, always."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line_text(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A text on one line."""
    return " ".join(text(value).split())


def listed(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A single value stands for a list of one."""
    return [value] if isinstance(value, str) else value


def one_of(*choices: str, synonyms: Mapping[str, str] | None = None) -> Callable[[Any], str]:
    """A reader of one of a few words."""

    def read(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
        word = text(value)
        if word in choices:
            return word
        known = ", ".join(choices[:-1]) + " or " + choices[-1]
        meant = nearest(word, choices, synonyms)
        raise Wrong(f"“{shown(word)}” is not one of the words known here: {known}.", meant or choices[0])

    return read


_YES = {"yes", "on", "true", "y"}
_NO = {"no", "off", "false", "n"}


def yes_no(value: Any) -> bool:  # noqa: ANN401 - whatever the file holds
    """``yes`` or ``no``, ``on`` or ``off``."""
    word = text(value).lower()
    if word in _YES | _NO:
        return word in _YES
    raise Wrong(f"“{shown(word)}” is neither yes nor no.", "yes" if word.startswith("y") else "no")


def hashtag(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A hashtag without its ``#``: letters, digits and ``_`` of any script, with at least one letter."""
    word = text(value).removeprefix("#").removeprefix("\uff03")
    if not regex.fullmatch(r"[\p{L}\p{M}\p{N}_\u200c\u200d]+", word):
        fit = regex.sub(r"[^\p{L}\p{M}\p{N}_]", "", word)
        raise Wrong(f"“{shown(word)}” cannot be a hashtag: it takes letters and digits only, no spaces.", fit)
    if not regex.search(r"\p{L}", word):
        raise Wrong(f"“{shown(word)}” cannot be a hashtag: the networks want at least one letter.", f"chat{word}")
    if graphemes(word) > _LONGEST_TAG:
        raise Wrong(f"This hashtag is {graphemes(word)} letters long; Bluesky takes {_LONGEST_TAG}.")
    return word


_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"


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


_LONGEST_ADDRESS = 320  # characters: 64, an @, and the longest domain (RFC 3696, errata 1690)
_MAILBOX = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:" + _DOMAIN + r"|localhost)"


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


def option(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """One answer of a poll: at most 50 characters, as Mastodon's default allows."""
    words = line_text(value)
    over = graphemes(words) - _LONGEST_OPTION
    if over > 0:
        raise Wrong(f"This option is {over} {plural('character', over)} too long; Mastodon takes {_LONGEST_OPTION}.")
    return words


def alt(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """What a picture shows, for who cannot see it."""
    words = text(value)
    if len(words) > _LONGEST_ALT:
        over = len(words) - _LONGEST_ALT
        raise Wrong(f"This description is {over} {plural('character', over)} too long; Mastodon takes {_LONGEST_ALT}.")
    return words


def language(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A BCP 47 language tag: ``en``, ``cy``, ``pt-BR``."""
    word = text(value)
    if re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?", word):
        return word
    fit = _LANGUAGES.get(word.lower(), "")
    parts = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?", word)
    if not fit and parts:
        fit = parts[1].lower() + (f"-{parts[2].upper()}" if parts[2] else "")
    raise Wrong(f"“{shown(word)}” is no language that I know; write its short tag, such as en or pt-BR.", fit)


_LANGUAGES = {
    "english": "en", "welsh": "cy", "cymraeg": "cy", "french": "fr", "français": "fr", "spanish": "es", "español": "es",
    "german": "de", "deutsch": "de", "italian": "it", "italiano": "it", "portuguese": "pt", "português": "pt",
    "dutch": "nl", "nederlands": "nl", "irish": "ga", "gaeilge": "ga", "scots": "sco", "polish": "pl", "arabic": "ar",
    "chinese": "zh", "japanese": "ja", "catalan": "ca", "basque": "eu", "danish": "da", "swedish": "sv",
    "norwegian": "nb", "finnish": "fi", "turkish": "tr", "greek": "el", "ukrainian": "uk", "hindi": "hi", "urdu": "ur",
}  # fmt: skip

_ZONES = {
    "uk": "Europe/London", "gb": "Europe/London", "bst": "Europe/London", "england": "Europe/London",
    "britain": "Europe/London", "wales": "Europe/London", "scotland": "Europe/London", "ireland": "Europe/Dublin",
    "cest": "Europe/Berlin", "germany": "Europe/Berlin", "france": "Europe/Paris", "spain": "Europe/Madrid",
    "italy": "Europe/Rome", "eastern": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "central": "America/Chicago", "cdt": "America/Chicago", "ct": "America/Chicago", "mdt": "America/Denver",
    "mountain": "America/Denver", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "pst": "America/Los_Angeles", "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland", "ist": "Asia/Kolkata",
    "india": "Asia/Kolkata", "jst": "Asia/Tokyo",
}  # fmt: skip


@functools.cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def zone(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """An IANA zone, such as ``Europe/London``."""
    word = text(value)
    if not word.startswith(("posix", "right/")) and word not in {"localtime", "Factory"}:
        try:
            zoneinfo.ZoneInfo(word)
        except (LookupError, OSError, ValueError):
            pass
        else:
            return word
    raise Wrong(f"“{shown(word)}” is no time zone that I know.", _nearest_zone(word) or "Europe/London")


def _nearest_zone(word: str) -> str:
    named = _ZONES.get(word.lower().removesuffix(" time").strip())
    if named:
        return named
    names = sorted(name for name in _zone_names() if name == "UTC" or ("/" in name and not name.startswith("Etc/")))
    asked = word.replace(" ", "_")
    whole = nearest(asked, names, cutoff=0.75)
    if whole.lower() == asked.lower():
        return whole
    cities = {name.rsplit("/", 1)[-1]: name for name in reversed(names)}
    city = nearest(asked.rsplit("/", 1)[-1], cities, cutoff=0.75)
    if city and ("/" not in asked or not whole):
        return cities[city]
    return whole


def plural(word: str, number: int) -> str:
    """``1 character``, ``2 characters``."""
    return word if number == 1 else f"{word}s"
