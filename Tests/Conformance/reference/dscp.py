"""DSCPs by name (RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622)."""

_NAMES = {"be": 0, "le": 1, "ef": 46, "voice-admit": 44}
_NAMES |= {f"cs{n}": 8 * n for n in range(8)}
_NAMES |= {f"af{c}{d}": 8 * c + 2 * d for c in range(1, 5) for d in range(1, 4)}


def value(name) -> int:
    return name if isinstance(name, int) else _NAMES[name]


def mapped(table: dict, code_point: int, otherwise):
    """What `table`, whose keys are DSCPs or `default`, says of `code_point`; `otherwise` if nothing."""
    entries = {value(key): result for key, result in table.items() if key != "default"}
    return entries.get(code_point, table.get("default", otherwise))
