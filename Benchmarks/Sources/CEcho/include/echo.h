#pragma once
// A loop as a C programmer would write it first: what comes by one socket leaves by another. And what it takes to time one.
#include <stdbool.h>
#include <stdint.h>

/// Takes the calling thread, and those that it starts, into a network namespace of its own. Returns 0 or an errno.
int ce_own_network(void);

/// A packet socket on an interface that never waits, and sees nothing of what this host sends. Negative: an errno.
int ce_socket(const char *interface);

/// Passes frames on until `*stop` is true: looks for 20 µs after the last one, and then sleeps; or, told to spin, never does.
void ce_echo(int in, int out, bool spins, const volatile bool *stop);

/// Sends a frame and waits for one that ends in the same 8 bytes. Returns nanoseconds; 0 if none has come by then.
uint64_t ce_trip(int out, int in, const void *frame, int byte_count, uint64_t limit_nanoseconds);

/// Keeps the calling thread on one processor. Returns 0 or an errno.
int ce_pin(int processor);

/// The clock of what the calling thread has run for, which other threads may read.
int ce_thread_clock(void);
/// What that clock says, in nanoseconds.
uint64_t ce_read(int clock);
uint64_t ce_now(void);
