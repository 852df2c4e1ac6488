"""pcap files: microseconds, little endian, version 2.4, snaplen 65535. The same packets, the same bytes."""

import struct
from pathlib import Path
from typing import NamedTuple

ETHERNET = 1
RAW_IP = 101

_FILE_HEADER = struct.Struct("<IHHiIII")
_RECORD_HEADER = struct.Struct("<IIII")
_MAGIC = 0xA1B2C3D4


class Record(NamedTuple):
    """A captured frame; `time` in microseconds since the Unix epoch."""

    time: int
    frame: bytes


def write(path: Path, link_type: int, records: list[Record]) -> None:
    with path.open("wb") as file:
        file.write(_FILE_HEADER.pack(_MAGIC, 2, 4, 0, 0, 65535, link_type))
        for time, frame in records:
            file.write(_RECORD_HEADER.pack(*divmod(time, 1_000_000), len(frame), len(frame)) + frame)


def read(path: Path) -> tuple[int, list[Record]]:
    """The link type and the records; raises ValueError for anything that `write` would not have written."""
    data = path.read_bytes()
    if len(data) < _FILE_HEADER.size:
        raise ValueError(f"{path.name}: shorter than a pcap file header")
    magic, major, minor, _, _, snap_length, link_type = _FILE_HEADER.unpack_from(data)
    if (magic, major, minor, snap_length) != (_MAGIC, 2, 4, 65535):
        raise ValueError(f"{path.name}: not a little-endian microsecond pcap 2.4 with snaplen 65535")
    records = []
    offset = _FILE_HEADER.size
    while offset < len(data):
        if offset + _RECORD_HEADER.size > len(data):
            raise ValueError(f"{path.name}: ends inside the header of record {len(records) + 1}")
        seconds, microseconds, captured, length = _RECORD_HEADER.unpack_from(data, offset)
        offset += _RECORD_HEADER.size
        if captured != length or offset + captured > len(data):
            raise ValueError(f"{path.name}: record {len(records) + 1} is cut short")
        records.append(Record(seconds * 1_000_000 + microseconds, data[offset : offset + captured]))
        offset += captured
    return link_type, records
