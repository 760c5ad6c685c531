"""One network down for a while: the other never waits, and what is still useful goes out once, in order."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from acceptance import pages, servers
from acceptance.servers import NETWORKS
from acceptance.teachers import gather
from acceptance.world import Bots, Evening, evening
from networks.faults import FaultProxy

SOON = timedelta(minutes=2)
"""Longer than the waits between the first few attempts."""

SAYING = {"bluesky": "/xrpc/com.atproto.repo.applyWrites$", "mastodon": "/api/v1/statuses$"}


@pytest.mark.parametrize("down", NETWORKS)
def test_an_unplugged_network_says_all_that_is_still_useful_once(
    down: str, bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    upstream = {"bluesky": bots.net.pds_url, "mastodon": bots.server.url}[down]
    with (
        FaultProxy(upstream) as proxy,
        evening(tmp_path / "bot", bots, unique("EdChat"), archive="everyone", **{down: proxy.url}) as chat,
    ):
        up = next(network for network in NETWORKS if network != down)

        def goes(prompt: str, *, later: timedelta = timedelta(0)) -> None:
            """Let a prompt's time come; the network that is up has all that is due."""
            bots.net.settle()
            chat.tick_at(chat.at(prompt) + later)
            assert servers.texts(bots, up) == chat.due()[up]

        proxy.unplug()
        goes("announce-30m")
        goes("welcome")
        assert servers.texts(bots, down) == []
        proxy.plug()
        goes("q1")
        assert servers.texts(bots, down) == said(chat, down, "welcome", "q1"), (
            "an announcement after the start is stale"
        )

        proxy.unplug()
        talks = gather(bots, chat.hashtag, unique, many=3)
        meanwhile = [talk.say("An answer while the bot cannot see it.", 1, to=1) for talk in talks]
        goes("q2")
        goes("q3")
        assert servers.texts(bots, down) == said(chat, down, "welcome", "q1")
        proxy.plug()
        goes("q3", later=SOON)
        assert servers.texts(bots, down) == said(chat, down, "welcome", "q1", "q2", "q3")

        lost = proxy.lose_answer("POST", SAYING[down])
        goes("q4")
        assert lost.fired == 1
        goes("q4", later=SOON)
        goes("wrap-up")
        assert servers.texts(bots, down) == said(chat, down, "welcome", "q1", "q2", "q3", "q4", "wrap-up")
        for network in NETWORKS:
            assert came_in_order(bots, network)
        assert chat.tick_fully().sent == ()
        pages.by_mark(pages.on_page(chat.page), [one.mark for one in meanwhile])


def said(chat: Evening, network: str, *prompts: str) -> list[str]:
    """The planned words of these prompts."""
    words = {line.prompt: line.text for line in chat.lines if line.network == network}
    return [words[prompt] for prompt in prompts]


def came_in_order(bots: Bots, network: str) -> bool:
    """Whether the server got the threads in the order in which they were planned."""
    roots = [thread.root.id for thread in servers.threads(bots, network)]
    return [one for one in servers.arrived(bots, network) if one in roots] == roots
