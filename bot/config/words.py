"""Words as a teacher writes them: texts, hashtags, languages, yes and no. A reader says what it wants instead."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

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


def plural(word: str, number: int) -> str:
    """``1 character``, ``2 characters``."""
    return word if number == 1 else f"{word}s"
