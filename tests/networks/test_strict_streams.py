"""The Mastodon-API server's streams tell what a real one's do, and to nobody else."""

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any, Self

import httpx
import pytest
from networks.mastodon_server import MastodonAccount, MastodonError, MastodonServer

Unique = Callable[[str], str]
Json = dict[str, Any]
Account = MastodonAccount
Server = MastodonServer


class Stream:
    """An account's stream, read by a thread of its own: what came so far, comments left out."""

    def __init__(self, who: Account, path: str) -> None:
        self.events: list[tuple[str, str]] = []
        self.comments: list[str] = []
        self.status = 0
        self._who, self._path = who, path
        self._more = threading.Condition()
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.until(lambda: bool(self.status))
        return self

    def __exit__(self, *_: object) -> None:
        self._who.server.streams(self._who.id, drop=True)
        self._thread.join(30)

    def _read(self) -> None:
        headers = {"Authorization": f"Bearer {self._who.token}"}
        url = f"{self._who.server.url}/api/v1/streaming/{self._path}"
        with httpx.stream("GET", url, headers=headers, timeout=30) as response:
            self._note(status=response.status_code)
            kind = ""
            for line in response.iter_lines() if response.is_success else ():
                if line.startswith(":"):
                    self._note(comment=line)
                elif line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self._note(event=(kind, line.removeprefix("data: ")))
        self._note(comment="ended")

    def _note(self, *, status: int = 0, comment: str = "", event: tuple[str, str] | None = None) -> None:
        with self._more:
            self.status = status or self.status
            self.comments += [comment] if comment else []
            self.events += [event] if event else []
            self._more.notify_all()

    def until(self, enough: Callable[[], bool]) -> None:
        with self._more:
            assert self._more.wait_for(enough, 30), f"came: {self.events} {self.comments}"

    def until_events(self, number: int) -> list[tuple[str, str]]:
        self.until(lambda: len(self.events) >= number)
        return [(kind, post_id(kind, data)) for kind, data in self.events]


def post_id(kind: str, data: str) -> str:
    if kind == "delete":
        return data
    told = json.loads(data)
    return str((told["status"] if kind == "notification" else told)["id"])


def test_a_stream_tells_of_mentions_quotes_direct_messages_and_deletions(amy: Account, ben: Account) -> None:
    question = amy.post("Q1")
    with Stream(amy, "user") as stream:
        answer = ben.reply(question, f"@{amy.username} A1")
        stream.until_events(1)
        direct = ben.post(f"@{amy.username} psst", visibility="direct")
        quote = ben.post("A1", quote=question)
        ben.edit(answer, f"@{amy.username} A1 changed")  # told to followers only
        ben.delete(answer)
        told = stream.until_events(4)
    notified = [("notification", post["id"]) for post in (answer, direct, quote)]
    assert told == [*notified, ("delete", answer["id"])]
    [kinds] = {tuple(json.loads(data)["type"] for kind, data in stream.events if kind == "notification")}
    assert kinds == ("mention", "mention", "quote")


def test_a_hashtags_stream_obeys_visibility_and_blocks_both_ways(
    mastodon_server: Server, amy: Account, ben: Account, cat: Account, unique: Unique
) -> None:
    tag = unique("EdChat")
    foe = mastodon_server.create_account(unique("foe"))
    foe.block(amy.id)
    amy.block(cat.id)
    with Stream(amy, f"hashtag?tag={tag}") as stream:
        for visibility in ("unlisted", "private", "direct"):
            ben.post(f"@{amy.username} #{tag}", visibility=visibility)
        foe.post(f"#{tag}")
        cat.post(f"#{tag}")
        shown = ben.post(f"#{tag}")
        ben.edit(shown, f"changed #{tag}")
        ben.delete(shown)
        told = stream.until_events(3)
    assert told == [(kind, shown["id"]) for kind in ("update", "status.update", "delete")]


def test_streams_beat_fall_silent_end_and_are_missing_as_told(mastodon_server: Server, amy: Account) -> None:
    mastodon_server.streams(amy.id, thump=0.05)
    with Stream(amy, "user") as stream:
        stream.until(lambda: stream.comments.count(":thump") > 2)
        assert mastodon_server.open_streams(amy.id) == {"user": 1}
        mastodon_server.streams(amy.id, say="event: update\ndata: nonsense\n\n")
        stream.until(lambda: ("update", "nonsense") in stream.events)
        mastodon_server.streams(amy.id, drop=True)
        stream.until(lambda: "ended" in stream.comments)
    mastodon_server.streams(amy.id, mode="silent")
    with Stream(amy, "user") as stream:
        amy.post("heard by nobody")
    assert (stream.events, stream.comments) == ([], ["ended"])
    mastodon_server.streams(amy.id, mode="missing")
    with Stream(amy, "user") as stream:
        assert stream.status == 404


def test_a_stream_needs_a_login(mastodon_server: Server) -> None:
    with pytest.raises(MastodonError, match="401"):
        mastodon_server.call("GET", "/api/v1/streaming/user")


def test_many_streams_leave_the_server_free_to_answer(amy: Account, ben: Account) -> None:
    with contextlib.ExitStack() as all_of_them:
        streams = [all_of_them.enter_context(Stream(amy, "user")) for _ in range(25)]
        post = ben.post(f"@{amy.username} hello")
        for stream in streams:
            assert stream.until_events(1) == [("notification", post["id"])]
