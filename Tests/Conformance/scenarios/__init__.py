"""The cases, by theme. Each module has `cases()`."""

from . import admission, ip_in_ip, malformed, mixed, mpls, on_link, sizes, transit

THEMES = (mpls, ip_in_ip, transit, admission, sizes, on_link, malformed, mixed)


def all_cases():
    return [case for theme in THEMES for case in theme.cases()]
