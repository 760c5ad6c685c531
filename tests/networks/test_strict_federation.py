"""What reaches the Mastodon-API server of posts and people elsewhere, and what never does."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from networks.mastodon_server import MastodonAccount, MastodonError, MastodonServer, Stranger

Unique = Callable[[str], str]
Json = dict[str, Any]
Account = MastodonAccount
Server = MastodonServer


def ids(posts: list[Json]) -> list[str]:
    return [post["id"] for post in posts]


def below(server: Server, post: Json, who: Account | None = None) -> list[str]:
    return ids(server.context(post["id"], token=who.token if who else None)["descendants"])


@pytest.fixture
def far(mastodon_server: Server, unique: Unique) -> Stranger:
    return mastodon_server.create_stranger(unique("far"), note="From far #NoBot", indexable=True)


def test_what_is_addressed_to_somebody_here_arrives_and_so_do_its_edits_and_its_deletion(
    mastodon_server: Server, amy: Account, far: Stranger
) -> None:
    question = amy.post("Q1")
    host = mastodon_server.url.removeprefix("http://")
    reply = far.reply(question, f"@{amy.username}@{host} A1 #EdChat", arrives=True)
    [there] = mastodon_server.context(question["id"], token=amy.token)["descendants"]
    assert (there["uri"], there["in_reply_to_id"]) == (reply["uri"], question["id"])
    assert there["id"] == mastodon_server.known_as(reply["uri"]) != reply["id"]
    author = there["account"]
    assert author["acct"] == f"{far.username}@{far.server.url.removeprefix('http://')}"
    assert author["uri"] == f"{far.server.url}/@{far.username}"
    assert ("#NoBot" in re.sub("<[^>]*>", "", author["note"]), author["indexable"]) == (True, True)
    assert [one["id"] for one in there["mentions"]] == [amy.id]
    [notice] = amy.call("GET", "/api/v1/notifications")
    assert (notice["type"], notice["status"]["id"]) == ("mention", there["id"])
    far.edit(reply, f"@{amy.username}@{host} A1 changed")
    edited = mastodon_server.get_status(there["id"])
    assert ("changed" in edited["content"], edited["edited_at"] is not None, edited["tags"]) == (True, True, [])
    far.delete(reply)
    assert mastodon_server.known_as(reply["uri"]) is None


def test_other_replies_never_arrive_by_themselves_and_their_deletion_neither(
    mastodon_server: Server, amy: Account, far: Stranger
) -> None:
    question = amy.post("Q1")
    reply = far.reply(question, "A1")
    deeper = far.reply(reply, "A1 more")
    assert below(mastodon_server, question, amy) == []
    found = amy.call("GET", "/api/v2/search", params={"q": deeper["uri"], "resolve": "true"})["statuses"]
    assert [post["uri"] for post in found] == [deeper["uri"]]
    ours = [mastodon_server.known_as(post["uri"]) for post in (reply, deeper)]
    assert below(mastodon_server, question, amy) == ours  # what it replies to was fetched with it
    far.delete(deeper)
    assert mastodon_server.get_status(str(ours[1]))["uri"] == deeper["uri"]
    with pytest.raises(MastodonError, match="404"):
        far.server.get_status(deeper["id"])


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_hidden_posts_of_other_servers_are_not_fetched(
    mastodon_server: Server, amy: Account, far: Stranger, visibility: str
) -> None:
    secret = far.post("psst", visibility=visibility)
    found = amy.call("GET", "/api/v2/search", params={"q": secret["uri"], "resolve": "true"})
    assert found["statuses"] == []
    assert mastodon_server.known_as(secret["uri"]) is None


def test_asking_for_the_thread_of_a_reply_from_elsewhere_fetches_more_of_it_once(
    mastodon_server: Server, amy: Account, far: Stranger
) -> None:
    question = amy.post("Q1")
    first = far.reply(question, "A1", arrives=True)
    second = far.reply(first, "A1 more")
    here = str(mastodon_server.known_as(first["uri"]))

    def ask(token: str | None) -> tuple[bool, int]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.get(f"{mastodon_server.url}/api/v1/statuses/{here}/context", headers=headers)
        return "Mastodon-Async-Refresh" in answer.headers, len(answer.json()["descendants"])

    assert ask(None) == (False, 0)
    mastodon_server.fetches_replies(amy.id, on=False)
    assert ask(amy.token) == (False, 0)
    mastodon_server.fetches_replies(amy.id, on=True)
    assert ask(amy.token) == (True, 0)
    assert ask(amy.token) == (False, 1)
    assert mastodon_server.known_as(second["uri"]) is not None
    far.reply(first, "A1 late")
    assert ask(amy.token) == ask(amy.token) == (False, 1)


def test_whom_one_blocks_elsewhere_is_not_listed_here(mastodon_server: Server, amy: Account, far: Stranger) -> None:
    post = far.post("hello", arrives=True)
    here = str(mastodon_server.known_as(post["uri"]))
    amy.block(mastodon_server.get_status(here)["account"]["id"])
    tag = {"q": post["uri"], "resolve": "true"}
    assert len(amy.call("GET", "/api/v2/search", params=tag)["statuses"]) == 1  # one may look up whom one blocks
    assert post["uri"] not in [one["uri"] for one in amy.call("GET", "/api/v1/timelines/public")]
