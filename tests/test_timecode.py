"""The timecode of a part of a clip goes on from that of the whole."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from realtime.render.clip import paint_clip
from realtime.render.timecode import advanced
from realtime.timeline import Trim
from tests.conftest import picture, same

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("timecode", "frames", "rate", "later"),
    [
        ("01:02:03:04", 25 * 60, Fraction(25), "01:03:03:04"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:01:59;29", 1, NTSC, "00:02:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, 2 * NTSC, "00:01:00;04"),
        ("nonsense", 5, Fraction(25), "nonsense"),
    ],
)
def test_it_counts_on(timecode: str, frames: int, rate: Fraction, later: str) -> None:
    assert advanced(timecode, frames / rate, rate) == later


def test_a_part_has_its_own(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "coded.mov"), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.metadata["timecode"] = "01:02:03:04"
        for i in range(75):
            frame = av.VideoFrame.from_ndarray(picture(48, 64, seed=i), format="rgb24")
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    paint_clip(tmp_path / "coded.mov", tmp_path / "out.mov", same, trim=Trim.read("2-"))
    with av.open(str(tmp_path / "out.mov")) as clip:
        assert clip.streams.video[0].metadata["timecode"] == "01:02:05:04"
