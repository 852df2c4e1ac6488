#define _GNU_SOURCE
#include "OffloadReference.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// TCP over IPv4 without IP options; anything else passes packet by packet. One superframe is taken apart, sent, received and
// put together before the next is read, so that all of it stays in the caches.

enum {
    virtio_size = 10,
    ethernet_size = 14,
    stride = 2048,
    headroom = 64,
    packet_limit = 512,
    spin_nanoseconds = 20000,
};

struct packet {
    uint8_t *start;
    int size;
};

struct end {
    int tun;
    // One superframe in, its segments, one superframe out.
    uint8_t *in, *segments, *out;
    uint64_t damaged;
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

// MARK: Sums

__attribute__((target("avx2"))) static uint64_t sum(const uint8_t *from, size_t size) {
    uint32_t total = 0;
    for (size_t k = 0; k < size / 2; k++) {
        uint16_t word;
        memcpy(&word, from + 2 * k, 2);
        total += word;
    }
    return size % 2 != 0 ? total + (uint64_t)from[size - 1] : total;
}

__attribute__((target("avx2"))) static uint64_t copy_and_sum(
    uint8_t *restrict to, const uint8_t *restrict from, size_t size) {
    uint32_t total = 0;
    for (size_t k = 0; k < size / 2; k++) {
        uint16_t word;
        memcpy(&word, from + 2 * k, 2);
        memcpy(to + 2 * k, &word, 2);
        total += word;
    }
    if (size % 2 == 0) return total;
    to[size - 1] = from[size - 1];
    return total + (uint64_t)from[size - 1];
}

static uint16_t fold(uint64_t total) {
    total = (total & 0xffffffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t)((total & 0xffff) + (total >> 16));
}

static void put16(uint8_t *to, uint16_t value) {
    value = htons(value);
    memcpy(to, &value, 2);
}

static uint32_t get32(const uint8_t *from) {
    uint32_t value;
    memcpy(&value, from, 4);
    return ntohl(value);
}

static void put32(uint8_t *to, uint32_t value) {
    value = htonl(value);
    memcpy(to, &value, 4);
}

static void finish_ip(uint8_t *ip, int size) {
    put16(ip + 2, (uint16_t)size);
    put16(ip + 10, 0);
    uint16_t field = (uint16_t)~fold(sum(ip, 20));
    memcpy(ip + 10, &field, 2);
}

static uint64_t pseudo_header(const uint8_t *ip, int size) { return sum(ip + 12, 8) + htons(6) + htons((uint16_t)size); }

// MARK: Taking apart

static int cut(struct end *end, uint8_t *ip, int size, int header_size, int payload_size, struct packet *packets) {
    int count = 0, rest = size - header_size;
    uint32_t sequence = get32(ip + 24);
    uint16_t identification = (uint16_t)(ip[4] << 8 | ip[5]);
    const uint8_t *payload = ip + header_size;
    while (rest > 0 && count < packet_limit) {
        int part = rest < payload_size ? rest : payload_size;
        uint8_t *to = end->segments + (size_t)count * stride + headroom;
        memcpy(to, ip, header_size);
        put16(to + 4, identification++);
        finish_ip(to, header_size + part);
        put32(to + 24, sequence);
        if (part < rest) to[33] &= (uint8_t)~0x09;
        if (count > 0) to[33] &= (uint8_t)~0x80;
        memset(to + 36, 0, 2);
        uint64_t total = copy_and_sum(to + header_size, payload, part);
        total += sum(to + 20, header_size - 20) + pseudo_header(to, header_size - 20 + part);
        uint16_t field = (uint16_t)~fold(total);
        memcpy(to + 36, &field, 2);
        packets[count++] = (struct packet){to, header_size + part};
        payload += part;
        rest -= part;
        sequence += (uint32_t)part;
    }
    return count;
}

/// Reads one packet or superframe; 0: there is none.
static int receive(struct end *end, struct packet *packets) {
    uint8_t *ip = end->in + headroom;
    ssize_t size = read(end->tun, ip - virtio_size, 66000) - virtio_size;
    if (size <= 0) return 0;
    struct virtio_net_hdr header;
    memcpy(&header, ip - virtio_size, virtio_size);
    if ((header.gso_type & 0x7f) != VIRTIO_NET_HDR_GSO_NONE) {
        int header_size = header.csum_start + (ip[header.csum_start + 12] >> 4) * 4;
        return cut(end, ip, (int)size, header_size, header.gso_size, packets);
    }
    if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        uint16_t field = (uint16_t)~fold(sum(ip + header.csum_start, size - header.csum_start));
        memcpy(ip + header.csum_start + header.csum_offset, &field, 2);
    }
    packets[0] = (struct packet){ip, (int)size};
    return 1;
}

// MARK: Putting together

struct train {
    int header_size, size, payload_size, count;
    uint32_t next_sequence;
    bool is_complete;
};

