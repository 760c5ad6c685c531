"""The archive in S3-compatible storage: against a server that speaks S3, on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from unit.s3_storage import KEY, SECRET, s3_storage

from bot.errors import PlaceError
from bot.ports import Brought
from bot.publishing import bucket as bucket_module
from bot.publishing.bucket import MARK, PROBE, Bucket, kind_of
from bot.publishing.original import Original

PAGES = {"index.html": "home", "look.css": "body {}", "edchat/2027-01-07/index.html": "<p>words</p>"}


class Shelf:
    """A site's folder and a bucket of its own at a storage."""

    def __init__(self, folder: Path, address: str, client: Any, name: str) -> None:
        self.folder, self.address, self.client, self.name = folder, address, client, name
        client.create_bucket(Bucket=name)
        self.write(PAGES)
        self.original = Original(folder)

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    def place(self, **changes: str) -> Bucket:
        given = {"bucket": self.name, "endpoint": self.address, "key": KEY, "secret": SECRET} | changes
        return Bucket(name="s3", original=self.original, **given)

    def bring(self, place: Bucket | None = None, seconds: float = 60) -> Brought:
        return (place or self.place()).bring(self.original.prints(), seconds)

    def files(self) -> dict[str, str]:
        listed = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {
            one["Key"]: self.client.get_object(Bucket=self.name, Key=one["Key"])["Body"].read().decode()
            for one in listed
        }

    def pages(self) -> dict[str, str]:
        return {path: text for path, text in self.files().items() if not path.endswith(MARK)}


@pytest.fixture(scope="module")
def storage() -> Iterator[tuple[str, Any]]:
    with s3_storage() as found:
        yield found


@pytest.fixture
def shelf(storage: tuple[str, Any], tmp_path: Path, unique: Callable[[str], str]) -> Shelf:
    return Shelf(tmp_path / "site", *storage, unique("edchat-"))


def test_a_bucket_holds_the_site_and_nothing_else(shelf: Shelf) -> None:
    assert shelf.bring() == Brought(put=3)
    assert shelf.pages() == PAGES
    shelf.write({"index.html": "home 2"})
    (shelf.folder / "edchat/2027-01-07/index.html").unlink()
    assert shelf.bring() == Brought(put=1, removed=1)
    assert shelf.pages() == {"index.html": "home 2", "look.css": "body {}"}


def test_another_process_sends_nothing_that_is_there(shelf: Shelf) -> None:
    shelf.bring()
    assert shelf.bring(shelf.place()) == Brought()
    shelf.client.delete_object(Bucket=shelf.name, Key="look.css")
    assert shelf.bring() == Brought(put=1)


def test_a_folder_in_a_bucket_leaves_what_stands_beside_it(shelf: Shelf) -> None:
    shelf.client.put_object(Bucket=shelf.name, Key="thesis.txt", Body=b"years of work")
    place = shelf.place(folder="chats/archive")
    assert shelf.bring(place) == Brought(put=3)
    assert {"thesis.txt", "chats/archive/index.html", f"chats/archive/{MARK}"} <= set(shelf.files())
    assert shelf.bring(place) == Brought()


