#include "common.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH = 64, SLOT = 2048, HEADROOM = 128, PUSHED = sizeof ref_pushed, NOWAIT = 8 /* RWF_NOWAIT */ };

int ref_tun_open(const char *interface, bool is_tap) {
    int tun = check(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "open /dev/net/tun");
    struct ifreq request = {.ifr_flags = (short)((is_tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI)};
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    // The last user's descriptor may not be quite gone.
    for (int attempt = 0; ioctl(tun, TUNSETIFF, &request) < 0; attempt++) {
        if (attempt == 300) fail("attach to a TUN");
        usleep(10000);
    }
    ioctl(tun, TUNSETOFFLOAD, 0);
    return tun;
}

static uint8_t *slots(void) {
    uint8_t *memory = mmap(NULL, 2 * BATCH * SLOT, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) fail("have memory");
    return memory;
}

uint64_t ref_forward_calls(int from, int to, bool push, double seconds) {
    uint8_t *memory = slots();
    uint64_t forwarded = 0;
    double end = ref_now() + seconds;
    while (ref_now() < end) {
        int got = 0;
        for (; got < BATCH; got++) {
            uint8_t *packet = memory + got * SLOT + HEADROOM;
            ssize_t length = read(from, packet, SLOT - HEADROOM);
            if (length <= 0) break;
            if (push) {
                packet -= PUSHED;
                length += PUSHED;
                memcpy(packet, ref_pushed, PUSHED);
            }
            forwarded += write(to, packet, (size_t)length) == length;
        }
        if (got == 0) poll(&(struct pollfd){from, POLLIN, 0}, 1, 10);
    }
    munmap(memory, 2 * BATCH * SLOT);
    return forwarded;
}

struct ring {
    int descriptor;
    uint8_t *queues;
    size_t queues_byte_count;
    struct io_uring_sqe *requests;
    struct io_uring_params parameters;
};

static struct ring open_ring(int from, int to) {
    struct ring ring = {0};
    ring.descriptor = (int)syscall(SYS_io_uring_setup, 2 * BATCH, &ring.parameters);
    check(ring.descriptor, "make an io_uring");
    struct io_uring_params *p = &ring.parameters;
    size_t submission = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
    size_t completion = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
    ring.queues_byte_count = submission > completion ? submission : completion;
    ring.queues = mmap(NULL, ring.queues_byte_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                       ring.descriptor, IORING_OFF_SQ_RING);
    ring.requests = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_POPULATE, ring.descriptor, IORING_OFF_SQES);
    if (ring.queues == MAP_FAILED || ring.requests == MAP_FAILED) fail("map an io_uring");
    uint32_t *order = (uint32_t *)(ring.queues + p->sq_off.array);
    for (uint32_t place = 0; place < p->sq_entries; place++) order[place] = place;
    int files[2] = {from, to};
    check((int)syscall(SYS_io_uring_register, ring.descriptor, IORING_REGISTER_FILES, files, 2), "register files");
    return ring;
}

static void close_ring(struct ring *ring) {
    syscall(SYS_io_uring_register, ring->descriptor, IORING_UNREGISTER_FILES, NULL, 0);
    munmap(ring->requests, ring->parameters.sq_entries * sizeof(struct io_uring_sqe));
    munmap(ring->queues, ring->queues_byte_count);
    close(ring->descriptor);
}

uint64_t ref_forward_ring(int from, int to, bool push, double seconds) {
    struct ring ring = open_ring(from, to);
    const struct io_uring_params *p = &ring.parameters;
    uint32_t *request_tail = (uint32_t *)(ring.queues + p->sq_off.tail);
    uint32_t *completion_head = (uint32_t *)(ring.queues + p->cq_off.head);
    uint32_t *completion_tail = (uint32_t *)(ring.queues + p->cq_off.tail);
    const struct io_uring_cqe *completions = (const struct io_uring_cqe *)(ring.queues + p->cq_off.cqes);
    uint8_t *memory = slots();
    enum { IS_WRITE = 1u << 31 };
    // Two halves: one is read into while the other is written from.
    int half = 0, slot[2][BATCH], length[2][BATCH], count[2] = {0, 0};
    uint64_t forwarded = 0;
    double end = ref_now() + seconds;
    while (ref_now() < end) {
        uint32_t tail = *request_tail, requested = 0;
        for (int i = 0; i < count[half]; i++, requested++) {
            uint8_t *packet = memory + (half * BATCH + slot[half][i]) * SLOT + HEADROOM;
            int byte_count = length[half][i];
            if (push) {
                packet -= PUSHED;
                byte_count += PUSHED;
                memcpy(packet, ref_pushed, PUSHED);
            }
            ring.requests[(tail + requested) & (p->sq_entries - 1)] = (struct io_uring_sqe){
                .opcode = IORING_OP_WRITE, .flags = IOSQE_FIXED_FILE, .fd = 1, .addr = (uintptr_t)packet,
                .len = (uint32_t)byte_count, .rw_flags = NOWAIT, .user_data = IS_WRITE};
        }
        int next = 1 - half;
        for (int i = 0; i < BATCH; i++, requested++) {
            uint8_t *packet = memory + (next * BATCH + i) * SLOT + HEADROOM;
            ring.requests[(tail + requested) & (p->sq_entries - 1)] = (struct io_uring_sqe){
                .opcode = IORING_OP_READ, .flags = IOSQE_FIXED_FILE, .fd = 0, .addr = (uintptr_t)packet,
                .len = SLOT - HEADROOM, .rw_flags = NOWAIT, .user_data = (uint32_t)i};
        }
        __atomic_store_n(request_tail, tail + requested, __ATOMIC_RELEASE);
        long taken = syscall(SYS_io_uring_enter, ring.descriptor, requested, requested, IORING_ENTER_GETEVENTS,
                             NULL, 0);
        if (taken != (long)requested) fail("use an io_uring");
        count[next] = 0;
        uint32_t head = *completion_head, done = __atomic_load_n(completion_tail, __ATOMIC_ACQUIRE);
        for (; head != done; head++) {
            const struct io_uring_cqe *completion = &completions[head & (p->cq_entries - 1)];
            if (completion->user_data == IS_WRITE) {
                forwarded += completion->res > 0;
            } else if (completion->res > 0) {
                slot[next][count[next]] = (int)completion->user_data;
                length[next][count[next]++] = completion->res;
            }
        }
        __atomic_store_n(completion_head, head, __ATOMIC_RELEASE);
        half = next;
        if (count[half] == 0) poll(&(struct pollfd){from, POLLIN, 0}, 1, 10);
    }
    munmap(memory, 2 * BATCH * SLOT);
    close_ring(&ring);
    return forwarded;
}
