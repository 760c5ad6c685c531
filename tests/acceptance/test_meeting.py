"""A TeachMeet on the real Bluesky network and a Mastodon-API server: announced, joined, asked about, forgotten."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from acceptance import servers
from acceptance.servers import NETWORKS
from acceptance.world import ZONE, Bots, Evening, evening

WORDS = "Two minutes of silence, and I will try it."
EVENT = """\
series: edchat
title: TeachMeet
date: {date}
at: 10:00
until: 12:00
place: {{name: The hall}}
announce: 3 days
ask: What did you take home?
ask_after: 1 hour
"""


def test_who_comes_is_listed_and_what_they_took_home_is_shown_until_they_leave(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    people: dict[str, Any] = {
        "bluesky": bots.net.create_account(unique("bmeet"), description="I teach."),
        "mastodon": bots.server.create_account(unique("mmeet"), note="I teach."),
    }
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="replies") as chat:
        store, event = chat.house.store, f"{chat.chat.partition('/')[0]}/events/teachmeet"
        page = chat.site / event / "index.html"
        day = chat.starts_at.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=1)
        (chat.folder / "events").mkdir()
        (chat.folder / "events" / "teachmeet.yaml").write_text(EVENT.format(date=day))
        assert len([one for one in chat.tick_at(chat.clock.now()).sent if "announce" in one]) == len(NETWORKS)
        for network, announced in announcements(bots).items():
            people[network].post("I'm coming!", reply_to=announced)
        read(chat, bots)
        assert len(store.signed_up(event)) == len(NETWORKS)
        assert "The hall" in page.read_text()
        due = max(one.at for one in store.deliveries(event))
        asked = [one for one in chat.tick_at(due).sent if one.startswith(f"{event}/q1")]
        assert len(asked) == len(NETWORKS)
        for network in NETWORKS:
            people[network].post(WORDS, reply_to=servers.question(bots, network, 1).id)
        read(chat, bots)
        assert page.read_text().count(WORDS) == len(NETWORKS)
        for network in NETWORKS:
            people[network].post("REMOVE ME", reply_to=servers.question(bots, network, 1).id)
        read(chat, bots)
        assert WORDS not in page.read_text()
        assert store.signed_up(event) == ()


def read(chat: Evening, bots: Bots) -> None:
    """All that was said is read, and what follows from it done."""
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def announcements(bots: Bots) -> dict[str, Any]:
    """Our announcement on each network: what to reply to."""
    records = bots.net.list_records(bots.bluesky.did)
    return {
        "bluesky": next(one["uri"] for one in records if "I AM COMING" in one["value"].get("text", "")),
        "mastodon": next(one.id for one in servers.on_mastodon(bots) if "I AM COMING" in one.text),
    }
