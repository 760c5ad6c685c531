"""Registering and logging in, against the strict server's own OAuth pages."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from networks.mastodon_server import MastodonServer
from pytest_httpserver import HTTPServer

from bot.errors import LoginError, Unauthorized
from bot.networks.mastodon import Mastodon
from bot.networks.mastodon.login import OUT_OF_BAND, SCOPES, Registered, page_to_open, redeem, register


def code_for(page: str, username: str) -> str:
    """Do what the person does: open the page, agree, copy the code."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    assert (asked["redirect_uri"], asked["response_type"]) == (OUT_OF_BAND, "code")
    assert set(asked["scope"].split()) == set(SCOPES)
    shown = httpx.post(page.partition("?")[0], data={**asked, "username": username}, timeout=30)
    found = re.search(r"code: ([^<\s]+)", shown.text)
    assert found
    return found[1]


def test_a_code_becomes_a_login_that_works(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> None:
    bot = mastodon_server.create_account(unique("bot"), bot=True)
    app = register(mastodon_server.url + "/", website="https://chat.example.org")
    token = redeem(app, f" {code_for(page_to_open(app), bot.username)}\n")
    network = Mastodon(account="main", server=mastodon_server.url, token=token, clock=lambda: datetime.now(UTC))
    mine = network.identity()
    network.close()
    assert mine.handle.startswith(f"@{bot.username}@")
    assert set(mine.scopes) == set(SCOPES)
    assert token not in repr(mine)


def test_a_wrong_code_is_explained(mastodon_server: MastodonServer) -> None:
    app = register(mastodon_server.url)
    with pytest.raises(LoginError, match="fresh one") as caught:
        redeem(app, "not-a-code")
    assert app.client_secret not in str(caught.value)
    assert "not-a-code" not in str(caught.value)


def test_a_wrong_token_is_unauthorized(mastodon_server: MastodonServer) -> None:
    network = Mastodon(account="main", server=mastodon_server.url, token="no", clock=lambda: datetime.now(UTC))
    with pytest.raises(Unauthorized, match="staffroom login mastodon"):
        network.identity()
    network.close()


@pytest.mark.parametrize(
    "server", ["http://social.example.org", "ftp://x.example", "https://", "https://a:b@c.example"]
)
def test_an_address_that_will_not_do_is_told_before_anything_is_sent(server: str) -> None:
    with pytest.raises(LoginError, match="https://"):
        register(server)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(LoginError, match="did not register"):
        register("http://127.0.0.1:9", timeout=5)
    with pytest.raises(LoginError):
        redeem(Registered("http://127.0.0.1:9", "id", "very-secret"), "code", timeout=5)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nothing_follows_the_server_elsewhere(httpserver: HTTPServer, status: int) -> None:
    """A code and a client's secret are for the named server alone, wherever it sends us on to."""
    with HTTPServer() as elsewhere:
        elsewhere.expect_request(re.compile(".*")).respond_with_json({"access_token": "stolen"})
        away = {"Location": elsewhere.url_for("/oauth/token")}
        httpserver.expect_request(re.compile(".*")).respond_with_data("", status, headers=away)
        server = httpserver.url_for("").rstrip("/")
        with pytest.raises(LoginError):
            register(server, timeout=5)
        with pytest.raises(LoginError):
            redeem(Registered(server, "id", "very-secret"), "a-code", timeout=5)
        assert httpserver.log  # it was asked
        assert elsewhere.log == []


def test_a_server_of_another_kind_is_told(mastodon_server: MastodonServer) -> None:
    with pytest.raises(LoginError, match="is this a Mastodon server"):
        register(f"{mastodon_server.url}", name="")


def test_only_logging_in_imports_the_library() -> None:
    seen = "import sys, bot.networks.mastodon, bot.networks.mastodon.login as _; print('mastodon' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
