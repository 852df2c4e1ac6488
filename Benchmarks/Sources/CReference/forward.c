// The loop: each stage over a batch of packets, the last one rewrites them.
#include "reference.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("popcnt"))), apply_to = function)
#endif

enum disposition { UNDECIDED, TRANSMIT, FORWARDED, PUNT, WAITING, CONSUMED, DROPPED };
enum punt { PUNT_ARP, PUNT_LOCAL, PUNT_RESOLVE, PUNT_TOO_BIG, PUNT_FRAGMENT, PUNT_TTL_EXPIRED,
            PUNT_LABEL_TTL_EXPIRED, PUNT_LABEL_TOO_BIG, PUNT_PROHIBITED };
enum drop {
    TRUNCATED_ETHERNET = 0, NOT_OUR_MAC, WRONG_VLAN, UNKNOWN_ETHER_TYPE,
    BAD_IP_VERSION = 7, TRUNCATED_IPV4, BAD_IPV4_HEADER_LENGTH, BAD_IPV4_TOTAL_LENGTH, BAD_IPV4_CHECKSUM,
    TRUNCATED_TRANSPORT = 14, TTL_EXPIRED, NOT_UNICAST, TOO_BIG,
    UNKNOWN_SUBSCRIBER = 18, SPOOFED_SOURCE, UNKNOWN_SERVICE, UNKNOWN_DESTINATION, NOT_ADMITTED,
    FRAGMENT_WITHOUT_PORTS, WRONG_LEG, POLICED,
    TRUNCATED_LABEL_STACK = 26, UNKNOWN_LABEL, RESERVED_LABEL, LABEL_OUT_OF_CONTEXT, MISSING_USER_LABEL,
    MISSING_BOTTOM_OF_STACK, EARLY_BOTTOM_OF_STACK, LABEL_STACK_TOO_DEEP, ASSOCIATED_CHANNEL,
    UNKNOWN_TUNNEL_ENDPOINT = 35, OUTER_FRAGMENT, ECN_MISMATCH,
    RECURSIVE_ENCAPSULATION = 39, INNER_SOURCE_MISMATCH, INNER_DESTINATION_MISMATCH,
};
enum encapsulation { PLAIN, MPLS, IPV4 };
enum adjacency_state { DIRECT, RESOLVED, INCOMPLETE, ON_LINK };
enum direction { UP, DOWN };
enum match { NOTHING, PORTS, ICMP };

#define COPY_TTL 1
#define COPY_CLASS 2
#define COPY_DF 4
#define COMPATIBLE_ECN 8
#define IS_GROUPED 0x80
#define NO_COUNTER UINT32_MAX
#define LOCAL 0x40000000u
#define CONFINED 0x40000001u
#define TUNNEL_FLAG 0x80000000u
#define GROUP_FLAG 0x80000000u
#define PORT_CONTEXT ((uint64_t)1 << 36)
#define KEEP_CLASS 0x4040404040404040u
#define MAXIMUM_LABELS 8
#define BOTTOM_OF_STACK 0x100u
#define BATCH 64

/// What is still to be found out about a packet, for the next stages: `Pending`.
enum kind { DECIDED, PLAIN_IP, DECAPSULATED, LABELLED, UNLABELLED };
struct pending {
    uint8_t kind, direction, outer_class;
    uint32_t header, byte_count, tags, subscriber, service, conversion, tunnel, user, topmost;
    uint64_t context;
};

typedef const struct ref_tables tables;

/// What the tables that are measured don't have: several paths, policers, what is rewritten.
static inline void not_measured(void) { __builtin_trap(); }

/// A subscriber or service, rather than none, our own address, or what no router forwards.
static inline bool is_index(uint32_t found) { return found - 1 < 0x3fffffff; }
static inline bool is_unforwarded(uint32_t found) { return found >= LOCAL; }

static inline uint16_t load16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, 2);
    return __builtin_bswap16(v);
}
static inline uint32_t load32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}
static inline void store16(uint8_t *p, uint16_t v) {
    v = __builtin_bswap16(v);
    memcpy(p, &v, 2);
}
static inline void store32(uint8_t *p, uint32_t v) {
    v = __builtin_bswap32(v);
    memcpy(p, &v, 4);
}

static inline void drop(struct ref_packet *p, enum drop reason) {
    p->disposition = DROPPED;
    p->detail = reason;
}
static inline void punt(struct ref_packet *p, enum punt reason) {
    p->disposition = PUNT;
    p->detail = reason;
}

static inline uint16_t fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static inline uint32_t hash_find(const struct ref_hash *hash, uint64_t key) {
    uint64_t index = key * 0x9e3779b97f4a7c15 >> hash->shift;
    for (;; index = (index + 1) & hash->mask) {
        const struct ref_slot *slot = &hash->slots[index];
        if (slot->key == key || slot->value == 0)
            return slot->value;
    }
}

/// A bit for each of eight aligned numbers that is `value`.
static inline uint32_t match_8x32(const uint32_t *numbers, uint32_t value) {
#if defined(__SSE2__)
    const __m128i *halves = (const __m128i *)numbers;
    __m128i wanted = _mm_set1_epi32((int)value);
    __m128i low = _mm_cmpeq_epi32(_mm_load_si128(halves), wanted);
    __m128i high = _mm_cmpeq_epi32(_mm_load_si128(halves + 1), wanted);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
#else
    uint32_t places = 0;
    for (int place = 0; place < 8; place++)
        places |= (uint32_t)(numbers[place] == value) << place;
    return places;
#endif
}

static inline uint32_t match_8x16(const uint16_t *numbers, uint16_t value) {
#if defined(__SSE2__)
    __m128i equal = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)numbers), _mm_set1_epi16((short)value));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
    uint32_t places = 0;
    for (int place = 0; place < 8; place++)
        places |= (uint32_t)(numbers[place] == value) << place;
    return places;
#endif
}

