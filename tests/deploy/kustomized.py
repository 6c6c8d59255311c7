"""What ``kubectl kustomize`` makes of our overlays, for machines without it: as much as we use, and no more.

A test compares the two where kubectl is. What is not known here is an error, so nothing is left out unseen.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.docs.pages import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
Doc = dict[str, Any]
CLUSTER_WIDE = {"Namespace"}
HEAD = {"apiVersion", "kind"}


def overlay(name: str) -> list[Doc]:
    """All objects of an overlay, by kind and name."""
    return sorted(_built(FOLDER / "overlays" / name), key=lambda doc: (doc["kind"], doc["metadata"]["name"]))


def _built(folder: Path, given: list[Doc] | None = None) -> list[Doc]:
    recipe = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    docs = list(given or [])
    for name in recipe["resources"]:
        path = folder / name
        docs += _built(path.resolve()) if path.is_dir() else _read(path)
    for name in recipe.get("components", []):
        docs = _built((folder / name).resolve(), docs)
    for word in recipe.keys() - HEAD - {"resources", "components"}:
        TRANSFORMERS[word](docs, recipe[word], folder)
    return docs


def _read(path: Path) -> list[Doc]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def _namespace(docs: list[Doc], name: str, _: Path) -> None:
    for doc in docs:
        if doc["kind"] not in CLUSTER_WIDE:
            doc["metadata"]["namespace"] = name


def _labels(docs: list[Doc], given: list[Doc], _: Path) -> None:
    for one in given:
        assert one.keys() == {"pairs", "includeTemplates"}
        for doc in docs:
            places = [doc["metadata"]]
            if (template := doc.get("spec", {}).get("template")) is not None:
                places.append(template["metadata"])
            for place in places:
                place.setdefault("labels", {}).update(one["pairs"])


def _images(docs: list[Doc], given: list[Doc], _: Path) -> None:
    for one in given:
        assert one.keys() <= {"name", "newName", "newTag"}
        for container in (container for doc in docs for container in containers(doc)):
            if container["image"] == one["name"]:
                container["image"] = f"{one.get('newName', one['name'])}:{one['newTag']}"


def _replicas(docs: list[Doc], given: list[Doc], _: Path) -> None:
    for one in given:
        [doc] = [
            doc for doc in docs if doc["kind"] == "Deployment" and doc["metadata"]["name"] == one["name"]
        ]
        doc["spec"]["replicas"] = one["count"]


def _patches(docs: list[Doc], given: list[Doc], folder: Path) -> None:
    for one in given:
        if "path" in one:
            for patch in _read(folder / one["path"]):
                _merge(_found(docs, patch["kind"], patch["metadata"]["name"]), patch)
        else:
            target = _found(docs, **one["target"])
            for step in yaml.safe_load(one["patch"]):
                assert step["op"] == "remove"
                *way, last = step["path"].strip("/").split("/")
                for part in way:
                    target = target[part]
                del target[last]


def _found(docs: list[Doc], kind: str, name: str) -> Doc:
    [doc] = [doc for doc in docs if (doc["kind"], doc["metadata"]["name"]) == (kind, name)]
    return doc


def _merge(into: Doc, patch: Doc) -> None:
    """A strategic merge: tables by key, lists of named things by name, the new ones first; null removes."""
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and _are_named(value) and _are_named(into.get(key)):
            _merge_named(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _merge_named(into: list[Doc], patch: list[Doc]) -> None:
    there = {one["name"]: one for one in into}
    for one in patch:
        if one["name"] in there:
            _merge(there[one["name"]], one)
    into[:0] = [copy.deepcopy(one) for one in patch if one["name"] not in there]


def _are_named(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and "name" in one for one in value)
    )


def containers(doc: Doc) -> list[Doc]:
    """The containers of an object's pods."""
    if doc["kind"] not in {"Deployment", "Job"}:
        return []
    found: list[Doc] = doc["spec"]["template"]["spec"]["containers"]
    return found


TRANSFORMERS: Mapping[str, Callable[[list[Doc], Any, Path], None]] = {
    "namespace": _namespace,
    "labels": _labels,
    "images": _images,
    "replicas": _replicas,
    "patches": _patches,
}
