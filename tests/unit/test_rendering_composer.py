import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import rewrite, sample
from golden.sample import answer

from bot.domain.followups import Addressed, follow_ups
from bot.domain.naming import Naming
from bot.domain.outbox import Draft, LinkCard, MediaFile
from bot.domain.posts import NetworkName, PostRef
from bot.domain.prompts import Prompt, prompts
from bot.domain.records import ChatContent, Pick, StoredChat
from bot.domain.richtext import Link, Mention, Tag
from bot.domain.schedule import planned_chats
from bot.domain.series import Image, Question
from bot.domain.textlength import BLUESKY, MASTODON, Limits, remaining
from bot.rendering.composer import TemplateComposer
from bot.rendering.questions import question_overrun
from bot.rendering.site import Site
from bot.rendering.templates import Templates

TEMPLATES = Templates()
LIMITS: dict[NetworkName, Limits] = {"bluesky": BLUESKY, "mastodon": MASTODON}
WALL = MediaFile("0" * 64, "image/jpeg", 1000, "A wall", 10, 10)
ZERO_WIDTH = "\u200b"


def prompt_of(stored: StoredChat, key: str) -> Prompt:
    return next(one for one in prompts(stored.series, stored.chat) if one.id == f"{stored.chat.id}/{key}")


def compose(key: str, network: NetworkName = "bluesky", stored: StoredChat | None = None, **more: Any) -> Draft:
    stored = stored or sample.stored_chats()[0]
    site = more.pop("site", sample.SITE)
    limits = more.pop("limits", LIMITS[network])
    values = {"upcoming": None, "content": None, "question": None, "media": ()} | more
    prompt = more.pop("prompt", None) or prompt_of(stored, key)
    values.pop("prompt", None)
    return TemplateComposer(TEMPLATES, site).compose(prompt, stored, network, limits, **values)


def asking(*questions: Question, **changes: Any) -> StoredChat:
    """The sample's first chat with other questions, its series changed as named."""
    entry = msgspec.structs.replace(sample.EDCHAT.chats[0], questions=questions)
    series = msgspec.structs.replace(sample.EDCHAT, chats=(entry,), **changes)
    return StoredChat(planned_chats(series)[0], series, 1)


def features(draft: Draft, kind: type) -> list[Any]:
    return [facet.feature for post in draft.posts for facet in post.text.facets if isinstance(facet.feature, kind)]


GOLDEN = rewrite.said() | rewrite.tones()


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_every_prompt_reads_as_agreed(name: str) -> None:
    assert GOLDEN[name].decode() == (Path(rewrite.HERE) / "prompts" / name).read_text(encoding="utf-8")


def test_there_is_no_golden_file_too_many() -> None:
    assert {file.name for file in (Path(rewrite.HERE) / "prompts").iterdir()} == set(GOLDEN)


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_an_announcement_names_day_date_time_zone_and_the_other_zones(network: NetworkName) -> None:
    draft = compose("announce-1d", network)
    text = draft.posts[0].text.text
    assert "Thursday 7 January 2027, 20:00 London time · 15:00 in New York · Friday 07:00 in Sydney" in text
    assert "Feedback that pupils use #EdChat" in text
    assert not re.search("today|tonight|tomorrow", text, re.IGNORECASE)
    assert features(draft, Tag) == [Tag("EdChat")]
    assert features(draft, Link) == [Link("https://chats.example.org/edchat/")]


def test_hosts_are_mentioned_on_their_own_network_only() -> None:
    bluesky, mastodon = compose("announce-1d", "bluesky"), compose("announce-1d", "mastodon")
    assert features(bluesky, Mention) == [Mention("", "edchat.example.org")]
    assert f"@{ZERO_WIDTH}deputy@{ZERO_WIDTH}social.example.org" in bluesky.posts[0].text.text
    assert features(mastodon, Mention) == [Mention("", "deputy@social.example.org")]
    assert "@deputy@social.example.org" in mastodon.posts[0].text.text
    assert "@edchat.example.org" not in mastodon.posts[0].text.text


