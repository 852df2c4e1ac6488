#pragma once
// /dev/net/tun: the request numbers are macros that Swift can't import. Each function returns 0 or an errno.
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

/// Attaches `fd` to the TUN (or TAP) interface `name`, which is made if it doesn't exist. Frames carry no packet
/// information before them.
static inline int wl_tun_attach(int fd, const char *name, bool tap) {
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name) return ENAMETOOLONG;
    strcpy(request.ifr_name, name);
    request.ifr_flags = (tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI;
    return ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
}

/// Lets the interface stay when its last descriptor is closed.
static inline int wl_tun_persist(int fd) { return ioctl(fd, TUNSETPERSIST, 1UL) == 0 ? 0 : errno; }