static void leave(struct end *end, struct train *train) {
    if (train->count == 0) return;
    uint8_t *ip = end->out + virtio_size;
    struct virtio_net_hdr header = {0};
    if (train->count > 1) {
        finish_ip(ip, train->size);
        header = (struct virtio_net_hdr){
            .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
            .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
            .hdr_len = (uint16_t)train->header_size,
            .gso_size = (uint16_t)train->payload_size,
            .csum_start = 20,
            .csum_offset = 16,
        };
        uint16_t field = fold(pseudo_header(ip, train->size - 20));
        memcpy(ip + 36, &field, 2);
    }
    memcpy(end->out, &header, virtio_size);
    // A full queue would say EAGAIN; TCP sends again.
    (void)!write(end->tun, end->out, train->size + virtio_size);
    train->count = 0;
}

static bool fits(const struct train *train, const uint8_t *head, const uint8_t *ip, int header_size, int payload_size) {
    return !train->is_complete && train->header_size == header_size && payload_size <= train->payload_size
        && train->size + payload_size <= 65535 && get32(ip + 24) == train->next_sequence
        && memcmp(head, ip, 2) == 0 && memcmp(head + 6, ip + 6, 4) == 0 && memcmp(head + 12, ip + 12, 12) == 0
        && memcmp(head + 28, ip + 28, 5) == 0 && memcmp(head + 34, ip + 34, 2) == 0
        && memcmp(head + 38, ip + 38, header_size - 38) == 0;
}

static void transmit(struct end *end, const struct packet *packets, int count) {
    struct train train = {0};
    uint8_t *head = end->out + virtio_size;
    for (int i = 0; i < count; i++) {
        uint8_t *ip = packets[i].start;
        int size = ip[2] << 8 | ip[3];
        if (size > packets[i].size || fold(sum(ip, 20)) != 0xffff) {
            end->damaged++;
            continue;
        }
        bool is_tcp = ip[0] == 0x45 && ip[9] == 6 && (ip[6] & 0x3f) == 0 && ip[7] == 0;
        int header_size = is_tcp ? 20 + (ip[32] >> 4) * 4 : 0, payload_size = size - header_size;
        // ACK, and PSH on the last.
        if (!is_tcp || payload_size <= 0 || (ip[33] & ~0x08) != 0x10) {
            leave(end, &train);
            memset(end->out, 0, virtio_size);
            memcpy(head, ip, size);
            (void)!write(end->tun, end->out, size + virtio_size);
            continue;
        }
        if (train.count > 0 && !fits(&train, head, ip, header_size, payload_size)) leave(end, &train);
        if (train.count == 0) {
            memcpy(head, ip, header_size);
            train = (struct train){header_size, header_size, payload_size, 0, get32(ip + 24), false};
        }
        uint64_t total = copy_and_sum(head + train.size, ip + header_size, payload_size);
        total += sum(ip + 20, header_size - 20) + pseudo_header(ip, size - 20);
        if (fold(total) != 0xffff) {
            end->damaged++;
            continue;
        }
        train.size += payload_size;
        train.next_sequence += (uint32_t)payload_size;
        train.count++;
        head[33] |= ip[33];
        if (payload_size < train.payload_size || (ip[33] & 0x08) != 0) train.is_complete = true;
    }
    leave(end, &train);
}

// MARK: Encapsulation

static const uint8_t labels[8] = {0x03, 0xe8, 0x10, 0x40, 0x18, 0x6c, 0xa1, 0x40};
static const uint8_t outer[20] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

static void push(struct packet *packet, const uint8_t *mac, const uint8_t *peer_mac, bool is_ipip) {
    if (is_ipip) {
        packet->start -= sizeof outer;
        packet->size += sizeof outer;
        memcpy(packet->start, outer, sizeof outer);
        finish_ip(packet->start, packet->size);
    } else {
        packet->start -= sizeof labels;
        packet->size += sizeof labels;
        memcpy(packet->start, labels, sizeof labels);
    }
    packet->start -= ethernet_size;
    packet->size += ethernet_size;
    memcpy(packet->start, peer_mac, 6);
    memcpy(packet->start + 6, mac, 6);
    put16(packet->start + 12, is_ipip ? ETH_P_IP : ETH_P_MPLS_UC);
}

/// False for what isn't ours.
static bool pop(struct packet *packet, bool is_ipip) {
    const uint8_t *inner = packet->start + ethernet_size;
    int size = ethernet_size + (is_ipip ? (int)sizeof outer : (int)sizeof labels);
    if (packet->size < size + 20 || packet->start[12] != (is_ipip ? 0x08 : 0x88)) return false;
    if (is_ipip ? inner[9] != 4 || fold(sum(inner, sizeof outer)) != 0xffff : memcmp(inner, labels, 7) != 0) return false;
    packet->start += size;
    packet->size -= size;
    return true;
}

static int pop_all(struct packet *packets, int count, bool is_ipip) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (pop(&packets[i], is_ipip)) packets[kept++] = packets[i];
    }
    return kept;
}

// MARK: Loops

static void *area(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) abort();
    return memory;
}

static struct end make_end(int tun) {
    return (struct end){tun, area(68 << 10), area(packet_limit * stride), area(68 << 10), 0};
}