def test_a_repeat_is_announced_by_its_own_clock() -> None:
    from datetime import time

    from bot.domain.series import Repeat

    series = msgspec.structs.replace(sample.EDCHAT, repeats=(Repeat(time(20), "America/New_York"),), also_show=())
    chat = next(one for one in planned_chats(series) if one.timezone == "America/New_York")
    draft = compose("announce-1d", stored=StoredChat(chat, series, 1))
    assert "20:00 New York time · Friday 01:00 in London" in draft.posts[0].text.text


@pytest.mark.parametrize(
    ("archive", "notice"),
    [
        ("replies", "Replies are archived: https://chats.example.org/privacy/"),
        ("joined", "Only archived for people who joined: https://chats.example.org/privacy/"),
        ("everyone", "Posts with #EdChat are archived: https://chats.example.org/privacy/"),
    ],
)
def test_a_question_carries_the_archives_notice(archive: str, notice: str) -> None:
    draft = compose("q1", stored=asking(Question("Why?"), archive=archive))
    assert draft.posts[0].text.text == f"Q1 Why? #EdChat\n\n{notice}"


def test_a_notice_is_said_in_the_series_language() -> None:
    draft = compose("q1", stored=asking(Question("Pourquoi ?"), languages=("fr",)))
    assert draft.posts[0].text.text.endswith("Réponses archivées : https://chats.example.org/privacy/")
    assert draft.languages == ("fr",)


def test_a_site_without_an_address_leaves_links_out() -> None:
    for key in ("announce-1d", "welcome", "q1", "wrap-up", "digest"):
        content = sample.content() if key == "digest" else None
        draft = compose(key, site=Site(), content=content)
        ours = [link for link in features(draft, Link) if "example.org/edchat" in link.uri or "privacy" in link.uri]
        assert ours == []
        assert "None" not in draft.posts[0].text.text
    assert compose("q1", site=Site()).posts[0].text.text.endswith("Replies are archived.")


def test_a_hashtag_in_the_question_is_not_said_twice() -> None:
    draft = compose("q1", stored=asking(Question("Who reads #edchat, and why?")))
    assert draft.posts[0].text.text.startswith("Q1 Who reads #edchat, and why?\n\n")


def test_a_poll_is_native_on_mastodon_and_lettered_on_bluesky() -> None:
    mastodon, bluesky = compose("q2", "mastodon").posts[0], compose("q2", "bluesky").posts[0]
    assert mastodon.poll is not None
    assert mastodon.poll.options == ("Ticks", "Levels", "Comments", "None of them")
    assert "A Ticks" not in mastodon.text.text
    assert bluesky.poll is None
    assert "A Ticks · B Levels · C Comments · D None of them\nReply in public with the letter." in bluesky.text.text


def test_a_poll_is_open_until_the_chats_end_but_never_shorter_or_longer_than_the_server_takes() -> None:
    stored = sample.stored_chats()[0]
    prompt = prompt_of(stored, "q2")
    left = compose("q2", "mastodon").posts[0].poll
    assert left is not None
    assert left.seconds == (stored.chat.ends_at - prompt.at).total_seconds()
    late = msgspec.structs.replace(prompt, at=stored.chat.ends_at - timedelta(minutes=1))
    slow = msgspec.structs.replace(prompt, at=stored.chat.starts_at - timedelta(days=90))
    assert [compose("q2", "mastodon", prompt=one).posts[0].poll.seconds for one in (late, slow)] == [300, 2_629_746]


@pytest.mark.parametrize(
    ("poll", "media"),
    [
        (("Ticks", "Levels"), (WALL,)),
        (("Ticks", "Levels", "Comments", "Marks", "None"), ()),
        (("T" * 51, "Levels"), ()),
    ],
    ids=["beside a picture", "five options", "long option"],
)
def test_a_poll_that_mastodon_would_refuse_is_lettered_there_too(
    poll: tuple[str, ...], media: tuple[MediaFile, ...]
) -> None:
    image = Image("wall.jpg", "A wall") if media else None
    post = compose("q1", "mastodon", asking(Question("Which?", poll=poll, image=image)), media=media).posts[0]
    assert post.poll is None
    assert "B Levels" in post.text.text


def test_a_picture_goes_along_with_its_credit_in_the_text() -> None:
    post = compose("q3", media=(WALL,)).posts[0]
    assert post.media == (WALL,)
    assert "Picture: the host" in post.text.text


