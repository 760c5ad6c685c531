"""One person on the real Bluesky network and a Mastodon-API server: said from both sides, ended by leaving one."""

from collections.abc import Callable
from pathlib import Path

from acceptance import servers
from acceptance.world import Bots, evening
from contract.mastodon_world import hosted

WORDS = "I stopped marking every page."


def test_both_accounts_say_it_and_leaving_with_one_leaves_the_other(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    sky = bots.net.create_account(unique("bone"), description="I teach.")
    there = bots.server.create_account(unique("mone"), note="I teach.")
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="replies") as chat:
        for prompt in ("announce-30m", "welcome", "q1"):
            assert chat.tick_at(chat.at(prompt)).troubles == ()
        asked = {network: servers.question(bots, network, 1).id for network in ("bluesky", "mastodon")}
        sky.post(WORDS, reply_to=asked["bluesky"])
        there.post(WORDS, reply_to=asked["mastodon"])
        sky.post(f"I AM ALSO @{there.username}@{hosted(bots.server.url)}", reply_to=asked["bluesky"])

        def read() -> int:
            bots.net.settle()
            assert chat.tick_fully().troubles == ()
            assert "ALSO" not in chat.page.read_text()
            return len(chat.house.store.persons())

        assert read() == 0
        there.post(f"I AM ALSO {sky.handle}", reply_to=asked["mastodon"])
        assert read() == 2
        assert chat.page.read_text().count(WORDS) == 2
        sky.post("REMOVE ME", reply_to=asked["bluesky"])
        assert read() == 0
        assert chat.page.read_text().count(WORDS) == 1
        assert chat.house.store.claims() == ()
