"""Languages as listings say them, beside those that mapping knows (``languages``), and their codes."""

CODES = {
    "japanese": "ja",
    "korean": "ko",
    "chinese": "zh",
    "german": "de",
    "french": "fr",
    "italian": "it",
    "spanish": "es",
    "portuguese": "pt",
    "dutch": "nl",
    "polish": "pl",
    "russian": "ru",
    "thai": "th",
    "indonesian": "id",
}
"""ISO 639-1."""
SAID = {
    "ja": """
        giapponese | japaneese | japanes | japanisch | japanische | japenese | japonais | japonaise |
        japones | japonesa | jpanese | jpn ver
    """,
    "ko": "coreano | koreanisch | coreen | kor",
    "zh": "cinese | chinois | simplified chinese | traditional chinese | han",
    "de": "allemand | tedesco | german language | neuwertig | nahezu perfekt | (de)",
    "fr": "franzosisch | francese | vf | quasi neuf | carte pokemon | edition 1 fr | edition fr | (fr)",
    "it": "italien | italienisch | italienne | (it)",
    "es": "spanisch | espagnol | spagnolo | holografica | casi nuevo | (es)",
    "pt": "portugais | (pt)",
    "nl": "niederlandisch | (nl)",
    "ru": "(ru)",
    "cs": "czech | (cz)",
    "id": "bahasa | indo",
    "da": "danish",
    "el": "greek",
    "fi": "finnish",
    "he": "hebrew",
    "hu": "hungarian",
    "ms": "malay",
    "no": "norwegian",
    "sv": "swedish",
    "tl": "tagalog",
    "tr": "turkish",
    "vi": "vietnamese",
}
NAMES = {
    "de": """
        arkani | bisaflor | bisaknosp | bisasam | blitza | drachenwandel | feelinara | fiffyen | flamara |
        folipurba | garados | glaziola | glumanda | glurak | glutexo | karmesin | karpador | nachtara |
        psiana | pummeluff | relaxo | sammelkarte | schiggy | schillok | sichlor | simsala | turtok
    """,
    "fr": """
        aquali | bulbizarre | carabaffe | carapuce | dracaufeu | dracolosse | ectoplasma | electhor |
        evolis | florizarre | givrali | herbizarre | leviator | lokhlass | magicarpe | mentali | noctali |
        nymphali | phyllali | pyroli | reptincel | rondoudou | ronflex | salameche | sulfura | tortank |
        voltali
    """,
}
"""Names of cards that are in demand, where another language has its own."""
FIRST_EDITIONS = {
    "de": "1 auflage | erstauflage | erste auflage",
    "fr": "1ere edition | premiere edition",
    "it": "1a edizione | 1 edizione | prima edizione",
    "es": "1a edicion | 1 edicion | primera edicion",
    "pt": "1a edicao | primeira edicao",
}
"""They say a printing and a language at once."""
CAPITALS = {"ESP": "es"}
"""Codes in capitals that mapping does not know."""
NOT_A_LANGUAGE = "esp | basis set | carta | germany | brazilian | japan expo | japan exclusive art"
"""Words of ``languages`` that mean too much, or nothing, where there is no catalogue to ask."""
