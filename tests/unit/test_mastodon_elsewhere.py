"""Asking servers we know nothing of: which of them at all, how much, and what their answers may mean."""

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.networks.mastodon import elsewhere
from bot.networks.mastodon.elsewhere import ASK_AGAIN, LOOK_AGAIN, Elsewhere, Named, Place, Thread
from bot.networks.mastodon.wire import WireAccount, WirePost

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]


def wire(uri: str, url: str = "", local: str = "9") -> WirePost:
    return WirePost(local, WireAccount("1", acct="amy@far.example"), datetime(2027, 1, 7, tzinfo=UTC), uri=uri, url=url)


# -- addresses ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("uri", "url", "place"),
    [
        ("https://far.example/users/amy/statuses/115", "", ("far.example", "115")),
        ("https://far.example/@amy/115", "", ("far.example", "115")),
        ("https://far.example/ap/users/1/statuses/115", "", ("far.example", "115")),
        ("https://far.example/users/amy.b-c/statuses/01HXYZ", "", ("far.example", "01HXYZ")),
        ("https://far.example:443/@amy/115", "", ("far.example:443", "115")),
        ("tag:far.example,2027:objectId=5", "https://far.example/@amy/115", ("far.example", "115")),
        ("https://far.example/objects/0a-0b", "https://far.example/notice/5", None),
        ("https://far.example/notes/9abc", "", None),
        ("http://far.example/@amy/115", "", None),
        ("https://far.example:8443/@amy/115", "", None),
        ("https://amy:pw@far.example/@amy/115", "", None),
        ("https://127.0.0.1/@amy/115", "", None),
        ("https://[::1]/@amy/115", "", None),
        ("https://10.0.0.1/@amy/115", "", None),
        ("https://93.184.216.34/@amy/115", "", None),
        ("https://localhost/@amy/115", "", None),
        ("https://far.example/@amy/115/../../admin", "", None),
        ("https://far.example/@amy/115%2f", "", None),
        ("https://[half/@amy/115", "", None),
        ("https://far.example:port/@amy/115", "", None),
        ("", "", None),
    ],
)
def test_a_post_is_looked_for_where_it_is_at_home_and_that_may_be_asked(
    uri: str, url: str, place: tuple[str, str] | None
) -> None:
    found = Elsewhere().place(wire(uri, url))
    assert (found and (found.host, found.local)) == place


# -- a server that plays the stranger -------------------------------------------------------------------------------
class Stranger:
    def __init__(self, http: HTTPServer) -> None:
        self.answers: dict[str, Callable[[], Response]] = {}
        self.asked: list[Request] = []
        self.url = http.url_for("").rstrip("/")
        self.host = self.url.removeprefix("http://")
        self.clock = 0.0
        self.other = Elsewhere(neighbours=True, elapsed=lambda: self.clock)
        http.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        return (
            self.answers[request.path]() if request.path in self.answers else said({"error": "Record not found"}, 404)
        )

    def wire(self, number: int) -> WirePost:
        return wire(f"{self.url}/@amy/{number}", local=f"here{number}")

    def named(self, number: int) -> Named:
        return Named(f"{self.url}/@amy/{number}", Place("http", self.host, str(number)))


def said(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def stranger(httpserver: HTTPServer) -> Stranger:
    return Stranger(httpserver)


CONTEXT = "/api/v1/statuses/5/context"


def test_a_thread_is_public_replies_and_what_stands_above(stranger: Stranger) -> None:
    below = [
        {"id": "6", "uri": "https://a.example/6", "visibility": "public"},
        {"id": "7", "uri": "https://a.example/7", "visibility": "unlisted"},
        {"id": "8", "uri": "https://a.example/8", "visibility": "private"},
        {"id": "9", "uri": None, "visibility": "public"},
        {"id": 10},
        None,
    ]
    above = [{"id": "1", "uri": "https://ours.example/1", "visibility": "public"}]
    stranger.answers[CONTEXT] = lambda: said({"ancestors": above, "descendants": below})
    thread = stranger.other.thread(stranger.named(5))
    assert thread.below == ("https://a.example/6", "https://a.example/7")
    assert thread.above == (Named("https://ours.example/1", Place("http", stranger.host, "1")),)
    [request] = stranger.asked
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    "answer",
    [
        lambda: said({"error": "This API requires an authenticated user"}, 401),
        lambda: said({"error": "down"}, 500),
        lambda: Response("<html>hello</html>"),
        lambda: Response("[" * 100_000),
        lambda: said({"descendants": "none"}),
        lambda: Response("", 302, {"Location": "/api/v1/statuses/6/context"}),
        lambda: said({"descendants": [], "padding": "x" * elsewhere.MOST_BYTES}),
    ],
)
def test_whatever_goes_wrong_there_means_nothing_is_known(stranger: Stranger, answer: "Callable[[], Response]") -> None:
    stranger.answers[CONTEXT] = answer
    stranger.answers["/api/v1/statuses/6/context"] = lambda: said(
        {"descendants": [{"id": "1", "uri": "https://x.y/1"}]}
    )
    assert stranger.other.thread(stranger.named(5)) == Thread()
    assert len(stranger.asked) == 1


