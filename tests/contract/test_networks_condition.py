"""How an account fares, as its own requests met it: over all three adapters, the real ones through a proxy."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contract.mastodon_world import MastodonWorld
from contract.network_world import say
from contract.test_networks_bluesky import BlueskyWorld
from contract.test_networks_sandbox import SandboxWorld
from networks.faults import FaultProxy

from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.bluesky import Bluesky
from bot.networks.mastodon import Mastodon
from bot.ports import Budget, Condition, Network, Wanted

MINUTE = timedelta(minutes=1)
ME = "com.atproto.server.getSession|/accounts/verify_credentials"
SAID = "applyWrites|/api/v1/statuses$"


class Time:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def bluesky(request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy]) -> BlueskyWorld:
    net, unique = request.getfixturevalue("bluesky_network"), request.getfixturevalue("unique")
    return BlueskyWorld(net, proxy(net.pds_url), unique)


def mastodon(request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy]) -> MastodonWorld:
    server, unique = request.getfixturevalue("mastodon_server"), request.getfixturevalue("unique")
    return MastodonWorld(server, proxy(server.url), unique)


def sandbox(*_: object) -> SandboxWorld:
    return SandboxWorld("mastodon")


@pytest.fixture
def proxy() -> Iterator[Callable[[str], FaultProxy]]:
    made: list[FaultProxy] = []

    def before(url: str) -> FaultProxy:
        made.append(FaultProxy(url).__enter__())
        return made[-1]

    yield before
    for one in made:
        one.__exit__()


@pytest.fixture(params=[bluesky, mastodon], ids=["bluesky", "mastodon"])
def real(request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy]) -> Iterator[Any]:
    """A world with a server of its own, behind a proxy."""
    world = request.param(request, proxy)
    yield world
    for network in world.made:
        network.close()


@pytest.fixture(params=[bluesky, mastodon, sandbox], ids=["bluesky", "mastodon", "sandbox"])
def world(request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy]) -> Iterator[Any]:
    world = request.param(request, proxy)
    yield world
    for network in getattr(world, "made", ()):
        network.close()


def network_of(world: Any, time: Time, **options: Any) -> Network:
    if isinstance(world, SandboxWorld):
        world.server.now = time
        return world.network()
    made: Network = world.network(clock=time, **options)
    return made


# -- silence --------------------------------------------------------------------------------------------------------
def test_nothing_is_known_before_anything_was_asked(world: Any, time: Time) -> None:
    assert network_of(world, time).condition() == Condition()


def test_an_account_is_silent_since_the_first_request_without_an_answer(world: Any, time: Time) -> None:
    network = network_of(world, time)
    network.identity()
    assert network.condition().silent_since is None
    world.unplug()
    time.now += MINUTE
    began = time.now
    for _ in range(2):
        with pytest.raises(Unavailable):
            network.identity()
        assert network.condition().silent_since == began
        time.now += MINUTE
    world.plug()
    network.identity()
    assert network.condition().silent_since is None


def test_a_lost_answer_to_a_post_counts_until_the_next_answer(world: Any, time: Time) -> None:
    network = network_of(world, time)
    network.identity()
    fault = world.lose_next_answer()
    with pytest.raises(Unanswered):
        say(network, "Welcome!")
    assert fault.fired == 1
    assert network.condition().silent_since == time.now
    network.identity()
    assert network.condition().silent_since is None


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (500, {}, b'{"error": "InternalServerError", "message": "oh"}'),
        (503, {}, b"<h1>Back soon</h1>"),
        (302, {"Location": "https://portal.example/"}, b""),
        (403, {"Content-Type": "text/html"}, b"<h1>Blocked by policy</h1>"),
        (200, {"Content-Type": "text/html"}, b"  <h1>Log in to the Wi-Fi</h1>"),
    ],
)
def test_what_is_no_answer_of_the_servers_is_silence(
    real: Any, time: Time, status: int, headers: dict[str, str], body: bytes
) -> None:
    """All through, for as long as it goes on: it does not begin anew with each request."""
    network = network_of(real, time)
    network.identity()
    began = time.now
    fault = real.proxy.answer(status, "GET", times=None, headers=headers, body=body)
    for _ in range(2):
        with pytest.raises((Unanswered, Unavailable)):
            network.identity()
        time.now += MINUTE
    assert fault.fired >= 2
    assert network.condition().silent_since == began


def test_a_stall_is_silence(real: Any, time: Time) -> None:
    network = network_of(real, time, timeout=0.5)
    fault = real.proxy.stall("GET", ME)
    with pytest.raises(Unanswered):
        network.identity()
    assert fault.fired == 1
    assert network.condition().silent_since == time.now


@pytest.mark.parametrize(("status", "error"), [(400, Refused), (404, Refused), (422, Refused), (429, Busy)], ids=str)
def test_a_refusal_is_an_answer(real: Any, time: Time, status: int, error: type[NetworkError]) -> None:
    network = network_of(real, time)
    network.identity()
    real.unplug()
    with pytest.raises(Unavailable):
        network.identity()
    real.plug()
    fault = real.proxy.answer(status, "GET", ME, body=b'{"error": "No", "message": "never"}')
    with pytest.raises(error):
        network.identity()
    assert fault.fired == 1
    assert network.condition() == Condition(
        budget=network.condition().budget, login_ends=network.condition().login_ends
    )


def test_an_answer_meanwhile_shortens_the_silence(real: Any, time: Time) -> None:
    """One address hangs, the others answer: it was not silent before the last of these."""
    network = network_of(real, time)
    network.identity()
    time.now += MINUTE
    real.proxy.answer(500, "GET", ME)
    with pytest.raises(Unanswered):
        network.identity()
    assert network.condition().silent_since == time.now
    time.now += MINUTE
    say(network, "Welcome!")
    assert network.condition().silent_since is None
    real.proxy.answer(500, "GET", ME)
    with pytest.raises(Unanswered):
        network.identity()
    assert network.condition().silent_since == time.now


def test_the_appview_answering_hides_no_silence_of_our_server(
    request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy], time: Time
) -> None:
    world = bluesky(request, proxy)
    network = world.network(clock=time, appview=world.net.appview_url)
    [root] = say(network, "Welcome!")
    world.settle()
    world.proxy.unplug()
    with pytest.raises(Unavailable):
        network.identity()
    began = time.now
    time.now += MINUTE
    assert network._xrpc.query("app.bsky.feed.getPosts", {"uris": root.id}, dict[str, Any], public=True)["posts"]
    assert network.condition().silent_since == began
    network.close()


# -- login ----------------------------------------------------------------------------------------------------------
def refuse(world: Any, path: str, times: int | None) -> None:
    """The login is not accepted: on Bluesky neither are its tokens renewed, nor its password."""
    world.proxy.answer(401, None, path, times=times, body=b'{"error": "ExpiredToken", "message": "no"}')
    if isinstance(world, BlueskyWorld):
        for method in ("refreshSession", "createSession"):
            world.proxy.answer(401, "POST", method, times=times, body=b'{"error": "AuthenticationRequired"}')


def test_a_login_is_refused_until_it_is_accepted_again(real: Any, time: Time) -> None:
    network = network_of(real, time)
    network.identity()
    assert network.condition().refused_since is None
    refuse(real, ME, None)
    began = time.now
    for _ in range(2):
        with pytest.raises(Unauthorized):
            network.identity()
        assert network.condition().refused_since == began
        assert network.condition().silent_since is None  # it does answer
        time.now += MINUTE
    real.proxy.clear()
    network.identity()
    assert network.condition().refused_since is None


def test_reading_does_not_prove_that_we_may_write(real: Any, time: Time) -> None:
    """As with a suspended account on Bluesky."""
    network = network_of(real, time)
    network.identity()
    refuse(real, SAID, 1)
    with pytest.raises(Unauthorized):
        say(network, "Welcome!")
    began = time.now
    time.now += MINUTE
    real.proxy.clear()
    network.identity()
    assert network.condition().refused_since == began
    say(network, "Welcome!")
    assert network.condition().refused_since is None


def test_what_anybody_may_read_does_not_prove_a_login(
    request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy], time: Time
) -> None:
    world = mastodon(request, proxy)
    network = world.network(clock=time)
    [root] = say(network, "Welcome!")
    world.proxy.answer(401, "GET", "verify_credentials")
    with pytest.raises(Unauthorized):
        network.identity()
    list(network.sweep(root))
    assert network.condition().refused_since == time.now
    network.listen("", Wanted())
    assert network.condition().refused_since is None
    network.close()


def test_a_token_without_an_application_is_no_refused_login(
    request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy], time: Time
) -> None:
    world = mastodon(request, proxy)
    fault = world.proxy.answer(401, "GET", "/apps/verify_credentials")
    network = world.network(clock=time)
    assert network.identity().scopes == ()
    assert fault.fired == 1
    assert network.condition().refused_since is None
    network.close()


def test_a_chat_that_wants_more_is_no_refused_login(
    request: pytest.FixtureRequest, proxy: Callable[[str], FaultProxy], time: Time
) -> None:
    world = bluesky(request, proxy)
    network = world.network(clock=time)
    amy = world.teacher("amy")
    fault = world.proxy.answer(401, "GET", "chat.bsky", times=None, body=b'{"error": "InvalidToken"}')
    with pytest.raises(NetworkError):
        network.tell(amy.handle, "Hello", "key", time.now)
    assert fault.fired >= 1
    assert network.condition().refused_since is None
    network.close()


def test_a_bluesky_login_ends_in_ninety_days_and_a_mastodon_one_never(real: Any, time: Time) -> None:
    network = network_of(real, time)
    network.identity()
    ends = network.condition().login_ends
    if isinstance(network, Mastodon):
        assert ends is None
    else:
        assert isinstance(network, Bluesky)
        assert ends is not None
        assert timedelta(days=80) < ends - time.now < timedelta(days=100)


# -- budget ---------------------------------------------------------------------------------------------------------
def allowance(world: Any, limit: str, left: str, resets: datetime) -> dict[str, str]:
    if isinstance(world, BlueskyWorld):
        names, until = [f"ratelimit-{name}" for name in ("limit", "remaining", "reset")], str(int(resets.timestamp()))
    else:
        names, until = [f"X-RateLimit-{name}" for name in ("Limit", "Remaining", "Reset")], resets.isoformat()
    return dict(zip(names, (limit, left, until), strict=True))


def ask(network: Network, world: Any, headers: dict[str, str]) -> None:
    world.proxy.answer(404, "GET", ME, headers=headers, body=b'{"error": "No", "message": "never"}')
    with pytest.raises(Refused):
        network.identity()


@pytest.fixture
def told(real: Any, time: Time) -> Callable[[str, str, timedelta], Budget | None]:
    """What is known after a server said so."""
    if isinstance(real, BlueskyWorld):
        real.network(clock=time).identity()  # a session is kept, and the next adapter goes on with it
    network = network_of(real, time)

    def tell(limit: str, left: str, resets: timedelta) -> Budget | None:
        ask(network, real, allowance(real, limit, left, time.now.replace(microsecond=0) + resets))
        return network.condition().budget

    return tell


def test_a_budget_is_what_the_server_said_last(
    told: Callable[[str, str, timedelta], Budget | None], time: Time
) -> None:
    until = time.now.replace(microsecond=0) + MINUTE
    assert told("300", "299", MINUTE) == Budget(300, 299, until)
    assert told("300", "0", MINUTE) == Budget(300, 0, until)
    time.now += 2 * MINUTE  # a window that is over is still the last that is known
    assert told("nonsense", "0", MINUTE) == Budget(300, 0, until)


def test_of_several_limits_the_one_nearest_its_end_counts(
    told: Callable[[str, str, timedelta], Budget | None], time: Time
) -> None:
    start = time.now.replace(microsecond=0)
    assert told("30", "3", 2 * MINUTE) == Budget(30, 3, start + 2 * MINUTE)
    assert told("3000", "2900", 9 * MINUTE) == Budget(30, 3, start + 2 * MINUTE)
    time.now += 3 * MINUTE
    assert told("500", "400", 5 * MINUTE) == Budget(500, 400, start + 8 * MINUTE)


@pytest.mark.parametrize(
    ("limit", "left"), [("-1", "5"), ("0", "0"), ("5", "6"), ("9" * 5000, "1"), ("3.5", "1"), ("", ""), ("²", "1")]
)
def test_a_budget_that_cannot_be_is_left_out(
    told: Callable[[str, str, timedelta], Budget | None], limit: str, left: str
) -> None:
    assert told(limit, left, MINUTE) is None


def test_no_flood_of_limits_is_remembered(told: Callable[[str, str, timedelta], Budget | None], time: Time) -> None:
    start = time.now.replace(microsecond=0)
    for number in range(100, 112):
        last = told(str(number), "1", number * MINUTE)
    assert last == Budget(111, 1, start + 111 * MINUTE)
    assert told("112", "112", MINUTE) == Budget(111, 1, start + 111 * MINUTE)
