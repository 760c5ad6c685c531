"""Which original a bridge's copy names."""

from datetime import UTC, datetime

import pytest

from bot.domain.bridges import original_of
from bot.domain.posts import Account, NetworkName, Post, PostRef
from bot.domain.richtext import RichText

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"


def copy(network: NetworkName, *, original: str, uri: str = "") -> Post:
    author = Account(network, "somebody", "somebody", "Somebody")
    at = datetime(2027, 1, 7, tzinfo=UTC)
    return Post(PostRef(network, "1"), author, RichText("words"), at, uri=uri, original=original)


@pytest.mark.parametrize(
    ("uri", "original", "found"),
    [
        (
            f"https://bsky.brid.gy/convert/ap/at://{DID}/app.bsky.feed.post/3kabc",
            f"https://bsky.app/profile/{DID}/post/3kabc",
            f"at://{DID}/app.bsky.feed.post/3kabc",
        ),
        (
            f"https://bsky.brid.gy/convert/ap/at%3A%2F%2F{DID}/app.bsky.feed.post/3kabc",
            "https://bsky.app/profile/y5.example/post/3kabc",
            f"at://{DID}/app.bsky.feed.post/3kabc",
        ),
        ("", f"https://bsky.app/profile/{DID}/post/3kabc", f"at://{DID}/app.bsky.feed.post/3kabc"),
        ("", "https://bsky.app/profile/y5.example/post/3kabc", "https://bsky.app/profile/y5.example/post/3kabc"),
        (
            f"https://bsky.brid.gy/convert/ap/at://{DID}/app.bsky.feed.like/3kabc",
            "https://blog.example/a-post",
            None,
        ),
        ("https://web.brid.gy/x", "https://blog.example/a-post", None),
    ],
)
def test_a_copy_on_mastodon(uri: str, original: str, found: str | None) -> None:
    assert original_of(copy("mastodon", uri=uri, original=original)) == (("bluesky", found) if found else None)


def test_a_copy_on_bluesky_carries_its_originals_address() -> None:
    address = "https://social.example.org/@hanes/113"
    assert original_of(copy("bluesky", original=address)) == ("mastodon", address)


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_what_is_no_copy_has_no_original(network: NetworkName) -> None:
    assert original_of(copy(network, uri=f"https://x.example/convert/ap/at://{DID}/p/1", original="")) is None
