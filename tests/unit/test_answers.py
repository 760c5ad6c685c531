# ruff: noqa: RUF001
# Ambiguous letters on purpose: people write labels in all these letters.
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.answers import AskedQuestion, Attribution, Candidate, attribute, labels
from bot.domain.labels import WINDOW, label_of, read

steady = settings(deadline=None)  # on a busy machine a slow example is no fault

START = datetime(2027, 1, 7, 20, tzinfo=UTC)
KNOWN = range(1, 7)

# What people write, in five languages and some more: the first line, and the questions it is labelled with.
ENGLISH = [
    ("A1 I mark in the lesson, pen in hand.", (1,)),
    ("A1: whole-class feedback, every time #EdChat", (1,)),
    ("a2 - peer marking, but they need a model first", (2,)),
    ("A.1 Less is more", (1,)),
    ("A1. Verbal feedback on the spot", (1,)),
    ("A3) We dropped it", (3,)),
    ("Ans 1: we don't", (1,)),
    ("Answer 4 It depends on the year group", (4,)),
    ("Q1 In my room it looks messy", (1,)),
    ("Q2: comment-only marking", (2,)),
    ("#A1 codes in the margin #EdChat", (1,)),
    ("#EdChat A5 Nothing. Ever.", (5,)),
    ("@edchat.example.org A2 self-assessment", (2,)),
    ("@EdChat@social.example.org #EdChat 🎉 A2: exit tickets", (2,)),
    (". @edchat A3 - exit tickets", (3,)),
    ("Ten silent minutes to fix it #EdChat A1", (1,)),
    ("Ten silent minutes (A1) #EdChat", (1,)),
    ("Agree with all of this! #EdChat #A6", (6,)),
    ("A1&2 both come down to time", (1, 2)),
    ("A1 & A2: time", (1, 2)),
    ("A1 + A3 same answer really", (1, 3)),
    ("A1/A2 modelling", (1, 2)),
    ("A1, A2 modelling", (1, 2)),
    ("A1, 2 and 3: modelling", (1, 2, 3)),
    ("A1-3: modelling", (1, 2, 3)),
    ("A2-5: modelling", (2, 3, 4, 5)),
    ("A4 (1/2) So first of all", (4,)),
    ("A4 1/2 So first of all", (4,)),
    ("A1😀 stickers", (1,)),
    ("🅰️1 stickers", (1,)),
    ("1. We stopped.", (1,)),
    ("2) We stopped.", (2,)),
    ("(3) We stopped.", (3,)),
    ("1️⃣ We stopped.", (1,)),
    ("①We stopped.", (1,)),
    ("A 1: spaced out", (1,)),
    ("𝗔𝟭: bold letters", (1,)),
]
NO_LABELS = [
    "A4 paper is all we have",
    "a4 sheets, everywhere",
    "Q1 results are in",
    "Q1 2027 was hard",
    "Q2 was the hard one for me",
    "A2 is tricky",
    "1.5 hours of marking a night",
    "10.30pm and still marking",
    "R2D2 marks faster than me",
    "B1 English sets are the worst",
    "1.2.2027 is our next inset day",
    "1st time here!",
    "1 hour is enough",
    "3 things I stopped doing",
    "1/3 So here is a thread",
    "A 1 hour lesson is too short",
    "A1-level learners need models",
    "A1’s point is good",
    "A9: no such question",
    "A0: no such question",
    "A12: no such question",
    "We print it on A4 #EdChat",
    "#EdChat A4 paper again",
    "I think A1 is right",
    "A: no number",
    "P1 pupils cannot read this yet",
    "Year 5 A1: set",
    "2. Klasse, 28 Kinder",
    "3. Stunde, Mathe",
    "A4-Blatt falten",
    "",
    "@edchat",
    "#EdChat",
]
FRENCH = [
    ("R1 : je corrige avec eux", (1,)),
    ("R1 Je corrige avec eux", (1,)),
    ("r2. moins de notes", (2,)),
    ("Rép 1 : moins de notes", (1,)),
    ("Rép. 3 moins de notes", (3,)),
    ("Réponse 1 : moins de notes", (1,)),
    ("réponse n°2 : moins de notes", (2,)),
    ("#EdChat R1 et R2 : le temps", (1, 2)),
    ("Q3 – les élèves d'abord", (3,)),
    ("Une feuille A4 suffit", ()),
    ("2,5 heures par soir", ()),
]
SPANISH = [
    ("R1: corrijo en clase", (1,)),
    ("R2 Corrijo en clase", (2,)),
    ("Respuesta 1: corrijo en clase", (1,)),
    ("P1: menos notas", (1,)),
    ("P2 Menos notas y más tiempo", (2,)),
    ("1.- Menos notas", (1,)),
    ("R1 y R2: tiempo", (1, 2)),
    ("¡R3! Claro que sí", (3,)),
    ("Los 3 primeros minutos", ()),
]
GERMAN = [
    ("A1: Weniger Noten", (1,)),
    ("Antwort 1: Weniger Noten", (1,)),
    ("F2: Mehr Zeit", (2,)),
    ("F3 Mehr Zeit, bitte", (3,)),
    ("Frage 4 – mehr Zeit", (4,)),
    ("1.) Mehr Zeit", (1,)),
    ("A1 und A2 sind eins", (1, 2)),
    ("1. Januar ist frei", ()),
    ("A2 ist schwer", ()),
    ("10.30 Uhr, zweite Pause", ()),
]
WELSH = [
    ("A1: llai o farcio", (1,)),
    ("A1 ateb byr: llai o farcio", (1,)),
    ("C1: mwy o amser", (1,)),
    ("C2 Mwy o amser i siarad", (2,)),
    ("Ateb 3: llafar", (3,)),
    ("Cwestiwn 2 – llafar", (2,)),
    ("A1 ac A2: llafar", (1, 2)),
    ("A4 papur, wrth gwrs", ()),
    ("Mae 3 peth yn helpu", ()),
]
OTHER = [
    ("ج١: أقل من الواجبات", (1,)),
    ("الإجابة ٢: أقل من الواجبات", (2,)),
    ("A٣: وقت أكثر", (3,)),
    ("١. وقت أكثر", (1,)),
    ("(٢) وقت أكثر", (2,)),
    ("१. कम काम", (1,)),
    ("उत्तर २: कम काम", (2,)),
    ("Ａ１：少一点", (1,)),
    ("１．少一点", (1,)),
    ("答2：少一点", (2,)),
    ("回答3 少一点", (3,)),
    ("٣ دقائق فقط", ()),
]


