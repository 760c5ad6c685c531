"""Badges: verified by an independent implementation, against the issuer's documents as they stand on the site."""

import base64
import hashlib
import json
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cli.cli_world import STAFFROOM, files, folder_with, open_store, staffroom
from contract.store_world import END, START, chat, opened, teacher
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from openbadgeslib.ob3.credential import IdentityObject, OpenBadgeCredential
from sqlalchemy import insert

from bot.bootstrap.doctor import examine
from bot.config.secrets import known_secrets
from bot.domain.badges import Issuer
from bot.domain.consent import Wish
from bot.domain.posts import Account
from bot.domain.records import Placed
from bot.services.door import person_keys
from bot.services.wishes import remember
from bot.storage.store import SqlStore
from bot.storage.tables import meta

from cli.test_record_command import by  # isort: skip

NOW = END + timedelta(days=1)
PERSON = teacher("quuxwho", name="Quux Planted-Name")
OTHER = teacher("zoezoe", name="Zoe Somebody")
HANDLE = PERSON.handle
ISSUER = "did:web:chats.example.org:badges"
KEY = ".staffroom-badge-key.json"
PUBLISHED = ["badges/did.json", "badges/issuer.json", "badges/keys.json", "badges/revoked.jwt"]


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chat in which two people answered, who joined and asked for records."""
    bare = folder_with(tmp_path_factory.mktemp("badge") / "bot")
    store = open_store(bare)
    _, question = opened(store)
    answers = [
        by(store, PERSON, "first", "Xyzzy: what I stopped marking.", 7, under=question),
        by(store, OTHER, "second", "Plugh: what I still mark.", 9, under=question),
    ]
    store.upsert(answers, START + timedelta(minutes=40))
    store.place(chat().id, {one.key: [Placed(f"{chat().id}/q1", "reply")] for one in answers})
    for who in (PERSON, OTHER):
        ask(store, who)
    store.close()
    return bare


def ask(store: SqlStore, who: Account) -> None:
    for kind, slug in (("joined", "edchat"), ("record", "")):
        remember(store, who, person_keys(store, who), Wish(kind, slug, NOW), "a test", NOW)  # type: ignore[arg-type]


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "bot")


@pytest.fixture(scope="module")
def issued(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A folder, where somebody's badge stands, and its token: for who only looks."""
    there = tmp_path_factory.mktemp("issued")
    with time_machine.travel(NOW, tick=False):
        token = badge(shutil.copytree(template, there / "bot"), there / "out")
    return there / "bot", there / "out", token


def badge(folder: Path, out: Path, *words: str, who: str = HANDLE) -> str:
    """A badge's token, as its file has it."""
    result = staffroom("record", who, "--out", out, "--badge", *words, "-C", folder)
    assert result.exit_code == 0, result.stderr
    return (out / "badge.jwt").read_text()


def site(folder: Path) -> Any:
    """What answers a verifier that asks for the site's files."""

    def download(url: str) -> bytes:
        return (folder / "site" / url.removeprefix("https://chats.example.org/")).read_bytes()

    return download


def verified(folder: Path, token: str, *, status: bool = True) -> OpenBadgeCredential:
    """What an independent verifier, which trusts the issuer's name alone, says of a badge."""
    verifier = OB3Verifier.for_issuer_did(ISSUER, download=site(folder))
    return verifier.verify(token, check_status=status, download=site(folder))


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


# -- what others can verify --------------------------------------------------------------------------------------------
def test_a_badge_verifies_from_each_of_its_files(issued: tuple[Path, Path, str]) -> None:
    folder, out, token = issued
    told = verified(folder, token)
    assert told.issuer.id == ISSUER
    assert told.achievement.name == "Took part in EdChat, 7 January 2027"
    assert [one.id for one in told.evidence] == ["https://chats.example.org/edchat/2027-01-07/"]
    assert OB3Verifier.extract_token_from_svg((out / "badge.svg").read_bytes()) == token
    assert OB3Verifier.extract_token_from_png((out / "badge.png").read_bytes()) == token
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}


def test_it_means_an_account_by_a_salted_hash_alone(issued: tuple[Path, Path, str]) -> None:
    folder, _, token = issued
    (mine,) = verified(folder, token).identifiers
    assert mine == IdentityObject.create(PERSON.url, mine.salt, "ext:profileUrl")
    told = json.dumps(claims(token))
    for word in ("quux", "Quux", "Planted", "Xyzzy", "did:plc", "minutes", "mailto"):
        assert word not in told


