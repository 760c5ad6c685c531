"""The real Bluesky network and PostgreSQL behave as the other tests rely on."""

from collections.abc import Callable

import httpx
import psycopg
import pytest
from networks.bluesky_server import BlueskyAccount, BlueskyNetwork, Posted, XrpcError
from networks.postgres_server import PostgresServer
from networks.yard import wait_for

Unique = Callable[[str], str]
Json = dict[str, object]


def uris_below(thread: dict[str, list[dict[str, dict[str, str]]]]) -> set[str]:
    return {reply["post"]["uri"] for reply in thread.get("replies", []) if "post" in reply}


@pytest.fixture
def amy(bluesky_network: BlueskyNetwork, unique: Unique) -> BlueskyAccount:
    return bluesky_network.create_account(unique("amy"))


@pytest.fixture
def ben(bluesky_network: BlueskyNetwork, unique: Unique) -> BlueskyAccount:
    return bluesky_network.create_account(unique("ben"))


def test_a_reply_and_a_reply_to_it_stand_in_the_public_thread(
    bluesky_network: BlueskyNetwork, amy: BlueskyAccount, ben: BlueskyAccount
) -> None:
    question = amy.post("Q1. What did you try?")
    answer = ben.reply(question, "A1. Less marking.")
    nested = amy.reply(answer.uri, "Tell me more!")
    bluesky_network.settle()

    thread = bluesky_network.get_post_thread(question.uri)

    (first,) = thread["replies"]
    (second,) = first["replies"]
    assert [first["post"]["uri"], second["post"]["uri"]] == [answer.uri, nested.uri]
    assert nested.root == question.ref
    assert bluesky_network.get_record(nested.uri)["value"]["reply"] == {"root": question.ref, "parent": answer.ref}


def test_deleting_a_middle_reply_drops_what_hangs_below_it_but_keeps_it_fetchable(
    bluesky_network: BlueskyNetwork, amy: BlueskyAccount, ben: BlueskyAccount
) -> None:
    question = amy.post("Q1")
    middle = ben.reply(question, "A1")
    leaf = amy.reply(middle, "yes")
    bluesky_network.settle()
    ben.delete(middle)
    bluesky_network.settle()

    assert uris_below(bluesky_network.get_post_thread(question.uri)) == set()
    assert [post["uri"] for post in bluesky_network.get_posts(middle.uri, leaf.uri)] == [leaf.uri]


def test_texts_carry_facets_counted_in_bytes(bluesky_network: BlueskyNetwork, amy: BlueskyAccount) -> None:
    text = f"é #EdChat https://example.org/a @{amy.handle} @nobody.here"

    facets = bluesky_network.facets(text)

    marked = [text.encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in facets]
    assert marked == ["#EdChat", "https://example.org/a", f"@{amy.handle}"]
    assert facets[2]["features"][0]["did"] == amy.did


def test_a_quote_names_what_it_quotes(
    bluesky_network: BlueskyNetwork, amy: BlueskyAccount, ben: BlueskyAccount
) -> None:
    question = amy.post("Q1")

    quote = ben.quote(question, "A1, from my own page")

    assert bluesky_network.get_record(quote.uri)["value"]["embed"]["record"] == question.ref


def test_a_bots_profile_says_so(bluesky_network: BlueskyNetwork, unique: Unique) -> None:
    bot = bluesky_network.create_account(
        unique("robo"), display_name="EdChat", description="Runs a chat", bot=True, labels=["!no-unauthenticated"]
    )
    bluesky_network.settle()

    profile = bluesky_network.get_profile(bot.handle)

    assert (profile["displayName"], profile["description"]) == ("EdChat", "Runs a chat")
    assert {label["val"] for label in profile["labels"]} == {"bot", "!no-unauthenticated"}


def test_an_app_password_opens_a_session(bluesky_network: BlueskyNetwork, amy: BlueskyAccount) -> None:
    login = {"identifier": amy.handle, "password": amy.app_password()}

    session = bluesky_network.call("com.atproto.server.createSession", json=login)

    assert session["did"] == amy.did
    assert session["didDoc"]["service"][0]["serviceEndpoint"] == bluesky_network.pds_url


def test_records_are_listed_page_after_page(bluesky_network: BlueskyNetwork, amy: BlueskyAccount) -> None:
    posts = [amy.post(f"number {n}") for n in range(103)]

    listed = bluesky_network.list_records(amy.did)

    assert [record["uri"] for record in listed] == [post.uri for post in reversed(posts)]


def test_a_used_record_key_is_refused_and_changes_nothing(bluesky_network: BlueskyNetwork, amy: BlueskyAccount) -> None:
    post = amy.post("first")
    again = {"$type": "app.bsky.feed.post", "text": "second", "createdAt": "2026-11-21T20:00:00Z"}

    with pytest.raises(XrpcError):
        amy.create_record("app.bsky.feed.post", again, rkey=post.rkey)

    assert bluesky_network.get_record(post.uri)["value"]["text"] == "first"


def test_a_block_of_us_shows_on_the_profile_we_see(
    bluesky_network: BlueskyNetwork, amy: BlueskyAccount, ben: BlueskyAccount
) -> None:
    ben.block(amy.did)
    bluesky_network.settle()

    profile = amy.call("app.bsky.actor.getProfile", params={"actor": ben.did})

    assert profile["viewer"]["blockedBy"] is True


def test_a_deleted_account_is_gone_with_its_posts(
    bluesky_network: BlueskyNetwork, amy: BlueskyAccount, ben: BlueskyAccount
) -> None:
    question = amy.post("Q1")
    answer = ben.reply(question, "A1")
    bluesky_network.settle()
    ben.delete_account()
    bluesky_network.settle()

    wait_for(lambda: bluesky_network.get_posts(answer.uri) == [], seconds=20)
    assert uris_below(bluesky_network.get_post_thread(question.uri)) == set()
    with pytest.raises(XrpcError, match=r"RepoNotFound|not find repo"):
        bluesky_network.get_record(answer.uri)


def test_an_image_can_be_uploaded_and_shown(bluesky_network: BlueskyNetwork, amy: BlueskyAccount) -> None:
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
        "18dd8db00000000049454e44ae426082"
    )
    blob = amy.upload_blob(pixel, "image/png")
    images = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": "a dot"}]}

    post = amy.post("look", embed=images)

    assert bluesky_network.get_record(post.uri)["value"]["embed"]["images"][0]["alt"] == "a dot"


def test_the_servers_listen_on_loopback_only(bluesky_network: BlueskyNetwork) -> None:
    for url in (bluesky_network.pds_url, bluesky_network.appview_url, bluesky_network.plc_url):
        assert httpx.URL(url).host == "localhost"


def test_a_strong_reference_knows_its_key() -> None:
    assert Posted("at://did:plc:a/app.bsky.feed.post/3k", "bafy", "at://r", "bafyr").rkey == "3k"


def test_every_database_is_fresh_and_can_be_dropped(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.fresh_database(), postgres_server.fresh_database()
    assert first.startswith("postgresql+psycopg://")
    plain = first.replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        connection.execute("CREATE TABLE chats (name text)")
    with psycopg.connect(second.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT to_regclass('chats')").fetchone()
    assert found == (None,)

    postgres_server.drop_database(first)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain)
