"""What a post asks of us: the whole post or nothing, in every language, and never a stranger's words."""

import itertools
import tracemalloc
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import commandwords
from bot.domain.commands import LONGEST, Asked, named, read, read_host
from bot.domain.richtext import Link, Mention, RichText, Tag, detect, join, whole
from bot.rendering.templates import Templates

ME = "https://m.example/users/staffroom"
DID = "did:plc:staffroom"
ALL = ("en", "cy", "de", "es", "fr")
US = whole("@staffroom", Mention("", "@staffroom@m.example"))
OURS_BY_ID = whole("@staffroom.example.org", Mention(DID, "staffroom.example.org"))
BEN = whole("@ben", Mention("", "@ben@x.example"))


def asked(*parts: RichText | str, languages: Any = ALL, own: str = ME, in_thread: bool = False, **more: Any) -> Any:
    return read(join(parts), languages, own=own, in_thread=in_thread, **more)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("KEEP MY ANSWERS", "keep"),
        ("REMOVE THIS", "remove-this"),
        ("REMOVE ME", "remove-me"),
        ("INITIALS ONLY", "initials"),
        ("NO NAME", "no-name"),
        ("FULL NAME", "full-name"),
        ("LIST ME", "list"),
        ("UNLIST ME", "unlist"),
        ("REMIND ME", "remind"),
        ("FORGET IT", "forget"),
        ("RESEARCH YES", "research"),
        ("RESEARCH NO", "no-research"),
        ("MY RECORD", "record"),
        ("END MY BADGES", "end-badges"),
        ("JOIN", "join"),
        ("STOP", "stop"),
    ],
)
def test_the_english_words_work_in_every_series(said: str, meant: Asked) -> None:
    for languages in ((), ("fr",), ("en-GB", "cy"), ("ja",)):
        assert asked(said, languages=languages) == meant
        assert asked(US, " ", said, languages=languages) == meant
        assert asked(said, languages=languages, in_thread=True) == (None if meant == "join" else meant)


@pytest.mark.parametrize("language", ALL)
def test_each_language_has_words_for_all_of_it_and_no_word_means_two_things(language: str) -> None:
    phrases = commandwords.PHRASES[language]
    assert phrases.keys() == commandwords.PHRASES["en"].keys()
    assert commandwords.SINGLE[language].keys() == {"join", "stop"}
    for meant, said in [*phrases.items(), *commandwords.SINGLE[language].items()]:
        assert said
        for phrase in said:
            # beside all other languages, and in the spelling of one's own phone
            for tags in ((language,), ALL):
                about = (" ", BEN) if meant in commandwords.NAMING else ()
                typed = f"{phrase.capitalize().replace(chr(39), chr(0x2019))}!"
                assert asked(phrase, *about, languages=tags) == meant, phrase
                assert asked(typed, *about, languages=tags) == meant, phrase


def test_another_languages_words_count_only_in_its_series() -> None:
    assert asked("Löscht mich", languages=("de-AT",)) == "remove-me"
    assert asked("Löscht mich", languages=("en", "fr")) is None
    assert asked("Löscht mich", languages=("de_CH",)) == "remove-me"


@pytest.mark.parametrize(
    "said",
    [
        "remove me",
        "Remove me.",
        "«REMOVE—ME!!»",
        "RE\u00adMOVE\u200b ME\ufeff",
        "\u202eREMOVE ME\u202c",
        "\uff32\uff25\uff2d\uff2f\uff36\uff25\u3000\uff2d\uff25",
        "\N{MATHEMATICAL BOLD CAPITAL R}\N{MATHEMATICAL BOLD CAPITAL E}MOVE ME",
        "Rémóve mè",
        "REMOVE\n\nME",
        "REMOVE ME 🙏🏽 ❤️ 👩‍🏫 1️⃣ ™️",
        "#EdChat REMOVE ME #thanks",
        "@ben@x.example REMOVE ME",
        "\uff20staffroom@m.example REMOVE ME",
        "REMOVE_ME",
        "RemoveMe",
        "Please remove me",
        "Remove me please, thank you",
        "Remove me, thanks!",
    ],
)
def test_what_surrounds_a_command_is_left_aside(said: str) -> None:
    assert asked(said, in_thread=True) == "remove-me"


