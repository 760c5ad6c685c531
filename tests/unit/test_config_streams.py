"""Where an account hears live: what the settings say when staffroom.yaml says it, or does not."""

import shutil
from pathlib import Path

import pytest

from bot.config import load

FILE = """contact: chats@example.org
controller: Example Teachers' Association
site: {{title: Staffroom, address: "https://chats.example.org"}}
networks:
  bluesky:
    handle: edchat.example.org
    {more}
"""
SERIES = Path(__file__).parent.parent / "golden" / "config" / "53-networks-wrong" / "series"
PUBLIC = tuple(
    f"wss://jetstream{name}.bsky.network/subscribe" for name in ("1.us-east", "2.us-east", "1.us-west", "2.us-west")
)


@pytest.mark.parametrize(
    ("more", "streams"),
    [
        ("", PUBLIC),
        ("server: https://bsky.social/", PUBLIC),
        ("server: https://pds.example.org", ("wss://pds.example.org/xrpc/com.atproto.sync.subscribeRepos",)),
        ("server: http://localhost:2583", ("ws://localhost:2583/xrpc/com.atproto.sync.subscribeRepos",)),
        ("streams: none", ()),
        ("streams: no", ()),
        ("streams: wss://jetstream.example.org/subscribe/", ("wss://jetstream.example.org/subscribe",)),
        (
            "streams: [ws://a.example.org/subscribe, wss://b.example.org]",
            ("ws://a.example.org/subscribe", "wss://b.example.org"),
        ),
    ],
)
def test_streams_of_a_bluesky_account(tmp_path: Path, more: str, streams: tuple[str, ...]) -> None:
    shutil.copytree(SERIES, tmp_path / "series")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "wall.jpg").write_bytes(b"a picture")
    (tmp_path / "staffroom.yaml").write_text(FILE.format(more=more), encoding="utf-8")
    assert load(tmp_path, measure=lambda _: []).networks["bluesky"].streams == streams
