"""The fault proxy passes everything on, and goes wrong exactly as told."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from networks.faults import FaultProxy, Seen
from networks.mastodon_server import MastodonServer


@dataclass
class Upstream:
    url: str
    received: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            known.received.append((self.command, self.path, body))
            self.send_response(200)
            self.send_header("X-Answer", "yes")
            if self.path != "/stream":
                self.send_header("Content-Length", str(len(body)))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body if self.path != "/stream" else b"one\ntwo\n")

        do_GET = do_POST  # noqa: N815 - the name http.server looks for

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    known = Upstream(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    with FaultProxy(upstream.url) as running:
        yield running


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=20) as made:
        yield made


def test_requests_and_answers_pass_through(client: httpx.Client, proxy: FaultProxy, upstream: Upstream) -> None:
    answer = client.post("/a?b=c", content=b"hello")

    assert (answer.status_code, answer.content, answer.headers["X-Answer"]) == (200, b"hello", "yes")
    assert upstream.received == [("POST", "/a?b=c", b"hello")]
    assert proxy.seen == [Seen("POST", "/a?b=c", 200)]


def test_chunked_bodies_and_streams_pass_through(client: httpx.Client, upstream: Upstream) -> None:
    client.post("/chunks", content=iter([b"one", b"two"]))

    assert upstream.received == [("POST", "/chunks", b"onetwo")]
    assert client.get("/stream").text == "one\ntwo\n"


def test_an_unplugged_server_refuses_and_comes_back(
    client: httpx.Client, proxy: FaultProxy, upstream: Upstream
) -> None:
    client.post("/before")
    proxy.unplug()
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            client.post("/while")
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{proxy.url}/while")
    proxy.plug()

    assert client.post("/after").status_code == 200
    assert [path for _, path, _ in upstream.received] == ["/before", "/after"]


def test_a_lost_answer_was_acted_upon(client: httpx.Client, proxy: FaultProxy, upstream: Upstream) -> None:
    fault = proxy.lose_answer("POST", "^/posts$")
    client.get("/posts")

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/posts", content=b"once")

    assert fault.fired == 1
    assert upstream.received[-1] == ("POST", "/posts", b"once")
    assert client.post("/posts", content=b"again").status_code == 200


def test_a_status_of_the_tests_own_never_reaches_the_server(
    client: httpx.Client, proxy: FaultProxy, upstream: Upstream
) -> None:
    proxy.too_many(path="/posts", retry_after=7)
    proxy.answer(500, times=2)

    slow_down = client.post("/posts")

    assert (slow_down.status_code, slow_down.headers["Retry-After"]) == (429, "7")
    assert [client.get("/x").status_code for _ in range(3)] == [500, 500, 200]
    assert len(upstream.received) == 1
    assert [seen.outcome for seen in proxy.requests("GET")] == ["answer", "answer", 200]


@pytest.mark.parametrize("forward_first", [True, False])
def test_a_stall_holds_until_released(
    client: httpx.Client,
    proxy: FaultProxy,
    upstream: Upstream,
    forward_first: bool,
) -> None:
    fault = proxy.stall("POST", forward_first=forward_first)
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(client.post("/slow").status_code))
    waiting.start()
    fault.wait_until_fired()
    if not forward_first:
        assert upstream.received == []
    assert answers == []

    fault.release()
    waiting.join(20)

    assert answers == [200]
    assert len(upstream.received) == 1


def test_a_client_that_gives_up_on_a_stall_may_still_have_been_heard(proxy: FaultProxy, upstream: Upstream) -> None:
    fault = proxy.stall("POST", forward_first=True)

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{proxy.url}/posts", content=b"heard", timeout=httpx.Timeout(5, read=0.5))

    assert fault.fired == 1
    assert upstream.received == [("POST", "/posts", b"heard")]


def test_a_lost_request_was_never_heard(client: httpx.Client, proxy: FaultProxy, upstream: Upstream) -> None:
    fault = proxy.lose_request("POST")

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/posts", content=b"unheard")

    assert fault.fired == 1
    assert upstream.received == []
    assert client.post("/posts", content=b"heard").status_code == 200


def test_half_an_answer_ends_early_or_says_it_is_all(
    client: httpx.Client, proxy: FaultProxy, upstream: Upstream
) -> None:
    proxy.half("POST")
    with pytest.raises(httpx.RemoteProtocolError, match="4 bytes, expected 8"):
        client.post("/posts", content=b"12345678")
    proxy.half("POST", hang_up=False)

    assert client.post("/posts", content=b"12345678").content == b"1234"
    assert len(upstream.received) == 2
    assert [seen.outcome for seen in proxy.seen] == ["half", "half"]


@pytest.mark.parametrize("forward_first", [True, False])
def test_a_reset_is_no_mere_end(
    client: httpx.Client,
    proxy: FaultProxy,
    upstream: Upstream,
    forward_first: bool,
) -> None:
    fault = proxy.reset("POST", forward_first=forward_first)

    with pytest.raises(httpx.ReadError, match="reset"):
        client.post("/posts", content=b"1")

    assert fault.fired == 1
    assert len(upstream.received) == forward_first
    assert client.post("/posts", content=b"2").status_code == 200


def test_a_drip_is_never_silent_for_long(client: httpx.Client, proxy: FaultProxy) -> None:
    fault = proxy.drip("POST", seconds=600)
    came: list[bytes] = []
    with client.stream("POST", "/posts", content=b"x" * 100) as answer:
        for piece in answer.iter_raw():
            came.append(piece)
            fault.release()  # only once something came: the rest would take its ten minutes

    assert b"".join(came) == b"x" * 100
    assert len(came) > 1
    assert fault.fired == 1


def test_something_on_the_way_asks_twice(client: httpx.Client, proxy: FaultProxy, upstream: Upstream) -> None:
    fault = proxy.twice("POST")

    assert client.post("/posts", content=b"once").content == b"once"
    assert client.post("/posts", content=b"again").content == b"again"
    assert fault.fired == 1
    assert [body for _, _, body in upstream.received] == [b"once", b"once", b"again"]


def test_settle_waits_for_what_a_dead_client_has_sent(proxy: FaultProxy, upstream: Upstream) -> None:
    fault = proxy.stall("POST")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{proxy.url}/posts", content=b"late", timeout=httpx.Timeout(5, read=0.1))
    with pytest.raises(TimeoutError):
        proxy.settle(0.1)
    assert upstream.received == []

    fault.release()
    proxy.settle()

    assert upstream.received == [("POST", "/posts", b"late")]
    assert len(proxy.seen) == 1  # and of its own asking there is no trace


def test_clear_forgets_every_fault(client: httpx.Client, proxy: FaultProxy) -> None:
    proxy.answer(500, times=None)
    assert client.get("/").status_code == 500

    proxy.clear()

    assert client.get("/").status_code == 200


def test_it_stands_before_a_real_server(mastodon_server: MastodonServer, unique: Any) -> None:
    amy = mastodon_server.create_account(unique("amy"))
    headers = {"Authorization": f"Bearer {amy.token}", "Idempotency-Key": unique("key")}
    with FaultProxy(mastodon_server.url) as proxy, httpx.Client(base_url=proxy.url, headers=headers) as bot:
        proxy.lose_answer("POST", "/api/v1/statuses$")
        with pytest.raises(httpx.RemoteProtocolError):
            bot.post("/api/v1/statuses", json={"status": "Q1", "visibility": "public"})
        retried = bot.post("/api/v1/statuses", json={"status": "Q1", "visibility": "public"}).json()

    assert [post["id"] for post in mastodon_server.account_statuses(amy.id)] == [retried["id"]]
