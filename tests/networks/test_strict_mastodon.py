"""The Mastodon-API server is as strict as a real one where the bot could go wrong."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from networks.mastodon_server import MastodonAccount, MastodonError, MastodonServer

Unique = Callable[[str], str]
Json = dict[str, Any]
Account = MastodonAccount
Server = MastodonServer


def ids(posts: list[Json]) -> list[str]:
    return [post["id"] for post in posts]


def below(server: Server, post: Json, who: Account | None = None) -> list[str]:
    return ids(server.context(post["id"], token=who.token if who else None)["descendants"])


def test_a_thread_is_read_from_both_ends(mastodon_server: Server, amy: Account, ben: Account) -> None:
    question = amy.post("Q1. What did you try?")
    answer = ben.reply(question, "A1. Less marking.")
    nested = amy.reply(answer["id"], "Tell me more!")

    thread = mastodon_server.context(answer["id"])

    assert ids(thread["ancestors"]) == [question["id"]]
    assert ids(thread["descendants"]) == [nested["id"]]
    assert answer["in_reply_to_account_id"] == amy.id


def test_descendants_come_depth_first(mastodon_server: Server, amy: Account) -> None:
    root = amy.post("root")
    one, two = amy.reply(root, "1"), amy.reply(root, "2")
    under_one = amy.reply(one, "1.1")

    assert below(mastodon_server, root) == ids([one, under_one, two])


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_hidden_posts_are_seen_by_those_addressed_only(  # noqa: PLR0917 - fixtures come by name
    mastodon_server: Server, amy: Account, ben: Account, cat: Account, unique: Unique, visibility: str
) -> None:
    tag = unique("EdChat")
    question = amy.post(f"Q1 #{tag}")
    secret = ben.reply(question, f"@{amy.username} psst {tag} #{tag}", visibility=visibility)

    for outsider in (None, cat.token):
        with pytest.raises(MastodonError, match="404"):
            mastodon_server.get_status(secret["id"], token=outsider)
        assert ids(mastodon_server.context(question["id"], token=outsider)["descendants"]) == []
        assert ids(mastodon_server.account_statuses(ben.id, token=outsider)) == []
        assert ids(mastodon_server.hashtag(tag, token=outsider)) == [question["id"]]
        found = mastodon_server.call("GET", "/api/v2/search", token=outsider, params={"q": tag})
        assert secret["id"] not in ids(found["statuses"])
    assert mastodon_server.get_status(secret["id"], token=amy.token)["visibility"] == visibility
    assert below(mastodon_server, question, amy) == [secret["id"]]
    assert below(mastodon_server, question, ben) == [secret["id"]]


def test_followers_see_private_posts_and_not_direct_ones(mastodon_server: Server, amy: Account, ben: Account) -> None:
    ben.follow(amy.id)
    private, direct = amy.post("for friends", visibility="private"), amy.post("a note to self", visibility="direct")

    assert mastodon_server.get_status(private["id"], token=ben.token)["id"] == private["id"]
    with pytest.raises(MastodonError, match="404"):
        mastodon_server.get_status(direct["id"], token=ben.token)


def test_a_public_reply_below_a_hidden_one_is_still_found(mastodon_server: Server, amy: Account, ben: Account) -> None:
    question = amy.post("Q1")
    hidden = ben.reply(question, "just us", visibility="private")
    public = ben.reply(hidden, "and this for all")

    assert below(mastodon_server, question) == [public["id"]]


def test_unlisted_posts_stand_in_threads_but_not_under_hashtags(
    mastodon_server: Server, amy: Account, unique: Unique
) -> None:
    tag = unique("EdChat")
    question = amy.post(f"Q1 #{tag}")
    reminder = amy.reply(question, f"five minutes left #{tag}", visibility="unlisted")

    assert below(mastodon_server, question) == [reminder["id"]]
    assert ids(mastodon_server.hashtag(tag)) == [question["id"]]


def test_who_is_blocked_neither_sees_nor_answers(mastodon_server: Server, amy: Account, ben: Account) -> None:
    question = amy.post("Q1")
    ben.follow(amy.id)
    amy.block(ben.id)

    with pytest.raises(MastodonError, match="404"):
        mastodon_server.get_status(question["id"], token=ben.token)
    with pytest.raises(MastodonError, match="404"):
        ben.reply(question, "A1")
    with pytest.raises(MastodonError, match="403"):
        ben.follow(amy.id)
    assert ids(mastodon_server.account_statuses(amy.id, token=ben.token)) == []
    assert below(mastodon_server, question) == []
    standing = ben.relationship(amy.id)
    assert (standing["blocked_by"], standing["blocking"], standing["following"]) == (True, False, False)

    amy.unblock(ben.id)

    assert ben.reply(question, "A1")["in_reply_to_id"] == question["id"]


def test_threads_leave_out_whom_we_block(mastodon_server: Server, amy: Account, ben: Account) -> None:
    question = amy.post("Q1")
    answer = ben.reply(question, f"@{amy.username} A1")
    amy.block(ben.id)

    assert below(mastodon_server, question, amy) == []
    assert below(mastodon_server, question) == [answer["id"]]
    assert amy.call("GET", "/api/v1/notifications") == []


def test_a_reply_to_a_missing_post_is_refused(mastodon_server: Server, amy: Account) -> None:
    post = amy.post("soon gone")
    amy.delete(post)

    with pytest.raises(MastodonError) as refused:
        amy.reply(post, "too late")

    assert refused.value.status == 404
    assert mastodon_server.account_statuses(amy.id) == []


def test_deleting_a_middle_reply_drops_its_subtree_and_leaves_the_leaf(
    mastodon_server: Server, amy: Account, ben: Account
) -> None:
    question = amy.post("Q1")
    middle = ben.reply(question, "A1")
    leaf = amy.reply(middle, "yes")
    ben.delete(middle)

    assert below(mastodon_server, question) == []
    orphan = mastodon_server.get_status(leaf["id"])
    assert (orphan["in_reply_to_id"], orphan["in_reply_to_account_id"]) == (None, ben.id)
    assert mastodon_server.context(leaf["id"]) == {"ancestors": [], "descendants": []}


def test_anybody_gets_40_ancestors_and_depth_20_and_a_token_more(mastodon_server: Server, amy: Account) -> None:
    chain = [amy.post("root")]
    for number in range(45):
        chain.append(amy.reply(chain[-1], str(number)))
    top, bottom = chain[0]["id"], chain[-1]["id"]

    anonymous_up = mastodon_server.context(bottom)["ancestors"]
    assert ids(anonymous_up) == ids(chain[-41:-1])
    assert ids(mastodon_server.context(top)["descendants"]) == ids(chain[1:21])
    assert ids(mastodon_server.context(bottom, token=amy.token)["ancestors"]) == ids(chain[:-1])
    assert ids(mastodon_server.context(top, token=amy.token)["descendants"]) == ids(chain[1:])


def test_anybody_gets_60_descendants_and_a_token_more(mastodon_server: Server, amy: Account) -> None:
    root = amy.post("root")
    replies = [amy.reply(root, str(number)) for number in range(65)]

    assert below(mastodon_server, root) == ids(replies[:60])
    assert below(mastodon_server, root, amy) == ids(replies)


def test_an_idempotency_key_is_good_for_an_hour_and_one_account(
    mastodon_server: Server, amy: Account, ben: Account, unique: Unique
) -> None:
    key = unique("key")
    first = amy.post("once", idempotency_key=key)

    assert amy.post("once", idempotency_key=key)["id"] == first["id"]
    assert ben.post("once", idempotency_key=key)["id"] != first["id"]
    mastodon_server.advance_keys(amy.id, 3590)
    assert amy.post("once", idempotency_key=key)["id"] == first["id"]
    mastodon_server.advance_keys(amy.id, 11)
    second = amy.post("once", idempotency_key=key)
    assert second["id"] != first["id"]
    assert amy.post("once", idempotency_key=key)["id"] == second["id"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 500, True),
        ("x" * 501, False),
        ("👩‍🏫" * 500, True),
        ("x" * 476 + " https://example.org/" + "y" * 300, True),
        ("x" * 477 + " https://example.org/" + "y" * 300, False),
        ("x" * 497 + " @a@far.example", True),
    ],
)
def test_500_characters_with_a_link_as_23(amy: Account, text: str, fits: bool) -> None:
    if fits:
        assert amy.post(text)["id"]
    else:
        with pytest.raises(MastodonError, match=r"422 .*500"):
            amy.post(text)


def test_a_content_warning_counts_and_edits_are_measured_too(amy: Account) -> None:
    post = amy.post("x" * 490, spoiler_text="behaviour!")
    with pytest.raises(MastodonError, match="422"):
        amy.post("x" * 491, spoiler_text="behaviour!")
    with pytest.raises(MastodonError, match="422"):
        amy.edit(post, "x" * 501)


def test_only_the_owner_edits_and_deletes(mastodon_server: Server, amy: Account, ben: Account) -> None:
    post = amy.post("mine")

    for attempt in (lambda: ben.edit(post, "yours"), lambda: ben.delete(post)):
        with pytest.raises(MastodonError, match="404"):
            attempt()
    assert mastodon_server.get_status(post["id"])["content"] == "<p>mine</p>"


def test_an_edit_changes_text_hashtags_and_time(mastodon_server: Server, amy: Account, unique: Unique) -> None:
    old, new = unique("old"), unique("new")
    post = amy.post(f"A1 #{old}")

    amy.edit(post, f"A2 #{new}")

    edited = mastodon_server.get_status(post["id"])
    assert edited["edited_at"] is not None
    assert [tag["name"] for tag in edited["tags"]] == [new]
    assert mastodon_server.hashtag(old) == []
    assert ids(mastodon_server.hashtag(new)) == [post["id"]]


def test_content_is_html_as_mastodon_writes_it(mastodon_server: Server, amy: Account, ben: Account) -> None:
    text = f"Hi @{ben.username} & @nobody_here\n*all*\n\n#EdChat https://www.example.org/a/very/long/address/indeed/yes"

    content = amy.post(text)["content"]

    assert content == (
        f'<p>Hi <span class="h-card" translate="no"><a href="{mastodon_server.url}/@{ben.username}" '
        f'class="u-url mention">@<span>{ben.username}</span></a></span> &amp; @nobody_here<br />*all*</p>'
        f'<p><a href="{mastodon_server.url}/tags/EdChat" class="mention hashtag" rel="tag">#<span>EdChat</span></a> '
        '<a href="https://www.example.org/a/very/long/address/indeed/yes" target="_blank" rel="nofollow noopener" '
        'translate="no"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.org/a/very/long/addres</span>'
        '<span class="invisible">s/indeed/yes</span></a></p>'
    )


def test_an_account_says_what_it_wants(mastodon_server: Server, unique: Unique) -> None:
    shy = mastodon_server.create_account(
        unique("shy"), bot=True, note="No robots. #nobot", display_name="Shy", noindex=True
    )
    open_one = mastodon_server.create_account(unique("open"), indexable=True, discoverable=True)

    seen = mastodon_server.call("GET", f"/api/v1/accounts/{shy.id}")
    assert [seen[flag] for flag in ("bot", "noindex", "indexable", "discoverable")] == [True, True, False, False]
    assert seen["note"].startswith("<p>No robots. <a href=")
    other = mastodon_server.call("GET", f"/api/v1/accounts/{open_one.id}")
    assert [other[flag] for flag in ("bot", "noindex", "indexable", "discoverable")] == [False, False, True, True]
    assert shy.call("GET", "/api/v1/accounts/verify_credentials")["source"]["note"] == "No robots. #nobot"


def test_search_finds_only_indexable_authors_for_those_signed_in(
    mastodon_server: Server, amy: Account, unique: Unique
) -> None:
    word = unique("needle")
    open_one = mastodon_server.create_account(unique("open"), indexable=True)
    amy.post(f"a {word}")
    findable = open_one.post(f"my {word}")

    def found(token: str | None) -> list[str]:
        return ids(mastodon_server.call("GET", "/api/v2/search", token=token, params={"q": word})["statuses"])

    assert found(None) == []
    assert found(open_one.token) == [findable["id"]]


def test_a_posts_address_resolves_for_those_signed_in(mastodon_server: Server, amy: Account, ben: Account) -> None:
    post = ben.post("here")
    query = {"q": post["url"], "resolve": "true"}

    assert ids(amy.call("GET", "/api/v2/search", params=query)["statuses"]) == [post["id"]]
    with pytest.raises(MastodonError, match="401"):
        mastodon_server.call("GET", "/api/v2/search", params=query)


def test_a_poll_takes_one_vote_each_and_none_after_its_end(
    mastodon_server: Server, amy: Account, ben: Account, cat: Account
) -> None:
    poll = amy.post("Next week?", poll=["Marking", "Phonics"])["poll"]
    assert [option["title"] for option in poll["options"]] == ["Marking", "Phonics"]

    assert ben.vote(poll["id"], 1)["own_votes"] == [1]

    for voter, choices in ((ben, [0]), (amy, [0]), (cat, [7]), (cat, [0, 1])):
        with pytest.raises(MastodonError, match="422"):
            voter.vote(poll["id"], *choices)
    mastodon_server.close_poll(poll["id"])
    with pytest.raises(MastodonError, match="422"):
        cat.vote(poll["id"], 0)
    ended = cat.call("GET", f"/api/v1/polls/{poll['id']}")
    assert ended["expired"] is True
    assert [option["votes_count"] for option in ended["options"]] == [0, 1]


@pytest.mark.parametrize(
    ("options", "seconds"),
    [(["one"], 3600), (list("abcde"), 3600), (["a", "a"], 3600), (["a", "x" * 51], 3600), (["a", "b"], 299)],
)
def test_impossible_polls_are_refused(amy: Account, options: list[str], seconds: int) -> None:
    with pytest.raises(MastodonError, match="422"):
        amy.post("?", poll=options, poll_seconds=seconds)


def test_rate_limits_stand_in_the_headers_and_end_in_429(mastodon_server: Server, amy: Account, ben: Account) -> None:
    mastodon_server.limit(amy.id, 2)
    remaining = []
    with httpx.Client(base_url=mastodon_server.url, headers={"Authorization": f"Bearer {amy.token}"}) as client:
        for _ in range(3):
            response = client.get("/api/v1/accounts/verify_credentials")
            remaining.append((response.status_code, response.headers["X-RateLimit-Remaining"]))

    assert remaining == [(200, "1"), (200, "0"), (429, "0")]
    assert response.headers["X-RateLimit-Limit"] == "2"
    assert response.headers["X-RateLimit-Reset"].endswith("Z")
    assert ben.post("others go on")["id"]
    mastodon_server.limit(amy.id, 300)
    assert amy.post("and so do I, later")["id"]


def test_an_unknown_token_is_refused_and_none_is_anybody(mastodon_server: Server, amy: Account) -> None:
    post = amy.post("hello")

    assert mastodon_server.get_status(post["id"])["id"] == post["id"]
    with pytest.raises(MastodonError, match="401"):
        mastodon_server.get_status(post["id"], token="made-up")


def test_a_deleted_account_takes_its_posts_along(mastodon_server: Server, amy: Account, ben: Account) -> None:
    question = amy.post("Q1")
    answer = ben.reply(question, "A1")
    ben.delete_account()

    for path in (f"/api/v1/accounts/{ben.id}", f"/api/v1/statuses/{answer['id']}"):
        with pytest.raises(MastodonError, match="404"):
            mastodon_server.call("GET", path)
    assert below(mastodon_server, question) == []


def test_quotes_are_listed_under_what_they_quote(amy: Account, ben: Account) -> None:
    question = amy.post("Q1")
    quote = ben.post("A1, on my page", quote=question)

    assert quote["quote"]["quoted_status"]["id"] == question["id"]
    assert ids(amy.call("GET", f"/api/v1/statuses/{question['id']}/quotes")) == [quote["id"]]


def test_posts_by_many_at_once_all_arrive(mastodon_server: Server, amy: Account, unique: Unique) -> None:
    from concurrent.futures import ThreadPoolExecutor

    question = amy.post("Q1")
    teachers = [mastodon_server.create_account(unique("t")) for _ in range(20)]

    def answer(teacher: Account) -> str:
        first = teacher.reply(question, "A1")
        teacher.delete(teacher.reply(first, "oops"))
        return str(first["id"])

    with ThreadPoolExecutor(8) as pool:
        sent = set(pool.map(answer, teachers))

    assert set(below(mastodon_server, question, amy)) == sent


@pytest.fixture
def own_server(tmp_path: Any) -> Iterator[Server]:
    from networks.mastodon_server import start
    from networks.yard import Yard

    yard = Yard(tmp_path, info=lambda _: {})
    server = Server(**start(yard, "own"))
    yield server
    server.close()
    yard.stop_all()


def test_a_server_of_ones_own_can_be_emptied(own_server: Server) -> None:
    amy = own_server.create_account("amy")
    amy.post("gone soon")

    own_server.reset()

    assert own_server.create_account("amy").id != amy.id
    with pytest.raises(MastodonError, match="401"):
        amy.post("from before")


def test_the_address_of_a_profile_pings_nobody(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> None:
    amy, ben = (mastodon_server.create_account(unique(name)) for name in ("amy", "ben"))
    link = amy.post(f"as {mastodon_server.url}/@{ben.username}/1 says")
    assert link["mentions"] == []
    assert [one["id"] for one in amy.post(f"as @{ben.username} says")["mentions"]] == [ben.id]


def test_keys_can_be_taken_no_notice_of(mastodon_server: Server, amy: Account, unique: Unique) -> None:
    mastodon_server.ignore_keys(amy.id)
    key = unique("key")
    assert amy.post("twice", idempotency_key=key)["id"] != amy.post("twice", idempotency_key=key)["id"]
