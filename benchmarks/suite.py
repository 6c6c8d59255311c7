"""The list of benchmarks, in the order in which ``mintmark bench`` runs them."""

from collections.abc import Mapping

from benchmarks import (
    budget,
    claims,
    curves,
    drain,
    enqueue,
    fleet,
    growing,
    growth,
    inventory,
    memory,
    normalize,
    pickup,
    sell,
    snapshot,
    titles,
    truth,
)
from benchmarks.figures import Measure

BENCHMARKS: Mapping[str, Measure] = {
    "drain": drain.measure,
    "enqueue": enqueue.measure,
    "pickup": pickup.measure,
    "growth": growth.measure,
    "claims": claims.measure,
    "memory": memory.measure,
    "normalize": normalize.measure,
    "titles": titles.measure,
    "budget": budget.measure,
    "sell": sell.measure,
    "curves": curves.measure,
    "truth": truth.measure,
    "fleet": fleet.measure,
    "growing": growing.measure,
    "snapshot": snapshot.measure,
    "inventory": inventory.measure,
}
