"""Secrets at rest: AES-256-GCM under a ring of keys, each ciphertext bound to its one place."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.errors import BadSettings, SourceRefused

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
HOW = "mintmark account new-key makes one, for WORKER_SECRETS__KEYS or the file WORKER_SECRETS__KEYS_FILE"


class CannotDecrypt(SourceRefused):
    """Raised when a ciphertext is none of ours, was moved from another row, or its key is gone.

    Waiting does not mend it, and nobody else's accounts are the worse for it.
    """

    code = "cannot_decrypt"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret stands: a ciphertext is good there and nowhere else."""

    table: str
    row: str
    column: str

    def bound_to(self, key_id: str) -> bytes:
        """The data that a ciphertext is authenticated with."""
        return f"{self.table}\x1f{self.row}\x1f{self.column}\x1f{key_id}".encode()


class Vault:
    """Encrypts with the first key of a ring and decrypts with any; safe to share between tasks."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self.current = next(iter(keys))
        """The id of the key that encrypts."""

    def encrypt(self, secret: str, place: Place) -> bytes:
        """Encrypt a secret for a place: a format byte, the key's id behind its length, a nonce, the rest."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self.current].encrypt(nonce, secret.encode(), place.bound_to(self.current))
        return self.head + nonce + sealed

    @property
    def head(self) -> bytes:
        """What every ciphertext under the key that encrypts begins with, and no other."""
        return FORMAT + bytes([len(self.current)]) + self.current.encode()

    def decrypt(self, ciphertext: bytes, place: Place) -> str:
        """Read a secret; raises ``CannotDecrypt``, which says which key is missing if that is why."""
        name = key_of(ciphertext)
        if (key := self._keys.get(name)) is None:
            raise CannotDecrypt(
                f'the key "{name}" is not in the ring: {_what(place)} cannot be read without it'
            )
        body = ciphertext[2 + len(name) :]
        try:
            secret = key.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place.bound_to(name))
        except InvalidTag:
            raise CannotDecrypt(
                f"{_what(place)} was not encrypted for this place, or was changed: connect the account again"
            ) from None
        return secret.decode()

    def knows(self, name: str) -> bool:
        """Tell whether a key is in the ring."""
        return name in self._keys


def key_of(ciphertext: bytes) -> str:
    """The id of the key that made a ciphertext; raises ``CannotDecrypt`` where it is none of ours."""
    name = key_named_by(ciphertext)
    if name is None or len(ciphertext) <= 2 + len(name) + NONCE_BYTES:
        raise CannotDecrypt("what is stored is not one of our ciphertexts: connect the account again")
    return name


def key_named_by(head: bytes) -> str | None:
    """The id of the key that a ciphertext's beginning names; None where that is none of ours."""
    if head[:1] != FORMAT or len(head) < 2 or len(head) < 2 + head[1]:  # noqa: PLR2004
        return None
    name = head[2 : 2 + head[1]].decode("ascii", errors="replace")
    return name if KEY_ID.fullmatch(name) else None


def new_key(name: str) -> str:
    """Make an entry for a key ring: ``id:key``, 256 random bits in base64."""
    if KEY_ID.fullmatch(name) is None:
        raise BadSettings(f"{name!r} is no id for a key: 1 to 32 letters, digits, . _ and -")
    return f"{name}:{base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()}"


def read_ring(text: str | None, file: Path | None = None) -> Vault:
    """Make a vault of a key ring, ``id:key`` with commas or line ends between, from a text or a file.

    Raises ``BadSettings``, which never shows a key.
    """
    if text is None and file is not None:
        try:
            text = file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"the key ring {file} cannot be read: {type(error).__name__}") from None
    entries = [part.strip() for part in re.split(r"[,\n]", text or "") if part.strip()]
    if not entries:
        raise BadSettings(f"there is no key ring, and tokens are never stored without one: {HOW}")
    keys = dict(_entry(number, entry) for number, entry in enumerate(entries, start=1))
    if len(keys) < len(entries):
        raise BadSettings("the key ring has two keys of one id")
    return Vault(keys)


def _entry(number: int, entry: str) -> tuple[str, bytes]:
    name, _, encoded = entry.partition(":")
    try:
        key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if KEY_ID.fullmatch(name) is None or len(key) != KEY_BYTES:
        raise BadSettings(f"entry {number} of the key ring is not id:key with 32 bytes in base64: {HOW}")
    return name, key


def _what(place: Place) -> str:
    return f"the {place.column} of {place.row}"
