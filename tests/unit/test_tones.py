"""The three tones: the same things said, each within one post, in every language."""

import json
import re
from pathlib import Path

import pytest
from golden import rewrite, sample

from bot.domain.posts import NetworkName
from bot.domain.series import Tone
from bot.domain.textlength import BLUESKY, MASTODON, Limits
from bot.rendering.templates import Templates
from bot.shipped import shipped

LANGUAGES = ("en", "cy", "de", "es", "fr")
LIMITS: dict[NetworkName, Limits] = {"bluesky": BLUESKY, "mastodon": MASTODON}
EACH = ("announcement", "welcome", "wrap-up")


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize("form", ["live", "slow"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_of_every_tone_is_one_post_and_brief_is_the_shortest(
    language: str, form: str, network: NetworkName
) -> None:
    said = {
        tone: rewrite.prompts_around(sample.toned(language, tone, form), network, LIMITS[network])
        for tone in ("plain", "warm", "brief")
    }
    for kind in EACH:
        posts = {tone: said[tone][kind][0] for tone in said}
        assert {len(one) for one in posts.values()} == {1}, kind  # nothing had to hang below
        assert len({one for (one,) in posts.values()}) == 3, kind
        assert min(posts, key=lambda tone: len(posts[tone][0])) == "brief", kind
        assert all("#EdChat" in one and "https://" in one for (one,) in posts.values()), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_reminders_have_tones_too(language: str) -> None:
    words = Templates().dictionary.words(language)
    said = {
        tone: words.toned(tone)("prompt.reminder", label="Q1", hashtag="#EdChat") for tone in ("plain", "warm", "brief")
    }
    assert len(set(said.values())) == 3
    assert all("Q1" in one and one.endswith("#EdChat") for one in said.values())


def test_questions_and_notices_are_the_same_in_every_tone() -> None:
    words = Templates().dictionary.words("en")
    for key in ("notice.replies", "notice.joined", "notice.everyone", "prompt.letters", "prompt.credit"):
        assert all(f"{key}.{tone}" not in words for tone in ("warm", "brief"))


def test_every_tone_of_a_phrase_has_its_blanks_or_fewer() -> None:
    for language in LANGUAGES:
        phrases = json.loads((shipped("templates") / "words" / f"{language}.json").read_text(encoding="utf-8"))
        toned = [key for key in phrases if key.endswith((".warm", ".brief")) and key.rpartition(".")[0] in phrases]
        assert len(toned) == 34
        for key in toned:
            assert type(phrases[key]) is type(phrases[key.rpartition(".")[0]])


@pytest.mark.parametrize("tone", ["plain", "warm", "brief"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_topic_that_is_a_question_keeps_its_mark_and_gets_no_other(language: str, tone: Tone) -> None:
    words = Templates().dictionary.words(language).toned(tone)
    for key in ("prompt.welcome", "prompt.thanks"):
        said = words(key, hashtag="#EdChat", topic="Does homework work?")
        assert not re.search(r"work\?[.,:;]", said)


def test_a_language_of_the_operators_own_is_not_interrupted_by_english_tones(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words/it.json").write_text('{"prompt.welcome": "Benvenuti a {hashtag}: {topic}."}', encoding="utf-8")
    words = Templates(tmp_path).dictionary.words("it").toned("warm")
    assert words("prompt.welcome", hashtag="#Scuola", topic="Voti") == "Benvenuti a #Scuola: Voti."
    assert words("prompt.late") == "Late answers are just as welcome: reply to the question."


def test_a_tone_may_be_changed_by_the_operator(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words/en.json").write_text('{"prompt.welcome.warm": "Hi {hashtag}!"}', encoding="utf-8")
    words = Templates(tmp_path).dictionary.words("en")
    assert words.toned("warm")("prompt.welcome", hashtag="#EdChat", topic="x") == "Hi #EdChat!"
    assert words.toned("plain")("prompt.welcome", hashtag="#EdChat", topic="x") == "Welcome to #EdChat: x"
