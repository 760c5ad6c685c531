"""What CLDR knows of languages, ours and those that operators add."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.rendering import cldr
from bot.rendering.templates import Templates
from bot.rendering.words import Words

AT = datetime(2027, 1, 7, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "other one other other other other other"),
        ("en-GB", "other one other other other other other"),
        ("fr-CA", "one one other other other other other"),
        ("cy", "zero one two few other other many"),
        ("pl", "many one few few few many many"),
        ("ar", "zero one two few few few few"),
        ("ja", "other other other other other other other"),
        ("tlh", "other one other other other other other"),
        ("", "other one other other other other other"),
    ],
)
def test_plural_forms(language: str, forms: str) -> None:
    assert [cldr.plural(language, n) for n in range(7)] == forms.split()


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("cy", "Europe/London", "Llundain"),
        ("cy", "America/New_York", "Efrog Newydd"),
        ("es", "Europe/London", "Londres"),
        ("es", "Australia/Sydney", "Sídney"),
        ("de", "Europe/Vienna", "Wien"),
        ("fr", "Europe/Brussels", "Bruxelles"),
        ("pl", "Europe/London", "Londyn"),
        ("en", "Europe/London", "London"),
        ("en", "America/St_Johns", "St. John\u2019s"),
        ("en", "America/Argentina/Buenos_Aires", "Buenos Aires"),
    ],
)
def test_cities(language: str, zone: str, said: str) -> None:
    assert Words(language, {}).city(zone) == said


def test_welsh_days_begin_small_within_a_line() -> None:
    assert cldr.names("cy", "weekdays")[3] == "dydd Iau"
    assert cldr.names("de", "weekdays")[3] == "Donnerstag"


def test_a_language_of_the_operators_own_has_its_days_months_and_plurals(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words/pl.json").write_text(
        '{"n.answers": {"one": "{n} odpowiedź", "few": "{n} odpowiedzi", "many": "{n} odpowiedzi", '
        '"other": "{n} odpowiedzi"}, "date.moment": "{date}, {time} ({city})"}',
        encoding="utf-8",
    )
    words = Templates(tmp_path).dictionary.words("pl")
    assert words.moment(AT, "Europe/Warsaw") == "czwartek 7 stycznia 2027, 21:00 (Warszawa)"
    assert words("n.answers", n=1) == "1 odpowiedź"
    assert words("n.answers", n=3) == "3 odpowiedzi"


def test_an_operator_may_know_better(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    days = ", ".join(f'"{day}"' for day in ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"))
    text = f'{{"weekdays": [{days}], "cities": {{"London": "London (UK)"}}}}'
    (tmp_path / "words/de.json").write_text(text, encoding="utf-8")
    words = Templates(tmp_path).dictionary.words("de")
    assert words.weekday(date(2027, 1, 7)) == "Do"
    assert words.city("Europe/London") == "London (UK)"
    assert words.city("Europe/Vienna") == "Wien"
