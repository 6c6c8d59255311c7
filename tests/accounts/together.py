"""Eight processes that ask for one account's token at the same moment; prints what each was given.

The argument is JSON: ``url``, ``account``, ``environment``, ``ring``, ``processes``.
"""

import hashlib
import json
import multiprocessing
import os
import sys
from multiprocessing.synchronize import Barrier
from uuid import UUID

import anyio
from pydantic import SecretStr

from worker.accounts.tokens import Tokens
from worker.accounts.vault import read_ring
from worker.clients.ebay import Ebay
from worker.clients.ebay_auth import Application, EbayAuth
from worker.db import open_database

ORDER = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


async def ask(barrier: Barrier) -> tuple[int, int, str]:
    """Ask once all are there; answers who asked, and the token's version and fingerprint."""
    given = ORDER["environment"]
    application = Application(
        given["WORKER_EBAY__CLIENT_ID"],
        SecretStr(given["WORKER_EBAY__CLIENT_SECRET"]),
        given["WORKER_EBAY__RU_NAME"],
    )
    async with open_database(ORDER["url"], size=2) as db, Ebay(given["WORKER_EBAY__ENVIRONMENT"]) as ebay:
        auth = EbayAuth(ebay, application)
        tokens = Tokens(db, read_ring(ORDER["ring"]), auth, environment=ebay.environment)
        await anyio.to_thread.run_sync(barrier.wait, 30)
        token = await tokens.access(UUID(ORDER["account"]))
    return os.getpid(), token.version, hashlib.sha256(token.value.encode()).hexdigest()


def one(barrier: Barrier, answers: "multiprocessing.SimpleQueue[tuple[int, int, str]]") -> None:
    """Be one of the processes."""
    answers.put(anyio.run(ask, barrier))


def main() -> None:
    """Fork them all, and print their answers as JSON."""
    forking = multiprocessing.get_context("fork")
    barrier, answers = forking.Barrier(ORDER["processes"]), forking.SimpleQueue()
    children = [forking.Process(target=one, args=(barrier, answers)) for _ in range(ORDER["processes"])]
    for child in children:
        child.start()
    sys.stdout.write(json.dumps([answers.get() for _ in children]) + "\n")
    for child in children:
        child.join(10)


if __name__ == "__main__":
    main()
