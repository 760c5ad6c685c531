"""Asking what came in, from a server that plays its lists: pages upwards, odd things on them, and how far one came."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.errors import Busy, Refused, Unauthorized, Unavailable
from bot.networks.mastodon.blocks import REFUSED_SECONDS, Blocks
from bot.networks.mastodon.http import Api
from bot.networks.mastodon.incoming import Incoming
from bot.networks.mastodon.listening import DOUBTED_EVERY, MOST_PAGES, PAGE, Listener, Mark
from bot.networks.mastodon.server import Server

Json = dict[str, Any]
NOW = datetime(2027, 1, 7, 21, 0, tzinfo=UTC)


def post(number: int, author: str = "amy") -> Json:
    return {
        "id": str(number), "account": {"id": author, "acct": author}, "created_at": "2027-01-07T20:00:00Z",
        "visibility": "public", "content": f"<p>{number}</p>",
    }  # fmt: skip


def mention(number: int, status: Any) -> Json:
    return {"id": str(number), "type": "mention", "status": status}


class Played:
    """A server with notifications and hashtags, each a list with the oldest first."""

    def __init__(self, http: HTTPServer) -> None:
        self.lists: dict[str, list[Json]] = {"/api/v1/notifications": []}
        self.refusals: dict[str, Response] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        http.expect_request(re.compile(".*")).respond_with_handler(self.answer)
        self.api = Api(http.url_for("").rstrip("/"), "secret", lambda: NOW, 10.0)
        self.server = Server(self.api, lambda: NOW)
        self.listener = Listener(self.server, Incoming(self.server))

    def answer(self, request: Request) -> Response:
        self.asked.append(request.full_path)
        if request.path in self.refusals:
            return self.refusals[request.path]
        if request.path in self.lists:
            return self.page(request)
        fixed: Json = {
            "/api/v2/instance": {"domain": "x.example", "version": "4.5.0"},
            "/api/v1/accounts/verify_credentials": {"id": "me", "acct": "bot"},
            "/api/v1/accounts/relationships": [],
        }
        return said(fixed[request.path]) if request.path in fixed else said({"error": "Record not found"}, 404)

    def page(self, request: Request) -> Response:
        held = self.lists[request.path]
        above = request.args.get("min_id")
        size = int(request.args["limit"])
        chosen = held[-size:] if above is None else [one for one in held if int(one["id"]) > int(above)][:size]
        answer = said(chosen[::-1])
        answer.headers.update(self.headers)
        return answer

    def listen(self, cursor: str = "", *tags: str) -> tuple[list[str], Mark]:
        heard = self.listener.listen(cursor, tags)
        return [one.text.text for one in heard.posts], Mark.read(heard.cursor)


def said(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def played(httpserver: HTTPServer) -> Played:
    return Played(httpserver)


NOTES = "/api/v1/notifications"
TAG = "/api/v1/timelines/tag/edchat"


# -- the mark -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cursor", "mark"),
    [
        ("", Mark()),
        ("115", Mark("115")),
        ("01HXYZ", Mark("01HXYZ")),
        ('{"notification":"5","tags":{"edchat":"7"}}', Mark("5", {"edchat": "7"})),
        ("{half", Mark()),
        ('{"notification": 5}', Mark()),
    ],
)
def test_a_cursor_is_read_old_new_or_broken(cursor: str, mark: Mark) -> None:
    assert Mark.read(cursor) == mark
    assert Mark.read(mark.cursor()) == mark


def test_a_cursor_is_the_same_text_for_the_same_mark() -> None:
    assert Mark("1", {"b": "2", "a": "3"}).cursor() == Mark("1", {"a": "3", "b": "2"}).cursor()


def test_a_mark_never_goes_back(played: Played) -> None:
    mark = Mark("10", {"edchat": "10"})
    mark.heard_notification("9")
    mark.heard_post("edchat", "9")
    assert mark == Mark("10", {"edchat": "10"})
    mark.heard_notification("11")
    mark.heard_post("edchat", "100")
    assert mark == Mark("11", {"edchat": "100"})
    played.refusals[NOTES] = said([{"id": "9", "type": "mention"}, {"id": 3}, {"id": "8", "type": "x", "status": None}])
    assert played.listen("10")[1].notification == "10"
    assert played.listen()[1].notification == "9"


# -- lists ----------------------------------------------------------------------------------------------------------
def test_a_first_look_takes_the_newest_and_later_ones_what_came_since(played: Played) -> None:
    played.lists[NOTES] = [mention(n, post(n + 500)) for n in range(1, 46)]
    played.lists[TAG] = [post(n) for n in range(101, 104)]
    texts, mark = played.listen("", "edchat")
    assert texts == [*(str(n + 500) for n in range(6, 46)), "101", "102", "103"]
    assert mark == Mark("45", {"edchat": "103"})
    played.lists[NOTES] += [mention(n, post(n + 500)) for n in range(46, 130)]
    played.lists[TAG] += [post(n) for n in range(104, 150)]
    texts, mark = played.listen(mark.cursor(), "edchat")
    assert texts == [*(str(n + 500) for n in range(46, 130)), *(str(n) for n in range(104, 150))]
    assert mark == Mark("129", {"edchat": "149"})


@pytest.mark.parametrize(("held", "missed"), [(PAGE - 1, False), (PAGE, True)])
def test_a_first_look_says_when_there_may_be_more_below(played: Played, held: int, missed: bool) -> None:
    played.lists[TAG] = [post(n) for n in range(101, 101 + held)]
    assert played.listener.listen("", ["edchat"]).missed is missed


@pytest.mark.parametrize(("path", "mark"), [(NOTES, Mark("9" * 24)), (TAG, Mark("9", {"edchat": "9" * 24}))])
def test_a_mark_newer_than_all_there_is_goes_back_and_what_it_hid_is_heard(
    played: Played, path: str, mark: Mark
) -> None:
    entry = (lambda number: mention(number, post(number))) if path == NOTES else post
    played.lists[TAG] = []
    played.lists[path] = [entry(7), entry(8)]
    words, mark = played.listen(mark.cursor(), "edchat")
    assert words == ["7", "8"]
    assert (mark.notification if path == NOTES else mark.tags["edchat"]) == "8"
    played.lists[path] += [entry(9)]
    assert played.listen(mark.cursor(), "edchat")[0] == ["9"]


def test_a_mark_is_looked_at_with_the_first_quiet_answer_and_then_now_and_then(played: Played) -> None:
    played.lists[NOTES] = [mention(8, post(8))]
    for _ in range(DOUBTED_EVERY + 1):
        assert played.listen("8") == ([], Mark("8"))
    looks = [path for path in played.asked if path.startswith(NOTES) and "min_id" not in path]
    assert len(looks) == 2


def test_a_list_without_anything_left_keeps_its_mark(played: Played) -> None:
    assert played.listen("8") == ([], Mark("8"))


def test_a_list_that_was_empty_is_read_from_its_beginning_the_next_time(played: Played) -> None:
    played.lists[TAG] = []
    _, mark = played.listen("", "edchat")
    played.lists[TAG] = [post(n) for n in range(101, 145)]
    played.lists[NOTES] = [mention(n, post(n + 500)) for n in range(1, 45)]
    heard = played.listener.listen(mark.cursor(), ["edchat"])
    assert (len(heard.posts), heard.missed) == (88, False)


def test_so_many_pages_are_read_in_one_go_and_the_next_goes_on(played: Played) -> None:
    total = MOST_PAGES * PAGE + 5
    played.lists[NOTES] = [mention(n, post(n)) for n in range(1, total + 1)]
    first = played.listener.hear(Mark("0"), [])
    assert (len(first.posts), first.more, first.missed) == (total - 5, True, False)
    second = played.listener.hear(first.mark, [])
    assert (len(second.posts), second.more) == (5, False)


def test_hashtags_no_longer_wanted_leave_the_cursor(played: Played) -> None:
    played.lists[TAG] = []
    _, mark = played.listen('{"notification":"5","tags":{"edchat":"7","old":"9"}}', "edchat")
    assert mark.tags == {"edchat": "7"}


def test_our_own_posts_under_a_hashtag_are_left_out(played: Played) -> None:
    played.lists[TAG] = [post(101, "me"), post(102)]
    assert played.listen("", "edchat")[0] == ["102"]


def test_a_server_that_does_not_know_quotes_is_asked_for_mentions(played: Played) -> None:
    played.refusals[NOTES] = said({"error": "Bad Request: type quote was not recognized"}, 400)
    with pytest.raises(Refused):
        played.listen()
    kinds = [re.findall("types%5B%5D=(\\w+)", path) for path in played.asked if path.startswith(NOTES)]
    assert kinds == [["mention", "quote"], ["mention"]]


# -- what goes wrong ------------------------------------------------------------------------------------------------
def test_odd_things_are_set_aside_and_do_not_hold_up_the_rest(played: Played) -> None:
    odd = [mention(n, {"id": n, "content": "Secret"}) for n in range(1, PAGE + 1)]  # a whole page of them
    played.lists[NOTES] = [*odd, mention(PAGE + 1, post(7)), mention(PAGE + 2, None)]
    played.lists[TAG] = [{"id": "101", "content": "Secret"}, post(102)]
    heard = played.listener.listen("0", ["edchat"])
    assert [one.text.text for one in heard.posts] == ["7", "102"]
    assert Mark.read(heard.cursor) == Mark(str(PAGE + 2), {"edchat": "102"})
    assert len(heard.spoiled) == PAGE + 1
    assert {one.event for one in heard.spoiled} >= {"notification 1", "post 101"}
    assert "Secret" not in str(heard.spoiled)


@pytest.mark.parametrize(("status", "meant"), [(500, Exception), (403, Unavailable)])
def test_what_came_before_a_failure_is_given(played: Played, status: int, meant: type[Exception]) -> None:
    played.lists[NOTES] = [mention(1, post(7))]
    played.refusals[TAG] = Response("<html>a wall</html>", status)
    texts, mark = played.listen("0", "edchat")
    assert (texts, mark) == (["7"], Mark("1"))
    with pytest.raises(meant):
        played.listen(mark.cursor(), "edchat")


def test_a_lost_login_is_always_told(played: Played) -> None:
    played.lists[NOTES] = [mention(1, post(7))]
    played.refusals[TAG] = said({"error": "The access token is invalid"}, 401)
    with pytest.raises(Unauthorized):
        played.listen("0", "edchat")


def test_a_server_without_that_list_has_no_such_posts(played: Played) -> None:
    texts, mark = played.listen("0", "nothere")
    assert (texts, mark.tags) == ([], {"nothere": "0"})


def test_listening_stops_where_little_of_the_allowance_is_left(played: Played) -> None:
    played.lists[NOTES] = [mention(n, post(n)) for n in range(1, 100)]
    spent = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "2099-01-01T00:00:00Z"}
    played.server.me()
    played.server.instance()
    played.headers = {**spent, "Date": "Thu, 07 Jan 2027 21:00:00 GMT"}
    with pytest.raises(Busy):
        played.listen("0")
    assert sum(path.startswith(NOTES) for path in played.asked) == 1


# -- blocks ---------------------------------------------------------------------------------------------------------
def test_a_login_without_the_scope_is_tried_again_after_an_hour(played: Played) -> None:
    clock = [0.0]
    blocks = Blocks(played.server, lambda: clock[0])
    path = "/api/v1/accounts/relationships"
    played.refusals[path] = said({"error": "This action is outside the authorized scopes"}, 403)

    def asked() -> int:
        return sum(one.startswith(path) for one in played.asked)

    assert (blocks.among({"amy"}), asked()) == (set(), 1)
    clock[0] = REFUSED_SECONDS - 1
    assert (blocks.among({"amy"}), asked()) == (set(), 1)
    clock[0] = REFUSED_SECONDS
    played.refusals[path] = said([{"id": "amy", "blocked_by": True}])
    assert (blocks.among({"amy"}), asked()) == ({"amy"}, 2)