static inline void bucket_prefetch(const struct ref_buckets *t, uint64_t key) {
    __builtin_prefetch(&t->buckets[ref_mix(key) * t->count >> 40]);
}

static inline uint32_t bucket_find(const struct ref_buckets *t, uint64_t key) {
    uint64_t mixed = ref_mix(key);
    const struct ref_bucket *bucket = &t->buckets[mixed * t->count >> 40];
    for (int further = 0; further < 8; further++, bucket++) {
        uint32_t places = match_8x32(bucket->tags, (uint32_t)mixed);
        if (places != 0)
            return bucket->values[__builtin_ctz(places)];
        if (bucket->values[7] == 0)
            return 0;
    }
    return 0;
}

static inline uint32_t poptrie_find(const struct ref_poptrie *trie, uint32_t address) {
    uint32_t entry = trie->direct[address >> 16];
    if (!(entry >> 31))
        return entry;
    entry ^= 1u << 31;
    for (uint32_t rest = address << 16;; rest <<= 6) {
        const struct ref_node *node = &trie->nodes[entry];
        uint64_t bit = (uint64_t)1 << (rest >> 26);
        if (!(node->children & bit))
            return trie->leaves[node->leaf_base + __builtin_popcountll(node->leaves & (bit | (bit - 1))) - 1];
        entry = node->child_base + (uint32_t)__builtin_popcountll(node->children & (bit - 1));
    }
}

static inline uint32_t subscriber_find(const struct ref_tables *t, uint32_t address) {
    uint32_t found = bucket_find(&t->hosts4, address);
    return found != 0 ? found : poptrie_find(&t->subscribers4, address);
}

/// What is wrong with an IPv4 header, or -1.
static inline int ipv4_fault(const uint8_t *ip, size_t available) {
    if (available < 20)
        return TRUNCATED_IPV4;
    size_t header_bytes = 20, total = load16(ip + 2);
    if (ip[0] != 0x45) {
        if (ip[0] >> 4 != 4)
            return BAD_IP_VERSION;
        header_bytes = (size_t)(ip[0] & 15) * 4;
        if (header_bytes < 20)
            return BAD_IPV4_HEADER_LENGTH;
        if (header_bytes > available)
            return TRUNCATED_IPV4;
    }
    if (total < header_bytes || total > available)
        return BAD_IPV4_TOTAL_LENGTH;
    uint64_t a, b, sum;
    uint32_t word;
    memcpy(&a, ip, 8);
    memcpy(&b, ip + 8, 8);
    memcpy(&word, ip + 16, 4);
    sum = (a & 0xffffffff) + (a >> 32) + (b & 0xffffffff) + (b >> 32) + word;
    if (__builtin_expect(header_bytes > 20, 0))
        for (size_t k = 20; k < header_bytes; k += 4) {
            memcpy(&word, ip + k, 4);
            sum += word;
        }
    return fold(sum) == 0xffff ? -1 : BAD_IPV4_CHECKSUM;
}

static inline void set_ttl(uint8_t *ip, uint8_t ttl) {
    uint16_t old = load16(ip + 8), new = (uint16_t)(ttl << 8 | (old & 0xff));
    store16(ip + 8, new);
    store16(ip + 10, (uint16_t)~fold((uint64_t)(uint16_t)~load16(ip + 10) + (uint16_t)~old + new));
}

static inline void decrement_ttl(uint8_t *ip) {
    uint16_t check;
    memcpy(&check, ip + 10, 2);
    uint32_t sum = check + 1u;
    check = (uint16_t)(sum + (sum >= 0xffff));
    ip[8]--;
    memcpy(ip + 10, &check, 2);
}

static inline void set_traffic_class(uint8_t *ip, uint8_t value) {
    uint16_t old = load16(ip), new = (uint16_t)((old & 0xff00) | value);
    store16(ip, new);
    store16(ip + 10, (uint16_t)~fold((uint64_t)(uint16_t)~load16(ip + 10) + (uint16_t)~old + new));
}

/// Why the rules of a conversion refuse the packet, or -1.
static inline int refusal(tables *t, const struct ref_conversion *c, enum direction direction, const uint8_t *ip) {
    if (c->treatment == 0)
        return -1;
    uint32_t range = t->treatments[c->treatment].rule_range;
    unsigned count = range >> 24;
    if (count == 0)
        return -1;
    const struct ref_rule *rule = t->rules + (range & 0xffffff);
    size_t byte_count = load16(ip + 2), transport = (size_t)(ip[0] & 15) * 4;
    int reason = NOT_ADMITTED;
    for (; count > 0; count--, rule++) {
        if (!rule->any_protocol && rule->protocol4 != ip[9])
            continue;
        if (rule->dscps != UINT64_MAX && !(rule->dscps >> (ip[1] >> 2) & 1))
            continue;
        if (rule->match == PORTS) {
            if (load16(ip + 6) & 0x1fff) {
                reason = FRAGMENT_WITHOUT_PORTS;
                continue;
            }
            if (transport + 4 > byte_count) {
                reason = TRUNCATED_TRANSPORT;
                continue;
            }
            uint16_t port = load16(ip + transport + (direction == UP ? 2 : 0));
            if (port < rule->lowest || port > rule->highest)
                continue;
        } else if (rule->match == ICMP) {
            if (load16(ip + 6) & 0x1fff) {
                reason = FRAGMENT_WITHOUT_PORTS;
                continue;
            }
            if (transport >= byte_count) {
                reason = TRUNCATED_TRANSPORT;
                continue;
            }
            uint8_t type = direction == UP ? (uint8_t)(rule->lowest >> 8) : (uint8_t)rule->lowest;
            if (ip[transport] != type || type == 255)
                continue;
        }
        return -1;
    }
    return reason;
}

static inline void accept(struct ref_packet *p, uint32_t conversion, size_t inner, size_t byte_count) {
    p->counter = conversion;
    p->network_offset = (uint16_t)(inner - p->offset);
    p->metered = (uint32_t)byte_count;
    p->disposition = TRANSMIT;
}

