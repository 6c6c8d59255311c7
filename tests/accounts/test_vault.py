"""A ciphertext is good in its one place, unchanged, and with its key; nothing ever shows a key."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from worker.accounts.vault import CannotDecrypt, Place, Vault, key_named_by, key_of, new_key, read_ring
from worker.errors import BadSettings

HERE = Place("public.ebay_accounts", "row-1", "access_token")
OTHER_ROW = Place("public.ebay_accounts", "row-2", "access_token")
OTHER_COLUMN = Place("public.ebay_accounts", "row-1", "refresh_token")
OTHER_TABLE = Place("public.others", "row-1", "access_token")
SECRET = "v^1.1#i^1#not-a-real-token"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
PLACES = some.builds(Place, some.text(), some.text(), some.text())


def vault(*names: str) -> Vault:
    return read_ring(",".join(new_key(name) for name in names))


@given(secret=some.text(), place=PLACES)
def test_what_was_encrypted_for_a_place_is_read_there(secret: str, place: Place) -> None:
    ours = vault("k1")

    assert ours.decrypt(ours.encrypt(secret, place), place) == secret


@pytest.mark.parametrize("elsewhere", [OTHER_ROW, OTHER_COLUMN, OTHER_TABLE])
def test_what_is_moved_to_another_place_cannot_be_read_there(elsewhere: Place) -> None:
    ours = vault("k1")
    moved = ours.encrypt(SECRET, HERE)

    with pytest.raises(CannotDecrypt, match="not encrypted for this place"):
        ours.decrypt(moved, elsewhere)


def test_two_rows_whose_ciphertexts_were_swapped_are_both_unreadable() -> None:
    ours = vault("k1")
    one, other = ours.encrypt(SECRET, HERE), ours.encrypt(SECRET, OTHER_ROW)

    for ciphertext, place in ((other, HERE), (one, OTHER_ROW)):
        with pytest.raises(CannotDecrypt):
            ours.decrypt(ciphertext, place)


def test_the_same_secret_is_never_encrypted_the_same_way_twice() -> None:
    ours = vault("k1")

    assert len({ours.encrypt(SECRET, HERE) for _ in range(100)}) == 100


def test_another_key_of_the_same_id_reads_nothing() -> None:
    ciphertext = vault("k1").encrypt(SECRET, HERE)

    with pytest.raises(CannotDecrypt, match="was changed"):
        vault("k1").decrypt(ciphertext, HERE)


def test_a_key_that_is_missing_is_named() -> None:
    ciphertext = vault("old").encrypt(SECRET, HERE)

    with pytest.raises(CannotDecrypt, match='the key "old" is not in the ring'):
        vault("k1", "k2").decrypt(ciphertext, HERE)


def test_a_ciphertext_under_one_key_does_not_pass_for_one_under_another() -> None:
    ring = ",".join((f"k1:{KEY}", f"k2:{KEY}"))  # The same bytes under two names: only the name differs.
    ciphertext = read_ring(ring).encrypt(SECRET, HERE)

    with pytest.raises(CannotDecrypt):
        read_ring(ring).decrypt(ciphertext.replace(b"k1", b"k2", 1), HERE)


def test_a_ciphertext_that_was_cut_at_any_length_cannot_be_read() -> None:
    ours = vault("k1")
    whole = ours.encrypt(SECRET, HERE)

    for length in range(len(whole)):
        with pytest.raises(CannotDecrypt):
            ours.decrypt(whole[:length], HERE)


def test_a_ciphertext_that_was_changed_at_any_byte_cannot_be_read() -> None:
    ours = vault("k1", "k2")
    whole = ours.encrypt(SECRET, HERE)

    for at in range(len(whole)):
        for bit in (0x01, 0x80):
            changed = whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
            with pytest.raises(CannotDecrypt):
                ours.decrypt(changed, HERE)


@given(junk=some.binary(max_size=80))
def test_junk_is_told_from_ciphertexts_and_nothing_else_is_raised(junk: bytes) -> None:
    with pytest.raises(CannotDecrypt):
        vault("k1").decrypt(junk, HERE)


def test_a_ciphertext_says_which_key_it_needs() -> None:
    first, second = vault("k1", "k2"), vault("k10")

    assert (key_of(first.encrypt("", HERE)), key_of(second.encrypt("", HERE))) == ("k1", "k10")
    assert first.encrypt("", HERE).startswith(first.head)
    assert not second.encrypt("", HERE).startswith(first.head)
    assert (key_named_by(first.head), key_named_by(first.head[:-1]), key_named_by(b"")) == ("k1", None, None)


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    old, new = new_key("old"), new_key("new")
    before, after = read_ring(old), read_ring(f"{new},{old}")
    ciphertext = before.encrypt(SECRET, HERE)

    assert after.decrypt(ciphertext, HERE) == SECRET
    assert key_of(after.encrypt(SECRET, HERE)) == "new"


def test_a_ring_is_read_from_a_file_with_a_key_a_line(tmp_path: Path) -> None:
    file = tmp_path / "ring"
    file.write_text(f"{new_key('new')}\n\n {new_key('old')} \n")

    ring = read_ring(None, file)

    assert (ring.current, ring.knows("old"), ring.knows("other")) == ("new", True, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no key ring"),
        (" ,\n", "there is no key ring"),
        (KEY, "entry 1"),
        (f"k1:{KEY},k2:{KEY[:-8]}", "entry 2"),
        (f"k1:{KEY}{KEY}", "entry 1"),
        (f"k 1:{KEY}", "entry 1"),
        (f"{'k' * 33}:{KEY}", "entry 1"),
        (f"k1:{KEY[:-4]}\u00e9\u00e9\u00e9=", "entry 1"),
        (f"k1:{KEY},k1:{KEY}", "two keys of one id"),
    ],
)
def test_a_ring_that_cannot_be_used_is_refused_without_showing_a_key(text: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says) as refused:
        read_ring(text)

    assert refused.value.__cause__ is None
    assert not any(KEY[at : at + 6] in str(refused.value) for at in range(0, 36, 6))


def test_a_ring_whose_file_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"k1:\xff\xfe")

    for file in (tmp_path / "nowhere", tmp_path, binary):
        with pytest.raises(BadSettings, match=file.name):
            read_ring(None, file)


def test_a_key_is_made_anew_each_time_and_only_under_a_sound_name() -> None:
    assert len({new_key("k1") for _ in range(20)}) == 20
    for name in ("", "k 1", "k:1", "k,1", "k" * 33, "k\n"):
        with pytest.raises(BadSettings):
            new_key(name)


def test_neither_a_vault_nor_its_errors_show_a_key() -> None:
    ours = read_ring(f"k1:{KEY}")

    assert KEY not in repr(ours)
    assert repr(bytes(range(32))) not in repr(vars(ours))
