"""How packets pass between ports and the kernel: chosen, changed while the edge runs, and done without."""

import sys

from laboratory import Laboratory, eventually
from . import pair

# Starts the program behind it with io_uring_setup forbidden, as many containers' filters have it.
_WITHOUT_RINGS = """
import ctypes, os, struct, sys
IO_URING_SETUP, EPERM = 425, 1
program = b"".join(struct.pack("HBBI", *one) for one in (
    (0x20, 0, 0, 0),                        # load the system call's number
    (0x15, 0, 1, IO_URING_SETUP),           # is it that one?
    (0x06, 0, 0, 0x00050000 | EPERM),       # SECCOMP_RET_ERRNO
    (0x06, 0, 0, 0x7fff0000)))              # SECCOMP_RET_ALLOW
memory = ctypes.create_string_buffer(program)
head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(memory)))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, 2, head, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
"""


def engines(laboratory: Laboratory) -> None:
    """Engines of ports: what is in force, changed live, and refused by the system"""
    check, equal = laboratory.check, laboratory.equal
    site = pair.build(laboratory, "engines")
    site.lay_cable()
    edge = site.edge.start()

    def ports() -> dict:
        return {port["port"]: port for port in edge.json("ports")["items"]}

    def are(access: str, core: str) -> bool:
        return bool(
            eventually(
                lambda: [ports().get(name, {}).get("engine") for name in ("access0", "core0")] == [access, core]
            )
        )

    check("CD-1 CD-3 by themselves ports take the fastest engine", are("io_uring", "ring"), ports())
    check("with it packets pass", site.forwards())
    for name, engine in (("access0", "readwrite"), ("core0", "mmsg")):
        said = edge.wayleave("port", "set", name, "--engine", engine, "--offload", "off")
        equal(f"{name} is told to take {engine}", said.returncode, 0)
    check("another engine is taken while the edge runs", are("readwrite", "mmsg"), ports())
    equal("and offload is switched off", ports()["access0"].get("offloads", []), [])
    check("by that packets pass too", site.forwards())
    said = edge.wayleave("port", "set", "core0", "--engine", "io_uring")
    check(
        "an engine of another kind of port is refused in a sentence",
        said.returncode != 0 and "none of this kind of port" in said.stdout,
        said,
    )
    for name in ("access0", "core0"):
        edge.wayleave("port", "set", name, "--engine", "auto", "--offload", "on")
    check("the default comes back", are("io_uring", "ring"), ports())

    edge.forwarder.stop()
    edge.forwarder.command = [sys.executable, "-c", _WITHOUT_RINGS, *edge.forwarder.command]
    edge.forwarder.start()
    check("where io_uring is forbidden packets are read and written", are("readwrite", "ring"), ports())
    check(
        "and `ports` says why",
        any("io_uring is not to be had (Operation not permitted)" in note for note in ports()["access0"]["notes"])
        and "Operation not permitted" in edge.wayleave("ports").stdout,
        ports(),
    )
    check("packets pass all the same", site.forwards())
    edge.forwarder.stop()
    edge.control_plane.stop()
