"""Encoders in hardware: which are tried, what is said where none works, and that their pictures keep their colours."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from realtime import hardware
from realtime.codecs import Encoding
from realtime.hardware import KINDS, Kind, accelerated
from realtime.options import parse
from realtime.render.clip import paint_clip
from tests.conftest import MakeClip, same
from tests.read_back import images, times
from tests.test_main import run
from weights.errors import InputError


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two kinds of hardware: one that is nowhere, and one that works, for it is libx264 in another's clothes."""
    kinds = {
        "none": Kind("{}_none", lambda crf: {}),
        "some": Kind("libx264", lambda crf: {"qp": str(crf)}, ("fast", "slow")),
    }
    monkeypatch.setattr(hardware, "KINDS", kinds)


def test_what_works_is_taken(made_up: None) -> None:
    for asked in ("auto", "some"):
        encoding, note = accelerated(Encoding(crf=21, preset="slow"), asked, Path("a.mp4"))
        codec = encoding.codec_of(Path("a.mp4"))
        assert (codec.encoder, codec.pixels, note) == ("libx264", "nv12", "")
        assert encoding.options_of(codec) == {"qp": "21", "preset": "slow"}
    assert accelerated(Encoding(), None, Path("a.mp4")) == (Encoding(), "")


def test_where_none_works_the_processor_does_and_it_is_said(made_up: None) -> None:
    encoding, note = accelerated(Encoding(preset="medium"), "none", Path("a.mp4"))
    assert encoding == Encoding(preset="medium")
    assert note == "No hardware encodes h264 here (none: not in this FFmpeg), so the processor does."


def test_what_does_not_fit_is_said(made_up: None) -> None:
    with pytest.raises(InputError, match="--hwaccel cuda is unknown: choose one of auto, none, some"):
        accelerated(Encoding(), "cuda", Path("a.mp4"))
    with pytest.raises(InputError, match="--preset medium doesn't fit h264: choose one of fast, slow"):
        accelerated(Encoding(preset="medium"), "some", Path("a.mp4"))
    with pytest.raises(InputError, match="can't hold --codec vp9"):
        accelerated(Encoding("vp9"), "some", Path("a.mov"))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_each_kind_works_or_says_why(codec: str, name: str) -> None:
    encoding, note = accelerated(Encoding(codec), name, Path("a.mkv"))
    assert bool(note) == (encoding.hardware is None)
    encoder = KINDS[name].encoder.format(codec)
    if encoder in av.codecs_available and encoding.hardware is None:
        assert "not in this FFmpeg" not in note


def test_colours_are_as_the_processor_writes_them(made_up: None, make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(size=(64, 96))
    encoding, _ = accelerated(Encoding(crf=10), "some", tmp_path / "hard.mp4")
    paint_clip(source, tmp_path / "hard.mp4", same, encoding=encoding)
    paint_clip(source, tmp_path / "soft.mp4", same, encoding=Encoding(crf=10))
    assert times(tmp_path / "hard.mp4") == times(source)
    for hard, soft in zip(images(tmp_path / "hard.mp4"), images(tmp_path / "soft.mp4"), strict=True):
        assert np.abs(hard.astype(int) - soft).mean() < 1
    told = []
    for name in ("hard.mp4", "soft.mp4"):
        with av.open(str(tmp_path / name)) as clip:
            context = clip.streams.video[0].codec_context
            told.append((context.colorspace, context.color_range))
    assert told[0] == told[1]


def test_the_command_line_says_it_once(
    made_up: None, styles: Path, make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_clip("a.mp4"), make_clip("b.mp4")
    line = (tmp_path / "a.mp4", tmp_path / "b.mp4", "-o", tmp_path / "out", "--weights", styles, "--style", "same")
    assert run(*line, "--hwaccel", "none") == 0
    assert capsys.readouterr().err.count("so the processor does") == 1
    assert parse(["a.mp4", "--hwaccel"]).hwaccel == "auto"
    assert run(*line, "--hwaccel", "cuda") == 2
    assert "--hwaccel cuda is unknown" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "kind"), [(["--hwaccel", "a.mp4"], "auto"), (["--hwaccel", "qsv", "a.mp4"], "qsv"), (["a.mp4"], None)]
)
def test_a_kind_is_told_from_a_file(words: list[str], kind: str | None) -> None:
    options = parse(words)
    assert (options.hwaccel, options.inputs) == (kind, (Path("a.mp4"),))
