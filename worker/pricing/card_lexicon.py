"""The lexicon of card titles."""

from collections.abc import Sequence
from functools import lru_cache

from worker.pricing import conditions, junk, languages, listing_words, variants
from worker.pricing.coin_words import COIN_WORDS
from worker.pricing.lexicon import NOTHING, Lexicon, Meaning
from worker.pricing.quantities import add_quantities
from worker.pricing.signs import NUMBER_SIGN, PADDED, PAIR, Signs
from worker.pricing.slabs import GRADED, GRADES, SURE, add_slabs

LANGUAGE_CODES = {
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
MORE_LANGUAGES = """
    japonais=ja | japonaise=ja | japanisch=ja | japanische=ja | giapponese=ja | japones=ja | japonesa=ja |
    jpanese=ja | japanes=ja | japenese=ja | japaneese=ja | coreano=ko | koreanisch=ko | coreen=ko | cinese=zh |
    chinois=zh | simplified chinese=zh | traditional chinese=zh | allemand=de | tedesco=de | german language=de |
    franzosisch=fr | francese=fr | vf=fr | italien=it | italienisch=it | italienne=it | spanisch=es | espagnol=es |
    spagnolo=es | portugais=pt | niederlandisch=nl | kor=ko | turkish=tr | czech=cs | hebrew=he | danish=da |
    swedish=sv | norwegian=no | finnish=fi | hungarian=hu | greek=el | vietnamese=vi | malay=ms | tagalog=tl |
    bahasa=id | indo=id | han=zh | jpn ver=ja | edition 1 fr=fr | edition fr=fr | 1 auflage=de | erstauflage=de |
    1ere edition=fr | 1a edizione=it | 1a edicion=es | primera edicion=es | prima edizione=it | premiere edition=fr |
    1a edicao=pt | primeira edicao=pt | 1 edizione=it | 1 edicion=es | erste auflage=de | holografica=es |
    nahezu perfekt=de | neuwertig=de | quasi neuf=fr | casi nuevo=es | carte pokemon=fr |
    (de)=de | (fr)=fr | (it)=it | (es)=es | (pt)=pt | (nl)=nl | (pl)=pl | (ru)=ru | (cz)=cs
"""
NOT_A_LANGUAGE = "esp | basis set | carta | germany | brazilian | japan expo | japan exclusive art"
"""Words of ``languages`` that mean too much, or nothing, where there is no catalogue to ask."""
FIRST_EDITIONS = """
    1 auflage | erstauflage | 1ere edition | 1a edizione | 1a edicion | primera edicion | prima edizione |
    premiere edition | 1a edicao | primeira edicao | 1 edizione | 1 edicion | erste auflage
"""
NEGATIONS = "not no non never isnt aint without nor zero"
ARTICLES = "a an the any"
ADJECTIVES = "major visible any big heavy a an the noticeable obvious sign signs of surface light minor other"


@lru_cache(maxsize=1)
def card_lexicon() -> Lexicon:
    """Make it, at the first call: it takes some hundredths of a second."""
    lexicon = Lexicon(Signs())
    _add_conditions(lexicon)
    add_slabs(lexicon)
    _add_variants(lexicon)
    _add_languages(lexicon)
    _add_junk(lexicon)
    add_quantities(lexicon)
    lexicon.phrases("pokemon", "pokemon | tcg | ccg | cards | card | trading card")
    lexicon.phrases("coin", COIN_WORDS)
    _add_negations(lexicon)
    return lexicon.ready()


def _add_conditions(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    for condition, listed in conditions.SAID.items():
        lexicon.phrases("condition", listed, condition)
        # Whoever asks does not know: "NM?".
        lexicon.phrases("nothing", " ? | ".join(filter(None, map(str.strip, listed.split("|")))) + " ?")
    joined = f"(?:{signs.any('/')}{signs.any(conditions.SHORT)}{signs.any('mint')}?)+"
    lexicon.rule(conditions.SHORT, joined, _joined)
    lexicon.rule(["near"], f"{signs.any('mint')}{joined}", _joined)
    numbers = signs.any([*map(str, range(1, 400))])
    lexicon.rule(["hp", "mp"], f"(?:{numbers}|{PADDED})(?!{signs.any('/')})", _hit_points)
    lexicon.rule(map(str, range(30, 400, 10)), signs.any("hp"), _hit_points)
    # "… Base Set Unlimited Holo EX": the last word, and not behind a name.
    before = signs.any("holo rare unlimited edition set shadowless foil uncommon common 1st ed base jungle fossil")
    for word in ("EX", "ex", "SP", "sp", "m", "PL", "pl", "po"):
        behind = f"(?:{before}|{PAIR})" if word.lower() == "sp" else before
        lexicon.rule([word], rf"(?<={behind}{signs.any(word)})\Z", _last_word)


def _last_word(words: Sequence[str]) -> Meaning | None:
    return Meaning("condition", words[0].lower(), conditions.SHORT[words[0]]) if len(words) == 1 else None


def _hit_points(words: Sequence[str]) -> Meaning | None:
    return NOTHING if len(words) == 2 and ("hp" in words or words[0] == "mp") else None  # noqa: PLR2004


def _joined(words: Sequence[str]) -> Meaning | None:
    """Read "NM/LP", "EX-MT", "VG/EX"."""
    said = [conditions.SHORT[word] for word in words if word in conditions.SHORT]
    if "/" not in words or not said:
        return None
    text = "".join(word.lower() for word in words)
    if {"ex", "EX"} & set(words) and set(said) == {"NM", "LP"}:
        return Meaning("condition", text, "LP")
    known = conditions.worse(said)
    return Meaning("nothing", text) if known is None else Meaning("condition", text, known)


def _add_variants(lexicon: Lexicon) -> None:
    for feature, listed in variants.SAID.items():
        lexicon.phrases("variant", listed, feature)


def _add_languages(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    for language, listed in languages.SAID_IN.items():
        lexicon.phrases("language", listed.replace(",", "|"), LANGUAGE_CODES[language])
    lexicon.phrases("nothing", NOT_A_LANGUAGE)
    for one in MORE_LANGUAGES.split("|"):
        phrase, code = one.strip().split("=")
        if phrase not in {first.strip() for first in FIRST_EDITIONS.split("|")}:
            lexicon.phrases("language", phrase, code)
    for phrase in FIRST_EDITIONS.split("|"):
        code = next(one.strip().split("=")[1] for one in MORE_LANGUAGES.split("|") if one.strip().startswith(phrase.strip() + "="))
        lexicon.phrases("variant", phrase, f"first {code}")
    points = f"(?<!{signs.any(map(str, range(20, 400)))}{signs.any('PT')})"
    for word, language in (*((code.upper(), name) for code, name in languages.CODES.items()), ("ESP", "spanish"), ("PL", "polish")):
        code = LANGUAGE_CODES[language]
        guard = points if word == "PT" else ""
        lexicon.rule(
            [word],
            guard if word != "PL" else r"\Z",
            lambda words, code=code: Meaning("language_code", words[0], code),  # type: ignore[misc]
        )


def _add_junk(lexicon: Lexicon) -> None:
    weak = {phrase.strip() for phrase in listing_words.WEAK.split("|")}
    for tables in (junk.SAID, listing_words.MORE):
        for sort, listed in tables.items():
            for phrase in map(str.strip, listed.split("|")):
                lexicon.phrases("weak_junk" if phrase in weak else "junk", phrase, sort)
    lexicon.phrases("with_pokemon", " | ".join(listing_words.WITH_POKEMON.split()), "other_product")
    harmless = "|".join(phrase for phrase in junk.HARMLESS.split("|") if ";" not in phrase)
    for listed in (harmless, listing_words.HARMLESS, listing_words.NAMES, conditions.HARMLESS):
        lexicon.phrases("nothing", listed)
    lexicon.phrases("risk", listing_words.RISKS)
    lexicon.phrases("condition", "pack fresh | fresh from pack | straight from pack | pack to sleeve", "NM")
    for feature in ("first",):
        lexicon.phrases("variant", variants.SAID[feature], feature)
    lexicon.phrases("graded", GRADED)


def _add_negations(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    defect, adjective = signs.any(conditions.DEFECTS), signs.any(ADJECTIVES)
    joins = signs.any("or and nor /")
    lexicon.rule(NEGATIONS, f"{adjective}{{0,3}}{defect}(?:{joins}?{adjective}?{defect}){{0,5}}", _no_defect)
    one_word = "|".join(
        phrase
        for tables in (junk.SAID, listing_words.MORE, conditions.SAID, variants.SAID)
        for listed in tables.values()  # type: ignore[attr-defined]
        for phrase in listed.split("|")
    )
    negatable = {phrase.split()[0] for phrase in one_word.split("|") if phrase.strip()}
    negatable |= {word for listed in languages.SAID_IN.values() for word in listed.split(",") if " " not in word}
    negatable |= {*SURE.split(), "graded", "slabbed", "1st", "first"}
    lexicon.rule(
        NEGATIONS,
        f"{signs.any(ARTICLES)}?(?={signs.any(negatable)})(?!{signs.any(GRADES)}|[{PAIR}{NUMBER_SIGN}])",
        lambda words: Meaning("negation", " ".join(words)),
    )


def _no_defect(words: Sequence[str]) -> Meaning | None:
    return NOTHING if set(words) & set(conditions.DEFECTS.split()) else None
