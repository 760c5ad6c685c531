"""A secret planted in every place one may come from shows in no output, log, traceback, page, export or metric."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from acceptance.planting import SAID, Commands, EchoServer, Nursery, Planted, echo_server, mark
from networks.bluesky_server import BlueskyNetwork
from networks.mastodon_server import MastodonServer

from bot.config.secrets import LOGINS, save_login

YAML = """\
database: sqlite:///staffroom.db
contact: chats@example.org
controller: Teachers of Example
site: {{title: Chats, address: "https://chats.example.org", folder: site, language: en}}
networks:
  bluesky: {{handle: {handle}, server: "{sky}", appview: "{appview}"}}
  mastodon: {{server: "{toot}"}}
"""

SERIES = """\
title: Ed Chat
hashtag: {hashtag}
timezone: UTC
every: only dates
at: "{start:%H:%M}"
length: 40 minutes
announce: [1 hour]
chats:
  - {{date: {start:%Y-%m-%d}, topic: Homework, questions: [What works?]}}
"""

STOPPED = "Stopped."


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.fixture
def commands(tmp_path: Path, nursery: Nursery) -> Commands:
    (tmp_path / "said").mkdir()
    return Commands(tmp_path / "said", nursery)


@pytest.fixture
def echo() -> Iterator[EchoServer]:
    with echo_server() as server:
        yield server


def make(folder: Path, hashtag: str, **servers: str) -> Path:
    (folder / "series").mkdir(parents=True)
    (folder / "staffroom.yaml").write_text(
        YAML.format(**({"handle": "chats.example.org", "appview": "http://127.0.0.1:9"} | servers))
    )
    start = datetime.now(UTC) + timedelta(minutes=50)  # the announcement is due already
    (folder / "series" / "edchat.yaml").write_text(SERIES.format(start=start, hashtag=hashtag))
    return folder


def everything(folder: Path) -> str:
    """All bytes of the files below a folder, as text."""
    return "\n".join(path.read_bytes().decode("latin-1") for path in sorted(folder.rglob("*")) if path.is_file())


def free_port() -> int:
    with closing(socket.socket()) as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port


# -- when all goes well ----------------------------------------------------------------------------------------------
def test_nothing_shows_while_all_goes_well(  # noqa: PLR0917 - pytest passes them by name
    tmp_path: Path,
    planted: Planted,
    commands: Commands,
    bluesky_network: BlueskyNetwork,
    mastodon_server: MastodonServer,
    unique: Callable[[str], str],
) -> None:
    sky = bluesky_network.create_account(unique("plant"), bot=True)
    toot = mastodon_server.create_account(unique("plant"), bot=True)
    bluesky_network.settle()
    net = {"sky": bluesky_network.pds_url, "appview": bluesky_network.appview_url, "toot": mastodon_server.url}
    folder = make(tmp_path / "bot", unique("EdChat"), handle=sky.handle, **net)
    (tmp_path / "token").write_text(planted.plant("a file the environment names", toot.token) + "\n")
    env = {
        "STAFFROOM_BLUESKY_PASSWORD": planted.plant("environment", sky.app_password()),
        "STAFFROOM_MASTODON_TOKEN_FILE": str(tmp_path / "token"),
        "STAFFROOM_MAIL_PASSWORD": planted.plant("mail"),
        "STAFFROOM_BACKUP_PASSPHRASE": planted.plant("passphrase"),
    }
    port = free_port()
    begun = [commands.run("check", "-C", folder, env=env)[0], commands.run("plan", "-C", folder, env=env)[0]]
    assert begun == [0, 0]
    status, ran = commands.run(
        "run", "-C", folder, "--metrics", str(port), "--log-format", "json", env=env, until='"event": "pages"'
    )
    assert status == 0
    told = [json.loads(line) for line in ran.splitlines()]
    assert {one["event"] for one in told} >= {"logged in", "running", "sent", "pages", "stopped"}
    logins = json.loads((folder / LOGINS).read_bytes())
    session = json.loads(logins["bluesky"]["session"])
    planted.plant("access token", session["access"])
    planted.plant("refresh token", session["refresh"])
    with closing(sqlite3.connect(folder / "staffroom.db")) as database:
        (pepper,) = database.execute("SELECT value FROM meta WHERE name = 'pepper'").fetchone()
    planted.marks["pepper"] = pepper.hex()
    chat = next((folder / "site" / "edchat").glob("2*")).relative_to(folder / "site")
    for words in (["tick"], ["status"], ["status", "--json"], ["doctor"], ["archive"], ["people"], ["review"]):
        commands.run(*words, "-C", folder, env=env)
    status, _ = commands.run("export", str(chat), "--out", tmp_path / "out.json", "-C", folder, env=env)
    assert status == 0
    assert planted.shown_in(commands.output) == set()
    assert planted.shown_in(everything(folder / "site") + everything(tmp_path / "said")) == set()
    assert planted.shown_in((tmp_path / "out.json").read_text()) == set()
    # Nor does it name the bot's own handles, or the addresses of what it said.
    assert not re.search(rf"{sky.handle}|{toot.username}|did:plc|at://", ran)


def test_neither_metrics_nor_the_command_line_show_a_secret(
    tmp_path: Path, planted: Planted, commands: Commands, mastodon_server: MastodonServer, unique: Callable[[str], str]
) -> None:
    toot = mastodon_server.create_account(unique("plant"), bot=True)
    folder = make(tmp_path / "bot", unique("EdChat"), sky="http://127.0.0.1:9", toot=mastodon_server.url)
    yaml = (folder / "staffroom.yaml").read_text()
    (folder / "staffroom.yaml").write_text(re.sub(r"  bluesky: .*\n", "", yaml))
    password = planted.plant("database password")
    env = {
        "STAFFROOM_MASTODON_TOKEN": planted.plant("token", toot.token),
        "STAFFROOM_DATABASE": f"sqlite:///{folder}/staffroom.db",
        "STAFFROOM_BACKUP_PASSPHRASE": password,
    }
    port, found = free_port(), dict[str, str]()

    def look(pid: int) -> None:
        found["cmdline"] = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        for page in ("metrics", "healthz"):
            answer = httpx.get(f"http://127.0.0.1:{port}/{page}")
            found[page] = f"{answer.headers} {answer.text}"

    status, _ = commands.run("run", "-C", folder, "--metrics", str(port), env=env, until="Running 1", then=look)
    assert status == 0
    assert "staffroom" in found["metrics"]
    assert found["healthz"]
    assert planted.shown_in(commands.output + "".join(found.values())) == set()


# -- when servers repeat what they are sent --------------------------------------------------------------------------
def echoed(folder: Path, planted: Planted, echo: EchoServer) -> dict[str, str]:
    """A folder whose servers repeat everything, with a secret in each place a login may come from."""
    make(folder, "EdChat", sky=echo.url, appview=echo.url, toot=echo.url)
    echo.session = {"accessJwt": planted.plant("access token"), "refreshJwt": planted.plant("refresh token")}
    save_login(folder, "bluesky", {"password": planted.plant("logins file")})
    save_login(folder, "mastodon", {"token": planted.plant("old token of the logins file")})
    credentials = folder / "credentials"
    credentials.mkdir()
    (credentials / "staffroom_mastodon_token").write_text(planted.plant("credentials directory"))
    return {"CREDENTIALS_DIRECTORY": str(credentials)}


def test_nothing_shows_although_servers_repeat_all_they_are_sent(
    tmp_path: Path, planted: Planted, commands: Commands, echo: EchoServer
) -> None:
    folder = tmp_path / "bot"
    env = echoed(folder, planted, echo)
    for statuses in ([500], [401], [400, 403], [0], [422, 1, 302, 429]):
        echo.statuses = statuses
        commands.run("tick", "-C", folder, env=env)
        commands.run("doctor", "-C", folder, env=env)
    commands.run("tick", "-C", folder, "--log-format", "json", "--log-handles", env=env)
    commands.run("status", "-C", folder, env=env)
    echo.statuses = [500]
    assert commands.run("run", "-C", folder, env=env, until="Running 2")[0] == 0
    echo.session, echo.statuses = {}, [401]
    typed = planted.plant("typed password", "abcd-planted-ijkl-mnop")
    assert commands.run("login", "bluesky", "-C", folder, env=env, typed=f"{typed}\n")[0] != 0
    code = planted.plant("typed code")
    assert commands.run("login", "mastodon", "-C", folder, env=env, typed=f"{code}\n")[0] != 0
    commands.run("tick", "-C", folder, env=env | {"STAFFROOM_BLUESKY_PASSWORD": planted.plant("environment")})

    sent = "\n".join(echo.seen)
    reached = planted.shown_in(sent) - {"typed code", "old token of the logins file"}
    assert reached >= {"access token", "refresh token", "logins file", "credentials directory", "typed password"}
    assert planted.shown_in(commands.output) == set()
    assert "500" in commands.output
    assert not [word for word in SAID.split() if word in commands.output]
    assert planted.shown_in(everything(folder / "site")) == set()


def test_without_the_gate_it_would_show(tmp_path: Path, planted: Planted, commands: Commands, echo: EchoServer) -> None:
    """So the tests above can fail."""
    folder = tmp_path / "bot"
    env = echoed(folder, planted, echo)
    for statuses in ([500], [422]):
        echo.statuses = statuses
        commands.run("tick", "-C", folder, env=env, sabotage="bare")
    assert planted.shown_in(commands.output)
    assert SAID.split()[0] in commands.output


# -- when the database, a file or the program itself is wrong ----------------------------------------------------------
def test_nothing_shows_where_the_database_is_down_or_a_file_is_wrong(
    tmp_path: Path, planted: Planted, commands: Commands
) -> None:
    folder = make(tmp_path / "bot", "EdChat", sky="http://127.0.0.1:9", toot="http://127.0.0.1:9")
    password = planted.plant("database password", mark("data/b@se"))
    quoted = password.replace("/", "%2F").replace("@", "%40")
    url = f"postgresql://bot:{quoted}@127.0.0.1:{free_port()}/staffroom?connect_timeout=2"
    for words in (["tick"], ["status"], ["doctor"], ["run"], ["archive"], ["migrate"]):
        status, said = commands.run(*words, "-C", folder, env={"STAFFROOM_DATABASE": url})
        assert status != 0
        assert "refused" in said
    wrong = planted.plant("unreadable database URL")
    assert commands.run("tick", "-C", folder, env={"STAFFROOM_DATABASE": f"nonsense://bot:{wrong}@host/x"})[0] != 0
    assert commands.run("tick", "-C", folder, env={"STAFFROOM_DATABASE": f"postgresql://bot:{wrong}@[::1/x"})[0] != 0

    right = (folder / "staffroom.yaml").read_text()
    for old, new in (
        ("contact:", f"password: {planted.plant('pasted password')}\ncontact:"),
        ("{handle:", f"{{app_password: {planted.plant('pasted app password')}, handle:"),
        ("sqlite:///staffroom.db", f"postgresql://bot:{planted.plant('pasted database password')}@127.0.0.1/x"),
        ("chats@example.org", planted.plant("pasted alone", "2bcd-ef3h-ij4l-mn5p")),
        ("contact:", f"token: [{planted.plant('pasted in broken YAML')}\ncontact:"),
    ):
        (folder / "staffroom.yaml").write_text(right.replace(old, new))
        for words in (["check"], ["plan"], ["tick"]):
            assert commands.run(*words, "-C", folder, env={})[0] == 2
    (folder / "staffroom.yaml").write_text(right)
    (folder / LOGINS).write_text(f'{{"bluesky": {{"password": "{planted.plant("damaged logins file")}"')
    (folder / LOGINS).chmod(0o600)
    assert commands.run("doctor", "-C", folder, env={})[0] == 1
    (folder / LOGINS).chmod(0o644)
    assert commands.run("doctor", "-C", folder, env={})[0] == 1
    assert planted.shown_in(commands.output) == set()


def test_a_bug_in_a_duty_shows_lines_of_code_and_no_values(
    tmp_path: Path, planted: Planted, commands: Commands, mastodon_server: MastodonServer,
    unique: Callable[[str], str],
) -> None:  # fmt: skip
    toot = mastodon_server.create_account(unique("plant"), bot=True)
    folder = make(tmp_path / "bot", unique("EdChat"), sky="http://127.0.0.1:9", toot=mastodon_server.url)
    yaml = (folder / "staffroom.yaml").read_text()
    (folder / "staffroom.yaml").write_text(re.sub(r"  bluesky: .*\n", "", yaml))
    env = {"STAFFROOM_MASTODON_TOKEN": planted.plant("token", toot.token)}
    words = (toot.token, planted.plant("never registered"), SAID, "@amy@social.example.org")
    options = {"env": env, "sabotage": "bug", "words": words}
    _, ran = commands.run("run", "-C", folder, "--log-format", "json", **options, until="a duty failed")
    status, crashed = commands.run("status", "-C", folder, **options)
    assert status == 70
    for said in (ran, crashed):
        assert "raises_with" in said
        assert "IntegrityError" in said
        assert "ExceptionGroup" in said
    events = list(map(json.loads, ran.splitlines()))
    broken = next(one for one in events if one["event"] == "a duty failed; it is tried again")
    assert (broken["level"], broken["duty"], broken["error"]) == ("error", "house", "ExceptionGroup")
    assert planted.shown_in(ran + crashed) == set()
    assert not [word for word in (*SAID.split(), "amy") if word in ran + crashed]
