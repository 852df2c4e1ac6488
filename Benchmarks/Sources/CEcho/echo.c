#define _GNU_SOURCE
#include "echo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int ce_own_network(void) { return unshare(CLONE_NEWNET) == 0 ? 0 : errno; }

int ce_socket(const char *interface) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int yes = 1;
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface)};
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -errno;
}

uint64_t ce_read(int clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t ce_now(void) { return ce_read(CLOCK_MONOTONIC); }

void ce_echo(int in, int out, bool spins, const volatile bool *stop) {
    uint8_t frame[2048];
    uint64_t idle_since = ce_now();
    while (!*stop) {
        ssize_t count = recv(in, frame, sizeof frame, 0);
        if (count > 0) {
            send(out, frame, (size_t)count, 0);
            idle_since = 0;
            continue;
        }
        if (spins) continue;
        uint64_t now = ce_now();
        if (idle_since == 0) idle_since = now;
        if (now - idle_since < 20000) continue;
        struct pollfd request = {.fd = in, .events = POLLIN};
        poll(&request, 1, 100);
    }
}

uint64_t ce_trip(int out, int in, const void *frame, int byte_count, uint64_t limit_nanoseconds) {
    uint8_t received[2048];
    const uint8_t *mark = (const uint8_t *)frame + byte_count - 8;
    uint64_t begin = ce_now();
    if (send(out, frame, (size_t)byte_count, 0) != byte_count) return 0;
    for (;;) {
        ssize_t count = recv(in, received, sizeof received, 0);
        uint64_t passed = ce_now() - begin;
        if (count >= 8 && memcmp(received + count - 8, mark, 8) == 0) return passed;
        if (passed > limit_nanoseconds) return 0;
    }
}

int ce_pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}

int ce_thread_clock(void) {
    clockid_t clock;
    return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? clock : CLOCK_THREAD_CPUTIME_ID;
}
