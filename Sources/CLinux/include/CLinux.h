#pragma once
// What Swift's Glibc module does not offer, as `static inline` functions: they inline into the Swift caller.
#include "checksum.h"
#include "filter.h"
#include "hotpath.h"
#include "namespace.h"
#include "packet_socket.h"
#include "probe.h"
#include "process.h"
#include "receive_ring.h"
#include "ring.h"
#include "ticks.h"
#include "tun.h"
