"""What sellers call sets besides their names, and which of those names mean other things as well."""

SHORT_SERIES = {
    "sword shield": ("swsh",),
    "sun moon": ("sm",),
    "scarlet violet": ("sv",),
    "black white": ("bw",),
    "diamond pearl": ("dp",),
    "heartgold soulsilver": ("hgss",),
}
SPOKEN = {
    "base": ("base set",),
    "151": ("pokemon 151", "sv 151", "mew 151", "151 mew"),
    "celebrations": ("25th anniversary", "celebrations 25th anniversary", "25th anniversary celebrations"),
    "celebrations classic collection": ("25th anniversary classic collection", "classic collection"),
    "mcdonalds collection 2021": ("mcdonalds 25th anniversary", "25th anniversary mcdonalds"),
    "team magma vs team aqua": ("magma vs aqua", "team magma vs aqua", "team magma team aqua", "magma aqua"),
    "firered leafgreen": ("frlg",),
    "wizards black star promos": ("wotc promo", "wotc promos", "wotc black star promo", "wizards promo"),
    "pokemon go": ("pogo",),
    "pokemon rumble": ("rumble",),
    "detective pikachu": ("detective pikachu movie", "det pikachu"),
    "legendary collection": ("lc legendary collection",),
}
REPRINTS = ("celebrations", "25th anniversary", "classic collection", "base set 2", "base set ii", "base 2")
"""They say "not the original of that number", whether the catalogue has their set or not."""
ALSO_WORDS = frozenset(
    {
        *("base", "dragon", "emerald", "platinum", "arceus", "deoxys", "151", "xy", "generations", "rumble"),
        *("black star promo", "black star promos", *(f"pop {number}" for number in range(1, 10))),
    }
)
"""Names of sets that titles use for other things too: they may support a set, and contradict none."""


def spoken_names(name: str, series: str) -> set[str]:
    """The ways to say a set's name, both given as small words; with the series before it, and without."""
    names = {name, *SPOKEN.get(name, ()), *_without_ending(name)}
    if series:
        names |= {f"{short} {one}" for one in set(names) for short in (series, *SHORT_SERIES.get(series, ()))}
    if series and name == series:
        openings = (name, *SHORT_SERIES.get(series, ()))
        names |= {f"{one} {ending}" for one in openings for ending in ("base", "base set")}
    return names | _promos(name) | _numbered(name)


def _without_ending(name: str) -> set[str]:
    """What is left of "Expedition Base Set"; of a gallery its last two words."""
    head, _, _ = name.rpartition(" base set")
    tail = " ".join(name.split()[-2:])
    galleries = {"trainer gallery", "galarian gallery", "shiny vault"}
    return {head, tail} & ({head} | galleries) - {""}


def _promos(name: str) -> set[str]:
    """Black star promos, of a series or of any: "swsh promo", "black star promo"."""
    head, found, _ = name.partition("black star promos")
    if not found:
        return set()
    short = {head.strip(), *SHORT_SERIES.get(head.strip(), ())} - {""}
    endings = ("promo", "promos", "black star promo", "black star promos", "black star")
    return {f"{one} {ending}" for one in short for ending in endings} | set(endings[2:4])


def _numbered(name: str) -> set[str]:
    """Sets told apart by a number or a year: "pop 5"; "mcdonalds", which leaves the year to the title."""
    words = name.split()
    if len(words) == 3 and words[1] == "series":  # noqa: PLR2004
        return {f"{words[0]} {words[2]}", f"{words[0]}{words[2]}"}
    if len(words) == 3 and words[1] == "collection" and words[2].isdigit():  # noqa: PLR2004
        head, _, year = words
        return {head, f"{head} collection", f"{head} {year}", f"{year} {head}", f"{year} {head} collection"}
    return set()
