#include "CLinux.h"

#include <sys/mman.h>

int wl_receive_ring_open(struct wl_receive_ring *ring, int fd, uint32_t slot_byte_count, size_t byte_count) {
    *ring = (struct wl_receive_ring){0};
    int error = wl_packet_set(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
    // The whole of a frame that is longer than its slot is put into the socket's queue.
    if (error == 0) error = wl_packet_set(fd, SOL_PACKET, PACKET_COPY_THRESH, 1);
    if (error < 0) return -error;
    // Slots without gaps: a block is a power of two of bytes, and so is a slot.
    size_t block = (size_t)sysconf(_SC_PAGESIZE);
    while (block < slot_byte_count || (block < 65536 && block * 2 <= byte_count)) block *= 2;
    size_t blocks = byte_count / block > 0 ? byte_count / block : 1;
    struct tpacket_req request = {
        .tp_block_size = (unsigned)block,
        .tp_block_nr = (unsigned)blocks,
        .tp_frame_size = slot_byte_count,
        .tp_frame_nr = (unsigned)(blocks * (block / slot_byte_count)),
    };
    if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) return errno;
    uint8_t *memory = mmap(NULL, block * blocks, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        error = errno;
        // Without memory of ours the ring is of no use to anybody.
        request = (struct tpacket_req){0};
        setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request);
        return error;
    }
    *ring = (struct wl_receive_ring){
        .memory = memory,
        .byte_count = block * blocks,
        .slot_byte_count = slot_byte_count,
        .slot_count = request.tp_frame_nr,
    };
    return 0;
}

void wl_receive_ring_close(struct wl_receive_ring *ring) {
    if (ring->memory != NULL) munmap(ring->memory, ring->byte_count);
    *ring = (struct wl_receive_ring){0};
}
