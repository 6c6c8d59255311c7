import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from worker.catalog.dump import BadFile, BadRecord, DumpFile, NotADump, count_files, read_dump
from worker.catalog.dump_store import LARGEST_FILE
from worker.errors import UserError

DATA = Path(__file__).parents[3] / "shared" / "data" / "pokemon"

Contents = Mapping[str, bytes]
Pack = Callable[[Path, Contents], Path]
SETS = b'[{"id":"base1"}]'
CARDS = b'[{"id":"base1-1"},{"id":"base1-2"}]'
PLAIN: Contents = {"sets.json": SETS, "cards/base1.json": CARDS}


def folder(path: Path, contents: Contents) -> Path:
    for name, data in contents.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def add(archive: tarfile.TarFile, name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = kind, len(data), "/etc/passwd"
    archive.addfile(member, io.BytesIO(data))


def archive(path: Path, contents: Contents) -> Path:
    file = path / "dump.tar.gz"
    with tarfile.open(file, "w:gz", compresslevel=1) as made:
        for name, data in contents.items():
            add(made, name, data)
    return file


def told(path: Path) -> list[DumpFile | BadFile | BadRecord]:
    return list(read_dump(path))


def only(path: Path, data: bytes) -> list[DumpFile | BadFile | BadRecord]:
    """What is told of a file of cards with these bytes; a good file after it has to follow."""
    *bad, good = told(folder(path, {"cards/a.json": data, "cards/b.json": CARDS}))
    assert isinstance(good, DumpFile)
    assert good.name == "cards/b.json"
    return bad


@pytest.mark.parametrize("pack", [folder, archive])
@pytest.mark.parametrize("lead", ["", "pokemon-tcg-data-master/", "./"])
@pytest.mark.parametrize(
    ("sets", "cards"),
    [
        ("sets.json", "cards/base1.json"),
        ("sets/en.json", "cards/en/base1.json"),
        ("sets/base1.json", "cards/base1.json"),
    ],
)
def test_every_layout_is_read_sets_first(
    tmp_path: Path, pack: Pack, lead: str, sets: str, cards: str
) -> None:
    path = pack(tmp_path, {lead + cards: CARDS, lead + sets: SETS})
    lead = lead.removeprefix("./")

    assert count_files(path) == 2
    assert told(path) == [
        DumpFile(lead + sets, "set", None, [{"id": "base1"}]),
        DumpFile(lead + cards, "card", "base1", [{"id": "base1-1"}, {"id": "base1-2"}]),
    ]


@pytest.mark.parametrize("pack", [folder, archive])
def test_decks_other_languages_and_hidden_files_are_passed_over(tmp_path: Path, pack: Pack) -> None:
    strangers = [
        "decks/en/base1.json",
        "sets/fr.json",
        "cards/fr/base1.json",
        "cards/._base1.json",
        ".git/cards/x.json",
        "README.md",
        "package.json",
        "cards/en/extra/x.json",
    ]
    path = pack(tmp_path, dict.fromkeys(strangers, b"not even JSON") | {"sets/en.json": SETS})

    assert [file.name for file in told(path)] == ["sets/en.json"]


def test_beside_the_english_sets_the_other_files_of_sets_are_not_read(tmp_path: Path) -> None:
    path = folder(tmp_path, {"sets/en.json": SETS, "sets/base1.json": SETS})

    assert [file.name for file in told(path)] == ["sets/en.json"]


def test_a_page_of_html_is_reported_and_does_not_stop_the_others(tmp_path: Path) -> None:
    assert only(tmp_path, b"\n<!doctype html><title>504</title>") == [
        BadFile("cards/a.json", "html", "it is a web page or XML, not JSON: download it again")
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'[{"id":"a-1"},]', "not_json"),
        (b"", "not_json"),
        (b'[{"id":"a-1"}', "not_json"),
        (b'[{"id":NaN},]', "not_json"),
        (b'[{"id":NaN}] [', "not_json"),
        (b"[" * 100_000, "not_json"),
        ('[{"id":"é"}]'.encode("latin-1"), "not_utf8"),
        ('[{"id":"a"}]'.encode("utf-16"), "not_utf8"),
        (b'{"data":[]}', "not_a_list"),
        (b'{"a":1,"a":2}', "not_a_list"),
        (b'"text"', "not_a_list"),
    ],
)
def test_a_bad_file_is_reported_by_its_kind_and_does_not_stop_the_others(
    tmp_path: Path, data: bytes, code: str
) -> None:
    (bad,) = only(tmp_path, data)

    assert isinstance(bad, BadFile)
    assert (bad.name, bad.code) == ("cards/a.json", code)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert only(tmp_path, b"\xef\xbb\xbf[]") == [DumpFile("cards/a.json", "card", "a", [])]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (rb'{"id":"\u0000"}', "json_unstorable_text"),
        (rb'{"id":"\ud800"}', "json_unstorable_text"),
        (b'{"id":NaN}', "json_not_finite"),
        (b'{"id":"1","id":"2"}', "json_duplicate_key"),
        (b"[" * 65 + b"]" * 65, "json_too_deep"),
        (b"1" * 5000, "json_not_finite"),
    ],
)
def test_a_bad_record_is_reported_with_its_place_and_the_others_of_its_file_go_on(
    tmp_path: Path, record: bytes, code: str
) -> None:
    good, bad = only(tmp_path, b' [ {"id":"]"} ,\n' + record + b', {"id":"3"} ] ')

    assert good == DumpFile("cards/a.json", "card", "a", [{"id": "]"}, {"id": "3"}])
    assert isinstance(bad, BadRecord)
    assert (bad.name, bad.index, bad.code) == ("cards/a.json", 1, code)
    assert bad.message