@pytest.mark.parametrize(
    ("line", "languages", "numbers"),
    [
        *((line, ("en-GB",), numbers) for line, numbers in ENGLISH),
        *((line, ("en",), ()) for line in NO_LABELS),
        *((line, ("fr",), numbers) for line, numbers in FRENCH),
        *((line, ("es",), numbers) for line, numbers in SPANISH),
        *((line, ("de",), numbers) for line, numbers in GERMAN),
        *((line, ("cy", "en"), numbers) for line, numbers in WELSH),
        *((line, ("ar", "hi", "zh"), numbers) for line, numbers in OTHER),
    ],
)
def test_labels(line: str, languages: tuple[str, ...], numbers: tuple[int, ...]) -> None:
    assert labels(line, KNOWN, languages) == numbers


def test_a_letter_of_one_language_counts_there_or_with_punctuation_where_none_is_given() -> None:
    assert labels("F1 Mehr Zeit", KNOWN, ["de-AT"]) == (1,)
    assert labels("F1 Mehr Zeit", KNOWN) == ()
    assert labels("F1: Mehr Zeit", KNOWN) == (1,)
    assert labels("F1: who saw the race?", KNOWN, ["en"]) == ()
    assert labels("F.1: who saw the race?", KNOWN, ["en"]) == ()


def test_a_bare_number_is_told_from_a_named_label() -> None:
    assert read("A1: yes", KNOWN).named
    assert not read("1. yes", KNOWN).named
    assert label_of("#EdChat @edchat\n\n🎉\nA2: yes", KNOWN).numbers == (2,)
    assert label_of("Well\nA2: yes", KNOWN).numbers == ()