static inline void drop_pending(struct ref_packet *p, struct pending *q, enum drop reason) {
    q->kind = DECIDED;
    drop(p, reason);
}

/// The session's number plus one, or 0.
static inline uint32_t find_session(tables *t, uint32_t subscriber, uint32_t service) {
    const struct ref_subscriber *entry = &t->subscribers[subscriber - 1];
    uint32_t places = match_8x16(entry->services, (uint16_t)(service - 1));
    uint32_t found = places != 0 ? entry->admissions[__builtin_ctz(places)] : 0;
    if (found & GROUP_FLAG || (found == 0 && entry->further != 0))
        not_measured();
    return found;
}

// MARK: Stage 1

static inline void parse_decapsulated(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q,
                                      size_t inner, size_t end, uint32_t tunnel, uint8_t outer_class) {
    int fault = ipv4_fault(arena + inner, end - inner);
    if (fault >= 0)
        return drop(p, fault);
    bucket_prefetch(&t->hosts4, load32(arena + inner + 16));
    q->kind = DECAPSULATED;
    q->header = (uint32_t)inner;
    q->byte_count = load16(arena + inner + 2);
    q->tunnel = tunnel;
    q->outer_class = outer_class;
}

/// Addressed to this node.
static inline void classify_local(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q,
                                  size_t header, uint32_t tags, uint16_t port) {
    const uint8_t *ip = arena + header;
    if (!t->ports[port].is_network || ip[9] != 4)
        return punt(p, PUNT_LOCAL);
    if (load16(ip + 6) & 0x3fff)
        return drop(p, OUTER_FRAGMENT);
    uint32_t found = hash_find(&t->tunnel_endpoints, (uint64_t)load32(ip + 12) << 32 | load32(ip + 16));
    if (found == 0)
        return drop(p, UNKNOWN_TUNNEL_ENDPOINT);
    const struct ref_tunnel *tunnel = &t->tunnels[found - 1];
    if (tunnel->port != port)
        return drop(p, UNKNOWN_TUNNEL_ENDPOINT);
    if (tunnel->tags != tags)
        return drop(p, WRONG_VLAN);
    parse_decapsulated(t, p, arena, q, header + (ip[0] & 15) * 4u, header + load16(ip + 2), found - 1, ip[1]);
}

static inline void parse_plain(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q, size_t header,
                               size_t end, uint32_t tags, uint16_t port) {
    const uint8_t *ip = arena + header;
    int fault = ipv4_fault(ip, end - header);
    if (fault >= 0)
        return drop(p, fault);
    bool is_up = !t->ports[port].is_network;
    if (!is_up && ip[9] == 4 && subscriber_find(t, load32(ip + 16)) == LOCAL)
        return classify_local(t, p, arena, q, header, tags, port);
    bucket_prefetch(&t->hosts4, load32(is_up ? ip + 12 : ip + 16));
    q->kind = PLAIN_IP;
    q->header = (uint32_t)header;
    q->byte_count = load16(ip + 2);
    q->tags = tags;
}

static inline void parse_user_label(tables *t, struct pending *q, size_t inner, size_t end, uint32_t tags,
                                    uint32_t user, uint64_t context, uint32_t top) {
    bucket_prefetch(&t->user_labels, context << 20 | user >> 12);
    q->kind = LABELLED;
    q->header = (uint32_t)inner;
    q->byte_count = (uint32_t)(end - inner);
    q->tags = tags;
    q->user = user;
    q->topmost = top;
    q->context = context;
}

/// What is wrong with a tunnel's path label, or -1.
static inline int path_fault(tables *t, uint32_t path, uint32_t tunnel, uint32_t tags, uint16_t port) {
    if (t->tunnels[tunnel].port != port)
        return LABEL_OUT_OF_CONTEXT;
    if (t->tunnels[tunnel].tags != tags)
        return WRONG_VLAN;
    return path & BOTTOM_OF_STACK ? MISSING_USER_LABEL : -1;
}

/// The rest of a label stack that begins with a special-purpose label; `context` as in the keys of user labels.
static void parse_nulls(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q, size_t stack,
                        size_t end, uint32_t tags, uint64_t context, uint32_t top, unsigned followed, uint16_t port) {
    for (; followed < MAXIMUM_LABELS; followed++) {
        if (end - stack < 4)
            return drop(p, TRUNCATED_LABEL_STACK);
        uint32_t entry = load32(arena + stack), label = entry >> 12;
        stack += 4;
        if (label < 16) {
            if (label != 0 && label != 2)
                return drop(p, label == 13 ? ASSOCIATED_CHANNEL : RESERVED_LABEL);
            if (entry & BOTTOM_OF_STACK)
                return drop(p, MISSING_USER_LABEL);
            continue;
        }
        uint32_t incoming = context & PORT_CONTEXT >> 20 ? t->incoming_labels[label] : 0;
        if (incoming == 0)
            return parse_user_label(t, q, stack, end, tags, entry, context, top);
        if (!(incoming & TUNNEL_FLAG))
            return drop(p, LABEL_OUT_OF_CONTEXT);
        context = (incoming ^ TUNNEL_FLAG) - 1;
        int fault = path_fault(t, entry, (uint32_t)context, tags, port);
        if (fault >= 0)
            return drop(p, fault);
    }
    drop(p, LABEL_STACK_TOO_DEEP);
}

