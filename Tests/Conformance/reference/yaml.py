"""The exchange file as text."""

import json
import re


def yaml(description: dict) -> str:
    """The description as YAML: a line for every object."""
    lines = []
    for section, entries in description.items():
        lines.append(f"{section}:")
        if isinstance(entries, dict):
            lines += [f"  {_flow(name)}: {_flow(entry)}" for name, entry in entries.items()]
        else:
            lines += [f"  - {_flow(entry)}" for entry in entries]
    return "\n".join(lines) + "\n"


def _flow(value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_flow(k)}: {_flow(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]*", value):
        return value
    return json.dumps(value)
