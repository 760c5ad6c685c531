"""What somebody will try, and what came of it: weeks after the digest the bot asks them twice, and they tell once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.oracle import Held, Verdict, judge_asked, judge_site

TRIES = " #tryit"
REMIND = "REMIND ME"
TOLD = {
    "bluesky": "It worked once everybody had a timer.",
    "mastodon": "It did not work, and now I know why.",
}
TIMES = 2
"""Two and six weeks after a chat, as a series asks unless it says otherwise."""
TOO_LATE = 25
"""Days after the first question by which what they told should have stood on the page long ago."""


@dataclass
class Trial:
    """One who tries something on each network.

    Attributes:
        bot: its user name on Mastodon, where nobody hears a reply that mentions nobody.
        answers: by network the id of the answer in which they say so.
        told: whether they told what came of it.
        days: for how many days that was waited for.
    """

    bot: str
    answers: dict[str, str] = field(default_factory=dict)
    told: bool = False
    days: int = 0
    _who: dict[str, Any] = field(default_factory=dict)

    def begin(self, network: str, who: Any, said: Any) -> None:
        """Somebody said what they will try, and wants to be asked."""
        self._who[network] = who
        self.answers[network] = said["id"] if network == "mastodon" else said.uri
        self._reply(network, said, REMIND)

    def goes_on(self, held: Mapping[str, Sequence[Held]], site: Path) -> bool:
        """Whether another day is to go by: they told, and it is not shown yet. They tell once both were asked."""
        if self.told:
            self.days += 1
            return self.days <= TOO_LATE and bool(judge_site(site, shown=tuple(TOLD.values())).site)
        asked = self.asked(held)
        if not all(asked.values()):
            return False
        for network, posts in asked.items():
            self._reply(network, posts[0].id, TOLD[network])
        self.told = True
        return True

    def asked(self, held: Mapping[str, Sequence[Held]]) -> dict[str, list[Held]]:
        """Our posts under these answers, by network."""
        return {
            network: [one for one in posts if one.parent and one.parent == self.answers.get(network)]
            for network, posts in held.items()
        }

    def verdict(self, held: Mapping[str, Sequence[Held]], site: Path) -> Verdict:
        """Each was asked as often as they wanted, and what they told is shown."""
        found = judge_site(site, shown=tuple(TOLD.values()))
        for network, posts in self.asked(held).items():
            found += judge_asked(network, posts, held[network], TIMES)
        return found

    def _reply(self, network: str, to: Any, words: str) -> None:
        self._who[network].reply(to, f"@{self.bot} {words}" if network == "mastodon" else words)
