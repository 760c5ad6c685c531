"""The end of a play: everything works again, the bot does all that is due, and the store is compared with the model."""

import sqlite3
from datetime import timedelta

import msgspec
from chaos.machine_mishaps import NETWORKS
from chaos.machine_verbs import run_errands, say_what_is_due, sweep
from chaos.machine_world import CHATS, END, World

from bot.tick import replan

LATER = END + timedelta(hours=2)
"""Until then a bot may go on with what is left."""
KEPT_OF_LEAVERS = """
    SELECT count(*) FROM posts WHERE state = 'kept' AND account IN (
        SELECT account FROM consents WHERE kind IN ('joined', 'stopped')
        GROUP BY account HAVING max(at) = max(CASE kind WHEN 'stopped' THEN at END))"""
"""Posts of those whose latest wish is to leave; of two at the same moment, leaving counts."""
FIGURES = """
    SELECT chat, count(DISTINCT account), count(*), sum(links) FROM chat_posts JOIN posts ON id = post
    WHERE store AND NOT hold AND state = 'kept' GROUP BY chat"""
"""What each chat's page counts: people, answers, links."""


def settle(world: World) -> None:
    """Everything works again; the bot does all that is due."""
    world.mishaps.end()
    world.mishaps.until = LATER
    world.pass_time(30)
    for name in NETWORKS:
        world.servers[name].offline = False
    replan(world.house, [])
    for _ in range(8):
        world.store.expire(world.clock.now())
        say_what_is_due(world)
        due = world.store.next_due(world.clock.now())
        if due is None or due > world.clock.now() + timedelta(minutes=6):
            break
        world.pass_time(max(1.0, (due - world.clock.now()).total_seconds()))
    for name in NETWORKS:  # whatever streams told or did not tell, sweeps are true
        sweep(world, name, everything=True)
    for name in NETWORKS:  # what was asked in that reading may let others in: then another one is due
        sweep(world, name)
    for name in NETWORKS:
        run_errands(world, name)
    world.said.check(world.rows)


def check_leavers(rows: sqlite3.Connection) -> None:
    """Nothing is kept of whom the store knows to have left: that goes with the very transaction that remembers it."""
    (kept,) = rows.execute(KEPT_OF_LEAVERS).fetchone()
    assert kept == 0, f"{kept} posts are kept of people who asked to be removed"


def check_figures(world: World) -> None:
    """A chat's figures are those of now, though it is counted again only when its revision grew."""
    shown = {row[0]: row[1:] for row in world.rows.execute(FIGURES)}
    for chat, told in world.store.figures().items():
        counts = (told.people, told.answers, told.links)
        assert counts == shown.get(chat, (0, 0, 0)), f"the figures of {chat} are out of date"


def compare(world: World) -> None:
    """What the store knows and would show is what was said, and what may and must be shown."""
    _compare_said(world)
    shown = {key for chat in CHATS for key in _compare_shown(world, chat)}
    _compare_leavers(world)
    _compare_digests(world, shown)


def _compare_said(world: World) -> None:
    """The store knows every post of ours and no other; nothing is left unsaid."""
    now = world.clock.now()
    stored = world.rows.execute("SELECT remote FROM parts WHERE state = 'sent'")
    known = {msgspec.json.decode(remote)["id"] for (remote,) in stored}
    there = {line.remote: f"{line.network} {line.prompt} {line.number}" for line in world.said.lines}
    assert known == set(there), f"not known to the store: {[there[one] for one in there if one not in known]}"
    for one in world.store.deliveries():
        unsaid = one.state in ("planned", "frozen") and one.at <= now < one.useful_until
        assert not unsaid, f"{one.id} was not said"
        assert (one.state == "sent") <= all(part.state == "sent" for part in one.parts)


def _compare_shown(world: World, chat: str) -> set[str]:
    """What a chat's page shows is at least what must be shown and at most what may be; gives its node keys."""
    must, may = world.model.shown(chat)
    content = {one.key for one in world.store.content(chat).answers} if world.store.chat(chat) else set()
    lost = [_told(world, one) for one in must if _key(world, one) not in content]
    assert not lost, f"answers are lost in {chat}: {lost}"
    wrong = [_told(world, one) for one in world.model.said if one not in may and _key(world, one) in content]
    assert not wrong, f"shown in {chat}, and may not be: {wrong}"
    assert content <= {_key(world, one) for one in may}, f"shown in {chat}, and nobody said it"
    return content


def _compare_leavers(world: World) -> None:
    for author, network in {one.author: one.network for one in world.model.said.values()}.items():
        if world.model.left(author):
            assert world.store.person(world.store.key(network, author)) is None, "somebody who left is kept"


def _compare_digests(world: World, shown: set[str]) -> None:
    """What our digests repeat on the networks may be shown."""
    for name in NETWORKS:
        for post in world.servers[name].posts_of(world.networks[name]._me.id):
            prompt, number, *rest = post.text.text.split(" ")
            if prompt.endswith("/digest") and int(number) > 0:
                assert rest[0] in shown, "a digest still repeats what may not be shown"


def _told(world: World, remote: str) -> str:
    """A teacher's post and what the store has of it, for whoever reads a failure."""
    query = "SELECT state, chat, store, why, held FROM posts JOIN chat_posts ON post = id WHERE key = ?"
    return f"{world.model.said[remote]}, stored as {world.rows.execute(query, (_key(world, remote),)).fetchall()}"


def _key(world: World, remote: str) -> str:
    return world.store.key(world.model.said[remote].network, remote)
