#pragma once
// Instructions that Swift has no spelling for. Portable: plain C with compiler builtins.
#include <stddef.h>
#include <stdint.h>

/// Asks for the cache line at `p`, to be read soon.
static inline void wl_prefetch_read(const void *p) { __builtin_prefetch(p, 0, 3); }
/// Asks for the cache line at `p`, to be written soon.
static inline void wl_prefetch_write(const void *p) { __builtin_prefetch(p, 1, 3); }

/// The set bits of `bits`. One instruction where the compiler, told to build for any x86-64, would emit a dozen.
/// On x86-64 the processor must have it: see `wl_has_popcount`.
static inline uint64_t wl_popcount(uint64_t bits) {
#if defined(__x86_64__)
    // In place, since some processors wait for the old value of a separate result register.
    __asm__("popcntq %0, %0" : "+r"(bits) : : "cc");
    return bits;
#else
    return (uint64_t)__builtin_popcountll(bits);
#endif
}
/// Whether the processor can do `wl_popcount`: all made since 2008 can.
static inline int wl_has_popcount(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("popcnt") != 0;
#else
    return 1;
#endif
}

/// Adds to a counter that has one writer: no locked instruction, and a reader in another thread or process never
/// sees half a value.
static inline void wl_counter_add(uint64_t *counter, uint64_t amount) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}
/// Reads a counter that another thread may be adding to.
static inline uint64_t wl_counter_read(const uint64_t *counter) { return __atomic_load_n(counter, __ATOMIC_RELAXED); }