def test_only_questions_are_gated() -> None:
    stored = asking(Question("Why?"), threadgate=True)
    assert compose("q1", stored=stored).gated
    assert not compose("welcome", stored=stored).gated
    assert not compose("q1").gated


def test_a_reminder_hangs_unlisted_under_its_question() -> None:
    series = msgspec.structs.replace(sample.EDCHAT, format="slow", pace=timedelta(days=2))
    stored = StoredChat(planned_chats(series)[0], series, 1)
    question = PostRef("bluesky", "at://q1")
    draft = compose("remind-1", stored=stored, question=question)
    assert draft.reply_to == question
    assert [post.visibility for post in draft.posts] == ["unlisted"]
    assert "Q1" in draft.posts[0].text.text


def test_a_slow_chat_is_announced_with_start_and_end() -> None:
    series = msgspec.structs.replace(sample.EDCHAT, format="slow", pace=timedelta(days=1))
    stored = StoredChat(planned_chats(series)[0], series, 1)
    text = "\n".join(post.text.text for post in compose("announce-1d", stored=stored).posts)
    assert "Thursday 7 January 2027, 20:00 London time to Monday 11 January 2027, 20:00 London time" in text
    assert "stay open until Monday 11 January" in compose("welcome", "mastodon", stored).posts[0].text.text


def test_wrap_up_names_the_next_chat() -> None:
    _, following = sample.stored_chats()
    text = compose("wrap-up", upcoming=following.chat).posts[0].text.text
    assert "Next: Starting a lesson well, Thursday 14 January 2027, 20:00 London time." in text
    assert "Next" not in compose("wrap-up").posts[0].text.text


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize("key", ["announce-1d", "welcome", "wrap-up", "digest"])
def test_what_is_too_long_hangs_below_unlisted_and_every_post_fits(key: str, network: NetworkName) -> None:
    long = " ".join(f"word{n}" for n in range(150))
    entry = msgspec.structs.replace(sample.EDCHAT.chats[0], topic=long)
    series = msgspec.structs.replace(sample.EDCHAT, chats=(entry,), title=long)
    stored = StoredChat(planned_chats(series)[0], series, 1)
    draft = compose(key, network, stored, content=sample.content() if key == "digest" else None, upcoming=stored.chat)
    assert len(draft.posts) > 1
    assert [post.visibility for post in draft.posts] == ["public"] + ["unlisted"] * (len(draft.posts) - 1)
    assert draft.posts[0].reply_to is None
    for index, post in enumerate(draft.posts[1:], start=1):
        assert post.reply_to is not None
        assert post.reply_to < index
        assert remaining(post.text, LIMITS[network]) >= 0
    assert all(f"word{n}" in "\n".join(post.text.text for post in draft.posts) for n in range(150))


def test_a_digest_says_what_was_said_and_repeats_each_choice_as_a_leaf() -> None:
    draft = compose("digest", content=sample.content())
    assert "9 people gave 20 answers." in draft.posts[0].text.text
    leaves = {post.answer: post for post in draft.posts if post.answer}
    assert list(leaves) == ["01", "08", "22", "16", "23"]
    for post in leaves.values():
        assert post.reply_to is not None
        above = draft.posts[post.reply_to]
        assert above.answer == ""
        assert above.reply_to == 0
    under = {key: draft.posts[post.reply_to or 0].text.text[:2] for key, post in leaves.items()}
    assert under == {"01": "Q1", "08": "Q1", "22": "Q3", "16": "Q4", "23": "Q4"}
    assert not any(
        post.reply_to == index for index, leaf in enumerate(draft.posts) if leaf.answer for post in draft.posts
    )


def test_a_digest_says_what_its_hosts_add_and_pings_nobody_for_them() -> None:
    content = msgspec.structs.replace(sample.content(), intro="Thanks to @head.example.net\nand all.")
    for network in ("bluesky", "mastodon"):
        draft = compose("digest", network, content=content)
        assert (
            f"that pupils use\n\nThanks to @{ZERO_WIDTH}head.example.net and all.\n\n9 people"
            in draft.posts[0].text.text
        )
        assert features(draft, Mention) == []