static inline void parse_labels(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q, size_t stack,
                                size_t end, uint32_t tags, uint16_t port) {
    if (end - stack < 4)
        return drop(p, TRUNCATED_LABEL_STACK);
    uint32_t top = load32(arena + stack);
    uint64_t on_port = PORT_CONTEXT >> 20 | port;
    if (top >> 12 < 16)
        return parse_nulls(t, p, arena, q, stack, end, tags, on_port, top, 0, port);
    uint32_t entry = t->incoming_labels[top >> 12];
    if (entry == 0)
        return parse_user_label(t, q, stack + 4, end, tags, top, on_port, top);
    if (entry & TUNNEL_FLAG) {
        uint32_t tunnel = (entry ^ TUNNEL_FLAG) - 1;
        int fault = path_fault(t, top, tunnel, tags, port);
        if (fault >= 0)
            return drop(p, fault);
        if (end - stack < 8)
            return drop(p, TRUNCATED_LABEL_STACK);
        uint32_t user = load32(arena + stack + 4);
        if (user >> 12 < 16)
            return parse_nulls(t, p, arena, q, stack + 4, end, tags, tunnel, top, 1, port);
        return parse_user_label(t, q, stack + 8, end, tags, user, tunnel, top);
    }
    // A subscriber must not go past admission and the bill by a label.
    if (!t->ports[port].is_network)
        return drop(p, LABEL_OUT_OF_CONTEXT);
    const char *nhlfe = (const char *)&t->nhlfes[entry - 1];
    __builtin_prefetch(nhlfe);
    __builtin_prefetch(nhlfe + sizeof(struct ref_nhlfe) - 1);
    p->adjacency = entry - 1;
    p->disposition = TRANSMIT;
}

/// Tagged frames, and frames that aren't addressed to this port.
static __attribute__((noinline)) void parse_other_frame(tables *t, struct ref_packet *p, const uint8_t *arena,
                                                        struct pending *q, size_t start, size_t end, uint16_t port) {
    const uint8_t *frame = arena + start;
    uint64_t destination;
    memcpy(&destination, frame, 8);
    destination = __builtin_bswap64(destination) >> 16;
    uint16_t type = load16(frame + 12);
    size_t header_bytes = 14;
    uint32_t tags = 0;
    if (type == 0x8100 || type == 0x88a8) {
        if (end - start < 18)
            return drop(p, TRUNCATED_ETHERNET);
        tags = load16(frame + 14) & 0xfff;
        type = load16(frame + 16);
        header_bytes = 18;
        if (type == 0x8100) {
            if (end - start < 22)
                return drop(p, TRUNCATED_ETHERNET);
            tags = tags << 16 | (load16(frame + 18) & 0xfff);
            type = load16(frame + 20);
            header_bytes = 22;
        }
    }
    p->network_offset = (uint16_t)header_bytes;
    bool is_group = frame[0] & 1;
    if (!is_group && destination != t->ports[port].mac)
        return drop(p, NOT_OUR_MAC);
    if (type == 0x0806)
        return punt(p, PUNT_ARP);
    if (is_group)
        return drop(p, NOT_UNICAST);
    if (type == 0x8847)
        parse_labels(t, p, arena, q, start + header_bytes, end, tags, port);
    else if (type == 0x0800)
        parse_plain(t, p, arena, q, start + header_bytes, end, tags, port);
    else
        drop(p, UNKNOWN_ETHER_TYPE);
}

static inline void parse(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q, uint16_t port) {
    q->kind = DECIDED;
    if (p->disposition != UNDECIDED)
        return;
    size_t start = p->offset, end = start + p->byte_count;
    p->network_offset = 0;
    if (!t->ports[port].is_ethernet)
        return parse_plain(t, p, arena, q, start, end, 0, port);
    if (end - start < 14)
        return drop(p, TRUNCATED_ETHERNET);
    const uint8_t *frame = arena + start;
    uint64_t destination;
    memcpy(&destination, frame, 8);
    destination = __builtin_bswap64(destination) >> 16;
    uint16_t type = load16(frame + 12);
    if (destination != t->ports[port].mac || (type != 0x0800 && type != 0x8847))
        return parse_other_frame(t, p, arena, q, start, end, port);
    p->network_offset = 14;
    if (type == 0x0800)
        parse_plain(t, p, arena, q, start + 14, end, 0, port);
    else
        parse_labels(t, p, arena, q, start + 14, end, 0, port);
}

// MARK: Stage 2

/// Down, or up if these addresses don't: for now.
static inline void find_decapsulated(tables *t, const uint8_t *arena, struct pending *q) {
    const uint8_t *ip = arena + q->header;
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    q->direction = DOWN;
    q->subscriber = subscriber_find(t, destination);
    q->service = poptrie_find(&t->services4, source);
    if (!is_index(q->subscriber) || !is_index(q->service)) {
        q->direction = UP;
        q->subscriber = subscriber_find(t, source);
        q->service = poptrie_find(&t->services4, destination);
    }
    if (is_index(q->subscriber))
        __builtin_prefetch(&t->subscribers[q->subscriber - 1]);
}

static inline void find_plain(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q, uint16_t port) {
    const uint8_t *ip = arena + q->header;
    bool is_up = !t->ports[port].is_network;
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    uint32_t subscriber = subscriber_find(t, is_up ? source : destination);
    uint32_t service = poptrie_find(&t->services4, is_up ? destination : source);
    uint32_t receiver = is_up ? service : subscriber;
    if (is_unforwarded(receiver)) {
        q->kind = DECIDED;
        if (receiver != LOCAL)
            return drop(p, NOT_UNICAST);
        classify_local(t, p, arena, q, q->header, q->tags, port);
        if (q->kind == DECAPSULATED)
            find_decapsulated(t, arena, q);
        return;
    }
    if (is_up) {
        if (!is_index(subscriber))
            return drop_pending(p, q, subscriber == LOCAL ? SPOOFED_SOURCE : UNKNOWN_SUBSCRIBER);
    } else {
        if (q->tags != 0)
            return drop_pending(p, q, WRONG_VLAN);
        if (subscriber == 0)
            return drop_pending(p, q, UNKNOWN_DESTINATION);
        if (service == LOCAL)
            return drop_pending(p, q, SPOOFED_SOURCE);
    }
    __builtin_prefetch(&t->subscribers[subscriber - 1]);
    q->subscriber = subscriber;
    q->service = service;
}

