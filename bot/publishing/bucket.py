"""The archive in S3-compatible storage (https://docs.aws.amazon.com/AmazonS3/latest/API/), by obstore.

What stands there is listed before anything is changed: a file whose MD5 the storage names (its ETag) is not sent again,
and whatever is not wanted is removed. So an upload that was cut off goes on where it was, also from another computer.
"""

from __future__ import annotations

import posixpath
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore import exceptions
from obstore.store import S3Store

from bot.domain.places import changes
from bot.errors import PlaceError
from bot.ports import Brought
from bot.publishing.original import print_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.places import Print
    from bot.publishing.original import Original

MARK = ".staffroom-place"
"""The object that says that all beside it is the archive's."""

PROBE = ".staffroom-probe"

FRESH = "no-cache"
"""A copy may be kept, and is shown only after the storage said that it still holds: nothing erased stays in a cache."""

_MARKED = b"Staffroom keeps an archive here. Whatever else is put beside this file is removed.\n"
_PLAIN = "application/octet-stream"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".jwt": "application/jwt",
    ".xml": "application/xml",
    ".csv": "text/csv; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".zip": "application/zip",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".wasm": "application/wasm",
}
_NAMED = {"feed.xml": "application/atom+xml; charset=utf-8", "feed.json": "application/feed+json"}
_AT_ONCE = 8
_AT_A_TIME = 64  # files between two looks at the clock
_LISTED = 1000
_NEVER_VERSIONED = (None, "", "null")  # "null": versions were kept once, and are not any more
_SHOWN = 200  # characters of what went wrong
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_ASKED = timedelta(seconds=30)
_CONNECTED = timedelta(seconds=10)


class Bucket:
    """A ``ports.Place``: a bucket, or a folder in one, which belongs to the archive alone.

    Args:
        name: the place's.
        original: the site's folder.
        bucket: its name.
        folder: where in it; empty for all of it.
        endpoint: the storage's address; empty for Amazon's own.
        region: as the storage calls it.
        key, secret: the login.
    """

    def __init__(
        self,
        *,
        name: str,
        original: Original,
        bucket: str,
        folder: str = "",
        endpoint: str = "",
        region: str = "",
        key: str,
        secret: str,
    ) -> None:
        self.name = name
        self._original = original
        self._bucket = bucket
        self._tags: dict[str, tuple[str, str]] = {}
        self._store = S3Store(
            bucket,
            prefix=folder or None,
            config={
                "access_key_id": key,
                "secret_access_key": secret,
                "region": region or "us-east-1",
                **({"endpoint": endpoint} if endpoint else {}),
            },
            client_options={
                "timeout": _ASKED,
                "connect_timeout": _CONNECTED,
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 2, "retry_timeout": _ASKED},
        )

    def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
        """Make the bucket hold these files and nothing else; what is not done in time is left.

        Raises:
            PlaceError: the storage does not do as asked, keeps old versions, or holds what somebody else put there.
        """
        ends = time.monotonic() + seconds
        try:
            tags = self._ours()
            there = {path: self._md5_of(path, tag) for path, tag in tags.items() if path != MARK}
            todo = changes(there, {path: one.md5 for path, one in wanted.items()})
            self._remove(todo.gone)
            put = sum(self._put_all(group, ends) for group in todo.put)
        except exceptions.BaseError as error:
            raise PlaceError(self._told(error)) from None
        return Brought(put=put, removed=len(todo.gone), left=todo.count - len(todo.gone) - put)

    def check(self) -> str:
        """Put a small file there, look at what comes back, and remove it again.

        Raises:
            PlaceError: as ``bring``.
        """
        try:
            self._must_be_ours(self._list())
            tag = self._put(PROBE, _MARKED)
            obstore.delete(self._store, PROBE)
        except exceptions.BaseError as error:
            raise PlaceError(self._told(error)) from None
        if tag != print_of(_MARKED).md5:
            return "the storage does not name its files by their MD5, so that every start sends all of them again"
        return ""

    def _ours(self) -> dict[str, str]:
        """What stands there, by its tags; marked as ours where nothing did."""
        tags = self._list()
        self._must_be_ours(tags)
        if MARK not in tags:
            self._put(MARK, _MARKED)
        return tags

    def _list(self) -> dict[str, str]:
        return {
            one["path"]: (one["e_tag"] or "").strip('"')
            for some in obstore.list(self._store, chunk_size=_LISTED)
            for one in some
        }

    def _must_be_ours(self, tags: Mapping[str, str]) -> None:
        theirs = [path for path in tags if path != PROBE]
        if theirs and MARK not in tags:
            raise PlaceError(
                f"the bucket {self._bucket} holds files that Staffroom did not put there ({len(theirs)} of them), and"
                " they would be lost. Name an empty bucket, or a folder of its own behind the bucket's name"
            )

    def _md5_of(self, path: str, tag: str) -> str:
        """The MD5 of what stands there: its tag as a rule, else what we put there under that tag."""
        known = self._tags.get(path)
        return known[1] if known and known[0] == tag else tag

    def _remove(self, paths: Sequence[str]) -> None:
        for start in range(0, len(paths), _LISTED):
            obstore.delete(self._store, list(paths[start : start + _LISTED]))

    def _put_all(self, paths: Sequence[str], ends: float) -> int:
        """Put a group of files there, several at once; gives how many, which is fewer where the time is over."""
        done = 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for start in range(0, len(paths), _AT_A_TIME):
                if time.monotonic() >= ends:
                    break
                done += sum(pool.map(self._put_file, paths[start : start + _AT_A_TIME]))
        return done

    def _put_file(self, path: str) -> bool:
        data = self._original.read(path)
        if data is None:  # removed meanwhile: it is left for the next look
            return False
        self._tags[path] = (self._put(path, data), print_of(data).md5)
        return True

    def _put(self, path: str, data: bytes) -> str:
        """Put a file there; gives its tag. A storage that keeps what was there before is refused."""
        attributes = {"Content-Type": kind_of(path), "Cache-Control": FRESH}
        done = obstore.put(self._store, path, data, attributes=attributes, use_multipart=False)
        if done["version"] not in _NEVER_VERSIONED:
            raise PlaceError(
                f"the bucket {self._bucket} keeps old versions of its files, so that erased words would stay there."
                " Name one without versions"
            )
        return (done["e_tag"] or "").strip('"')

    def _told(self, error: exceptions.BaseError) -> str:
        """What went wrong, without the long answers of storages."""
        text = " ".join(str(error).split())
        status, code = _STATUS.search(text), _CODE.search(text)
        kind = (status[1] if status else "", code[1] if code else "")
        if isinstance(error, exceptions.NotFoundError) or "404" in kind or "NoSuchBucket" in kind:
            return f"there is no bucket {self._bucket} at this storage"
        refused = isinstance(error, (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError))
        if refused or kind[0] in {"401", "403"}:
            why = f" ({kind[1]})" if kind[1] else ""
            return f"the storage does not let us use the bucket {self._bucket}{why}; are the keys right?"
        if any(kind):
            return f"the storage did not do as asked: it answered {' '.join(filter(None, kind))}"
        if "error sending request" in text or "onnect" in text:
            return "the storage cannot be reached"
        return f"the storage did not do as asked: {text[:_SHOWN]}"


def kind_of(path: str) -> str:
    """The media type of a file, by its name."""
    name = posixpath.basename(path)
    return _NAMED.get(name) or _KINDS.get(posixpath.splitext(name)[1].lower(), _PLAIN)
