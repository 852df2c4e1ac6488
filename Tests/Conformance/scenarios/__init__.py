"""The cases, by theme. Each module has `cases()`."""

from . import admission, classes, congestion, edges, ip_in_ip, ip_in_ip6, label_errors, malformed, mixed, mpls, mpls_in_udp
from . import on_link, path_mtu, policers, related, sizes, stacks, transit

THEMES = {
    "MPLS": (mpls, stacks, classes, label_errors),
    "MPLS-in-UDP": (mpls_in_udp,),
    "IP-in-IP": (ip_in_ip, ip_in_ip6, congestion, path_mtu),
    "Transit": (transit,),
    "Who may": (admission, related),
    "How much": (policers,),
    "Lengths": (sizes,),
    "Links": (on_link, edges),
    "Bad input": (malformed, mixed),
}


def all_cases():
    return [case for themes in THEMES.values() for theme in themes for case in theme.cases()]
