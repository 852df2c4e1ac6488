"""tshark's opinion of the expected packets: nothing malformed, no bad checksum, the fields as stated."""

import subprocess
from pathlib import Path

_SUSPICIOUS = (
    '_ws.malformed || ip.checksum.status == "Bad"'
    ' || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad"'
    ' || icmp.checksum.status == "Bad" || icmpv6.checksum.status == "Bad" || _ws.expert.severity == error'
    # Of ICMPv6, tshark 4.0 counts the length that says where extensions begin in words of 4 bytes, not 8 (RFC 4884 §4).
    ' || (icmp && icmp.ext.checksum.status == "Bad")'
)
_EMPTY = 24  # bytes: a file header
_PREFERENCES = [
    "ip.check_checksum:TRUE",
    "tcp.check_checksum:TRUE",
    "udp.check_checksum:TRUE",
    # MPLS-in-UDP may do without (RFC 7510 §3.1).
    "udp.ignore_ipv6_zero_checksum:TRUE",
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
    "ip.use_geoip:FALSE",
]


def tshark(capture: Path, *arguments: str) -> str:
    command = ["tshark", "-n", "-r", str(capture), *arguments]
    for preference in _PREFERENCES:
        command += ["-o", preference]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def complaints(case, folder: Path):
    for capture in sorted(folder.glob("*.out.pcap")):
        if capture.stat().st_size <= _EMPTY:
            continue
        for line in tshark(capture, "-Y", _SUSPICIOUS).splitlines():
            yield f"{case.name}/{capture.name}: {line.strip()}"
        port = capture.name.removesuffix(".out.pcap")
        stated = [(number, fields) for name, number, fields in case.shown if name == port]
        yield from _mismatches(case, capture, stated)


def _mismatches(case, capture: Path, stated: list):
    """One run of tshark for all fields; its rows are tab-separated, repeated fields joined by commas."""
    names = sorted({name for _, fields in stated for name in fields})
    if not names:
        return
    rows = tshark(capture, "-T", "fields", *(part for name in names for part in ("-e", name))).splitlines()
    for number, fields in stated:
        shown = dict(zip(names, rows[number - 1].split("\t")))
        for name, value in fields.items():
            if shown[name] != value:
                yield f"{case.name}/{capture.name} frame {number}: {name} is {shown[name]}, meant {value}"
