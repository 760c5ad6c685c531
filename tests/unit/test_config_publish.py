"""The list `publish:` and the secrets of its places."""

from datetime import date
from pathlib import Path

import pytest

from bot.config import BranchSettings, BucketSettings, CommandSettings, PlaceSettings, load, load_staffroom
from bot.config.leaks import leaks_in
from bot.config.scaffold import scaffold
from bot.config.secrets import known_secrets, place_secret
from bot.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scaffold(tmp_path / "bot", date(2026, 11, 21))
    return tmp_path / "bot"


def written(folder: Path, publish: str) -> tuple[PlaceSettings, ...]:
    path = folder / "staffroom.yaml"
    path.write_text(path.read_text() + "publish:\n" + publish)
    assert load_staffroom(folder).publish == load(folder).publish
    return load(folder).publish


def told(folder: Path, publish: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        written(folder, publish)
    first = len((folder / "staffroom.yaml").read_text().splitlines()) - len(publish.splitlines())
    assert all(problem.line > first and problem.column for problem in caught.value.problems)
    return [(problem.message, problem.mend) for problem in caught.value.problems]


def test_nothing_is_published_elsewhere_unless_asked_for(folder: Path) -> None:
    assert load(folder).publish == ()


def test_the_starters_lines_work_without_their_hashes(folder: Path) -> None:
    path = folder / "staffroom.yaml"
    before, after = path.read_text().split("# publish:\n")
    path.write_text(before + "publish:\n" + after.replace("\n#   ", "\n  ").replace("#   - git", "  - git", 1))
    assert load(folder).publish == (BranchSettings("git", "https://git.example.org/edchat/pages.git", "pages"),)


def test_every_kind_of_place(folder: Path) -> None:
    found = written(
        folder,
        """\
  - git: git@git.example.org:edchat/pages.git
    branch: gh-pages
    user: edchat
  - s3: s3://edchat-archive/chats/site/
    endpoint: https://s3.example.org/
    region: auto
    name: shelf
  - command: [rsync, -a, "{site}/", "web@example.org:/srv/chats/"]
    within: 1 minute
""",
    )
    assert found == (
        BranchSettings("git", "git@git.example.org:edchat/pages.git", "gh-pages", "edchat"),
        BucketSettings("shelf", "edchat-archive", "chats/site", "https://s3.example.org", "auto"),
        CommandSettings("command", ("rsync", "-a", "{site}/", "web@example.org:/srv/chats/"), 60.0),
    )


@pytest.mark.parametrize(
    ("publish", "say", "mend"),
    [
        ("  - branch: pages\n", "A place is one of these: git:, s3: or command:.", "git: https://git"),
        ("  - git: file:///a.git\n    s3: abc\n", "A place is one of these", ""),
        ("  - s3: edchat\n    branch: pages\n", "branch: belongs to git:, and this place is s3:. Take it out.", ""),
        ("  - git: file:///a.git\n  - git: file:///b.git\n", "Another place is called git already", "name: git-2"),
        ("  - git: file:///a.git\n    name: mastodon\n", "something else is called so", "name: web"),
        ("  - git: file:///a.git\n    name: Web site\n", "is no name for a place", "name: web-site"),
        ("  - git: ext::sh -c id\n", "is no address of a git repository", "git: https://git.example.org/edchat/pages.git"),
        ("  - git: --upload-pack=id\n", "is no address of a git repository", "git: https"),
        ("  - git: file:///a.git\n    branch: a..b\n", "cannot be the name of a branch", "branch: pages"),
        ("  - git: file:///a.git\n    branch: -f\n", "cannot be the name of a branch", "branch: pages"),
        ("  - s3: My Bucket\n", "is no bucket", "s3: edchat-archive/site"),
        ("  - s3: abc/../def\n", "is no bucket", "s3: edchat-archive/site"),
        ("  - command: [rsync, -a, there]\n", "{site} has to stand in one of its words", ""),
        ('  - command: [rsync, "{site}"]\n    within: 2 hours\n', "at most 10 minutes", "within: 5 minutes"),
        ("  - gti: file:///a.git\n", "“gti:” is not known here", "git: file:///a.git"),
        ("  git: file:///a.git\n", "A list is wanted here", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_the_line_to_write(folder: Path, publish: str, say: str, mend: str) -> None:
    (message, line), *_ = told(folder, publish)
    assert say in message
    assert mend in line
    assert bool(mend) == bool(line) or not mend


def test_a_password_in_an_address_is_never_repeated(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        written(folder, "  - git: https://edchat:hunter22@git.example.org/pages.git\n")
    assert "hunter22" not in str(caught.value)
    assert leaks_in("  - git: https://edchat:hunter22@git.example.org/pages.git")


def test_a_places_secrets_come_from_outside_and_no_log_shows_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("planted-git-token\n")
    env = {"STAFFROOM_WEB_SITE_KEY": "planted-key", "STAFFROOM_WEB_SITE_TOKEN_FILE": str(tmp_path / "token")}
    key, token = place_secret("web-site", "KEY", env), place_secret("web-site", "TOKEN", env)
    assert key is not None
    assert token is not None
    assert (key.reveal(), token.reveal()) == ("planted-key", "planted-git-token")
    assert place_secret("web-site", "SECRET", env) is None
    assert {"planted-key", "planted-git-token"} <= known_secrets()
