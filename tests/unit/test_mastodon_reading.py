"""Sweeps of threads that do not come in one answer, from a server that plays them."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.domain.posts import PostRef
from bot.errors import Refused, Unavailable
from bot.networks.mastodon.blocks import MOST_IDS
from bot.networks.mastodon.http import Api
from bot.networks.mastodon.reading import MOST_ASKED, Reader
from bot.networks.mastodon.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
NOW = datetime(2027, 1, 7, 21, 0, tzinfo=UTC)


class Played:
    """A server with one thread, of which each context shows at most `most` posts, depth first."""

    def __init__(self, http: HTTPServer) -> None:
        self.version = "4.4.0"
        self.most = 4_096
        self.children: dict[str, list[str]] = {}
        self.counts: dict[str, int] = {}
        self.remote: dict[str, str] = {}
        self.late: dict[str, list[str]] = {}  # replies that come once their parent's context was asked for
        self.blockers: set[str] = set()
        self.follows = True
        self.asked: list[str] = []
        self.relationships: list[list[str]] = []
        self.answers: dict[str, Callable[[Request], Response]] = {}
        self.url = http.url_for("").rstrip("/")
        http.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def reply(self, parent: str, *posts: str) -> None:
        self.children.setdefault(parent, []).extend(posts)

    def status(self, post: str, parent: str) -> Json:
        acct = self.remote.get(post, "amy")
        author = {"id": f"author-{post}" if acct == "amy" else acct, "acct": acct, "url": f"https://x.example/@{acct}"}
        count = self.counts.get(post, len(self.children.get(post, [])))
        return {
            "id": post, "account": author, "created_at": "2027-01-07T20:00:00Z", "visibility": "public",
            "content": f"<p>{post}</p>", "in_reply_to_id": parent, "replies_count": count,
        }  # fmt: skip

    def below(self, post: str) -> list[Json]:
        found = []
        for child in self.children.get(post, []):
            found += [self.status(child, post), *self.below(child)]
        return found

    def answer(self, request: Request) -> Response:
        if request.path in self.answers:
            return self.answers[request.path](request)
        if request.path.endswith("/context"):
            return self.context(request.path.split("/")[4])
        if request.path == "/api/v1/accounts/relationships":
            return self.relate(request.args.getlist("id[]"))
        fixed: Json = {
            "/api/v2/instance": {"domain": "x.example", "version": self.version},
            "/api/v1/accounts/verify_credentials": {"id": "me", "acct": "bot"},
        }
        known = request.path in fixed
        return said(fixed[request.path]) if known else said({"error": "Record not found"}, 404)

    def relate(self, accounts: list[str]) -> Response:
        self.relationships.append(accounts)
        if not self.follows:
            return said({"error": "This action is outside the authorized scopes"}, 403)
        return said([{"id": one, "blocked_by": one in self.blockers} for one in accounts])

    def context(self, post: str) -> Response:
        self.asked.append(post)
        answer = said({"ancestors": [], "descendants": self.below(post)[: self.most]})
        if post in self.late:
            self.reply(post, *self.late.pop(post))
            answer.headers["Mastodon-Async-Refresh"] = 'id="abc", retry=3, result_count=0'
        return answer


def said(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def played(httpserver: HTTPServer) -> Played:
    return Played(httpserver)


class Reading:
    def __init__(self, played: Played) -> None:
        self.api = Api(played.url, "secret", lambda: NOW, 10.0)
        self.pauses: list[float] = []
        self.reader = Reader(Server(self.api, lambda: NOW), self.pauses.append)

    def ref(self, post: str) -> PostRef:
        return PostRef("mastodon", f"{self.api.host}/{post}")

    def sweep(self) -> list[str]:
        return [post.text.text for batch in self.reader.sweep(self.ref("root")) for post in batch]


def test_a_whole_thread_takes_one_question(played: Played) -> None:
    played.reply("root", "a", "b")
    played.reply("a", "c")
    assert sorted(Reading(played).sweep()) == ["a", "b", "c"]
    assert played.asked == ["root"]


def test_a_thread_cut_by_the_servers_limit_is_followed_to_its_end(played: Played) -> None:
    played.most = 10
    chain = ["root", *(f"n{n:02}" for n in range(47))]
    for parent, child in pairwise(chain):
        played.reply(parent, child)
    assert sorted(Reading(played).sweep()) == chain[1:]
    assert len(played.asked) == len(set(played.asked)) == 5


def test_replies_that_never_come_are_asked_for_once_not_for_ever(played: Played) -> None:
    played.reply("root", "a", "b")
    played.counts["a"] = 3  # say, from people who block us
    reading = Reading(played)
    assert sorted(reading.sweep()) == sorted(reading.sweep()) == ["a", "b"]
    assert played.asked == ["root", "a", "root"]
    played.counts["a"] = 4
    reading.sweep()
    assert played.asked[3:] == ["root", "a"]


def test_one_sweep_asks_so_many_questions_and_the_next_goes_on(played: Played) -> None:
    names = [f"n{n:03}" for n in range(MOST_ASKED + 15)]
    played.reply("root", *names)
    played.counts = dict.fromkeys(names, 1)
    reading = Reading(played)
    reading.sweep()
    assert len(played.asked) == 1 + MOST_ASKED
    reading.sweep()
    assert sorted(name for name in played.asked if name != "root") == names


@pytest.mark.parametrize(("version", "fetched"), [("4.5.0", True), ("4.4.9", False)])
def test_a_server_that_fetches_remote_replies_is_asked_to(played: Played, version: str, fetched: bool) -> None:
    played.version = version
    played.reply("root", "far", "near")
    played.remote = {"far": "ben@far.example"}
    played.late = {"far": ["farther"]}
    reading = Reading(played)
    assert sorted(reading.sweep()) == sorted(["far", "near", *(["farther"] if fetched else [])])
    assert reading.pauses == ([3.0] if fetched else [])
    assert "near" not in played.asked


def test_a_deleted_root_is_refused(played: Played) -> None:
    played.answers["/api/v1/statuses/root/context"] = lambda _: said({"error": "Record not found"}, 404)
    with pytest.raises(Refused, match="Record not found"):
        Reading(played).sweep()


@pytest.mark.parametrize("status", [403, 404])
def test_a_wall_before_the_server_does_not_look_like_a_deleted_root(played: Played, status: int) -> None:
    wall = Response("<html>Checking your browser", status)
    played.answers["/api/v1/statuses/root/context"] = lambda _: wall
    with pytest.raises(Unavailable):
        Reading(played).sweep()


def test_a_wall_before_the_server_does_not_look_like_an_empty_hashtag(played: Played) -> None:
    played.answers["/api/v1/timelines/tag/EdChat"] = lambda _: Response("<html>Checking your browser", 403)
    with pytest.raises(Unavailable):
        list(Reading(played).reader.tagged("EdChat", NOW - timedelta(hours=1)))


def test_a_reply_deleted_between_two_questions_stops_nothing(played: Played) -> None:
    played.reply("root", "a", "b")
    played.counts = {"a": 1, "b": 1}
    played.answers["/api/v1/statuses/a/context"] = lambda _: said({"error": "Record not found"}, 404)
    assert sorted(Reading(played).sweep()) == ["a", "b"]


def test_one_odd_post_does_not_cost_us_the_thread(played: Played) -> None:
    odd = {"ancestors": [], "descendants": [{"id": 5}, played.status("a", "root"), None]}
    played.answers["/api/v1/statuses/root/context"] = lambda _: said(odd)
    assert Reading(played).sweep() == ["a"]


def test_who_blocks_us_is_asked_in_batches_and_remembered(played: Played) -> None:
    names = [f"n{n:03}" for n in range(MOST_IDS + 5)]
    played.reply("root", *names)
    played.blockers = {"author-n003"}
    reading = Reading(played)
    for _ in range(2):
        posts = [post for batch in reading.reader.sweep(reading.ref("root")) for post in batch]
        assert [post.text.text for post in posts if post.author.signals.blocks_us] == ["n003"]
    assert [len(ids) for ids in played.relationships] == [MOST_IDS, 5]


def test_a_login_without_that_scope_goes_on_without(played: Played) -> None:
    played.follows = False
    played.reply("root", *(f"n{n:03}" for n in range(MOST_IDS + 5)))
    reading = Reading(played)
    assert len(reading.sweep()) == len(reading.sweep()) == MOST_IDS + 5
    assert len(played.relationships) == 1


def test_a_list_without_link_headers_is_read_by_ids(played: Played) -> None:
    posts = [played.status(f"{n:03}", "root") for n in range(100, 0, -1)]

    def timeline(request: Request) -> Response:
        older = request.args.get("max_id", "999")
        return said([post for post in posts if post["id"] < older][:40])

    played.answers["/api/v1/timelines/tag/EdChat"] = timeline
    reading = Reading(played)
    found = [post for batch in reading.reader.tagged("EdChat", NOW - timedelta(hours=2)) for post in batch]
    assert len({post.ref.id for post in found}) == len(found) == 100


def test_a_list_that_gives_the_same_page_for_ever_ends(played: Played) -> None:
    played.answers["/api/v1/timelines/tag/Ed%20Chat"] = lambda _: said([played.status("a", "root")])
    played.answers["/api/v1/timelines/tag/Ed Chat"] = played.answers["/api/v1/timelines/tag/Ed%20Chat"]
    reading = Reading(played)
    found = [post for batch in reading.reader.tagged("Ed Chat", NOW - timedelta(hours=2)) for post in batch]
    assert [post.text.text for post in found] == ["a"]


def test_quotes_are_paged_by_the_servers_own_cursor(played: Played) -> None:
    def quotes(request: Request) -> Response:
        second = request.args.get("max_id") == "cursor-7"
        quote = {"state": "accepted", "quoted_status": {"id": "root"}}
        answer = said([{**played.status("q2" if second else "q1", ""), "quote": quote}])
        if not second:
            answer.headers["Link"] = f'<{played.url}/elsewhere?max_id=cursor-7>; rel="next", <x>; rel="prev"'
        return answer

    played.answers["/api/v1/statuses/root/quotes"] = quotes
    reading = Reading(played)
    found = [post for batch in reading.reader.quotes(reading.ref("root")) for post in batch]
    assert [post.text.text for post in found] == ["q1", "q2"]


def test_a_server_without_quotes_has_none(played: Played) -> None:
    reading = Reading(played)
    assert list(reading.reader.quotes(reading.ref("root"))) == []
