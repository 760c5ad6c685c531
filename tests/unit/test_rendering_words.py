import json
import re
from datetime import UTC, date, datetime

import pytest

from bot.rendering.cldr import plural
from bot.rendering.templates import Templates
from bot.rendering.words import Words, direction
from bot.shipped import shipped

LANGUAGES = ("en", "fr", "es", "de", "cy")
BLANK = re.compile(r"\{(\w+)\}")
DICTIONARY = Templates().dictionary


def phrases(language: str) -> dict[str, object]:
    return json.loads((shipped("templates") / "words" / f"{language}.json").read_text(encoding="utf-8"))


def blanks(phrase: object) -> set[str]:
    """The blanks in the form that serves most counts; ``n`` and ``words`` say the same."""
    said = phrase.get("other", "") if isinstance(phrase, dict) else phrase
    return {name.replace("words", "n") for name in BLANK.findall(str(said))}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_language_has_every_phrase_and_every_blank_of_the_english_ones(language: str) -> None:
    english, other = phrases("en"), phrases(language)
    assert english.keys() == other.keys()
    for key in english:
        assert blanks(english[key]) == blanks(other[key]), key
        assert isinstance(other[key], type(english[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_of_words_are_whole(language: str) -> None:
    words = DICTIONARY.words(language)
    for key, length in (("weekdays", 7), ("months", 12), ("numbers", 13), ("series.nth", 5)):
        assert len(words.words(key)) == length
        assert all(words.words(key))


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_ones_the_language_has(language: str) -> None:
    known = {"zero", *(plural(language, n) for n in range(200))}
    for key, phrase in phrases(language).items():
        if isinstance(phrase, dict):
            assert phrase.keys() <= known, key
            assert "other" in phrase


def test_no_phrase_says_today_or_tonight() -> None:
    relative = re.compile(
        r"\b(today|tonight|tomorrow|aujourd|ce soir|demain|hoy|esta noche|heute|morgen|heno|heddiw)\b", re.IGNORECASE
    )
    for language in LANGUAGES:
        for key, phrase in phrases(language).items():
            assert not relative.search(json.dumps(phrase, ensure_ascii=False)), (language, key)


AT = datetime(2027, 1, 7, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Europe/London", "Thursday 7 January 2027, 20:00 London time"),
        ("en-GB", "Europe/London", "Thursday 7 January 2027, 20:00 London time"),
        ("en", "America/New_York", "Thursday 7 January 2027, 15:00 New York time"),
        ("en", "America/Argentina/Buenos_Aires", "Thursday 7 January 2027, 17:00 Buenos Aires time"),
        ("en", "UTC", "Thursday 7 January 2027, 20:00 UTC"),
        ("fr", "Europe/London", "jeudi 7 janvier 2027, 20:00 (heure locale, Londres)"),
        ("es", "Europe/Madrid", "jueves 7 de enero de 2027, 21:00 (hora de Madrid)"),
        ("de", "Europe/Vienna", "Donnerstag, 7. Januar 2027, 21:00 Uhr (Wien)"),
        ("cy", "Europe/London", "dydd Iau 7 Ionawr 2027, 20:00 (Llundain)"),
        ("tlh", "Europe/London", "Thursday 7 January 2027, 20:00 London time"),
    ],
)
def test_a_moment_in_words(language: str, zone: str, said: str) -> None:
    assert DICTIONARY.words(language).moment(AT, zone) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "7 January 2027"),
        ("cy", "7 Ionawr 2027"),
        ("de", "7. Januar 2027"),
        ("es", "7 de enero de 2027"),
        ("fr", "7 janvier 2027"),
    ],
)
def test_a_day_of_a_year_in_words(language: str, said: str) -> None:
    assert DICTIONARY.words(language).day_of_year(AT.date()) == said


