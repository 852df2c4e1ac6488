"""The cases, by theme. Each module has `cases()`."""

from . import (admission, classes, ip_in_ip, label_errors, malformed, mixed, mpls, on_link, sizes, stacks,
               transit)

THEMES = (mpls, stacks, classes, label_errors, ip_in_ip, transit, admission, sizes, on_link, malformed, mixed)


def all_cases():
    return [case for theme in THEMES for case in theme.cases()]
