#pragma once
// /dev/net/tun: the request numbers are macros that Swift can't import. Each function returns 0 or an errno.
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

/// What a TUN's owner can take over from the sending stack. USO is in the headers from Linux 6.2 on only.
enum {
    WL_TUN_CHECKSUM = TUN_F_CSUM,
    WL_TUN_TSO4 = TUN_F_TSO4,
    WL_TUN_TSO6 = TUN_F_TSO6,
    WL_TUN_TSO_ECN = TUN_F_TSO_ECN,
    WL_TUN_USO4 = 0x20,
    WL_TUN_USO6 = 0x40,
};

/// Whether frames can have virtio headers before them.
static inline bool wl_tun_has_headers(int fd) {
    unsigned int features = 0;
    return ioctl(fd, TUNGETFEATURES, &features) == 0 && (features & IFF_VNET_HDR) != 0;
}

/// Attaches `fd` to the TUN (or TAP) interface `name`, which is made if it doesn't exist. Frames carry no packet
/// information before them, and a virtio header only where it is asked for. `queues`: as one queue of several, which an
/// interface that is there has to have been made for.
static inline int wl_tun_attach(int fd, const char *name, bool tap, bool headers, bool queues) {
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name) return ENAMETOOLONG;
    strcpy(request.ifr_name, name);
    request.ifr_flags =
        (tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (headers ? IFF_VNET_HDR : 0) | (queues ? IFF_MULTI_QUEUE : 0);
    return ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
}

/// Says how long virtio headers are: a user before us may have left the interface with longer ones.
static inline int wl_tun_set_header(int fd, int byte_count) {
    return ioctl(fd, TUNSETVNETHDRSZ, &byte_count) == 0 ? 0 : errno;
}

/// Says what the kernel may leave to us.
static inline int wl_tun_set_offload(int fd, unsigned long offload) {
    return ioctl(fd, TUNSETOFFLOAD, offload) == 0 ? 0 : errno;
}

/// Lets the interface stay when its last descriptor is closed.
static inline int wl_tun_persist(int fd) { return ioctl(fd, TUNSETPERSIST, 1UL) == 0 ? 0 : errno; }