def test_the_same_thread_is_asked_for_again_after_a_quarter_of_an_hour_and_the_longest_ago_first(
    stranger: Stranger,
) -> None:
    some = [stranger.named(number) for number in (5, 6, 7)]
    assert stranger.other.due(some) == some
    for number, post in enumerate(some[:2]):
        stranger.clock = float(number)
        stranger.other.thread(post)
    assert stranger.other.due(some) == [some[2]]
    stranger.clock = ASK_AGAIN + 2
    assert stranger.other.due(some) == [some[2], some[0], some[1]]


def test_a_server_that_does_not_answer_is_left_in_peace_for_a_while(stranger: Stranger) -> None:
    stranger.answers[CONTEXT] = lambda: said({"descendants": [], "padding": "x" * elsewhere.MOST_BYTES})
    for number in (5, 6, 7):
        stranger.other.thread(stranger.named(number))
    assert len(stranger.asked) == 1
    stranger.clock = ASK_AGAIN
    stranger.other.thread(stranger.named(6))
    assert len(stranger.asked) == 2


# -- deletions ------------------------------------------------------------------------------------------------------
POST = "/api/v1/statuses/5"


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        (lambda: said({"error": "Record not found"}, 404), True),
        (lambda: said({"error": "Gone"}, 410), True),
        (lambda: Response("<html>not found</html>", 404), False),
        (lambda: said({"error": "This method requires an authenticated user"}, 401), False),
        (lambda: said({"error": "Forbidden"}, 403), False),
        (lambda: said({"error": "down"}, 500), False),
        (lambda: said({"id": "5"}), False),
        (lambda: Response("", 301, {"Location": "/elsewhere"}), False),
    ],
)
def test_only_the_servers_own_words_make_a_post_gone(
    stranger: Stranger, answer: "Callable[[], Response]", gone: bool
) -> None:
    stranger.answers[POST] = answer
    assert stranger.other.gone([stranger.wire(5)], 20) == (19, {"here5"} if gone else set())


def test_posts_are_looked_for_hourly_a_few_at_a_time_and_what_was_found_out_is_remembered(stranger: Stranger) -> None:
    stranger.answers[POST] = lambda: said({"id": "5"})
    some = [stranger.wire(number) for number in (5, 6, 7)]  # 6 and 7 are gone
    assert stranger.other.gone(some, 2) == (0, {"here6"})
    stranger.clock = 1.0
    assert stranger.other.gone(some, 2) == (1, {"here6", "here7"})
    assert stranger.other.gone(some, 2) == (2, {"here6", "here7"})
    assert [request.path.rpartition("/")[2] for request in stranger.asked] == ["5", "6", "7"]
    stranger.clock = LOOK_AGAIN + 1
    stranger.answers["/api/v1/statuses/6"] = lambda: said({"id": "6"})
    assert stranger.other.gone(some, 2) == (0, {"here7"})
    stranger.answers[POST] = lambda: said({"error": "down"}, 500)
    stranger.answers["/api/v1/statuses/7"] = lambda: said({"error": "down"}, 500)
    stranger.clock = 3 * LOOK_AGAIN
    assert stranger.other.gone(some, 9)[1] == {"here7"}  # nothing new is known
