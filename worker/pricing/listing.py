"""What the title of a listing says of the thing that is sold: the one reading that prices are made of.

The reading knows no catalogue. It is exact about what it does not know: a condition that nobody names is None,
and so is the number of cards in "a lot".
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from worker.pricing.card_lexicon import card_lexicon
from worker.pricing.card_numbers import is_another, number_in, pairs_in, spaced_numbers
from worker.pricing.coin_lexicon import coin_lexicon
from worker.pricing.conditions import Condition, worse
from worker.pricing.lexicon import Kind, Lexicon, Meaning
from worker.pricing.listing_why import why
from worker.pricing.signs import LARGE, PAIR, PLAIN, TIMES
from worker.pricing.spelling import spell
from worker.pricing.variants import Variant, variant_of

LeftOut = Literal["junk", "not_a_single", "other_card", "graded", "other_language", "other_variant"]
"""The reasons that a title alone can say, in the order of their precedence."""
Game = Literal["card", "coin"]
Findings = dict[Kind, list[Meaning]]

ORDINARY = frozenset[Kind]({"condition", "variant", "pokemon", "raw"})
NO_CARD = frozenset({"fake", "digital", "merchandise"})
SEVERAL = frozenset({"several", "choice", "sealed"})
DEFAULT_LANGUAGE = "en"
HOLON_PHANTOMS = "/110"
"""The total of the set whose code is HP: beside it "HP" may be that code."""


class ListingReading(NamedTuple):
    """What a title says.

    ``condition`` is None where nothing says it, and for what is graded: never Near Mint by default. ``grader``
    and ``grade`` are those of a slab: ``PSA`` and ``9.5``, ``PCGS`` and ``MS65``; None where they are not
    said, or two different ones are. ``language`` is an ISO 639-1 code, ``en`` where none is said.
    ``quantity`` is None where there are several and their number is not said. ``number`` is the collector
    number as it is written. ``left_out`` is why such a listing is no price of a single raw card in English,
    or None; ``why`` are the words that said all this. ``qualifier`` keeps slabs of one grade apart that are
    different markets: ``black label``, ``pristine``, ``OC``, ``authentic``, ``details``.
    """

    condition: Condition | None
    grader: str | None
    grade: str | None
    language: str
    variant: Variant | None
    quantity: int | None
    number: str | None
    left_out: LeftOut | None
    why: str
    qualifier: str | None = None


def read_listing(
    title: str, name: str | None = None, number: str | None = None, *, game: Game | None = None
) -> ListingReading:
    """Read a listing's title; nothing in it is an error.

    ``name`` and ``number`` are those of the card that is looked for, where they are known: the words of its
    name are no junk, and a title with another number is ``other_card``. ``game`` says whether it is a card or
    a coin; None lets the title say.
    """
    words = spell(title)
    if game != "coin":
        lexicon = card_lexicon()
        text = "".join(map(lexicon.signs.__getitem__, words))
        if name:
            text = _without_name(words, text, name)
        said = _findings(lexicon, text)
        own = number_in(words, text, _spaced_numbers())
        if number is None and ORDINARY.issuperset(said) and text.count(PAIR) < 2:  # noqa: PLR2004
            return _ordinary(said, own)
        if game == "card" or "coin" not in said or not _is_coin(said, own):
            return _card(title, words, text, said, own, number)
    lexicon = coin_lexicon()
    text = lexicon.signs.text(words)
    return _coin(words, text, _findings(lexicon, text))


def _ordinary(said: Findings, number: str | None) -> ListingReading:
    """What nearly every title is: a single raw card in English, and nothing against it."""
    condition, worded = _condition(said, number)
    variant = _variant(said) if "variant" in said else None
    told = why(None, None, condition, worded, None, None)
    return ListingReading(condition, None, None, DEFAULT_LANGUAGE, variant, 1, number, None, told)


def _findings(lexicon: Lexicon, text: str) -> Findings:
    """Everything that is said, by its kind; what is negated is not said."""
    said: Findings = {}
    negated = False
    for meaning in map(lexicon.__getitem__, lexicon.find(text)):
        kind = meaning[0]
        if kind == "negation":
            negated = True
        elif kind == "nothing":
            negated = False
        elif negated:
            negated = False
            if (meant := _negated(meaning)) is not None:
                said.setdefault(meant.kind, []).append(meant)
        elif kind in said:
            said[kind].append(meaning)
        else:
            said[kind] = [meaning]
    return said


def _negated(meaning: Meaning) -> Meaning | None:
    """What is said by denying it: "non-holo"; and of "not PSA 10, NM" the end."""
    if meaning.kind == "variant" and meaning.value == "holo":
        return meaning._replace(value="no_holo")
    return Meaning("condition", meaning.said, meaning.value) if meaning.kind == "slab" and meaning.value else None


def _is_coin(said: Findings, number: str | None) -> bool:
    """Tell whether the words of coins mean one: nothing speaks of a card."""
    of_cards = "pokemon" in said or "variant" in said or "slab" in said
    return not of_cards and (number is None or ("/" in number and int(number.rpartition("/")[2] or 0) <= 20))


def _card(
    title: str, words: Sequence[str], text: str, said: Findings, number: str | None, wanted: str | None
) -> ListingReading:
    slab, is_graded = _slab(said)
    junk = _junk(said, beside=number is not None or slab is not None)
    language, spoken = _language(title, said)
    left_out: LeftOut | None = None
    quantity: int | None = 1
    because: Meaning | None = None
    if junk:
        left_out, because = _left_out(junk)
        quantity = _quantity(junk, words, text) or (1 if left_out == "junk" else None)
    if left_out is None and text.count(PAIR) > 1 and (pairs := pairs_in(words)) > 1:
        left_out, quantity, because = "not_a_single", pairs, Meaning("junk", f"{pairs} numbers")
    if left_out not in {"junk", "not_a_single"}:
        if wanted and number is not None and is_another(number, wanted):
            left_out, because = "other_card", Meaning("junk", number)
        elif is_graded:
            left_out, because = "graded", slab
        elif language != DEFAULT_LANGUAGE:
            left_out, because = "other_language", spoken
    if left_out == "junk" and slab is not None and slab.grade is None:
        slab = None  # "PSA label only": there is nothing that was graded.
    condition, worded = (None, None) if is_graded else _condition(said, number)
    return ListingReading(
        condition,
        slab.grader if slab else None,
        slab.grade if slab else None,
        language,
        _variant(said) if "variant" in said else None,
        quantity,
        number,
        left_out,
        why(left_out, because, condition, worded, slab, said.get("risk")),
        slab.qualifier if slab else None,
    )


def _slab(said: Findings) -> tuple[Meaning | None, bool]:
    """The one slab that is offered, and whether anything is graded at all.

    Of two that differ only what they share is kept: a title with two grades has none.
    """
    if "raw" in said:
        return None, False
    slabs = said.get("slab", [])
    floating = said.get("grade", [])
    if not slabs:
        strong = [one for one in floating if not one.value]
        if strong:
            return strong[0], True
        return (said["graded"][0], True) if "graded" in said else (None, False)
    with_grade = [one for one in slabs if one.grade] or slabs
    first = with_grade[0]
    if len(with_grade) > 1:
        graders, grades = {one.grader for one in with_grade}, {one.grade for one in with_grade}
        first = first._replace(
            grader=first.grader if len(graders) == 1 else None,
            grade=first.grade if len(graders) == len(grades) == 1 else None,
            said=" and ".join(one.said for one in with_grade),
        )
    elif first.grade is None and floating:
        grade = floating[0]
        first = first._replace(
            grade=grade.grade, qualifier=grade.qualifier or first.qualifier, said=f"{first.said} … {grade.said}"
        )
    return first, True


def _junk(said: Findings, *, beside: bool) -> list[Meaning]:
    """What speaks against a single genuine card; weak words do where no number or slab speaks for one."""
    junk = said.get("junk", [])
    if "weak_junk" in said and (not beside or junk):
        junk = junk + said["weak_junk"]
    if "with_pokemon" in said and "pokemon" in said:
        junk = junk + said["with_pokemon"]
    return junk


def _left_out(junk: Sequence[Meaning]) -> tuple[LeftOut, Meaning]:
    """The gravest of these: no card, then no single card, then another product than the plain print."""
    for reason, sorts in (("junk", {"fake"}), ("junk", NO_CARD), ("not_a_single", SEVERAL)):
        for one in junk:
            if one.value in sorts:
                return reason, one  # type: ignore[return-value]
    return "other_variant", junk[0]


def _quantity(junk: Sequence[Meaning], words: Sequence[str], text: str) -> int | None:
    several = [one for one in junk if one.value == "several"]
    if not several:
        return 1
    for one in several:
        if one.count is not None:
            return one.count
        if not one.said:
            return int(words[text.index(TIMES)][1:])
        if LARGE in one.said.split():
            return int(words[text.index(LARGE)])
    return None


def _language(title: str, said: Findings) -> tuple[str, Meaning | None]:
    spoken = said.get("language")
    if spoken:
        # Han is written in Japan too: another word that says so is surer.
        first = next((one for one in spoken if one.said != "han"), spoken[0])
        return first.value, first
    if "language_code" in said:
        shouted = title.isupper()
        for one in said["language_code"]:
            if not shouted or one.said not in {"DE", "IT"} or title.rstrip().endswith(one.said):
                return one.value, one
    if "variant" in said:
        for one in said["variant"]:
            if one.value.startswith("first "):
                return one.value[6:], one
    return DEFAULT_LANGUAGE, None


def _condition(said: Findings, number: str | None) -> tuple[Condition | None, Sequence[Meaning]]:
    spoken = said.get("condition", [])
    if not spoken:
        spoken = [one for one in said.get("grade", ()) if one.value]
    if len(spoken) == 1 and spoken[0].said == "hp" and number is not None and number.endswith(HOLON_PHANTOMS):
        return None, ()
    if len(spoken) == 1:
        return spoken[0].value, spoken  # type: ignore[return-value]
    return worse([one.value for one in spoken]), spoken  # type: ignore[misc]


def _variant(said: Findings) -> Variant | None:
    return _variant_of(tuple([one.value for one in said["variant"]]))


@lru_cache(maxsize=4096)
def _variant_of(values: tuple[str, ...]) -> Variant | None:
    return variant_of({value.partition(" ")[0] for value in values})  # type: ignore[misc]


def _without_name(words: Sequence[str], text: str, name: str) -> str:
    """Take a card's own name out of a title's signs."""
    own = _name_words(name)
    runs = [at for at in range(len(words) - len(own) + 1) if tuple(words[at : at + len(own)]) == own]
    if own and runs:
        for at in runs:
            text = text[:at] + PLAIN * len(own) + text[at + len(own) :]
        return text
    loose = {word for word in own if len(word) > 2}  # noqa: PLR2004 - "ex", "V" say little by themselves.
    return "".join(PLAIN if word in loose else sign for word, sign in zip(words, text, strict=True))


@lru_cache(maxsize=1)
def _spaced_numbers() -> re.Pattern[str]:
    return spaced_numbers(card_lexicon().signs)


@lru_cache(maxsize=32_768)
def _name_words(name: str) -> tuple[str, ...]:
    return tuple(spell(name))


def _coin(words: Sequence[str], text: str, said: Findings) -> ListingReading:
    graders = {one.grader for one in said.get("slab", ())}
    sheldon = said.get("sheldon", [])
    problems = said.get("problem", [])
    grades = {one.grade for one in sheldon}
    grader = next(iter(graders)) if len(graders) == 1 else None
    is_graded = bool(graders) and "raw" not in said
    slab: Meaning | None = None
    if is_graded:
        best = sheldon[0] if len(grades) == 1 else None
        details = next((one for one in problems if one.qualifier), problems[0] if problems else None)
        slab = Meaning(
            "slab",
            " ".join(one.said for one in (*said["slab"], *sheldon, *problems)),
            grader=grader,
            grade=(details.grade or "Details") if details else best.grade if best else None,
            qualifier="details" if details else best.qualifier if best else None,
        )
    junk = _junk(said, beside=is_graded)
    left_out: LeftOut | None = None
    because: Meaning | None = None
    quantity: int | None = 1
    if junk:
        left_out, because = _left_out(junk)
        quantity = _quantity(junk, words, text)
    elif is_graded:
        left_out, because = "graded", slab
    elif problems:
        left_out, because = "junk", problems[0]
    return ListingReading(
        None,
        slab.grader if slab else None,
        slab.grade if slab else None,
        DEFAULT_LANGUAGE,
        None,
        quantity,
        None,
        left_out,
        why(left_out, because, None, (), slab, None),
        slab.qualifier if slab else None,
    )
