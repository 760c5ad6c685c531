"""No secret, however it is wrapped, and no person leaves with a log; what is nobody's stays readable."""

import base64
import dataclasses
import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import Event
from bot.domain.hiding import _COMMON, SHORTEST, STARS, Hiding, spoken
from bot.domain.plainwords import plain_name, plain_words
from bot.errors import LoginError, Unavailable

KEY = b"sixteen bytes of"
SECRET = "tok/3c9a 1f77+e0"


def hiding(*secrets: str | bytes, names: bool = False) -> Hiding:
    return Hiding(KEY, lambda: frozenset(secrets), names=names)


def texts(value: object) -> Iterable[str]:
    """Every text in plain data, keys and figures included."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from texts(key)
            yield from texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from texts(inside)
    else:
        assert value is None or isinstance(value, str | int | float)
        yield str(value)


# -- any secret, anywhere ----------------------------------------------------------------------------------------
class Holder:
    """Anything with a `repr` that shows what it holds."""

    def __init__(self, inside: object) -> None:
        self.inside = inside

    def __repr__(self) -> str:
        return f"Holder({self.inside!r})"


@dataclasses.dataclass
class Record:
    inside: object


def nestings(secret: str) -> st.SearchStrategy[Any]:
    """A secret in any nesting, beside harmless things, whole or inside other words."""
    around = st.text(st.characters(codec="utf-8", exclude_characters="*"), max_size=5)
    leaves = st.one_of(
        st.builds(lambda before, after: f"{before}{secret}{after}", around, around),
        st.just(secret.encode()),
        st.just(Path("/") / secret.replace("\0", "")),
        st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False),
        st.builds(LoginError, st.just(f"it is {secret} then")),
        st.builds(ValueError, st.just(secret), st.just(3)),
        st.builds(KeyError, st.just(secret)),
        st.builds(Holder, st.just(secret)),
        st.builds(Record, st.just(secret)),
    )

    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        keys = st.sampled_from(["event", "why", "account", "text", "password", secret, f"a {secret} b"])
        return st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(keys, inner, max_size=4),
            st.builds(lambda inside: ExceptionGroup("many", [ValueError(inside)]), inner),
        )

    return st.recursive(leaves, wider, max_leaves=12)


# Of a star itself nobody can be told whether it is the secret's or ours.
SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=SHORTEST, max_size=40)


@given(st.data(), SECRETS.filter(lambda one: len(one.strip()) >= SHORTEST and one.strip().lower() not in _COMMON))
def test_no_nesting_shows_a_secret(data: st.DataObject, secret: str) -> None:
    value = data.draw(nestings(secret))
    shown = list(texts(hiding(secret).hide({"event": value})))
    leaked = [one for one in shown if secret.strip() in one]
    # A word of the frame itself may be the secret: a secret "event" is shown by every log there is.
    frame = ["event", "why", "account", "text", "password", STARS, "<bytes>", "<Holder>", "<Record>", "<str>", "<list>"]
    frame += ["<tuple>", "<dict>", "LoginError", "ValueError", "KeyError", "ExceptionGroup", "<PosixPath>"]
    assert [one for one in leaked if not any(secret.strip() in word for word in frame)] == []


@given(SECRETS.filter(lambda one: len(one.strip()) >= SHORTEST and one.strip().lower() not in _COMMON))
def test_no_common_spelling_shows_a_secret(secret: str) -> None:
    spellings = [
        quote(secret, safe=""),
        quote_plus(secret),
        urlencode({"x": secret})[2:],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret.encode().hex(),
    ]
    for spelled in spellings:
        assert spelled not in hiding(secret).text(f"said: {spelled} ")
    for before in ("", "a", "ab", "user:", "user: "):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            shown = hiding(secret).text(f"Basic-{encode(f'{before}{secret}'.encode()).decode()}")
            assert len(shown) < len("Basic-") + len(before) * 4 // 3 + 10  # no more than what stands round it


def test_a_gate_that_knows_nothing_shows_it() -> None:
    """So the properties above can fail."""
    assert SECRET in hiding().text(f"said: {SECRET}")
    assert SECRET in str(hiding().hide({"why": [SECRET]}))


def test_bytes_are_known_by_their_digits() -> None:
    pepper = bytes(range(200, 232))
    for spelled in (pepper.hex(), base64.b64encode(pepper).decode()[:-2], repr(pepper), str({"k": pepper})):
        assert hiding(pepper).text(f"x {spelled} y") != f"x {spelled} y"
        assert pepper.hex()[:12] not in hiding(pepper).text(f"x {spelled} y")
    assert hiding(pepper).hide({"value": pepper}) == {"value": "<bytes>"}


@pytest.mark.parametrize("secret", [SECRET, 'é"pa ss/wo\\rd+ü"', "tok-\udcff-1234", "qwerty"])
def test_a_secret_goes_whole_however_it_is_spelled(secret: str) -> None:
    """What is left of one, be it a single character, is so much less to guess."""
    spellings = {
        secret,
        f" {secret}\t".strip(),
        quote(secret, safe="", errors="surrogatepass"),
        quote(secret, errors="surrogatepass"),
        quote_plus(secret, errors="surrogatepass"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret.encode("utf-8", "surrogatepass").hex(),
        secret.encode("utf-8", "surrogatepass").hex().upper(),
    }
    for spelled in spellings:
        assert hiding(f"{secret}\n").text(f"said <{spelled}>!") == f"said <{STARS}>!"
    raw = secret.encode("utf-8", "surrogatepass")
    assert hiding(raw).text(f"said {raw!r}!").replace('"', "'") == f"said b'{STARS}'!"


@pytest.mark.parametrize("secret", [SECRET, "tok-\udcff-1234", "qwerty", "~~~???>>>"])
@pytest.mark.parametrize("before", range(5))
def test_in_base64_all_that_the_secret_alone_decides_is_hidden(secret: str, before: int) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        raw = secret.encode("utf-8", "surrogatepass")
        around = [(bytes([byte]) * before, bytes([byte]) * 3) for byte in (0, 255)]
        one, other = (encode(first + raw + last).decode() for first, last in around)
        same = [at for at, (here, there) in enumerate(zip(one, other, strict=True)) if here == there != "="]
        for whole in (one, other):
            shown = f"<{whole[: same[0]]}{STARS}{whole[same[-1] + 1 :]}>"
            assert hiding(secret).text(f"<{whole}>") == shown
            assert hiding(raw).text(f"<{whole}>") == shown


def test_a_secret_of_six_is_known_and_a_shorter_one_is_not() -> None:
    for number in range(10, 30):  # of two spellings the shorter one is no reason to pass over the longer
        assert hiding(f" ab{number}c").text(f"x ab{number}c") == f"x{STARS}"
    assert hiding("abcde", b"abc").text("abcdef") == "abcdef"
    assert hiding(b"abcde").text("61626364656667") == "61626364656667"
    assert hiding(b"abcdef").text("61626364656667") == f"{STARS}67"


def test_short_and_common_words_are_not_starred_out_of_every_line() -> None:
    line = "Run `staffroom login mastodon` on the postgres host"
    assert hiding("on", "staffroom", "mastodon", "postgres").text(line) == line


def test_new_secrets_are_known_at_once() -> None:
    known: set[str | bytes] = set()
    gate = Hiding(KEY, lambda: frozenset(known))
    assert gate.text(f"x {SECRET}") == f"x {SECRET}"
    known.add(SECRET)
    assert gate.text(f"x {SECRET}") == f"x {STARS}"


# -- by their shape ----------------------------------------------------------------------------------------------
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkaWQ6cGxjOngifQ.3Thp81rDFrKXr3WrY1MyMnNK8kKoZBX9lg-JwFznR-M"


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {SECRET.split(maxsplit=1)[0]}",
        '{"authorization": "Basic dXNlcjpwYXNz", "x": 1}',
        f"refused {JWT} here",
        "cannot reach postgresql://bot:s3cr3t-word@db.example.org/staffroom",
        "cannot reach postgresql://:s3cr3t-word@db.example.org/staffroom",
        "https://host/x?access_token=s3cr3t-word&y=1",
        "client_secret=s3cr3t-word",
        "{'password': 's3cr3t-word', 'identifier': 'amy'}",
        'body {"accessJwt": "s3cr3t-word", "refresh_token": "s3cr3t-word"}'.replace("accessJwt", "token"),
        "with abcd-ef2h-ijkl-mnop as it is",
    ],
)
def test_what_looks_like_a_secret_is_hidden_although_nobody_knows_it(line: str) -> None:
    for shown in (hiding().text(line), hiding().secrets_out(line), hiding(names=True).text(line)):
        assert STARS in shown
        for piece in ("tok/3c9a", "dXNlcjpwYXNz", JWT[30:60], "s3cr3t-word", "abcd-ef2h"):
            assert piece not in shown


@pytest.mark.parametrize(
    "key", ["password", "STAFFROOM_MATHS_PASSWORD", "accessJwt", "refresh_token", "Authorization", "pepper"]
)
def test_a_field_whose_name_says_that_it_is_secret(key: str) -> None:
    assert hiding().hide({"headers": [{key: "x1"}]}) == {"headers": [{key: STARS}]}


# -- people ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("@amy@social.example.org cannot be written to", " cannot be written to"),
        ("a reply of @amy.example.org", "a reply of "),
        ("a reply of amy-b.bsky.social, said twice", "said twice"),
        ("did:plc:ewvi7nxzyoun6zhxrhs64oiz is gone", " is gone"),
        ("did:web:amy.example.org is gone", " is gone"),
        ("at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3k is gone", " is gone"),
        ("https://social.example.org/@amy/1234 is gone", " is gone"),
        ("https://social.example.org/users/amy/statuses/1234 is gone", " is gone"),
        ("https://bsky.app/profile/amy.example.org/post/3k is gone", " is gone"),
        ("amy@example.org has no letter box", " has no letter box"),
        ("@amy@127.0.0.1:8080: no", ": no"),
        ("GET host/api/v1/accounts/4711/statuses: 404", "GET host/api/v1/accounts/"),
        ("Amy.Example.Org blocks us", " blocks us"),
        ("(@amy.example.org)", "("),
    ],
)
def test_people_become_tags_unless_they_are_asked_for(line: str, told: str) -> None:
    gate, open_gate = hiding(), hiding(names=True)
    for one in (gate, open_gate):
        one.know_handles({"amy.example.org": ""})
    shown = gate.text(line)
    assert not {"amy", "ewvi7nxz", "4711"} & {word for word in ("amy", "ewvi7nxz", "4711") if word in shown.lower()}
    assert told in shown
    assert "person-" in shown or "post-" in shown
    assert open_gate.text(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "sent: edchat/2027-01-07/q1@bluesky",
        "missed: edchat/2027-01-07/announce-1h@mastodon-2 (its time was over before it could be said)",
        "series/edchat.yaml:3:1: `at:` is missing",
        "pages: 3 written, 1 removed",
        "POST social.example.org/api/v1/statuses: 422 Validation failed: Text character limit of 500 exceeded",
        "bsky.social, com.atproto.server.createSession: no connection ([Errno 111] Connection refused)",
        "The database postgresql+psycopg://bot:***@127.0.0.1:5432/staffroom cannot be used".replace("bot:", ""),
        "mastodon: there is no login for this account. Run `staffroom login`, or set STAFFROOM_MASTODON_TOKEN.",
        "read https://social.example.org/about and https://chats.example.org/edchat/2027-01-07/",
    ],
)
def test_what_is_nobodys_stays_as_it_is(line: str) -> None:
    gate = hiding(SECRET)
    gate.know_handles({"chats.example.org": "bluesky", "@edbot@social.example.org": "mastodon"})
    assert gate.text(line) == line
    assert gate.text(gate.text(line)) == line


def test_our_own_handle_becomes_the_accounts_name_and_others_keep_one_tag() -> None:
    gate = hiding()
    gate.know_handles({"chats.example.org": "bluesky"})
    assert gate.text("host refuses the login of chats.example.org: run") == "host refuses the login of bluesky: run"
    assert gate.text("@amy@a.example left") == gate.text("@AMY@a.example left")
    assert gate.text("@amy@a.example left") != gate.text("@ben@a.example left")
    assert gate.text("@amy@a.example") != Hiding(b"another", frozenset).text("@amy@a.example")


def test_handles_that_are_told_later_join_those_that_are_known() -> None:
    gate = hiding()
    gate.know_handles({})
    gate.know_handles({"amy": "", "": "nobody"})  # a bare word would be found everywhere
    assert gate.text("amy said: aha, a map") == "amy said: aha, a map"
    gate.know_handles({" @chats.example.org ": "bluesky"})
    gate.know_handles({"EdBot@Localhost": "mastodon", "ben.example.org": ""})
    line = "chats.example.org and @chats.example.org, edbot@localhost (@EdBot@localhost) and @ben.example.org"
    assert gate.text(line) == f"bluesky and bluesky, mastodon (mastodon) and {gate.tag('person', 'ben.example.org')}"
    assert gate.hide({"handle": "@Chats.example.org", "acct": "edbot@localhost"}) == {
        "handle": "bluesky",
        "acct": "mastodon",
    }


def test_of_two_that_begin_alike_the_longer_is_hidden_whole() -> None:
    gate = hiding(SECRET, f"{SECRET}-and-more", SECRET[:8])
    assert gate.text(f"x {SECRET}-and-more y") == f"x {STARS} y"
    gate.know_handles({"ed.chat": "bluesky", "ed.chat@localhost": "mastodon"})
    assert gate.text("by ed.chat@localhost, ed.chat") == "by mastodon, bluesky"


def test_a_tag_is_short_and_whatever_somebody_is_called_has_one() -> None:
    gate = Hiding(KEY, frozenset)  # nobody asked for names
    assert re.fullmatch(r"a person-[0-9a-f]{8} b", gate.text("a @amy@a.example b"))
    assert gate.tag("person", "@Amy") == gate.tag("person", "amy")
    assert re.fullmatch(r"post-[0-9a-f]{8}", gate.tag("post", "\udcff"))
    assert repr(gate) == "<Hiding>"


def test_what_people_said_is_not_told_by_any_field() -> None:
    said = {"text": "we said", "posts": ["we said"], "html": b"<p>we said", "answer": Holder("we said"), "quote": None}
    assert "we said" not in str(hiding(names=True).hide(said))
    assert hiding().hide({"posts": 3, "answers": 4}) == {"posts": 3, "answers": 4}
    assert "amy" not in str(hiding().hide({"handle": "amy", "did": "amy", "acct": "amy"}))


def test_a_line_cannot_hide_or_forge_others() -> None:
    shown = hiding().text("a\x1b[2Kb\rc\u202ed\u200be\x00")
    assert shown == "a\\u001b[2Kb\\u000dc\\u202ed\\u200be\\u0000"


def test_plain_data_comes_out() -> None:
    class Colour(Enum):
        RED = "red"

    at = datetime(2027, 1, 7, 20, tzinfo=UTC)
    given_ = {1: at, "b": date(2027, 1, 7), "c": timedelta(minutes=1), "d": Colour.RED, "e": (1, {2.5}), "f": Path("x")}
    assert hiding().hide(given_) == {
        "1": "2027-01-07T20:00:00+00:00",
        "b": "2027-01-07",
        "c": 60.0,
        "d": "red",
        "e": [1, [2.5]],
        "f": "x",
    }
    loop: list[Any] = []
    loop.append(loop)
    json.dumps(hiding().hide({"loop": loop, "many": [{}] * 1000}))


class Unspeakable(ValueError):
    def __str__(self) -> str:
        raise RuntimeError(SECRET)


class Wrapped(Enum):
    DEEP = ((("x",),),)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no answer", "no answer"),
        (None, None),
        (True, True),
        (12345, 12345),
        (123456, STARS),
        (0.25, 0.25),
        (-98765.4321, STARS),
        (("a", "b"), ["a", "b"]),
        ({(1, 2): "x"}, {"<tuple>": "x"}),
        (Wrapped.DEEP, [[["x"]]]),
        (LoginError("no login yet"), "LoginError: no login yet"),
        (LoginError(""), "LoginError"),
        (Unspeakable("x"), "Unspeakable"),
        (LookupError(), "LookupError"),
        (object(), "<object>"),
        (
            {"Text": "we said", "body": 3, "password": True, "token": None, "why": "late"},
            {"Text": "<str>", "body": 3, "password": True, "token": None, "why": "late"},
        ),
    ],
)
def test_each_kind_of_value(value: object, told: object) -> None:
    assert hiding("123456", "98765.4321").hide({"said": value}) == {"said": told}


def test_a_field_that_names_a_person_has_the_tag_that_lines_have() -> None:
    gate = hiding()
    tag = gate.tag("person", "amy.example.org")
    assert gate.text("@amy.example.org left") == f"{tag} left"
    assert gate.hide({"handle": "@Amy.example.org", "Author": "amy.example.org", "did": 3}) == {
        "handle": tag,
        "Author": tag,
        "did": 3,
    }
    assert hiding(names=True).hide({"handle": "@Amy"}) == {"handle": "@Amy"}


def test_eight_levels_and_fifty_things_are_told() -> None:
    for wrap, unwrap, cut in (
        (lambda inside: {"a": inside}, lambda shown: shown["a"], "<dict>"),
        (lambda inside: [inside], lambda shown: shown[0], "<list>"),
    ):
        for levels, told in ((8, "leaf"), (9, cut)):
            value: Any = "leaf"
            for _ in range(levels):
                value = wrap(value)
            shown = hiding().hide(value)
            for _ in range(8):
                shown = unwrap(shown)
            assert shown == told
    assert hiding().hide([[[[[[Wrapped.DEEP]]]]]]) == [[[[[[[["<tuple>"]]]]]]]]
    assert hiding().hide(list(range(60))) == list(range(50))
    assert hiding().hide(dict.fromkeys(map(str, range(60)), 1)) == dict.fromkeys(map(str, range(50)), 1)


def test_what_of_an_error_is_told() -> None:
    with pytest.raises(AttributeError) as missing:
        Holder(SECRET).nothing  # type: ignore[attr-defined] # noqa: B018 - it is not there
    errors = (missing.value, AttributeError("amy"), ValueError("Connection refused"), ValueError(""), Unavailable(""))
    assert [spoken(error) for error in errors] == [
        "AttributeError: Holder has no nothing",
        "AttributeError: …",
        "ValueError: Connection refused",
        "ValueError",
        "Unavailable",
    ]


def test_long_words_take_no_long_time() -> None:
    for piece in ("a", "@a", "a.", "a@", "https://a/", "did:a:", "…:", "(' ", "A", "://:", "eyJaaaaaa.", "'' "):
        long = piece * (200_000 // len(piece))
        hiding(SECRET).text(long)
        plain_words(long)
        plain_name(long[:2000])


# -- events ------------------------------------------------------------------------------------------------------
def test_an_event_is_its_line() -> None:
    sent = Event("sent", delivery="edchat/2027-01-07/q1@bluesky")
    assert sent == "sent: edchat/2027-01-07/q1@bluesky"
    assert (sent.name, sent.level, sent.fields) == ("sent", "info", {"delivery": "edchat/2027-01-07/q1@bluesky"})
    assert Event("stopped", "Stopped.") == "Stopped."
    assert Event.of(sent) is sent
    assert (Event.of("as it was").name, str(Event.of("as it was"))) == ("told", "as it was")