@pytest.mark.parametrize(
    ("said", "languages", "meant"),
    [
        ("Loescht mich", ("de",), "remove-me"),
        ("LÖSCHT MICH", ("de",), "remove-me"),
        ("losche mich", ("de",), "remove-me"),
        ("Bitte löscht mich", ("de",), "remove-me"),
        ("S\u2019il vous plaît, retirez\u2011moi", ("fr",), "remove-me"),
        ("Garder mes reponses", ("fr",), "keep"),
        ("QUITAME", ("es",), "remove-me"),
        ("Quítame, por favor", ("es",), "remove-me"),
        ("dilewch fy atebion", ("cy",), "remove-me"),
        ("Tynnwch fi o\u2019r rhestr, os gwelwch yn dda", ("cy",), "unlist"),
        ("vollstaendiger Name", ("de",), "full-name"),
        ("Meinen Nachweis, bitte", ("de",), "record"),
        ("mi registro", ("es",), "record"),
        ("Mon releve, svp", ("fr",), "record"),
        ("Fy nghofnod", ("cy",), "record"),
    ],
)
def test_words_as_people_type_them(said: str, languages: tuple[str, ...], meant: Asked) -> None:
    assert asked(said, languages=languages) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "🙏",
        "#stop",
        "please",
        "Remove me from the rota and marking gets easier",
        "We remove me and you from our vocabulary",
        "A1 STOP",
        "STOP 1",
        "Stop marking everything",
        "Do not remove me",
        "Keep my answers short",
        "name",
        "list",
        "no names",
        "initials",
        "thanks",
        "x@remove.me",
        "remove.me@school.example",
        "https://example.org/ REMOVE ME",
        "No name https://example.org/",
    ],
)
def test_an_answer_is_no_command(said: str) -> None:
    assert asked(said, in_thread=True) is None
    assert asked(said, in_thread=False) is None


def test_a_post_with_a_link_says_more_than_a_command() -> None:
    assert asked("REMOVE ME ", whole("here", Link("https://example.org/")), in_thread=True) is None


def test_facets_are_left_aside_whatever_they_show() -> None:
    assert asked(US, " REMOVE ", BEN, " ME ", whole("#EdChat", Tag("EdChat"))) == "remove-me"
    assert asked(whole("remove me", Tag("x")), in_thread=True) is None


@pytest.mark.parametrize(
    ("said", "outside", "inside"),
    [
        ((US, " stop"), "stop", "stop"),
        ((US, BEN, " stop"), "stop", "stop"),
        ((BEN, " stop"), None, None),
        (("@ben@x.example stop",), None, None),
        (("@staffroom@m.example stop",), "stop", "stop"),
        (("stop",), "stop", "stop"),
        ((BEN, " join"), None, None),
        ((US, " join"), "join", None),
        ((BEN, " remove me"), None, "remove-me"),
        ((US, BEN, " remove me"), "remove-me", "remove-me"),
        ((BEN, " forget it"), None, None),
        ((BEN, " remind me"), None, None),
        ((BEN, " my record"), None, None),
        ((US, BEN, " forget it"), "forget", "forget"),
    ],
)
def test_what_is_said_to_somebody_else_is_not_said_to_us(said: Any, outside: Any, inside: Any) -> None:
    assert asked(*said) == outside
    assert asked(*said, in_thread=True) == inside


