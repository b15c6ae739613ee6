"""A network in float16 for GPUs, whose normalisations still compute in float32.

ONNX Runtime sums an instance normalisation's statistics in the type it is given, and in float16 they come out wrong. So
they, and whatever comes before the first convolution and after the last, stay as they are, with casts between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from realtime.styles.wire import Message, put_bytes, put_number

_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 1, 5, 11, 12, 13  # of GraphProto
_IN, _OUT, _OP, _ATTRIBUTE, _DOMAIN = 1, 2, 4, 5, 7  # of NodeProto
_TYPE, _FLOATS, _NAME, _RAW = 2, 4, 8, 9  # of TensorProto
_FULL, _HALF = 1, 10  # of TensorProto.DataType
_INT = 2  # of AttributeProto.AttributeType

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_MAY = {  # what may compute in float16: its inputs that do
    **dict.fromkeys(_CONVOLUTIONS, (0, 1, 2)),
    "Add": (0, 1),
    "Pad": (0, 2),
    **dict.fromkeys(("Relu", "DepthToSpace", "Resize"), (0,)),
}
_OF_SHAPES = ("Shape", "Size")


class _Node:
    """A node of the graph: its operator and the tensors it takes and gives, by name."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.op, self.takes, self.gives = message.text(_OP), message.texts(_IN), message.texts(_OUT)
        attributes = message.messages(_ATTRIBUTE)
        self.to = next((a.number(3) for a in attributes if a.text(1) == "to"), 0)
        self.is_plain = not message.text(_DOMAIN) and not any(a.messages(6) or a.messages(11) for a in attributes)


def in_half(data: bytes) -> bytes:
    """The network `data`, an ONNX file's bytes, with float16 between its first convolution and its last.

    Its inputs and outputs stay. Raises ValueError where that can't be done, or where its numbers are too large.
    """
    model = Message(data, 0, len(data))
    graph = model.message(_GRAPH)
    nodes = [_Node(message) for message in graph.messages(_NODE)]
    if not all(node.is_plain for node in nodes):
        raise ValueError("it has operators of its own")
    numbers = {tensor.text(_NAME): tensor for tensor in graph.messages(_INITIALIZER)}
    halves = _halves(nodes, _floats(graph, nodes, numbers)) - {v.text(1) for v in graph.messages(_OUTPUT)}
    out = [put_bytes(_NODE, part) for part in _rewired(nodes, halves, numbers)]
    used = {name for node in nodes for name in _taken_in_half(node, halves) if name in numbers}
    out += [put_bytes(_INITIALIZER, _halved(numbers[name])) for name in sorted(used)]
    # What is said of the values between the nodes would be wrong now.
    return model.without(_GRAPH) + put_bytes(_GRAPH, graph.without(_NODE, _VALUE_INFO) + b"".join(out))


def _floats(graph: Message, nodes: list[_Node], numbers: Mapping[str, Message]) -> set[str]:
    """The tensors of float32."""
    found = {name for name, tensor in numbers.items() if tensor.number(_TYPE) == _FULL}
    found |= {v.text(1) for v in graph.messages(_INPUT) if v.message(2).message(1).number(1) == _FULL}
    for node in nodes:
        like_first = node.op not in ("Cast", *_OF_SHAPES) and node.takes and node.takes[0] in found
        if like_first or (node.op == "Cast" and node.to == _FULL):
            found.update(node.gives)
    return found


def _halves(nodes: list[_Node], floats: set[str]) -> set[str]:
    """The tensors that are computed in float16: those that have a convolution before them and one after them."""
    after, before = set[str](), set[str]()
    for node in nodes:
        if node.op in _CONVOLUTIONS or after.intersection(node.takes):
            after.update(node.gives)
    for node in reversed(nodes):
        if node.op in _CONVOLUTIONS or before.intersection(node.gives):
            before.update(node.takes)
    return {
        name
        for node in nodes
        for name in node.gives
        if node.op in _MAY and name in floats & after and (node.op in _CONVOLUTIONS or name in before)
    }


def _taken_in_half(node: _Node, halves: set[str]) -> list[str]:
    """Which of its tensors a node takes in float16."""
    if not halves.intersection(node.gives):
        return []
    return [node.takes[i] for i in _MAY[node.op] if i < len(node.takes) and node.takes[i]]


def _rewired(nodes: list[_Node], halves: set[str], numbers: Mapping[str, Message]) -> Iterator[bytes]:
    """The nodes, with casts where a tensor is not of the type that it is taken in."""
    cast: set[str] = set()
    for node in nodes:
        in_half = _taken_in_half(node, halves)
        names = []
        for name in node.takes:
            wanted = name
            if name in in_half and name not in halves:
                wanted = f"{name}:half"
            elif name not in in_half and name in halves:
                wanted = f"{name}:full"
            if wanted != name and name not in numbers and wanted not in cast:
                cast.add(wanted)
                yield _cast(name, wanted, _HALF if name in in_half else _FULL)
            names.append(wanted)
        yield b"".join(put_bytes(_IN, name) for name in names) + node.message.without(_IN)


def _cast(name: str, wanted: str, kind: int) -> bytes:
    to = put_bytes(1, "to") + put_number(3, kind) + put_number(20, _INT)
    return put_bytes(_IN, name) + put_bytes(_OUT, wanted) + put_bytes(_OP, "Cast") + put_bytes(_ATTRIBUTE, to)


def _halved(tensor: Message) -> bytes:
    """The numbers of `tensor` in float16, under the name that `_rewired` gives them."""
    raw = tensor.message(_RAW).raw or tensor.message(_FLOATS).raw
    with np.errstate(over="ignore"):
        values: Any = np.frombuffer(raw, "<f4").astype("<f2")
    if not np.isfinite(values).all():
        raise ValueError("its numbers are too large for float16")
    name = f"{tensor.text(_NAME)}:half"
    kept = tensor.without(_TYPE, _FLOATS, _NAME, _RAW)
    return kept + put_number(_TYPE, _HALF) + put_bytes(_NAME, name) + put_bytes(_RAW, values.tobytes())
