import Glibc

/// Up to 256 packets that travel through the forwarder together, and the memory they lie in.
///
/// The arena is `capacity` slots of `slotByteCount` bytes. A received frame begins `headroom` bytes into its slot, so
/// that headers can be put before it without moving it, and ends at least `tailroom` bytes before the slot's end, so
/// that fixed-size reads behind a short header stay inside. Nothing is allocated after `init`.
///
/// ```
/// slot i: |<- headroom 128 ->|<- frame, at most maximumFrameByteCount ->|<- tailroom 64 ->|
/// ```
@safe public final class PacketVector {
    /// Bytes before a received frame: virtio header 10, Ethernet 14, two VLAN tags 8, outer IPv6 40 or eight labels 32,
    /// rounded up to two cache lines.
    @inlinable public static var headroom: Int { 128 }
    /// Bytes behind the longest frame.
    @inlinable public static var tailroom: Int { 64 }

    public let capacity: Int
    public let slotByteCount: Int
    public let arenaByteCount: Int
    /// The arena's first byte, aligned to a page.
    public let arena: UnsafeMutableRawPointer
    /// `capacity` descriptors; the first `count` are in use.
    public let packets: UnsafeMutablePointer<Packet>
    /// Beside the descriptors: as a property of this object, every change of it would be watched for another at the same
    /// time, which costs as much as storing a packet.
    @usableFromInline let counter: UnsafeMutablePointer<Int>
    @inlinable public var count: Int { unsafe counter.pointee }
    /// How many packets a port may put in: `capacity`, unless its turn is shorter. 1…`capacity`.
    public var limit: Int {
        get { unsafe counter[1] }
        set {
            precondition((1...capacity).contains(newValue))
            unsafe counter[1] = newValue
        }
    }

    /// - Parameter capacity: 1…256 packets.
    /// - Parameter slotByteCount: bytes of a slot, at least 512, a multiple of 64. 2,048 suits an MTU of 1,500.
    public init(capacity: Int = 256, slotByteCount: Int = 2048) {
        precondition((1...256).contains(capacity) && slotByteCount >= 512 && slotByteCount % 64 == 0)
        self.capacity = capacity
        self.slotByteCount = slotByteCount
        arenaByteCount = capacity * slotByteCount
        let memory = unsafe mmap(
            nil, arenaByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            preconditionFailure("no memory for \(arenaByteCount) bytes of packets")
        }
        unsafe arena = memory
        unsafe packets = .allocate(capacity: capacity)
        unsafe counter = .allocate(capacity: 2)
        unsafe counter.initialize(to: 0)
        unsafe (counter + 1).initialize(to: capacity)
    }

    deinit {
        unsafe munmap(arena, arenaByteCount)
        unsafe packets.deallocate()
        unsafe counter.deallocate()
    }

    /// The longest frame that a slot takes.
    @inlinable public var maximumFrameByteCount: Int { slotByteCount - Self.headroom - Self.tailroom }
    /// Whether a port may put in no more.
    @inlinable public var isFull: Bool { unsafe counter.pointee >= counter[1] }

    /// Where the frame of the next packet begins in the arena. The vector must not be full.
    @inlinable public var nextOffset: Int {
        precondition(count < capacity)
        return count * slotByteCount + Self.headroom
    }

    /// Where a port writes the next frame: `maximumFrameByteCount` bytes. The vector must not be full.
    @inlinable public var nextFrame: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: arena + nextOffset, count: maximumFrameByteCount)
    }

    /// Takes in the frame that was written at `nextFrame`.
    @inlinable public func append(byteCount: Int, timestamp: UInt64) {
        precondition(byteCount <= maximumFrameByteCount)
        unsafe packets[count] = Packet(
            offset: UInt32(nextOffset), byteCount: UInt32(byteCount), timestamp: timestamp)
        unsafe counter.pointee += 1
    }

    /// Copies a frame in. The vector must not be full; the frame must fit a slot.
    @inlinable public func append(_ frame: UnsafeRawBufferPointer, timestamp: UInt64) {
        unsafe nextFrame.copyMemory(from: frame)
        append(byteCount: frame.count, timestamp: timestamp)
    }

    /// Takes in a frame that could not be stored, so that it is counted: it has no bytes and this reason.
    public func appendDropped(_ reason: DropReason, timestamp: UInt64) {
        append(byteCount: 0, timestamp: timestamp)
        unsafe packets[count - 1].drop(reason)
    }

    @inlinable public func removeAll() { unsafe counter.pointee = 0 }

    /// The descriptor of packet `index`, bounds-checked.
    @inlinable public subscript(index: Int) -> Packet {
        get {
            precondition(index >= 0 && index < count)
            return unsafe packets[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe packets[index] = newValue
        }
    }

    /// The frame of packet `index` as it now stands. Valid until the vector is emptied.
    @inlinable public func frame(_ index: Int) -> UnsafeMutableRawBufferPointer {
        let packet = self[index]
        precondition(Int(packet.offset) + Int(packet.byteCount) <= arenaByteCount)
        return unsafe UnsafeMutableRawBufferPointer(
            start: arena + Int(packet.offset), count: Int(packet.byteCount))
    }
}
