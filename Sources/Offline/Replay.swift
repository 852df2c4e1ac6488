public import Exchange
public import Forwarder
public import Observation
import Packets
import Ports
import TableCompiler

/// Plays captures through the forwarder: the production data path over files, without interfaces, daemon or root.
///
/// Packets of several ports are taken in the order of their time stamps, of equal ones in the order of the ports in the
/// exchange file. One packet at a time, so that what one teaches (an ARP answer) holds for the next. The same input
/// gives the same output, bit for bit.
public struct Replay {
    /// A port's capture files.
    public struct Files: Sendable {
        public var input: String?
        public var output: String?
        public init(input: String? = nil, output: String? = nil) {
            self.input = input
            self.output = output
        }
    }

    private let ports: [PcapFilePort]
    private let worker: Worker
    private let compiled: CompiledExchange
    private let follower: PacketFollower?

    /// Opens all files and makes the tables.
    /// - Parameters:
    ///   - files: by port name. A port that isn't named has no input, and what is sent to it is counted and forgotten.
    ///   - isFollowed: whether `run` is to tell of each packet. What becomes of packets is the same.
    /// - Throws: a `Rejection` for a port that the exchange doesn't have, a `PcapFileError` for a file.
    public init(_ exchange: ExchangeDescription, files: [String: Files], isFollowed: Bool = false) throws {
        for name in files.keys.sorted() { _ = try exchange.portIndex(name) }
        let facts = PortFacts.offline(exchange)
        compiled = CompiledExchange(exchange, facts)
        var precision = PcapFileWriter.Precision.microseconds
        for input in files.values.compactMap(\.input)
        where try PcapFileReader(path: input).precision == .nanoseconds {
            precision = .nanoseconds
        }
        ports = try exchange.ports.enumerated().map { index, port in
            try PcapFilePort(
                PcapFilePort.Configuration(
                    name: port.name, inputPath: files[port.name]?.input, outputPath: files[port.name]?.output,
                    link: port.isEthernet ? .ethernet : .ip, macAddress: facts.macAddresses[index],
                    mtu: port.mtu ?? 1500, precision: precision, discardsOutput: true))
        }
        let observer = isFollowed ? WorkerObserver() : nil
        follower = observer.map { PacketFollower($0) }
        worker = Worker(
            Publication(tables: try compiled.makeTables().publication, ports: ports), vectorCapacity: 1,
            slotByteCount: Self.slotByteCount, neighbourSeed: Self.neighbourSeed, observer: observer)
    }

    /// The same in every run. Whoever writes a capture against it only loses neighbours in the replay.
    static let neighbourSeed: UInt64 = 0xd1b5_4a32_d192_ed03

    /// Room for any frame that a capture can hold.
    static let slotByteCount =
        (PcapFileWriter.snapshotByteCount + PacketVector.headroom + PacketVector.tailroom + 63) & ~63

    /// Forwards every packet, closes the outputs and returns the counters.
    /// - Parameter tell: is told of each packet when it is done, if they are followed. One that waits for its next hop is
    ///   told of as such; when it leaves, it does so because of the answer.
    /// - Throws: a `PcapFileError` for the first damaged input or failed write; what came before it has been written. And
    ///   what `tell` throws.
    public func run(tell: (TracedPacket) throws -> Void = { _ in }) throws -> CountersReport {
        while let next = earliest() {
            _ = worker.serve(PortIndex(rawValue: UInt16(next)))
            try follower?.takeAll().forEach(tell)
        }
        worker.giveUpWaiting()
        for port in ports { try port.close() }
        return CountersReport(worker.counters, sessions: compiled.sessions, ports: ports.map(\.name))
    }

    private func earliest() -> Int? {
        var earliest: (port: Int, timestamp: UInt64)?
        for (index, port) in ports.enumerated() {
            guard let timestamp = port.nextTimestamp, timestamp < earliest?.timestamp ?? .max else {
                continue
            }
            earliest = (index, timestamp)
        }
        return earliest?.port
    }
}
