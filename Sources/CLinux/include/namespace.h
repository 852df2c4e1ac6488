#pragma once
// Network namespaces. A raw system call, since the wrapper is declared for GNU sources only.
#include <errno.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Moves the calling thread into the network namespace that `fd` refers to. Returns 0 or an errno.
static inline int wl_enter_network_namespace(int fd) {
    return syscall(SYS_setns, fd, CLONE_NEWNET) == 0 ? 0 : errno;
}
