"""A fade goes from one vector to the other, evenly, and ends exactly there."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.styles.fade import Fade

START, END = np.array([0.0, 1.0], np.float32), np.array([0.1, 3.0], np.float32)


def test_from_start_to_end() -> None:
    fade = Fade(START, END, began=7.0, seconds=0.5)
    for now, expected in ((6.0, START), (7.0, START), (7.25, np.array([0.05, 2.0])), (7.5, END), (99.0, END)):
        np.testing.assert_allclose(fade.at(now), expected, rtol=1e-6)
        assert fade.at(now).dtype == np.float32
    assert fade.at(7.5) is END
    assert [fade.part(now) for now in (7.0, 7.25, 7.5)] == pytest.approx([0, 0.5, 1])


def test_no_time_at_all_is_the_end() -> None:
    assert Fade(START, END, began=7.0, seconds=0.0).at(7.0) is END