static inline void find_labelled(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q) {
    uint32_t found = bucket_find(&t->user_labels, q->context << 20 | q->user >> 12);
    if (found == 0) {
        bool is_bound = t->bound_user_labels[q->user >> 18] >> (q->user >> 12 & 63) & 1;
        return drop_pending(p, q, is_bound ? LABEL_OUT_OF_CONTEXT : UNKNOWN_LABEL);
    }
    q->conversion = found - 1;
    __builtin_prefetch(&t->conversions[found - 1]);
    if (q->byte_count > 0)
        bucket_prefetch(&t->hosts4, load32(arena + q->header + ((found - 1) % 2 == UP ? 12 : 16)));
}

// MARK: Stage 3

/// Accepts the packet, or says why not.
static inline int admit_hairpin(tables *t, struct ref_packet *p, const uint8_t *arena, size_t header, uint16_t port,
                                uint32_t subscriber, uint32_t service) {
    uint32_t session = find_session(t, subscriber, service);
    if (session == 0)
        return NOT_ADMITTED;
    uint32_t index = (session - 1) * 2 + DOWN;
    const struct ref_conversion *c = &t->conversions[index];
    if (c->arrival != port)
        return WRONG_LEG;
    int refused = refusal(t, c, DOWN, arena + header);
    if (refused >= 0)
        return refused;
    accept(p, index, header, load16(arena + header + 2));
    return -1;
}

/// The second look at what was refused: whether it is a subscriber's answer to another. ICMP errors about sessions'
/// packets are not measured, and none of the packets is one.
static __attribute__((noinline)) void classify_refused(tables *t, struct ref_packet *p, const uint8_t *arena,
                                                       size_t header, uint16_t port, enum drop reason) {
    if (reason == WRONG_LEG)
        return drop(p, reason);
    const uint8_t *ip = arena + header;
    bool is_access = !t->ports[port].is_network;
    if (is_access) {
        uint32_t subscriber = subscriber_find(t, load32(ip + 16));
        uint32_t service = is_index(subscriber) ? poptrie_find(&t->services4, load32(ip + 12)) : 0;
        if (is_index(service) && admit_hairpin(t, p, arena, header, port, subscriber, service) < 0)
            return;
    }
    bool is_denial = reason == NOT_ADMITTED || reason == UNKNOWN_SERVICE || reason == FRAGMENT_WITHOUT_PORTS;
    if (!is_access || !is_denial || !t->ports[port].answers_denied)
        return drop(p, reason);
    punt(p, PUNT_PROHIBITED);
    p->metered = reason;
}

static inline void admit_plain(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q,
                               uint16_t port) {
    enum direction direction = DOWN;
    if (!t->ports[port].is_network) {
        const struct ref_subscriber *owner = &t->subscribers[q->subscriber - 1];
        if (owner->port != port)
            return drop_pending(p, q, SPOOFED_SOURCE);
        if (owner->tags != q->tags)
            return drop_pending(p, q, WRONG_VLAN);
        direction = UP;
    }
    uint32_t session = is_index(q->service) ? find_session(t, q->subscriber, q->service) : 0;
    if (session == 0) {
        q->kind = DECIDED;
        return classify_refused(t, p, arena, q->header, port, is_index(q->service) ? NOT_ADMITTED : UNKNOWN_SERVICE);
    }
    q->conversion = (session - 1) * 2 + direction;
    __builtin_prefetch(&t->conversions[q->conversion]);
}

static inline void admit_decapsulated(tables *t, struct pending *q) {
    q->conversion = NO_COUNTER;
    if (!is_index(q->subscriber) || !is_index(q->service))
        return;
    uint32_t session = find_session(t, q->subscriber, q->service);
    if (session == 0)
        return;
    q->conversion = (session - 1) * 2 + q->direction;
    __builtin_prefetch(&t->conversions[q->conversion]);
}

/// What stands below a user label that should have been the last.
static void classify_below_user_label(struct ref_packet *p, const uint8_t *arena, size_t stack, size_t end) {
    bool is_channel = end - stack >= 4 && load32(arena + stack) >> 12 == 13;
    drop(p, is_channel ? ASSOCIATED_CHANNEL : MISSING_BOTTOM_OF_STACK);
}

static inline void admit_labelled(tables *t, struct ref_packet *p, const uint8_t *arena, struct pending *q) {
    const struct ref_conversion *c = &t->conversions[q->conversion];
    // Under a path label the tunnel's tags have been looked at.
    if (q->context & PORT_CONTEXT >> 20 && t->tunnels[c->arrival & ~TUNNEL_FLAG].tags != q->tags)
        return drop_pending(p, q, WRONG_VLAN);
    if (!(q->user & BOTTOM_OF_STACK)) {
        q->kind = DECIDED;
        return classify_below_user_label(p, arena, q->header, q->header + q->byte_count);
    }
    if (q->byte_count == 0)
        return drop_pending(p, q, TRUNCATED_IPV4);
    const uint8_t *ip = arena + q->header;
    int fault = ipv4_fault(ip, q->byte_count);
    // What begins with another number than 4 is no IPv4 packet, however short.
    if (ip[0] >> 4 != 4)
        fault = BAD_IP_VERSION;
    if (fault >= 0)
        return drop_pending(p, q, fault);
    if (c->kind & IS_GROUPED)
        not_measured();
    enum direction direction = q->conversion & 1;
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    q->byte_count = load16(ip + 2);
    q->subscriber = subscriber_find(t, direction == DOWN ? destination : source);
    q->service = poptrie_find(&t->services4, direction == DOWN ? source : destination);
    q->kind = UNLABELLED;
}

// MARK: Stage 4

