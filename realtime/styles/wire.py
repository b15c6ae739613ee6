"""The wire format of protobuf, in which an ONNX file is written: as much of it as a network needs.

So what opens styles reads and changes them without the ONNX library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""The wire types."""


@dataclass(frozen=True)
class Message:
    """The message in data[start:end]; of a field that comes twice the last counts, one that is missing is empty.

    All raise ValueError or IndexError where the message is damaged.
    """

    data: bytes
    start: int
    end: int

    @property
    def raw(self) -> bytes:
        """Its own bytes."""
        return self.data[self.start : self.end]

    def messages(self, number: int) -> list[Message]:
        """The messages in the field."""
        found = fields(self.data, self.start, self.end)
        return [Message(self.data, value, after) for n, wire, value, after in found if (n, wire) == (number, BYTES)]

    def message(self, number: int) -> Message:
        """The message in the field."""
        return (self.messages(number) or [Message(self.data, 0, 0)])[-1]

    def text(self, number: int) -> str:
        """The text in the field."""
        return self.message(number).raw.decode()

    def texts(self, number: int) -> list[str]:
        """All texts in the field."""
        return [message.raw.decode() for message in self.messages(number)]

    def number(self, number: int) -> int:
        """The whole number in the field."""
        return (self.numbers(number) or [0])[-1]

    def numbers(self, number: int) -> list[int]:
        """All whole numbers in the field, one by one or packed."""
        found: list[int] = []
        for n, wire, value, after in fields(self.data, self.start, self.end):
            if n == number and wire == VARINT:
                found.append(value)
            while n == number and wire == BYTES and value < after:
                one, value = _varint(self.data, value)
                found.append(one)
        return found

    def without(self, *numbers: int) -> bytes:
        """Its bytes but for these fields."""
        kept, at = [], self.start
        for number, _, _, after in fields(self.data, self.start, self.end):
            if number not in numbers:
                kept.append(self.data[at:after])
            at = after
        return b"".join(kept)


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message in data[at:end]: number, wire type, value (of bytes, where they begin), and its end."""
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        value = at
        if wire == VARINT:
            value, at = _varint(data, at)
        elif wire == BYTES:
            length, value = _varint(data, at)
            at = value + length
        elif wire in (FIXED64, FIXED32):
            at += 8 if wire == FIXED64 else 4
        else:
            raise ValueError("it is not ONNX")
        if at > end:
            raise ValueError("it is cut off")
        yield number, wire, value, at


def put_bytes(number: int, value: bytes | str) -> bytes:
    """The field of a message or a text."""
    value = value.encode() if isinstance(value, str) else value
    return _put_varint(number << 3 | BYTES) + _put_varint(len(value)) + value


def put_number(number: int, value: int) -> bytes:
    """The field of a whole number from 0."""
    return _put_varint(number << 3 | VARINT) + _put_varint(value)


def _put_varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


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