@pytest.mark.parametrize("pack", [folder, archive])
def test_a_file_too_big_is_reported_and_does_not_stop_the_others(tmp_path: Path, pack: Pack) -> None:
    most = b"[]".ljust(LARGEST_FILE)
    path = pack(tmp_path, {"cards/a.json": most + b" ", "cards/b.json": most})

    assert told(path) == [
        BadFile("cards/a.json", "too_big", "it has more than 64 MiB: split it"),
        DumpFile("cards/b.json", "card", "b", []),
    ]


def test_a_missing_path_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_dump(tmp_path / "nowhere")


@pytest.mark.parametrize("pack", [folder, archive])
def test_a_path_with_neither_sets_nor_cards_is_said_at_once(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path, {"decks/en/base1.json": CARDS})
    for ask in (read_dump, count_files):
        with pytest.raises(NotADump, match=r"neither sets\.json nor sets/ nor cards/"):
            ask(path)


def test_a_file_that_is_no_archive_is_said_at_once(tmp_path: Path) -> None:
    plain = folder(tmp_path, {"sets.json": SETS, "fake.tar.gz": SETS})

    with pytest.raises(NotADump, match="neither a folder nor"):
        read_dump(plain / "sets.json")
    with pytest.raises(NotADump, match="cannot be read to its end"):
        read_dump(plain / "fake.tar.gz")


def test_two_dumps_under_one_path_are_not_mixed(tmp_path: Path) -> None:
    path = folder(tmp_path, {"one/sets.json": SETS, "two/sets.json": SETS})

    with pytest.raises(NotADump, match="one, two"):
        read_dump(path)


def test_links_devices_and_names_that_lead_out_of_an_archive_are_never_followed(tmp_path: Path) -> None:
    path = tmp_path / "dump.tgz"
    with tarfile.open(path, "w:gz") as made:
        add(made, "cards/link.json", kind=tarfile.SYMTYPE)
        add(made, "cards/hard.json", kind=tarfile.LNKTYPE)
        add(made, "cards/pipe.json", kind=tarfile.FIFOTYPE)
        add(made, "cards/device.json", kind=tarfile.CHRTYPE)
        add(made, "../cards/up.json", CARDS)
        add(made, "/cards/root.json", CARDS)
        add(made, "cards/good.json", CARDS)

    assert [file.name for file in told(path)] == ["cards/good.json"]
    assert not list(tmp_path.glob("**/*.json"))


