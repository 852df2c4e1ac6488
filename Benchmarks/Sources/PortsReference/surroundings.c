#include "common.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const uint8_t ref_pushed[22] = {
    2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0x47, 0x03, 0xe8, 0x10, 0x40, 0x18, 0x6c, 0xa1, 0x40,
};

int ref_namespace(void) {
    if (unshare(CLONE_NEWNET) < 0) fail("make a network namespace; root may");
    ref_shell("ip link set lo up");
    return check(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "find the namespace");
}

void ref_enter(int ns) { check(setns(ns, CLONE_NEWNET), "enter a namespace"); }

void ref_shell(const char *command) {
    if (system(command) != 0) {
        fprintf(stderr, "ports benchmark: failed: %s\n", command);
        exit(1);
    }
}

void ref_pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    // On a machine of one processor all share it.
    sched_setaffinity(0, sizeof set, &set);
}

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
double ref_now(void) { return seconds_of(CLOCK_MONOTONIC); }
double ref_thread_time(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

void ref_write_datagram(uint8_t *packet, int byte_count, uint32_t source, uint32_t destination) {
    memset(packet, 0, (size_t)byte_count);
    uint8_t head[28] = {0x45, 0, (uint8_t)(byte_count >> 8), (uint8_t)byte_count, 0, 0, 0x40, 0, 64, 17};
    source = htonl(source);
    destination = htonl(destination);
    memcpy(head + 12, &source, 4);
    memcpy(head + 16, &destination, 4);
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) sum += (uint32_t)(head[i] << 8 | head[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    head[10] = (uint8_t)(sum >> 8);
    head[11] = (uint8_t)sum;
    int udp = byte_count - 20;
    head[20] = 0x0f, head[21] = 0xa0, head[22] = 0x13, head[23] = 0x89;
    head[24] = (uint8_t)(udp >> 8);
    head[25] = (uint8_t)udp;
    memcpy(packet, head, 28);
}

int ref_sink(void) {
    int sink = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(5001)};
    check(bind(sink, (struct sockaddr *)&address, sizeof address), "bind a socket");
    struct sock_filter drop = {BPF_RET | BPF_K, 0, 0, 0};
    struct sock_fprog program = {1, &drop};
    check(setsockopt(sink, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), "attach a filter");
    return sink;
}

struct ref_generator {
    pthread_t thread;
    atomic_bool is_stopped;
    int ns;
    int byte_count;
    uint32_t destination;
    char interface[IF_NAMESIZE];
    uint64_t sent;
};

static void *send_datagrams(void *argument) {
    struct ref_generator *self = argument;
    ref_pin(0);
    ref_enter(self->ns);
    int sender = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket");
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(5001), .sin_addr.s_addr = htonl(self->destination)};
    check(connect(sender, (struct sockaddr *)&to, sizeof to), "connect a socket");
    int payload = self->byte_count - 28, buffer = 4 << 20;
    int count = 60000 / payload < 64 ? 60000 / payload : 64;
    setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    check(setsockopt(sender, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &payload, sizeof payload), "ask for segments");
    static const uint8_t zeros[65536];
    while (!atomic_load_explicit(&self->is_stopped, memory_order_relaxed)) {
        if (send(sender, zeros, (size_t)(payload * count), 0) > 0) self->sent += (uint64_t)count;
    }
    close(sender);
    return NULL;
}

static void *send_frames(void *argument) {
    struct ref_generator *self = argument;
    ref_pin(0);
    ref_enter(self->ns);
    while (!atomic_load_explicit(&self->is_stopped, memory_order_relaxed))
        self->sent += ref_transmit(self->interface, self->byte_count, 0.02);
    return NULL;
}

static struct ref_generator *start(struct ref_generator from, void *(*body)(void *)) {
    struct ref_generator *generator = malloc(sizeof *generator);
    if (generator == NULL) fail("have memory");
    *generator = from;
    if (pthread_create(&generator->thread, NULL, body, generator) != 0) fail("start a thread");
    return generator;
}

struct ref_generator *ref_send_datagrams(int ns, uint32_t destination, int byte_count) {
    return start((struct ref_generator){.ns = ns, .byte_count = byte_count, .destination = destination},
                 send_datagrams);
}

struct ref_generator *ref_send_frames(int ns, const char *interface, int byte_count) {
    struct ref_generator generator = {.ns = ns, .byte_count = byte_count};
    strncpy(generator.interface, interface, sizeof generator.interface - 1);
    return start(generator, send_frames);
}

uint64_t ref_stop(struct ref_generator *generator) {
    atomic_store(&generator->is_stopped, true);
    pthread_join(generator->thread, NULL);
    uint64_t sent = generator->sent;
    free(generator);
    return sent;
}

uint64_t ref_transmit(const char *interface, int byte_count, double seconds) {
    int sender = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)if_nametoindex(interface)};
    int buffer = 16 << 20;
    setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    enum { BATCH = 64 };
    static _Thread_local uint8_t frames[BATCH][2048];
    struct mmsghdr messages[BATCH] = {0};
    struct iovec pieces[BATCH];
    for (int i = 0; i < BATCH; i++) {
        memcpy(frames[i], (uint8_t[14]){2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0}, 14);
        ref_write_datagram(frames[i] + 14, byte_count, 0x0a010005, 0xc633640a);
        pieces[i] = (struct iovec){frames[i], (size_t)byte_count + 14};
        messages[i].msg_hdr = (struct msghdr){
            .msg_iov = &pieces[i], .msg_iovlen = 1, .msg_name = &to, .msg_namelen = sizeof to};
    }
    uint64_t count = 0;
    double end = ref_now() + seconds;
    while (ref_now() < end) {
        int sent = sendmmsg(sender, messages, BATCH, 0);
        if (sent > 0) count += (uint64_t)sent;
    }
    close(sender);
    return count;
}
