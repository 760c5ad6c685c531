"""What holds an answer back, on a table of answers in five languages; what a release covers; hostile texts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.alarm_cases import ACCUSATION, HARM, MISSED, PASS, PUPIL

from bot.config.watchwords import load_watchwords
from bot.domain.alarms import Vocabulary, Watchwords, alarms, words_read
from bot.domain.consent import DELICATE_LABELS
from bot.domain.posts import Account, Media, Post, PostRef, Signals
from bot.domain.richtext import Facet, Link, RichText, whole
from bot.errors import ConfigError
from bot.shipped import shipped

AT = datetime(2027, 1, 7, 20, tzinfo=UTC)
TEACHER = Account("bluesky", "did:plc:teacher", "teacher.example.org", "A Teacher")
WATCH = load_watchwords(Path("no such folder"))
LANGUAGES = ("en", "cy", "de", "es", "fr")


def post(text: str | RichText, **changes: object) -> Post:
    rich = text if isinstance(text, RichText) else RichText(text)
    plain = Post(PostRef("bluesky", "at://did:plc:teacher/app.bsky.feed.post/1"), TEACHER, rich, AT)
    return msgspec.structs.replace(plain, **changes)


def raised(text: str, language: str = "en", **changes: object) -> tuple[str, ...]:
    return alarms(post(text, **changes), WATCH, (language,))


def table(cases: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, text) for language, texts in cases.items() for text in texts]


# -- the table -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("language", "text"), table(PASS))
def test_what_teachers_say_every_evening_passes(language: str, text: str) -> None:
    assert raised(text, language) == ()


@pytest.mark.parametrize(("language", "text"), table(PUPIL))
def test_a_pupils_name_is_held(language: str, text: str) -> None:
    assert "pupil" in raised(text, language)


@pytest.mark.parametrize(("language", "text"), table(HARM))
def test_what_tells_of_harm_is_held(language: str, text: str) -> None:
    assert "harm" in raised(text, language)


@pytest.mark.parametrize(("language", "text"), table(ACCUSATION))
def test_an_accusation_is_held(language: str, text: str) -> None:
    assert "accusation" in raised(text, language)


def test_the_table_is_as_large_as_it_says() -> None:
    held = {language: sum(len(cases[language]) for cases in (PUPIL, HARM, ACCUSATION)) for language in LANGUAGES}
    assert len(set(PASS["en"])) >= 60
    assert held["en"] >= 60
    assert all(len(PASS[language]) >= 10 and held[language] >= 10 for language in LANGUAGES)


@pytest.mark.parametrize("text", MISSED)
def test_what_no_list_can_know_is_told_here_and_in_the_page_for_hosts(text: str) -> None:
    assert raised(text) == ()


def test_nothing_that_rehearsed_teachers_say_is_held_in_any_language() -> None:
    cast = json.loads((shipped("templates") / "rehearsal" / "cast.json").read_text(encoding="utf-8"))
    texts = list(strings(cast))
    assert len(texts) > 300
    assert [text for text in texts if alarms(post(text), WATCH, LANGUAGES)] == []


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


# -- what else is looked at ----------------------------------------------------------------------------------------
def test_any_picture_video_or_sound_is_held_with_no_words_to_watch_for() -> None:
    for kind in ("image", "video", "audio", "other"):
        assert alarms(post("Look!", media=(Media(kind),)), Watchwords(), ("en",)) == ("photo",)


@pytest.mark.parametrize("label", sorted(DELICATE_LABELS))
def test_a_delicate_label_is_held_on_the_post_or_on_its_author(label: str) -> None:
    author = msgspec.structs.replace(TEACHER, signals=Signals(labels=(label,)))
    assert alarms(post("Look!", labels=(label,)), Watchwords(), ("en",)) == ("label",)
    assert alarms(post("Look!", author=author), Watchwords(), ("en",)) == ("label",)
    assert alarms(post("Look!", labels=("spam",)), Watchwords(), ("en",)) == ()


def test_no_words_to_watch_for_means_none() -> None:
    for text in (*PUPIL["en"], *HARM["en"], *ACCUSATION["en"]):
        assert alarms(post(text), Watchwords(), ("en",)) == ()


def test_warning_and_descriptions_of_pictures_are_read_too() -> None:
    assert raised("See below.", warning="self-harm") == ("harm",)
    assert raised("Our wall!", media=(Media("image", "My pupil Liam at the board"),)) == ("photo", "pupil")


def test_all_that_there_is_is_told_in_one_order() -> None:
    said = "My head is a bully. My pupil Liam told me that he self-harms."
    assert raised(said, media=(Media("image"),), labels=("gore",)) == ("photo", "label", "pupil", "harm", "accusation")


def test_the_series_languages_are_watched_for_and_the_posts_own() -> None:
    german = "Mein Schüler Jonas hat es jetzt endlich verstanden."
    assert raised(german, "en") == ()
    assert raised(german, "de-AT") == ("pupil",)
    assert raised(german, "en", languages=("de-CH",)) == ("pupil",)
    assert raised(german, "nl") == ()


@pytest.mark.parametrize(
    "text",
    [
        "My pupil Liam\u2019s book",
        "my\u00a0pupil\u00a0Liam",
        "MY PUPIL Liam",
        "A1: Liam’s mum rang",  # noqa: RUF001 - as typed on a phone
        "my pupil\nLiam",
        "#EdChat My pupil Liam does",
        "“My pupil Liam”, I said",
    ],
)
def test_spelling_hides_nothing(text: str) -> None:
    assert raised(text) == ("pupil",)


@pytest.mark.parametrize(
    "text",
    [
        "Liam Payne sings. My pupil Liam does",
        "Ben Nevis! My pupil Ben too",
        "Grant money, and my pupil Grant here",
        "William is far. My pupil Liam does",
    ],
)
def test_a_word_that_stood_elsewhere_before_hides_no_name(text: str) -> None:
    assert raised(text) == ("pupil",)


def test_nor_behind_a_noun_with_a_capital() -> None:
    assert raised("Gestern sang Jonas Kaufmann. Mein Schüler Jonas weint", "de") == ("pupil",)


@pytest.mark.parametrize(
    "text",
    [
        "A pupil (Mary Smith) said so",
        "A pupil (Mary Anne Smith) said so",
        "A pupil (María José García López) said so",
        "One pupil, Mary Anne Smith, said so",
    ],
)
def test_a_name_between_marks_may_have_several_words(text: str) -> None:
    assert raised(text) == ("pupil",)


def test_whoever_has_a_title_is_somebody_whatever_else_the_name_means() -> None:
    assert raised("Mr March is a bully.") == ("accusation",)


def test_a_grants_name_is_no_pupils() -> None:
    assert raised("my pupil Premium Bonds") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Thanks @Liam in Year 9 team!",
        "#Macbeth in Year 9",
        "https://example.org/Liam in Year 9",
        "P.E. in Year 9 is outside.",
        "Pupil A in Year 9 and pupil B in Year 10 swapped.",
    ],
)
def test_handles_hashtags_addresses_and_placeholders_are_no_names(text: str) -> None:
    assert raised(text) == ()


# -- time and room -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("piece", ["my pupil ", "Aa Bb ", "(8B) ", "one of my ", "bully by ", "L.K. ", "a'b"])
def test_a_megabyte_of_hostile_text_is_read_to_its_end(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert "harm" in alarms(post(f"{text}\nHe self-harms."), WATCH, ("en",))


@settings(deadline=None)
@given(st.text(st.sampled_from("Aa Lk.,('’-@#8B\nmypupilinYear 9"), max_size=300))  # noqa: RUF001 - as typed
def test_no_text_breaks_it(text: str) -> None:
    assert set(alarms(post(text), WATCH, LANGUAGES)) <= {"pupil", "harm", "accusation"}


@settings(deadline=None)
@given(st.sampled_from([text for _, text in table(PUPIL)][:30]), st.sampled_from(PASS["en"]))
def test_what_stands_around_it_does_not_hide_a_name(held: str, harmless: str) -> None:
    assert "pupil" in raised(f"{harmless}\n{held}\n{harmless}")


# -- what was read -------------------------------------------------------------------------------------------------
LINKED = RichText("here", (Facet(0, 4, Link("https://example.org/a")),))
READ = post(LINKED, warning="w", media=(Media("image", "a wall"),), labels=("gore",))


@pytest.mark.parametrize(
    "changes",
    [
        {"text": RichText("there", LINKED.facets)},
        {"text": whole("here", Link("https://example.org/b"))},
        {"warning": ""},
        {"warning": "w "},
        {"media": ()},
        {"media": (Media("video", "a wall"),)},
        {"media": (Media("image", "my pupil Liam"),)},
        {"media": (Media("image", "a wall"), Media("image", ""))},
        {"labels": ()},
        {"labels": ("gore", "porn")},
        {"author": msgspec.structs.replace(TEACHER, signals=Signals(labels=("porn",)))},
    ],
)
def test_a_release_covers_exactly_what_was_read(changes: dict[str, object]) -> None:
    assert words_read(READ) != words_read(msgspec.structs.replace(READ, **changes))


def test_what_nobody_reads_changes_no_fingerprint() -> None:
    author = msgspec.structs.replace(TEACHER, name="Another", handle="another.example.org")
    same = msgspec.structs.replace(READ, author=author, edited_at=AT, labels=("gore", "spam"), languages=("en",))
    assert words_read(READ) == words_read(same)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_fingerprint_is_63_bits_and_tells_text_and_warning_apart(one: str, other: str) -> None:
    assert 0 <= words_read(post(one, warning=other)) < 1 << 63
    if one != other:
        assert words_read(post(one, warning=other)) != words_read(post(other, warning=one))


def test_half_a_character_in_a_description_is_read_like_any_other() -> None:
    assert words_read(post("", media=(Media("image", "\ud83d"),))) != words_read(post("", media=(Media("image", ""),)))


def test_fingerprints_never_change_between_versions() -> None:
    """A ruling is kept for as long as its post: another way to count would hold every released answer again."""
    assert words_read(post("Look!", media=(Media("image", "a wall"),))) == 8854975416315909452


# -- an operator's own lists ---------------------------------------------------------------------------------------
def own(folder: Path, name: str, text: str) -> Path:
    (folder / "templates" / "watchwords").mkdir(parents=True, exist_ok=True)
    (folder / "templates" / "watchwords" / name).write_text(text, encoding="utf-8")
    return folder


def test_shipped_lists_hold_phrases_in_every_language() -> None:
    assert sorted(WATCH.languages) == sorted(LANGUAGES)
    for words in WATCH.languages.values():
        for field in ("pupil", "mine", "groups", "no_names", "harm", "staff", "insults", "deeds"):
            assert getattr(words, field), field
        for field in msgspec.structs.asdict(words):
            phrases = getattr(words, field)
            assert len(set(phrases)) == len(phrases) or field == "no_names"


def test_own_lists_add_leave_out_and_replace(tmp_path: Path) -> None:
    folder = own(
        tmp_path, "en.json", '{"harm": {"add": ["the woodshed"], "leave_out": ["Bruises"]}, "staff": ["beadle"]}'
    )
    watch = load_watchwords(folder)

    def held(text: str) -> tuple[str, ...]:
        return alarms(post(text), watch, ("en",))

    assert held("He was in the woodshed again.") == ("harm",)
    assert held("He came in with bruises again.") == ()
    assert held("She self-harms.") == ("harm",)
    assert held("The beadle is a bully.") == ("accusation",)
    assert held("My head is a bully.") == ()
    assert watch.languages["fr"] == WATCH.languages["fr"]


def test_leaving_out_takes_no_notice_of_case(tmp_path: Path) -> None:
    own(tmp_path, "de.json", '{"staff": {"leave_out": ["chefin"]}}')
    (ours, mine) = (watch.languages["de"].staff for watch in (WATCH, load_watchwords(tmp_path)))
    assert set(ours) - set(mine) == {"Chefin"}


def test_an_own_file_may_bring_a_language(tmp_path: Path) -> None:
    watch = load_watchwords(own(tmp_path, "nl.json", '{"harm": ["zelfmoord*"]}'))
    assert watch.languages["nl"] == Vocabulary(harm=("zelfmoord*",))
    assert alarms(post("Zelfmoordpreventie"), watch, ("nl",)) == ("harm",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"harm": [}', "templates/watchwords/en.json:1:11: This is not JSON"),
        ("[]", "templates/watchwords/en.json:1:1: Lists of words are wanted here, by name."),
        ('{"harms": []}', "templates/watchwords/en.json: “harms” is no list known here. Known are: pupil, pupils, "),
        ('{"harm": "bruises"}', "templates/watchwords/en.json: A list of words is wanted for “harm”"),
        ('{"harm": {"plus": []}}', 'write: "harm": {"add": ["…"], "leave_out": ["…"]}'),
        ('{"harm": [1]}', "A list of words is wanted for “harm”"),
    ],
)
def test_a_wrong_own_list_says_where_and_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_watchwords(own(tmp_path, "en.json", text))
    assert says in str(caught.value)


def test_every_wrong_file_is_told_at_once(tmp_path: Path) -> None:
    own(tmp_path, "de.json", "{")
    with pytest.raises(ConfigError) as caught:
        load_watchwords(own(tmp_path, "en.json", '{"is_": []}'))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("phrase", ["(", "a.b", "[x", "a|b", "\\d", "{n}", "#a b", "*", "...", "/", "-", "  "])
def test_no_phrase_that_people_write_breaks_the_patterns(phrase: str) -> None:
    watch = Watchwords({"en": Vocabulary(**dict.fromkeys(Vocabulary.__struct_fields__, (phrase,)))})
    for text in (*PASS["en"][:10], *PUPIL["en"][:5], "a.b a|b ( [x #a b"):
        assert set(alarms(post(text), watch, ("en",))) <= {"pupil", "harm", "accusation"}


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("self-harm*", "she self harmed", True),
        ("self-harm*", "Selfharm", True),
        ("self-harm*", "she herself harmed nobody", False),
        ("kill/kills himself/herself", "he kills himself", True),
        ("kill/kills himself/herself", "he killed himself", False),
        ("told ... being hit", "told me about being hit", True),
        ("told … being hit", "told me about being hit", True),
        ("told ... being hit", "told being hit", True),
        ("told ... being hit", "told me so much about being hit", False),
        ("told being hit", "told me being hit", False),
        ("bruises", "my bruises.", True),
        ("bruises", "bruises-free", False),
        ("STRASSE", "Straße", False),
        ("a.b", "axb", False),
        ("can't", "I can't go on", True),
        ("don't/can't", "I can't", True),
    ],
)
def test_how_phrases_are_read(phrase: str, text: str, found: bool) -> None:
    assert bool(alarms(post(text), Watchwords({"en": Vocabulary(harm=(phrase,))}), ("en",))) is found
