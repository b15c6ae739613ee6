"""Fixtures that several tests share: tiny real styles in a catalogue of their own, and small clips."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file

from weights.card import METADATA_KEY, VECTOR_KEY, Card, StylePicture
from weights.catalog import Entry, write_catalog
from weights.files import sha256 as file_sha256
from weights.folders import USER_FOLDER, user_folder

if TYPE_CHECKING:
    from PyQt5.QtWidgets import QApplication

    from gatys.settings import Settings
    from realtime.window.window import Window
    from tests.live_fakes import Start
    from tests.window_fakes import Open

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "PYTEST_XDIST_WORKER" in os.environ:  # a core for each: threads that find it taken cost far more
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A run that was begun in the background, or by nohup, ignores these signals, and so would the programs it starts.
for _name, _default in (
    ("SIGINT", signal.default_int_handler),
    ("SIGTERM", signal.SIG_DFL),
    ("SIGHUP", signal.SIG_DFL),
):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _default)

MakeClip = Callable[..., Path]


def same(image: np.ndarray) -> np.ndarray:
    """A style that changes nothing."""
    return image


def tiny_model(path: Path, effect: str, card: Card) -> str:
    """Write a model of a few nodes with the card inside; returns the file's sha256.

    painted = frame + strength * (1 - keep_colors) * (effect - frame), where the effect is "inverse" (of the colours),
    "same" (the frame) or "flat": a trunk, whose style of three numbers is the colour it fills the frame with.
    """
    onnx = pytest.importorskip("onnx")
    h, t = onnx.helper, onnx.TensorProto
    effects = {
        "inverse": h.make_node("Sub", ["white", "photo"], ["effect"]),
        "same": h.make_node("Identity", ["photo"], ["effect"]),
        "flat": h.make_node("Mul", ["style", "white"], ["effect"]),
    }
    nodes = [
        h.make_node("Cast", ["frame"], ["photo"], to=t.FLOAT),
        effects[effect],
        h.make_node("Sub", ["effect", "photo"], ["change"]),
        h.make_node("Sub", ["one", "keep_colors"], ["drop_colors"]),
        h.make_node("Mul", ["strength", "drop_colors"], ["amount"]),
        h.make_node("Mul", ["change", "amount"], ["part"]),
        h.make_node("Add", ["photo", "part"], ["sum"]),
        h.make_node("Round", ["sum"], ["rounded"]),
        h.make_node("Cast", ["rounded"], ["painted"], to=t.UINT8),
    ]
    others = [h.make_tensor_value_info(n, t.FLOAT, []) for n in ("strength", "keep_colors")]
    if effect == "flat":
        others.append(h.make_tensor_value_info("style", t.FLOAT, [3]))
    graph = h.make_graph(
        nodes,
        card.name,
        [h.make_tensor_value_info("frame", t.UINT8, ["height", "width", 3]), *others],
        [h.make_tensor_value_info("painted", t.UINT8, ["height", "width", 3])],
        [h.make_tensor("white", t.FLOAT, [], [255.0]), h.make_tensor("one", t.FLOAT, [], [1.0])],
    )
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9)
    h.set_model_props(model, {METADATA_KEY: card.to_json()})
    path.write_bytes(model.SerializeToString())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The switch of tests/test_golden.py and tests/test_window_pictures.py."""
    parser.addoption("--update-golden", action="store_true", help="write kept paintings and windows anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether what is kept is to be written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The user's folder and the cache of the tests, empty: nobody's own is read or written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(USER_FOLDER, str(tmp_path_factory.mktemp("home")))
        patch.setenv("LIVEBRUSH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def own_styles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the user's own styles, of this test alone; not there yet."""
    monkeypatch.setenv(USER_FOLDER, str(tmp_path / "home"))
    return user_folder("styles")


def tiny_card(name: str, trunk: str = "", numbers: str = "") -> Card:
    """The card of a made-up style; `numbers` stands for those of the trunk that it is or belongs to."""
    picture = StylePicture("Test card", "Nobody", "2024", "CC0")
    trunk_hash = hashlib.sha256(numbers.encode()).hexdigest() if numbers else ""
    title = name.replace("-", " ").title()
    return Card(name, title, "test", "tiny", trunk=trunk, trunk_hash=trunk_hash, picture=picture, license="MIT")


def tiny_style(folder: Path, name: str, effect: str) -> Entry:
    """Write a network of its own; returns its catalogue entry."""
    card = tiny_card(name)
    return Entry(card, f"{name}.onnx", tiny_model(folder / f"{name}.onnx", effect, card))


def tiny_trunk(
    folder: Path, trunk: str, colours: dict[str, tuple[float, float, float]], numbers: str = ""
) -> list[Entry]:
    """Write a trunk and one style vector for each of its `colours`, RGB in [0, 1]; returns their entries."""
    sha256 = tiny_model(folder / f"{trunk}.onnx", "flat", tiny_card(trunk, numbers=numbers or trunk))
    cards = [(tiny_card(name, trunk, numbers or trunk), colour) for name, colour in colours.items()]
    return [
        Entry(card, f"{trunk}.onnx", sha256, f"{card.name}.safetensors", tiny_vector(folder, card, colour))
        for card, colour in cards
    ]


def tiny_vector(folder: Path, card: Card, colour: tuple[float, float, float]) -> str:
    """Write a style vector for a tiny trunk; returns the file's sha256."""
    file = folder / f"{card.name}.safetensors"
    save_file({VECTOR_KEY: np.array(colour, np.float32)}, file, metadata={METADATA_KEY: card.to_json()})
    return file_sha256(file)


@pytest.fixture(scope="session")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with two styles: `negative` inverts, `same` gives the frame back."""
    folder = tmp_path_factory.mktemp("styles")
    write_catalog([tiny_style(folder, "negative", "inverse"), tiny_style(folder, "same", "same")], folder)
    return folder


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A weights folder with two trunks and a network of its own.

    `red`, `green` and `blue` are styles of the trunk "pack", `black` and `white` of "grey"; `negative` inverts.
    """
    folder = tmp_path / "pack"
    folder.mkdir()
    primary = tiny_trunk(folder, "pack", {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)})
    grey = tiny_trunk(folder, "grey", {"black": (0, 0, 0), "white": (1, 1, 1)})
    write_catalog([*primary, *grey, tiny_style(folder, "negative", "inverse")], folder)
    return folder


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth coloured picture with one bright corner at the top left, `(H, W, 3) uint8 RGB`."""
    y, x = np.mgrid[0:height, 0:width]
    shift = seed * 3
    rgb = np.stack((40 + 150 * x / width, 60 + 120 * y / height, 90 + 80 * (x + y) / (width + height) + shift), axis=2)
    rgb[: height // 4, : width // 4] = (250, 240, 20)
    return rgb.clip(0, 255).astype(np.uint8)


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Writes a clip: `make_clip("a.mp4", size=(48, 64), pts=[0, 1, 4], audio="aac")`."""
    av = pytest.importorskip("av")

    def make(
        name: str = "clip.mp4",
        size: tuple[int, int] = (48, 64),
        pts: list[int] | None = None,
        audio: str | None = None,
        time_base: Fraction = Fraction(1, 12800),
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        aspect: Fraction | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        times = [i * 512 for i in range(12)] if pts is None else pts
        with av.open(str(path), "w", options=options) as out:
            video = out.add_stream(codec, rate=25, options={"crf": "10"} if codec == "libx264" else {})
            video.height, video.width, video.pix_fmt = *size, pix_fmt
            video.codec_context.time_base = time_base
            if aspect is not None:
                video.codec_context.sample_aspect_ratio = aspect
            sound = None
            if audio:
                sound = out.add_stream(audio, rate=48000)
                sound.codec_context.layout = "mono"
            for i, time in enumerate(times):
                frame = av.VideoFrame.from_ndarray(picture(*size, seed=i), format="rgb24")
                frame.pts, frame.time_base = time, time_base
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
            if sound is not None:
                _beep(av, out, sound, float(times[0] * time_base), float(times[-1] * time_base))
        return path

    return make


def _beep(av, out, sound, first: float, last: float) -> None:  # type: ignore[no-untyped-def]
    rate, size = 48000, sound.codec_context.frame_size or 1024
    begin = max(0, int(first * rate))
    for start in range(begin, max(begin + size, int(last * rate)), size):
        wave = np.sin(np.arange(start, start + size) * 0.05).astype(np.float32)[None] * 0.3
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        converter = av.AudioResampler(format=sound.codec_context.format.name if sound.codec_context.format else "fltp")
        for part in converter.resample(frame):
            out.mux(sound.encode(part))
    out.mux(sound.encode(None))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A run of `python -m gatys` that takes a second: two small sizes, shallow layers."""
    from PIL import Image as Pictures

    from gatys.settings import Settings

    stripes = np.zeros((48, 48, 3), np.uint8)
    stripes[:, ::6] = stripes[:, 1::6] = (250, 60, 20)
    Pictures.fromarray(picture(48, 64)).save(tmp_path / "photo.png")
    Pictures.fromarray(stripes).save(tmp_path / "painting.png")
    return Settings(
        tmp_path / "photo.png",
        (tmp_path / "painting.png",),
        out=tmp_path / "out.png",
        content_layers=("relu2_1",),
        style_layers=("relu1_1", "relu2_1"),
        size=48,
        scales=2,
        steps=4,
        coarse_steps=3,
        threads=1,
        device="cpu",
    )


@pytest.fixture
def started() -> Iterator[Start]:
    """Runs live loops on the fakes of `tests.live_fakes`, and stops them: `started(source, {"a": Fake(1)})`."""
    from tests.live_fakes import starter

    yield from starter()


@pytest.fixture(scope="session")
def application() -> QApplication:
    """Qt, without a screen."""
    from realtime.window.application import make_application

    return make_application()


@pytest.fixture
def opened(application: QApplication, tmp_path: Path) -> Iterator[Open]:
    """Opens windows on the styles of a folder, and closes them: `opened(folder, "negative")`."""
    from tests.window_fakes import opener

    yield from opener(tmp_path)


@pytest.fixture
def window(opened: Open, styles: Path) -> Window:
    """A window on a source that never changes, with the styles `negative` (chosen) and `same`."""
    return opened(styles, "negative")
