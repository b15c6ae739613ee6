"""OpenVINO behind the stylizer: a network for each frame size, made off-thread and kept on disk; no telemetry."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino", reason="OpenVINO isn't installed here")

from realtime.styles import compiled, engines_openvino
from realtime.styles.engines import Unavailable, Wanted
from realtime.styles.engines_openvino import KEPT, OpenVino, open_openvino
from realtime.styles.onnx_file import ModelFile, read_model
from realtime.styles.stylizer import Stylizer
from tests.conftest import picture

SIZE = (24, 32)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A cache folder of the test's own, not there yet; no network of this test is compiled into the next one's."""
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, str(tmp_path / "cache"))
    yield tmp_path / "cache" / "compiled"
    for thread in filter(lambda one: one.name == "compiler", threading.enumerate()):
        thread.join(30)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[object]:
    """How many networks were compiled, by their size; those that came from the disk are not counted."""
    counted: Counter[object] = Counter()
    real = compiled.Compiled._network

    def counting(self: compiled.Compiled, size: tuple[int, int] | None) -> object:
        counted[size] += 1
        return real(self, size)

    monkeypatch.setattr(compiled.Compiled, "_network", counting)
    return counted


@pytest.fixture
def model(styles: Path) -> ModelFile:
    return read_model(styles / "negative.onnx")


def opened(model: ModelFile) -> OpenVino:
    return open_openvino(model, Wanted(device="cpu", precision="f32", threads=1))


def feeds(size: tuple[int, int], seed: int = 0) -> dict[str, np.ndarray]:
    scalars = {"strength": np.ones((), np.float32), "keep_colors": np.zeros((), np.float32)}
    return {"frame": picture(*size, seed), **scalars}


def inverts(engine: OpenVino, size: tuple[int, int]) -> bool:
    return bool((engine.run(feeds(size)) == 255 - picture(*size)).all())


def finished(engine: OpenVino) -> None:
    """Wait for the compiler's thread."""
    thread = engine._compiler
    if thread is not None:
        thread.join(30)
        assert not thread.is_alive()


def test_a_new_size_is_painted_at_once_and_gets_its_own_network(model: ModelFile, made: Counter[object]) -> None:
    engine = opened(model)
    assert made == {None: 1}
    assert inverts(engine, SIZE)
    finished(engine)
    assert made == {None: 1, SIZE: 1}
    assert inverts(engine, SIZE)
    finished(engine)
    assert made == {None: 1, SIZE: 1}