def test_readers_are_told_what_a_file_is_and_ask_again_whether_it_still_holds(shelf: Shelf) -> None:
    shelf.bring()
    head = shelf.client.head_object(Bucket=shelf.name, Key="index.html")
    assert (head["ContentType"], head["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("edchat/feed.xml", "application/atom+xml; charset=utf-8"),
        ("feed.json", "application/feed+json"),
        ("edchat/2027-01-07/chat.json", "application/json"),
        ("badges/revoked.jwt", "application/jwt"),
        ("sitemap.xml", "application/xml"),
        ("calendar.ics", "text/calendar; charset=utf-8"),
        ("search/edchat/2026/pagefind.pf_meta", "application/octet-stream"),
        ("card.PNG", "image/png"),
        ("CNAME", "application/octet-stream"),
    ],
)
def test_media_types(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_what_somebody_else_put_there_is_left_alone(shelf: Shelf) -> None:
    shelf.client.put_object(Bucket=shelf.name, Key="thesis.txt", Body=b"years of work")
    for act in (shelf.bring, shelf.place().check):
        with pytest.raises(PlaceError, match=r"holds files that Staffroom did not put there \(1 of them\)"):
            act()
    assert shelf.files() == {"thesis.txt": "years of work"}


def test_a_bucket_that_keeps_old_versions_is_refused(shelf: Shelf) -> None:
    shelf.client.put_bucket_versioning(Bucket=shelf.name, VersioningConfiguration={"Status": "Enabled"})
    for act in (shelf.place().check, shelf.bring):
        with pytest.raises(PlaceError, match="keeps old versions"):
            act()
    assert not shelf.pages().keys() - {PROBE}


def test_a_bucket_that_keeps_versions_later_is_refused_then(shelf: Shelf) -> None:
    shelf.bring()
    shelf.client.put_bucket_versioning(Bucket=shelf.name, VersioningConfiguration={"Status": "Enabled"})
    shelf.write({"index.html": "home 2"})
    with pytest.raises(PlaceError, match="keeps old versions"):
        shelf.bring()


def test_a_check_leaves_nothing_behind(shelf: Shelf) -> None:
    assert shelf.place().check() == ""
    assert shelf.files() == {}


def test_an_upload_that_was_cut_off_goes_on(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "_AT_A_TIME", 2)
    shelf.write({f"edchat/{number}/chat.json": str(number) for number in range(5)})
    real, sent = obstore.put, list[str]()

    def cut_off(store: Any, path: str, data: bytes, **more: Any) -> Any:
        if len(sent) >= 4:
            raise obstore.exceptions.GenericError("connection reset")
        sent.append(path)
        return real(store, path, data, **more)

    with monkeypatch.context() as patch:
        patch.setattr(obstore, "put", cut_off)
        with pytest.raises(PlaceError, match="the storage cannot be reached"):
            shelf.bring()
    there = set(shelf.pages())
    assert "index.html" not in there
    assert len(there) == 3  # and the mark
    assert shelf.bring() == Brought(put=5)
    assert len(shelf.pages()) == 8


def test_what_takes_too_long_is_left_for_the_next_time(shelf: Shelf) -> None:
    assert shelf.bring(seconds=0) == Brought(left=3)
    assert shelf.bring() == Brought(put=3)


def test_erased_words_go_even_where_there_is_no_time_for_more(shelf: Shelf) -> None:
    shelf.bring()
    (shelf.folder / "edchat/2027-01-07/index.html").unlink()
    shelf.write({"new.html": "new"})
    assert shelf.bring(seconds=0) == Brought(removed=1, left=1)
    assert "edchat/2027-01-07/index.html" not in shelf.pages()


def test_a_storage_that_names_no_md5_is_known_by_what_was_put_there(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_put, real_list = obstore.put, obstore.list

    def put(*given: Any, **more: Any) -> Any:
        return {**real_put(*given, **more), "e_tag": f'"x-{given[1]}"'}

    def listed(store: Any, **more: Any) -> Any:
        return [[{**one, "e_tag": f'"x-{one["path"]}"'} for one in some] for some in real_list(store, **more)]

    monkeypatch.setattr(obstore, "put", put)
    monkeypatch.setattr(obstore, "list", listed)
    place = shelf.place()
    assert "MD5" in place.check()
    assert shelf.bring(place) == Brought(put=3)
    assert shelf.bring(place) == Brought()


def test_a_file_that_vanishes_meanwhile_is_left_for_the_next_look(shelf: Shelf) -> None:
    prints = shelf.original.prints()
    (shelf.folder / "look.css").unlink()
    assert shelf.place().bring(prints, 60) == Brought(put=2, left=1)


def test_no_such_bucket_and_no_such_server_are_told_in_words(shelf: Shelf) -> None:
    with pytest.raises(PlaceError, match="there is no bucket edchat-nowhere at this storage"):
        shelf.bring(shelf.place(bucket="edchat-nowhere"))
    with pytest.raises(PlaceError, match=r"the storage cannot be reached$") as caught:
        shelf.bring(shelf.place(endpoint="http://127.0.0.1:1"))
    assert SECRET not in str(caught.value)


def test_what_a_storage_answers_is_told_in_a_few_words(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(text: str) -> None:
        def listed(*_: Any, **__: Any) -> Any:
            raise obstore.exceptions.GenericError(f"Generic S3 error: GET {shelf.address} {text}")

        monkeypatch.setattr(obstore, "list", listed)

    for text, told in (
        ("non-2xx status code: 503 : <?xml?><Error>\n<Code>SlowDown</Code>", "it answered 503 SlowDown$"),
        ("status code: 403 <Code>SignatureDoesNotMatch</Code>", r"\(SignatureDoesNotMatch\); are the keys right"),
        ("x" * 999, "did not do as asked: Generic"),
    ):
        answers(text)
        with pytest.raises(PlaceError, match=told) as caught:
            shelf.bring()
        assert len(str(caught.value)) < 300
