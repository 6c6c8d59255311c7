"""Printings of one card: the names that titles are read into, and how they join those of the card sources.

The names are those of ``card_prints.variants`` as the sources' price keys give them, and a few that have none.
"""

from collections.abc import Collection, Sequence
from typing import Literal

Variant = Literal[
    "normal",
    "holofoil",
    "reverse_holofoil",
    "first_edition",
    "first_edition_normal",
    "first_edition_holofoil",
    "shadowless",
    "unlimited",
    "unlimited_holofoil",
    "cosmos_holofoil",
    "cracked_ice_holofoil",
    "poke_ball_reverse_holofoil",
    "master_ball_reverse_holofoil",
]
Feature = Literal[
    "first", "shadowless", "unlimited", "holo", "no_holo", "reverse", "cosmos", "cracked_ice", "poke_ball",
    "master_ball",
]  # fmt: skip

SAID: dict[Feature, str] = {
    "first": """
        1st edition | 1st ed | 1st edit | 1st edtion | 1st editon | 1st eidtion | 1st edn | first edition |
        first ed | 1 edition | 1 ed | edition 1 | ed 1 | 1st | 1sted | 1stedition | 1ed | 1e |
        1st edition stamp | 1st edition stamped | 1st ed stamp | 1st ed stamped | first edition stamp |
        first edition stamped | 1 auflage | erste auflage | erstauflage | erstausgabe | 1ere edition |
        1re edition | 1er edition | premiere edition | edition une | 1a edizione | prima edizione |
        1 edizione | edizione 1 | 1a edicion | primera edicion | 1 edicion | 1a edicao | primeira edicao |
        1ste editie | eerste editie
    """,
    "shadowless": "shadowless | shadow less | no shadow | shadowles | shadowlesss | sans ombre",
    "unlimited": "unlimited | unlimited edition | unlimited ed | unl | unlimted",
    "holo": """
        holo | holofoil | holo foil | holographic | hologram | foil | hollo | holo rare | rare holo |
        galaxy holo | swirl holo | glitter holo | holografica | holographique | holographisch | olografica |
        brillante | glitzer
    """,
    "no_holo": """
        non holo | nonholo | nonholographic | non holographic | non foil | nonfoil | without holo | no holo |
        not holo | no foil | not foil | non hollo | nicht holo | non olografica
    """,
    "reverse": """
        reverse | reverse holo | reverse holofoil | reverse foil | reverse holographic | rev holo | rev foil |
        rh | reverseholo | revholo | holo reverse | revers holo | reverse hollo | holofoil reverse | rev |
        reverse rare | mirror holo | mirror foil | inverse
    """,
    "cosmos": "cosmos | cosmos holo | cosmo holo | cosmos foil | cosmos holofoil | cosmo foil",
    "cracked_ice": "cracked ice | cracked ice holo | cracked ice foil",
    "poke_ball": """
        poke ball holo | pokeball holo | poke ball reverse holo | pokeball reverse holo | poke ball foil |
        pokeball foil | poke ball pattern | pokeball pattern | poke ball reverse | pokeball reverse |
        pokeball parallel | poke ball parallel | poke ball mirror | pokeball mirror
    """,
    "master_ball": """
        master ball holo | masterball holo | master ball reverse holo | masterball reverse holo |
        master ball foil | masterball foil | master ball pattern | masterball pattern | master ball reverse |
        masterball reverse | master ball parallel | masterball parallel | master ball mirror |
        masterball mirror
    """,
}

SAME = {"holo": "holofoil", "reverse": "reverse_holofoil"}
"""Names of a source that has others, and ours."""
LESS_SAID: dict[str, tuple[str, ...]] = {
    "first_edition": ("first_edition_holofoil", "first_edition_normal"),
    "first_edition_normal": ("first_edition",),
    "first_edition_holofoil": ("first_edition",),
    "unlimited": ("unlimited_holofoil", "holofoil", "normal"),
    "unlimited_holofoil": ("holofoil", "unlimited"),
    "holofoil": ("unlimited_holofoil",),
    "normal": ("unlimited",),
}
"""What a title's variant may mean where a print has no variant of that very name, the likeliest first."""


def variant_of(features: Collection[Feature]) -> Variant | None:  # noqa: PLR0911 - one return a printing.
    """The one variant that a title's words say; None when it says none.

    A first edition of Base is shadowless by itself, so "1st Edition Shadowless" is a first edition.
    """
    if not features:
        return None
    holo, plain = "holo" in features, "no_holo" in features
    if "first" in features:
        return (
            "first_edition_normal" if plain else "first_edition_holofoil" if holo else "first_edition"
        )
    if "shadowless" in features:
        return "shadowless"
    if "master_ball" in features:
        return "master_ball_reverse_holofoil"
    if "poke_ball" in features:
        return "poke_ball_reverse_holofoil"
    if "cosmos" in features:
        return "cosmos_holofoil"
    if "cracked_ice" in features:
        return "cracked_ice_holofoil"
    if "reverse" in features:
        return "reverse_holofoil"
    if "unlimited" in features:
        return "unlimited_holofoil" if holo and not plain else "unlimited"
    return "normal" if plain else "holofoil"


def joined(variant: str, known: Sequence[str]) -> str | None:
    """Which of a print's variants a title means; None when none of them fits, or too little was said."""
    ours = {SAME.get(one, one): one for one in known}
    if variant in ours:
        return ours[variant]
    return next((ours[one] for one in LESS_SAID.get(variant, ()) if one in ours), None)
