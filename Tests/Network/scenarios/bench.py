"""`wayleave bench ports` on both sides of a running edge."""

import json
from xml.etree import ElementTree

from laboratory import Laboratory
from .chain import mac_of
from .pair import SERVER, USER

_EXCHANGE = """
ports:
  access0: { packet: access, role: access, addresses: [10.4.0.1/24] }
  core0:   { packet: cable, role: network, addresses: [10.0.0.1/30] }
lines: { north: { port: core0, nextHop: 10.0.0.2 } }
providers: { acme: {} }
services: { acme: { provider: acme, prefixes: [198.51.100.0/24] } }
tunnels: { acme-north: { line: north, mpls: { send: 16001, receive: 17001 } } }
subscribers: { tess: { port: access0, addresses: [10.4.0.5] } }
conditions: [{ subscriber: tess, service: acme }]
sessions:
  tess-acme: { subscriber: tess, service: acme, access: { port: access0 },
               network: { tunnel: acme-north, send: 100042, receive: 200042 } }
"""
_MOST = 2000


def loss_free_rate(laboratory: Laboratory) -> None:
    """wayleave bench ports, through an edge"""
    check, equal = laboratory.check, laboratory.equal
    tester, device = laboratory.namespace("bench-tester"), laboratory.namespace("bench-device")
    laboratory.veth(tester, "to-access", device, "access", 1500)
    laboratory.veth(tester, "to-core", device, "cable", 1500)
    tester.ip("addr add 10.0.0.2/30 dev to-core")
    edge = laboratory.edge(device, "bench", _EXCHANGE).start()
    page = laboratory.folder / "bench.html"
    mac = mac_of(device, "access")

    def bench(*options: str, to: str = SERVER, address: str = mac, prefix: str = ""):
        command = f"{prefix} {laboratory.cli_binary} bench ports --tx to-access --rx to-core"
        return tester.run(f"{command} --mac {address} --from {USER} --to {to} {' '.join(options)}", seconds=120)

    said = bench("--size 64,512,1518", f"--most {_MOST} --seconds 0.5 --short 0.2 --trials 20", "--json", f"--html {page}")
    if not check("it ends with exit code 0", said.returncode == 0, said.stdout):
        return
    found = json.loads(said.stdout)
    equal("there is a result for each size", [result["frameBytes"] for result in found["results"]], [64, 512, 1518])
    too_long = found["results"].pop()
    check(
        "CD-4 frames that labels make too long don't come through, which is said",
        too_long["packetsPerSecond"] is None and "none came through" in too_long["remarks"][0],
        too_long,
    )
    for result in found["results"]:
        size, rate = result["frameBytes"], result["packetsPerSecond"]
        check(f"{size} bytes: a rate without loss is found, no higher than asked for", rate and 0 < rate <= _MOST, result)
        trials = result["trials"]
        check(
            f"{size} bytes: nothing came twice, or out of order",
            all(trial["twice"] == trial["reordered"] == 0 for trial in trials),
            trials,
        )
        delays = [delay["nanoseconds"] for delay in result["delays"]]
        check(
            f"{size} bytes: delays are told at three loads, and rise with the share",
            len(delays) == 3 and all(0 < delay["p50"] <= delay["p99"] <= delay["max"] for delay in delays),
            delays,
        )
    arrived = sum(trial["sent"] - trial["lost"] for result in found["results"] for trial in result["trials"])
    up = edge.counters()["sessions"]["tess-acme"]["up"]["packets"]
    check("CD-6 the edge has counted at least what arrived", up >= arrived > 0, (up, arrived))
    root = ElementTree.parse(page).getroot()
    plots = root.findall(".//{*}svg[@role='img']")
    check("the page has plots of rate, throughput and delays", len(plots) == 4, len(plots))

    for name, options, words in (
        ("to a MAC address of nobody", {"address": "02:00:00:00:00:77"}, "came to to-core"),
        ("to a service that there isn't", {"to": "203.0.113.9"}, "wayleave drops --samples"),
        (
            "without rights",
            {"prefix": "setpriv --reuid 65534 --clear-groups --bounding-set -all --inh-caps -all"},
            "it takes root, or CAP_NET_RAW",
        ),
    ):
        said = bench("--size 64", **options)
        check(
            f"{name}: exit code 1, and what to do", said.returncode == 1 and words in said.stdout, said.stdout
        )
    said = bench("--size 64,9000")
    check(
        "frames longer than the interface takes are refused, with what to do",
        said.returncode == 1 and "ip link set to-access mtu 8982" in said.stdout,
        said.stdout,
    )
    tester.ip("link set to-access down")
    said = bench("--size 64")
    check(
        "an interface that is down is named",
        said.returncode == 1 and "to-access is down" in said.stdout,
        said.stdout,
    )
    edge.stop()
