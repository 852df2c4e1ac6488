#include "CLinux.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// RWF_NOWAIT of <linux/fs.h>, which doesn't go together with <sys/mount.h>.
enum { NOWAIT = 8 };

static int failed(struct wl_ring *ring, int error) {
    wl_ring_close(ring);
    return error;
}

int wl_ring_open(struct wl_ring *ring, int file) {
    *ring = (struct wl_ring){.descriptor = -1};
    struct io_uring_params parameters = {0};
    long descriptor = syscall(SYS_io_uring_setup, WL_RING_BATCH, &parameters);
    if (descriptor < 0) return errno;
    ring->descriptor = (int)descriptor;
    // Kernel 5.17: by then a request of a file that doesn't wait is carried out at once or fails.
    const uint32_t wanted = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_LINKED_FILE;
    if ((parameters.features & wanted) != wanted) return failed(ring, ENOSYS);

    size_t submission = parameters.sq_off.array + parameters.sq_entries * sizeof(uint32_t);
    size_t completion = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
    ring->queues_byte_count = submission > completion ? submission : completion;
    uint8_t *queues = mmap(NULL, ring->queues_byte_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                           ring->descriptor, IORING_OFF_SQ_RING);
    if (queues == MAP_FAILED) return failed(ring, errno);
    ring->queues = queues;
    ring->requests_byte_count = parameters.sq_entries * sizeof(struct io_uring_sqe);
    void *requests = mmap(NULL, ring->requests_byte_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                          ring->descriptor, IORING_OFF_SQES);
    if (requests == MAP_FAILED) return failed(ring, errno);
    ring->requests = requests;

    ring->request_tail = (uint32_t *)(queues + parameters.sq_off.tail);
    ring->request_mask = *(uint32_t *)(queues + parameters.sq_off.ring_mask);
    ring->completion_head = (uint32_t *)(queues + parameters.cq_off.head);
    ring->completion_tail = (uint32_t *)(queues + parameters.cq_off.tail);
    ring->completion_mask = *(uint32_t *)(queues + parameters.cq_off.ring_mask);
    ring->completions = queues + parameters.cq_off.cqes;
    uint32_t *order = (uint32_t *)(queues + parameters.sq_off.array);
    for (uint32_t place = 0; place < parameters.sq_entries; place++) order[place] = place;
    int registered = (int)syscall(SYS_io_uring_register, ring->descriptor, IORING_REGISTER_FILES, &file, 1);
    return registered == 0 ? 0 : failed(ring, errno);
}

void wl_ring_close(struct wl_ring *ring) {
    // The ring itself ends some time after its descriptor is closed; the file must not wait for that.
    if (ring->descriptor >= 0)
        syscall(SYS_io_uring_register, ring->descriptor, IORING_UNREGISTER_FILES, NULL, 0);
    if (ring->requests != NULL) munmap(ring->requests, ring->requests_byte_count);
    if (ring->queues != NULL) munmap(ring->queues, ring->queues_byte_count);
    if (ring->descriptor >= 0) close(ring->descriptor);
    *ring = (struct wl_ring){.descriptor = -1};
}

static inline void put(
    struct wl_ring *ring, uint32_t place, uint8_t code, const void *address, uint32_t count) {
    struct io_uring_sqe *requests = ring->requests;
    struct io_uring_sqe *request = &requests[(*ring->request_tail + place) & ring->request_mask];
    memset(request, 0, sizeof *request);
    request->opcode = code;
    request->flags = IOSQE_FIXED_FILE;
    request->addr = (uint64_t)(uintptr_t)address;
    request->len = count;
    // O_NONBLOCK alone lets a request that finds nothing wait for something.
    request->rw_flags = NOWAIT;
    request->user_data = place;
}

void wl_ring_put_read(struct wl_ring *ring, uint32_t place, void *to, uint32_t byte_count) {
    put(ring, place, IORING_OP_READ, to, byte_count);
}

void wl_ring_put_write(struct wl_ring *ring, uint32_t place, const void *from, uint32_t byte_count) {
    put(ring, place, IORING_OP_WRITE, from, byte_count);
}

void wl_ring_put_gather(struct wl_ring *ring, uint32_t place, const struct iovec *pieces, uint32_t count) {
    put(ring, place, IORING_OP_WRITEV, pieces, count);
}

int wl_ring_run(struct wl_ring *ring, uint32_t count, int32_t *results) {
    for (uint32_t place = 0; place < count; place++) results[place] = -ECANCELED;
    __atomic_store_n(ring->request_tail, *ring->request_tail + count, __ATOMIC_RELEASE);
    uint32_t taken = 0, done = 0;
    while (done < count) {
        long now = syscall(SYS_io_uring_enter, ring->descriptor, count - taken, count - done,
                           IORING_ENTER_GETEVENTS, NULL, 0);
        if (now < 0 && errno != EINTR) return errno;
        if (now == 0 && taken < count) return EAGAIN;
        if (now > 0) taken += (uint32_t)now;
        uint32_t head = *ring->completion_head;
        uint32_t tail = __atomic_load_n(ring->completion_tail, __ATOMIC_ACQUIRE);
        const struct io_uring_cqe *completions = ring->completions;
        for (; head != tail; head++, done++) {
            const struct io_uring_cqe *completion = &completions[head & ring->completion_mask];
            if (completion->user_data < count) results[completion->user_data] = completion->res;
        }
        __atomic_store_n(ring->completion_head, head, __ATOMIC_RELEASE);
    }
    return 0;
}
