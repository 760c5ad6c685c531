"""A Jetstream over the test network's own firehose, which goes wrong when a test says so.

    with Jetstream(bluesky_network.pds_url) as jetstream:
        ...the bot listens at jetstream.v1 or jetstream.v2...
        jetstream.drop()            # break every connection
        jetstream.spoil()           # send something that cannot be read, then go on
        jetstream.hush()            # keep connections, say nothing more
        jetstream.down = True       # refuse new connections

Both protocols as the public servers speak them: `/subscribe` (https://github.com/bluesky-social/jetstream), and the
lexicon `network.bsky.jetstream.subscribeEvents`. Numbers and times are its own, so two of them differ.
"""

import base64
import json
import socket
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import libipld
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

V2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
SUBPROTOCOL = Subprotocol("xrpc.v1.json")
A_TIMESTAMP = 10**15  # cursors from here on are times, says the lexicon


@dataclass(frozen=True)
class Row:
    """One event: its number and time here, and what both protocols say of it."""

    seq: int
    time_us: int
    kind: str
    collection: str
    v1: bytes
    v2: bytes


@dataclass
class Jetstream:
    """Use as a context manager. `asked` holds the queries of all connections, in order.

    Args:
        pds: http URL of the PDS whose firehose it reads.
        first: the number of its first event.
        floor: numbers below are too old (version 2).
    """

    pds: str
    first: int = 1
    floor: int = 0
    down: bool = False
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows: list[Row] = []
        self._more = threading.Condition()
        self._open: set[ServerConnection] = set()
        # A client is connected a moment before its handler begins: from which row, since when it was let in.
        self._let_in: dict[ServerConnection, tuple[int, str]] = {}
        self._quiet = False
        self._over = False

    def __enter__(self) -> Self:
        url = self.pds.replace("http", "ws", 1) + "/xrpc/com.atproto.sync.subscribeRepos"
        self._closing = ExitStack()
        self._source = self._closing.enter_context(connect(url, compression=None, max_size=None, close_timeout=1))
        self._server = serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._admit,
            select_subprotocol=lambda _, offered: SUBPROTOCOL if SUBPROTOCOL in offered else None,
            compression=None,
        )
        port = self._server.socket.getsockname()[1]
        self.v1 = f"ws://127.0.0.1:{port}/subscribe"
        self.v2 = f"ws://127.0.0.1:{port}{V2}"
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._read, self._server.serve_forever)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self.drop()
        self._closing.close()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(10)

    # -- going wrong --------------------------------------------------------------------------------------------
    def drop(self) -> None:
        """Break every connection, without a word."""
        with self._more:
            self._more.notify_all()
            self._more.wait_for(lambda: not self._let_in, timeout=5)
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def hush(self, quiet: bool = True) -> None:  # noqa: FBT002 - `hush(False)` reads well in a test
        """Say nothing on open connections from now on."""
        with self._more:
            self._quiet = quiet
            self._more.notify_all()

    def spoil(self, frame: bytes = b"") -> None:
        """Put a frame among the others that cannot be read: the one given, or the first half of an event."""
        half = (
            b'{"did":"did:plc:spoiled","time_us":%d,"kind":"commit","commit":{"rkey":"3spoiled","record":{"text":"secr'
        )
        with self._more:
            now = self._time()
            row = Row(self._seq(), now, "spoiled", "", frame or half % now, frame or half % now)
            self._rows.append(row)
            self._more.notify_all()

    def inject(self, event: dict[str, Any]) -> None:
        """Send a commit as if somebody had made it: `did`, `operation`, `collection`, `rkey`, `cid`, `record`."""
        self._add(event.pop("did"), "commit", event)

    # -- from the firehose --------------------------------------------------------------------------------------
    def _read(self) -> None:
        with suppress(ConnectionClosed, OSError):
            while True:
                header, body = libipld.decode_dag_cbor_multi(self._source.recv(decode=False))
                if header["t"] == "#commit":
                    blocks = libipld.decode_car(body["blocks"])[1]
                    for op in body["ops"]:
                        self._commit(body, op, blocks)
                elif header["t"] == "#account":
                    self._add(body["did"], "account", {name: body[name] for name in body if name != "blocks"})
                elif header["t"] == "#identity":
                    self._add(body["did"], "identity", body)

    def _commit(self, body: dict[str, Any], op: dict[str, Any], blocks: dict[bytes, Any]) -> None:
        collection, _, rkey = op["path"].partition("/")
        commit = {"rev": body["rev"], "operation": op["action"], "collection": collection, "rkey": rkey}
        if op["cid"] is not None:
            commit["cid"] = "b" + base64.b32encode(op["cid"]).decode().rstrip("=").lower()
            commit["record"] = json.loads(json.dumps(blocks[op["cid"]], default=lambda link: {"$link": str(link)}))
        self._add(body["repo"], "commit", commit)

    def _add(self, did: str, kind: str, told: dict[str, Any]) -> None:
        with self._more:
            seq, time_us = self._seq(), self._time()
            at = datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            one = {"did": did, "time_us": time_us, "kind": kind, kind: told}
            load = {"$type": f"network.bsky.jetstream.subscribeEvents#{kind}", "seq": seq, "did": did, "time": at}
            load |= {"witnessedAt": at} | (told if kind == "commit" else {kind: told})
            two = {"$type": "message", "payload": load}
            row = Row(seq, time_us, kind, told.get("collection", ""), _compact(one), _compact(two))
            self._rows.append(row)
            self._more.notify_all()

    def _seq(self) -> int:
        return self._rows[-1].seq + 1 if self._rows else self.first

    def _time(self) -> int:
        now = time.time_ns() // 1000
        return max(now, self._rows[-1].time_us + 1) if self._rows else now

    # -- to whom it may concern ---------------------------------------------------------------------------------
    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        query = parse_qs(urlsplit(request.path).query)
        self.asked.append(query)
        if self.down:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "down\n")
        cursor = int(query.get("cursor", ["-1"])[0])
        if V2 in request.path and 0 <= cursor < min(self.floor, A_TIMESTAMP):
            return connection.respond(HTTPStatus.BAD_REQUEST, '{"error": "CursorTooOld"}')
        with self._more:
            self._let_in[connection] = self._from(cursor, second=V2 in request.path)
        return None

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        second = V2 in connection.request.path
        collections = set(query.get("collections" if second else "wantedCollections", []))
        kinds = set(query.get("kinds", []))
        with self._more:
            done, hint = self._let_in.pop(connection)
            self._open.add(connection)
            self._more.notify_all()
        try:
            if hint:
                load = {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": hint}
                connection.send(_compact({"$type": "message", "payload": load}), text=True)
            while not self._over:
                with self._more:
                    while not self._over and (self._quiet or done >= len(self._rows)):
                        self._more.wait(1)
                        if connection.close_code is not None:
                            return
                    rows, done = self._rows[done:], len(self._rows)
                for row in rows:
                    left_out = row.kind == "commit" and collections and row.collection not in collections
                    if not left_out and (not kinds or row.kind in kinds | {"spoiled"}):
                        connection.send(row.v2 if second else row.v1, text=True)
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._more:
                self._open.discard(connection)

    def _from(self, cursor: int, *, second: bool) -> tuple[int, str]:
        """Where in the rows a connection begins, and what it is told about it."""
        if cursor < 0:
            return len(self._rows), ""
        if second and cursor < A_TIMESTAMP:
            if cursor > self._seq():
                return len(self._rows), "FutureCursor"
            return next((n for n, row in enumerate(self._rows) if row.seq >= cursor), len(self._rows)), ""
        begin = next((n for n, row in enumerate(self._rows) if row.time_us >= cursor), len(self._rows))
        return begin, ""


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
