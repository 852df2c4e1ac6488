"""What the scenarios stand on: namespaces, programs under test, wires that are listened to, and the tally of checks."""

from .laboratory import Laboratory
from .namespace import Namespace
from .program import Forwarder, balances, difference, eventually
from .tally import Tally
from .wire import Capture, Station

__all__ = ["Capture", "Forwarder", "Laboratory", "Namespace", "Station", "Tally", "balances", "difference",
           "eventually"]
