// The loop: classify every packet of a vector, then convert every packet.
#include "reference.h"

#include <string.h>

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("popcnt"))), apply_to = function)
#endif

enum disposition { UNDECIDED, TRANSMIT, FORWARDED, PUNT, CONSUMED, DROPPED };
enum punt { PUNT_ARP, PUNT_LOCAL, PUNT_RESOLVE, PUNT_TOO_BIG, PUNT_FRAGMENT, PUNT_TTL_EXPIRED,
            PUNT_LABEL_TTL_EXPIRED, PUNT_LABEL_TOO_BIG };
enum drop {
    TRUNCATED_ETHERNET = 0, NOT_OUR_MAC, WRONG_VLAN, UNKNOWN_ETHER_TYPE,
    BAD_IP_VERSION = 7, TRUNCATED_IPV4, BAD_IPV4_HEADER_LENGTH, BAD_IPV4_TOTAL_LENGTH, BAD_IPV4_CHECKSUM,
    TRUNCATED_TRANSPORT = 14, TTL_EXPIRED, NOT_UNICAST, TOO_BIG,
    UNKNOWN_SUBSCRIBER = 18, SPOOFED_SOURCE, UNKNOWN_SERVICE, UNKNOWN_DESTINATION, NOT_ADMITTED,
    FRAGMENT_WITHOUT_PORTS, WRONG_LEG,
    TRUNCATED_LABEL_STACK = 26, UNKNOWN_LABEL, RESERVED_LABEL, LABEL_OUT_OF_CONTEXT, MISSING_USER_LABEL,
    MISSING_BOTTOM_OF_STACK, EARLY_BOTTOM_OF_STACK,
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
#define NO_COUNTER UINT32_MAX
#define LOCAL 0x40000000u
#define TUNNEL_FLAG 0x80000000u

typedef const struct ref_tables tables;

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

/// What is wrong with an IPv4 header, or -1.
static inline int ipv4_fault(const uint8_t *ip, size_t available) {
    if (available < 20)
        return TRUNCATED_IPV4;
    if (ip[0] >> 4 != 4)
        return BAD_IP_VERSION;
    size_t header_bytes = (size_t)(ip[0] & 15) * 4, total = load16(ip + 2);
    if (header_bytes < 20)
        return BAD_IPV4_HEADER_LENGTH;
    if (header_bytes > available)
        return TRUNCATED_IPV4;
    if (total < header_bytes || total > available)
        return BAD_IPV4_TOTAL_LENGTH;
    uint64_t sum = 0;
    uint32_t word;
    for (size_t k = 0; k < 20; k += 4) {
        memcpy(&word, ip + k, 4);
        sum += word;
    }
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
        }
        return -1;
    }
    return reason;
}

static inline void accept(tables *t, struct ref_packet *p, uint32_t conversion, size_t inner, size_t byte_count) {
    __builtin_prefetch(&t->conversions[conversion]);
    p->counter = conversion;
    p->network_offset = (uint16_t)(inner - p->offset);
    p->metered = (uint32_t)byte_count;
    p->disposition = TRANSMIT;
}

/// The conversion of these inner addresses in one direction, if they arrived by its tunnel.
static inline uint32_t match(tables *t, enum direction direction, uint32_t subscriber, uint32_t service,
                             uint32_t tunnel, int *reason) {
    bool has_subscriber = subscriber != 0 && subscriber != LOCAL, has_service = service != 0 && service != LOCAL;
    *reason = INNER_SOURCE_MISMATCH;
    if (!(direction == DOWN ? has_service : has_subscriber))
        return NO_COUNTER;
    *reason = INNER_DESTINATION_MISMATCH;
    if (!(has_service && has_subscriber))
        return NO_COUNTER;
    *reason = NOT_ADMITTED;
    uint32_t session = hash_find(&t->admissions, (uint64_t)(subscriber - 1) << 32 | (service - 1));
    if (session == 0)
        return NO_COUNTER;
    *reason = WRONG_LEG;
    uint32_t index = (session - 1) * 2 + direction;
    return t->conversions[index].arrival == (tunnel | TUNNEL_FLAG) ? index : NO_COUNTER;
}

