"""Answers get their names in one place: what happened, for how long to wait, what the server's clock says."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.errors import Busy, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.mastodon.http import USUAL_WAIT, Api, Reply, failure

DATE = "Thu, 07 Jan 2027 20:00:00 GMT"
NOW = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), body)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "42"}, 42),
        ({"Retry_After": "0"}, 1),
        ({"Retry_After": "999999"}, 3600),
        ({"Retry_After": "Thu, 07 Jan 2027 20:00:30 GMT", "Date": DATE}, 30),
        ({"X_RateLimit_Reset": "2027-01-07T20:04:00.123456Z", "Date": DATE}, 240.123456),
        ({"X_RateLimit_Reset": "2027-01-07T20:04:00", "Date": DATE}, 240),
        ({"X_RateLimit_Reset": "1799352060", "Date": DATE}, 60),
        ({"X_RateLimit_Reset": "2027-01-07T19:00:00Z", "Date": DATE}, 1),
        ({"X_RateLimit_Reset": "2027-01-07T20:04:00Z"}, USUAL_WAIT),
        ({"X_RateLimit_Reset": "soon", "Date": DATE}, USUAL_WAIT),
        ({"X_RateLimit_Reset": "9" * 400, "Date": DATE}, USUAL_WAIT),
        ({"Retry_After": "-5"}, USUAL_WAIT),
        ({}, USUAL_WAIT),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    error = failure(reply(429, **headers), "here", read=True)
    assert isinstance(error, Busy)
    assert error.retry_after == pytest.approx(seconds)


@pytest.mark.parametrize(("read", "meant"), [(True, Unavailable), (False, Unanswered)])
def test_503_is_certain_for_readers_only(read: bool, meant: type[Exception]) -> None:
    assert type(failure(reply(503), "here", read=read)) is meant


@pytest.mark.parametrize(
    ("status", "body", "writing", "reading"),
    [
        (422, b'{"error": "Validation failed"}', Refused, Refused),
        (403, b'{"error": "This action is not allowed"}', Refused, Refused),
        (403, b'{"error": "Your login is currently disabled"}', Unauthorized, Unauthorized),
        (403, b"<html>Checking your browser", Unanswered, Unavailable),
        (404, b"<html>We are moving house", Unanswered, Refused),
        (413, b"<html>Request Entity Too Large", Refused, Refused),
        (302, b"", Unavailable, Unavailable),
        (307, b"<html>", Unavailable, Unavailable),
    ],
)
def test_only_the_servers_own_words_refuse_for_good(
    status: int, body: bytes, writing: type[Exception], reading: type[Exception]
) -> None:
    assert type(failure(reply(status, body), "here", read=False)) is writing
    assert type(failure(reply(status, body), "here", read=True)) is reading


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "Record not found"}', "Record not found"),
        (b'{"error": "invalid_grant", "error_description": "The code is old"}', "The code is old"),
        (b'{"error": "' + b"x" * 5000 + b'"}', "x" * 300),
        (b"{}", ""),
        (b"<html>", None),
        (b"[]", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_the_servers_words(body: bytes, words: str | None) -> None:
    assert reply(404, body).words == words
    assert reply(404, body).gone is (words is not None)
    assert not reply(500, body).gone


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ('<https://x.example/api?limit=40&max_id=7>; rel="next", <https://x.example/api?min_id=9>; rel="prev"',
         [("limit", "40"), ("max_id", "7")]),
        ('<https://x.example/api?min_id=9>; rel="prev"', None),
        ("", None),
        ("nonsense", None),
        ('<https://x.example/api>; rel="next"', []),
    ],
)  # fmt: skip
def test_the_next_page(link: str, page: list[tuple[str, str]] | None) -> None:
    assert reply(200, Link=link).next_page() == page


def test_the_servers_clock_is_compared_with_ours(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data(b"{}")
    api = Api(httpserver.url_for(""), "secret", lambda: datetime.now(UTC) - timedelta(hours=5), 10.0)
    assert api.ahead is None
    api.get("/x")
    assert api.ahead == pytest.approx(5 * 3600, abs=30)
    api.close()


def test_a_redirect_does_not_carry_our_login_elsewhere(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data(b"", 302, headers={"Location": httpserver.url_for("/y")})
    httpserver.expect_request("/y").respond_with_data(b"{}")
    api = Api(httpserver.url_for(""), "secret", lambda: NOW, 10.0)
    with pytest.raises(Unavailable, match="is the server's address right"):
        api.get("/x")
    assert [request.path for request, _ in httpserver.log] == ["/x"]
    api.close()


def test_an_answer_that_trickles_in_for_ever_is_given_up(httpserver: HTTPServer) -> None:
    def trickle(_: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            for _ in range(600):
                time.sleep(0.05)
                yield b" "

        return Response(pieces(), 200)

    httpserver.expect_request("/x").respond_with_handler(trickle)
    api = Api(httpserver.url_for(""), "secret", lambda: NOW, 0.2)
    with pytest.raises(Unanswered, match="takes too long"):
        api.get("/x")
    api.close()


@pytest.mark.parametrize("server", ["nonsense", "ftp://x.example", "http://127.0.0.1:9"])
def test_an_address_that_leads_nowhere_is_unavailable(server: str) -> None:
    api = Api(server, "secret", lambda: NOW, 5.0)
    with pytest.raises(Unavailable):
        api.get("/x")
    api.close()
