"""The connections of the production overlay add up: the formula of docs/scaling.md, with its own numbers."""

from tests.deploy.kustomized import overlay

DIRECT_OF_A_WORKER = 2
"""Heartbeat and LISTEN (``MIGRATIONS_URL``)."""
FOR_A_MOMENT = 1
"""Each worker compares the schema now and then, on a connection of its own."""
OTHERS = 20
"""The pages, KEDA, the operator and its exporter, who migrates, and who looks."""


def test_the_server_has_connections_for_the_largest_fleet_and_the_poolers() -> None:
    docs = {doc["kind"]: doc for doc in overlay("production")}
    pooler, scaled = docs["Pooler"]["spec"], docs["ScaledObject"]["spec"]
    allowed = int(docs["Cluster"]["spec"]["postgresql"]["parameters"]["max_connections"])

    pooled = pooler["instances"] * int(pooler["pgbouncer"]["parameters"]["default_pool_size"])
    direct = scaled["maxReplicaCount"] * (DIRECT_OF_A_WORKER + FOR_A_MOMENT)

    assert pooled + direct + OTHERS <= allowed
