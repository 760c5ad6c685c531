"""The bot's own words in the reader's language: phrases from ``templates/words/*.json``, plurals and dates by CLDR."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from bot.rendering import cldr

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

FALLBACK = "en"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_BLANK = re.compile(r"\{(\w+)\}")
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"})
_NAMES: dict[str, Literal["weekdays", "months"]] = {"weekdays": "weekdays", "months": "months"}
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Etc/Universal"})


def primary(language: str) -> str:
    """The first subtag of a BCP 47 tag, in lower case: ``fr`` of ``fr-CA``."""
    return language.replace("_", "-").split("-", 1)[0].lower()


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, or ``auto`` where no language is known: a value for HTML's ``dir``."""
    if not language:
        return "auto"
    return "rtl" if primary(language) in _RIGHT_TO_LEFT else "ltr"


def spoken(words: Words, languages: Sequence[str]) -> tuple[str, str]:
    """HTML's ``lang`` and ``dir`` of a text by the first of its BCP 47 tags, empty where the page's hold."""
    return _beside(words.language, words.direction, languages[0] if languages else "")


@lru_cache(512)
def _beside(around: str, direction_around: str, tag: str) -> tuple[str, str]:
    """``spoken`` of a text with that tag within another language and its direction."""
    language = tag if _LANGUAGE.fullmatch(tag) else ""
    way = direction(language) if language else direction_around
    return "" if primary(language) == primary(around) else language, "" if way == direction_around else way


class Words:
    """One language's phrases. A phrase that it lacks is said in English.

    Args:
        language: BCP 47 tag of the phrases in ``phrases``.
        phrases: key → phrase, list of words, or plural forms, as the JSON files hold them.
        tone: says ``key.warm`` instead of ``key`` where there is such a phrase; empty for the plain ones.
    """

    def __init__(self, language: str, phrases: Mapping[str, object], tone: str = "") -> None:
        self.language = language
        self.tone = tone
        self.direction = direction(language)
        self._phrases = phrases

    def __call__(self, key: str, /, n: int | None = None, **values: object) -> str:
        """Say a phrase, its blanks filled. ``n`` chooses the plural form and fills ``{n}``; 0 may have its own.

        Raises:
            KeyError: there is no such phrase, or a blank has no value.
        """
        if n is not None:
            values = {"n": n, "words": self.number(n), **values}
        parts = _cut(self._phrase(key, n))
        if len(parts) == 1:
            return parts[0]
        said = list(parts)
        said[1::2] = [str(values[name]) for name in parts[1::2]]
        return "".join(said)

    def toned(self, tone: str) -> Words:
        """The same language in another tone (``domain.series.Tone``)."""
        return Words(self.language, self._phrases, tone)

    def __contains__(self, key: object) -> bool:
        """Whether there is such a phrase."""
        return key in self._phrases

    def html(self, key: str, /, n: int | None = None, **values: object) -> Markup:
        """As a call, for HTML: phrase and values are escaped, unless a value is ``Markup`` already."""
        if n is not None:
            values = {"n": n, "words": self.number(n), **values}
        return _filled(self._phrase(key, n), values)

    def lines(self, key: str, /, **values: object) -> Sequence[Markup]:
        """A list of sentences for HTML, their blanks filled; escaped as ``html`` does."""
        return [_filled(line, values) for line in self.words(key)]

    def _phrase(self, key: str, n: int | None) -> str:
        phrase = (self.tone and self._phrases.get(f"{key}.{self.tone}")) or self._phrases[key]
        if isinstance(phrase, str):
            return phrase
        if not isinstance(phrase, dict):
            raise KeyError(key)
        count = 0 if n is None else n
        if count == 0 and "zero" in phrase:
            return str(phrase["zero"])
        return str(phrase.get(cldr.plural(self.language, count), phrase["other"]))

    def forms(self, key: str) -> Mapping[str, str]:
        """A phrase's plural forms by their names in CLDR, blanks and all, for a script that counts by itself."""
        found = self._phrases[key]
        if not isinstance(found, dict):
            raise KeyError(key)
        return {str(name): str(form) for name, form in found.items()}

    def words(self, key: str) -> Sequence[str]:
        """A list of words: numbers, and weekdays and months, which CLDR knows where the phrases lack them."""
        if key in _NAMES and key not in self._phrases:
            return cldr.names(self.language, _NAMES[key])
        found = self._phrases[key]
        if not isinstance(found, list):
            raise KeyError(key)
        return [str(word) for word in found]

    def number(self, n: int) -> str:
        """A count up to twelve as a word, above as digits."""
        names = self.words("numbers")
        return names[n] if 0 <= n < len(names) else str(n)

    def both(self, things: Sequence[str]) -> str:
        """A list as one says it: ``a, b and c``."""
        if len(things) < 2:  # noqa: PLR2004 - one thing needs no "and"
            return "".join(things)
        return ", ".join(things[:-1]) + self("and") + things[-1]

    def both_html(self, things: Sequence[Markup]) -> Markup:
        """The same for HTML."""
        if len(things) < 2:  # noqa: PLR2004 - as above
            return Markup("").join(things)
        return Markup(", ").join(things[:-1]) + self("and") + things[-1]

    def city(self, zone: str) -> str:
        """A zone's place as people there call it: ``London`` for ``Europe/London``."""
        name = zone.rsplit("/", 1)[-1].replace("_", " ")
        cities = self._phrases.get("cities")
        known = cities.get(name) if isinstance(cities, dict) else None
        return str(known or cldr.city(self.language, zone) or name)

    def weekday(self, day: dt.date) -> str:
        """``Thursday``."""
        return self.words("weekdays")[day.weekday()]

    def date(self, day: dt.date) -> str:
        """``Thursday 7 January 2027``."""
        month = self.words("months")[day.month - 1]
        return self("date.full", weekday=self.weekday(day), day=self._day(day), month=month, year=day.year)

    def day_of_year(self, day: dt.date) -> str:
        """``7 January 2027``."""
        month = self.words("months")[day.month - 1]
        return self("date.day", day=self._day(day), month=month, year=day.year)

    def short_date(self, day: dt.date) -> str:
        """``7 January``."""
        return self("date.short", day=self._day(day), month=self.words("months")[day.month - 1])

    def _day(self, day: dt.date) -> str:
        return self("date.first") if day.day == 1 else str(day.day)

    def moment(self, at: dt.datetime, zone: str) -> str:
        """An instant by a zone's wall clock, true for ever: ``Thursday 7 January 2027, 20:00 London time``."""
        local = at.astimezone(ZoneInfo(zone))
        key = "date.moment_utc" if zone in _UTC_NAMES else "date.moment"
        return self(key, date=self.date(local), time=f"{local:%H:%M}", city=self.city(zone))

    def there(self, at: dt.datetime, zone: str, than: str) -> str:
        """The same instant elsewhere, with the weekday where that differs from ``than``'s: ``15:00 in New York``."""
        local = at.astimezone(ZoneInfo(zone))
        other_day = local.date() != at.astimezone(ZoneInfo(than)).date()
        key = f"date.there{'_other_day' if other_day else ''}{'_utc' if zone in _UTC_NAMES else ''}"
        return self(key, weekday=self.weekday(local), time=f"{local:%H:%M}", city=self.city(zone))

    def clock(self, at: dt.datetime, zone: str, day: dt.date) -> str:
        """The time of day in a zone; with the date where that is not ``day``: ``20:03`` or ``9 January 07:15``."""
        local = at.astimezone(ZoneInfo(zone))
        time = f"{local.hour:02}:{local.minute:02}"
        return time if local.date() == day else f"{self.short_date(local)} {time}"


