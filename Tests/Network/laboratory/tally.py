"""The checks, as they are made."""

import time
import traceback
from typing import Callable


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self._begin = time.monotonic()

    def check(self, name: str, holds, detail: object = "") -> bool:
        """Notes one check. If it fails, `detail` is shown, or what it returns if it can be called."""
        seconds = time.monotonic() - self._begin
        if holds:
            self.passed += 1
            print(f"{seconds:5.1f} s  passed {name}", flush=True)
        else:
            self.failed += 1
            text = str(detail() if callable(detail) else detail).rstrip()
            print(f"{seconds:5.1f} s  FAILED {name}", *text.splitlines(), sep="\n           ", flush=True)
        return bool(holds)

    def equal(self, name: str, found, expected) -> bool:
        return self.check(name, found == expected, f"found    {found!r}\nexpected {expected!r}")

    def run(self, scenario: Callable, *arguments) -> None:
        """Runs a scenario. One that breaks off has failed once, and the next one goes on."""
        print(f"-- {(scenario.__doc__ or scenario.__name__).splitlines()[0]}", flush=True)
        try:
            scenario(*arguments)
        except Exception:
            self.check(f"{scenario.__name__} runs to its end", False, traceback.format_exc())
