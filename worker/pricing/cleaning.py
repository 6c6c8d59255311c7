"""Which of the comps of a group are left out of its price: relistings, one seller's many, outliers.

Prices multiply rather than add, so outliers are looked for among logarithms: below eight comps by the median
absolute deviation (1.4826 of which is a standard deviation of the normal distribution), from eight on by
Tukey's fences. Below three nobody can tell. All comps of a group are never left out.
"""

from dataclasses import dataclass

import numpy as np

from worker.pricing.segments import Floats, Ints, Mask, Segments

FEWEST, MANY = 3, 8
MAD_TO_SIGMA = 1.4826
MOST_SIGMAS = 3.5
FENCE = 1.5
"""Interquartile ranges beyond the quartiles."""
CLOSE = 0.25
"""Where most prices are one and the same: what is further from it than this share is left out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Asks to be cut: by group, then by whose they are; newest are kept. 0 as a key: it is not known."""

    group: Ints
    seller: Ints
    offer: Ints
    observed: Ints
    ids: Ints


def relisted(asks: Asked) -> Mask:
    """Tell which asks are an older listing of what the same seller lists again under the same title."""
    return _beyond(asks, asks.offer, most=1)


def crowding(asks: Asked, most: int) -> Mask:
    """Tell which asks are their seller's, beyond so many of the newest in one group."""
    return _beyond(asks, asks.seller, most=most)


def _beyond(asks: Asked, key: Ints, *, most: int) -> Mask:
    order = np.lexsort((-asks.ids, -asks.observed, key, asks.group))
    ranks = Segments.of(asks.group[order], key[order]).ranks()
    cut = np.zeros(len(order), np.bool_)
    cut[order] = (ranks >= most) & (key[order] != 0)
    return cut


def outliers(group: Ints, cents: Floats) -> Mask:
    """Tell which prices do not belong to the rest of their group; ``group`` ascends, prices are above 0."""
    order = np.lexsort((cents, group))
    segments, logs = Segments.of(group[order]), np.log(cents[order])
    cut = _fenced(segments, logs) | _deviating(segments, logs, group[order])
    cut |= _far_from_the_same(segments, logs)
    kept = segments.sums(~cut)
    cut &= np.repeat(kept > 0, segments.lengths)
    answer = np.zeros(len(order), np.bool_)
    answer[order] = cut
    return answer


def _fenced(segments: Segments, logs: Floats) -> Mask:
    first, third = segments.quantiles(logs, 0.25), segments.quantiles(logs, 0.75)
    reach = FENCE * (third - first)
    judged = (segments.lengths >= MANY) & (reach > 0)
    low, high = (np.repeat(edge, segments.lengths) for edge in (first - reach, third + reach))
    return np.asarray(np.repeat(judged, segments.lengths) & ((logs < low) | (logs > high)))


def _deviating(segments: Segments, logs: Floats, group: Ints) -> Mask:
    deviation = np.abs(logs - np.repeat(segments.quantiles(logs, 0.5), segments.lengths))
    reach = MOST_SIGMAS * MAD_TO_SIGMA * _medians(segments, deviation, group)
    judged = (segments.lengths >= FEWEST) & (segments.lengths < MANY) & (reach > 0)
    return np.asarray(
        np.repeat(judged, segments.lengths) & (deviation > np.repeat(reach, segments.lengths) * (1 + 1e-9))
    )


def _medians(segments: Segments, values: Floats, group: Ints) -> Floats:
    return segments.quantiles(values[np.lexsort((values, group))], 0.5)


def _far_from_the_same(segments: Segments, logs: Floats) -> Mask:
    """Where the measure itself is 0, because most prices are the same, the distance to them decides."""
    middle = segments.quantiles(logs, 0.5)
    quartiles = segments.quantiles(logs, 0.75) - segments.quantiles(logs, 0.25)
    same = segments.sums(np.isclose(logs, np.repeat(middle, segments.lengths), rtol=0, atol=1e-12))
    many = (segments.lengths >= MANY) & (quartiles == 0)
    few = (segments.lengths >= FEWEST) & (segments.lengths < MANY) & (same * 2 > segments.lengths)
    ratio = np.exp(logs - np.repeat(middle, segments.lengths))
    return np.asarray(np.repeat(many | few, segments.lengths) & (np.abs(ratio - 1) > CLOSE))