static void remove_end(struct end *end) {
    munmap(end->in, 68 << 10);
    munmap(end->segments, packet_limit * stride);
    munmap(end->out, 68 << 10);
}

/// Waits for either descriptor, after a while of looking.
static void rest(bool has_worked, uint64_t *idle_since, int one, int other) {
    if (has_worked) {
        *idle_since = 0;
        return;
    }
    uint64_t time = now();
    if (*idle_since == 0) *idle_since = time;
    if (time - *idle_since < spin_nanoseconds) return;
    struct pollfd both[2] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
    poll(both, 2, 20);
}

uint64_t ref_pass_superframes(int tun_a, int tun_b, bool is_ipip, const uint64_t *stop) {
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};
    struct end ends[2] = {make_end(tun_a), make_end(tun_b)};
    struct packet packets[packet_limit];
    uint64_t idle_since = 0;
    while (ref_load(stop) == 0) {
        bool has_worked = false;
        for (int from = 0; from < 2; from++) {
            for (int batch = 0; batch < 8; batch++) {
                int count = receive(&ends[from], packets);
                if (count == 0) break;
                has_worked = true;
                for (int i = 0; i < count; i++) push(&packets[i], mac, peer_mac, is_ipip);
                transmit(&ends[1 - from], packets, pop_all(packets, count, is_ipip));
            }
        }
        rest(has_worked, &idle_since, tun_a, tun_b);
    }
    uint64_t damaged = ends[0].damaged + ends[1].damaged;
    for (int i = 0; i < 2; i++) remove_end(&ends[i]);
    return damaged;
}

// MARK: One edge of two

enum { block_size = 1 << 18, block_count = 32, message_limit = 64 };

struct link {
    int socket;
    uint8_t *ring;
    int block;
};

static struct link open_link(const char *interface) {
    struct link link = {.socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
    int one = 1, version = TPACKET_V3, buffer = 32 << 20;
    setsockopt(link.socket, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    setsockopt(link.socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    setsockopt(link.socket, SOL_PACKET, PACKET_VERSION, &version, sizeof version);
    struct tpacket_req3 request = {
        .tp_block_size = block_size,
        .tp_block_nr = block_count,
        .tp_frame_size = stride,
        .tp_frame_nr = block_count * (block_size / stride),
        .tp_retire_blk_tov = 1,
    };
    if (setsockopt(link.socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) perror("PACKET_RX_RING");
    link.ring = mmap(NULL, block_size * block_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, link.socket, 0);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface)};
    if (link.ring == MAP_FAILED || bind(link.socket, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("packet socket");
        exit(1);
    }
    return link;
}

static void send_frames(const struct link *link, const struct packet *packets, int count) {
    struct mmsghdr messages[message_limit];
    struct iovec pieces[message_limit];
    for (int first = 0; first < count;) {
        int batch = count - first < message_limit ? count - first : message_limit;
        for (int i = 0; i < batch; i++) {
            pieces[i] = (struct iovec){packets[first + i].start, packets[first + i].size};
            messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
        }
        int sent = sendmmsg(link->socket, messages, batch, 0);
        // A full queue: TCP sends again.
        first += sent > 0 ? sent : batch;
    }
}

/// Hands a block of the ring to the TUN; false: there is none.
static bool receive_block(struct link *link, struct end *end, struct packet *packets, bool is_ipip) {
    struct tpacket_block_desc *block = (void *)(link->ring + (size_t)link->block * block_size);
    if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return false;
    struct tpacket3_hdr *frame = (void *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
    int rest = (int)block->hdr.bh1.num_pkts;
    while (rest > 0) {
        int count = 0;
        for (; count < packet_limit && rest > 0; count++, rest--) {
            packets[count] = (struct packet){(uint8_t *)frame + frame->tp_mac, (int)frame->tp_snaplen};
            frame = (void *)((uint8_t *)frame + frame->tp_next_offset);
        }
        transmit(end, packets, pop_all(packets, count, is_ipip));
    }
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    link->block = (link->block + 1) % block_count;
    return true;
}

uint64_t ref_pass_edge(
    int tun, const char *interface, const uint8_t *mac, const uint8_t *peer_mac, bool is_ipip, const uint64_t *stop) {
    struct end end = make_end(tun);
    struct link link = open_link(interface);
    struct packet packets[packet_limit];
    uint64_t idle_since = 0;
    while (ref_load(stop) == 0) {
        bool has_worked = false;
        for (int batch = 0; batch < 4; batch++) {
            int count = receive(&end, packets);
            if (count == 0) break;
            has_worked = true;
            for (int i = 0; i < count; i++) push(&packets[i], mac, peer_mac, is_ipip);
            send_frames(&link, packets, count);
        }
        for (int batch = 0; batch < 4 && receive_block(&link, &end, packets, is_ipip); batch++) has_worked = true;
        rest(has_worked, &idle_since, tun, link.socket);
    }
    munmap(link.ring, block_size * block_count);
    close(link.socket);
    uint64_t damaged = end.damaged;
    remove_end(&end);
    return damaged;
}
