"""What is counted of all packets, whatever session they are of."""

from dataclasses import dataclass, field


@dataclass
class Books:
    forwarded: int = 0
    consumed: int = 0
    originated: int = 0
    drops: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        if outcome in ("forwarded", "consumed"):
            setattr(self, outcome, getattr(self, outcome) + 1)
        else:
            self.drops[outcome] = self.drops.get(outcome, 0) + 1
