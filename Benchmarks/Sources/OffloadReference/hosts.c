#define _GNU_SOURCE
#include "OffloadReference.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int ref_enter_namespace(int descriptor) { return setns(descriptor, CLONE_NEWNET) == 0 ? 0 : errno; }

static int with_interface(const char *name, unsigned long request, struct ifreq *out) {
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0) return errno;
    strncpy(out->ifr_name, name, IFNAMSIZ - 1);
    int result = ioctl(s, request, out) == 0 ? 0 : errno;
    close(s);
    return result;
}

int ref_set_queue_length(const char *interface, int packet_count) {
    struct ifreq request = {.ifr_qlen = packet_count};
    return with_interface(interface, SIOCSIFTXQLEN, &request);
}

int ref_make_namespace(void) {
    int before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (before < 0 || unshare(CLONE_NEWNET) != 0) return -errno;
    struct ifreq loopback = {.ifr_flags = IFF_UP};
    with_interface("lo", SIOCSIFFLAGS, &loopback);
    int made = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (made < 0 || setns(before, CLONE_NEWNET) != 0) return -errno;
    close(before);
    return made;
}

int ref_make_veth(const char *one, const char *other, int mtu) {
    char command[256];
    snprintf(
        command, sizeof command,
        "ip link add %s mtu %d type veth peer name %s mtu %d && ip link set %s up && ip link set %s up", one, mtu, other,
        mtu, one, other);
    return system(command);
}

// MARK: Processes

uint64_t *ref_share(int word_count) {
    void *memory =
        mmap(NULL, word_count * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    return memory;
}

uint64_t ref_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
void ref_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

void ref_pin(int processor) {
    if (processor < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

pid_t ref_fork(void) {
    fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
    }
    return child;
}

void ref_fail(const char *sentence, int exit_code) {
    fprintf(stderr, "%s\n", sentence);
    exit(exit_code);
}

void ref_kill(pid_t child) {
    if (child <= 0) return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

// MARK: TCP

// What iperf3 sends and receives at once.
enum { block = 128 << 10, connection_limit = 256 };

static void fail(const char *what) {
    perror(what);
    _exit(1);
}

static int tcp_socket(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0) fail("socket");
    // Paced, as BBR is where it is the default, streams would measure their own timers.
    setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    return s;
}

static void receive_all(struct sockaddr_in address, int count, uint64_t *byte_count) {
    static uint8_t bytes[block];
    int listener = tcp_socket(), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, count) != 0) fail("listen");
    struct pollfd connections[connection_limit];
    for (int i = 0; i < count; i++) connections[i] = (struct pollfd){accept(listener, NULL, NULL), POLLIN, 0};
    for (;;) {
        if (count > 1) poll(connections, count, -1);
        for (int i = 0; i < count; i++) {
            if (count > 1 && connections[i].revents == 0) continue;
            ssize_t received = recv(connections[i].fd, bytes, sizeof bytes, 0);
            if (received <= 0) fail("recv");
            ref_store(byte_count, *byte_count + received);
        }
    }
}

static void send_all(struct sockaddr_in address, int count) {
    static uint8_t bytes[block];
    struct pollfd connections[connection_limit];
    for (int i = 0; i < count; i++) {
        int s = tcp_socket();
        for (int attempt = 0; connect(s, (struct sockaddr *)&address, sizeof address) != 0; attempt++) {
            if (attempt == 500) fail("connect");
            close(s);
            usleep(10000);
            s = tcp_socket();
        }
        if (count > 1) fcntl(s, F_SETFL, O_NONBLOCK);
        connections[i] = (struct pollfd){s, POLLOUT, 0};
    }
    for (;;) {
        if (count > 1) poll(connections, count, -1);
        for (int i = 0; i < count; i++) {
            if (count > 1 && connections[i].revents == 0) continue;
            if (send(connections[i].fd, bytes, sizeof bytes, 0) < 0 && errno != EAGAIN) fail("send");
        }
    }
}

struct ref_stream ref_start_stream(
    int source_namespace, int sink_namespace, const char *address, uint16_t port, int connection_count, int processor) {
    struct sockaddr_in sink_address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &sink_address.sin_addr);
    if (connection_count > connection_limit) connection_count = connection_limit;
    struct ref_stream stream = {.byte_count = ref_share(1)};
    for (int is_source = 0; is_source < 2; is_source++) {
        pid_t child = ref_fork();
        if (child == 0) {
            ref_pin(processor);
            if (ref_enter_namespace(is_source ? source_namespace : sink_namespace) != 0) fail("setns");
            if (is_source) send_all(sink_address, connection_count);
            receive_all(sink_address, connection_count, stream.byte_count);
        }
        *(is_source ? &stream.source : &stream.sink) = child;
    }
    return stream;
}

void ref_end_stream(struct ref_stream *stream) {
    ref_kill(stream->source);
    ref_kill(stream->sink);
    munmap(stream->byte_count, sizeof(uint64_t));
}
