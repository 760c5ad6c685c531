"""From talk to action on the real Bluesky network and a Mastodon-API server: asked weeks later, told, shown, gone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from acceptance import servers
from acceptance.servers import NETWORKS
from acceptance.world import Bots, Evening, evening

WORDS = "I will try exit tickets #TryIt"
OUTCOME = "It did not work, and I know why."


def test_who_asked_is_asked_weeks_later_and_what_came_of_it_is_shown_until_they_leave(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    people: dict[str, Any] = {
        "bluesky": bots.net.create_account(unique("btea"), description="I teach."),
        "mastodon": bots.server.create_account(unique("mtea"), note="I teach."),
    }
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="replies") as chat:
        for prompt in ("announce-30m", "welcome", "q1"):
            assert chat.tick_at(chat.at(prompt)).troubles == ()
        said = {one: people[one].post(WORDS, reply_to=servers.question(bots, one, 1).id) for one in NETWORKS}
        for network in NETWORKS:
            people[network].post("REMIND ME", reply_to=said[network])
        read(chat, bots)
        weeks_later(chat, bots)
        for network, (asked, text) in follow_ups(bots).items():
            assert "FORGET IT" in text
            people[network].post(OUTCOME, reply_to=asked)
        read(chat, bots)
        assert (chat.page.read_text().count(OUTCOME), 'id="tried"' in chat.page.read_text()) == (2, True)
        for network, (asked, _) in follow_ups(bots).items():
            people[network].post("REMOVE ME", reply_to=asked)
        read(chat, bots)
        assert follow_ups(bots) == {}
        assert "exit tickets" not in chat.page.read_text()
        assert OUTCOME not in chat.page.read_text()
        assert chat.house.store.followed() == ()


def read(chat: Evening, bots: Bots) -> None:
    """All that was said is read, and what follows from it done."""
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def weeks_later(chat: Evening, bots: Bots) -> None:
    """Two weeks after the chat, by day, both are asked, and nobody again with the next tick."""
    due = [one.at for one in chat.house.store.deliveries(chat.chat) if "/follow-up-1-" in one.id]
    assert timedelta(days=13) < due[0] - chat.starts_at < timedelta(days=15)
    ticked = chat.tick_at(max(due))
    out = [one for one in ticked.sent if "/follow-up-1-" in one]
    assert (len(out), ticked.troubles, ticked.refused) == (2, (), ())
    bots.net.settle()
    assert [one for one in chat.tick_fully().sent if "/follow-up-" in one] == []


def follow_ups(bots: Bots) -> dict[str, tuple[Any, str]]:
    """Our follow-up on each network: what to reply to, and its words. On Mastodon it is unlisted and mentions one."""
    found: dict[str, tuple[Any, str]] = {}
    for record in bots.net.list_records(bots.bluesky.did):
        if "FORGET IT" in record["value"]["text"]:
            assert "facets" not in record["value"]
            found["bluesky"] = (record["uri"], record["value"]["text"])
    for post in servers.on_mastodon(bots):
        if "FORGET IT" in post.text:
            assert (post.visibility, len(post.mentions)) == ("unlisted", 1)
            found["mastodon"] = (post.id, post.text)
    return found
