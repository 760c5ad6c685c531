"""Who leaves is gone: by every road, from the database's bytes, the pages, the data, and our own digests' posts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from acceptance import servers
from acceptance.leftovers import found
from acceptance.servers import NETWORKS
from acceptance.teachers import MastodonCrowd, Spoken, Talk, gather
from acceptance.world import Bots, Evening, evening

from bot.bootstrap.people import forget_account

TEACHERS = 12  # on each network; the last two want nothing of theirs kept
QUARTER = timedelta(minutes=15)
STAYS, NAMELESS = 8, 9


@dataclass
class Leaver:
    """Somebody who goes one road: what they said, and whether the whole person goes or one answer only."""

    talk: Talk
    answer: Spoken
    road: str
    person: bool


ROADS: tuple[tuple[str, bool], ...] = (
    ("delete", False),
    ("edit", False),
    ("remove this", False),
    ("remove me", True),
    ("block", True),
    ("end", True),
    ("bio", False),
    ("operator", True),
)


@pytest.fixture(params=["sqlite", "postgres"])
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder's own SQLite file, or a PostgreSQL database that the environment names instead."""
    if request.param == "postgres":
        monkeypatch.setenv("STAFFROOM_DATABASE", request.getfixturevalue("postgres_server").fresh_database())


@pytest.mark.usefixtures("_database")
def test_whoever_leaves_is_gone_by_every_road(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="everyone") as chat:
        talks = gather(bots, chat.hashtag, unique, TEACHERS)
        leavers = _talk_and_digest(chat, bots, talks)
        repeated = _repeated(bots, leavers)
        assert repeated, "the digests were to repeat some of who will leave"
        assert not _nowhere(chat, [one.answer.mark for one in leavers]), "all of it was kept"
        before = {network: {one.id for one in servers.threads(bots, network)[-1].posts} for network in NETWORKS}

        for one in leavers:
            _leave(one, chat, bots)
        bots.net.settle()
        # An ordinary tick, at most a quarter of an hour later, carries out what was asked of us in words.
        assert chat.tick_at(chat.clock.now() + QUARTER).troubles == ()
        asked = [one.answer.mark for one in leavers if one.road in ("remove this", "remove me", "operator")]
        assert found(chat, asked) == {}
        # What happened without a word to us is seen when the posts are looked up.
        assert chat.tick_fully().troubles == ()
        chat.clock.move_to(chat.clock.now() + QUARTER)
        assert chat.tick_fully().troubles == ()

        roads = {word: f"{one.road} on {one.talk.network}" for one in leavers for word in _words(one)}
        words = list(roads)
        left = [(roads[word], word, *places) for word, places in found(chat, words).items()]
        assert left == [], "\n".join(map(str, left))
        spoken = capfd.readouterr()
        assert [word for word in words if word in spoken.out + spoken.err] == []
        for network in NETWORKS:
            after = {one.id for one in servers.threads(bots, network)[-1].posts}
            assert after < before[network], "posts of the digest went, and nothing came instead"
        assert _repeated(bots, leavers) == set()
        for talk in talks:
            stays = [one for one in talk.said if one.who == STAYS]
            page = chat.page.read_text(encoding="utf-8")
            assert all(one.mark in page for one in stays), "whoever stays is still there"
            _has_no_name(chat, talk)


def _talk_and_digest(chat: Evening, bots: Bots, talks: list[Talk]) -> list[Leaver]:
    """An evening of four questions with its digest; everybody who will leave has answered."""
    for moment in chat.moments():
        assert chat.tick_at(moment).troubles == ()
    leavers = []
    for talk in talks:
        for who, (road, person) in enumerate(ROADS):
            number = who % 4 + 1
            answer = talk.say(
                f"An answer to remember, of teacher {who}, long enough to be chosen for the digest.",
                number,
                to=number,
                who=who,
            )
            leavers.append(Leaver(talk, answer, road, person))
        for one in leavers[-len(ROADS) :]:
            if one.person:
                handle = talk.crowd.handle(one.answer.who)
                talk.say(f"As @{handle} said before me: yes.", below=one.answer, who=STAYS)
        talk.say("I will not be named.", 1, to=1, who=NAMELESS)
    bots.net.settle()
    assert chat.tick_at(chat.digest_at).troubles == ()
    return leavers


