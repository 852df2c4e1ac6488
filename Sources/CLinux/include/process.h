#pragma once
// What processes on one host share, and where their threads run: sockets with paths, file locks, wake-ups, words in a mapped file. Each is missing
// or awkward in Swift. Functions return 0 or an errno where nothing else is said.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

/// Whether the file is on a tmpfs. Negative: an errno.
static inline int wl_is_on_tmpfs(int fd) {
    struct statfs status;
    // TMPFS_MAGIC of <linux/magic.h>.
    return fstatfs(fd, &status) == 0 ? status.f_type == 0x01021994 : -errno;
}

/// What `ps` calls the calling thread; longer names are cut.
static inline void wl_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// Sets of processors: cpu_set_t and its calls are declared for GNU sources only.

/// Processors that are known by number here.
static inline int wl_processor_limit(void) { return 1024; }

/// Whether the calling thread may run on a processor.
static inline bool wl_may_run_on(int processor) {
    unsigned long set[1024 / (8 * sizeof(unsigned long))] = {0};
    const int bits = 8 * sizeof *set;
    if (processor < 0 || processor >= 1024 || syscall(SYS_sched_getaffinity, 0, sizeof set, set) < 0) return false;
    return (set[processor / bits] >> processor % bits & 1) != 0;
}

/// Keeps the calling thread on one processor.
static inline int wl_pin_thread(int processor) {
    unsigned long set[1024 / (8 * sizeof(unsigned long))] = {0};
    const int bits = 8 * sizeof *set;
    if (processor < 0 || processor >= 1024) return EINVAL;
    set[processor / bits] = 1UL << processor % bits;
    return syscall(SYS_sched_setaffinity, 0, sizeof set, set) == 0 ? 0 : errno;
}

/// Bytes that a socket's path may have.
static inline size_t wl_socket_path_limit(void) { return sizeof((struct sockaddr_un *)0)->sun_path - 1; }

/// A descriptor that is readable from a write on until it is read. Negative: an errno.
static inline int wl_event_open(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

// A stream socket with a path that never waits. Negative: an errno.
static inline int wl_unix_socket(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

static inline int wl_unix_address(struct sockaddr_un *address, const char *path) {
    if (strlen(path) > wl_socket_path_limit()) return ENAMETOOLONG;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    return 0;
}

/// Gives the socket a path; there must be nothing at it.
static inline int wl_unix_bind(int fd, const char *path) {
    struct sockaddr_un address;
    int error = wl_unix_address(&address, path);
    if (error != 0) return error;
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
}

static inline int wl_unix_connect(int fd, const char *path) {
    struct sockaddr_un address;
    int error = wl_unix_address(&address, path);
    if (error != 0) return error;
    return connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
}

// Open file description locks: as flock(2), but one can ask about them without taking them. F_OFD_SETLK and F_OFD_GETLK
// are declared for GNU sources only.

/// Locks the file for this descriptor alone. EAGAIN or EACCES: another one has it.
static inline int wl_lock(int fd) {
    struct flock request = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, 37, &request) == 0 ? 0 : errno;
}

/// Whether another descriptor has the file locked. Negative: an errno.
static inline int wl_is_locked(int fd) {
    struct flock request = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, 36, &request) == 0 ? request.l_type != F_UNLCK : -errno;
}

// Words in memory that other threads or processes read: what was written before a release is seen after the acquire.

static inline uint64_t wl_load_acquire(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void wl_store_release(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline void wl_store_relaxed(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
/// Writes a word unless it has become another than the one that was read.
static inline void wl_replace(uint64_t *word, uint64_t value, uint64_t next) {
    __atomic_compare_exchange_n(word, &value, next, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
/// Keeps stores before it from being seen after stores behind it.
static inline void wl_release_fence(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }
/// Keeps loads behind it from being done before loads ahead of it.
static inline void wl_acquire_fence(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