@pytest.mark.parametrize(
    ("mention", "own", "own_handle", "ours"),
    [
        (Mention(DID, "new.example.org"), DID, "", True),
        (Mention("did:plc:ben", "staffroom.example.org"), DID, "staffroom.example.org", False),
        (Mention("", "staffroom.example.org"), DID, "", None),
        (Mention("", "Staffroom.example.org"), DID, "staffroom.example.org", True),
        (Mention("", "@Staffroom@m.example"), ME, "", True),
        (Mention("", "@staffroom@m.example"), "https://social.m.example/users/staffroom", "", True),
        (Mention("", "@staffroom@other.example"), ME, "", False),
        (Mention("", "@staffroom@xm.example"), "https://m.example/@staffroom", "", False),
        (Mention("", "@staffroom@m.example"), "https://xm.example/@staffroom", "", False),
        (Mention("", "@ben@m.example"), ME, "", False),
        (Mention("", "@Xstaffroom@m.example"), ME, "", False),
        (Mention("", "Xstaffroom.example.org"), DID, "staffroom.example.org", False),
        (Mention("", "@ben@m.example"), "https://m.example/ap/users/115", "", None),
        (Mention("", "@ben@m.example"), "https://m.example/ap/users/115", "@staffroom@m.example", False),
        (Mention("", "@staffroom@m.example"), "https://m.example/ap/users/115", "@staffroom@m.example", True),
        (Mention("", "\uff20staffroom@m.example"), "https://m.example/ap/users/115", "@staffroom@m.example", True),
        (Mention("", "@staffroom"), ME, "", None),
        (Mention("", "@staffroom"), ME, "@staffroom@m.example", None),
        (Mention("", "@ben@m.example"), "", "", None),
    ],
)
def test_who_is_mentioned(mention: Mention, own: str, own_handle: str, ours: bool | None) -> None:
    """Ours: a command and what is like one is to us. Another's: nothing is. Unknown: only commands are."""
    addressed = join([whole("@someone", mention), " "])
    expected = {True: ("join", "unclear"), False: (None, None), None: ("join", None)}[ours]
    found = tuple(asked(addressed, words, own=own, own_handle=own_handle) for words in ("join", "please delete it all"))
    assert found == expected


@pytest.mark.parametrize(
    "said",
    [
        "please delete everything I said",
        "please delete everything that I said last week",  # eight words: the most
        "How do I remove an answer?",
        "don't remove me",
        "stop it",
        "Keep me!",
        "leave",
        "initials",
        "bitte alles löschen",
        "Je voudrais effacer ma réponse",
        "¿puedes borrar todo?",
        "unsubscribe me now",
        "delete x@school.example",  # that is nobody's handle
    ],
)
def test_who_wants_something_of_us_in_other_words_is_told_the_words(said: str) -> None:
    assert asked(US, " ", said) == "unclear"
    assert asked(OURS_BY_ID, " ", said, own=DID) == asked(US, " ", said)
    assert asked(said) is None
    assert asked(US, " ", said, in_thread=True) is None
    assert asked(US, BEN, " ", said) is None
    assert asked(US, " ", said, own="") is None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "thanks",
        "Thank you for tonight!",
        "Thanks, never stop!",
        "delete that? no, thanks",
        "Diolch, tynnwch lun!",
        "please delete everything that I said here last week",
        "great chat",
        "great list",
        "love the name",
        "I can't stop reading",
        "this was for me",
        "only my answers, no name",
        "my full answers",
        "happy new year",
        "I will be late and will then delete all of my old posts",
        "can you remove this https://example.org/spam",
    ],
)
def test_a_stranger_is_never_answered(said: str) -> None:
    assert asked(US, " ", said) is None


def test_long_posts_are_told_from_commands_at_once() -> None:
    heavy = ["a" * 1_000_000, "REMOVE ME " * 100_000, "@a " * 300_000, "@" * 1_000_000, "\u200d" * 1_000_000]
    tracemalloc.start()
    try:
        assert all(asked(text) is None for text in heavy)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000  # nothing was made of them; `asked` itself copies each a few times
    assert asked(" " * (LONGEST - 9) + "REMOVE ME") == "remove-me"
    assert asked(" " * (LONGEST - 8) + "REMOVE ME") is None


def test_a_reply_to_many_people_may_be_a_command() -> None:
    people = [join([whole(f"@p{n}", Mention("", f"@p{n}@x.example")), " "]) for n in range(100)]
    assert asked(*people, US, " stop", in_thread=True) == "stop"


