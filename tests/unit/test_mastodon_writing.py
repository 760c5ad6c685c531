"""Freezing fixes every request beforehand; pictures are waited for; text is sent as this network writes it."""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.domain.outbox import Draft, DraftPost, MediaFile, Part, Poll
from bot.domain.posts import PostRef
from bot.domain.richtext import Facet, Link, Mention, RichText, detect, join
from bot.errors import Refused, Unavailable
from bot.networks.mastodon import Mastodon
from bot.networks.mastodon.http import Api
from bot.networks.mastodon.server import Server
from bot.networks.mastodon.writing import PROCESSING, Writer

NOW = datetime.now(UTC)  # the scripted server has no other clock
PICTURE = MediaFile("ab" * 32, "image/png", 3, "A wall 🖍", 8, 6)
Json = dict[str, Any]


class Scripted:
    """A server that gives scripted answers, by method and path, and keeps what it was asked."""

    def __init__(self, http: HTTPServer) -> None:
        self.url = http.url_for("").rstrip("/")
        self.host = self.url.removeprefix("http://")
        self.answers: dict[str, list[tuple[int, Json]]] = {
            "GET /api/v2/instance": [(200, {"domain": "home.example", "version": "4.5.0"})]
        }
        self.requests: list[tuple[str, bytes, str]] = []
        http.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        what = f"{request.method} {request.path}"
        self.requests.append((what, request.get_data(), request.headers.get("Idempotency-Key", "")))
        waiting = self.answers.get(what) or [(404, {"error": "Record not found"})]
        status, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def scripted(httpserver: HTTPServer) -> Scripted:
    return Scripted(httpserver)


class Hand:
    def __init__(self, scripted: Scripted) -> None:
        self.pauses: list[float] = []
        self.writer = Writer(Server(Api(scripted.url, "secret", lambda: NOW, 10.0), lambda: NOW), self.pauses.append)

    def payloads(self, draft: Draft) -> list[Json]:
        return [json.loads(part.payload) for part in self.writer.freeze(draft, "d@main")]


def draft_of(*posts: DraftPost, **more: Any) -> Draft:
    return Draft(posts, more.pop("languages", ("en",)), NOW, **more)


def post(text: str | RichText, **more: Any) -> DraftPost:
    return DraftPost(RichText(text) if isinstance(text, str) else text, **more)


def blob(_: str) -> bytes:
    return b"png"


def test_parts_come_in_the_order_in_which_they_need_each_other(scripted: Scripted) -> None:
    draft = draft_of(
        post("one", media=(PICTURE, PICTURE)), post("two", reply_to=0, media=(PICTURE,)), post("three", reply_to=0)
    )
    parts = Hand(scripted).writer.freeze(draft, "d@main")
    assert [(part.position, part.kind, part.needs, part.post) for part in parts] == [
        (0, "media", (), 0),
        (1, "media", (), 0),
        (2, "post", (0, 1), 0),
        (3, "media", (), 1),
        (4, "post", (3, 2), 1),
        (5, "post", (2,), 2),
    ]


def test_freezing_again_gives_the_same_keys_and_other_words_another(scripted: Scripted) -> None:
    draft = draft_of(post("same"), post("same", reply_to=0), post("same", reply_to=1))
    network = Mastodon(account="main", server=scripted.url, token="secret", clock=lambda: NOW)
    first, again = (network.freeze(draft, "d@main", random.Random(seed), blob) for seed in (1, 2))
    assert first == again
    keys = {part.key for part in first}
    assert len(keys) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
    changed = draft_of(post("Same"), post("same", reply_to=0), post("same", reply_to=1))
    assert network.freeze(changed, "d@main", random.Random(1), blob)[0].key not in keys
    assert keys.isdisjoint(part.key for part in network.freeze(draft, "e@main", random.Random(1), blob))
    network.close()


def test_all_that_matters_is_stated(scripted: Scripted) -> None:
    under = PostRef("mastodon", f"{scripted.host}/77")
    first = post("Q1?", visibility="unlisted", poll=Poll(("a", "b"), 600))
    draft = draft_of(first, post("more", reply_to=0), reply_to=under, warning="exams", languages=("cy", "en"))
    one, two = Hand(scripted).payloads(draft)
    poll = {"options": ["a", "b"], "seconds": 600}
    assert (one["status"], one["visibility"], one["language"], one["warning"]) == ("Q1?", "unlisted", "cy", "exams")
    assert (one["poll"], one["under"], one["parent"]) == (poll, "77", None)
    assert (two["visibility"], two["parent"], two["under"], two["warning"]) == ("public", 0, "", "exams")


