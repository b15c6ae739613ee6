"""A style from a stranger: it reads and writes nothing outside its folder, fills no memory, and brings no pickle."""

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import save_file

from realtime import __main__ as program
from realtime.styles import Stylizer, onnx_file
from tests.conftest import picture, tiny_card, tiny_model
from training.checkpoint import load_vector
from weights import limits
from weights.card import METADATA_KEY
from weights.errors import InputError, exit_code

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("weights", "training", "gatys", "export", "realtime")

h, t = onnx.helper, onnx.TensorProto


@pytest.fixture
def model(tmp_path: Path) -> onnx.ModelProto:
    """A style that inverts."""
    tiny_model(tmp_path / "plain.onnx", "inverse", tiny_card("plain"))
    return onnx.load(tmp_path / "plain.onnx")


def save(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def outside(tensor: onnx.TensorProto, location: str = "numbers.bin") -> None:
    """Leave the tensor's numbers in another file, as onnx itself would."""
    tensor.ClearField("float_data")
    tensor.data_location = t.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "4")):
        tensor.external_data.add(key=key, value=value)


def as_initializer(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    model.graph.initializer.append(tensor)


def as_constant(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    model.graph.node.append(h.make_node("Constant", [], ["c"], value=tensor))


def in_a_branch(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    inner = h.make_graph(
        [h.make_node("Constant", [], ["c"], value=tensor)], "g", [], [h.make_tensor_value_info("c", 1, [])]
    )
    middle = h.make_graph([h.make_node("If", ["x"], ["d"], then_branch=inner, else_branch=inner)], "m", [], [])
    model.graph.node.append(h.make_node("If", ["x"], ["e"], then_branch=middle, else_branch=middle))


def in_a_list(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    model.graph.node.append(h.make_node("Constant", [], ["c"], values=[h.make_tensor("n", t.FLOAT, [], [1.0]), tensor]))


def in_a_function(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    node = h.make_node("Constant", [], ["c"], value=tensor)
    model.functions.append(h.make_function("d", "f", [], ["c"], [node], [h.make_opsetid("", 18)]))


def as_sparse(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    sparse = model.graph.sparse_initializer.add()
    sparse.indices.CopyFrom(tensor)


def in_a_training(model: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    model.training_info.add().algorithm.initializer.append(tensor)


PLACES = [as_initializer, as_constant, in_a_branch, in_a_list, in_a_function, as_sparse, in_a_training]


@pytest.mark.parametrize("place", PLACES)
def test_numbers_in_other_files_are_refused(
    model: onnx.ModelProto, tmp_path: Path, place: Callable[[onnx.ModelProto, onnx.TensorProto], None]
) -> None:
    (tmp_path / "numbers.bin").write_bytes(np.float32(1).tobytes())
    tensor = h.make_tensor("other", t.FLOAT, [], [1.0])
    outside(tensor)
    place(model, tensor)
    with pytest.raises(InputError, match=r"x\.onnx keeps numbers in other files"):
        Stylizer(save(model, tmp_path / "x.onnx"), "cpu")


def test_a_style_whose_words_are_of_locations_is_none_of_these(tmp_path: Path) -> None:
    tiny_model(tmp_path / "location.onnx", "same", tiny_card("location"))
    assert Stylizer(tmp_path / "location.onnx", "cpu").card.title == "Location"


def test_the_numbers_of_onnx_fields_are_onnx_own() -> None:
    """Each message with tensors in it is known, by the numbers that onnx gives its fields."""
    for name, parts in onnx_file._PARTS.items():
        fields = getattr(onnx, name).DESCRIPTOR.fields_by_number
        holding = {*onnx_file._PARTS, "TensorProto"}
        inside = {
            n: f.message_type.name for n, f in fields.items() if f.message_type and f.message_type.name in holding
        }
        assert inside == parts, name
    tensor = t.DESCRIPTOR.fields_by_name
    assert (tensor["external_data"].number, tensor["data_location"].number) == (13, 14)


@pytest.mark.parametrize("damage", [b"\xff" * 40, b"\x3a\xff\xff\xff\xff\x0f", b"\x3b", b"\x80", b"\x3a\x05ab"])
def test_what_is_no_onnx_is_said(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(damage)
    with pytest.raises(InputError, match=r"x\.onnx is no style that can be read"):
        Stylizer(tmp_path / "x.onnx", "cpu")


def test_a_model_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.onnx").open("wb") as file:
        file.truncate(limits.MAX_MODEL + 1)
    with pytest.raises(InputError, match=r"x\.onnx .* too large"):
        Stylizer(tmp_path / "x.onnx", "cpu")


def test_a_model_that_paints_another_shape_is_said(model: onnx.ModelProto, tmp_path: Path) -> None:
    """A frame of another size, and one that the graph can't join: neither is a lack of memory."""
    node = model.graph.node[-1]
    model.graph.initializer.append(h.make_tensor("first", t.INT64, [1], [0]))
    rounded = node.input[0]
    node.input[0] = "cut"
    model.graph.node.insert(len(model.graph.node) - 1, h.make_node("Gather", [rounded, "first"], ["cut"]))
    paint = Stylizer(save(model, tmp_path / "row.onnx"), "cpu")
    with pytest.raises(InputError, match=r"row\.onnx paints .*no Livebrush style"):
        paint(picture(24, 32))


def test_a_model_of_one_size_is_no_lack_of_memory(model: onnx.ModelProto, tmp_path: Path) -> None:
    model.graph.initializer[0].CopyFrom(h.make_tensor("white", t.FLOAT, [16, 16, 3], [255.0] * 768))
    paint = Stylizer(save(model, tmp_path / "small.onnx"), "cpu")
    assert paint(picture(16, 16)).shape == (16, 16, 3)
    with pytest.raises(InputError, match=r"small\.onnx can't paint a picture of 32x24"):
        paint(picture(24, 32))


@pytest.mark.parametrize("length", [2**30, -5])
def test_a_style_input_out_of_bounds_is_refused(tmp_path: Path, length: int) -> None:
    tiny_model(tmp_path / "x.onnx", "flat", tiny_card("x"))
    model = onnx.load(tmp_path / "x.onnx")
    (style,) = (value for value in model.graph.input if value.name == "style")
    style.type.tensor_type.shape.dim[0].dim_value = length
    with pytest.raises(InputError, match=r"x\.onnx"):
        Stylizer(save(model, tmp_path / "x.onnx"), "cpu")


@pytest.mark.parametrize("shape", [(), (3, 5), (1, 2, 5)])
def test_a_vector_of_another_shape_is_refused_by_export(tmp_path: Path, shape: tuple[int, ...]) -> None:
    card = tiny_card("red", "pack", "pack")
    save_file({"style": np.zeros(shape, np.float32)}, tmp_path / "red.safetensors", {METADATA_KEY: card.to_json()})
    with pytest.raises(InputError, match=r"red\.safetensors holds no style vector"):
        load_vector(tmp_path / "red.safetensors")


def test_an_empty_style_is_none(styles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As of an unset variable in a script: the default style would be a surprise."""
    assert exit_code(lambda: program.main(["x.png", "--style", "", "--weights", str(styles)])) == 2
    assert capsys.readouterr().err.startswith("livebrush: --style '' can't be read: give one name of --list")


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


def test_no_pickle_is_ever_loaded() -> None:
    """torch.load takes weights only, numpy.load no objects, and nobody imports what unpickles."""
    loads = 0
    for path in (p for room in ROOMS for p in (ROOT / room).rglob("*.py")):
        for call in calls(path):
            words = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if ast.unparse(call.func) in ("torch.load", "fabric.load"):
                loads += 1
                assert words.get("weights_only") == "True", path
            assert words.get("allow_pickle", "False") == "False", path
        text = path.read_text(encoding="utf-8")
        assert not {"pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"} & imported(path), path
        assert "torch.hub.load(" not in text and "fabric.load(" not in text, path
    assert loads >= 2


def imported(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = [
        name
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    ]
    return {name.split(".")[0] for name in names}
