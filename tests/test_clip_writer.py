"""A clip written picture by picture, as a recorder does it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.av_frames import Colors
from realtime.clip_writer import ClipFormat, ClipWriter
from tests.conftest import MakeClip, picture


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_pictures_come_back_at_their_times(tmp_path: Path, name: str) -> None:
    path, times = tmp_path / name, [0, 33, 70, 1000]
    with ClipWriter(path, ClipFormat((47, 63), Fraction(1, 1000), Colors(), aspect=Fraction(4, 3))) as clip:
        for i, pts in enumerate(times):
            clip.write(picture(47, 63, seed=i), pts)
    with av.open(str(path)) as read:
        assert read.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        frames = list(read.decode(video=0))
    assert [frame.time for frame in frames] == [t / 1000 for t in times]
    image = frames[0].to_ndarray(format="rgb24")
    assert image.shape == (48, 64, 3)
    assert np.abs(image[:47, :63].astype(int) - picture(47, 63)).mean() < 6


def test_packets_are_copied_beside_them(make_clip: MakeClip, tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    with (
        av.open(str(make_clip(audio="aac"))) as source,
        ClipWriter(path, ClipFormat((48, 64), Fraction(1, 1000), Colors())) as clip,
    ):
        stream = clip.container.add_stream_from_template(source.streams.audio[0])
        clip.write(picture(48, 64), 0)
        sent = [packet for packet in source.demux(audio=0) if packet.dts is not None]
        expected = [bytes(packet) for packet in sent]
        for packet in sent:
            packet.stream = stream
            clip.copy(packet)
    with av.open(str(path)) as read:
        assert [bytes(packet) for packet in read.demux(audio=0) if packet.dts is not None] == expected
