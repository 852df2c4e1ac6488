import CLinux
import Glibc
import Packets
import Ports
import Testbed
import Wire

/// Two hosts with a port of ours between each and the middle, which passes every frame from one port to the other, as a
/// forwarder would: by veth `a0` – [`left` `right`] – `b0`, by TUN or TAP `a0` [ ] `b0`.
final class Patch: Sendable {
    /// What the hosts' interfaces are.
    enum Medium: CaseIterable {
        case veth, tun, tap
    }

    /// What befalls frames on their way.
    struct Weather: Sendable {
        /// One in so many is lost; nil: none.
        var lossInterval: Int?
        /// One in so many changes places with the next one; nil: none.
        var disorderInterval: Int?
    }

    /// What has passed, and how.
    struct Result: Sendable {
        var frameCount = 0
        var longestByteCount = 0
        var superframeCount: UInt64 = 0
        var sentSuperframeCount: UInt64 = 0
        var kernelDrops: UInt64 = 0
        var transmitFailures = 0
        /// What the commands in the hosts printed.
        var outputA = ""
        var outputB = ""
    }

    let middle = NetworkNamespace()
    let hostA = NetworkNamespace()
    let hostB = NetworkNamespace()
    let medium: Medium
    private let weather: Weather
    private let offload: Bool
    private let engine: PortEngine?

    /// The hosts are 10.7.0.1 and .2, 2001:db8:7::1 and ::2.
    init(
        _ medium: Medium = .veth, weather: Weather = Weather(), offload: Bool = true,
        engine: PortEngine? = nil
    ) {
        self.medium = medium
        self.weather = weather
        self.offload = offload
        self.engine = engine
        guard medium == .veth else { return }
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
        let ports = try await openPorts()
        async let outputA = hostA.run { running.leaving { shell(commandA) } }
        async let outputB = hostB.run { running.leaving { shell(commandB) } }
        var result = try await middle.run { [self] in
            try shuttle(ports[0].value, ports[1].value, capture: capture, while: { running.count > 0 })
        }
        result.outputA = try await outputA
        result.outputB = try await outputB
        return result
    }

    /// The left one and the right one.
    private func openPorts() async throws -> [Shared<any PacketPort>] {
        let mac = MACAddress(rawValue: 0x02_0000_0000_99)
        var ports: [Shared<any PacketPort>] = []
        for (host, interface, number) in [(hostA, "a0", 1), (hostB, "b0", 2)] {
            let port: Shared<any PacketPort> =
                switch medium {
                case .veth:
                    try await middle.run { [offload, engine] in
                        let outer = number == 1 ? "left" : "right"
                        return try Shared(
                            PacketSocketPort(
                                .init(
                                    name: outer, interface: outer, macAddress: mac, offload: offload,
                                    engine: engine)))
                    }
                case .tun:
                    try await host.run { [offload, engine] in
                        try Shared(
                            TUNPort(
                                .init(
                                    name: interface, interface: interface,
                                    addresses: [
                                        InterfaceAddress("10.7.0.\(number)/24")!,
                                        InterfaceAddress("2001:db8:7::\(number)/64")!,
                                    ], offload: offload, engine: engine)))
                    }
                case .tap:
                    try await host.run { [offload, engine] in
                        try Shared(
                            TAPPort(
                                .init(
                                    name: interface, interface: interface, offload: offload, engine: engine)))
                    }
                }
            if medium == .tap {
                host.ip("addr add 10.7.0.\(number)/24 dev \(interface)")
                host.ip("addr add 2001:db8:7::\(number)/64 dev \(interface) nodad")
            }
            // What waits here is not lost when the middle is slow.
            host.ip("link set \(interface) txqueuelen 10000")
            ports.append(port)
        }
        return ports
    }

    private func shuttle(
        _ left: any PacketPort, _ right: any PacketPort, capture: String, while isWanted: () -> Bool
    ) throws -> Result {
        let writer = try PcapFileWriter(path: capture, link: left.link)
        // A number of packets that superframes don't divide: they have to be continued in the next vector.
        let vector = PacketVector(capacity: 37)
        var result = Result()
        func pass(from source: any PacketPort, to destination: any PacketPort) throws {
            vector.removeAll()
            guard source.receive(into: vector) > 0 else { return }
            var selection: [UInt8] = []
            for index in 0..<vector.count {
                let frame = UnsafeRawBufferPointer(vector.frame(index))
                result.longestByteCount = max(result.longestByteCount, frame.count)
                if source === left { try writer.write(frame, timestamp: vector[index].timestamp) }
                result.frameCount += 1
                if let interval = weather.lossInterval, result.frameCount % interval == 0 { continue }
                selection.append(UInt8(index))
                if let interval = weather.disorderInterval, selection.count > 1,
                    result.frameCount % interval == 0
                {
                    selection.swapAt(selection.count - 1, selection.count - 2)
                }
            }
            selection.withUnsafeBufferPointer { destination.transmit(vector, selection: $0) }
            result.transmitFailures += selection.count { vector[Int($0)].disposition != .forwarded }
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
        for statistics in [left.statistics, right.statistics] {
            result.superframeCount += statistics.superframes
            result.sentSuperframeCount += statistics.sentSuperframes
            result.kernelDrops += statistics.kernelDrops
        }
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