def test_a_moment_elsewhere_names_the_weekday_only_where_it_differs() -> None:
    words = DICTIONARY.words("en")
    assert words.there(AT, "America/New_York", "Europe/London") == "15:00 in New York"
    assert words.there(AT, "Australia/Sydney", "Europe/London") == "Friday 07:00 in Sydney"
    assert words.there(AT, "UTC", "Australia/Sydney") == "Thursday 20:00 UTC"


def test_french_says_the_first_of_a_month_in_its_own_way() -> None:
    assert DICTIONARY.words("fr").date(date(2027, 4, 1)) == "jeudi 1er avril 2027"
    assert DICTIONARY.words("en").date(date(2027, 4, 1)) == "Thursday 1 April 2027"


def test_times_on_another_day_carry_their_date() -> None:
    words = DICTIONARY.words("en")
    day = date(2027, 1, 7)
    assert words.clock(AT, "Europe/London", day) == "20:00"
    assert words.clock(AT, "Australia/Sydney", day) == "8 January 07:00"


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 0, "No answers yet"),
        ("en", 1, "1 answer"),
        ("en", 21, "21 answers"),
        ("fr", 1, "1 réponse"),
        ("fr", 2, "2 réponses"),
        ("cy", 3, "3 ateb"),
    ],
)
def test_counts(language: str, n: int, said: str) -> None:
    assert DICTIONARY.words(language)("n.answers", n=n) == said


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "One person gave one answer.", "12 people gave 40 answers."),
        ("fr", "Une personne : une réponse.", "12 personnes : 40 réponses."),
        ("es", "Una respuesta de una persona.", "40 respuestas de 12 personas."),
        ("de", "Eine Antwort von einer Person.", "40 Antworten von 12 Personen."),
        ("cy", "Un ateb. Pobl: un.", "Atebion: 40. Pobl: 12."),
    ],
)
def test_a_digest_says_how_many_people_gave_how_many_answers(language: str, one: str, many: str) -> None:
    words = DICTIONARY.words(language)
    assert words("digest.figures", n=1, people=words("digest.people", n=1)) == one
    assert words("digest.figures", n=40, people=words("digest.people", n=12)) == many


def test_welsh_has_its_six_forms() -> None:
    said = [DICTIONARY.words("cy")("n.questions", n=n) for n in (1, 2, 3, 4, 6)]
    assert said == ["1 cwestiwn", "2 gwestiwn", "3 chwestiwn", "4 cwestiwn", "6 chwestiwn"]


def test_reasons_count_in_words_up_to_twelve() -> None:
    words = DICTIONARY.words("en")
    assert words("why.answered", n=3) == "three people answered it"
    assert words("why.answered", n=13) == "13 people answered it"


def test_a_language_of_its_own_region_uses_the_language_and_keeps_its_tag() -> None:
    words = DICTIONARY.words("fr-CA")
    assert words("site.take_part") == "Participer"
    assert words.language == "fr-CA"


def test_an_unknown_language_is_said_in_english_and_says_so() -> None:
    assert DICTIONARY.words("tlh").language == "en"
    assert DICTIONARY.words("../../secrets")("site.take_part") == "Take part"


def test_a_phrase_for_html_escapes_what_is_not_markup() -> None:
    words = Words("en", {"greeting": "Hi & {name}"})
    assert words.html("greeting", name="<b>") == "Hi &amp; &lt;b&gt;"


def test_a_value_that_looks_like_a_blank_stays_as_it_is() -> None:
    assert Words("en", {"greeting": "Hi {name}"})("greeting", name="{secret}") == "Hi {secret}"


def test_a_missing_phrase_or_value_is_an_error() -> None:
    words = DICTIONARY.words("en")
    with pytest.raises(KeyError):
        words("no.such.phrase")
    with pytest.raises(KeyError):
        words("chat.in_reply")


def test_lists_as_one_says_them() -> None:
    words = DICTIONARY.words("en")
    assert [words.both(list(some)) for some in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(("language", "said"), [("ar", "rtl"), ("he-IL", "rtl"), ("en", "ltr"), ("", "auto")])
def test_direction(language: str, said: str) -> None:
    assert direction(language) == said
