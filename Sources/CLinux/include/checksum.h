#pragma once
// The sum of RFC 1071 over many bytes, with the widest vector instructions that the processor has: what is built for any
// x86-64 uses 16 bytes at a time.
#include <stddef.h>
#include <stdint.h>

/// The sum of 16-bit words as they lie in memory, at most 131,072 bytes. A last odd byte counts as if a zero byte followed.
uint64_t wl_sum(const void *from, size_t byte_count);

/// The same, and copies the bytes, which may not overlap.
uint64_t wl_copy_and_sum(void *to, const void *from, size_t byte_count);
