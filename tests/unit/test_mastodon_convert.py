"""What servers of many makes send becomes the domain's types: signals, visibility, quotes, bridges, odd values."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.consent import decide
from bot.domain.posts import Post
from bot.domain.records import PollCount
from bot.errors import Unanswered
from bot.networks.mastodon import convert
from bot.networks.mastodon.convert import Place
from bot.networks.mastodon.wire import WireInstance, one_post, posts_in

NOW = datetime(2027, 1, 7, 21, 0, tzinfo=UTC)
PLACE = Place("social.example.org:8443", "example.org", NOW)
AUTHOR = {
    "id": "7",
    "username": "hanes",
    "acct": "hanes",
    "display_name": "Ms Hanes",
    "url": "https://social.example.org/@hanes",
    "uri": "https://social.example.org/users/hanes",
    "note": "<p>Year 5</p>",
}
POST = {
    "id": "42",
    "uri": "https://social.example.org/users/hanes/statuses/42",
    "url": "https://social.example.org/@hanes/42",
    "account": AUTHOR,
    "created_at": "2027-01-07T20:05:00.000Z",
    "content": "<p>A1 Less marking</p>",
    "visibility": "public",
}


def read(author: dict[str, Any] | None = None, **changes: Any) -> Post:
    body = json.dumps({**POST, "account": {**AUTHOR, **(author or {})}, **changes}).encode()
    return convert.post(one_post(body, PLACE.host), PLACE)


def test_a_plain_post() -> None:
    post = read(language="cy", spoiler_text=" exams ", in_reply_to_id="41")
    assert post.ref.id == "social.example.org:8443/42"
    assert post.ref.url == "https://social.example.org/@hanes/42"
    assert post.parent == "social.example.org:8443/41"
    assert (post.root, post.quote) == ("", "")
    assert post.at == datetime(2027, 1, 7, 20, 5, tzinfo=UTC)
    assert (post.languages, post.warning, post.text.text) == (("cy",), "exams", "A1 Less marking")
    assert post.uri == "https://social.example.org/users/hanes/statuses/42"
    assert (post.author.id, post.author.name) == ("https://social.example.org/users/hanes", "Ms Hanes")
    assert post.author.handle == "@hanes@example.org"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("public", "public"),
        ("unlisted", "unlisted"),
        ("private", "followers"),
        ("direct", "direct"),
        ("local", "direct"),
        ("mutuals_only", "direct"),
        ("list", "direct"),
        ("", "direct"),
        (None, "direct"),
    ],
)
def test_visibility_is_never_wider_than_meant(said: str | None, meant: str) -> None:
    assert read(visibility=said).visibility == meant


def test_a_local_only_post_is_not_public() -> None:
    assert read(local_only=True).visibility == "followers"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        (None, ""),
        ({"state": "accepted", "quoted_status": {"id": "9"}}, "9"),
        ({"state": "accepted", "quoted_status_id": "9"}, "9"),
        ({"state": "pending", "quoted_status": None}, ""),
        ({"state": "revoked", "quoted_status": {"id": "9"}}, ""),
        ({"state": "rejected", "quoted_status_id": "9"}, ""),
        ({"state": "blocked_account", "quoted_status_id": "9"}, ""),
        ({"id": "9", "content": "as forks write it"}, "9"),
    ],
)
def test_a_quote_counts_while_its_author_lets_it(quote: dict[str, Any] | None, found: str) -> None:
    assert read(quote=quote).quote == (f"social.example.org:8443/{found}" if found else "")


def test_a_forks_quote_id_counts() -> None:
    assert read(quote_id="9").quote == "social.example.org:8443/9"


@pytest.mark.parametrize(
    ("acct", "bridged"),
    [
        ("amy.bsky.social@bsky.brid.gy", True),
        ("amy@web.brid.gy", True),
        ("amy@brid.gy", True),
        ("amy@notbrid.gy", False),
        ("brid.gy", False),
        ("amy@brid.gy.example.org", False),
    ],
)
def test_a_bridges_copy_names_its_original_and_is_left_out(acct: str, bridged: bool) -> None:
    original = "https://bsky.app/profile/amy.bsky.social/post/3k"
    post = read({"acct": acct}, url=f"https://bsky.brid.gy/r/{original}")
    assert post.author.signals.bridged is bridged
    assert post.original == (original if bridged else "")
    assert (decide(post, series="edchat", basis="everyone", in_thread=True).why == "bridge-copy") is bridged


@pytest.mark.parametrize("field", ["indexable", "discoverable", "noindex"])
@pytest.mark.parametrize("value", [True, False, None])
def test_flags_stay_unsaid_where_the_server_says_nothing(field: str, value: bool | None) -> None:
    assert getattr(read({field: value}).author.signals, field) is value
    assert getattr(read().author.signals, field) is None


def test_bio_tags_come_from_bio_and_fields() -> None:
    tag = '<a href="https://x.example/tags/NoBot" class="mention hashtag" rel="tag">#<span>NoBot</span></a>'
    fields = [{"name": "pronouns", "value": "they #NoArchive"}, {"name": "#noindex", "value": f"{tag} &#39;"}]
    tags = read({"note": f"<p>Hi {tag} #NOSEARCH</p>", "fields": fields}).author.signals.bio_tags
    assert tags == ("nobot", "nosearch", "noarchive", "noindex")


@pytest.mark.parametrize(("flag", "label"), [("limited", "!hide"), ("suspended", "!suspend")])
def test_what_moderators_hid_there_is_hidden_here(flag: str, label: str) -> None:
    post = read({flag: True})
    assert post.author.signals.labels == (label,)
    assert decide(post, series="edchat", basis="everyone", in_thread=True).why == "hidden-there"


def test_the_rest_of_the_world_may_leave_much_unsaid() -> None:
    bare = {"id": "01H", "account": {"id": "01A", "acct": "bo@far.example"}, "created_at": "2027-01-07T20:05:00"}
    post = convert.post(one_post(json.dumps(bare).encode(), PLACE.host), PLACE)
    assert (post.author.id, post.author.name, post.author.url) == ("@bo@far.example",) * 2 + ("",)
    assert (post.text.text, post.ref.url, post.visibility) == ("", "", "direct")
    assert post.at == datetime(2027, 1, 7, 20, 5, tzinfo=UTC)


def counted(**poll: Any) -> PollCount | None:
    base = {"id": "1", "account": {"id": "2"}, "created_at": "2027-01-07T20:05:00Z", "poll": TOLD | poll}
    return convert.poll_count(one_post(json.dumps(base).encode(), PLACE.host).poll)


TOLD = {
    "expired": False,
    "multiple": False,
    "votes_count": 5,
    "voters_count": 5,
    "options": [{"title": "Ticks ", "votes_count": 3}, {"title": "Levels", "votes_count": 2}],
}


def test_votes_are_counted_as_the_server_tells_them() -> None:
    assert counted() == PollCount(("Ticks", "Levels"), (3, 2), over=False)
    assert counted(expired=True, voters_count=None) == PollCount(("Ticks", "Levels"), (3, 2), over=True)
    assert counted(expired=None, votes_count=None) == PollCount(("Ticks", "Levels"), (3, 2), over=False)
    assert convert.poll_count(None) is None


@pytest.mark.parametrize(
    "poll",
    [
        {"options": [{"title": "Ticks", "votes_count": 5}, {"title": "Levels", "votes_count": None}]},
        {"options": [{"title": "Ticks"}, {"title": "Levels"}]},
        {"options": [{"title": "Ticks", "votes_count": 6}, {"title": "Levels", "votes_count": -1}]},
        {"options": [{"title": "Ticks", "votes_count": "3"}, {"title": "Levels", "votes_count": 2}]},
        {"options": [{"title": "Ticks", "votes_count": 3.0}, {"title": "Levels", "votes_count": 2}]},
        {"options": [{"title": "Ticks", "votes_count": 4}, {"title": "Levels", "votes_count": True}]},
        {"options": [{"title": "Ticks", "votes_count": 10**30}], "votes_count": 10**30},
        {"options": []},
        {"multiple": True},
        {"votes_count": 6},
        {"votes_count": "many"},
    ],
)
def test_of_a_poll_that_is_not_told_whole_nothing_is_said(poll: dict[str, Any]) -> None:
    assert counted(**poll) is None


def test_nulls_are_nothing() -> None:
    names = (
        "content",
        "spoiler_text",
        "media_attachments",
        "mentions",
        "poll",
        "quote",
        "language",
        "edited_at",
        "url",
    )
    post = read({"note": None, "fields": None, "display_name": None}, **dict.fromkeys(names), replies_count=None)
    assert (post.text.text, post.media, post.languages, post.edited_at) == ("", (), (), None)
    assert post.ref.url == "https://social.example.org/users/hanes/statuses/42"


def test_addresses_a_browser_should_not_open_are_left_out() -> None:
    post = read({"url": "javascript:alert(1)"}, url="javascript:alert(1)", uri="tag:x,2027:42")
    assert (post.ref.url, post.author.url, post.uri) == ("", "", "tag:x,2027:42")


def test_nothing_was_written_later_than_now() -> None:
    late = (NOW + timedelta(days=1)).isoformat()
    post = read(created_at=late, edited_at=late)
    assert (post.at, post.edited_at) == (NOW, NOW)


def test_media_kinds() -> None:
    kinds = {
        "image": "image",
        "gifv": "video",
        "video": "video",
        "audio": "audio",
        "unknown": "other",
        "hologram": "other",
    }
    post = read(media_attachments=[{"id": "1", "type": kind, "description": " A wall "} for kind in kinds])
    assert [one.kind for one in post.media] == list(kinds.values())
    assert {one.alt for one in post.media} == {"A wall"}


def test_one_unreadable_post_does_not_cost_us_the_others() -> None:
    odd = [{**POST, "id": 42}, {"id": "1"}, {**POST, "created_at": "yesterday"}, 7, None]
    body = json.dumps([POST, *odd, {**POST, "id": "43"}]).encode()
    assert [post.id for post in posts_in(body, PLACE.host)] == ["42", "43"]


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b'[{"id"', b"<html>", b"\xff\xfe", b"[" * 200_000])
def test_half_an_answer_is_none(body: bytes) -> None:
    with pytest.raises(Unanswered):
        posts_in(body, PLACE.host)


@pytest.mark.parametrize(
    ("version", "source", "software", "number"),
    [
        ("4.5.2", "https://github.com/mastodon/mastodon", "mastodon 4.5.2", (4, 5)),
        ("4.6.0-alpha.1+glitch", "https://github.com/glitch-soc/mastodon", "mastodon 4.6.0-alpha.1+glitch", (4, 6)),
        ("2.7.2 (compatible; Akkoma 3.13.2)", None, "Akkoma 3.13.2", (2, 7)),
        ("0.19.1+git-abc", "https://github.com/superseriousbusiness/gotosocial", "gotosocial 0.19.1+git-abc", (0, 19)),
        ("nightly", "", "Mastodon nightly", (0, 0)),
        (None, None, "Mastodon", (0, 0)),
    ],
)
def test_software_and_version(version: str | None, source: str | None, software: str, number: tuple[int, int]) -> None:
    told = WireInstance(version=version, source_url=source)
    assert (convert.software(told), convert.version(told)) == (software, number)
