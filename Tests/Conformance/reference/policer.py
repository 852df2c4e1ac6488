"""The two-rate three-colour marker (RFC 2698), colour-blind, in exact fractions."""

from fractions import Fraction

_UNITS = {"kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9, "Tbit": 10**12}
_SMALLEST_BURST = 3000  # bytes
_BURST_TIME = Fraction(1, 8)  # seconds
_MARGIN = 16  # bytes


def rate(text) -> Fraction:
    """Bits a second."""
    unit = next((u for u in _UNITS if str(text).endswith(u)), "")
    return Fraction(str(text).removesuffix(unit)) * _UNITS.get(unit, 1)


def _default_burst(bits_per_second: Fraction) -> Fraction:
    return max(Fraction(_SMALLEST_BURST), bits_per_second / 8 * _BURST_TIME)


class _Bucket:
    def __init__(self, bits_per_second: Fraction, capacity):
        self.bytes_per_second = bits_per_second / 8
        self.capacity = capacity
        self.tokens = Fraction(self.capacity)

    def fill(self, seconds: Fraction) -> None:
        self.tokens = min(self.capacity, self.tokens + seconds * self.bytes_per_second)

    def holds(self, size: int) -> bool:
        # A case must not hang on how an implementation rounds.
        assert abs(self.tokens - size) >= _MARGIN, f"{float(self.tokens)} tokens for {size} bytes"
        return self.tokens >= size


class Policer:
    """Green within the committed rate, yellow within the peak rate, red beyond it. Full at first."""

    def __init__(self, entry: dict):
        committed = rate(entry["committed"])
        peak = rate(entry.get("peak", entry["committed"]))
        burst = entry.get("burst", _default_burst(committed))
        # One rate: nothing is yellow. Two: the peak bucket takes what the committed one does.
        peak_burst = burst if peak == committed else max(burst, _default_burst(peak))
        self.committed = _Bucket(committed, burst)
        self.peak = _Bucket(peak, entry.get("peakBurst", peak_burst))
        self.actions = {"green": "pass", "yellow": "pass", "red": "drop"}
        self.actions |= {colour: entry[colour] for colour in self.actions if colour in entry}
        self._last = None

    def action(self, time: int, size: int):
        """What becomes of a packet of `size` bytes at `time`, in microseconds: RFC 2698 §3."""
        last = time if self._last is None else self._last
        self._last = max(time, last)
        seconds = Fraction(self._last - last, 1_000_000)
        self.committed.fill(seconds)
        self.peak.fill(seconds)
        if not self.peak.holds(size):
            return self.actions["red"]
        self.peak.tokens -= size
        if not self.committed.holds(size):
            return self.actions["yellow"]
        self.committed.tokens -= size
        return self.actions["green"]
