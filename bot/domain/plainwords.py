"""What may be repeated of words that are not ours: a server's about a failure, a library's about a mistake.

Such words may hold anything: what somebody posted, a handle, the very token that was sent. So only those clauses are
repeated that consist of the plain vocabulary of failures and of small numbers; of others an ellipsis stays. No list of
what is secret could be whole; a list of what is harmless need not be.
"""

from __future__ import annotations

import re

import msgspec

_WORDS = """
a abort aborted accept acceptable accepted access account accounts action actor add address after again aggregate all
allocate allowed already an and annotation another answer any api app appear applied apply are argument arguments
array as ascii at atproto attachment attachments attempt attribute auth authenticated authentication authority
authorization authorize authorized available bad base be been before being between blank blob blocked body boolean
both bound broken bsky busy but by byte bytearray bytes cache call callable came can canceled cancelled cannot
certificate change changed char character characters check cid client close closed closing code codec collection
column com command commit compatible completed concatenate condition conflict connect connected connecting connection
connections connecttimeout constraint contain content context control conversation convert converted corrupt corrupted
could count create created currently cursor data database date datetime day days deactivated deadlock decode decoded
decoding default defined delete deleted denied description deserialize detected dict dictionary did directory disabled
disconnect disconnected disk divide division dns do does done down duplicate duration during each eaddrinuse element
elements else empty encode encoded encoding encountered end ended endpoint enough entity entry enum eof errno error
errors escape every exceed exceeded exceeds exception exclusive execute executed exhausted exist existing exists
expected expecting expired expires extra fail failed fails failure failures false favourite feature feed fetch fetched
field fields file files find finished fits float folder for forbidden foreign format found frame from full function
gateway get got grant graphemes greater group handle handler handshake has have head header headers height host
hostname hour hours http https id idempotency identifier if ignored illegal image images implemented in inactive
incoming incomplete incorrect index input insert instance insufficient int integer integrity interface internal
interrupted into invalid invalidated io ip ipv is issuer it item items iterable its json jwt key keys keyword kind
known large larger last later least left length lexicon limit limited limits line list load local locale locked login
long longer lookup lost mailbox maintenance malformed map match maximum may media memory message method mime minimum
minute minutes mismatch missing mode module modulo more most moved ms must name named names necessary need needs
negative net network never new no node non none nonetype not null number numeric object of off offline offset on one
only open operation operational option or order os other out outside over overflow owner page parameter parameters
parent parse parsed parser parsing part password path peer pending per permanent permission permissions permitted pipe
please policy poll port position positional positive possible post posts precondition present process processable
processing profile programming protocol provided proxy public put query quota quote range rate reached read readable
reading ready reason received recipient recipients record records recursion redirect refresh refused reject rejected
remote remove removed repeat reply repo repository request requested requests require required requires reserved reset
resolution resolve resource response result retry return returned reuse root route row rows rst rule s scope scopes
second seconds secure self send sender sending sent sequence server servers service session set shorter should
signature signed since size sleep smtp socket some space specified ssl stale start started state status still stop
stopped storage store stream streaming string subject success such support supported suspended swap syntax system t
table takedown taken target tcp temporarily temporary terminated text than that the there thread throttled time timed
timeout timestamp title tls to token tokens too total trailing transaction transport true truncated trying tuple type
unable unauthenticated unauthorized unavailable understood unexpected unfinished unhandled unicode unique unknown
unpack unprocessable unreachable unreadable unrecognized unresolved unsubscriptable unsupported until update upgrade
upload upstream uri url us use used user users utc utf valid validate validated validation value values verification
verified verify version view violates visibility wait was websocket were when where which while width will with within
without word words write writing wrong x xrpc yet you your zero
"""
_PLAIN = frozenset(_WORDS.split())
_BETWEEN = re.compile(r"""([:;()\[\]{}<>"`|=\r\n\t]+|[.,!?](?=\s|$)|(?<!\w)'|'(?!\w)|\s[–-]\s)""")  # noqa: RUF001 - the dash that people write
_QUOTED = re.compile(r"""['"].*['"]""", re.DOTALL)
_PIECE = re.compile(r"[A-Za-z]+|\d+|\S")
_GLUE = frozenset("_-/.,'")
_DIGITS = 6
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_REPEATED = re.compile(r"…(?:[\s:;()\[\]{}<>\"'`|=.,!?–-]*…)+")  # noqa: RUF001 - as above


def plain_words(text: str, most: int = 200) -> str:
    """A foreign message with every clause left out that is not the plain talk of failures.

    ``Profile not found: amy.example.org`` gives ``Profile not found: …``.

    Args:
        text: words of a server or a library.
        most: how many characters are kept.
    """
    found = _BETWEEN.split(text[: 20 * most])  # what follows would not be shown anyway
    kept = [piece if number % 2 or _is_plain(piece) else _dropped(piece) for number, piece in enumerate(found)]
    told = " ".join(_REPEATED.sub("…", "".join(kept)).split())
    return told if len(told) <= most else told[: most - 1] + "…"


def decoding_words(error: Exception) -> str:
    """Why something could not be decoded; msgspec quotes values of what it read, and names fields of ours in backticks.

    https://jcristharif.com/msgspec/api.html#exceptions
    """
    if isinstance(error, msgspec.MsgspecError):
        return _QUOTED.sub("'…'", str(error))[:200]
    return plain_words(str(error)) or type(error).__name__


def plain_name(name: str) -> str:
    """The name of an error as a server gives it (``InvalidRequest``), if it is made of plain words; else nothing."""
    humps = _HUMP.findall(name)
    return name if "".join(humps) == name and all(hump.lower() in _PLAIN for hump in humps) else ""


def _is_plain(clause: str) -> bool:
    pieces = _PIECE.findall(clause)
    return all(
        piece in _GLUE or (len(piece) <= _DIGITS if piece.isdigit() else piece.lower() in _PLAIN) for piece in pieces
    )


def _dropped(clause: str) -> str:
    """An ellipsis in a clause's place, with the spaces round it."""
    before = " " if clause[:1].isspace() else ""
    return f"{before}…{' ' if clause[-1:].isspace() else ''}"
