"""A case: an exchange file, packets in, and what must become of each."""

import json
from copy import deepcopy
from itertools import groupby
from pathlib import Path

from reference import capture
from reference.edge import Edge
from reference.exchange import Exchange
from reference.yaml import yaml

_START = 1_700_000_000_000_000  # microseconds


class Case:
    """Packets in order. Each states its outcome by hand, and the reference edge must agree.

    `rfc` are the sections that it is about, `ids` the requirements. `shows` states fields of the first frame that
    leaves because of the packet, in tshark's names, so that a third party judges the format too.
    """

    def __init__(self, name: str, title: str, description: dict, rfc: str, ids: str):
        self.name, self.title, self.description = name, title, deepcopy(description)
        self.rfc, self.ids = rfc, ids
        self.edge = Edge(Exchange(description))
        self.inputs: dict[str, list[capture.Record]] = {}
        self.explained: dict[str, list[str]] = {}  # port → the outcome of each packet, were it the first
        self.shown: list[tuple[str, int, dict]] = []  # port, frame number counted from 1, fields
        self.paths: dict | None = None
        self._time = _START
        self._notes: list[tuple[int, str]] = []

    def send(self, port: str, data: bytes, outcome: str, note: str, originates=0, shows=None, after=0.01):
        """A frame for `port`, `after` seconds after the one before; `outcome` as `Edge.receive` names it."""
        self._time += round(after * 1_000_000) + 7
        self.inputs.setdefault(port, []).append(capture.Record(self._time, data))
        ports = self.edge.exchange.ports
        sent_before = {name: len(p.sent) for name, p in ports.items()}
        originated_before = self.edge.books.originated
        got = self.edge.receive(ports[port], self._time, data)
        originated = self.edge.books.originated - originated_before
        if (got, originated) != (outcome, originates):
            raise AssertionError(
                f"{self.name}: {note}: expected {outcome} and {originates} originated,"
                f" the reference edge has {got} and {originated}"
            )
        if shows:
            left = next(name for name, p in ports.items() if len(p.sent) > sent_before[name])
            self.shown.append((left, sent_before[left] + 1, shows))
        self._explain(port, data)
        extra = f", {originates} originated" if originates else ""
        self._notes.append((len(self._notes) + 1, f"{port}: {note} → {outcome}{extra}"))

    def spread(self, port: str, heads: list[bytes], flows: list) -> None:
        """Which path a flow takes is for the forwarder to choose.

        `heads` are what stands before the packets on each path, all of one length; `flows` names the flow of each
        frame that leaves by `port`.
        """
        self.paths = {"port": port, "heads": [head.hex() for head in heads], "flows": flows}

    def write(self, folder: Path) -> None:
        """The exchange file, the pcaps in and expected out, and the expected counters."""
        self.edge.finish()
        folder.mkdir(parents=True)
        ports = self.edge.exchange.ports
        for name, records in self.inputs.items():
            capture.write(folder / f"{name}.in.pcap", ports[name].link_type, records)
        for name, port in ports.items():
            records = [capture.Record(*sent) for sent in port.sent]
            capture.write(folder / f"{name}.out.pcap", port.link_type, records)
        _write_json(folder / "counters.json", self.edge.counters())
        _write_json(folder / "explained.json", self.explained)
        if self.paths:
            _write_json(folder / "paths.json", self.paths)
        head = [f"{self.title}.", f"{self.rfc} · {self.ids}", "", *self._summary()]
        header = "".join(f"# {line}".rstrip() + "\n" for line in head)
        (folder / "exchange.yaml").write_text(header + "\n" + yaml(self.description))

    def _explain(self, port: str, data: bytes) -> None:
        alone = Edge(Exchange(self.description), answering=True)
        outcome = alone.receive(alone.exchange.ports[port], self._time, data)
        self.explained.setdefault(port, []).append(outcome)

    def _summary(self) -> list[str]:
        """The notes, runs of the same one on one line."""
        lines = []
        for note, run in groupby(self._notes, key=lambda item: item[1]):
            numbers = [number for number, _ in run]
            span = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
            lines.append(f"{span}. {note}")
        return lines


def _write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