def test_a_name_stands_in_it_only_as_it_was_given(folder: Path, tmp_path: Path) -> None:
    first = verified(folder, badge(folder, tmp_path / "out")).identifiers
    told = verified(folder, badge(folder, tmp_path / "out", "--name", "  Q. \n Teacher ")).identifiers
    assert [(one.identity_type, one.identity_hash, one.hashed) for one in told[1:]] == [("name", "Q. Teacher", False)]
    assert told[0].identity_hash != first[0].identity_hash  # nothing ties two badges together


def test_a_badge_is_about_its_account_alone_though_the_record_covers_both(folder: Path, tmp_path: Path) -> None:
    for one, other in ((HANDLE, OTHER.handle), (OTHER.handle, HANDLE)):
        staffroom("people", one, "--also", other, "-C", folder)
    store = open_store(folder)
    store.bury([store.key("bluesky", f"at://{OTHER.id}/app.bsky.feed.post/second")], NOW)
    store.close()
    told = claims(badge(folder, tmp_path / "out"))
    assert len(told["evidence"]) == 1
    assert OTHER.handle not in json.dumps(told)
    refused = staffroom("record", OTHER.handle, "--out", tmp_path / "other", "--badge", "-C", folder)
    assert (refused.exit_code, (tmp_path / "other").exists()) == (2, False)
    # of it nothing is kept any more: neither a badge nor a record can be made under its name
    assert "nothing is kept" in refused.stderr


def test_a_badge_needs_something_of_its_own_account(folder: Path, tmp_path: Path) -> None:
    for one, other in ((HANDLE, OTHER.handle), (OTHER.handle, HANDLE)):
        staffroom("people", one, "--also", other, "-C", folder)
    store = open_store(folder)
    remember(store, OTHER, person_keys(store, OTHER), Wish("paused", "edchat", NOW), "a test", NOW)
    store.close()
    assert staffroom("record", OTHER.handle, "--out", tmp_path / "out", "-C", folder).exit_code == 0
    refused = staffroom("record", OTHER.handle, "--out", tmp_path / "badge", "--badge", "-C", folder)
    assert (refused.exit_code, (tmp_path / "badge").exists()) == (2, False)
    assert "a badge is about one account" in refused.stderr


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_badge_that_was_changed_fails(issued: tuple[Path, Path, str], part: int) -> None:
    folder, _, token = issued
    parts = token.split(".")
    parts[part] = parts[part][:30] + ("A" if parts[part][30] != "A" else "B") + parts[part][31:]
    with pytest.raises(OB3VerificationError):
        verified(folder, ".".join(parts))


def test_the_header_names_a_published_key_and_carries_none(issued: tuple[Path, Path, str]) -> None:
    folder, _, token = issued
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    (key,) = json.loads((folder / "site/badges/keys.json").read_bytes())["keys"]
    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": f"{ISSUER}#{key['kid']}"}
    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x"]


