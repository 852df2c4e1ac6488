#pragma once
// What sends and receives test packets on an Ethernet interface: batches of one buffer a frame, and the kernel's time
// stamps of what came. Functions return 0 (or a count) or a negative errno where nothing else is said.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/// Frames that one system call sends or receives.
#define WL_PROBE_BATCH 32

/// An interface, as it is now.
struct wl_probe_interface {
    int index;
    int mtu;
    bool is_up;
    bool is_ethernet;
    uint8_t mac[6];
};

static inline int wl_probe_look(const char *name, struct wl_probe_interface *found) {
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name) return -ENODEV;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    strcpy(request.ifr_name, name);
    int error = 0;
    if (ioctl(fd, SIOCGIFINDEX, &request) != 0) error = -errno;
    found->index = request.ifr_ifindex;
    if (error == 0 && ioctl(fd, SIOCGIFMTU, &request) != 0) error = -errno;
    found->mtu = request.ifr_mtu;
    if (error == 0 && ioctl(fd, SIOCGIFFLAGS, &request) != 0) error = -errno;
    found->is_up = (request.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
    if (error == 0 && ioctl(fd, SIOCGIFHWADDR, &request) != 0) error = -errno;
    found->is_ethernet = request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
    memcpy(found->mac, request.ifr_hwaddr.sa_data, 6);
    close(fd);
    return error;
}

/// A socket that sends frames as they are, and receives nothing. Negative: an errno.
static inline int wl_probe_open_sender(int interface_index, int buffer_byte_count) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = interface_index};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_byte_count, sizeof buffer_byte_count) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_byte_count, sizeof buffer_byte_count);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    int error = -errno;
    close(fd);
    return error;
}

/// A socket that receives every frame that comes in by the interface, to whomever, with the time at which the kernel saw
/// it. Negative: an errno.
static inline int wl_probe_open_receiver(int interface_index, int buffer_byte_count) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int one = 1;
    struct packet_mreq all = {.mr_ifindex = interface_index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface_index};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_byte_count, sizeof buffer_byte_count) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_byte_count, sizeof buffer_byte_count);
    // Kernels before 4.20 don't know it; what is sent is passed over anyway.
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) == 0
        && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) == 0
        && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

/// Frames that found the receiver's buffer full since the last call.
static inline uint32_t wl_probe_drops(int fd) {
    struct tpacket_stats statistics = {0};
    socklen_t size = sizeof statistics;
    return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0 ? statistics.tp_drops : 0;
}

struct wl_probe_message {
    struct msghdr header;
    unsigned int byte_count;
};

/// What a batch needs but the frames themselves.
struct wl_probe_batch {
    struct wl_probe_message messages[WL_PROBE_BATCH];
    struct iovec vectors[WL_PROBE_BATCH];
    struct sockaddr_ll senders[WL_PROBE_BATCH];
    union {
        struct cmsghdr alignment;
        uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
    } controls[WL_PROBE_BATCH];
};

/// Sends `count` frames of one length, the i-th from `area + i * stride`. Returns how many went before one could not.
static inline int wl_probe_send(
    int fd, struct wl_probe_batch *batch, uint8_t *area, size_t stride, size_t byte_count, int count) {
    for (int i = 0; i < count; i++) {
        batch->vectors[i] = (struct iovec){.iov_base = area + (size_t)i * stride, .iov_len = byte_count};
        batch->messages[i].header = (struct msghdr){.msg_iov = &batch->vectors[i], .msg_iovlen = 1};
    }
    long sent = syscall(SYS_sendmmsg, fd, batch->messages, count, MSG_DONTWAIT);
    return sent >= 0 ? (int)sent : -errno;
}

/// Receives up to WL_PROBE_BATCH frames, the i-th to `area + i * stride`; longer ones are cut. Waits so many
/// milliseconds for the first. 0: none came.
static inline int wl_probe_receive(
    int fd, struct wl_probe_batch *batch, uint8_t *area, size_t stride, int timeout_milliseconds) {
    for (int i = 0; i < WL_PROBE_BATCH; i++) {
        batch->vectors[i] = (struct iovec){.iov_base = area + (size_t)i * stride, .iov_len = stride};
        batch->messages[i].header = (struct msghdr){
            .msg_name = &batch->senders[i],
            .msg_namelen = sizeof batch->senders[i],
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &batch->controls[i],
            .msg_controllen = sizeof batch->controls[i],
        };
    }
    for (;;) {
        long count = syscall(SYS_recvmmsg, fd, batch->messages, WL_PROBE_BATCH, MSG_DONTWAIT, NULL);
        if (count >= 0) return (int)count;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return -errno;
        if (timeout_milliseconds == 0) return 0;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, timeout_milliseconds) < 0 && errno != EINTR) return -errno;
        timeout_milliseconds = 0;
    }
}

/// Bytes of frame `i`; 0 for one that this host has sent.
static inline uint32_t wl_probe_byte_count(const struct wl_probe_batch *batch, int i) {
    return batch->senders[i].sll_pkttype == PACKET_OUTGOING ? 0 : batch->messages[i].byte_count;
}

/// When the kernel saw frame `i`, in nanoseconds since the Unix epoch; 0 where it doesn't say.
static inline uint64_t wl_probe_time(struct wl_probe_batch *batch, int i) {
    struct msghdr *header = &batch->messages[i].header;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec time;
        memcpy(&time, CMSG_DATA(c), sizeof time);
        return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    }
    return 0;
}
