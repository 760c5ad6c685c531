"""What a series' chats left behind, without words, names or addresses: what figures about it are counted from."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bot.domain.posts import NetworkName
from bot.domain.records import StoredChat


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """One shown answer, as far as it may be counted.

    Attributes:
        chat: the chat's id.
        key, parent: node keys; a parent may be a post of ours, another answer, gone, or unknown.
        by: a code for its author, the same for all accounts of one person.
        followed: the code is the same in every chat; false of who asked for initials or no name: they are one person in
            a chat, and a stranger to every other one.
        network: where it was said.
        questions: ids of the questions (prompts) that it answers.
        tries: it says what its author will try (``followups.is_intention``).
        reflects: it is a reflection (``reflecting.is_reflection``).
        about: told weeks later: node key of the answer that was asked about; empty for all that was said in the chat.
    """

    chat: str
    key: str
    parent: str
    by: str
    followed: bool
    network: NetworkName
    questions: tuple[str, ...] = ()
    tries: bool = False
    reflects: bool = False
    about: str = ""


class Chronicle(msgspec.Struct, frozen=True):
    """A series from its first chat on.

    Attributes:
        chats: all of them, in order of start; also coming and cancelled ones, but no events.
        asked: by chat id, the ids of its questions that went out, but for the one what the chat was worth.
        networks: by chat id, where a question of it went out.
        contributions: all that is shown now.
        follow_ups: by chat id, the answers (node keys) of the follow-ups that went out, one for each.
        votes: by chat id, how many chose each answer to the question what it was worth, in the answers' order.
    """

    chats: tuple[StoredChat, ...]
    asked: Mapping[str, frozenset[str]]
    networks: Mapping[str, frozenset[NetworkName]]
    contributions: tuple[Contribution, ...]
    follow_ups: Mapping[str, tuple[str, ...]] = {}
    votes: Mapping[str, tuple[int, ...]] = {}
