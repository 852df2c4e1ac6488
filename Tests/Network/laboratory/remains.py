"""What a run that was killed could not take away. All of it is named after the run: wlt-PID-…"""

import re
import shutil
import subprocess
from pathlib import Path

_FOLDERS = (Path("/tmp"), Path("/run/wayleave"), Path("/dev/shm/wayleave"))


def clear_remains() -> None:
    """Takes away what ended runs have left; what belongs to one that still goes on stays."""
    for name in _namespaces():
        if _is_of_an_ended_run(name):
            subprocess.run(["ip", "netns", "del", name], check=False)
    for mount in re.findall(r"^\S+ (/tmp/wlt-\S+) ", Path("/proc/self/mounts").read_text(), re.MULTILINE):
        if _is_of_an_ended_run(Path(mount).parent.name):
            subprocess.run(["umount", mount], check=False)
    for folder in _FOLDERS:
        for path in folder.glob("wlt-*"):
            if _is_of_an_ended_run(path.name):
                shutil.rmtree(path, ignore_errors=True)


def _namespaces() -> list[str]:
    listed = subprocess.run(["ip", "netns", "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines()]


def _is_of_an_ended_run(name: str) -> bool:
    """Whether something is named after a process that is no test run any more: its number may be another's now."""
    if not (found := re.match(r"wlt-(\d+)-", name)):
        return False
    try:
        return b"Network/run" not in Path(f"/proc/{found[1]}/cmdline").read_bytes()
    except FileNotFoundError:
        return True
