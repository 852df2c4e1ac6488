import CLinux
import Glibc

/// Many reads or writes of one descriptor by one system call, through io_uring. None of them waits.
///
/// Nothing is under way between two runs: so the descriptor itself says when there is something to read, a port that is
/// idle costs nothing, and memory is only lent for a run.
@safe final class IORing {
    /// Requests of one run at most.
    static var limit: Int { Int(WL_RING_BATCH) }

    private let ring: UnsafeMutablePointer<wl_ring>
    /// Why it is of no more use; 0: it is.
    private(set) var errorNumber: Int32 = 0
    var isSound: Bool { errorNumber == 0 }

    /// - Throws: what the kernel says: EPERM where it is forbidden, ENOSYS where it has none or too old a one.
    init(on descriptor: Int32) throws(Refusal) {
        unsafe ring = .allocate(capacity: 1)
        let result = unsafe wl_ring_open(ring, descriptor)
        // What is allocated goes with the object, which is whole by now.
        if result != 0 { throw Refusal(errorNumber: result) }
    }

    /// Why there is no ring.
    struct Refusal: Error {
        let errorNumber: Int32
    }

    deinit {
        unsafe wl_ring_close(ring)
        unsafe ring.deallocate()
    }

    /// Sets request `place` of the next run. The memory must stay until that is over.
    @inline(__always) func read(_ place: Int, to start: UnsafeMutableRawPointer, byteCount: Int) {
        unsafe wl_ring_put_read(ring, UInt32(place), start, UInt32(byteCount))
    }

    @inline(__always) func write(_ place: Int, _ bytes: UnsafeMutableRawBufferPointer) {
        unsafe wl_ring_put_write(ring, UInt32(place), bytes.baseAddress, UInt32(bytes.count))
    }

    @inline(__always) func write(_ place: Int, gathering pieces: UnsafePointer<iovec>, count: Int) {
        unsafe wl_ring_put_gather(ring, UInt32(place), pieces, UInt32(count))
    }

    /// Carries out the first `count` requests, in their order.
    /// - Parameter results: of each, the bytes moved, or the errno it has met, negative. What could not even be tried has
    ///   -ECANCELED, and the ring is no longer sound then.
    func run(_ count: Int, results: UnsafeMutablePointer<Int32>) {
        precondition(count <= Self.limit)
        errorNumber = unsafe wl_ring_run(ring, UInt32(count), results)
        // Before Linux 6.4 TUNs don't promise not to wait, and then none of the requests has been tried.
        if unsafe results[0] == -EOPNOTSUPP {
            errorNumber = EOPNOTSUPP
            unsafe results.update(repeating: -ECANCELED, count: count)
        }
    }
}
