"""The live picture without a window: recorded to the source's end, or served until somebody stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import av
import pytest

from realtime.live.asked import outputs_of
from realtime.live.network import Network
from realtime.live.recorder import Recorder
from realtime.live.virtual_camera import VirtualCamera
from realtime.options import Options, parse
from tests.conftest import MakeClip
from weights.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "realtime", "--device", "cpu", "--threads", "1", "--no-window", *map(str, words)]


def test_a_clip_is_recorded_to_its_end(styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    words = command(
        "--source",
        make_clip(pts=[512 * i for i in range(50)]),
        "--weights",
        styles,
        "--record",
        target,
        "--style",
        "same",
    )
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, f"{target}\n"), done.stderr
    with av.open(str(target)) as clip:
        assert len(list(clip.decode(video=0))) > 6


def test_an_output_that_breaks_is_said_once_and_the_others_go_on_to_the_end(
    styles: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    """It ran for ever: what was broken hid that the source had ended."""
    clip, target = make_clip(pts=[512 * i for i in range(25)]), tmp_path / "out.mkv"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = command("--source", clip, "--weights", styles, "--style", "same", "--serve", port)
        done = subprocess.run(
            [*words, "--record", str(target)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
        alone = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, f"{target}\n"), done.stderr
    with av.open(str(target)) as recording:
        assert len(list(recording.decode(video=0))) > 3
    assert (alone.returncode, alone.stdout) == (2, "")
    assert alone.stderr.count(f"The port {port} can't be used") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_ends_it_and_the_recording_plays(styles: Path, make_clip: MakeClip, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    source = make_clip(pts=[512 * i for i in range(900)])
    words = command("--source", source, "--weights", styles, "--record", target, "--serve", "0", "--style", "same")
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = ""
        while "picture is at" not in line:
            line = process.stderr.readline()
            assert line, "it ended"
        with urllib.request.urlopen(f"{line.split()[-1]}/frame.jpg", timeout=10) as answer:
            assert answer.read(2) == b"\xff\xd8"
        os.kill(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, f"{target}\n"), error
    with av.open(str(target)) as clip:
        assert list(clip.decode(video=0))


def test_outputs_are_what_the_options_say(tmp_path: Path) -> None:
    options = parse(["--record", str(tmp_path / "a.mkv"), "--serve", "--virtual-camera"])
    assert [type(output) for output in outputs_of(options)] == [Recorder, Network, VirtualCamera]
    assert outputs_of(Options()) == []


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("8081", "127.0.0.1", 8081), ("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:9", "::1", 9)],
)
def test_an_address_is_this_machines_unless_a_host_is_given(text: str, host: str, port: int) -> None:
    (network,) = outputs_of(Options(serve=text))
    assert isinstance(network, Network)
    assert (network._host, network._port) == (host, port)


@pytest.mark.parametrize("text", ["", "x", "70000", ":80", "host:", "-1", "²"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--serve"):
        outputs_of(Options(serve=text))


@pytest.mark.parametrize(
    "words", [["a.jpg", "--record", "a.mp4"], ["a.jpg", "--no-window"], ["--microphone"], ["--fps", "0"]]
)
def test_what_does_not_go_together_is_refused(words: list[str]) -> None:
    with pytest.raises(InputError):
        parse(words)


def test_without_a_window_the_picture_must_go_somewhere(styles: Path, make_clip: MakeClip) -> None:
    words = command("--source", make_clip(), "--weights", styles, "--style", "same")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--record FILE" in done.stderr
