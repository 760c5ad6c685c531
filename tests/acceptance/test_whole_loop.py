"""From a chat to its impact, on the real Bluesky network and a Mastodon-API server, and nothing left of who leaves.

Chat, ``#tryit``, digest, two weeks later the outcome, records, badges, an impact report, a research export: first with
everybody, then without the two who said REMOVE ME, of whom no planted word may be anywhere.
"""

import base64
import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from acceptance import servers
from acceptance.leftovers import found
from acceptance.servers import NETWORKS
from acceptance.world import SITE, Bots, Evening, evening
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from unit.pdf_reader import Pdf

from bot.bootstrap.backups import back_up
from bot.bootstrap.impact import write_impact
from bot.bootstrap.newsletter import newsletter_of
from bot.bootstrap.people import export_person
from bot.bootstrap.record import make_record
from bot.bootstrap.research import export_research
from bot.domain.choosing import Wanted

ON_EACH = 4
"""People on each network. The first leaves, the second keeps a record; without who leaves, six can be counted."""

CLOSING = """\
ask_to_try: What will you try?
pulse: {ask: "Was this hour worth your time?", answers: [Yes, Partly, No]}
"""

A_YEAR = timedelta(days=400)
"""So much later the school year of a chat is over, whenever it was."""


@dataclass
class Person:
    """Somebody who takes part; ``word`` stands in all that they say, and ``name`` in their profile."""

    network: str
    account: Any
    name: str
    word: str
    said: Any = None
    """The answer that says what they will try."""
    asked: Any = None
    """Our question to which it is one."""

    @property
    def known_as(self) -> str:
        """How an operator names the account."""
        return str(self.account.handle if self.network == "bluesky" else self.said["account"]["url"])

    @property
    def at_handle(self) -> str:
        """How others name it in a post."""
        return f"@{self.account.handle if self.network == 'bluesky' else self.account.username}"

    @property
    def traces(self) -> tuple[str, ...]:
        """What must be nowhere once they left."""
        if self.network == "bluesky":
            return self.word, self.name, self.account.handle, self.account.did, self.said.rkey
        return self.word, self.name, self.account.username, self.said["url"]


def test_what_the_hour_was_worth_is_told_and_who_leaves_is_in_none_of_it(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    people = gather(bots, unique)
    leaving, owners = people[::ON_EACH], people[1::ON_EACH]
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="replies", closing=CLOSING) as chat:
        talk(chat, bots, people)
        the_digest_repeats_them(chat, bots, people)
        weeks_later(chat, bots, [*leaving, *owners])
        what_came_of_it_is_shown(chat, bots, [*leaving, *owners])

        before = papers(chat, people, [*leaving, *owners], tmp_path / "before")
        for one in leaving:
            files = {f"{one.word}/record.{kind}" for kind in ("html", "json", "pdf")} | {"backup.db", "people"}
            assert files <= set(found(chat, one.traces, before)[one.word]), "it could be found"
        assert counted(tmp_path / "before") == counted(tmp_path / "before", "pulse") == len(people)

        for one in leaving:
            one.account.post("REMOVE ME", reply_to=follow_ups(bots)[one.network, answer_id(one)][0])
        read(chat, bots)
        read(chat, bots)  # errands of the first
        after = papers(chat, [one for one in people if one not in leaving], owners, tmp_path / "after")
        assert counted(tmp_path / "after") == len(people) - len(leaving)
        assert counted(tmp_path / "after", "pulse") == len(people) - 1, "a poll keeps no names, and so its votes"
        assert {word: where for one in leaving for word, where in found(chat, one.traces, after).items()} == {}
        assert [one for one in our_posts(bots) for each in leaving for word in each.traces if word in one] == []
        assert {each for _, each in follow_ups(bots)} == {answer_id(one) for one in owners}
        page = chat.page.read_text()
        assert all(one.word in page for one in people if one not in leaving), "whoever stays is still there"
        badges_outlive_leaving_until_they_are_ended(chat, bots, [*leaving, *owners], tmp_path / "before")


