#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports_reference.h"

/// Ends the program, with what could not be done and why.
static inline void fail(const char *what) {
    fprintf(stderr, "ports benchmark: can't %s: %s\n", what, strerror(errno));
    exit(1);
}
static inline int check(int result, const char *what) {
    if (result < 0) fail(what);
    return result;
}

/// What stands before a pushed packet: Ethernet, labels 16001 and 100042.
extern const uint8_t ref_pushed[22];
