"""One batch of raw imports, read, decided and written inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from worker.catalog import canon, imports
from worker.catalog.decide import Agree, Conflict, KnownPrint, KnownSet, Wait, Write, decide_card, decide_set
from worker.catalog.facts import CardFacts, SetFacts, Unreadable
from worker.catalog.imports import RawRow, RecordKind, Settled
from worker.catalog.reading import read_card, read_set
from worker.db import Connection

Result = Literal["normalized", "conflict", "error"]


@dataclass(frozen=True, slots=True)
class Worked:
    """How one row came out: its own name, its result, and a code and a note if there is more to say."""

    row_id: int
    external_id: str
    result: Result
    code: str | None = None
    note: str | None = None


@dataclass(slots=True)
class BatchResult:
    """What a batch did. ``last_id`` is the cursor; ``waiting`` are the unknown sets that cards wait for."""

    last_id: int | None = None
    worked: list[Worked] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


async def normalize_batch(
    connection: Connection, source: str, kind: RecordKind, *, after: int, limit: int, patient: bool
) -> BatchResult:
    """Work the next pending rows of a source after an id; those whose set is unknown stay pending.

    Rows that another worker holds are passed over, unless ``patient``. May raise ``canon.Overtaken``, after
    which the transaction is to be begun anew.
    """
    rows = await imports.take(connection, source, kind, after=after, limit=limit, patient=patient)
    return await _work(connection, source, kind, rows) if rows else BatchResult()


async def normalize_again(
    connection: Connection, source: str, kind: RecordKind, ids: Sequence[int]
) -> BatchResult:
    """Work rows that were worked before, and nothing else; as ``normalize_batch``."""
    rows = await imports.take_again(connection, source, kind, ids)
    return await _work(connection, source, kind, rows) if rows else BatchResult()


async def _work(connection: Connection, source: str, kind: RecordKind, rows: Sequence[RawRow]) -> BatchResult:
    work = _work_sets if kind == "set" else _work_cards
    result = await work(connection, source, rows)
    result.last_id = rows[-1].id
    await imports.settle(connection, [Settled(w.row_id, w.result, w.note) for w in result.worked])
    return result


async def _work_sets(connection: Connection, source: str, rows: Sequence[RawRow]) -> BatchResult:
    result = BatchResult()
    facts: list[tuple[RawRow, SetFacts]] = []
    for row in rows:
        read = _as_it_came(row) or read_set(source, row.payload, row.external_id)
        if isinstance(read, Unreadable):
            result.worked.append(_unreadable(row, read))
        else:
            facts.append((row, read))
    known = await canon.look_up_sets(connection, source, [one for _, one in facts])
    written: dict[str, SetFacts] = {}
    agreed: dict[str, str] = {}
    for row, one in facts:
        decision = decide_set(source, one, known.get(one.external_id))
        if isinstance(decision, Write):
            written[decision.canonical_id] = one
        elif isinstance(decision, Agree):
            agreed[one.external_id] = known[one.external_id].source_set_id
        result.worked.append(_worked(row, one, decision))
    await canon.write_sets(connection, source, written)
    await canon.map_sets(connection, source, agreed)
    return result


async def _work_cards(connection: Connection, source: str, rows: Sequence[RawRow]) -> BatchResult:
    result = BatchResult()
    facts: list[tuple[RawRow, CardFacts]] = []
    for row in rows:
        read = _as_it_came(row) or read_card(source, row.payload, row.external_id, row.set_hint)
        if isinstance(read, Unreadable):
            result.worked.append(_unreadable(row, read))
        else:
            facts.append((row, read))
    contexts = await canon.look_up_cards(connection, source, [one for _, one in facts])
    plan = _Plan()
    for (row, one), context in zip(facts, contexts, strict=True):
        known = plan.known(one) or context.known
        decision = decide_card(source, one, context.set_id, context.set_name, known)
        if isinstance(decision, Wait):
            result.waiting.append(decision.set_external_id)
            continue
        plan.add(source, one, context, decision)
        result.worked.append(_worked(row, one, decision))
    await plan.write(connection, source)
    return result


@dataclass(slots=True)
class _Plan:
    """The writes of one batch; a card that comes twice in it meets what the first row decided."""

    prints: dict[str, tuple[int, CardFacts]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    agreed: dict[str, int] = field(default_factory=dict)
    decided: dict[str, KnownPrint] = field(default_factory=dict)

    def known(self, card: CardFacts) -> KnownPrint | None:
        return self.decided.get(card.external_id)

    def add(
        self, source: str, card: CardFacts, context: canon.CardContext, decision: Write | Agree | Conflict
    ) -> None:
        if isinstance(decision, Agree):
            self.agreed[card.external_id] = decision.row_id
        elif isinstance(decision, Write):
            assert context.set_id is not None
            assert context.set_name is not None
            self.prints[decision.canonical_id] = (context.set_id, card)
            self.names[card.external_id] = decision.canonical_id
            self.decided[card.external_id] = KnownPrint(
                None,
                decision.canonical_id,
                source,
                context.set_id,
                context.set_name,
                card.name,
                card.number,
            )

    async def write(self, connection: Connection, source: str) -> None:
        if self.prints:
            await canon.write_prints(connection, source, self.prints, self.names)
        if self.agreed:
            await canon.map_prints(connection, source, self.agreed)


def _as_it_came(row: RawRow) -> Unreadable | None:
    return row.payload if isinstance(row.payload, Unreadable) else None


def _unreadable(row: RawRow, why: Unreadable) -> Worked:
    return Worked(row.id, row.external_id or f"row {row.id}", "error", why.code, why.message)


def _worked(row: RawRow, facts: SetFacts | CardFacts, decision: Write | Agree | Conflict) -> Worked:
    if isinstance(decision, Conflict):
        return Worked(row.id, facts.external_id, "conflict", decision.code, decision.note)
    return Worked(row.id, facts.external_id, "normalized", None, " ".join(facts.notes) or None)


__all__ = ["BatchResult", "KnownSet", "Worked", "normalize_again", "normalize_batch"]
