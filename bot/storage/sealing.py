"""Encrypting backups in the age format (https://age-encryption.org/v1): the ``age`` tool reads them, too.

For a recipient whose secret key lies elsewhere, so that whoever gets hold of this machine can read no old backup; or
with a passphrase.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HEAD = b"age-encryption.org/v1"
_TRIES = 3
_TOO_MUCH = "Excessive work"
"""What age says of work that it thinks too much for this computer. It measures that anew each time, and for a moment:
on a busy computer it refused what had been sealed there, and did not refuse it when asked again."""


def is_sealed(file: Path) -> bool:
    """Whether a file is encrypted."""
    with file.open("rb") as opened:
        return opened.read(len(_HEAD)) == _HEAD


def seal(plain: Path, sealed: Path, *, recipients: Sequence[str] = (), passphrase: str = "") -> None:
    """Encrypt a file.

    Args:
        plain: what to encrypt.
        sealed: where to write it; the file is there and empty.
        recipients: public keys (``age1…``) of those who may read it. They come before a passphrase: the format does not
            take both.
        passphrase: what opens it again, where nobody else is named. The whole file is held in memory then.

    Raises:
        UserError: a key is none.
    """
    age = _age()
    if not recipients:
        sealed.write_bytes(age.passphrase.encrypt(plain.read_bytes(), passphrase))
        return
    with plain.open("rb") as source, sealed.open("wb") as target:
        age.encrypt_io(source, target, [_recipient(age, one) for one in recipients])


def unseal(sealed: Path, plain: Path, *, identities: str = "", passphrase: str = "") -> None:
    """Decrypt a file.

    Args:
        sealed: what ``seal`` wrote.
        plain: where to write it; the file is there and empty.
        identities: secret keys (``AGE-SECRET-KEY-1…``), one a line, as ``age-keygen`` writes them.
        passphrase: where it was encrypted with one.

    Raises:
        UserError: neither opens it, or it is damaged.
    """
    age = _age()
    try:
        if not identities:
            plain.write_bytes(_with_passphrase(age, sealed.read_bytes(), passphrase))
            return
        keys = [line.strip() for line in identities.splitlines() if line.strip() and not line.startswith("#")]
        with sealed.open("rb") as source, plain.open("wb") as target:
            age.decrypt_io(source, target, [age.x25519.Identity.from_str(key) for key in keys])
    except age.IdentityError:
        raise UserError(
            "The file with the secret key has none in it. It is the one that `age-keygen` wrote, with a line that "
            "begins with AGE-SECRET-KEY-1."
        ) from None
    except (age.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's; damage comes without a number
            raise
        opened = "this secret key" if identities else "this passphrase"
        raise UserError(
            f"The backup cannot be opened with {opened}: it is another one's, or the file is damaged. Nothing was done."
        ) from None


def _with_passphrase(age: Any, data: bytes, passphrase: str) -> bytes:  # noqa: ANN401 - pyrage has no types
    """Decrypt; age refuses work that would take this computer long, and a busy moment makes it think any would."""
    for _ in range(_TRIES):
        try:
            opened: bytes = age.passphrase.decrypt(data, passphrase)
        except age.DecryptError as error:
            if _TOO_MUCH not in str(error):
                raise
        else:
            return opened
    raise UserError(
        "This computer is too slow, or too busy, to open the backup with its passphrase. Try again when it has less to "
        "do, or open it elsewhere with `age --decrypt` and restore what comes out. Nothing was done."
    )


def _recipient(age: Any, key: str) -> Any:  # noqa: ANN401 - pyrage has no types
    try:
        return age.x25519.Recipient.from_str(key)
    except age.RecipientError:
        if key.startswith("AGE-SECRET"):
            say = "This is a secret key, which opens backups. Name the public one, and keep this one off this machine."
        else:
            say = f"{key[:20]}: this is no public key to encrypt for. `age-keygen` prints one that begins with age1."
        raise UserError(say) from None


def _age() -> Any:  # noqa: ANN401 - as above
    try:
        return importlib.import_module("pyrage")
    except ModuleNotFoundError as error:
        raise UserError("Encrypting needs one more package: pip install 'staffroom[encrypted]'.") from error
