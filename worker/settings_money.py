"""What may stand under ``[prices]`` and ``[quotas]``, whose names are the user's own."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
LARGEST = 2**31 - 1
"""Of Postgres' type integer."""
SHAPES = {
    "prices": ("prices", "API", "OPERATION"),
    "quotas": ("quotas", "API"),
}
"""The path of a value in ``worker.toml``; in the environment the same, in large letters."""


def _name(text: str) -> str:
    # What a variable can say in large letters and with __ between names.
    if NAME.fullmatch(text) is None:
        raise ValueError("an API and an operation have names of a-z and 0-9, with single _ between")
    return text


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("it must be a number")  # noqa: TRY004 - pydantic turns this one into its sentence.
    return value


Name: TypeAlias = Annotated[str, AfterValidator(_name)]
Cents: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_no_truth_value),
    Field(ge=0, max_digits=14, decimal_places=4, allow_inf_nan=False),
]
Calls: TypeAlias = Annotated[int, BeforeValidator(_no_truth_value), Field(ge=0, le=LARGEST)]

PriceTables: TypeAlias = Mapping[Name, Mapping[Name, Cents]]
"""The highest price of a call in cents, by API and operation: exact, from a number as from a text."""
QuotaTable: TypeAlias = Mapping[Name, Calls]
"""How many calls a day a provider allows, by API."""


def is_named_by_user(key: Sequence[str]) -> bool:
    """Tell whether a path leads below a table whose names are the user's own."""
    return key[0] in SHAPES


def has_its_shape(key: Sequence[str]) -> bool:
    """Tell whether such a path has as many parts as a value needs."""
    return len(key) == len(SHAPES[key[0]])


def shape(table: str, *, before: str = "", between: str = ".") -> str:
    """Say how a path is written: ``prices.API.OPERATION``, or ``WORKER_PRICES__API__OPERATION``."""
    path = between.join(SHAPES[table])
    return before + path.upper() if before else path