SURROUNDINGS = st.lists(
    st.sampled_from([" ", "\n", "!", "…", "🙏", "\u200d", "\u00ad", "#EdChat ", "(", "—", "\u0301", "please "]),
    max_size=6,
).map("".join)


@given(SURROUNDINGS, SURROUNDINGS, st.sampled_from(["remove me", "NO NAME", "Keep My Answers"]), st.booleans())
def test_no_surroundings_hide_a_command(before: str, behind: str, said: str, in_thread: bool) -> None:
    meant = {"remove me": "remove-me", "NO NAME": "no-name", "Keep My Answers": "keep"}[said]
    assert asked(f"{before} {said} {behind}", in_thread=in_thread) == meant


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_read_without_trouble_and_only_commands_are_commands(text: str, in_thread: bool) -> None:
    letters = regex.sub(r"\W", "", text.casefold())
    found = asked(text, in_thread=in_thread)
    assert found is None or letters


@pytest.mark.parametrize(("language", "link"), list(itertools.product(ALL, ["", "https://chats.example.org/privacy/"])))
def test_what_we_say_fits_a_post_and_names_words_that_we_know(language: str, link: str) -> None:
    say = Templates().dictionary.phrase(link)
    for what in ("stop", "which_series", "which_answer", "not_yours", "unclear"):
        said = say(f"request.{what}", language)
        assert len(said) <= 260  # beside a mention of its reader, in 300
        assert "{" not in said
        assert "@" not in said
        if what in ("stop", "not_yours", "unclear"):
            assert said.endswith(link)
            assert bool(link) == ("https" in said)
        named = [name.strip() for name in regex.findall(r"\b[A-Z]{2,}(?: [A-Z]{2,})*\b", said)]
        assert all(asked(name, in_thread=True) for name in named), named
        assert named or what == "not_yours"


# -- one person, two accounts --------------------------------------------------------------------------------------
AMY_HERE = whole("@amy.bsky.social", Mention("did:plc:amy", "amy.bsky.social"))
OURS_BY_LINK = whole("staffroom.example.org", Link("https://staffroom.example.org/"))


def told(*parts: RichText | str, own: str = ME, in_thread: bool = False, **more: Any) -> tuple[Asked | None, str]:
    text = join(parts)
    return read(text, ALL, own=own, in_thread=in_thread, **more), named(text, ALL, own=own, **more)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("I AM ALSO @amy@m.example", "@amy@m.example"),
        ("@amy@m.example: I AM ALSO, please!", "@amy@m.example"),
        ("Please, I am @amy@m.example also. Thanks", "@amy@m.example"),
        ("I\u00adAM\u200b ALSO @amy\u200b@m.example\ufe0f", "@amy@m.example"),
        ("I'm also \u201c@amy@m.example\u201d.", "@amy@m.example"),
        ("I am also (@amy@m.example)", "@amy@m.example"),
        ("I am also ( @amy@m.example ) \u2026", "@amy@m.example"),
        ("I am also (@amy)", "@amy"),
        ("I am also [@amy]!", "@amy"),
        ("I am also \uff20amy@m.example", "@amy@m.example"),
        ("I am also amy.bsky.social #EdChat \uff03edchat", "amy.bsky.social"),
        ("I am also did:plc:amy", "did:plc:amy"),
        ("I am also https://m.example/@amy.", "https://m.example/@amy"),
        ("@staffroom@m.example I am also @amy@x.example", "@amy@x.example"),
    ],
)
def test_whoever_says_to_be_somebody_else_too_names_one_account(said: str, name: str) -> None:
    assert told(said) == ("also", name)
    assert told(said, in_thread=True) == ("also", name)


@pytest.mark.parametrize(
    "said",
    [
        "I am also",
        "I'm not (",
        "I'm not (((",
        "I'm not @ (",
        "I am also #amy",
        "I am also X@amy",
        "I am also @amy@m.example X",
        "I am also @staffroom@m.example",
        "I am also @amy@m.example and @amy.bsky.social",
        "I am also @amy@m.example @amy.bsky.social",
        "only @amy@m.example",
    ],
)
def test_who_names_nobody_or_us_or_two_says_nothing_of_an_account(said: str) -> None:
    assert told(said) == (None, "")
    assert told(said, in_thread=True) == (None, "")