@steady
@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from([*"aA1&+, .:()[]#@-–①", "1️⃣", "#EdChat", "\n", "٣", "A1"])).map("".join)
    )
)
def test_labels_never_raise_and_are_known_once_each(text: str) -> None:
    numbers = label_of(text, KNOWN).numbers
    assert set(numbers) <= set(KNOWN)
    assert len(set(numbers)) == len(numbers)
    assert set(labels(text, {1})) <= {1}


@pytest.mark.parametrize(
    "part", ["#", "(", "A1", "A1, ", "1️⃣", "@a.", "#a ", "\n", "A1-", "1&", " ", "ﷺ", "①", "a\u0301", "🎉"]
)
def test_only_the_beginning_of_hostile_text_is_looked_at(part: str) -> None:
    hostile = part * (100_000 // len(part))
    assert label_of(hostile + "\n#EdChat A1", KNOWN) == label_of(hostile + "\nno label", KNOWN)


@pytest.mark.parametrize(
    ("line", "languages", "numbers"),
    [
        ("#EdChat 2) We stopped.", (), (2,)),
        ("@edchat.example.org 1. We stopped.", (), (1,)),
        ("A4 paper again #EdChat A1", (), (1,)),
        ("Ten silent minutes. A1 #EdChat", (), (1,)),
        ("Ten silent minutes! (A1) #EdChat", (), (1,)),
        ("Ten silent minutes A1 #EdChat", (), ()),
        ("#Marking takes long. A1", (), ()),
        ("Who saw the race? #EdChat F1", (), (1,)),
        ("Who saw the race? #EdChat F1", ("de",), (1,)),
        ("Who saw the race? #EdChat F1", ("en",), ()),
    ],
)
def test_labels_behind_other_things(line: str, languages: tuple[str, ...], numbers: tuple[int, ...]) -> None:
    assert labels(line, KNOWN, languages) == numbers


LABELLED = "Ten silent minutes #EdChat A1"


@pytest.mark.parametrize(
    ("text", "languages", "numbers"),
    [
        (LABELLED, (), (1,)),
        ("\n" * 9 + "A1: yes", (), (1,)),
        ("#EdChat\n" * 4 + "A1: yes", (), (1,)),
        ("#EdChat\n" * 5 + "A1: yes", (), ()),
        (LABELLED + "\nmore" * 9, (), (1,)),  # the label stands at the end of its line
        (LABELLED + "\n" + "more " * WINDOW, (), (1,)),
        ("a" * (WINDOW - len(LABELLED) - 1) + " " + LABELLED, (), (1,)),
        ("a" * (WINDOW - len(LABELLED) - 1) + " " + LABELLED + "2 and", (), ()),  # more of it stands behind the window
        ("F1 Mehr Zeit", ("de",), (1,)),
        ("F1 Mehr Zeit", (), ()),
    ],
)
def test_the_label_of_a_whole_post(text: str, languages: tuple[str, ...], numbers: tuple[int, ...]) -> None:
    assert label_of(text, KNOWN, languages).numbers == numbers


def asked(number: int, chat: str = "edchat/2027-01-07", *, weeks: int = 0) -> AskedQuestion:
    opened = START + timedelta(weeks=weeks, minutes=8 * number)
    prefix = "" if not weeks else f"w{weeks}"
    return AskedQuestion(
        f"{chat}/q{number}",
        number,
        chat,
        (f"{prefix}q{number}b", f"{prefix}q{number}m"),
        opened,
        opened + timedelta(days=14),
    )


QUESTIONS = [asked(number) for number in KNOWN]


def post(key: str, text: str = "", parent: str = "", root: str = "", quote: str = "", *, minute: int = 30) -> Candidate:
    tags = tuple(word.strip("#,.") for word in text.split() if word.startswith("#"))
    return Candidate(key, parent, root, quote, text, tags, START + timedelta(minutes=minute))


def placed(*posts: Candidate, parents: dict[str, str] | None = None) -> dict[str, str]:
    found = attribute(posts, QUESTIONS, "EdChat", parents or {})
    return {
        key: " ".join(f"{each.question.rpartition('/')[2]}:{each.how}" for each in reasons)
        for key, reasons in found.items()
    }


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (post("x", "Less.", "q1b", "q1b"), "q1:reply"),
        (post("x", "Less.", "q2m", "q2m"), "q2:reply"),
        (post("x", "Less. #EdChat", "q1b", "q1b"), "q1:reply"),
        (post("x", "A1 Less.", "q1b", "q1b"), "q1:reply"),
        (post("x", "A2 Less.", "q1b", "q1b"), "q2:label"),
        (post("x", "A1 & A2 Less.", "q1b", "q1b"), "q1:reply q2:label"),
        (post("x", "A4 paper", "q1b", "q1b"), "q1:reply"),
        (post("x", "2. Less.", "q1b", "q1b"), "q1:reply"),
        (post("x", "Less.", quote="q3m"), "q3:quote"),
        (post("x", "A3: Less. #EdChat", quote="q3m"), "q3:quote"),
        (post("x", "A2: Less. #EdChat", quote="q3m"), "q2:label"),
        (post("x", "A2: Less.", quote="q3m"), "q3:quote"),
        (post("x", "Look", "q1b", "q1b", "q3b"), "q1:reply q3:quote"),
        (post("x", "Look", "q1b", "q1b", "q1b"), "q1:reply"),
        (post("x", "A2: Less. #EdChat"), "q2:label"),
        (post("x", "A2: Less. #edchat"), "q2:label"),
        (post("x", "2. Less. #EdChat"), "q2:label"),
        (post("x", "A1/A3 Less. #EdChat"), "q1:label q3:label"),
        (post("x", "A2: Less."), ""),
        (post("x", "A2: Less. #OtherChat"), ""),
        (post("x", "Hello from Leeds #EdChat"), ""),
        (post("x", "A9: Less. #EdChat"), ""),
        (post("x", "A2: Less. #EdChat", "stranger", "stranger"), "q2:label"),
        (post("x", "Less. #EdChat", "stranger", "stranger"), ""),
        (post("x", "Less.", "gone", "q4b"), "q4:thread"),
        (post("x", "A2: Less.", "gone", "q4b"), "q2:label"),
    ],
)
def test_one_post(one: Candidate, where: str) -> None:
    assert placed(one)["x"] == where


