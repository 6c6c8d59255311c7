"""``mintmark sandbox``: a stand-in for eBay and the card APIs, on this machine, until it is stopped."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer
from pydantic import ValidationError

from worker.catalog.dump import DumpFile, read_dump
from worker.catalog.sample import sample_path
from worker.commands.session import TALK, JsonFlag, print_json
from worker.errors import UserError
from worker.sandbox.cards import CardRecords, Record
from worker.sandbox.ebay.stand import Stand, build
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Scenario, Script
from worker.sandbox.serve import HOST, serve

CALLBACK = "http://127.0.0.1:8081/oauth/ebay/callback"


def sandbox(
    host: Annotated[str, typer.Option(help="Where to listen: an address of this machine alone.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 is any that is free.")] = 8090,
    seed: Annotated[int, typer.Option(min=0, help="What its world is made from: the same, the same.")] = 1,
    sellers: Annotated[int, typer.Option(min=1, max=10_000, help="How many sellers there are.")] = 20,
    orders: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many orders they have.")] = 500,
    scenario: Annotated[
        Path | None, typer.Option(help="A file of faults to play: the body of POST /_sandbox/scenario.")
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(help="A file to append every call to, a line each, before it is answered.")
    ] = None,
    accepted_url: Annotated[
        str, typer.Option(help="Where a seller's browser is sent after consent.")
    ] = CALLBACK,
    as_json: JsonFlag = False,
) -> None:
    """Serve a stand-in for eBay and the card APIs on this machine, until a signal comes."""
    script = _script(scenario)
    with _appended(journal) as file:
        stand = build(
            _sample(),
            seed=seed,
            sellers=sellers,
            orders=orders,
            accepted_url=accepted_url,
            journal=Journal(file=file),
            scenario=Scenario(*script.faults, seed=seed),
            quotas=script.quotas,
        )
        serve(stand.app, host=host, port=port, listening=lambda url: _tell(url, stand, as_json=as_json))


def _script(path: Path | None) -> Script:
    if path is None:
        return Script()
    try:
        return Script.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise UserError(f"{path} is no scenario: {place}: {first['msg']}") from None


@contextmanager
def _appended(path: Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    with path.open("ab") as file:
        yield file


def _sample() -> CardRecords:
    files = [each for each in read_dump(sample_path()) if isinstance(each, DumpFile)]
    sets = [cast(Record, record) for each in files if each.kind == "set" for record in each.records]
    cards = {
        str(each.set_hint): [cast(Record, record) for record in each.records]
        for each in files
        if each.kind == "card"
    }
    return CardRecords(sets, cards)


def _tell(url: str, stand: Stand, *, as_json: bool) -> None:
    environment = {
        "WORKER_EBAY__ENVIRONMENT": url,
        "WORKER_EBAY__CLIENT_ID": stand.application.client_id,
        "WORKER_EBAY__CLIENT_SECRET": stand.application.client_secret,
        "WORKER_EBAY__RU_NAME": stand.application.ru_name,
    }
    if as_json:
        told: dict[str, Any] = {"url": url, "pid": os.getpid(), "sellers": len(stand.sellers.sellers)}
        print_json({**told, "environment": environment})
    else:
        lines = [url, *(f"{name}={value}" for name, value in environment.items())]
        sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    TALK.print("This is not eBay. It serves until Ctrl-C.")