@lru_cache(2048)
def _cut(phrase: str) -> Sequence[str]:
    """A phrase at its blanks: words and names of blanks in turn, words first and last."""
    return tuple(_BLANK.split(phrase))


@lru_cache(2048)
def _cut_for_html(phrase: str) -> Sequence[str]:
    """The same, its words escaped."""
    parts = list(_cut(phrase))
    parts[::2] = [str(escape(part)) for part in parts[::2]]
    return tuple(parts)


def _filled(phrase: str, values: Mapping[str, object]) -> Markup:
    said = list(_cut_for_html(phrase))
    said[1::2] = [str(escape(values[name])) for name in said[1::2]]
    return Markup("".join(said))  # noqa: S704 - phrase and values are escaped


class Dictionary:
    """All languages there are phrases for.

    Args:
        read: gives a language's phrases (``fr``, ``fr-ca``), empty where there are none.
    """

    def __init__(self, read: Callable[[str], Mapping[str, object]]) -> None:
        self._read = read
        self._known: dict[str, Words] = {}

    def words(self, language: str) -> Words:
        """The phrases for a BCP 47 tag: its own, else those of its first subtag, else English."""
        if language not in self._known:
            self._known[language] = self._find(language)
        return self._known[language]

    def _find(self, language: str) -> Words:
        base = self._read(FALLBACK)
        code = primary(language)
        phrases = {**self._read(code), **(self._read(language.lower()) if language.lower() != code else {})}
        if not phrases:
            return Words(FALLBACK, base)
        other_tones = {key for key in base if key not in phrases and key.rpartition(".")[0] in phrases}
        return Words(language, {key: phrase for key, phrase in base.items() if key not in other_tones} | phrases)

    def phrase(self, link: str) -> Callable[[str, str], str]:
        """What says a phrase in a language, ``{link}`` filled.

        Args:
            link: the page that explains it all. Where there is none (empty), the phrase's twin ``…_bare`` is said, if
                it has one.
        """

        def say(key: str, language: str) -> str:
            words = self.words(language)
            return words(key if link or f"{key}_bare" not in words else f"{key}_bare", link=link)

        return say
