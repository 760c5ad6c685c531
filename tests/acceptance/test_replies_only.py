"""The same chat under `archive: replies`: only what was said in a question's own thread, which says so, is kept."""

from collections.abc import Callable
from pathlib import Path

from acceptance import checks, pages, servers
from acceptance.servers import NETWORKS
from acceptance.teachers import MastodonCrowd, Talk, gather
from acceptance.world import SITE, Bots, evening

TEACHERS = 8  # on each network


def test_only_replies_in_a_questions_thread_are_kept(bots: Bots, tmp_path: Path, unique: Callable[[str], str]) -> None:
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="replies") as chat:
        talks = gather(bots, chat.hashtag, unique, TEACHERS)
        for prompt in ("announce-30m", "welcome", "q1", "q2"):
            assert chat.tick_at(chat.at(prompt)).troubles == ()
        for network in NETWORKS:
            assert f"Replies are archived: {SITE}/privacy/" in servers.question(bots, network, 1).text
        for talk in talks:
            replies(talk)
            left_out(talk, bots)
        bots.net.settle()
        assert chat.tick_at(chat.digest_at).troubles == ()

        assert all({one.who for one in talk.said} == set(range(TEACHERS)) for talk in talks)
        checks.every_answer_has_its_place(chat, talks)
        checks.what_must_not_be_kept_is_nowhere(chat, talks)
        assert {one.network for one in pages.on_page(chat.page)} == set(NETWORKS)
        for network in NETWORKS:
            digest = servers.threads(bots, network)[-1]
            kept = [one.mark for talk in talks for one in talk.shown() if one.mark in digest.text]
            assert len(kept) == 4, "two to each of the questions that were answered"
            assert not any(word in digest.text for talk in talks for word in talk.absent_words())


def replies(talk: Talk) -> None:
    """Kept: the questions' threads, whatever label stands in them; flags that are only defaults change nothing."""
    first = talk.say("A reply to the question itself, long enough to be read.", 1, to=1)
    second = talk.say("A reply to the reply, and no shorter than the first.", 1, below=first)
    talk.say("And one below that.", 1, below=second)
    talk.say("A1: under the second question, and meant for the first.", 1, to=2)
    talk.say("A reply to the second question, long enough as well.", 2, to=2)
    talk.say(f"With the hashtag, too, though a reply needs none {talk.tag}", 2, to=2)


def left_out(talk: Talk, bots: Bots) -> None:
    """Kept nowhere: all that stands elsewhere, and all who want no robots."""
    tagged = talk.say(f"A1: only the hashtag says what this is for. {talk.tag}", 1, fate="absent")
    talk.say("Below somebody's own post.", 1, below=tagged, fate="absent")
    talk.say("Look what they ask us tonight", 1, quoting=1, fate="absent")
    welcome = servers.threads(bots, talk.network)[1].root
    talk.say("Good evening everybody!", under=welcome.id, fate="absent")
    talk.say("In the right place, but my bio says no.", 1, to=1, who=talk.crowd.no_archive, fate="absent")
    talk.say("In the right place, but no robots please.", 1, to=1, who=talk.crowd.unwilling, fate="absent")
    if isinstance(talk.crowd, MastodonCrowd):
        talk.say(f"{talk.bot_handle} For you alone.", 1, to=1, visibility="direct", fate="absent")
