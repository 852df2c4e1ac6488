#include "common.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

uint64_t ref_receive_blocks(const char *interface, double seconds, uint64_t *dropped) {
    int receiver = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
    int version = TPACKET_V3, yes = 1;
    check(setsockopt(receiver, SOL_PACKET, PACKET_VERSION, &version, sizeof version), "have TPACKET_V3");
    setsockopt(receiver, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
    enum { BLOCK = 256 << 10, BLOCKS = 64 };
    struct tpacket_req3 request = {
        .tp_block_size = BLOCK, .tp_block_nr = BLOCKS, .tp_frame_size = 2048,
        .tp_frame_nr = BLOCKS * (BLOCK / 2048), .tp_retire_blk_tov = 1};
    check(setsockopt(receiver, SOL_PACKET, PACKET_RX_RING, &request, sizeof request), "have a receive ring");
    uint8_t *ring = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, receiver, 0);
    if (ring == MAP_FAILED) fail("map a receive ring");
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface)};
    check(bind(receiver, (struct sockaddr *)&address, sizeof address), "bind a packet socket");
    uint64_t count = 0, sum = 0;
    double end = ref_now() + seconds;
    for (int block = 0; ref_now() < end;) {
        struct tpacket_block_desc *head = (struct tpacket_block_desc *)(ring + (size_t)block * BLOCK);
        if ((__atomic_load_n(&head->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) {
            poll(&(struct pollfd){receiver, POLLIN, 0}, 1, 10);
            continue;
        }
        const uint8_t *frame = (const uint8_t *)head + head->hdr.bh1.offset_to_first_pkt;
        for (uint32_t i = 0; i < head->hdr.bh1.num_pkts; i++) {
            const struct tpacket3_hdr *header = (const struct tpacket3_hdr *)frame;
            sum += frame[header->tp_mac + 13];
            frame += header->tp_next_offset;
        }
        count += head->hdr.bh1.num_pkts;
        __atomic_store_n(&head->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        block = (block + 1) % BLOCKS;
    }
    struct tpacket_stats_v3 statistics = {0};
    socklen_t size = sizeof statistics;
    getsockopt(receiver, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
    *dropped = statistics.tp_drops + (sum == 1);
    munmap(ring, BLOCK * BLOCKS);
    close(receiver);
    return count;
}
