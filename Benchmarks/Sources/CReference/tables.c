// What the loop reads, built plainly.
#define _GNU_SOURCE
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

void *ref_allocate(size_t byte_count) {
    const size_t huge = (size_t)2 << 20;
    size_t size = (byte_count + huge - 1) / huge * huge;
    void *memory = aligned_alloc(huge, size ? size : huge);
    if (memory == NULL) {
        perror("aligned_alloc");
        exit(EXIT_FAILURE);
    }
    if (byte_count >= huge)
        madvise(memory, size, MADV_HUGEPAGE);
    return memset(memory, 0, size ? size : huge);
}

struct ref_hash ref_hash_build(const struct ref_entry *entries, size_t count) {
    unsigned bits = 8;
    while ((size_t)1 << bits < 2 * count)
        bits++;
    struct ref_hash hash = {
        .slots = ref_allocate(sizeof(struct ref_slot) << bits),
        .mask = ((uint64_t)1 << bits) - 1,
        .shift = 64 - bits,
    };
    for (size_t i = 0; i < count; i++) {
        uint64_t index = entries[i].key * 0x9e3779b97f4a7c15 >> hash.shift;
        while (hash.slots[index].value != 0)
            index = (index + 1) & hash.mask;
        hash.slots[index] = (struct ref_slot){.key = entries[i].key, .value = entries[i].value};
    }
    return hash;
}

struct ref_buckets ref_buckets_build(const struct ref_entry *entries, size_t count) {
    // As full as `BucketMatch` is on average; in more if some key finds no place.
    for (size_t buckets = count / 5 < 2048 ? 2048 : count / 5;; buckets = buckets * 5 / 4) {
        struct ref_buckets t = {.buckets = ref_allocate((buckets + 8) * sizeof(struct ref_bucket)), .count = buckets};
        size_t placed = 0;
        for (; placed < count; placed++) {
            uint64_t mixed = ref_mix(entries[placed].key);
            struct ref_bucket *bucket = &t.buckets[mixed * buckets >> 40], *end = bucket + 8;
            while (bucket < end && bucket->values[7] != 0)
                bucket++;
            if (bucket == end)
                break;
            size_t place = 0;
            while (bucket->values[place] != 0)
                place++;
            bucket->tags[place] = (uint32_t)mixed;
            bucket->values[place] = entries[placed].value;
        }
        if (placed == count)
            return t;
    }
}

struct builder {
    struct ref_poptrie trie;
    const struct ref_prefix *prefixes;
    uint32_t node_count, leaf_count, node_capacity, leaf_capacity;
};

static uint32_t add_nodes(struct builder *b, uint32_t count) {
    uint32_t first = b->node_count;
    b->node_count += count;
    if (b->node_count > b->node_capacity)
        abort();
    return first;
}

static int by_bits_then_length(const void *a, const void *b) {
    const struct ref_prefix *x = a, *y = b;
    if (x->bits != y->bits)
        return x->bits < y->bits ? -1 : 1;
    return (int)x->length - (int)y->length;
}

static unsigned slot_of(uint32_t bits, unsigned depth) { return (unsigned)(((uint64_t)bits << 32 << depth) >> 58); }

static size_t group_end(const struct builder *b, size_t from, size_t end, unsigned depth) {
    uint32_t first = b->prefixes[from].bits >> (32 - depth);
    size_t index = from + 1;
    while (index < end && b->prefixes[index].bits >> (32 - depth) == first)
        index++;
    return index;
}

/// Makes a node of the prefixes of a range, all longer than `depth` and equal up to there.
static void fill(struct builder *b, uint32_t node, size_t from, size_t end, unsigned depth, uint32_t inherited) {
    uint32_t values[64];
    uint64_t children = 0;
    for (unsigned slot = 0; slot < 64; slot++)
        values[slot] = inherited;
    for (size_t i = from; i < end; i++) {
        unsigned slot = slot_of(b->prefixes[i].bits, depth), length = b->prefixes[i].length;
        if (length > depth + 6) {
            children |= (uint64_t)1 << slot;
        } else {
            unsigned span = 1u << (depth + 6 - length);
            for (unsigned k = slot; k < slot + span; k++)
                values[k] = b->prefixes[i].value;
        }
    }
    uint64_t begins = 0;
    uint32_t leaf_base = b->leaf_count;
    for (unsigned slot = 0; slot < 64; slot++) {
        if (children >> slot & 1)
            continue;
        if (begins == 0 || b->trie.leaves[b->leaf_count - 1] != values[slot]) {
            if (b->leaf_count == b->leaf_capacity)
                abort();
            b->trie.leaves[b->leaf_count++] = values[slot];
            begins |= (uint64_t)1 << slot;
        }
    }
    uint32_t child = add_nodes(b, (uint32_t)__builtin_popcountll(children));
    b->trie.nodes[node] =
        (struct ref_node){.children = children, .leaves = begins, .child_base = child, .leaf_base = leaf_base};
    // Beyond bit 32 a slot's last bits are zeros: a /32 always ends in the node that reaches past it.
    for (size_t i = from; i < end;) {
        if (b->prefixes[i].length <= depth + 6) {
            i++;
            continue;
        }
        size_t next = group_end(b, i, end, depth + 6);
        fill(b, child++, i, next, depth + 6, values[slot_of(b->prefixes[i].bits, depth)]);
        i = next;
    }
}

struct ref_poptrie ref_poptrie_build(struct ref_prefix *prefixes, size_t count) {
    qsort(prefixes, count, sizeof *prefixes, by_bits_then_length);
    // A prefix adds at most three nodes, and two leaf runs in each.
    struct builder b = {
        .prefixes = prefixes,
        .node_capacity = (uint32_t)(3 * count + 1),
        .leaf_capacity = (uint32_t)(9 * count + 1),
    };
    b.trie.direct = ref_allocate(sizeof(uint32_t) << 16);
    b.trie.nodes = ref_allocate(b.node_capacity * sizeof(struct ref_node));
    b.trie.leaves = ref_allocate(b.leaf_capacity * sizeof(uint32_t));
    for (size_t i = 0; i < count;) {
        uint32_t first = prefixes[i].bits >> 16;
        if (prefixes[i].length <= 16) {
            for (uint32_t k = 0; k < 1u << (16 - prefixes[i].length); k++)
                b.trie.direct[first + k] = prefixes[i].value;
            i++;
        } else {
            size_t end = group_end(&b, i, count, 16);
            uint32_t node = add_nodes(&b, 1);
            fill(&b, node, i, end, 16, b.trie.direct[first]);
            b.trie.direct[first] = node | 1u << 31;
            i = end;
        }
    }
    return b.trie;
}

uint64_t ref_clock(void) {
#if defined(__x86_64__)
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}
