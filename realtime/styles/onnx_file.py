"""What is looked at in an .onnx file before an inference engine gets it, without the ONNX library.

A style may come from a stranger. An ONNX file can leave its numbers in other files, by path; a style has them inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from weights.errors import InputError
from weights.limits import MAX_MODEL, check_size

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
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # fields of TensorProto

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protobuf


def check_model(path: Path) -> None:
    """Raise InputError where the .onnx file is missing, too large, damaged or leaves numbers in other files."""
    try:
        check_size(path, MAX_MODEL)
        external = _has_external_data(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"There is no style file {path}: export the style, or choose another one.") from None
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"{path} is no style that can be read ({error}): export it again.") from error
    if external:
        raise InputError(f"{path} keeps numbers in other files, which a style may not: make one with python -m export.")


def _has_external_data(data: bytes) -> bool:
    """Whether a tensor anywhere in the model `data` is kept in another file. Raises ValueError or IndexError."""
    stack = [("ModelProto", 0, len(data))]
    while stack:
        message, start, end = stack.pop()
        parts = _PARTS.get(message, {})
        for number, wire, value, after in _fields(data, start, end):
            if message == "TensorProto" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value)):
                return True
            if wire == _BYTES and number in parts:
                stack.append((parts[number], value, after))
    return False


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message in data[at:end]: number, wire type, value (of bytes, where they begin), and its end."""
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        value = at
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            length, value = _varint(data, at)
            at = value + length
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            raise ValueError("it is not ONNX")
        if at > end:
            raise ValueError("it is cut off")
        yield number, wire, value, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number in base 128 at data[at:], and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("it is not ONNX")