def test_a_digest_that_nobody_approved_has_figures_questions_and_a_link_and_quotes_nobody() -> None:
    draft = compose("digest", content=msgspec.structs.replace(sample.content(), picks=()))
    said = [post.text.text for post in draft.posts]
    assert [post.answer for post in draft.posts] == [""] * 5
    assert "9 people gave 20 answers." in said[0]
    assert "https://chats.example.org/edchat/2027-01-07/" in said[0]
    assert [text[:2] for text in said[1:]] == ["Q1", "Q2", "Q3", "Q4"]
    assert not any("Some of them" in text for text in said)


def test_a_digest_pings_nobody() -> None:
    nosy = answer("01", "hist", 6, "Ask @head.example.net and @new@social.example.org, see https://example.org/@x/1", 1)
    stored = sample.stored_chats()[0]
    content = ChatContent(stored, (), (nosy,), (), (Pick(f"{stored.chat.id}/q1", "01", ""),))
    for network in ("bluesky", "mastodon"):
        draft = compose("digest", network, content=content)
        assert features(draft, Mention) == []
        text = "\n".join(post.text.text for post in draft.posts)
        assert not re.search(rf"(?<![=/\w])@(?!{ZERO_WIDTH})\w", text)


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize(("called", "signed"), [("initials", "N.B.K."), ("nameless", "A teacher")])
def test_a_digest_signs_as_its_author_asked_and_links_to_nobody(
    network: NetworkName, called: Naming, signed: str
) -> None:
    stored = sample.stored_chats()[0]
    shy = answer("planted", "unnamed", 7.25, "I stopped marking on Sundays.", 1, called=called)
    content = ChatContent(stored, (), (shy,), (), (Pick(f"{stored.chat.id}/q1", "planted", ""),))
    (leaf,) = [post for post in compose("digest", network, content=content).posts if post.answer]
    assert leaf.text.text == f"“I stopped marking on Sundays.”\n\n{signed}"
    assert leaf.text.facets == ()


def test_a_digest_leaves_out_what_is_gone_by_now() -> None:
    whole = sample.content()
    left = msgspec.structs.replace(whole, answers=tuple(one for one in whole.answers if one.key != "01"))
    draft = compose("digest", content=left)
    assert [post.answer for post in draft.posts if post.answer] == ["08", "22", "16", "23"]


def test_a_digest_without_answers_is_one_honest_post() -> None:
    nothing = msgspec.structs.replace(sample.content(), answers=(), picks=())
    draft = compose("digest", content=nothing)
    assert len(draft.posts) == 1
    assert "No answers stand in the archive." in draft.posts[0].text.text


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_a_long_contribution_is_cut_at_a_word_and_keeps_whose_it_is_and_where_it_stands(network: NetworkName) -> None:
    words = [f"word{n}" for n in range(300)]
    long = answer("01", "hist", 6, " ".join(words), 1)
    stored = sample.stored_chats()[0]
    content = ChatContent(stored, (), (long,), (), (Pick(f"{stored.chat.id}/q1", "01", ""),))
    post = next(post for post in compose("digest", network, content=content).posts if post.answer)
    assert 0 <= remaining(post.text, LIMITS[network]) < 10
    quote = re.search("“(.*)…”", post.text.text)
    assert quote is not None
    said = quote[1].split()
    assert said == words[: len(said)]
    assert "History, Cardiff" in post.text.text
    assert post.text.text.endswith("https://social.example.org/@hist/01") or "%40hist/01" in post.text.text


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦" * 400, "字" * 600, "x" * 900])
def test_a_contribution_without_words_is_cut_between_graphemes(text: str) -> None:
    stored = sample.stored_chats()[0]
    content = ChatContent(stored, (), (answer("01", "y5", 6, text, 1),), (), (Pick(f"{stored.chat.id}/q1", "01", ""),))
    post = next(post for post in compose("digest", content=content).posts if post.answer)
    assert remaining(post.text, BLUESKY) >= 0
    assert "…”" in post.text.text
    assert "\u200d…" not in post.text.text


def overrun(question: str, network: NetworkName = "bluesky", **more: Any) -> int:
    values = {"hashtag": "EdChat", "languages": ("en",), "archive": "replies", "site_address": "", "number": 1}
    return question_overrun(TEMPLATES, network, LIMITS[network], question=question, **(values | more))