/// The conversion of a decapsulated packet in one direction, if it arrived by its tunnel. Else why there is none, as
/// far as the look-ups got.
static __attribute__((noinline)) uint32_t match(tables *t, enum direction direction, const uint8_t *ip, uint32_t tunnel,
                                                enum drop *reason) {
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    uint32_t subscriber = subscriber_find(t, direction == DOWN ? destination : source);
    uint32_t service = poptrie_find(&t->services4, direction == DOWN ? source : destination);
    *reason = INNER_SOURCE_MISMATCH;
    if (!is_index(direction == DOWN ? service : subscriber))
        return NO_COUNTER;
    *reason = INNER_DESTINATION_MISMATCH;
    if (!is_index(direction == DOWN ? subscriber : service))
        return NO_COUNTER;
    *reason = NOT_ADMITTED;
    uint32_t session = find_session(t, subscriber, service);
    if (session == 0)
        return NO_COUNTER;
    *reason = WRONG_LEG;
    uint32_t index = (session - 1) * 2 + direction;
    return t->conversions[index].arrival == (tunnel | TUNNEL_FLAG) ? index : NO_COUNTER;
}

static inline int progress(enum drop reason) {
    switch (reason) {
    case WRONG_LEG: return 3;
    case NOT_ADMITTED: return 2;
    case INNER_DESTINATION_MISMATCH: return 1;
    default: return 0;
    }
}

/// Whether the packet is accepted.
static inline bool finish_decapsulated(tables *t, struct ref_packet *p, uint8_t *arena, const struct pending *q) {
    uint8_t *ip = arena + q->header;
    uint32_t index = q->conversion;
    if (index == NO_COUNTER || t->conversions[index].arrival != (q->tunnel | TUNNEL_FLAG)) {
        enum drop down, up;
        index = match(t, DOWN, ip, q->tunnel, &down);
        if (index == NO_COUNTER) {
            index = match(t, UP, ip, q->tunnel, &up);
            if (index == NO_COUNTER)
                return drop(p, progress(up) >= progress(down) ? up : down), false;
        }
    }
    uint8_t before = ip[1], ecn = before & 3, outer_ecn = q->outer_class & 3;
    if (outer_ecn == 3) {
        if (ecn == 0)
            return drop(p, ECN_MISMATCH), false;
        ecn = 3;
    } else if (outer_ecn == 1 && ecn == 2) {
        ecn = 1;
    }
    int refused = refusal(t, &t->conversions[index], index & 1, ip);
    if (refused >= 0)
        return drop(p, refused), false;
    uint8_t after = (before & 0xfc) | ecn;
    if (t->tunnels[q->tunnel].inner_class == UINT64_MAX)
        after = (q->outer_class & 0xfc) | ecn;
    if (after != before)
        set_traffic_class(ip, after);
    accept(p, index, q->header, q->byte_count);
    return true;
}

static inline bool finish_plain(tables *t, struct ref_packet *p, const uint8_t *arena, const struct pending *q,
                                uint16_t port) {
    const struct ref_conversion *c = &t->conversions[q->conversion];
    int refused = c->arrival != port ? WRONG_LEG : refusal(t, c, q->conversion & 1, arena + q->header);
    if (refused >= 0) {
        classify_refused(t, p, arena, q->header, port, refused);
        return p->disposition == TRANSMIT;
    }
    accept(p, q->conversion, q->header, q->byte_count);
    return true;
}

static inline bool finish_unlabelled(tables *t, struct ref_packet *p, uint8_t *arena, const struct pending *q,
                                     uint16_t port) {
    const struct ref_conversion *c = &t->conversions[q->conversion];
    uint8_t *ip = arena + q->header;
    enum direction direction = q->conversion & 1;
    bool subscriber_fits = is_index(q->subscriber) && q->subscriber - 1 == c->subscriber;
    bool service_fits = is_index(q->service) && q->service - 1 == c->service;
    if (!(direction == DOWN ? service_fits : subscriber_fits))
        return drop(p, INNER_SOURCE_MISMATCH), false;
    if (!(direction == DOWN ? subscriber_fits : service_fits))
        return drop(p, INNER_DESTINATION_MISMATCH), false;
    int refused = refusal(t, c, direction, ip);
    if (refused >= 0)
        return drop(p, refused), false;
    uint8_t ttl = (uint8_t)q->topmost;
    if (ttl <= 1) {
        if (!t->ports[port].sends_errors)
            return drop(p, TTL_EXPIRED), false;
        p->counter = q->conversion;
        return punt(p, PUNT_LABEL_TTL_EXPIRED), false;
    }
    const struct ref_tunnel *tunnel = &t->tunnels[c->arrival & ~TUNNEL_FLAG];
    if (c->arrival & TUNNEL_FLAG && tunnel->hands_on_ttl)
        set_ttl(ip, ttl);
    if (tunnel->inner_class != KEEP_CLASS) {
        uint8_t code_point = (uint8_t)(tunnel->inner_class >> 8 * (q->topmost >> 9 & 7));
        uint8_t class = (uint8_t)(code_point << 2 | (ip[1] & 3));
        if (code_point < 64 && class != ip[1])
            set_traffic_class(ip, class);
    }
    accept(p, q->conversion, q->header, q->byte_count);
    return true;
}

static inline void leave(struct ref_packet *p, uint8_t *arena, size_t start, size_t byte_count,
                         const struct ref_adjacency *adjacency, uint16_t ether_type) {
    size_t link_bytes = adjacency->header_bytes;
    if (link_bytes > 0) {
        memcpy(arena + start - 24, adjacency->header, 24);
        store16(arena + start - 2, ether_type);
    }
    p->offset = (uint32_t)(start - link_bytes);
    p->byte_count = (uint32_t)(byte_count + link_bytes);
    p->egress = adjacency->port;
}