static inline void classify_decapsulated(tables *t, struct ref_packet *p, uint8_t *arena, size_t inner, size_t end,
                                         uint32_t tunnel, uint8_t outer_ecn) {
    uint8_t *ip = arena + inner;
    int fault = ipv4_fault(ip, end - inner);
    if (fault >= 0)
        return drop(p, fault);
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    int reason, other;
    enum direction direction = DOWN;
    uint32_t index = match(t, DOWN, poptrie_find(&t->subscribers4, destination), poptrie_find(&t->services4, source),
                           tunnel, &reason);
    if (index == NO_COUNTER) {
        direction = UP;
        index = match(t, UP, poptrie_find(&t->subscribers4, source), poptrie_find(&t->services4, destination),
                      tunnel, &other);
        if (index == NO_COUNTER)
            return drop(p, reason);
    }
    uint8_t ecn = ip[1] & 3;
    if (outer_ecn == 3) {
        if (ecn == 0)
            return drop(p, ECN_MISMATCH);
        ecn = 3;
    } else if (outer_ecn == 1 && ecn == 2) {
        ecn = 1;
    }
    if (ecn != (ip[1] & 3))
        set_traffic_class(ip, (uint8_t)((ip[1] & 0xfc) | ecn));
    int refused = refusal(t, &t->conversions[index], direction, ip);
    if (refused >= 0)
        return drop(p, refused);
    accept(t, p, index, inner, load16(ip + 2));
}

/// Addressed to this node.
static inline void classify_local(tables *t, struct ref_packet *p, uint8_t *arena, size_t header) {
    const uint8_t *ip = arena + header;
    if (ip[9] != 4)
        return punt(p, PUNT_LOCAL);
    if (load16(ip + 6) & 0x3fff)
        return drop(p, OUTER_FRAGMENT);
    uint32_t tunnel = hash_find(&t->tunnel_endpoints, (uint64_t)load32(ip + 12) << 32 | load32(ip + 16));
    if (tunnel == 0)
        return drop(p, UNKNOWN_TUNNEL_ENDPOINT);
    classify_decapsulated(t, p, arena, header + (ip[0] & 15) * 4u, header + load16(ip + 2), tunnel - 1, ip[1] & 3);
}

static inline void admit_plain(tables *t, struct ref_packet *p, uint8_t *arena, size_t header, uint16_t port,
                               uint32_t subscriber, uint32_t service, enum direction direction) {
    const uint8_t *ip = arena + header;
    uint32_t session = hash_find(&t->admissions, (uint64_t)(subscriber - 1) << 32 | (service - 1));
    if (session == 0)
        return drop(p, NOT_ADMITTED);
    uint32_t index = (session - 1) * 2 + direction;
    const struct ref_conversion *c = &t->conversions[index];
    if (c->arrival != port)
        return drop(p, WRONG_LEG);
    int refused = refusal(t, c, direction, ip);
    if (refused >= 0)
        return drop(p, refused);
    accept(t, p, index, header, load16(ip + 2));
}

static inline bool is_confined(uint32_t address) {
    uint32_t top = address >> 24;
    return top >= 224 || top == 0 || top == 127 || address >> 16 == 0xa9fe;
}

