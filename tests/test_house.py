"""The four guards of the house: who imports whom, what a pixel is, what the README promises."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ALLOWED = {
    "weights": {"weights"},
    "training": {"training", "weights"},
    "gatys": {"gatys", "training", "weights", "realtime"},
    "export": {"export", "training", "weights"},
    "realtime": {"realtime", "weights"},
}
ROOMS = set(ALLOWED)

ONLY = {  # rooms that may see a part of another room only
    ("gatys", "training"): {"training.perceptual", "training.images", "training.objective"},
    ("gatys", "realtime"): {"realtime.styles"},
    ("export", "training"): {"training.generators", "training.checkpoint", "training.predictor.network"},
}

INSIDE = {  # the rooms of realtime, and which of them each may import; beside them lie pixels, files and commands
    "styles": {"styles"},
    "live": {"live", "styles"},
    "render": {"render", "styles"},
    "window": {"window", "render", "live", "styles"},
    "bench": {"bench", "window", "render", "live", "styles"},
}
COMMANDS = {"__main__.py", "sheet.py"}

HEAVY = ("torch", "torchvision", "onnx", "PIL", "training", "export", "gatys")
"""What `realtime` must never load."""


def imports_of(path: Path) -> set[str]:
    """Every module that the file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = [(room, path) for room in sorted(ROOMS) for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize(("room", "path"), FILES, ids=[str(p.relative_to(ROOT)) for _, p in FILES])
def test_rooms_import_only_what_the_design_allows(room: str, path: Path) -> None:
    for module in imports_of(path):
        other = module.split(".")[0]
        if other not in ROOMS:
            continue
        assert other in ALLOWED[room], f"{room} may not import {module}"
        part = ONLY.get((room, other))
        if part and module != other:
            assert any(module == p or module.startswith(f"{p}.") for p in part), f"{room} may not import {module}"


SMALL = {"folders.py": {"platformdirs"}, "install.py": {"filelock"}}
"""What weights/ uses beside the standard library: where a system keeps a user's files, and a lock on a folder."""


@pytest.mark.parametrize("path", sorted((ROOT / "weights").rglob("*.py")), ids=lambda p: p.name)
def test_weights_uses_the_standard_library_and_little_else(path: Path) -> None:
    others = {m.split(".")[0] for m in imports_of(path)} - set(sys.stdlib_module_names) - {"weights"}
    assert others == SMALL.get(path.name, set())


def names_in(requirements: Path) -> set[str]:
    """The distributions that a requirements file asks for, those of the files that it includes among them."""
    found: set[str] = set()
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= names_in(requirements.parent / line[3:].strip())
        elif name := re.match(r"[\w.-]+", line):
            found.add(re.sub(r"[-_.]+", "-", name[0]).lower())
    return found


OPTIONAL = {"pillow-heif", "sounddevice", "pyvirtualcam", "ray"}
"""What is used where it is there, and said where it is not."""


@pytest.mark.parametrize(
    ("room", "requirements"),
    [
        ("weights", "realtime"),
        ("realtime", "realtime"),
        ("training", "training"),
        ("export", "training"),
        ("gatys", "training"),
        ("gatys/report", "tests"),
        ("tests", ""),
    ],
)
def test_each_room_names_what_it_needs(room: str, requirements: str) -> None:
    """A fresh install of a room's requirements holds all that the room imports."""
    asked = names_in(ROOT / requirements / "requirements.txt") | OPTIONAL
    if requirements == "tests":
        asked |= names_in(ROOT / "training" / "requirements.txt")
    of_module = packages_distributions()
    for path in (ROOT / room).rglob("*.py"):
        if room == "gatys" and "report" in path.parts:
            continue
        for module in {m.split(".")[0] for m in imports_of(path)} - set(sys.stdlib_module_names) - ROOMS - {"tests"}:
            given = {re.sub(r"[-_.]+", "-", name).lower() for name in of_module.get(module, [module])}
            assert given & asked, (
                f"{path.relative_to(ROOT)} imports {module}, which no requirements file of {room} names"
            )


LIVE_FILES = sorted((ROOT / "realtime").rglob("*.py"))


def module_of(path: Path) -> str:
    """The name by which the file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loaded_with(files: list[Path], before: str = "") -> list[str]:
    """What a fresh process has loaded, in order, once it has run `before` and imported `files`."""
    names = [module_of(path) for path in files if path.stem != "__main__"]
    code = f"import sys, importlib\n{before}\nfor m in {names}: importlib.import_module(m)\nprint(*sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()


def test_the_live_side_never_loads_torch() -> None:
    loaded = {name.split(".")[0] for name in loaded_with(LIVE_FILES)}
    assert {"onnxruntime", "openvino", "cv2", "av", "PyQt5", "weights"} <= loaded
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize("room", sorted(INSIDE))
def test_rooms_of_realtime_load_only_those_beneath_them(room: str) -> None:
    loaded = loaded_with([path for path in LIVE_FILES if path.parent.name == room])
    rooms = {name.split(".")[1] for name in loaded if name.startswith("realtime.")} & set(INSIDE)
    assert rooms <= INSIDE[room]
    assert ("PyQt5" in loaded) == (room == "window")


def files_that_import(package: str) -> set[str]:
    """The files of realtime that import `package`, by their paths inside it."""
    return {
        path.relative_to(ROOT / "realtime").as_posix()
        for path in LIVE_FILES
        if any(module.split(".")[0] == package for module in imports_of(path))
    }


@pytest.mark.parametrize("path", LIVE_FILES, ids=module_of)
def test_rooms_of_realtime_import_only_those_beneath_them(path: Path) -> None:
    parts = path.relative_to(ROOT / "realtime").parts
    if parts[-1] in COMMANDS:
        return
    allowed = INSIDE[parts[0]] if len(parts) > 1 else set()
    others = {module.split(".")[1] for module in imports_of(path) if module.startswith("realtime.")}
    assert others & set(INSIDE) <= allowed, f"{path.name} may not import {others}"


def test_only_the_window_knows_qt() -> None:
    assert {path.split("/")[0] for path in files_that_import("PyQt5")} == {"window"}


def test_each_engine_is_known_to_one_file() -> None:
    assert files_that_import("onnxruntime") == {"styles/engines_onnxruntime.py", "styles/predictor.py"}
    assert files_that_import("openvino") == {"styles/engines_openvino.py"}


@pytest.mark.parametrize(("before", "engine"), [("", "openvino"), ("sys.modules['openvino'] = None", "onnxruntime")])
def test_an_engine_comes_before_qt(before: str, engine: str) -> None:
    """On Windows the libraries that Qt brings would hide those of an engine."""
    pytest.importorskip(engine, reason="it isn't installed here")
    loaded = loaded_with([ROOT / "realtime" / "window" / "application.py"], before)
    assert loaded.index(engine) < loaded.index("PyQt5")


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/*/ruff.toml")), ids=lambda p: p.parent.name)
def test_a_room_within_a_room_bans_what_its_house_bans(path: Path) -> None:
    """`extend` does not do it: ruff takes the inner table for the whole."""
    missing = banned(path.parents[1] / "ruff.toml") - banned(path)
    assert missing <= {"window": {"PyQt5"}, "styles": {"onnxruntime", "openvino"}}.get(path.parent.name, set())


def banned(path: Path) -> set[str]:
    """What the ruff.toml at `path` bans."""
    return set(re.findall(r'^"([\w.]+)"\.msg', path.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_top_level_is_the_pipeline() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    folders = {name.split("/")[0] for name in listed if "/" in name and not name.startswith(".")}
    assert folders <= {"realtime", "training", "gatys", "export", "weights", "tests"}


PYTHON = sorted(path for room in (*ROOMS, "tests") for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, "split it by idea"


def imported_at_once(path: Path) -> set[str]:
    """The project's modules that the file imports when it is itself imported: not those inside functions."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_no_module_imports_itself_by_a_detour() -> None:
    modules = {module_of(path): path for path in PYTHON}
    graph = {name: imported_at_once(path) & set(modules) - {name} for name, path in modules.items()}
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
