"""Which engine paints: the fastest that works, the one that is asked for, and what is said where it can't be had."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.styles import engine_choice, engines_gpu, engines_onnxruntime
from realtime.styles.engine_choice import open_engine
from realtime.styles.engines import Unavailable, Wanted, reason
from realtime.styles.onnx_file import ModelFile, read_model
from realtime.styles.stylizer import Stylizer
from weights.errors import InputError

OPENVINO = "realtime.styles.engines_openvino"


@pytest.fixture
def model(styles: Path) -> ModelFile:
    return read_model(styles / "negative.onnx")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor on which OpenVINO was found the faster one, without a GPU."""
    pytest.importorskip("openvino", reason="OpenVINO isn't installed here")
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    monkeypatch.setattr(engine_choice, "has_nvidia_driver", lambda: False)


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_processor_takes_openvino(model: ModelFile, measured: None, device: str) -> None:
    engine, note = open_engine(model, Wanted(device=device))
    assert (engine.name, engine.device, note) == ("OpenVINO", "cpu", "")


def test_another_processor_takes_onnx_runtime(
    model: ModelFile, measured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert open_engine(model, Wanted())[0].name == "ONNX Runtime"
    assert open_engine(model, Wanted(engine="openvino"))[0].name == "OpenVINO"


def test_onnx_runtime_is_taken_where_it_is_asked_for(model: ModelFile) -> None:
    engine, note = open_engine(model, Wanted(engine="onnxruntime", device="cpu"))
    assert (engine.name, engine.device, engine.precision, note) == ("ONNX Runtime", "cpu", "f32", "")


def test_a_missing_openvino_is_no_news(model: ModelFile, measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, OPENVINO, None)
    engine, note = open_engine(model, Wanted())
    assert (engine.name, note) == ("ONNX Runtime", "")
    with pytest.raises(InputError, match=r"OpenVINO isn't installed here \(pip install openvino\): use --engine auto"):
        open_engine(model, Wanted(engine="openvino"))


def test_an_openvino_that_can_not_load_is_said(styles: Path) -> None:
    """As where one of its libraries is missing: ImportError, but not of a module."""
    code = (
        "import sys, importlib.abc; from pathlib import Path\n"
        "class Broken(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'openvino': raise ImportError('libtbb.so.12: cannot open shared object file')\n"
        "sys.meta_path.insert(0, Broken())\n"
        "import platform; platform.machine = lambda: 'x86_64'\n"
        "from realtime.styles import Stylizer\n"
        "s = Stylizer(Path(sys.argv[1]), 'cpu')\n"
        "print(s.engine, s.note, sep='|')"
    )
    done = run(code, styles / "same.onnx")
    assert done.stdout == "ONNX Runtime|OpenVINO can't be loaded here (libtbb.so.12: cannot open shared object file)\n"


def test_a_model_that_openvino_can_not_paint_is_painted(
    model: ModelFile, measured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise Unavailable("OpenVINO can't paint this")

    monkeypatch.setattr(f"{OPENVINO}.open_openvino", fails)
    engine, note = open_engine(model, Wanted())
    assert (engine.name, note) == ("ONNX Runtime", "OpenVINO can't paint this")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(engine="tensorflow"), "--engine tensorflow is unknown: give auto, onnxruntime, openvino or tensorrt"),
        (Wanted(precision="f8"), "--precision f8 is unknown: give auto or f32"),
        (Wanted(device="tpu"), "There is no device tpu here: give --device auto, cpu or cuda"),
        (Wanted("openvino", "cuda"), "OpenVINO can't use the device cuda: choose --engine onnxruntime"),
        (Wanted("tensorrt", "cpu"), "TensorRT can't use the device cpu: it is for --device cuda"),
        (Wanted("onnxruntime", "gpu"), "ONNX Runtime can't use the device gpu: choose --engine openvino"),
    ],
)
def test_what_can_not_be_is_said(model: ModelFile, wanted: Wanted, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = ["CPU"] if wanted.device == "tpu" else ["CPU", "GPU"]
    monkeypatch.setattr(engine_choice, "openvino_devices", lambda: there)
    with pytest.raises(InputError, match=words):
        open_engine(model, wanted)


def test_a_device_of_openvino_is_taken_by_its_name(
    model: ModelFile, measured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(engine_choice, "openvino_devices", lambda: ["CPU", "GPU.1"])
    monkeypatch.setattr(f"{OPENVINO}.OpenVino", lambda model, device, settings: asked.append(device))
    open_engine(model, Wanted(device="gpu.1", precision="f32"))
    assert asked == ["GPU.1"]


# --- an NVIDIA GPU ---


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has an NVIDIA driver."""
    monkeypatch.setattr(engine_choice, "has_nvidia_driver", lambda: True)


def test_auto_falls_back_and_says_why(styles: Path, gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    why = "CUDA can't be used, as libcublas.so is missing"
    monkeypatch.setattr(engines_onnxruntime, "_trouble", lambda *_: why)
    painter = Stylizer(styles / "same.onnx", device="auto")
    assert painter.device == "cpu"
    assert "libcublas.so" in painter.note
    with pytest.raises(InputError, match=r"libcublas\.so is missing: use --device cpu"):
        Stylizer(styles / "same.onnx", device="cuda")


def test_auto_falls_back_when_the_first_run_fails(styles: Path, gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:

    def fails(*_: object) -> object:
        raise RuntimeError("driver too old\nand a page more")

    monkeypatch.setattr(engines_onnxruntime, "_trouble", lambda *_: "")
    monkeypatch.setattr(engines_gpu, "session", fails)
    painter = Stylizer(styles / "same.onnx")
    assert painter.device == "cpu"
    assert painter.note == "CUDA doesn't work here (driver too old)"


def test_no_gpu_is_no_news(styles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "has_nvidia_driver", lambda: False)
    assert Stylizer(styles / "same.onnx").note == ""
    with pytest.raises(InputError, match="no NVIDIA GPU with a driver here: use --device cpu, or mend it"):
        Stylizer(styles / "same.onnx", device="cuda")


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine may have a working CUDA")
def test_a_cuda_that_can_not_load_prints_one_line_and_no_more(styles: Path) -> None:
    """Even when ONNX Runtime itself is asked for CUDA, its page of library errors stays away."""
    code = (
        "import sys; from pathlib import Path\n"
        "from realtime.styles import engine_choice, engines_onnxruntime, Stylizer\n"
        "engine_choice.has_nvidia_driver = lambda: True\n"
        "engines_onnxruntime._trouble = lambda *_: ''\n"
        "s = Stylizer(Path(sys.argv[1]))\n"
        "print(s.device, s.note.count(chr(10)), len(s.note) < 300)"
    )
    done = run(code, styles / "same.onnx")
    assert done.stderr == ""
    assert done.stdout.split() == ["cpu", "0", "True"]


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_library_loads_when_it_is_used(styles: Path) -> None:
    """ONNX Runtime takes a third of a second, and OpenVINO as much."""
    code = (
        "import sys; from pathlib import Path; from realtime.styles import Stylizer\n"
        "s = Stylizer(Path(sys.argv[1]), 'cpu', engine=sys.argv[2])\n"
        "print(*{'openvino', 'onnxruntime'} & set(sys.modules))"
    )
    for engine in ("openvino", "onnxruntime") if "openvino" in available() else ("onnxruntime",):
        assert run(code, styles / "same.onnx", engine).stdout.split() == [engine]


def available() -> set[str]:
    from importlib.util import find_spec

    return {name for name in ("openvino", "onnxruntime") if find_spec(name)}


def test_the_reason_is_one_line_without_places() -> None:
    error = RuntimeError("Exception from src/core.cpp:117:\n\n  Check 'a' failed:\nmore")
    assert reason(error) == "Check 'a' failed:"
    assert reason(ValueError()) == "ValueError"
