#pragma once
// What the benchmark of superframes needs besides the forwarder: hosts with TCP between them, and the same work in plain C.
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: Hosts

/// Makes a network namespace with its loopback up. Returns a descriptor of it, or a negative errno. The calling thread stays
/// where it is.
int ref_make_namespace(void);

/// Moves the calling thread into a namespace. Returns 0 or an errno.
int ref_enter_namespace(int descriptor);

/// Lets a line be as long, in packets, before the kernel drops: `txqueuelen`. Returns 0 or an errno.
int ref_set_queue_length(const char *interface, int packet_count);

/// Makes a pair of veth interfaces in the calling thread's namespace, both up. Returns 0 or an exit code of `ip`.
int ref_make_veth(const char *one, const char *other, int mtu);

/// One process that sends for ever and one that receives, over so many TCP connections. Both end with the caller.
struct ref_stream {
    pid_t source, sink;
    /// Bytes received so far: shared memory.
    uint64_t *byte_count;
};

/// Starts both, each in its namespace, and returns at once; connections are tried until they stand.
/// - address: of the sink, IPv4 in dotted form.
/// - processor: where both run; -1: anywhere.
struct ref_stream ref_start_stream(
    int source_namespace, int sink_namespace, const char *address, uint16_t port, int connection_count, int processor);
void ref_end_stream(struct ref_stream *stream);

// MARK: Processes

/// `fork`: 0 in the child, which ends with its parent. Only while the caller has a single thread.
pid_t ref_fork(void);
/// Ends a child, and waits until it has.
void ref_kill(pid_t child);
/// Memory that children share, of zeros.
uint64_t *ref_share(int word_count);
/// Words of shared memory, which another process changes.
uint64_t ref_load(const uint64_t *word);
void ref_store(uint64_t *word, uint64_t value);
/// Says something on standard error, and ends the process.
_Noreturn void ref_fail(const char *sentence, int exit_code);
/// Keeps the calling thread on a processor.
void ref_pin(int processor);

// MARK: The same in C

/// Passes TCP over IPv4 between two TUNs with virtio headers, both ways, as two edges would: takes superframes apart,
/// finishes checksums, puts two labels (or an outer IPv4 header) and an Ethernet header before each packet; takes them away,
/// verifies, and puts superframes together.
/// - byte_count, limit: ends when `*stop` isn't 0.
/// - Returns the packets that it has found damaged.
uint64_t ref_pass_superframes(int tun_a, int tun_b, bool is_ipip, const uint64_t *stop);

/// The same as one edge: between a TUN and an Ethernet interface, by TPACKET_V3 and sendmmsg, until `*stop` isn't 0.
/// - mac, peer_mac: six octets each.
uint64_t ref_pass_edge(
    int tun, const char *interface, const uint8_t *mac, const uint8_t *peer_mac, bool is_ipip, const uint64_t *stop);