def test_a_question_is_measured_as_it_will_be_sent() -> None:
    frame = len("Q1  #EdChat\n\nReplies are archived.")
    assert overrun("x" * (300 - frame)) == 0
    assert overrun("x" * (301 - frame)) == 1
    assert overrun("x" * (300 - frame), number=10) == 1
    assert overrun("x" * (300 - frame), credit="me") == len("Picture: me\n\n")
    assert overrun("x" * (300 - frame), site_address="https://a.example") == len(": https://a.example/privacy/") - 1


def test_a_poll_counts_where_it_stands_in_the_text() -> None:
    frame = len("Q1  #EdChat\n\nReplies are archived.")
    full = "x" * (500 - frame)
    assert overrun(full, "mastodon", poll=("Yes", "No")) == 0
    assert overrun(full, "mastodon", poll=("Yes", "No"), pictured=True) > 0
    assert overrun("x" * (300 - frame), poll=("Yes", "No")) > 0


@pytest.mark.parametrize("ask", ["Why?", "x" * 200, "x" * 600, "👩‍👩‍👧‍👦 " * 120])
def test_what_measures_as_fitting_is_sent_in_one_post_and_what_does_not_loses_nothing(ask: str) -> None:
    for network in LIMITS:
        over = overrun(ask, network, site_address=sample.SITE.address)
        draft = compose("q1", network, asking(Question(ask)))
        assert (len(draft.posts) == 1) == (over == 0)


def test_measuring_and_sending_count_the_same() -> None:
    for size in range(180, 260):
        ask = "x" * size
        (post, *more) = compose("q1", stored=asking(Question(ask))).posts
        over = overrun(ask, site_address=sample.SITE.address)
        assert bool(more) == bool(over)
        if not over:
            assert remaining(post.text, BLUESKY) >= 0


def test_texts_have_no_stray_white_space() -> None:
    for text in GOLDEN.values():
        assert "\n\n\n\n" not in text.decode()
        assert all(line == line.rstrip() for line in text.decode().splitlines())
    for one, two in pairwise(text for text in GOLDEN.values()):
        assert one != two


def test_a_digest_carries_a_card_of_its_page_on_bluesky_alone() -> None:
    content = sample.content()
    draft = compose("digest", content=content, media=(WALL,))
    assert draft.posts[0].card == LinkCard(
        uri="https://chats.example.org/edchat/2027-01-07/",
        title="Feedback that pupils use",
        description="9 people gave 20 answers.",
        picture=WALL,
    )
    assert [post.card for post in draft.posts[1:]] == [None] * (len(draft.posts) - 1)
    assert not any(post.media for post in draft.posts)
    bare = compose("digest", content=None)
    assert (bare.posts[0].card.description, bare.posts[0].card.picture) == (  # type: ignore[union-attr]
        "No answers stand in the archive.",
        None,
    )
    for other in (
        compose("digest", "mastodon", content=content, media=(WALL,)),
        compose("digest", content=content, site=Site()),
        compose("wrap-up"),
        compose("q1", media=(WALL,)),
    ):
        assert not any(post.card for post in other.posts)


@pytest.mark.parametrize("tone", ["plain", "warm", "brief"])
@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
def test_a_follow_up_is_one_unlisted_post_that_mentions_its_author_alone(language: str, tone: str) -> None:
    """It hangs under the answer, names it as what it is about, and says how to end it."""
    base = sample.stored_chats()[0]
    series = msgspec.structs.replace(base.series, languages=(language,), tone=tone, title="Science & Maths Teachers")
    stored = msgspec.structs.replace(base, series=series)
    (prompt, _) = follow_ups(series, stored.chat, "key")
    people: dict[str, NetworkName] = {who: network for who, (network, _, _) in sample.PEOPLE.items()}
    for who, network in people.items():
        said = answer("k", who, 1, "I will #tryit @head@school.example").post
        draft = compose("", network, stored, prompt=prompt, under=Addressed("key", said, PostRef(network, "root")))
        (post,) = draft.posts
        assert (post.visibility, post.answer) == ("unlisted", "key")
        assert (draft.reply_to, draft.reply_root) == (said.ref, PostRef(network, "root"))
        assert "FORGET IT" in post.text.text
        named = [one.handle for one in features(draft, Mention)]
        assert named == ([said.author.handle] if network == "mastodon" else [])
        assert features(draft, Tag) == []