def test_a_thread_answers_what_its_nearest_placed_post_answers() -> None:
    posts = [
        post("deep", "Me too", "mid", "q1b"),
        post("a", "A1 Less.", "q1b", "q1b"),
        post("mid", "Agreed", "a", "q1b"),
        post("other", "A2 Models.", "a", "q1b"),
        post("under", "How?", "other", "q1b"),
        post("alone", "A3: Time. #EdChat"),
        post("to-alone", "So true", "alone", "alone"),
        post("quoting", "This", quote="q5b"),
        post("to-quoting", "Yes", "quoting", "quoting"),
        post("hello", "Hello #EdChat"),
        post("to-hello", "A1 Hello", "hello", "hello"),
    ]
    assert placed(*posts) == {
        "a": "q1:reply",
        "mid": "q1:thread",
        "deep": "q1:thread",
        "other": "q2:label",
        "under": "q2:thread",
        "alone": "q3:label",
        "to-alone": "q3:thread",
        "quoting": "q5:quote",
        "to-quoting": "q5:thread",
        "hello": "",
        "to-hello": "",
    }


def test_edges_of_removed_posts_lead_on() -> None:
    assert placed(post("x", "Yes", "tomb2"), parents={"tomb2": "tomb1", "tomb1": "q6m"})["x"] == "q6:thread"


def test_a_root_over_several_questions_says_nothing() -> None:
    parents = {"q2b": "q1b", "q3b": "q2b"}
    lost = post("lost", "Yes", "gone", "q1b")
    assert placed(lost, post("a", "Yes", "q2b", "q1b"), parents=parents) == {"lost": "", "a": "q2:reply"}
    assert placed(post("lost", "A2 Yes", "gone", "q1b"), parents=parents) == {"lost": "q2:label"}
    assert placed(lost, parents={"q2b": "ours", "ours": "q1b"}) == {"lost": ""}  # however far below the other stands


