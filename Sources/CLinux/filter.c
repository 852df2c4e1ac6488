#include "CLinux.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct wl_extended_instruction) == sizeof(struct bpf_insn), "they are one");

// BPF_TCX_INGRESS, which the headers know from Linux 6.6 on.
static const uint32_t ingress = 46;

int wl_bpf_offset_of_tag_presence(void) { return offsetof(struct __sk_buff, vlan_present); }
int wl_bpf_offset_of_tag_control(void) { return offsetof(struct __sk_buff, vlan_tci); }

struct wl_extended_instruction wl_extended_instruction(
    uint8_t code, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate) {
    // The registers' places depend on the byte order.
    struct bpf_insn native = {
        .code = code, .dst_reg = destination, .src_reg = source, .off = offset, .imm = immediate};
    struct wl_extended_instruction instruction;
    memcpy(&instruction, &native, sizeof instruction);
    return instruction;
}

static int call(int command, union bpf_attr *request) {
    long result = syscall(SYS_bpf, command, request, sizeof *request);
    return result >= 0 ? (int)result : -errno;
}

int wl_bpf_load(const struct wl_extended_instruction *program, uint32_t count) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    request.expected_attach_type = ingress;
    request.insns = (uintptr_t)program;
    request.insn_cnt = count;
    request.license = (uintptr_t) "";
    return call(BPF_PROG_LOAD, &request);
}

int wl_bpf_attach_ingress(int program, int interface_index) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.link_create.prog_fd = program;
    // The same place holds an interface's index.
    request.link_create.target_fd = interface_index;
    request.link_create.attach_type = ingress;
    return call(BPF_LINK_CREATE, &request);
}

int wl_bpf_replace(int link, int program) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.link_update.link_fd = link;
    request.link_update.new_prog_fd = program;
    return call(BPF_LINK_UPDATE, &request);
}