static inline void push_labels(uint8_t *ip, const struct ref_conversion *c) {
    unsigned flags = c->kind >> 2 & 15;
    uint32_t ttl = flags & COPY_TTL ? ip[8] : 0, class = flags & COPY_CLASS ? (uint32_t)ip[1] >> 5 : 0;
    uint32_t patch = __builtin_bswap32(ttl | class << 9);
    uint64_t labels;
    memcpy(&labels, c->header + 32, 8);
    labels |= patch | (uint64_t)patch << 32;
    memcpy(ip - 8, &labels, 8);
    if (c->header_bytes <= 8)
        return;
    for (int place = 24; place >= 8; place -= 8) {
        memcpy(&labels, c->header + place, 8);
        labels |= patch | (uint64_t)patch << 32;
        memcpy(ip - 40 + place, &labels, 8);
    }
}

static inline void push_outer_ipv4(uint8_t *ip, const struct ref_conversion *c, size_t inner_bytes,
                                   uint16_t *identification) {
    unsigned flags = c->kind >> 2 & 15;
    uint8_t *outer = ip - 20;
    bool dont_fragment = !(flags & COPY_DF) || ip[6] & 0x40;
    uint8_t ecn = flags & COMPATIBLE_ECN ? 0 : ip[1] & 3, dscp = flags & COPY_CLASS ? ip[1] & 0xfc : c->header[21];
    uint8_t ttl = flags & COPY_TTL ? ip[8] : 0;
    uint16_t id = dont_fragment ? 0 : (*identification)++;
    uint16_t first = (uint16_t)(0x4500 | dscp | ecn), fragment = dont_fragment ? 0x4000 : 0;
    uint16_t byte_count = (uint16_t)(inner_bytes + 20);
    uint64_t sum = (uint64_t)load16(c->header + 30) + first + byte_count + id + fragment + (uint16_t)(ttl << 8 | 4);
    memcpy(outer - 4, c->header + 16, 24);
    store16(outer, first);
    store16(outer + 2, byte_count);
    store16(outer + 4, id);
    store16(outer + 6, fragment);
    outer[8] |= ttl;
    outer[9] = 4;
    store16(outer + 10, (uint16_t)~fold(sum));
}

static inline void relabel(tables *t, struct ref_packet *p, uint8_t *arena, uint16_t port) {
    const struct ref_nhlfe *nhlfe = &t->nhlfes[p->adjacency];
    size_t stack = p->offset + p->network_offset, end = p->offset + p->byte_count;
    uint8_t *label = arena + stack;
    uint32_t top = load32(label);
    uint8_t ttl = (uint8_t)top;
    if (ttl <= 1)
        return t->ports[port].sends_errors ? punt(p, PUNT_LABEL_TTL_EXPIRED) : drop(p, TTL_EXPIRED);
    unsigned count = nhlfe->label_count;
    size_t start = stack + 4 - 4 * count;
    if (end - start > nhlfe->mtu)
        return punt(p, PUNT_LABEL_TOO_BIG);
    p->metered = (uint32_t)(end - start);
    p->adjacency = nhlfe->adjacency;
    const struct ref_adjacency *adjacency = &t->adjacencies[nhlfe->adjacency];
    if (adjacency->state == INCOMPLETE)
        return punt(p, PUNT_RESOLVE);
    uint16_t ether_type = 0x8847;
    if (count == 0) {
        uint8_t *exposed = label + 4;
        if (!(top & 0x100)) {
            if (end - stack < 8)
                return drop(p, TRUNCATED_LABEL_STACK);
            exposed[3] = ttl - 1;
        } else {
            int fault = ipv4_fault(exposed, end - stack - 4);
            if (fault >= 0)
                return drop(p, fault);
            set_ttl(exposed, ttl - 1);
            p->metered = load16(exposed + 2);
            ether_type = 0x0800;
        }
    } else {
        uint32_t shared = (top & 0xe00) | (ttl - 1u);
        if (nhlfe->pops) {
            if (top & 0x100)
                return drop(p, EARLY_BOTTOM_OF_STACK);
            if (end - stack < 8)
                return drop(p, TRUNCATED_LABEL_STACK);
            label[7] = ttl - 1;
        }
        store32(label, nhlfe->labels[0] << 12 | shared | (top & 0x100));
        for (unsigned k = 1; k < count; k++)
            store32(label - 4 * k, nhlfe->labels[k] << 12 | shared);
    }
    leave(p, arena, start, p->metered, adjacency, ether_type);
}

/// What is missing in a bucket after some time of filling.
static inline uint64_t filled(uint64_t missing, uint64_t elapsed, uint64_t rate) {
    uint64_t product;
    return __builtin_mul_overflow(elapsed, rate, &product) || product >= missing ? 0 : missing - product;
}

/// What becomes of the packet by its colour (RFC 2698).
static inline uint8_t meter(tables *t, uint32_t index, const struct ref_packet *p) {
    const struct ref_policer *policer = &t->policers[index];
    struct ref_policer_state *state = &t->policer_states[index];
    if (p->timestamp > state->time) {
        uint64_t elapsed = p->timestamp - state->time;
        state->committed = filled(state->committed, elapsed, policer->committed_rate);
        state->peak = filled(state->peak, elapsed, policer->peak_rate);
        state->time = p->timestamp;
    } else if (state->time - p->timestamp > 1000000000) {
        state->time = p->timestamp;
    }
    uint64_t cost = (uint64_t)p->metered * 8000000000;
    if (cost > policer->peak_burst - state->peak)
        return policer->actions[2];
    state->peak += cost;
    if (cost > policer->committed_burst - state->committed)
        return policer->actions[1];
    state->committed += cost;
    return policer->actions[0];
}

/// Polices the packet, which is as much of a treatment's rewriting as is measured.
static inline void treat(tables *t, struct ref_packet *p, const struct ref_treatment *treatment) {
    uint32_t policers[2] = {treatment->policer, treatment->tunnel_policer};
    for (int k = 0; k < 2; k++) {
        if (policers[k] == 0)
            continue;
        switch (meter(t, policers[k], p)) {
        case 0: break;
        case 0x40: return drop(p, POLICED);
        default: not_measured();
        }
    }
    if (treatment->segment_limit != 0 || treatment->class_map != 0)
        not_measured();
}

