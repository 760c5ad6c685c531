"""What every bad answer means, and that no secret is ever told."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import msgspec
import pytest
from unit.bluesky_stand_in import NOW, StandIn

from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.bluesky import Bluesky
from bot.networks.bluesky.sessions import Session, token_scope
from bot.ports import Wanted

WHOAMI = "com.atproto.server.getSession"


def asking(answer: Callable[[httpx.Request], httpx.Response]) -> Bluesky:
    stand_in = StandIn()
    stand_in.answers["app.bsky.notification.listNotifications"] = answer
    return stand_in.network()


def fails(error: type[httpx.HTTPError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("the line is bad", request=request)

    return answer


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (fails(httpx.ConnectError), Unavailable),
        (fails(httpx.ConnectTimeout), Unavailable),
        (fails(httpx.PoolTimeout), Unavailable),
        (fails(httpx.ReadTimeout), Unanswered),
        (fails(httpx.WriteTimeout), Unanswered),
        (fails(httpx.ReadError), Unanswered),
        (fails(httpx.WriteError), Unanswered),
        (fails(httpx.RemoteProtocolError), Unanswered),
        (lambda _: httpx.Response(200, content=b'{"notifications": ['), Unanswered),
        (lambda _: httpx.Response(200, json={"notifications": 5}), Unanswered),
        (lambda _: httpx.Response(200, content=b'"\xff"'), Unanswered),
        (lambda _: httpx.Response(500), Unanswered),
        (lambda _: httpx.Response(503, headers={"Retry-After": "5"}), Unanswered),
        (lambda _: httpx.Response(302, headers={"Location": "https://portal.example/login"}), Unavailable),
        (lambda _: httpx.Response(400, json={"error": "InvalidRequest", "message": "no"}), Refused),
        (lambda _: httpx.Response(403, json={"error": "Forbidden"}), Refused),
        (lambda _: httpx.Response(403, content=b"<html>"), Unavailable),
        (lambda _: httpx.Response(404), Refused),
        (lambda _: httpx.Response(413), Refused),
        (lambda _: httpx.Response(401, json={"error": "AuthMissing"}), Unauthorized),
        (lambda _: httpx.Response(400, json={"error": "ExpiredToken"}), Unauthorized),
        (lambda _: httpx.Response(400, json={"error": "AccountTakedown"}), Unauthorized),
        (lambda _: httpx.Response(401, json={"error": "AccountDeactivated"}), Unauthorized),
    ],
)
def test_what_a_bad_answer_means(answer: Callable[[httpx.Request], httpx.Response], meant: type[NetworkError]) -> None:
    with pytest.raises(NetworkError) as caught:
        asking(answer).listen("", Wanted())
    assert isinstance(caught.value, meant)
    assert str(caught.value).startswith("pds.example.org")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": format_datetime(datetime(2026, 3, 5, 20, 2, tzinfo=UTC), usegmt=True)}, 120),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 45)}, 45),
        ({"RateLimit-Reset": "1"}, 1),
        ({"Retry-After": "9" * 40}, 3600),
        ({"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, 60),
        ({"RateLimit-Reset": "9" * 400}, 3600),
        ({"Retry-After": "soon"}, 60),
        ({}, 60),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(Busy) as caught:
        asking(lambda _: httpx.Response(429, headers=headers)).listen("", Wanted())
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (httpx.Response(400, json={"error": "InvalidRequest"}), Refused),
        (httpx.Response(403, content=b"<html>Checking your browser"), Unanswered),
        (httpx.Response(404, content=b"<html>We are moving house"), Unanswered),
        (httpx.Response(413, content=b"<html>"), Refused),
    ],
)
def test_only_the_servers_own_words_refuse_a_prompt_for_good(answer: httpx.Response, meant: type[NetworkError]) -> None:
    stand_in = StandIn()
    stand_in.answers["com.atproto.repo.applyWrites"] = lambda _: answer
    with pytest.raises(NetworkError) as caught:
        stand_in.network()._xrpc.procedure("com.atproto.repo.applyWrites", {}, dict)
    assert isinstance(caught.value, meant)


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.networks.bluesky.xrpc._MOST_BYTES", 1_000)
    with pytest.raises(Unanswered, match="too long"):
        asking(lambda _: httpx.Response(200, content=b" " * 1_001)).listen("", Wanted())


def test_an_answer_that_trickles_in_for_ever_is_given_up() -> None:
    def trickle() -> Iterator[bytes]:
        while True:
            time.sleep(0.01)
            yield b" "

    network = asking(lambda _: httpx.Response(200, content=trickle()))
    network._xrpc._whole = 0.1
    with pytest.raises(Unanswered, match="too long"):
        network.listen("", Wanted())


def test_the_servers_clock_is_compared_with_ours() -> None:
    date = format_datetime(datetime(2026, 3, 5, 20, 0, 42, tzinfo=UTC), usegmt=True)
    network = asking(lambda _: httpx.Response(200, json={"notifications": []}, headers={"Date": date}))
    network.listen("", Wanted())
    assert network._xrpc.ahead == 42.5


def test_no_answer_to_a_login_means_nothing_was_done() -> None:
    stand_in = StandIn()
    stand_in.answers["com.atproto.server.createSession"] = lambda _: httpx.Response(502)
    with pytest.raises(Unavailable):
        stand_in.network().listen("", Wanted())


def test_without_password_and_session_we_say_what_to_do() -> None:
    with pytest.raises(Unauthorized, match="staffroom login bluesky"):
        StandIn().network(password="").listen("", Wanted())


SECRETS = ("hunter22", "access-token", "refresh-token")


def test_no_secret_is_in_errors_logs_or_reprs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stand_in = StandIn()
    tokens = {"did": "did:plc:me", "handle": "me.test", "accessJwt": "access-token", "refreshJwt": "refresh-token"}
    stand_in.answers["com.atproto.server.createSession"] = lambda _: httpx.Response(200, json=tokens)
    kept: list[str] = []
    network = stand_in.network(password="hunter22", on_session=kept.append)
    told = [repr(network), repr(network._xrpc), repr(network._xrpc.session)]
    for answer in (
        fails(httpx.ReadTimeout),
        lambda _: httpx.Response(200, content=b"{"),
        lambda _: httpx.Response(400),
    ):
        stand_in.answers["app.bsky.notification.listNotifications"] = answer
        with pytest.raises(NetworkError) as caught:
            network.listen("", Wanted())
        told += traceback.format_exception(caught.value)
        assert caught.value.__cause__ is None
    everything = "".join(told) + caplog.text
    assert not [secret for secret in SECRETS if secret in everything]
    assert all(secret in kept[0] for secret in SECRETS[1:])
    assert SECRETS[0] not in kept[0]


def test_a_session_is_kept_only_for_its_login_and_server() -> None:
    stand_in = StandIn()
    kept: list[str] = []
    stand_in.network(on_session=kept.append).freeze  # noqa: B018 -- nothing is asked before it is needed
    assert kept == []
    session = stand_in.network(on_session=kept.append)._xrpc.session
    assert msgspec.json.decode(kept[0], type=Session) == session
    assert stand_in.network(session=kept[0], password="")._xrpc.session == session
    for other in ({"handle": "you.test"}, {"server": "https://other.example.org"}, {"session": '{"did": 5}'}):
        with pytest.raises(Unauthorized):
            stand_in.network(**({"session": kept[0], "password": ""} | other))._xrpc.session  # noqa: B018 -- it raises


@pytest.mark.parametrize(
    ("token", "scope"),
    [
        ("h.eyJzY29wZSI6ImNvbS5hdHByb3RvLmFwcFBhc3MifQ.s", "com.atproto.appPass"),
        ("h.e30.s", ""),
        ("h.%%%.s", ""),
        ("opaque", ""),
    ],
)
def test_what_a_login_may_do_is_read_from_its_token(token: str, scope: str) -> None:
    assert token_scope(Session("s", "l", "d", "h", token, "r")) == scope


def test_many_threads_log_in_once_and_refresh_once() -> None:
    stand_in = StandIn()
    good = ["first"]
    all_here = threading.Barrier(8)

    def tokens(_: httpx.Request) -> dict[str, str]:
        return {"did": "did:plc:me", "handle": "me.test", "accessJwt": good[0], "refreshJwt": "r"}

    def notifications(request: httpx.Request) -> httpx.Response:
        if good[0] == "second" and request.headers["Authorization"] == "Bearer first":
            all_here.wait(30)  # all eight come with the old token before any is told so
            return httpx.Response(400, json={"error": "ExpiredToken"})
        return httpx.Response(200, json={"notifications": []})

    stand_in.answers["com.atproto.server.createSession"] = tokens
    stand_in.answers["com.atproto.server.refreshSession"] = tokens
    stand_in.answers["app.bsky.notification.listNotifications"] = notifications
    network = stand_in.network()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: network.listen("", Wanted()), range(8)))
        good[0] = "second"
        list(pool.map(lambda _: network.listen("", Wanted()), range(8)))
    assert stand_in.asked.count("com.atproto.server.createSession") == 1
    assert stand_in.asked.count("com.atproto.server.refreshSession") == 1
