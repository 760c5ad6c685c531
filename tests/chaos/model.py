"""What ought to be, in plain dictionaries: who said what in a chat, what they asked of us, and so who may be shown.

It knows nothing of tables, sweeps or streams. Where the truth depends on what a bot could see at which moment (a reply
whose parent was deleted before anybody read the thread), it says both what must be shown and what may be.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.domain.posts import NetworkName

Words = Literal["plain", "noarchive", "request"]


@dataclass
class Saying:
    """One post of a teacher. ``above`` is what it replies to, ``root`` the first of its thread: ids, or empty."""

    network: NetworkName
    author: str
    at: datetime
    above: str = ""
    root: str = ""
    quotes: str = ""
    tagged: bool = False
    public: bool = True
    words: Words = "plain"
    gone: bool = False


@dataclass
class Model:
    """The evening as an all-knowing reader would tell it.

    Attributes:
        said: every teacher's post by id.
        ours: id of every post of ours that was ever made, with its chat; ``standing`` those that still are there.
        wishes: by author, what they asked: when, and to leave (True) or to be kept (False).
        taken_back: ids of answers whose authors asked to take them out.
        windows: by chat, between which times its hashtag counts.
        replanned: a moderator took a chat out, so what a window was when a post came is not known here.
    """

    said: dict[str, Saying] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)
    wishes: dict[str, list[tuple[datetime, bool]]] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)
    windows: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    replanned: bool = False

    def left(self, author: str) -> bool:
        """Whether somebody's latest wish is to leave; of two at the same moment, leaving counts."""
        wishes = self.wishes.get(author)
        return bool(wishes) and max(wishes)[1]

    def shown(self, chat: str) -> tuple[set[str], set[str]]:
        """Ids of the posts that must be shown in a chat, and of those that may be."""
        may = {key for key, one in self.said.items() if self._may_stand(key, one) and self._belongs(one, chat)}
        return {key for key in may if self._is_met(self.said[key], chat)}, may

    def _may_stand(self, key: str, one: Saying) -> bool:
        allowed = one.public and not one.gone and one.words == "plain"
        return allowed and key not in self.taken_back and not self.left(one.author)

    def _belongs(self, one: Saying, chat: str) -> bool:
        opens, closes = self.windows[chat]
        tagged = one.tagged and (self.replanned or opens <= one.at < closes)
        return tagged or chat in (self.ours.get(one.root), self.ours.get(one.quotes))

    def _is_met(self, one: Saying, chat: str) -> bool:
        """Whether reading everything now comes to this post."""
        if one.tagged:
            return chat in self.ours.values() and not self.replanned
        if one.quotes:
            return one.quotes in self.standing
        while not one.gone and one.above in self.said:
            one = self.said[one.above]
        return not one.gone and one.above in self.standing