def test_every_word_of_it_is_one_of_the_standards(issued: tuple[Path, Path, str]) -> None:
    import openbadgeslib.ob3.contexts as shipped

    there = Path(str(shipped.__file__)).parent
    known = (there / "ob-v3p0-context-3.0.3.json").read_text() + (there / "credentials-v2.json").read_text()

    def names(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
            kinds = value.get("type", ())
            yield from [kinds] if isinstance(kinds, str) else kinds
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from names(inner)

    used = set(names({name: value for name, value in claims(issued[2]).items() if name != "@context"}))
    assert {name for name in used if f'"{name}"' not in known} == set()


# -- the key ----------------------------------------------------------------------------------------------------------
def test_nothing_is_published_before_there_is_a_key(folder: Path) -> None:
    staffroom("archive", "-C", folder)
    assert not (folder / "site" / "badges").exists()
    shown = staffroom("badge-key", "-C", folder)
    assert shown.stdout.startswith("A new key signs badges: ")
    assert sorted(name for name in files(folder / "site") if name.startswith("badges/")) == PUBLISHED
    assert staffroom("badge-key", "-C", folder).stdout == shown.stdout.replace("A new key", "This key")


def test_the_private_key_is_closed_hidden_and_nowhere_published(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge(folder, tmp_path / "out")
    kept = folder / KEY
    private = json.loads(kept.read_bytes())["d"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert private in known_secrets()  # as it was made,
    monkeypatch.setattr("bot.config.secrets._known", set())
    staffroom("badge-key", "-C", folder)
    assert private in known_secrets()  # and as it is read
    everything = {**files(folder / "site"), **files(tmp_path / "out"), "db": (folder / "staffroom.db").read_bytes()}
    assert [name for name, data in everything.items() if private.encode() in data] == []
    kept.chmod(0o644)
    told = staffroom("badge-key", "-C", folder)
    assert (told.exit_code, f"chmod 600 {kept}" in told.stderr) == (2, True)


@pytest.mark.parametrize("kept", ["{", "{}", '{"d": "x"}', '{"kty": "oct", "k": "eA", "d": "x"}'])
def test_a_damaged_key_is_told_and_never_replaced_by_itself(folder: Path, kept: str) -> None:
    (folder / KEY).write_text(kept)
    (folder / KEY).chmod(0o600)
    told = staffroom("badge-key", "-C", folder)
    assert told.exit_code == 2
    assert KEY in told.stderr
    assert (folder / KEY).read_text() == kept


def test_a_key_of_another_kind_gives_way_when_a_new_one_is_asked_for(folder: Path) -> None:
    (folder / KEY).write_text('{"kty": "oct", "k": "eA", "d": "x"}')
    (folder / KEY).chmod(0o600)
    assert "badge-key --rotate" in staffroom("badge-key", "-C", folder).stderr
    assert staffroom("badge-key", "--rotate", "-C", folder).exit_code == 0


def test_what_is_made_up_is_never_signed_with_the_real_key(folder: Path, tmp_path: Path) -> None:
    real = staffroom("badge-key", "-C", folder).stdout
    store = open_store(folder)
    store.save_issuer(Issuer((), ""))
    with store._writing() as connection:
        connection.execute(insert(meta), {"name": "rehearsal", "value": b"1"})
    store.close()
    verified(folder, badge(folder, tmp_path / "out"), status=False)
    shown = staffroom("badge-key", "-C", folder).stdout
    assert shown.splitlines()[0].split()[-1] != real.splitlines()[0].split()[-1]
    assert f"{KEY}.rehearsal" in shown
    assert "earlier" not in shown


def test_a_new_key_leaves_older_badges_good(folder: Path, tmp_path: Path) -> None:
    old = badge(folder, tmp_path / "out")
    turned = staffroom("badge-key", "--rotate", "-C", folder)
    assert "Badges of an earlier key are good, too: " in turned.stdout
    new = badge(folder, tmp_path / "out")
    assert old.split(".")[0] != new.split(".")[0]
    for token in (old, new):
        verified(folder, token)
    store = open_store(folder)  # as one that was put back from a backup knows more than was published
    store.revoke_badges(person_keys(store, PERSON))
    store.close()
    assert "This key signs badges" in staffroom("badge-key", "-C", folder).stdout
    for token in (old, new):
        with pytest.raises(OB3VerificationError, match="revocation"):
            verified(folder, token)


def test_a_stolen_key_is_good_for_nothing(folder: Path, tmp_path: Path) -> None:
    oldest = badge(folder, tmp_path / "out")
    staffroom("badge-key", "--rotate", "-C", folder)
    stolen = badge(folder, tmp_path / "out")
    staffroom("badge-key", "--stolen", "-C", folder)
    verified(folder, oldest)
    verified(folder, badge(folder, tmp_path / "out"))
    with pytest.raises(OB3VerificationError, match="no verificationMethod"):
        verified(folder, stolen)


# -- leaving and revoking ----------------------------------------------------------------------------------------------
def test_a_revoked_badge_fails_and_nobody_elses_does(folder: Path, tmp_path: Path) -> None:
    mine = [badge(folder, tmp_path / "out") for _ in range(2)]
    other = badge(folder, tmp_path / "other", who=OTHER.handle)
    done = staffroom("people", HANDLE, "--revoke-badges", "-C", folder)
    assert done.stdout == f"Revoked: 2 badges of {HANDLE}. The published list says so from now on.\n"
    verified(folder, other)
    for token in mine:
        verified(folder, token, status=False)
        with pytest.raises(OB3VerificationError, match="revocation"):
            verified(folder, token)
    again = staffroom("people", HANDLE, "--revoke-badges", "-C", folder)
    assert again.stdout == f"No badge of {HANDLE} is good, so there is none to revoke.\n"
    verified(folder, badge(folder, tmp_path / "out"))


def test_who_leaves_keeps_the_badge_and_is_found_nowhere_else(folder: Path, tmp_path: Path) -> None:
    token = badge(folder, tmp_path / "out", "--name", "Xyzzy Given-Name")
    gone = staffroom("forget", HANDLE, "-C", folder)
    assert gone.stdout.endswith(
        "1 badge stays good, in their owner's hands. If they want that to end:\n"
        f"  staffroom people {HANDLE} --revoke-badges\n"
    )
    verified(folder, token)
    (hashed, salt) = (claims(token)["credentialSubject"]["identifier"][0][name] for name in ("identityHash", "salt"))
    kept = {name: data for name, data in files(folder).items() if not name.endswith(".yaml")}
    for word in ("quuxwho", "Planted", "Xyzzy", "Given-Name", hashed, salt, token.split(".")[2]):
        assert [name for name, data in kept.items() if word.encode() in data] == []
    told = json.loads(staffroom("export-person", HANDLE, "-C", folder).stdout)
    assert told["accounts"][0]["badges"] == 1
    assert "Revoked: 1 badge" in staffroom("people", HANDLE, "--revoke-badges", "-C", folder).stdout
    with pytest.raises(OB3VerificationError, match="revocation"):
        verified(folder, token)
    store = open_store(folder)
    assert [(one.of, one.revoked) for one in store.badges()] == [((), True)]


def test_what_was_revoked_by_a_reply_is_published_with_the_next_pages(folder: Path, tmp_path: Path) -> None:
    assert [one for one in examine(folder) if one.subject == "badges"] == []
    mine, other = badge(folder, tmp_path / "out"), badge(folder, tmp_path / "other", who=OTHER.handle)
    before = (folder / "site" / "badges" / "revoked.jwt").read_bytes()
    assert staffroom("archive", "-C", folder).exit_code == 0
    assert (folder / "site" / "badges" / "revoked.jwt").read_bytes() == before, "nothing changed"
    store = open_store(folder)
    store.revoke_badges(person_keys(store, PERSON))
    store.close()
    assert staffroom("archive", "-C", folder).exit_code == 0
    verified(folder, other)
    with pytest.raises(OB3VerificationError, match="revocation"):
        verified(folder, mine)
    assert [one.state for one in examine(folder) if one.subject == "badges"] == ["well"]


@pytest.mark.parametrize(("left", "wrong"), [("", "is missing"), ('{"kty": "OKP"}', "move it away")])
def test_where_it_cannot_be_signed_that_is_told_and_all_else_published(
    folder: Path, tmp_path: Path, left: str, wrong: str
) -> None:
    badge(folder, tmp_path / "out")
    (folder / KEY).unlink()
    if left:
        (folder / KEY).write_text(left)
        (folder / KEY).chmod(0o600)
    store = open_store(folder)
    store.revoke_badges(person_keys(store, PERSON))
    store.close()
    shutil.rmtree(folder / "site" / "edchat")
    (found,) = [one for one in examine(folder) if one.subject == "badges"]
    assert (found.state, wrong in found.message) == ("wrong", True)
    told = staffroom("archive", "-C", folder)
    assert wrong in told.output
    assert "`staffroom badge-key" in told.output
    assert (folder / "site" / "edchat" / "index.html").is_file()
    assert (folder / KEY).exists() == bool(left), "no key is made behind anybody's back"


# -- what is refused ---------------------------------------------------------------------------------------------------
def test_a_site_that_nobody_can_trust_issues_none(folder: Path, tmp_path: Path) -> None:
    plain = STAFFROOM.replace("https://chats", "http://chats")
    (folder / "staffroom.yaml").write_text(plain, encoding="utf-8")
    told = staffroom("record", HANDLE, "--out", tmp_path / "out", "--badge", "-C", folder)
    assert (told.exit_code, "has to begin with https://" in told.stderr) == (2, True)
    assert not (tmp_path / "out").exists()
    assert not (folder / KEY).exists()


def test_without_its_package_a_badge_says_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "joserfc", None)
    told = staffroom("record", HANDLE, "--out", tmp_path / "out", "--badge", "-C", folder)
    assert (told.exit_code, "pip install 'staffroom[badges]'" in told.stderr) == (2, True)


def test_a_badge_that_cannot_be_written_is_not_remembered(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "badge.svg").write_text("mine")
    told = staffroom("record", HANDLE, "--out", tmp_path / "out", "--badge", "-C", folder)
    assert (told.exit_code, sorted(files(tmp_path / "out"))) == (2, ["badge.svg"])
    assert open_store(folder).badges() == ()


def test_a_name_takes_a_badge(folder: Path, tmp_path: Path) -> None:
    assert staffroom("record", HANDLE, "--out", tmp_path / "out", "--name", "Q", "-C", folder).exit_code == 2


def test_how_a_head_checks_whom_it_means(issued: tuple[Path, Path, str]) -> None:
    (mine,) = claims(issued[2])["credentialSubject"]["identifier"]
    assert mine["identityHash"] == "sha256$" + hashlib.sha256(f"{PERSON.url}{mine['salt']}".encode()).hexdigest()
