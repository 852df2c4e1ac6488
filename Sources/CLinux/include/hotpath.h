#pragma once
// Instructions that Swift has no spelling for. Portable: plain C with compiler builtins.
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

/// Where `value` stands among eight numbers that are aligned to 16 bytes: bit n for place n.
static inline uint32_t wl_match_8x32(const uint32_t *numbers, uint32_t value) {
#if defined(__SSE2__)
    const __m128i *halves = (const __m128i *)numbers;
    __m128i wanted = _mm_set1_epi32((int)value);
    __m128i low = _mm_cmpeq_epi32(_mm_load_si128(halves), wanted);
    __m128i high = _mm_cmpeq_epi32(_mm_load_si128(halves + 1), wanted);
    __m128i all = _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128());
    return (uint32_t)_mm_movemask_epi8(all);
#else
    uint32_t places = 0;
    for (int place = 0; place < 8; place++) places |= (uint32_t)(numbers[place] == value) << place;
    return places;
#endif
}
/// The same among eight numbers of 16 bits.
static inline uint32_t wl_match_8x16(const uint16_t *numbers, uint16_t value) {
#if defined(__SSE2__)
    __m128i equal = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)numbers), _mm_set1_epi16((short)value));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
    uint32_t places = 0;
    for (int place = 0; place < 8; place++) places |= (uint32_t)(numbers[place] == value) << place;
    return places;
#endif
}

/// Adds to a counter that has one writer: no locked instruction, and a reader in another thread or process never
/// sees half a value.
static inline void wl_counter_add(uint64_t *counter, uint64_t amount) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}
/// Reads a counter that another thread may be adding to.
static inline uint64_t wl_counter_read(const uint64_t *counter) { return __atomic_load_n(counter, __ATOMIC_RELAXED); }

/// Takes a lock that is held for nanoseconds: a word that is zero while nobody has it.
static inline void wl_spin_lock(uint32_t *lock) {
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
        while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    }
}
static inline void wl_spin_unlock(uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
