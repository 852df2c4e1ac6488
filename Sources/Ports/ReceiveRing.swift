import CLinux
import Glibc

/// A packet socket's receive ring: slots of memory that the kernel writes frames into, in their order.
@safe final class ReceiveRing {
    private let ring: UnsafeMutablePointer<wl_receive_ring>

    /// - Parameter descriptor: a socket that isn't bound yet.
    /// - Parameter packetByteCount: the longest packet that is usual: what doesn't fit a slot takes a system call.
    /// - Parameter byteCount: bytes of all slots together, at least that of two.
    init(of descriptor: Int32, packetByteCount: Int, byteCount: Int) throws(Refusal) {
        // The kernel's header, addresses, the virtio header, an Ethernet header and two tags.
        let needed = min(max(packetByteCount, 0), Self.slotByteLimit / 2) + 160
        var slotByteCount = 2048
        while slotByteCount < needed { slotByteCount *= 2 }
        unsafe ring = .allocate(capacity: 1)
        let result = unsafe wl_receive_ring_open(
            ring, descriptor, UInt32(slotByteCount), max(byteCount, 2 * slotByteCount))
        // What is allocated goes with the object, which is whole by now.
        if result != 0 { throw Refusal(errorNumber: result) }
    }

    /// Slots for longer packets would be too few.
    private static let slotByteLimit = 16384

    /// Why there is no ring.
    struct Refusal: Error {
        let errorNumber: Int32
    }

    deinit {
        unsafe wl_receive_ring_close(ring)
        unsafe ring.deallocate()
    }

    /// Looks at the next frame, which stays until it is released. False: none has come.
    @inline(__always) func next(_ frame: inout wl_ring_frame) -> Bool {
        unsafe wl_receive_ring_next(ring, &frame)
    }

    /// Gives the next frame's slot back to the kernel.
    @inline(__always) func release() { unsafe wl_receive_ring_release(ring) }

    /// Frames that have come and have not been released. Cost: a look at each slot.
    var waitingCount: Int { unsafe Int(wl_receive_ring_waiting(ring)) }
}
