"""The lexicon of card titles."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from worker.pricing import (
    conditions,
    innocent_words,
    junk,
    language_words,
    languages,
    listing_words,
    variants,
)
from worker.pricing.coin_words import COIN_WORDS
from worker.pricing.lexicon import NOTHING, Lexicon, Meaning
from worker.pricing.quantities import add_quantities
from worker.pricing.signs import COINED, NUMBER_SIGN, PADDED, PAIR, Signs
from worker.pricing.slabs import GRADED, GRADES, SURE, add_slabs

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
    lexicon.rule([COINED], "", _coined)
    _add_negations(lexicon)
    return lexicon.ready()


def _coined(words: Sequence[str]) -> Meaning | None:
    return Meaning("coin", words[0])


def _add_conditions(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    for condition, listed in conditions.SAID.items():
        lexicon.phrases("condition", listed, condition)
        # Whoever asks does not know: "NM?".
        lexicon.phrases("nothing", _asked(listed))
    joined = f"(?:{signs.any('/')}{signs.any(conditions.SHORT)}{signs.any('mint')}?)+"
    lexicon.rule(conditions.SHORT, joined, _joined)
    lexicon.rule(["near"], f"{signs.any('mint')}{joined}", _joined)
    numbers = signs.any([*map(str, range(1, 400))])
    lexicon.rule(["hp", "mp"], f"(?:{numbers}|{PADDED})(?!{signs.any('/')})", _hit_points)
    lexicon.rule(map(str, range(30, 400, 10)), signs.any("hp"), _hit_points)
    # "… Base Set Unlimited Holo EX": the last word, and not behind a name.
    before = signs.any(conditions.BEFORE_LAST)
    for word in ("EX", "ex", "m", "po"):
        lexicon.rule([word], rf"(?<={before}{signs.any(word)})\Z", _alone)
    looks = signs.any("looks look feels so very sounds and")
    for word in ("good", "fair"):
        lexicon.rule([word], rf"(?<!{looks}{signs.any(word)})\Z", _alone)
    short, slash = signs.any(conditions.SHORT), signs.any("/")
    told = f"{signs.any('/ is')}{{0,2}}{short}(?:{slash}{short})*(?!{signs.any('? /')})"
    lexicon.rule("condition cond", told, _told)
    # "SP" is a kind of card too, and "PL" a set; both stand before the number then.
    other = f"[{PAIR}{PADDED}{NUMBER_SIGN}]|{numbers}|{signs.any(conditions.AFTER_ANOTHER)}"
    lexicon.rule(["SP", "sp", "pl", "dm"], f"(?!{other})", _alone)


def _asked(listed: str) -> str:
    return "|".join(f"{phrase} ?" for phrase in listed.split("|"))


def _alone(words: Sequence[str]) -> Meaning | None:
    return Meaning("condition", words[0].lower(), conditions.SHORT[words[0]]) if len(words) == 1 else None


def _told(words: Sequence[str]) -> Meaning | None:
    """Read "condition: good"."""
    known = conditions.worse([conditions.SHORT[word] for word in words if word in conditions.SHORT])
    text = " ".join(words).lower()
    return Meaning("nothing", text) if known is None else Meaning("condition", text, known)


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
        lexicon.phrases("nothing", _asked(listed))


def _add_languages(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    for language, listed in languages.SAID_IN.items():
        lexicon.phrases("language", listed.replace(",", "|"), language_words.CODES[language])
    lexicon.phrases("nothing", language_words.NOT_A_LANGUAGE)
    for code, listed in language_words.SAID.items():
        lexicon.phrases("language", listed, code)
    for code, listed in language_words.NAMES.items():
        lexicon.phrases("language", listed, code)
    for code, listed in language_words.FIRST_EDITIONS.items():
        lexicon.phrases("foreign_edition", listed, code)
    for code in ("fr", "de", "es"):  # "Dracaufeu 4/102 holo fr"
        lexicon.rule([code], r"\Z", partial(_language_code, code))
    capitals = {word.upper(): language_words.CODES[language] for word, language in languages.CODES.items()}
    for word, code in (capitals | language_words.CAPITALS).items():
        lexicon.rule([word], _where_a_code_counts(signs, word), partial(_language_code, code))


def _where_a_code_counts(signs: Signs, word: str) -> str:
    """Not in "35 PT toploader", which is how thick it is."""
    return f"(?<!{signs.any(map(str, range(20, 400)))}{signs.any('PT')})" if word == "PT" else ""


def _language_code(code: str, words: Sequence[str]) -> Meaning | None:
    return Meaning("language_code", words[0], code) if len(words) == 1 else None


def _add_junk(lexicon: Lexicon) -> None:
    weak = {phrase.strip() for phrase in listing_words.WEAK.split("|")}
    for tables in (junk.SAID, listing_words.MORE):
        for sort, listed in tables.items():
            for phrase in map(str.strip, listed.split("|")):
                lexicon.phrases("weak_junk" if phrase in weak else "junk", phrase, sort)
    lexicon.phrases("with_pokemon", " | ".join(listing_words.WITH_POKEMON.split()), "other_product")
    harmless = "|".join(phrase for phrase in junk.HARMLESS.split("|") if ";" not in phrase)
    for listed in (harmless, innocent_words.HARMLESS, innocent_words.NAMES, conditions.HARMLESS):
        lexicon.phrases("nothing", listed)
    _add_origins(lexicon)
    lexicon.phrases("risk", listing_words.RISKS)
    lexicon.phrases("condition", "pack fresh | fresh from pack | straight from pack | pack to sleeve", "NM")
    lexicon.phrases("variant", variants.SAID["first"], "first")
    lexicon.phrases("graded", GRADED)


def _add_origins(lexicon: Lexicon) -> None:
    """Where a card comes from and in what it is sent are no part of what is sold."""
    signs = lexicon.signs
    for heads, between, things in (
        (innocent_words.FROM, innocent_words.FROM_WHAT, innocent_words.PLACES),
        (innocent_words.SENT, innocent_words.SENT_HOW, innocent_words.PROTECTION),
    ):
        lexicon.rule(
            heads, f"{signs.any(between)}{{0,5}}{signs.any(things)}(?!{signs.any('fresh')})", _origin
        )
    offered = f"{signs.any(innocent_words.OFFERED_FOR)}{{0,3}}{signs.any(innocent_words.TOGETHER)}"
    lexicon.rule(innocent_words.OFFERED, offered, _offered)


def _origin(words: Sequence[str]) -> Meaning | None:
    things = {*innocent_words.PLACES.split(), *innocent_words.PROTECTION.split()}
    return NOTHING if words[-1] in things else None


def _offered(words: Sequence[str]) -> Meaning | None:
    """Read "free shipping on bundles": what else could be had is not what is sold."""
    return NOTHING if words[-1] in innocent_words.TOGETHER.split() else None


def _add_negations(lexicon: Lexicon) -> None:
    signs = lexicon.signs
    defect, adjective = signs.any(conditions.DEFECTS), signs.any(ADJECTIVES)
    joins = signs.any("or and nor /")
    lexicon.rule(NEGATIONS, f"{adjective}{{0,3}}{defect}(?:{joins}?{adjective}?{defect}){{0,5}}", _no_defect)
    listed = [*_all(junk.SAID), *_all(listing_words.MORE), *_all(conditions.SAID), *_all(variants.SAID)]
    listed += [phrase for words in languages.SAID_IN.values() for phrase in words.split(",")]
    alone = {phrase for phrase in listed if " " not in phrase} | {*SURE.split(), "graded", "slabbed"}
    longer = [phrase.split() for phrase in listed if " " in phrase]
    first, second = ({phrase[at] for phrase in longer} for at in (0, 1))
    denied = f"{signs.any(alone)}|{signs.any(first)}{signs.any(second)}"
    lexicon.rule(
        NEGATIONS,
        f"{signs.any(ARTICLES)}?(?={denied})(?!{signs.any(GRADES)}|[{PAIR}{NUMBER_SIGN}])",
        _negation,
    )


def _negation(words: Sequence[str]) -> Meaning | None:
    return Meaning("negation", " ".join(words))


def _all(tables: Mapping[Any, str]) -> list[str]:
    return [phrase for listed in tables.values() for phrase in map(str.strip, listed.split("|"))]


def _no_defect(words: Sequence[str]) -> Meaning | None:
    return NOTHING if set(words) & set(conditions.DEFECTS.split()) else None