def _leave(one: Leaver, chat: Evening, bots: Bots) -> None:
    talk, answer = one.talk, one.answer
    crowd = talk.crowd
    account = crowd.accounts[answer.who]  # type: ignore[attr-defined]
    mention = f"{talk.bot_handle} " if talk.network == "mastodon" else ""
    roads: dict[str, Callable[[], object]] = {
        "delete": lambda: crowd.delete(answer.who, answer.remote),
        "edit": lambda: _edit(one, bots),
        "remove this": lambda: crowd.write(answer.who, f"{mention}REMOVE THIS", under=answer.remote),
        "remove me": lambda: crowd.write(answer.who, f"{mention}Remove me.", under=talk.question(1)),
        "block": lambda: account.block(bots.mastodon.id if talk.network == "mastodon" else bots.bluesky.did),
        "end": account.delete_account,
        "bio": lambda: _say_in_bio(one),
        "operator": lambda: forget_account(chat.folder, _name(one)),
    }
    roads[one.road]()
    if one.road == "delete":  # once for each network
        crowd.write(NAMELESS, f"{mention}no name!", under=talk.question(1))


def _edit(one: Leaver, bots: Bots) -> None:
    crowd, remote = one.talk.crowd, one.answer.remote
    if isinstance(crowd, MastodonCrowd):
        crowd.edit(one.answer.who, remote, "Something else altogether.")
        return
    record = bots.net.get_record(remote.uri)["value"]
    account = crowd.accounts[one.answer.who]  # type: ignore[attr-defined]
    account.put_record("app.bsky.feed.post", remote.rkey, {**record, "text": "Something else altogether."})


def _say_in_bio(one: Leaver) -> None:
    account = one.talk.crowd.accounts[one.answer.who]  # type: ignore[attr-defined]
    if one.talk.network == "mastodon":
        account.call("PATCH", "/api/v1/accounts/update_credentials", data={"note": "I teach. #noarchive"})
    else:
        account.set_profile(display_name="Bea", description="I teach. #noarchive")


def _name(one: Leaver) -> str:
    """How an operator names an account: by its handle, or by the address of its profile."""
    if one.talk.network == "bluesky":
        return one.talk.crowd.handle(one.answer.who)
    return str(one.answer.remote["account"]["url"])


def _words(one: Leaver) -> tuple[str, ...]:
    """What must be nowhere once somebody has gone."""
    return (one.answer.mark, one.talk.crowd.handle(one.answer.who)) if one.person else (one.answer.mark,)


def _has_no_name(chat: Evening, talk: Talk) -> None:
    """The words stay, the name, handle and address are on no page."""
    [spoken] = [one for one in talk.said if one.who == NAMELESS]
    handle = talk.crowd.handle(NAMELESS)
    for path in (chat.page, chat.page.with_name("chat.json")):
        text = path.read_text(encoding="utf-8")
        assert spoken.mark in text
        assert handle not in text
    rkey = spoken.remote.rkey if talk.network == "bluesky" else spoken.remote["url"]
    assert rkey not in chat.page.read_text(encoding="utf-8")


def _repeated(bots: Bots, leavers: list[Leaver]) -> set[str]:
    """Words of leavers that stand in posts of the bot."""
    texts = [post.text for network in NETWORKS for thread in servers.threads(bots, network) for post in thread.posts]
    return {one.answer.mark for one in leavers for text in texts if one.answer.mark in text}


def _nowhere(chat: Evening, words: list[str]) -> list[str]:
    there = found(chat, words)
    return [word for word in words if word not in there]
