import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.catalog import strict_json
from worker.catalog.strict_json import BadJson, DuplicateKey, NotFinite, TooDeep, UnstorableText
from worker.errors import UserError

storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | storable,
    lambda inner: st.lists(inner) | st.dictionaries(storable, inner),
    max_leaves=20,
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_sound_json_reads_as_python_reads_it(value: Any, escaped: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)

    assert strict_json.loads(text) == strict_json.loads(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"a":1,}', BadJson),
        ("", BadJson),
        ("<html>", BadJson),
        ('"a\0b"', BadJson),
        (b'"\xff"', BadJson),
        ("[1] 2", BadJson),
        ("[NaN]", NotFinite),
        ("[-Infinity]", NotFinite),
        ("1e999", NotFinite),
        ("1" * 5000, NotFinite),
        ('{"a":1,"b":{"c":1,"c":1}}', DuplicateKey),
        ('{"a" :1,"a":1}', DuplicateKey),
        ('{"a":1,"\\u0061":2}', DuplicateKey),
        ('["\\u0000"]', UnstorableText),
        ('{"\\u0000":1}', UnstorableText),
        ('["\\ud83d"]', UnstorableText),
        ('["\\uDE00\\uD83D"]', UnstorableText),
        ('["\ud83d"]', UnstorableText),
        ("[" * 65 + "]" * 65, TooDeep),
        ('{"a":' * 65 + "1" + "}" * 65, TooDeep),
        ("[" * 100_000, TooDeep),
    ],
)
def test_what_the_database_could_not_hold_is_refused_by_its_own_kind(
    text: str | bytes, error: type[BadJson]
) -> None:
    with pytest.raises(UserError) as refused:
        strict_json.loads(text)

    assert type(refused.value) is error
    assert refused.value.code == error.code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ("\ufeff[1]", [1]),
        ('["\\ud83d\\ude00"]', ["\U0001f600"]),
        ('["\\\\u0000"]', ["\\u0000"]),
        ('{"a":":","b":"a\\":"}', {"a": ":", "b": 'a":'}),
    ],
)
def test_what_only_looks_suspicious_passes(text: str | bytes, value: object) -> None:
    assert strict_json.loads(text) == value


def test_sixty_four_levels_are_not_too_deep() -> None:
    assert strict_json.loads("[" * 64 + "]" * 64) is not None


def test_a_syntax_error_says_where() -> None:
    with pytest.raises(BadJson, match="line 2, column 4"):
        strict_json.loads('{"a":1,\n"b"}')


def test_a_huge_object_with_a_late_duplicate_is_refused_at_once() -> None:
    keys = ",".join(f'"k{index}":0' for index in range(100_000))

    with pytest.raises(DuplicateKey, match="k99999"):
        strict_json.loads("{" + keys + ',"k99999":1}')


def test_the_codes_of_the_errors_differ() -> None:
    errors = [BadJson, NotFinite, DuplicateKey, UnstorableText, TooDeep]

    assert len({error.code for error in errors}) == len(errors)
