"""Badges: the list of revoked ones as others read it, their numbers, the issuer's name, and their pictures."""

import base64
import io
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from golden import sample
from hypothesis import given
from hypothesis import strategies as st
from openbadgeslib.ob3 import OB3Verifier
from openbadgeslib.ob3.credential import OpenBadgeCredential
from openbadgeslib.ob3.status import decode_encoded_list, set_indices
from PIL import Image as Pillow
from unit.test_rendering_record import part

from bot.domain.badges import LEAST_ROOM, Badge, PublicKey, encoded_list, free_number, room_for
from bot.rendering import urls
from bot.rendering.badge import Randoms, credential, revoked_list, says, title
from bot.rendering.badgeimage import SIZE, badge_png, badge_svg
from bot.rendering.socialcard import Colours
from bot.rendering.templates import Templates

NOW = datetime(2027, 1, 8, 21, tzinfo=UTC)
RANDOMS = Randoms("6b2f6a5e-0d4c-4b44-9a51-0f1f6a3d9e11", "0a4f7f0e-2a55-4f0e-8a3b-6f2f0d1c5b22", "5a17")


# -- the list of revoked badges ----------------------------------------------------------------------------------------
@given(st.dictionaries(st.integers(0, LEAST_ROOM - 1), st.booleans(), max_size=8))
def test_others_read_from_the_list_which_are_revoked(known: dict[int, bool]) -> None:
    badges = [Badge(number, revoked=revoked) for number, revoked in known.items()]
    bits = decode_encoded_list(encoded_list(badges))
    assert set_indices(bits) == {number for number, revoked in known.items() if revoked}
    assert len(bits) * 8 == LEAST_ROOM


def test_badges_that_share_a_byte_of_the_list_are_all_revoked() -> None:
    badges = [Badge(number, revoked=number != 10) for number in (8, 10, 11, 15)]
    assert set_indices(decode_encoded_list(encoded_list(badges))) == {8, 11, 15}


def test_the_list_says_nothing_of_when_it_was_made_and_is_not_padded() -> None:
    lists = [encoded_list([Badge(place, revoked=True) for place in range(0, 1000 * many, 1000)]) for many in range(9)]
    packed = [base64.urlsafe_b64decode(f"{one[1:]}{'=' * (-len(one[1:]) % 4)}") for one in lists]
    assert {len(one) % 3 for one in packed} == {0, 1, 2}
    assert {one[4:8] for one in packed} == {bytes(4)}, "the time of RFC 1952, section 2.3"
    assert {one[0] for one in lists} == {"u"}
    assert "=" not in "".join(lists)


def test_the_same_list_is_the_same_bytes() -> None:
    assert encoded_list([Badge(7, revoked=True)]) == encoded_list([Badge(7, revoked=True)])
    assert encoded_list([Badge(7, revoked=True)]) != encoded_list([Badge(7)])


@pytest.mark.parametrize(
    ("badges", "room"),
    [(0, LEAST_ROOM), (LEAST_ROOM // 2, LEAST_ROOM), (LEAST_ROOM // 2 + 1, 2 * LEAST_ROOM), (LEAST_ROOM, 2**18)],
)
def test_half_of_the_list_is_always_free(badges: int, room: int) -> None:
    assert room_for(badges) == room


def test_a_number_that_is_taken_is_drawn_again() -> None:
    drawn = iter([5, 9, 12])
    asked: list[int] = []

    def pick(room: int) -> int:
        asked.append(room)
        return next(drawn)

    assert free_number({5, 9}, pick) == 12
    assert asked == [LEAST_ROOM] * 3


def test_the_list_has_room_for_the_badge_whose_number_is_drawn() -> None:
    rooms: list[int] = []

    def pick(room: int) -> int:
        rooms.append(room)
        return room - 1

    for known in (LEAST_ROOM // 2 - 1, LEAST_ROOM // 2):
        assert free_number(range(known), pick) == rooms[-1] - 1
    assert rooms == [LEAST_ROOM, 2 * LEAST_ROOM]


def test_a_key_is_published_as_others_read_it() -> None:
    assert PublicKey("thumb", "point").jwk() == {
        "kty": "OKP", "crv": "Ed25519", "x": "point", "kid": "thumb", "alg": "EdDSA", "use": "sig",
    }  # fmt: skip


def test_a_list_that_says_the_same_is_known_whenever_it_was_signed() -> None:
    one = revoked_list(sample.SITE, [Badge(1, revoked=True)], NOW)
    signed = f"head.{base64.urlsafe_b64encode(msgspec.json.encode(one)).rstrip(b'=').decode()}.tail"
    assert says(signed, revoked_list(sample.SITE, [Badge(1, revoked=True), Badge(2)], NOW.replace(year=2028)))
    assert not says(signed, revoked_list(sample.SITE, [Badge(2, revoked=True)], NOW))
    assert not says("", one)


# -- what it says ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "issuer"),
    [
        ("https://chats.example.org", "did:web:chats.example.org:badges"),
        ("https://school.example:8443/a/chats/", "did:web:school.example%3A8443:a:chats:badges"),
        ("http://chats.example.org", ""),
        ("", ""),
    ],
)
def test_the_issuers_name_leads_to_its_document(address: str, issuer: str) -> None:
    assert urls.issuer(address) == issuer


def claims(language: str, **changes: Any) -> dict[str, Any]:
    found, _ = part(**changes)
    words = Templates().dictionary.words(language)
    chats = [found] * 2
    return credential(
        words, sample.SITE, chats, address="https://x.example/@q", name="", number=4, randoms=RANDOMS, at=NOW
    )


@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
def test_it_reads_well_in_every_language(language: str) -> None:
    told = OpenBadgeCredential.from_jwt_payload(claims(language))
    assert "Ed Chat" in told.achievement.name
    assert "2" in told.achievement.description
    assert not {"{", "}"} & set(
        told.achievement.name + told.achievement.description + told.achievement.criteria_narrative
    )


def test_the_same_chats_are_the_same_achievement_and_others_are_not() -> None:
    one, same, other = claims("en"), claims("en"), claims("en", title="Maths")
    names = [told["credentialSubject"]["achievement"]["id"] for told in (one, same, other)]
    assert names[0] == names[1] != names[2]


def test_its_name_says_each_series_once() -> None:
    first, _ = part()
    second, _ = part(title="Maths")
    words = Templates().dictionary.words("en")
    assert title(words, [first, second, first])[0] == "Took part in Ed Chat and Maths"


# -- its picture -------------------------------------------------------------------------------------------------------
TOKEN = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"


@pytest.mark.parametrize(
    "name",
    [
        "Took part in EdChat",
        "x" * 400,
        "<script>&\"'</title>",
        "\u05e9\u05d9\u05d7\u05d4",
        "",
        "Long Words " * 40,
    ],
)
def test_every_name_gives_two_pictures_that_carry_the_badge(name: str) -> None:
    svg = badge_svg(name, "7 January 2027", "A & B <c>", TOKEN, Colours())
    root = ET.fromstring(svg)  # noqa: S314 - our own
    shown = [element for element in root.iter() if element.tag.endswith("}text")]
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "credential", "rect", "polygon", "text",
    }  # fmt: skip
    assert [one.text for one in shown][-2:] == ["7 January 2027", "A & B <c>"]
    assert len(shown) <= 6
    png = badge_png(name, "7 January 2027", "A & B <c>", TOKEN, Colours())
    with Pillow.open(io.BytesIO(png)) as picture:
        assert picture.size == (SIZE, SIZE)
        assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert OB3Verifier.extract_token_from_svg(svg) == OB3Verifier.extract_token_from_png(png) == TOKEN
