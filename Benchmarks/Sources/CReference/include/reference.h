#pragma once
// The forwarding loop in plain C: what the Swift one is measured against.
//
// The same stages over the same records, byte for byte (the benchmark copies them over and checks their sizes), and
// over tables of the same layout that are built here, but lie in one piece each. IPv4 only.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A packet's descriptor: `Packet`.
struct ref_packet {
    uint32_t offset, byte_count;
    uint64_t timestamp;
    uint32_t counter, metered;
    uint16_t egress;
    uint8_t disposition, detail;
    uint16_t network_offset;
    uint32_t adjacency;
};

/// `PortEntry`.
struct ref_port {
    uint8_t is_network, is_ethernet, answers_denied, sends_errors;
    uint64_t mac;
};

/// `SubscriberEntry`.
struct ref_subscriber {
    uint16_t port;
    uint32_t tags, further, unused;
    uint16_t services[8];
    uint32_t admissions[8];
};

/// `TunnelEntry`.
struct ref_tunnel {
    uint16_t port;
    uint8_t hands_on_ttl;
    uint32_t tags, policer;
    uint64_t inner_class, remote[2], local[2];
};

/// `Conversion`.
struct ref_conversion {
    uint8_t header[40];
    uint32_t arrival, adjacency, subscriber, service, treatment;
    uint16_t max_inner;
    uint8_t header_bytes, kind;
};

/// `Treatment`. Of what it rewrites, only what policers do is measured.
struct ref_treatment {
    uint32_t rule_range, path_tunnel, policer, tunnel_policer, class_map;
    uint16_t segment_limit;
    uint8_t rewrites, unused;
    uint64_t reserved;
};

/// `Adjacency`.
struct ref_adjacency {
    uint8_t header[24];
    uint64_t address[2];
    uint16_t port;
    uint8_t header_bytes, state, version;
    uint8_t unused[19];
};

/// `NHLFE`.
struct ref_nhlfe {
    /// Bottom first.
    uint32_t labels[8];
    uint8_t label_count, pops;
    uint16_t mtu;
    uint32_t adjacency;
};

/// `Rule`.
struct ref_rule {
    uint8_t protocol4, protocol6, any_protocol, match;
    uint16_t lowest, highest;
    uint64_t dscps;
};

/// `PolicerEntry`, in the same units.
struct ref_policer {
    uint64_t committed_rate, peak_rate, committed_burst, peak_burst;
    /// By colour: 0 pass, 0x40 drop, 0x80 and a DSCP, 0xc0 and a traffic class.
    uint8_t actions[3];
};

/// `PolicerState`, but for the generation.
struct ref_policer_state {
    uint64_t committed, peak, time, unused;
};

/// A bucket of `BucketMatch`: tags of keys, and values; value 0 is free.
struct ref_bucket {
    uint32_t tags[8], values[8];
};

/// Keys of 40 bits in buckets that they overflow from into the next ones, up to seven further.
struct ref_buckets {
    struct ref_bucket *buckets;
    /// Homes of keys.
    uint64_t count;
};

/// A permutation of the numbers of 40 bits; a key's home is its share of the buckets, its tag the low 32 bits.
static inline uint64_t ref_mix(uint64_t key) {
    const uint64_t mask = 0xffffffffff;
    uint64_t product = key * 0x9e3779b97b & mask;
    return (product ^ product >> 20) * 0xbf58476d1d & mask;
}

struct ref_slot {
    uint64_t key;
    uint32_t value, unused;
};

/// Open addressing, linear probing, at most half full; value 0 is free.
struct ref_hash {
    struct ref_slot *slots;
    uint64_t mask;
    unsigned shift;
};

struct ref_node {
    uint64_t children, leaves;
    uint32_t child_base, leaf_base;
};

/// A poptrie over IPv4: 16 bits at once, then six at a time.
struct ref_poptrie {
    uint32_t *direct;
    struct ref_node *nodes;
    uint32_t *leaves;
};

struct ref_prefix {
    uint32_t bits, length, value;
};

struct ref_entry {
    uint64_t key;
    uint32_t value;
};

/// Everything the loop reads.
struct ref_tables {
    struct ref_port *ports;
    struct ref_subscriber *subscribers;
    struct ref_tunnel *tunnels;
    struct ref_conversion *conversions;
    struct ref_treatment *treatments;
    /// By tunnel; 0 where none has been learned.
    uint16_t *path_mtus;
    struct ref_adjacency *adjacencies;
    struct ref_nhlfe *nhlfes;
    struct ref_rule *rules;
    /// 2²⁰ entries: 0, an NHLFE's index plus one, or a tunnel's with bit 31 set.
    uint32_t *incoming_labels;
    /// A bit for each label that is a user label somewhere.
    uint64_t *bound_user_labels;
    struct ref_buckets user_labels, hosts4;
    struct ref_hash tunnel_endpoints, neighbours;
    /// Of subscribers, what isn't a single address.
    struct ref_poptrie subscribers4, services4;
    struct ref_policer *policers;
    struct ref_policer_state *policer_states;
};

/// One count: packets and bytes.
struct ref_count {
    uint64_t packets, bytes;
};

/// Where packets are counted to.
struct ref_counters {
    struct ref_count *sessions;
    uint64_t *ports_in, *ports_out, *drops, *totals;
};

/// Page-aligned zeroed memory, advised to lie on huge pages. Never given back.
void *ref_allocate(size_t byte_count);
/// Builds a hash of `count` distinct keys, values not 0.
struct ref_hash ref_hash_build(const struct ref_entry *entries, size_t count);
/// Builds buckets of `count` distinct keys below 2^40, values not 0.
struct ref_buckets ref_buckets_build(const struct ref_entry *entries, size_t count);
/// Builds a poptrie; the prefixes get sorted in place.
struct ref_poptrie ref_poptrie_build(struct ref_prefix *prefixes, size_t count);

/// One vector through the tables.
void ref_forward(struct ref_packet *packets, size_t count, uint8_t *arena, uint16_t port,
                 const struct ref_tables *tables, uint16_t *identification);
/// Counts a vector that has been sent.
void ref_account(const struct ref_packet *packets, size_t count, uint16_t port, const struct ref_counters *counters);

/// The processor's clock: TSC ticks, or nanoseconds where there is none. What stood before is done when it is read.
uint64_t ref_clock(void);