@pytest.mark.parametrize(
    ("languages", "said"),
    [(("en-GB",), "en"), (("zh-TW", "en"), "zh-TW"), (("FR",), "fr"), (("gsw",), "gsw"), ((), "")],
)
def test_one_language_as_the_network_names_it(scripted: Scripted, languages: tuple[str, ...], said: str) -> None:
    [payload] = Hand(scripted).payloads(draft_of(post("x"), languages=languages))
    assert payload["language"] == said


def mention(shown: str, handle: str) -> RichText:
    return RichText(shown, (Facet(0, len(shown.encode()), Mention("https://x.example/users/amy", handle)),))


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (mention("@amy", "@amy@far.example"), "@amy@far.example"),
        (mention("@amy", "amy@far.example:8443"), "@amy@far.example:8443"),
        (mention("@amy@home.example", "@amy@home.example"), "@amy"),
        (mention("@amy.bsky.social", "amy.bsky.social"), "@amy.bsky.social"),
        (join(["🎉 ", mention("@amy", "@amy@far.example"), "!"]), "🎉 @amy@far.example!"),
        (RichText("see our page", (Facet(8, 12, Link("https://x.example/a")),)), "see our page (https://x.example/a)"),
        (detect("no ping @amy@far.example"), "no ping @\u200bamy@\u200bfar.example"),
    ],
)
def test_text_is_sent_as_this_network_reads_it(scripted: Scripted, text: RichText, sent: str) -> None:
    [payload] = Hand(scripted).payloads(draft_of(post(text)))
    assert payload["status"] == sent


def test_freezing_works_while_the_server_is_silent(scripted: Scripted) -> None:
    scripted.answers = {}
    [payload] = Hand(scripted).payloads(draft_of(post(mention("@amy", "@amy@home.example"))))
    assert payload["status"] == "@amy@home.example"


def landed(part: Part, remote: str) -> Part:
    return msgspec.structs.replace(part, state="sent", remote=PostRef("mastodon", remote))


def test_a_picture_is_waited_for_and_shown(scripted: Scripted) -> None:
    scripted.answers |= {
        "POST /api/v2/media": [(202, {"id": "m1", "type": "image", "url": None})],
        "GET /api/v1/media/m1": [(206, {"id": "m1"}), (206, {"id": "m1"}), (200, {"id": "m1", "url": "https://x"})],
        "POST /api/v1/statuses": [(200, {"id": "s1", "account": {"id": "1"}, "created_at": NOW.isoformat()})],
    }
    hand = Hand(scripted)
    parts = hand.writer.freeze(draft_of(post("look", media=(PICTURE,))), "d@main")
    [sent] = hand.writer.send(parts[:1], parts, blob)
    assert (sent.position, sent.remote.id) == (0, "m1")
    assert hand.pauses == list(PROCESSING[:3])
    upload = next(body for what, body, _ in scripted.requests if what == "POST /api/v2/media")
    assert b"png" in upload
    assert "A wall 🖍".encode() in upload
    parts = (landed(parts[0], "m1"), parts[1])
    [sent] = hand.writer.send(parts[1:], parts, blob)
    assert sent.remote.id == f"{scripted.host}/s1"
    what, body, key = scripted.requests[-1]
    assert (what, key) == ("POST /api/v1/statuses", parts[1].key)
    wanted = {"status": "look", "visibility": "public", "language": "en", "media_ids": ["m1"]}
    assert json.loads(body) == wanted


def test_a_picture_that_is_never_ready_is_tried_again_later(scripted: Scripted) -> None:
    scripted.answers |= {
        "POST /api/v2/media": [(202, {"id": "m1"})],
        "GET /api/v1/media/m1": [(206, {"id": "m1"})],
    }
    hand = Hand(scripted)
    parts = hand.writer.freeze(draft_of(post("look", media=(PICTURE,))), "d@main")
    with pytest.raises(Unavailable, match="busy with a picture"):
        hand.writer.send(parts[:1], parts, blob)
    assert hand.pauses == list(PROCESSING)


