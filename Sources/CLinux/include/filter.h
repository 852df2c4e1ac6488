#pragma once
// Packet filters: classic BPF on a socket, extended BPF at an interface's ingress. bpf(2) has no wrapper; what of it needs
// <linux/bpf.h> is in filter.c, since libpcap has another `struct bpf_insn`. Functions return 0 or a descriptor, or a
// negative errno.
#include <errno.h>
#include <linux/filter.h>
#include <stdint.h>
#include <sys/socket.h>

/// Has the socket receive only what the program accepts, from the next frame on. It replaces an earlier one.
static inline int wl_packet_filter(int fd, struct sock_filter *program, unsigned short count) {
    struct sock_fprog request = {.len = count, .filter = program};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &request, sizeof request) == 0 ? 0 : -errno;
}

/// An instruction of extended BPF (RFC 9669 §3), as the kernel takes it.
struct wl_extended_instruction {
    uint8_t code;
    uint8_t registers;
    int16_t offset;
    int32_t immediate;
};

/// Codes that classic BPF doesn't have (RFC 9669 §4, §5).
enum {
    WL_BPF_JMP32 = 0x06,
    WL_BPF_ALU64 = 0x07,
    WL_BPF_JNE = 0x50,
    WL_BPF_CALL = 0x80,
    WL_BPF_EXIT = 0x90,
    WL_BPF_MOV = 0xb0,
    WL_BPF_END_TO_BE = 0xd8,
    /// The number of bpf_skb_load_bytes.
    WL_BPF_LOAD_BYTES = 26,
};

/// Where a program's context tells whether the kernel has taken a VLAN tag out of a frame, and which.
int wl_bpf_offset_of_tag_presence(void);
int wl_bpf_offset_of_tag_control(void);

struct wl_extended_instruction wl_extended_instruction(
    uint8_t code, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate);

/// Gives the kernel a classifier program for an interface's ingress.
int wl_bpf_load(const struct wl_extended_instruction *program, uint32_t count);

/// Puts a program at the interface's ingress, behind those that are there. It stays while the descriptor is open.
int wl_bpf_attach_ingress(int program, int interface_index);

/// Puts another program in the place of the one that a link holds; no packet passes between the two.
int wl_bpf_replace(int link, int program);