def test_no_frame_waits_for_the_compiler(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened(model)
    go_on = threading.Event()
    real = engine._compiled._network

    def slow(size: tuple[int, int] | None) -> object:
        assert go_on.wait(30)
        return real(size)

    monkeypatch.setattr(engine._compiled, "_network", slow)
    sizes = [SIZE, (16, 16), (40, 20), (33, 57)]
    assert all(inverts(engine, size) for size in sizes)  # and would hang here
    go_on.set()
    finished(engine)
    assert sizes[-1] in engine._fixed and len(engine._fixed) <= 2, "what was wanted in between is forgotten"


def test_a_few_sizes_are_kept_the_last_used(model: ModelFile) -> None:
    engine = opened(model)
    sizes = [(16 + i, 20) for i in range(KEPT)]
    for size in sizes:
        engine.prepare(*size)
    engine.run(feeds(sizes[0]))
    engine.prepare(*SIZE)
    assert set(engine._fixed) == {SIZE, *sizes} - {sizes[1]}


def test_what_can_not_be_compiled_is_painted_all_the_same(
    model: ModelFile, made: Counter[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened(model)

    def fails(size: tuple[int, int] | None) -> object:
        made[size] += 1
        raise RuntimeError("bad_alloc")

    monkeypatch.setattr(engine._compiled, "_network", fails)
    for _ in range(3):
        assert inverts(engine, SIZE)
        finished(engine)
    assert made[SIZE] == 1, "it is not tried again for each frame"


def test_stills_of_giants_get_no_network_of_their_own(
    model: ModelFile, made: Counter[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines_openvino, "LARGEST", 20 * 20)
    engine = opened(model)
    engine.prepare(*SIZE)
    assert inverts(engine, SIZE)
    finished(engine)
    assert made == {None: 1}


def test_threads_may_paint_at_once(model: ModelFile) -> None:
    engine = opened(model)
    wrong = []

    def paint(seed: int) -> None:
        for step in range(12):
            given = feeds((16 + (seed + step) % 3, 20), seed)
            if not (engine.run(given) == 255 - given["frame"]).all():
                wrong.append(seed)

    threads = [threading.Thread(target=paint, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    finished(engine)
    assert not wrong


def test_the_painting_has_memory_of_its_own(model: ModelFile) -> None:
    engine = opened(model)
    first = engine.run(feeds(SIZE, 0))
    before = first.copy()
    engine.run(feeds(SIZE, 5))
    np.testing.assert_array_equal(first, before)
    assert first.flags.writeable


def test_arrays_that_may_not_be_written_are_painted(model: ModelFile) -> None:
    given = feeds(SIZE)
    for array in given.values():
        array.flags.writeable = False
    assert (opened(model).run(given) == 255 - given["frame"]).all()


def test_a_trunk_fades_and_blends_alike(pack: Path) -> None:
    trunk = Stylizer(pack / "pack.onnx", device="cpu", engine="openvino", precision="f32")
    red, blue = (trunk.with_vector(np.array(colour, np.float32)) for colour in ([1, 0, 0], [0, 0, 1]))
    assert red.network is blue.network
    assert (red(picture(16, 20)) == (255, 0, 0)).all()
    assert (blue(picture(16, 20)) == (0, 0, 255)).all()
    assert isinstance(trunk.network, OpenVino)
    finished(trunk.network)


# --- the cache on disk ---


def test_the_next_start_compiles_nothing(model: ModelFile, made: Counter[object], cache: Path) -> None:
    opened(model).prepare(*SIZE)
    assert made == {None: 1, SIZE: 1}
    assert len(list(cache.glob("*.blob"))) == 2
    again = opened(model)
    again.prepare(*SIZE)
    assert made == {None: 1, SIZE: 1}
    assert inverts(again, SIZE)


def test_the_next_start_loads_only_what_it_paints_with(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(model).prepare(*SIZE)
    loaded: list[object] = []
    real = compiled.Compiled.__call__

    def noting(self: compiled.Compiled, size: tuple[int, int] | None) -> object:
        loaded.append(size)
        return real(self, size)

    monkeypatch.setattr(compiled.Compiled, "__call__", noting)
    again = opened(model)
    again.prepare(*SIZE)
    assert inverts(again, SIZE)
    assert loaded == [SIZE]
    assert inverts(again, (16, 16))
    finished(again)
    assert loaded == [SIZE, None, (16, 16)]


def test_another_model_or_setting_is_another_file(model: ModelFile, styles: Path, made: Counter[object]) -> None:
    opened(model)
    open_openvino(model, Wanted(device="cpu", precision="f32", threads=2))
    opened(read_model(styles / "same.onnx"))
    assert made == {None: 3}


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_file_is_made_anew(
    model: ModelFile, made: Counter[object], cache: Path, damage: bytes | None
) -> None:
    opened(model)
    (file,) = cache.glob("*.blob")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2] if damage is None else damage)
    assert inverts(opened(model), SIZE)
    assert made[None] == 2
    assert file.read_bytes()[:32] == data[:32] or len(file.read_bytes()) > 32
    opened(model)
    assert made[None] == 2


def test_a_file_that_openvino_refuses_is_made_anew(model: ModelFile, made: Counter[object], cache: Path) -> None:
    opened(model)
    (file,) = cache.glob("*.blob")
    compiled._write(file, b"whole, but of another version")
    assert inverts(opened(model), SIZE)
    assert made[None] == 2


def test_a_folder_that_can_not_be_written_is_done_without(model: ModelFile, cache: Path) -> None:
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("a file where the folder belongs")
    assert inverts(opened(model), SIZE)


def test_the_oldest_files_are_dropped(model: ModelFile, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "KEPT", 3)
    engine = opened(model)
    for file in cache.glob("*.blob"):
        os.utime(file, (1, 1))
    for i in range(3):
        engine.prepare(16 + i, 20)
    assert len(list(cache.glob("*.blob"))) == 3
    assert all(file.stat().st_mtime > 1 for file in cache.glob("*.blob"))


def test_the_folder_is_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compiled.FOLDER_VARIABLE)
    assert compiled.cache_folder().name == "compiled"
    assert "livebrush" in compiled.cache_folder().parts


# --- what it may not do ---


def test_a_model_it_can_not_read_is_said(model: ModelFile) -> None:
    bad = ModelFile(Path("bad.onnx"), b"not a model", "0", model.card, 0)
    with pytest.raises(Unavailable, match=r"OpenVINO can't paint bad\.onnx on CPU \(Unable to read the model"):
        open_openvino(bad, Wanted())


def test_no_telemetry_is_loaded_and_nothing_is_sent(styles: Path, tmp_path: Path) -> None:
    code = (
        "import socket, sys; from pathlib import Path\n"
        "def never(*_): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = never\n"
        "import numpy; from realtime.styles import Stylizer\n"
        "s = Stylizer(Path(sys.argv[1]), 'cpu', engine='openvino')\n"
        "s.warm_up(24, 32); s(numpy.zeros((16, 16, 3), numpy.uint8))\n"
        "words = 'telemetry', 'openvino.tools.'\n"
        "print('openvino' in sys.modules, *[m for m in sys.modules if any(word in m for word in words)])"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(styles / "same.onnx")],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("True", "")
    assert not [path for path in home.rglob("*") if "intel" in path.name.lower() or "telemetry" in path.name.lower()]
