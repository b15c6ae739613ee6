"""What an exported network's .onnx file says of itself, read once and before an inference engine gets it.

A style may come from a stranger. An ONNX file can leave its numbers in other files, by path; a style has them inside.
The ONNX library is not needed: only what is looked at is read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from realtime.styles.wire import BYTES, Message, fields
from weights.card import METADATA_KEY, VECTOR_KEY, Card
from weights.errors import InputError
from weights.limits import MAX_MODEL, MAX_VECTOR, check_size

_PARTS = {  # each message of ONNX that can hold tensors: the messages in its fields, by their numbers in onnx.proto
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
}
_GRAPH, _METADATA = 7, 14  # fields of ModelProto
_INPUT, _OUTPUT = 11, 12  # of GraphProto
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of TensorProto

_UINT8, _FLOAT = 2, 1  # of TensorProto.DataType
_INPUTS = {"frame": (_UINT8, 3), "strength": (_FLOAT, 0), "keep_colors": (_FLOAT, 0)}  # type and number of sides
_STYLE = {VECTOR_KEY: (_FLOAT, 1)}  # one more, in a trunk
_OUTPUTS = {"painted": (_UINT8, 3)}
_PREDICTOR = {"painting": (_UINT8, 3)}, {VECTOR_KEY: (_FLOAT, 2)}  # inputs and outputs of a style predictor


@dataclass(frozen=True)
class ModelFile:
    """An exported network: all of its file's bytes, their sha256 (hex), and what they say.

    `style_length` is how many numbers a style of this network has, 0 where the network is one style itself.
    """

    path: Path
    data: bytes
    sha256: str
    card: Card
    style_length: int


def read_model(path: Path | str) -> ModelFile:
    """The exported network in `path`. Raises InputError where it can't be read or is no Livebrush style."""
    path = Path(path)
    return parse_model(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """All of the file, read once; raises InputError where it is missing or too large for a style."""
    try:
        check_size(path, MAX_MODEL)
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no style file {path}: export the style, or choose another one.") from None
    except OSError as error:
        raise InputError(f"{path} is no style that can be read ({error}): export it again.") from error


def parse_model(path: Path, data: bytes) -> ModelFile:
    """The exported network in `data`, the bytes of `path`; an engine that loads them loads what was looked at here.

    Raises InputError, naming `path`, where it is damaged, no Livebrush style, or leaves numbers in other files.
    """
    inputs, outputs, texts = _look(path, data)
    length = _style_length(inputs, outputs, path)
    return ModelFile(path, data, hashlib.sha256(data).hexdigest(), _card_in(texts, path), length)


def read_predictor(path: Path) -> ModelFile:
    """The style predictor in `path`, looked at like a style; `style_length` is of what it predicts, 0 if not said.

    Raises InputError where it can't be read or is no predictor.
    """
    data = read_bytes(path)
    inputs, outputs, texts = _look(path, data)
    if tuple({v.name: (v.kind, len(v.shape)) for v in values} for values in (inputs, outputs)) != _PREDICTOR:
        raise InputError(f"{path} is no style predictor of Livebrush: put the one that came with the styles back.")
    length = outputs[0].shape[1]
    return ModelFile(path, data, hashlib.sha256(data).hexdigest(), _card_in(texts, path), length)


def _look(path: Path, data: bytes) -> tuple[list[_Value], list[_Value], dict[str, str]]:
    """Inputs, outputs and metadata of the model in `data`; raises InputError where it is damaged or not whole."""
    try:
        external = _has_external_data(data)
        model = Message(data, 0, len(data))
        if not model.messages(_GRAPH):
            raise ValueError("it is empty")
        graph = model.message(_GRAPH)
        inputs, outputs = ([_value(v) for v in graph.messages(field)] for field in (_INPUT, _OUTPUT))
        texts = {entry.text(1): entry.text(2) for entry in model.messages(_METADATA)}
    except (ValueError, IndexError) as error:
        raise InputError(f"{path} is no style that can be read ({error}): export it again.") from error
    if external:
        raise InputError(f"{path} keeps numbers in other files, which a style may not: make one with python -m export.")
    return inputs, outputs, texts


def _card_in(texts: dict[str, str], path: Path) -> Card:
    if METADATA_KEY not in texts:
        raise InputError(f"{path} carries no card, so it is no Livebrush style: make one with python -m export.")
    return Card.from_json(texts[METADATA_KEY], str(path))


@dataclass(frozen=True)
class _Value:
    """An input or output of the graph: its name, the type of its elements and its sides, 0 for one that is free."""

    name: str
    kind: int
    shape: tuple[int, ...]


def _style_length(inputs: list[_Value], outputs: list[_Value], path: Path) -> int:
    """How many numbers the input `style` takes, 0 where there is none; raises InputError for a foreign model."""
    got, painted = ({v.name: (v.kind, len(v.shape)) for v in values} for values in (inputs, outputs))
    if got not in (_INPUTS, _INPUTS | _STYLE) or painted != _OUTPUTS:
        names = ", ".join(sorted(got))
        raise InputError(f"{path} is no Livebrush style (its inputs are {names}): make one with python -m export.")
    (length,) = [v.shape[0] for v in inputs if v.name == VECTOR_KEY] or [0]
    if len(got) > len(_INPUTS) and not 1 <= length <= MAX_VECTOR // 4:
        raise InputError(f"{path} takes a style of {length} numbers, so it is no Livebrush style: export one.")
    return length


def _value(info: Message) -> _Value:
    """ValueInfoProto: name, and of its TypeProto the tensor's element type and TensorShapeProto."""
    tensor = info.message(2).message(1)
    sides = [_signed(side.number(1)) for side in tensor.message(2).messages(1)]
    return _Value(info.text(1), tensor.number(1), tuple(sides))


def _signed(number: int) -> int:
    """A varint as int64."""
    return number - 2**64 if number >= 2**63 else number


def _has_external_data(data: bytes) -> bool:
    """Whether a tensor anywhere in the model `data` is kept in another file. Raises ValueError or IndexError."""
    stack = [("ModelProto", 0, len(data))]
    while stack:
        message, start, end = stack.pop()
        parts = _PARTS.get(message, {})
        for number, wire, value, after in fields(data, start, end):
            if message == "TensorProto" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value)):
                return True
            if wire == BYTES and number in parts:
                stack.append((parts[number], value, after))
    return False
