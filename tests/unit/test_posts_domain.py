"""Names of posts and accounts that tell nobody which they are."""

from bot.domain.posts import handle_id, node_key

PEPPER = b"p" * 32
POST = "at://did:plc:amy/app.bsky.feed.post/1"


def test_a_key_tells_nothing_without_the_pepper_and_never_changes() -> None:
    """Wishes of who left are remembered under it: a key that changed would forget them all."""
    key = node_key(PEPPER, "bluesky", POST)
    assert key == "0860f19daa66e209b25ca049"
    assert node_key(b"q" * 32, "bluesky", POST) != key
    assert node_key(PEPPER, "mastodon", POST) != key
    assert node_key(PEPPER, "bluesky", f"{POST}0") != key


def test_nothing_has_no_key() -> None:
    assert node_key(PEPPER, "bluesky", "") == ""


def test_a_handle_is_one_however_it_is_written() -> None:
    assert {handle_id(one) for one in ("@Amy.Example", " amy.example", "@amy.example ")} == {"handle:amy.example"}
