#pragma once
// AF_PACKET: address structures, control messages and batches of messages, which are awkward or missing in Swift.
// The batch calls are raw system calls, since their wrappers are declared for GNU sources only. Every function returns
// 0 (or a count) or a negative errno.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/// Messages that one system call takes or gives.
#define WL_PACKET_BATCH 32

/// `struct mmsghdr`, which is declared for GNU sources only.
struct wl_message {
    struct msghdr header;
    unsigned int byte_count;
};

/// Everything that recvmmsg fills but the frames themselves.
struct wl_packet_receiver {
    struct wl_message messages[WL_PACKET_BATCH];
    struct iovec vectors[WL_PACKET_BATCH];
    struct sockaddr_ll senders[WL_PACKET_BATCH];
    union {
        struct cmsghdr alignment;
        uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } controls[WL_PACKET_BATCH];
};

/// What came with a frame.
struct wl_packet_arrival {
    uint32_t byte_count;
    /// Longer than its buffer.
    bool is_truncated;
    /// Sent by this host out of this interface.
    bool is_outgoing;
    /// The kernel took a VLAN tag out of the frame: these are its two halves.
    bool has_tag;
    uint16_t tag_protocol;
    uint16_t tag_control;
};

/// Pieces of memory that the frames of one system call consist of, at most: 256 packets, and the headers of each frame that
/// is made of several.
#define WL_PACKET_PIECES (256 + WL_PACKET_BATCH)

/// Everything that sendmmsg needs but the frames themselves.
struct wl_packet_sender {
    struct wl_message messages[WL_PACKET_BATCH];
    struct iovec pieces[WL_PACKET_PIECES];
};

// A socket that gets what the kernel hasn't taken apart, and never waits: AF_PACKET, AF_NETLINK. The types of sockets are
// an enumeration, which Swift finds in its Glibc module in one build and not in the next. Negative: an errno.
static inline int wl_raw_socket(int family, int protocol) {
    int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    return fd >= 0 ? fd : -errno;
}

static inline int wl_packet_set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

/// From here on the socket takes every frame that the interface sees.
static inline int wl_packet_bind(int fd, int interface_index) {
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface_index};
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
}

/// Has the card pass on frames of other addresses than its own: PACKET_MR_PROMISC or PACKET_MR_ALLMULTI.
static inline int wl_packet_join(int fd, int interface_index, uint16_t type) {
    struct packet_mreq request = {.mr_ifindex = interface_index, .mr_type = type};
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) == 0 ? 0 : -errno;
}

/// Has a socket that is to be set up yet take nothing, and then whatever comes.
static inline int wl_packet_refuse_all(int fd) {
    struct sock_filter program[] = {{.code = BPF_RET | BPF_K, .k = 0}};
    struct sock_fprog request = {.len = 1, .filter = program};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &request, sizeof request) == 0 ? 0 : -errno;
}
static inline int wl_packet_accept_all(int fd) {
    int unused = 0;
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) == 0 ? 0 : -errno;
}

/// How a group spreads frames: by a program, and without what this host sends (PACKET_FANOUT_FLAG_IGNORE_OUTGOING, since a
/// group doesn't heed its sockets' PACKET_IGNORE_OUTGOING; kernels that don't know it give us these frames, too).
enum { WL_PACKET_FANOUT_TYPE = PACKET_FANOUT_CBPF | 0x4000 };

/// Adds a bound socket to a group that is there, or is made anew under its number.
static inline int wl_packet_fanout_join(int fd, int group) {
    return wl_packet_set(fd, SOL_PACKET, PACKET_FANOUT, (int)(group | (unsigned)WL_PACKET_FANOUT_TYPE << 16));
}

/// Makes a group of a bound socket, with a number that no other has, and gives it a program that picks sockets. Returns the
/// number.
static inline int wl_packet_fanout_make(int fd, struct sock_filter *program, unsigned short count) {
    unsigned int type = WL_PACKET_FANOUT_TYPE | PACKET_FANOUT_FLAG_UNIQUEID;
    int error = wl_packet_set(fd, SOL_PACKET, PACKET_FANOUT, (int)(type << 16));
    if (error != 0) return error;
    struct sock_fprog request = {.len = count, .filter = program};
    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &request, sizeof request) != 0) return -errno;
    int group = 0;
    socklen_t size = sizeof group;
    return getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, &size) == 0 ? group & 0xffff : -errno;
}

/// The error that the socket has kept for the next call, which it forgets by this; 0: none.
static inline int wl_socket_take_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/// Frames that found the socket's buffer full since the last call.
static inline uint32_t wl_packet_drops(int fd) {
    struct tpacket_stats statistics = {0};
    socklen_t size = sizeof statistics;
    return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0 ? statistics.tp_drops : 0;
}

/// Receives up to `limit` frames (WL_PACKET_BATCH at most), the i-th to `area + i * stride`, at most `capacity` bytes each,
/// their virtio headers first.
static inline int wl_packet_receive(
    int fd, struct wl_packet_receiver *receiver, int limit, uint8_t *area, size_t stride, size_t capacity) {
    for (int i = 0; i < limit; i++) {
        receiver->vectors[i] = (struct iovec){.iov_base = area + (size_t)i * stride, .iov_len = capacity};
        receiver->messages[i].header = (struct msghdr){
            .msg_name = &receiver->senders[i],
            .msg_namelen = sizeof receiver->senders[i],
            .msg_iov = &receiver->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &receiver->controls[i],
            .msg_controllen = sizeof receiver->controls[i],
        };
    }
    long count = syscall(SYS_recvmmsg, fd, receiver->messages, limit, MSG_DONTWAIT, NULL);
    return count >= 0 ? (int)count : -errno;
}

static inline struct wl_packet_arrival wl_packet_arrival(struct wl_packet_receiver *receiver, int i) {
    struct msghdr *header = &receiver->messages[i].header;
    struct wl_packet_arrival arrival = {
        .byte_count = receiver->messages[i].byte_count,
        .is_truncated = (header->msg_flags & MSG_TRUNC) != 0,
        .is_outgoing = receiver->senders[i].sll_pkttype == PACKET_OUTGOING,
    };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
        const struct tpacket_auxdata *data = (const struct tpacket_auxdata *)CMSG_DATA(c);
        if ((data->tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
        arrival.has_tag = true;
        arrival.tag_protocol = data->tp_status & TP_STATUS_VLAN_TPID_VALID ? data->tp_vlan_tpid : ETH_P_8021Q;
        arrival.tag_control = data->tp_vlan_tci;
    }
    return arrival;
}

/// Sets a piece of a frame.
static inline void wl_packet_put(struct wl_packet_sender *sender, int piece, void *start, size_t byte_count) {
    sender->pieces[piece] = (struct iovec){.iov_base = start, .iov_len = byte_count};
}

/// Makes message `i` of a batch of pieces: a virtio header and the frame behind it.
static inline void wl_packet_enqueue(struct wl_packet_sender *sender, int i, int first, int count) {
    sender->messages[i].header = (struct msghdr){.msg_iov = &sender->pieces[first], .msg_iovlen = count};
}

/// Sends messages `first` to `first + count - 1`, and returns how many went before one could not.
static inline int wl_packet_send(int fd, struct wl_packet_sender *sender, int first, int count) {
    long sent = syscall(SYS_sendmmsg, fd, sender->messages + first, count, MSG_DONTWAIT);
    return sent >= 0 ? (int)sent : -errno;
}