static inline void convert(tables *t, struct ref_packet *p, uint8_t *arena, uint16_t port,
                           uint16_t *identification) {
    size_t header = p->offset + p->network_offset;
    uint8_t *ip = arena + header;
    const struct ref_conversion *c = &t->conversions[p->counter];
    bool sends_errors = t->ports[port].sends_errors;
    if (ip[8] <= 1)
        return sends_errors ? punt(p, PUNT_TTL_EXPIRED) : drop(p, TTL_EXPIRED);
    uint32_t limit = c->max_inner;
    if (c->treatment != 0 && t->treatments[c->treatment].path_tunnel != 0) {
        uint32_t path = t->path_mtus[t->treatments[c->treatment].path_tunnel - 1];
        uint32_t left = path < 68 + c->header_bytes ? 68 : path - c->header_bytes;
        if (path != 0 && left < limit)
            limit = left;
    }
    if (p->metered > limit) {
        if (!(ip[6] & 0x40))
            return punt(p, PUNT_FRAGMENT);
        return sends_errors ? punt(p, PUNT_TOO_BIG) : drop(p, TOO_BIG);
    }
    p->adjacency = c->adjacency;
    const struct ref_adjacency *adjacency = &t->adjacencies[c->adjacency];
    if (adjacency->state == ON_LINK) {
        uint32_t found = hash_find(&t->neighbours, (uint64_t)c->adjacency << 32 | load32(ip + 16));
        if (found == 0)
            return punt(p, PUNT_RESOLVE);
        p->adjacency = found - 1;
        adjacency = &t->adjacencies[found - 1];
    }
    if (adjacency->state == INCOMPLETE)
        return punt(p, PUNT_RESOLVE);
    if ((c->kind & 3) == IPV4 && load32(ip + 12) == load32(c->header + 36))
        return drop(p, RECURSIVE_ENCAPSULATION);
    if (c->treatment != 0 && t->treatments[c->treatment].rewrites) {
        treat(t, p, &t->treatments[c->treatment]);
        if (p->disposition != TRANSMIT)
            return;
    }
    decrement_ttl(ip);
    uint16_t ether_type = 0x0800;
    switch (c->kind & 3) {
    case PLAIN:
        break;
    case MPLS:
        push_labels(ip, c);
        ether_type = 0x8847;
        break;
    default:
        push_outer_ipv4(ip, c, p->metered, identification);
    }
    leave(p, arena, header - c->header_bytes, p->metered + c->header_bytes, adjacency, ether_type);
}

void ref_forward(struct ref_packet *packets, size_t count, uint8_t *arena, uint16_t port, tables *t,
                 uint16_t *identification) {
    // A copy of the tables' pointers: the compiler then knows that writing packets doesn't change them.
    const struct ref_tables local = *t;
    struct pending pending[BATCH];
    for (; count > 0;) {
        size_t n = count < BATCH ? count : BATCH;
        for (size_t i = 0; i < n; i++)
            parse(&local, &packets[i], arena, &pending[i], port);
        for (size_t i = 0; i < n; i++) {
            if (pending[i].kind == PLAIN_IP)
                find_plain(&local, &packets[i], arena, &pending[i], port);
            else if (pending[i].kind == LABELLED)
                find_labelled(&local, &packets[i], arena, &pending[i]);
            else if (pending[i].kind == DECAPSULATED)
                find_decapsulated(&local, arena, &pending[i]);
        }
        for (size_t i = 0; i < n; i++) {
            if (pending[i].kind == PLAIN_IP)
                admit_plain(&local, &packets[i], arena, &pending[i], port);
            else if (pending[i].kind == LABELLED)
                admit_labelled(&local, &packets[i], arena, &pending[i]);
            else if (pending[i].kind == DECAPSULATED)
                admit_decapsulated(&local, &pending[i]);
        }
        for (size_t i = 0; i < n; i++) {
            bool is_accepted = packets[i].disposition == TRANSMIT;
            if (pending[i].kind == PLAIN_IP)
                is_accepted = finish_plain(&local, &packets[i], arena, &pending[i], port);
            else if (pending[i].kind == UNLABELLED)
                is_accepted = finish_unlabelled(&local, &packets[i], arena, &pending[i], port);
            else if (pending[i].kind == DECAPSULATED)
                is_accepted = finish_decapsulated(&local, &packets[i], arena, &pending[i]);
            if (!is_accepted)
                continue;
            if (packets[i].counter == NO_COUNTER)
                relabel(&local, &packets[i], arena, port);
            else
                convert(&local, &packets[i], arena, port, identification);
        }
        packets += n;
        count -= n;
    }
}

static inline void add(uint64_t *counter, uint64_t amount) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

void ref_account(const struct ref_packet *packets, size_t count, uint16_t port, const struct ref_counters *counters) {
    uint64_t forwarded = 0, consumed = 0, waiting = 0;
    for (size_t i = 0; i < count; i++) {
        const struct ref_packet *p = &packets[i];
        if (i + 16 < count && p[16].counter != NO_COUNTER)
            __builtin_prefetch(&counters->sessions[p[16].counter], 1);
        if (p->disposition == FORWARDED) {
            forwarded++;
            add(&counters->ports_out[p->egress], 1);
            if (p->counter != NO_COUNTER) {
                add(&counters->sessions[p->counter].packets, 1);
                add(&counters->sessions[p->counter].bytes, p->metered);
            }
        } else if (p->disposition == CONSUMED) {
            consumed++;
        } else if (p->disposition == WAITING) {
            waiting++;
        } else {
            add(&counters->drops[p->detail], 1);
        }
    }
    add(&counters->ports_in[port], count - waiting);
    add(&counters->totals[0], forwarded);
    add(&counters->totals[1], consumed);
}

#if defined(__x86_64__)
#pragma clang attribute pop
#endif
