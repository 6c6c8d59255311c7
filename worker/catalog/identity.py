"""What a record must say to be of use: which card or set it is, its number, its set.

The only reasons for which a record is refused are here.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from unicodedata import normalize

from worker.catalog.facts import Unreadable
from worker.catalog.fields import LONGEST_TEXT, Notes, storable
from worker.catalog.numbers import LONGEST_NUMBER

LONGEST_ID = 200
HIGHEST_NUMBER = 999_999_999


class Identity(NamedTuple):
    """A record that is an object and has an id and a name."""

    record: dict[str, Any]
    external_id: str
    name: str


def read_identity(what: str, payload: object, external_id: str | None) -> Identity | Unreadable:
    """Read id and name, or say why the record cannot be used; ``what`` is "card" or "set"."""
    if not isinstance(payload, dict):
        return Unreadable("not_an_object", f"a {what} must be a JSON object: fetch it again, or drop it")
    record_id, name = payload.get("id"), payload.get("name")
    if not isinstance(record_id, str) or not record_id or record_id.isspace():
        return Unreadable("id_missing", f'the {what} has no "id", or it is not text: fetch it again')
    if external_id is not None and record_id != external_id:
        return _mismatch(record_id, external_id)
    if not isinstance(name, str) or not name or name.isspace():
        return Unreadable("name_missing", f'the {what} has no "name", or it is not text: fetch it again')
    if len(record_id) > LONGEST_ID or len(name) > LONGEST_TEXT or not storable(record_id + name):
        return Unreadable(
            "text_unusable",
            f"the {what}'s id or name is far too long, or holds NUL or half a surrogate pair: "
            "mend it at its source",
        )
    return Identity(payload, record_id, name if name.isascii() else normalize("NFC", name))


def read_number(record: Mapping[str, Any], key: str) -> str | Unreadable:
    """Read a card's number, as printed; a whole number is written out."""
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_NUMBER:
        return str(value)
    if not isinstance(value, str) or not value or value.isspace():
        return Unreadable(
            "number_missing", f'the card has no "{key}", or it is not a number or text: fetch it again'
        )
    if len(value) > LONGEST_NUMBER or not storable(value):
        return Unreadable("number_unusable", f'the card\'s "{key}" is no card number: mend it at its source')
    return value


def read_set_id(identity: Identity, hint: str | None, notes: Notes) -> str | Unreadable:
    """Find a card's set: its own word goes before the file's name, and that before the card's id."""
    inner = identity.record.get("set")
    if inner is not None and not isinstance(inner, dict):
        return Unreadable("set_unusable", 'the card\'s "set" is not an object: fetch it again')
    own = inner.get("id") if inner else None
    if own is not None:
        if hint is not None and own != hint:
            notes.append(
                f'the card says set "{_shown(own)}", its file "{_shown(hint)}"; the card was believed'
            )
        return _usable_set(own)
    if found := hint or identity.external_id.rpartition("-")[0].strip():
        return _usable_set(found)
    return Unreadable("set_missing", "nothing says which set the card is of: add a set id to the record")


def _usable_set(found: object) -> str | Unreadable:
    if isinstance(found, str) and found.strip() and len(found) <= LONGEST_ID and storable(found):
        return found
    return Unreadable("set_unusable", "the id of the card's set is not usable text: fetch it again")


def _mismatch(record_id: str, external_id: str) -> Unreadable:
    return Unreadable(
        "id_mismatch",
        f'the record says id "{_shown(record_id)}", its row "{_shown(external_id)}": fetch it again',
    )


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    short = text if len(text) <= LONGEST_NUMBER else text[:LONGEST_NUMBER] + "…"
    return short.encode(errors="replace").decode().replace("\0", "?")
