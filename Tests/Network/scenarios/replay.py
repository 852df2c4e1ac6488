"""`wayleave replay` used wrongly: exit codes and sentences."""

import json
import os
import subprocess

from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

from laboratory import Laboratory, balances
from .pair import EXCHANGE, SERVER, USER


def wrong_use(laboratory: Laboratory) -> None:
    """replay, used rightly and wrongly"""
    check = laboratory.check
    folder = laboratory.folder / "replay"
    folder.mkdir()
    exchange, good, bad = folder / "exchange.yaml", folder / "up.pcap", folder / "bad.yaml"
    exchange.write_text(EXCHANGE)
    bad.write_text("ports: { core0: { packet: eth0 } }\n")
    packet = IP(src=USER, dst=SERVER) / ICMP()
    wrpcap(str(good), [packet] * 3, linktype=101)
    wrpcap(str(folder / "ethernet.pcap"), [Ether() / packet])
    wrpcap(str(folder / "null.pcap"), [packet], linktype=0)
    (folder / "torn.pcap").write_bytes(good.read_bytes()[:-5])
    (folder / "nonsense.pcap").write_bytes(b"#!/bin/sh\necho this is no capture, however long it may be\n")
    (folder / "empty.pcap").write_bytes(b"")
    os.symlink(good, folder / "link.pcap")
    out = folder / "out.pcap"

    def replay(*arguments: str) -> tuple[int, str]:
        command = [str(laboratory.cli_binary), "replay", *arguments]
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10
        )
        return result.returncode, result.stdout

    with_exchange = ["--exchange", str(exchange)]
    counters = folder / "counters.json"
    code, said = replay(
        *with_exchange, "--in", f"access0={good}", "--out", f"core0={out}", "--counters", str(counters)
    )
    check(
        "CD-3 rightly used: exit code 0, and the counters for people",
        code == 0 and "neighbourUnresolved" in said,
        (code, said),
    )
    check("CD-6 and for programs", balances(json.loads(counters.read_text())), counters.read_text)

    for name, arguments, expected, words in (
        ("no capture", [*with_exchange], 64, "--in PORT=FILE"),
        ("no exchange", ["--in", f"access0={good}"], 64, "--exchange"),
        ("PORT without =", [*with_exchange, "--in", "access0"], 64, "PORT=FILE"),
        ("= without a file", [*with_exchange, "--in", "access0="], 64, "PORT=FILE"),
        ("= without a port", [*with_exchange, "--in", f"={good}"], 64, "PORT=FILE"),
        (
            "a port twice",
            [*with_exchange, "--in", f"access0={good}", "--in", f"access0={out}"],
            64,
            "given twice",
        ),
        (
            "a file read and written",
            [*with_exchange, "--in", f"access0={good}", "--out", f"core0={good}"],
            64,
            "read and written at once",
        ),
        (
            "the same, by another name",
            [*with_exchange, "--in", f"access0={good}", "--out", f"core0={folder}/link.pcap"],
            64,
            "read and written at once",
        ),
        (
            "the same, another way round",
            [*with_exchange, "--in", f"access0={good}", "--out", f"core0={folder}/./up.pcap"],
            64,
            "read and written at once",
        ),
        (
            "a file written twice",
            [*with_exchange, "--in", f"access0={good}", "--out", f"core0={out}", "--out", f"access0={out}"],
            64,
            "written twice",
        ),
        (
            "counters over a capture",
            [*with_exchange, "--in", f"access0={good}", "--counters", str(good)],
            64,
            "read and written at once",
        ),
        (
            "an unknown port",
            [*with_exchange, "--in", f"acess0={good}"],
            64,
            "no port 'acess0'; the exchange has access0",
        ),
        (
            "a missing capture",
            [*with_exchange, "--in", f"access0={folder}/none.pcap"],
            1,
            "none.pcap: No such file",
        ),
        ("a folder", [*with_exchange, "--in", f"access0={folder}"], 1, "irectory"),
        (
            "the wrong link type",
            [*with_exchange, "--in", f"access0={folder}/ethernet.pcap"],
            1,
            "the file has Ethernet packets, the port takes raw IP",
        ),
        (
            "a link type that no port has",
            [*with_exchange, "--in", f"access0={folder}/null.pcap"],
            1,
            "neither Ethernet nor",
        ),
        (
            "no capture at all",
            [*with_exchange, "--in", f"access0={folder}/nonsense.pcap"],
            1,
            "nonsense.pcap: ",
        ),
        ("an empty file", [*with_exchange, "--in", f"access0={folder}/empty.pcap"], 1, "empty.pcap: "),
        (
            "a damaged capture",
            [*with_exchange, "--in", f"access0={folder}/torn.pcap", "--out", f"core0={out}"],
            1,
            "torn.pcap, packet 3: the file ends within it",
        ),
        (
            "an output that can't be made",
            [*with_exchange, "--in", f"access0={good}", "--out", "core0=/nonexistent/o.pcap"],
            1,
            "/nonexistent/o.pcap: No such file",
        ),
        (
            "an output on a full disk",
            [*with_exchange, "--in", f"access0={good}", "--out", "core0=/dev/full"],
            1,
            "/dev/full: No space left",
        ),
        (
            "counters that can't be written",
            [*with_exchange, "--in", f"access0={good}", "--counters", "/nonexistent/c"],
            1,
            "can't write /nonexistent/c",
        ),
        ("a bad exchange", ["--exchange", str(bad), "--in", f"core0={good}"], 65, f"{bad}:1:"),
        (
            "a missing exchange",
            ["--exchange", str(folder / "none.yaml"), "--in", f"core0={good}"],
            65,
            "there is no such file",
        ),
    ):
        before = good.read_bytes()
        found, said = replay(*arguments)
        check(
            f"replay, {name}: exit code {expected}, and it says why",
            found == expected and words in said and "Fatal error" not in said,
            (found, said),
        )
        if not check(f"replay, {name}: the capture is as it was", good.read_bytes() == before, said):
            good.write_bytes(before)
