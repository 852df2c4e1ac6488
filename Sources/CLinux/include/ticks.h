#pragma once
// A clock that costs a few instructions to read, for measuring how long a stage takes. Its rate is found by comparing it
// with another clock; it is steady on any processor made since 2008.
#include <stdint.h>
#include <time.h>

static inline uint64_t wl_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}