def test_a_picture_the_server_cannot_read_is_refused(scripted: Scripted) -> None:
    scripted.answers["POST /api/v2/media"] = [(422, {"error": "Validation failed: File is corrupt"})]
    hand = Hand(scripted)
    parts = hand.writer.freeze(draft_of(post("look", media=(PICTURE,))), "d@main")
    with pytest.raises(Refused, match="File is corrupt"):
        hand.writer.send(parts[:1], parts, blob)


# -- finding ---------------------------------------------------------------------------------------------------------
def held(status: str, text: str, **more: Any) -> Json:
    return {
        "id": status, "account": {"id": "me"}, "created_at": NOW.isoformat(), "visibility": "public",
        "content": f"<p>{text}</p>", **more,
    }  # fmt: skip


def find(scripted: Scripted, draft: Draft, *posts: Json) -> list[str]:
    scripted.answers["GET /api/v1/accounts/verify_credentials"] = [(200, {"id": "me"})]
    path = "GET /api/v1/accounts/me/statuses"
    scripted.answers[path] = [(200, list(posts)), (200, [])]  # type: ignore[list-item]
    hand = Hand(scripted)
    parts = hand.writer.freeze(draft, "d@main")
    return [sent.remote.id.rpartition("/")[2] for sent in hand.writer.find(parts[-1:], parts)]


@pytest.mark.parametrize(
    ("post", "found"),
    [
        (held("1", "Hello  you"), ["1"]),
        (held("1", "Hello you!"), []),
        (held("1", "Hello you", visibility="unlisted"), ["1"]),
        (held("1", "Hello you", visibility="private"), []),
        (held("1", "Hello you", in_reply_to_id="9"), []),
        (held("1", "Hello you", spoiler_text="exams"), []),
        (held("1", "Hello you", media_attachments=[{"id": "m"}]), []),
        (held("1", "Hello you", poll={"options": [{"title": "a"}]}), []),
        (held("1", "Hello you", reblog={"id": "2"}), []),
    ],
)
def test_a_post_is_ours_when_all_of_it_fits(scripted: Scripted, post: Json, found: list[str]) -> None:
    assert find(scripted, draft_of(DraftPost(RichText("Hello you"))), post) == found


def test_last_weeks_welcome_is_not_this_weeks(scripted: Scripted) -> None:
    assert (
        find(
            scripted, draft_of(post("Welcome")), held("1", "Welcome", created_at=(NOW - timedelta(days=7)).isoformat())
        )
        == []
    )


def test_the_oldest_of_two_is_taken(scripted: Scripted) -> None:
    older = held("1", "Hello", created_at=(NOW - timedelta(minutes=1)).isoformat())
    assert find(scripted, draft_of(post("Hello")), held("2", "Hello"), older) == ["1"]


def test_where_the_text_is_shown_otherwise_its_source_decides(scripted: Scripted) -> None:
    scripted.answers["GET /api/v1/statuses/1/source"] = [(200, {"id": "1", "text": "1. one\n2. *two*"})]
    assert find(scripted, draft_of(post("1. one\n2. *two*")), held("1", "<ol><li>one</li></ol>")) == ["1"]
    assert find(scripted, draft_of(post("1. one\n2. *too*")), held("1", "<ol><li>one</li></ol>")) == []


def test_a_reply_whose_parent_was_deleted_since_is_still_ours(scripted: Scripted) -> None:
    under = PostRef("mastodon", f"{scripted.host}/77")
    orphan = held("1", "Hello", in_reply_to_id=None, in_reply_to_account_id="me")
    assert find(scripted, draft_of(post("Hello"), reply_to=under), orphan) == ["1"]
    assert find(scripted, draft_of(post("Hello"), reply_to=under), held("1", "Hello")) == []


def test_mentions_are_compared_without_their_servers(scripted: Scripted) -> None:
    shown = '<a href="https://far.example/@amy" class="u-url mention">@<span>amy</span></a> hello'
    draft = draft_of(post(join([mention("@amy", "@amy@far.example"), " hello"])))
    assert find(scripted, draft, held("1", shown)) == ["1"]