static inline void classify_plain(tables *t, struct ref_packet *p, uint8_t *arena, size_t header, size_t end,
                                  uint32_t tags, uint16_t port) {
    const uint8_t *ip = arena + header;
    int fault = ipv4_fault(ip, end - header);
    if (fault >= 0)
        return drop(p, fault);
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    if (!t->ports[port].is_network) {
        uint32_t service = poptrie_find(&t->services4, destination);
        if (service == LOCAL)
            return classify_local(t, p, arena, header);
        uint32_t subscriber = poptrie_find(&t->subscribers4, source);
        if (subscriber == LOCAL)
            return drop(p, SPOOFED_SOURCE);
        if (subscriber == 0)
            return drop(p, is_confined(destination) ? NOT_UNICAST : UNKNOWN_SUBSCRIBER);
        const struct ref_subscriber *owner = &t->subscribers[subscriber - 1];
        if (owner->port != port)
            return drop(p, SPOOFED_SOURCE);
        if (owner->tags != tags)
            return drop(p, WRONG_VLAN);
        if (service == 0)
            return drop(p, is_confined(destination) ? NOT_UNICAST : UNKNOWN_SERVICE);
        admit_plain(t, p, arena, header, port, subscriber, service, UP);
    } else {
        uint32_t subscriber = poptrie_find(&t->subscribers4, destination);
        if (subscriber == LOCAL)
            return classify_local(t, p, arena, header);
        if (tags != 0)
            return drop(p, WRONG_VLAN);
        if (subscriber == 0)
            return drop(p, is_confined(destination) ? NOT_UNICAST : UNKNOWN_DESTINATION);
        uint32_t service = poptrie_find(&t->services4, source);
        if (service == LOCAL)
            return drop(p, SPOOFED_SOURCE);
        if (service == 0)
            return drop(p, UNKNOWN_SERVICE);
        admit_plain(t, p, arena, header, port, subscriber, service, DOWN);
    }
}

static inline void classify_user_label(tables *t, struct ref_packet *p, uint8_t *arena, size_t inner, size_t end,
                                       uint32_t user, uint64_t context, uint8_t top_ttl) {
    if (user >> 12 < 16)
        return drop(p, RESERVED_LABEL);
    uint32_t found = hash_find(&t->user_labels, context << 20 | user >> 12);
    if (found == 0) {
        bool is_bound = t->bound_user_labels[user >> 18] >> (user >> 12 & 63) & 1;
        return drop(p, is_bound ? LABEL_OUT_OF_CONTEXT : UNKNOWN_LABEL);
    }
    if (!(user & 0x100))
        return drop(p, MISSING_BOTTOM_OF_STACK);
    uint32_t index = found - 1;
    const struct ref_conversion *c = &t->conversions[index];
    __builtin_prefetch(c);
    if (inner >= end)
        return drop(p, TRUNCATED_IPV4);
    uint8_t *ip = arena + inner;
    int fault = ipv4_fault(ip, end - inner);
    if (fault >= 0)
        return drop(p, fault);
    enum direction direction = index & 1;
    uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    uint32_t subscriber = poptrie_find(&t->subscribers4, direction == DOWN ? destination : source);
    uint32_t service = poptrie_find(&t->services4, direction == DOWN ? source : destination);
    bool subscriber_fits = subscriber - 1 == c->subscriber, service_fits = service - 1 == c->service;
    if (!(direction == DOWN ? service_fits : subscriber_fits))
        return drop(p, INNER_SOURCE_MISMATCH);
    if (!(direction == DOWN ? subscriber_fits : service_fits))
        return drop(p, INNER_DESTINATION_MISMATCH);
    int refused = refusal(t, c, direction, ip);
    if (refused >= 0)
        return drop(p, refused);
    if (top_ttl <= 1)
        return drop(p, TTL_EXPIRED);
    if (c->arrival & TUNNEL_FLAG && t->tunnels[c->arrival ^ TUNNEL_FLAG].hands_on_ttl)
        set_ttl(ip, top_ttl);
    accept(t, p, index, inner, load16(ip + 2));
}

static inline void classify_labels(tables *t, struct ref_packet *p, uint8_t *arena, size_t stack, size_t end,
                                   uint32_t tags, uint16_t port) {
    if (end - stack < 4)
        return drop(p, TRUNCATED_LABEL_STACK);
    if (tags != 0)
        return drop(p, WRONG_VLAN);
    uint32_t top = load32(arena + stack);
    if (top >> 12 < 16)
        return drop(p, RESERVED_LABEL);
    uint32_t entry = t->incoming_labels[top >> 12];
    if (entry == 0)
        return classify_user_label(t, p, arena, stack + 4, end, top, (uint64_t)1 << 42 | port, (uint8_t)top);
    if (entry & TUNNEL_FLAG) {
        uint32_t tunnel = (entry ^ TUNNEL_FLAG) - 1;
        if (t->tunnels[tunnel].port != port)
            return drop(p, LABEL_OUT_OF_CONTEXT);
        if (top & 0x100)
            return drop(p, MISSING_USER_LABEL);
        if (end - stack < 8)
            return drop(p, TRUNCATED_LABEL_STACK);
        uint32_t user = load32(arena + stack + 4);
        return classify_user_label(t, p, arena, stack + 8, end, user, tunnel, (uint8_t)top);
    }
    p->adjacency = entry - 1;
    p->disposition = TRANSMIT;
}