def test_an_account_is_named_by_its_did_where_the_network_tells_it_else_by_its_handle() -> None:
    assert told("I am not ", AMY_HERE) == ("not-also", "did:plc:amy")
    assert told("I am not ", BEN) == ("not-also", "@ben@x.example")
    there = whole("@amy", Mention("https://m.example/users/amy", "@amy@m.example"))
    assert told("I am not ", there) == ("not-also", "@amy@m.example")
    linked = whole("amy.bsky.social", Link("https://amy.bsky.social/"))
    assert told("I am not ", linked) == ("not-also", "amy.bsky.social")


def test_our_own_name_beside_theirs_is_not_whom_they_mean() -> None:
    """By id, by handle, and by the link that Bluesky's app makes of a handle typed without its @."""
    here = {"own": DID, "own_handle": "staffroom.example.org"}
    for ours in (OURS_BY_ID, OURS_BY_LINK, "@staffroom.example.org", "staffroom.example.org"):
        assert told(ours, " I am also ", AMY_HERE, **here) == ("also", "did:plc:amy")
        assert told(ours, " I am also", **here) == (None, "")


def test_where_we_do_not_know_who_we_are_one_of_two_may_be_us() -> None:
    assert told("I am also ", BEN, own="") == ("also", "@ben@x.example")
    assert told(US, " I am also ", BEN, own="") == ("also", "")
    assert told(US, " I am also ", BEN, " ", AMY_HERE, own="") == (None, "")


def test_a_post_that_names_another_account_has_sixteen_words_at_most() -> None:
    tags = " ".join(f"#chat{n}" for n in range(12))
    assert told(f"I AM ALSO @amy@m.example {tags}") == ("also", "@amy@m.example")
    assert told(f"I AM ALSO @amy@m.example {tags} #more") == (None, "")


# -- hosts ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "languages", "asked"),
    [
        ("APPROVE", ("en",), "approve-digest"),
        ("@staffroom@social.example Approve the digest, please. \U0001f44d", ("en",), "approve-digest"),
        ("Stop digest", ("en",), "stop-digest"),
        ("STOP", ("en",), "stop-digest"),
        ("Stopp", ("de",), "stop-digest"),
        ("Zusammenfassung anhalten!", ("de",), "stop-digest"),
        ("freigeben", ("de",), "approve-digest"),
        ("freigeben", ("en",), None),
        ("Cymeradwyo", ("cy",), "approve-digest"),
        ("Atal y crynodeb", ("cy",), "stop-digest"),
        ("Aprobar", ("es",), "approve-digest"),
        ("detener el resumen", ("es",), "stop-digest"),
        ("J'approuve", ("fr",), None),
        ("Approuver", ("fr",), "approve-digest"),
        ("Arr\u00eater le r\u00e9sum\u00e9", ("fr",), "stop-digest"),
        ("Do not approve", ("en",), None),
        ("I approve of the second one", ("en",), None),
        ("Remove me", ("en",), None),
        ("Join", ("en",), None),
        ("", ("en",), None),
        ("approve https://example.org", ("en",), None),
        ("approve " * 900, ("en",), None),
    ],
)
def test_what_a_host_answers(text: str, languages: tuple[str, ...], asked: str | None) -> None:
    assert read_host(RichText(text), languages) == asked


def test_what_the_message_proposes_is_understood() -> None:
    dictionary = Templates().dictionary
    for language in ("en", "cy", "de", "es", "fr"):
        said = regex.findall(r"\b\p{Lu}{4,}(?: \p{Lu}+)*", dictionary.words(language)("hold.reply"))
        assert [read_host(detect(one), (language,)) for one in said] == ["approve-digest", "stop-digest"]


def test_what_a_host_answers_is_no_longer_than_a_command() -> None:
    assert read_host(RichText("approve".rjust(LONGEST)), ()) == "approve-digest"
    assert read_host(RichText("approve".rjust(LONGEST + 1)), ()) is None
