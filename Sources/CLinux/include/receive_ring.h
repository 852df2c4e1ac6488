#pragma once
// AF_PACKET's receive ring (packet_mmap): the kernel writes each frame into a slot of memory that it shares with us, so that
// receiving takes no system call. Version 2 of the ring: a frame is ours as soon as it is written, while version 3 gives
// whole blocks, or what a timer of a millisecond or more has found in one. A frame longer than its slot waits in the
// socket's queue, in the order of the slots.
#include "packet_socket.h"

/// One socket's ring. One thread at a time.
struct wl_receive_ring {
    uint8_t *memory;
    size_t byte_count;
    uint32_t slot_byte_count;
    uint32_t slot_count;
    /// The slot that is filled next.
    uint32_t next;
};

/// What a slot holds.
struct wl_ring_frame {
    /// The frame, behind its virtio header. Several bytes before that are free.
    uint8_t *start;
    struct wl_packet_arrival arrival;
    /// The slot has only the beginning; the frame is to be had from the socket.
    bool is_queued;
};

/// Gives a socket that isn't bound yet a ring of about `byte_count` bytes, for frames behind virtio headers. Returns 0 or an
/// errno.
int wl_receive_ring_open(struct wl_receive_ring *ring, int fd, uint32_t slot_byte_count, size_t byte_count);

/// Before the socket is closed.
void wl_receive_ring_close(struct wl_receive_ring *ring);

static inline struct tpacket2_hdr *wl_receive_ring_slot(const struct wl_receive_ring *ring, uint32_t slot) {
    return (struct tpacket2_hdr *)(ring->memory + (size_t)slot * ring->slot_byte_count);
}

/// The next frame; false where none has come. It stays until it is released.
static inline bool wl_receive_ring_next(const struct wl_receive_ring *ring, struct wl_ring_frame *frame) {
    struct tpacket2_hdr *header = wl_receive_ring_slot(ring, ring->next);
    uint32_t status = __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
    if ((status & TP_STATUS_USER) == 0) return false;
    uint8_t *ahead = (uint8_t *)wl_receive_ring_slot(ring, ring->next + 2 < ring->slot_count ? ring->next + 2 : 0);
    __builtin_prefetch(ahead);
    __builtin_prefetch(ahead + 64);
    const struct sockaddr_ll *sender =
        (const struct sockaddr_ll *)((uint8_t *)header + TPACKET_ALIGN(sizeof *header));
    frame->start = (uint8_t *)header + header->tp_mac;
    frame->is_queued = (status & TP_STATUS_COPY) != 0;
    frame->arrival = (struct wl_packet_arrival){
        .byte_count = header->tp_snaplen,
        .is_truncated = header->tp_snaplen < header->tp_len,
        .is_outgoing = sender->sll_pkttype == PACKET_OUTGOING,
        .has_tag = (status & TP_STATUS_VLAN_VALID) != 0,
        .tag_protocol = status & TP_STATUS_VLAN_TPID_VALID ? header->tp_vlan_tpid : ETH_P_8021Q,
        .tag_control = header->tp_vlan_tci,
    };
    return true;
}

/// Gives the slot of the last frame back to the kernel.
static inline void wl_receive_ring_release(struct wl_receive_ring *ring) {
    struct tpacket2_hdr *header = wl_receive_ring_slot(ring, ring->next);
    __atomic_store_n(&header->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->next = ring->next + 1 < ring->slot_count ? ring->next + 1 : 0;
}

/// Frames that have come and have not been released.
static inline uint32_t wl_receive_ring_waiting(const struct wl_receive_ring *ring) {
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < ring->slot_count; slot++) {
        uint32_t status = __atomic_load_n(&wl_receive_ring_slot(ring, slot)->tp_status, __ATOMIC_RELAXED);
        count += (status & TP_STATUS_USER) != 0;
    }
    return count;
}
