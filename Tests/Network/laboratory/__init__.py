"""What the scenarios stand on: namespaces, programs under test, links listened to, the tally of checks."""

from .laboratory import Laboratory
from .namespace import Namespace
from .program import Edge, Program, balances, difference, drops_between, eventually
from .tally import Tally
from .wire import Capture, Station

__all__ = [
    "Capture",
    "Edge",
    "Laboratory",
    "Namespace",
    "Program",
    "Station",
    "Tally",
    "balances",
    "difference",
    "drops_between",
    "eventually",
]