# -- the evening -------------------------------------------------------------------------------------------------------
def gather(bots: Bots, unique: Callable[[str], str]) -> list[Person]:
    found = []
    for network in NETWORKS:
        for number in range(ON_EACH):
            name, word = unique("Quux"), unique(f"zq{network[0]}{number}x")
            words = {"display_name": f"{name} Teacher", "description" if network == "bluesky" else "note": "I teach."}
            server: Any = bots.net if network == "bluesky" else bots.server
            found.append(Person(network, server.create_account(unique("zebra"), **words), name, word))
    bots.net.settle()
    return found


def talk(chat: Evening, bots: Bots, people: Sequence[Person]) -> None:
    """Everybody says at its end what they will try and what it was worth; some ask to be reminded, and for a record."""
    for moment in chat.moments():
        assert chat.tick_at(moment).troubles == ()
        bots.net.settle()
    for number, one in enumerate(people):
        asked = one.asked = servers.question(bots, one.network, 5).id
        one.said = one.account.post(f"I will try {one.word} with exit tickets, every Friday #TryIt", reply_to=asked)
        for words in ("KEEP MY ANSWERS", "RESEARCH YES"):
            one.account.post(words, reply_to=asked)
        if number % ON_EACH < 2:
            one.account.post("REMIND ME", reply_to=one.said)
        else:
            above = people[number // ON_EACH * ON_EACH]
            one.account.post(f"As {above.at_handle} said: yes, {one.word}.", reply_to=above.said)
        vote(bots, one)
    read(chat, bots)
    assert chat.tick_at(chat.digest_at).troubles == ()


def vote(bots: Bots, one: Person) -> None:
    """Say that it was worth it: in a poll, or by letter."""
    asked = servers.question(bots, one.network, 6).id
    if one.network == "bluesky":
        one.account.post("A", reply_to=asked)
    else:
        one.account.vote(one.account.call("GET", f"/api/v1/statuses/{asked}")["poll"]["id"], 0)


def read(chat: Evening, bots: Bots) -> None:
    """All that was said is read, and what follows from it done."""
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def the_digest_repeats_them(chat: Evening, bots: Bots, people: Sequence[Person]) -> None:
    posts = our_posts(bots)
    repeated = [one for one in people if any(one.word in post for post in posts)]
    assert {one.network for one in repeated if one in people[::ON_EACH]} == set(NETWORKS), "who will leave, too"
    said = f"{len(people)} people said what they will try. What comes of it will stand on the chat's page."
    assert posts.count(said) == len(NETWORKS)
    assert all(one.word in chat.page.read_text() for one in people)


def weeks_later(chat: Evening, bots: Bots, asking: Sequence[Person]) -> None:
    """Two weeks after the chat, by day, who asked for it is asked, and nobody again with the next tick."""
    due = [one.at for one in chat.house.store.deliveries(chat.chat) if "/follow-up-1-" in one.id]
    assert timedelta(days=13) < due[0] - chat.starts_at < timedelta(days=15)
    ticked = chat.tick_at(max(due))
    out = [one for one in ticked.sent if "/follow-up-1-" in one]
    assert (len(out), ticked.troubles, ticked.refused) == (len(asking), (), ())
    bots.net.settle()
    assert [one for one in chat.tick_fully().sent if "/follow-up-" in one] == []
    asked = follow_ups(bots)
    assert set(asked) == {(one.network, answer_id(one)) for one in asking}
    for one in asking:
        post, text = asked[one.network, answer_id(one)]
        assert "FORGET IT" in text
        one.account.post(f"It did not work, {one.word}, and I know why.", reply_to=post)
        one.account.post("MY RECORD", reply_to=post)
    read(chat, bots)


def follow_ups(bots: Bots) -> dict[tuple[str, str], tuple[Any, str]]:
    """Our follow-ups by network and by the answer they hang under: what to reply to, and their words.

    On Mastodon one is unlisted and mentions one person, on Bluesky nobody.
    """
    asked: dict[tuple[str, str], tuple[Any, str]] = {}
    ours = {one["uri"]: one["value"] for one in bots.net.list_records(bots.bluesky.did)}
    for uri, record in ours.items():
        if "FORGET IT" in record["text"]:
            assert "facets" not in record
            above = record["reply"]["parent"]["uri"]  # of the second of two posts, the first
            asked["bluesky", ours.get(above, record)["reply"]["parent"]["uri"]] = (uri, record["text"])
    for post in servers.on_mastodon(bots):
        if "FORGET IT" in post.text:
            assert (post.visibility, len(post.mentions)) == ("unlisted", 1)
            asked["mastodon", post.parent] = (post.id, post.text)
    return asked


def answer_id(one: Person) -> str:
    return str(one.said.uri if one.network == "bluesky" else one.said["id"])


def our_posts(bots: Bots) -> list[str]:
    """The words of all that the bot said."""
    records = bots.net.list_records(bots.bluesky.did)
    return [*(one["value"]["text"] for one in records), *(one.text for one in servers.on_mastodon(bots))]


def what_came_of_it_is_shown(chat: Evening, bots: Bots, told: Sequence[Person]) -> None:
    page = chat.page.read_text()
    assert 'id="tried"' in page
    assert [page.count(f"It did not work, {one.word}, and I know why.") for one in told] == [1] * len(told)
    assert {each for _, each in follow_ups(bots)} == {answer_id(one) for one in told}


def badges_outlive_leaving_until_they_are_ended(
    chat: Evening, bots: Bots, holders: Sequence[Person], out: Path
) -> None:
    for one in holders:
        verified(chat, out / one.word)
    ended = holders[:2]  # one on each network, who left
    for one in ended:
        one.account.post("END MY BADGES", reply_to=one.asked)
    read(chat, bots)
    for one in ended:
        with pytest.raises(OB3VerificationError, match="revocation"):
            verified(chat, out / one.word)
    for one in holders[2:]:
        verified(chat, out / one.word)


# -- what is made of it ------------------------------------------------------------------------------------------------
def papers(chat: Evening, people: Sequence[Person], owners: Sequence[Person], out: Path) -> dict[str, bytes]:
    """Records with badges, the impact report, a research export, what is kept of each, and a backup, as they read."""
    now = chat.clock.now()
    with time_machine.travel(now, tick=False):
        for one in owners:
            made = make_record(chat.folder, one.known_as, None, out / one.word, badge=True)
            letter = one.network == "bluesky"  # a vote in a poll is nobody's answer
            assert (made.answers, made.left_out, made.no_pdf) == (1 + letter, 0, "")
        letter, _ = newsletter_of(chat.folder, chat.chat)
    with time_machine.travel(now + A_YEAR, tick=False):
        written, no_pdf = write_impact(chat.folder, Wanted("edchat"), out / "impact")
        assert (len(written), no_pdf) == (3, "")
        exported = export_research(chat.folder, "edchat", "", out / "research")
        assert exported.people == len(people)
    for one in owners:
        assert verified(chat, out / one.word) == f"{SITE}/{chat.chat}/"
    back_up(chat.folder, out / "backup.db", clock=chat.clock)
    kept = [export_person(chat.folder, one.known_as, None) for one in people]
    return {
        **{str(path.relative_to(out)): read_out(path) for path in sorted(out.rglob("*")) if path.is_file()},
        "people": json.dumps(kept, default=str).encode(),
        "letter": f"{letter}".encode(),
    }


def read_out(path: Path) -> bytes:
    """What a file says to who opens it with the right program."""
    data = path.read_bytes()
    if path.suffix == ".pdf":
        return Pdf(data).words.encode()
    if path.suffix == ".jwt":
        return base64.urlsafe_b64decode(data.split(b".")[1] + b"==")
    return data


def counted(out: Path, figure: str = "people") -> int:
    """What the impact report tells: how many people, or of another figure."""
    [row] = [one for one in csv.DictReader((out / "impact" / "impact.csv").open()) if one["figure"] == figure]
    return int(row["value"])


def verified(chat: Evening, out: Path) -> str:
    """The page that a badge is evidence of, says an independent verifier that knows the site alone."""

    def download(url: str) -> bytes:
        return (chat.site / url.removeprefix(f"{SITE}/")).read_bytes()

    verifier = OB3Verifier.for_issuer_did("did:web:chats.example.org:badges", download=download)
    token = (out / "badge.jwt").read_text()
    with time_machine.travel(chat.clock.now(), tick=False):
        [evidence] = verifier.verify(token, check_status=True, download=download).evidence
    return evidence.id