def test_the_last_of_two_files_of_one_name_in_an_archive_counts(tmp_path: Path) -> None:
    path = tmp_path / "dump.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        add(made, "sets.json", b"[1]")
        add(made, "sets.json", b"[2]")

    assert told(path) == [DumpFile("sets.json", "set", None, [2])]


def test_an_archive_cut_short_gives_what_came_before_and_says_so(tmp_path: Path) -> None:
    whole = archive(
        tmp_path, {"sets.json": SETS, "cards/a.json": CARDS, "cards/b.json": b"[" + b" " * 99_999 + b"]"}
    )
    unzipped = gzip.decompress(whole.read_bytes())
    whole.write_bytes(gzip.compress(unzipped[:60_000]))
    *good, cut, damage = told(whole)

    assert [file.name for file in good] == ["sets.json", "cards/a.json"]
    assert isinstance(cut, BadFile)
    assert (cut.name, cut.code) == ("cards/b.json", "unreadable")
    assert isinstance(damage, BadFile)
    assert (damage.name, damage.code) == ("dump.tar.gz", "damaged_archive")
    assert count_files(whole) == 4


def test_a_zipped_stream_cut_short_is_said_too(tmp_path: Path) -> None:
    whole = archive(tmp_path, PLAIN)
    whole.write_bytes(whole.read_bytes()[:-20])

    assert any(isinstance(file, BadFile) and file.code == "damaged_archive" for file in told(whole))


def test_a_forged_header_cannot_make_us_read_without_end(tmp_path: Path) -> None:
    forged = tarfile.TarInfo("pax")
    forged.type, forged.size = tarfile.XHDTYPE, 8 * 1024**3
    path = tmp_path / "dump.tar.gz"
    path.write_bytes(gzip.compress(archive_bytes(PLAIN) + forged.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
    *good, damage = told(path)

    assert [file.name for file in good] == ["sets.json", "cards/base1.json"]
    assert isinstance(damage, BadFile)
    assert "makes no sense" in damage.message


def test_an_archive_that_claims_to_go_backwards_is_left_at_once(tmp_path: Path) -> None:
    forged = bytearray(tarfile.TarInfo("cards/loop.json").tobuf(tarfile.GNU_FORMAT))
    forged[124:136] = b"\xff" * 10 + b"\xfc\x00"  # A size of -1024, written as a large number is.
    forged[148:156] = b" " * 8
    forged[148:156] = b"%06o\0 " % sum(forged)
    path = tmp_path / "dump.tar.gz"
    path.write_bytes(gzip.compress(archive_bytes(PLAIN) + bytes(forged) + bytes(1024)))

    assert [type(file) for file in told(path)] == [DumpFile, DumpFile, BadFile]


def test_the_real_files_are_read_as_a_dump() -> None:
    if not DATA.is_dir():
        pytest.skip("the real data is not beside this checkout")
    files = told(DATA)
    read = {file.name: len(file.records) for file in files if isinstance(file, DumpFile)}

    assert len(files) == len(read) == count_files(DATA) == 5
    assert read == {
        "sets.json": 172,
        "cards/base1.json": 102,
        "cards/base2.json": 64,
        "cards/det1.json": 18,
        "cards/swsh1.json": 216,
    }


def archive_bytes(contents: Contents) -> bytes:
    """A tar of these files without the empty blocks at its end."""
    buffer = io.BytesIO()
    made = tarfile.open(fileobj=buffer, mode="w")  # noqa: SIM115
    for name, data in contents.items():
        add(made, name, data)
    return buffer.getvalue()


def test_strict_reading_and_pythons_reading_of_a_good_file_agree(tmp_path: Path) -> None:
    records = [
        {"id": f"a-{index}", "name": "é ★", "nested": [[1.5, None], {"x": True}]} for index in range(300)
    ]

    assert only(tmp_path, json.dumps(records).encode()) == [
        DumpFile("cards/a.json", "card", "a", list(records))
    ]