def test_below_a_labelled_answer_a_label_counts_without_the_hashtag() -> None:
    posts = [post("a", "A1: Less. #EdChat"), post("b", "A2: More.", "a", "a"), post("c", "1. So be it", "a", "a")]
    assert placed(*posts) == {"a": "q1:label", "b": "q2:label", "c": "q1:thread"}


def test_the_letters_of_a_chats_languages_are_labels() -> None:
    one = post("x", "F1 Mehr Zeit #EdChat")
    found = attribute([one], QUESTIONS, "EdChat", {}, languages=["de"])
    assert found == {"x": (Attribution(QUESTIONS[0].id, "label"),)}
    assert attribute([one], QUESTIONS, "EdChat", {}, languages=["en"]) == {"x": ()}


def test_a_label_under_our_welcome_counts_without_the_hashtag() -> None:
    ours = {"welcome": QUESTIONS[0].chat}
    posts = [
        post("x", "A2: Hi", "welcome", "welcome"),
        post("y", "Hi", "welcome", "welcome"),
        post("z", "1. Hi", "welcome"),
    ]
    found = attribute(posts, QUESTIONS, "EdChat", {}, ours=ours)
    assert found == {"x": (Attribution(QUESTIONS[1].id, "label"),), "y": (), "z": ()}


def test_two_chats_with_one_hashtag() -> None:
    later = [asked(number, "edchat/2027-01-14", weeks=1) for number in (1, 2)]
    posts = [
        post("first", "A1: yes #EdChat"),
        post("second", "A1: yes #EdChat", minute=7 * 24 * 60 + 30),
        post("at-once", "A1: yes #EdChat", minute=7 * 24 * 60 + 8),
        post("early", "A2: yes #EdChat", minute=-60),
        post("late", "A2: yes", "q1b", "q1b", minute=7 * 24 * 60 + 30),
        post("no-such", "A5: yes", "w1q1b", "w1q1b"),
    ]
    found = attribute(posts, [*later, *QUESTIONS], "edchat", {})
    assert {key: [each.question for each in reasons] for key, reasons in found.items()} == {
        "first": ["edchat/2027-01-07/q1"],
        "second": ["edchat/2027-01-14/q1"],
        "at-once": ["edchat/2027-01-14/q1"],
        "early": ["edchat/2027-01-07/q2"],
        "late": ["edchat/2027-01-07/q2"],
        "no-such": ["edchat/2027-01-14/q1"],
    }


def test_loops_end() -> None:
    posts = [post("a", "A1: x #EdChat", "b"), post("b", "y", "c"), post("c", "z", "a"), post("d", "w", "d")]
    found = placed(*posts)
    assert found["a"] == "q1:label"
    assert found["d"] == ""


def test_a_hundred_thousand_replies_deep() -> None:
    posts = [post(f"{n}", "yes", f"{n - 1}" if n else "q1b", "q1b") for n in range(100_000)]
    found = placed(*reversed(posts))
    assert found["0"] == "q1:reply"
    assert found["99999"] == "q1:thread"


KEYS = st.sampled_from([*"abcdef", "q1b", "q2m", "gone", ""])
WORDS = st.sampled_from(["A1: yes #EdChat", "A2 yes", "yes #EdChat", "yes", "3. yes #EdChat", "A1 & A2: yes", ""])
POSTS = st.lists(
    st.builds(post, st.sampled_from("abcdef"), WORDS, KEYS, KEYS, KEYS), max_size=6, unique_by=lambda each: each.key
)


@steady
@given(POSTS, st.dictionaries(KEYS, KEYS))
def test_every_candidate_gets_an_answer_once(posts: list[Candidate], parents: dict[str, str]) -> None:
    found = attribute(posts, QUESTIONS, "EdChat", parents)
    assert set(found) == {each.key for each in posts}
    for each in posts:
        reasons = found[each.key]
        assert [reason.question for reason in reasons] == sorted({reason.question for reason in reasons})
        connected = each.parent or each.root or each.quote or each.key in parents or "EdChat" in each.hashtags
        assert connected or not reasons
        if each.parent in {"q1b", "q2m"} and not labels(each.text, KNOWN):
            assert Attribution(f"{QUESTIONS[0].chat}/{each.parent[:2]}", "reply") in reasons
