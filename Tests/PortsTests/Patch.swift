import CLinux
import Glibc
import Packets
import Ports
import Wire

/// Two hosts, each on a veth whose other end is a port of ours: `a0` – [`left` `right`] – `b0`. What stands
/// in the middle passes every frame from one port to the other, as a forwarder would.
final class Patch: Sendable {
    /// What has passed, and how.
    struct Result: Sendable {
        var frameCount = 0
        var longestByteCount = 0
        var superframeCount: UInt64 = 0
        var kernelDrops: UInt64 = 0
        var transmitFailures = 0
        /// What the commands in the hosts printed.
        var outputA = ""
        var outputB = ""
    }

    let middle = NetworkNamespace()
    let hostA = NetworkNamespace()
    let hostB = NetworkNamespace()

    /// The hosts are 10.7.0.1 and .2, 2001:db8:7::1 and ::2.
    init() {
        for (host, inner, outer, number) in [(hostA, "a0", "left", 1), (hostB, "b0", "right", 2)] {
            host.ip("link add \(inner) type veth peer name \(outer) netns \(middle.name)")
            middle.ip("link set \(outer) up")
            host.ip("link set \(inner) up")
            host.ip("addr add 10.7.0.\(number)/24 dev \(inner)")
            host.ip("addr add 2001:db8:7::\(number)/64 dev \(inner) nodad")
        }
    }

    /// Connects the hosts until both commands have ended, and writes what host A sent to a capture file.
    func pass(capture: String, hostA commandA: String, hostB commandB: String) async throws -> Result {
        let running = Running(2)
        async let outputA = hostA.run { running.leaving { shell(commandA) } }
        async let outputB = hostB.run { running.leaving { shell(commandB) } }
        var result = try await middle.run { try Self.shuttle(capture: capture, while: { running.count > 0 }) }
        result.outputA = try await outputA
        result.outputB = try await outputB
        return result
    }

    private static func shuttle(capture: String, while isWanted: () -> Bool) throws -> Result {
        let mac = MACAddress(rawValue: 0x02_0000_0000_99)
        let left = try PacketSocketPort(.init(name: "l", interface: "left", macAddress: mac))
        let right = try PacketSocketPort(.init(name: "r", interface: "right", macAddress: mac))
        let writer = try PcapFileWriter(path: capture, link: .ethernet)
        // A number of packets that superframes don't divide: they have to be continued in the next vector.
        let vector = PacketVector(capacity: 37)
        var result = Result()
        func pass(from source: PacketSocketPort, to destination: PacketSocketPort) throws {
            vector.removeAll()
            guard source.receive(into: vector) > 0 else { return }
            for index in 0..<vector.count {
                let frame = UnsafeRawBufferPointer(vector.frame(index))
                result.longestByteCount = max(result.longestByteCount, frame.count)
                if source === left { try writer.write(frame, timestamp: vector[index].timestamp) }
            }
            result.frameCount += vector.count
            let selection = (0..<vector.count).map { UInt8($0) }
            selection.withUnsafeBufferPointer { destination.transmit(vector, selection: $0) }
            result.transmitFailures += (0..<vector.count).count { vector[$0].disposition != .forwarded }
        }
        while isWanted() {
            var both = [left, right].map {
                pollfd(fd: $0.pollDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
            }
            poll(&both, 2, 5)
            try pass(from: left, to: right)
            try pass(from: right, to: left)
        }
        try writer.close()
        result.superframeCount = left.superframeCount + right.superframeCount
        result.kernelDrops = left.kernelDrops + right.kernelDrops
        return result
    }

    /// How many commands have not ended.
    private final class Running: @unchecked Sendable {
        private var mutex = pthread_mutex_t()
        private var value: Int

        init(_ value: Int) {
            self.value = value
            pthread_mutex_init(&mutex, nil)
        }

        deinit { pthread_mutex_destroy(&mutex) }

        var count: Int {
            pthread_mutex_lock(&mutex)
            defer { pthread_mutex_unlock(&mutex) }
            return value
        }

        func leaving<Output>(_ body: () -> Output) -> Output {
            defer {
                pthread_mutex_lock(&mutex)
                value -= 1
                pthread_mutex_unlock(&mutex)
            }
            return body()
        }
    }
}
