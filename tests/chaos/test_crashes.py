"""Nothing is lost, said twice or out of order, and no page is half, whenever the bot is killed and whatever goes wrong.

The short form of `make chaos`: every named point is died at once, everything that may go wrong goes wrong once. The
servers and the site's files say what came of it, not our tables.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

import pytest
from chaos.evening import NETWORKS, Evening, Network
from chaos.explorer import Explorer, Tally
from chaos.wrongs import POSTS, WRONGS, wrongs_of
from networks.postgres_server import PostgresServer

AnEvening = Callable[..., AbstractContextManager[Evening]]


def explore(explorer: Explorer, an_evening: AnEvening, database: Callable[[], dict[str, str]] = dict) -> None:
    """Evenings until every point that was met has been died at; one as a rule."""
    for _ in range(3):
        with an_evening(**database()) as evening:
            tally = explorer.play(evening)
        assert tally.verdict.wrong == []
        if not explorer.tally.unfired(explorer.groups):
            break


@pytest.mark.parametrize(
    ("groups", "points"),
    [
        (("begin", "commit", "checkpoint", "vacuum"), 120),
        (("request", "file"), 95),
    ],
    ids=["inside", "outside"],
)
def test_killed_at_every_point(an_evening: AnEvening, groups: tuple[str, ...], points: int) -> None:
    """Each time at the first point where no life of this test has died yet."""
    tally = Tally()

    explore(Explorer(tally, random.Random(1), groups), partial(an_evening, regretting=True, trying=True))

    assert tally.unfired(groups) == []
    assert tally.kills >= len(tally.fired) >= points


def test_killed_at_every_commit_on_postgresql(an_evening: AnEvening, postgres_server: PostgresServer) -> None:
    tally = Tally()

    explore(
        Explorer(tally, random.Random(1), ("commit",)),
        an_evening,
        lambda: {"database": postgres_server.fresh_database()},
    )

    assert tally.unfired(("commit",)) == []
    assert tally.kills >= len(tally.fired) >= 45


def test_killed_in_the_loop(an_evening: AnEvening) -> None:
    """`staffroom run` with its streams and threads: at every reading of a stream, and at points drawn by lot."""
    tally = Tally()
    explorer = Explorer(tally, random.Random(1), ("stream",), ("loop",))

    explore(explorer, an_evening)

    assert tally.unfired(("stream",)) == []
    assert len(tally.fired) >= 4  # two moments of both kinds of stream


@pytest.mark.parametrize("part", [0, 1])
def test_killed_while_networks_go_wrong(an_evening: AnEvening, part: int) -> None:
    """All that may go wrong with a network does, and lives are killed meanwhile, at points drawn by lot."""
    names = list(WRONGS)[part::2]
    pairs: list[tuple[Network, str]] = [
        (network, name) for name in names for network in ("bluesky", "mastodon") if name in wrongs_of(network)
    ]
    tally = Tally()
    explorer = Explorer(tally, random.Random(part), ("commit", "request"), wrongs=list(pairs), depth=10)

    for _ in range(3):  # one as a rule
        with an_evening() as evening:
            explorer.play(evening, kills=20)
        assert tally.verdict.wrong == []
        if not explorer.wrongs:
            break

    assert tally.faults.keys() == {f"{network}: {name}" for network, name in pairs}
    assert all(tally.faults.values())


def test_each_network_unplugged_in_mid_chat(an_evening: AnEvening) -> None:
    """One after the other: the one that is there goes on in time, and what the other one missed it gets later."""
    with an_evening() as evening:
        for network, other in (NETWORKS, NETWORKS[::-1]):
            for _ in range(2):
                assert evening.after(evening.start().finish())
            before = len(evening.held()[other])
            evening.proxies[network].unplug()
            for _ in range(2):
                report = evening.start().finish()
                assert all("no connection" in one for one in report["troubles"])  # nothing is given up
                assert report["given_up"] == []
                evening.now += timedelta(minutes=3)
            assert len(evening.held()[other]) > before
            evening.proxies[network].plug()
        evening.through()

        assert evening.verdict().wrong == []


def test_lost_answers_where_no_key_helps(an_evening: AnEvening) -> None:
    """As on servers that ignore Idempotency-Key: each answer is lost, and the server has forgotten the key."""
    lost: Counter[str] = Counter()
    with an_evening() as evening:
        evening.servers.mastodon.ignore_keys(evening.toot.id)
        for _ in range(60):
            fault = evening.toot_proxy.lose_answer("POST", POSTS["mastodon"])
            report = evening.start().finish()
            evening.toot_proxy.clear()
            lost["answers"] += fault.fired
            if not evening.after(report):
                break

        assert lost["answers"] >= len(evening.expected["mastodon"])
        assert evening.verdict().wrong == []
