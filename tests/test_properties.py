"""What holds for every input, tried on many: blends, vectors, cards, tiles."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatys.tiles import Field, tiles
from realtime.styles.blends import name_of, read_blend, write_blend
from realtime.styles.vectors import at_stroke, both_strokes, mix
from weights.card import Card, StylePicture
from weights.errors import InputError

names = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
shares = st.floats(1e-3, 1e3)


@given(st.dictionaries(names, shares, min_size=1, max_size=6))
def test_a_blend_reads_back_as_it_was_written(given_weights: dict[str, float]) -> None:
    total = sum(given_weights.values())
    weights = read_blend(write_blend(given_weights))
    assert sum(weights.values()) == pytest.approx(1)
    for name, weight in weights.items():
        assert weight == pytest.approx(given_weights[name] / total, rel=1e-3, abs=1e-5)
    assert set(name_of(write_blend(weights))) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(st.text(max_size=30))
@example("a:inf")
@example("a:nan,b")
@example("a:1e400")
@example(",")
@example("a:-0.5,b:1")
def test_any_text_is_a_blend_or_a_sentence(text: str) -> None:
    with contextlib.suppress(InputError):
        weights = read_blend(text)
        assert sum(weights.values()) == pytest.approx(1) and all(0 <= w <= 1 for w in weights.values())


vectors = st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=3).map(lambda v: np.array(v, np.float32))


@given(vectors, vectors, st.floats(0, 1))
def test_mixed_vectors_lie_between_their_parts(a: np.ndarray, b: np.ndarray, part: float) -> None:
    mixed = mix([a, b], [1 - part, part])
    assert mixed.dtype == np.float32
    assert np.all(mixed >= np.minimum(a, b) - 1e-5) and np.all(mixed <= np.maximum(a, b) + 1e-5)
    strokes = at_stroke(np.stack([a, b]), part)
    np.testing.assert_allclose(strokes, mixed, atol=1e-5)
    np.testing.assert_allclose(at_stroke(both_strokes(a), part), a, atol=1e-6)


words = st.text(st.characters(exclude_categories=["C"]), max_size=20)  # control characters are refused
cards = st.builds(
    Card,
    name=names,
    title=words,
    method=words,
    architecture=words,
    arguments=st.dictionaries(words, st.one_of(st.integers(), st.booleans(), words), max_size=3),
    stride=st.integers(1, 64),
    picture=st.builds(StylePicture, words, words, words, words),
    license=words,
    training=st.dictionaries(words, st.one_of(st.floats(allow_nan=False, allow_infinity=False), words), max_size=3),
    parity=st.none() | st.floats(0, 1),
)


@given(cards)
def test_a_card_reads_back_as_it_was_written(card: Card) -> None:
    assert Card.from_json(card.to_json()) == card


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(Card.__annotations__)), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_a_card_or_a_sentence(value: object) -> None:
    with contextlib.suppress(InputError):
        Card.from_json(json.dumps(value), "a file")


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    stride=st.sampled_from([1, 2, 4, 8]),
    reach=st.integers(0, 20),
    side=st.integers(1, 12),
)
def test_tiles_cover_every_pixel_once_and_see_all_they_need(
    size: tuple[int, int], stride: int, reach: int, side: int
) -> None:
    height, width = (length * stride for length in size)
    field = Field(stride, reach)
    seen = np.zeros((height, width), int)
    for tile in tiles((height, width), side * stride, field):
        (top, bottom, left, right), (t, b, le, r) = tile.outer, tile.inner
        seen[t:b, le:r] += 1
        assert 0 <= top <= t < b <= bottom <= height and 0 <= left <= le < r <= right <= width
        for gap, at_edge in ((t - top, top == 0), (bottom - b, bottom == height)):
            assert gap >= field.reach or at_edge
        for gap, at_edge in ((le - left, left == 0), (right - r, right == width)):
            assert gap >= field.reach or at_edge
        assert all(edge % stride == 0 for edge in (top, left, t, le))
    assert (seen == 1).all()