static inline void classify(tables *t, struct ref_packet *p, uint8_t *arena, uint16_t port) {
    if (p->disposition != UNDECIDED)
        return;
    size_t start = p->offset, end = start + p->byte_count;
    p->network_offset = 0;
    if (!t->ports[port].is_ethernet)
        return classify_plain(t, p, arena, start, end, 0, port);
    if (end - start < 14)
        return drop(p, TRUNCATED_ETHERNET);
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
        classify_labels(t, p, arena, start + header_bytes, end, tags, port);
    else if (type == 0x0800)
        classify_plain(t, p, arena, start + header_bytes, end, tags, port);
    else
        drop(p, UNKNOWN_ETHER_TYPE);
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
    unsigned flags = c->kind >> 2;
    uint32_t ttl = flags & COPY_TTL ? ip[8] : 0, class = flags & COPY_CLASS ? (uint32_t)ip[1] >> 5 : 0;
    uint32_t patch = __builtin_bswap32(ttl | class << 9);
    uint64_t labels;
    memcpy(&labels, c->header + 32, 8);
    labels |= patch | (uint64_t)patch << 32;
    memcpy(ip - 8, &labels, 8);
}

static inline void push_outer_ipv4(uint8_t *ip, const struct ref_conversion *c, size_t inner_bytes,
                                   uint16_t *identification) {
    unsigned flags = c->kind >> 2;
    uint8_t *outer = ip - 20;
    bool dont_fragment = !(flags & COPY_DF) || ip[6] & 0x40;
    uint8_t service = flags & COPY_CLASS ? ip[1] : ip[1] & 3;
    uint16_t id = dont_fragment ? 0 : (*identification)++;
    uint16_t first = (uint16_t)(0x4500 | c->header[21] | service), fragment = dont_fragment ? 0x4000 : 0;
    uint16_t byte_count = (uint16_t)(inner_bytes + 20);
    uint64_t sum = (uint64_t)load16(c->header + 30) + first + byte_count + id + fragment + 4;
    memcpy(outer - 4, c->header + 16, 24);
    store16(outer, first);
    store16(outer + 2, byte_count);
    store16(outer + 4, id);
    store16(outer + 6, fragment);
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
    leave(p, arena, start, end - start, adjacency, ether_type);
}

static inline void convert(tables *t, struct ref_packet *p, uint8_t *arena, uint16_t port,
                           uint16_t *identification) {
    if (p->disposition != TRANSMIT)
        return;
    if (p->counter == NO_COUNTER)
        return relabel(t, p, arena, port);
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
    for (size_t i = 0; i < count; i++)
        classify(&local, &packets[i], arena, port);
    for (size_t i = 0; i < count; i++)
        convert(&local, &packets[i], arena, port, identification);
}

static inline void add(uint64_t *counter, uint64_t amount) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

void ref_account(const struct ref_packet *packets, size_t count, uint16_t port, const struct ref_counters *counters) {
    uint64_t forwarded = 0, consumed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct ref_packet *p = &packets[i];
        if (p->disposition == FORWARDED) {
            forwarded++;
            add(&counters->ports_out[p->egress], 1);
            if (p->counter != NO_COUNTER) {
                add(&counters->sessions[p->counter].packets, 1);
                add(&counters->sessions[p->counter].bytes, p->metered);
            }
        } else if (p->disposition == CONSUMED) {
            consumed++;
        } else {
            add(&counters->drops[p->detail], 1);
        }
    }
    add(&counters->ports_in[port], count);
    add(&counters->totals[0], forwarded);
    add(&counters->totals[1], consumed);
}

#if defined(__x86_64__)
#pragma clang attribute pop
#endif
