#include "CLinux.h"

#include <string.h>

// Plain loops, which the optimiser turns into vector instructions: 16-bit words into a 32-bit total that can't overflow.

static inline __attribute__((always_inline)) uint64_t last(const uint8_t *from, size_t byte_count) {
    uint16_t word = 0;
    if (byte_count % 2 != 0) memcpy(&word, from + byte_count - 1, 1);
    return word;
}

static inline __attribute__((always_inline)) uint64_t sum(const uint8_t *from, size_t byte_count) {
    uint32_t total = 0;
    for (size_t k = 0; k < byte_count / 2; k++) {
        uint16_t word;
        memcpy(&word, from + 2 * k, 2);
        total += word;
    }
    return total + last(from, byte_count);
}

static inline __attribute__((always_inline)) uint64_t copy_and_sum(
    uint8_t *restrict to, const uint8_t *restrict from, size_t byte_count) {
    uint32_t total = 0;
    for (size_t k = 0; k < byte_count / 2; k++) {
        uint16_t word;
        memcpy(&word, from + 2 * k, 2);
        memcpy(to + 2 * k, &word, 2);
        total += word;
    }
    if (byte_count % 2 != 0) to[byte_count - 1] = from[byte_count - 1];
    return total + last(from, byte_count);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t sum_avx2(const uint8_t *from, size_t byte_count) {
    return sum(from, byte_count);
}

__attribute__((target("avx2"))) static uint64_t copy_and_sum_avx2(
    uint8_t *to, const uint8_t *from, size_t byte_count) {
    return copy_and_sum(to, from, byte_count);
}

// Asked each time, which is a load: indirect functions would be resolved before sanitizers are ready.
static inline int has_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }
#endif

uint64_t wl_sum(const void *from, size_t byte_count) {
#if defined(__x86_64__)
    if (has_avx2()) return sum_avx2(from, byte_count);
#endif
    return sum(from, byte_count);
}

uint64_t wl_copy_and_sum(void *to, const void *from, size_t byte_count) {
#if defined(__x86_64__)
    if (has_avx2()) return copy_and_sum_avx2(to, from, byte_count);
#endif
    return copy_and_sum(to, from, byte_count);
}
