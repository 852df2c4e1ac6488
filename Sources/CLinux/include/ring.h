#pragma once
// Batches of reads and writes by io_uring(7): raw system calls, as the library for it isn't everywhere. The ring is used as
// one system call that does many: every request is at its end when `wl_ring_run` returns, in the order of its places.
// That holds since no request may wait (RWF_NOWAIT): the kernel carries each out as it takes it, or says EAGAIN.
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/// Requests that one run takes at most.
#define WL_RING_BATCH 64

/// A ring for one descriptor. One thread at a time.
struct wl_ring {
    int descriptor;
    void *queues;
    size_t queues_byte_count;
    void *requests;
    size_t requests_byte_count;
    uint32_t *request_tail;
    uint32_t request_mask;
    uint32_t *completion_head;
    uint32_t *completion_tail;
    uint32_t completion_mask;
    void *completions;
};

/// Makes a ring whose requests are all about `file`, which it keeps open. Returns 0 or an errno: EPERM where it is forbidden,
/// ENOSYS where the kernel has none, or an older one (before 5.17).
int wl_ring_open(struct wl_ring *ring, int file);

/// Lets go of the file and the ring.
void wl_ring_close(struct wl_ring *ring);

/// Sets request `place` of the next run. The memory must stay until that has returned.
void wl_ring_put_read(struct wl_ring *ring, uint32_t place, void *to, uint32_t byte_count);
void wl_ring_put_write(struct wl_ring *ring, uint32_t place, const void *from, uint32_t byte_count);
void wl_ring_put_gather(struct wl_ring *ring, uint32_t place, const struct iovec *pieces, uint32_t count);

/// Carries out requests 0 to `count - 1`, and says of each how many bytes it has moved, or which errno it has met, negative.
/// Returns 0, or an errno after which the ring is of no more use; what had not been carried out then has -ECANCELED.
int wl_ring_run(struct wl_ring *ring, uint32_t count, int32_t *results);
