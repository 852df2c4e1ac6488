public import Packets
public import Wire

/// A port made of capture files: packets arrive from one and leave to another. Either may be missing.
///
/// What is sent stands in the file once a second, when `maintain` is called, and at the end.
///
/// Time is the capture's own: a packet is written with the time stamp it was read with. `state` is
/// `.finished` when the last packet has been received, at once if there is no input. Where the input is
/// damaged it ends, and `failure` says why; a send that fails is dropped as `.transmitFailed`, without an
/// output file as `.portDown`.
public final class PcapFilePort: PacketPort {
    /// What a file port is made of.
    public struct Configuration: Hashable, Sendable {
        public var name: String
        /// The file that is read; nil for a port that only sends.
        public var inputPath: String?
        /// The file that is written; nil for a port that only receives.
        public var outputPath: String?
        /// The link type; nil for that of the input file, or Ethernet if there is none.
        public var link: LinkType?
        public var macAddress: MACAddress?
        public var mtu: Int
        public var precision: PcapFileWriter.Precision
        /// Whether a port without an output file takes what is sent and forgets it, instead of being down.
        public var discardsOutput: Bool

        public init(
            name: String, inputPath: String? = nil, outputPath: String? = nil, link: LinkType? = nil,
            macAddress: MACAddress? = nil, mtu: Int = 1500,
            precision: PcapFileWriter.Precision = .microseconds, discardsOutput: Bool = false
        ) {
            self.name = name
            self.inputPath = inputPath
            self.outputPath = outputPath
            self.link = link
            self.macAddress = macAddress
            self.mtu = mtu
            self.precision = precision
            self.discardsOutput = discardsOutput
        }
    }

    public let name: String
    public let link: LinkType
    public let macAddress: MACAddress?
    public let mtu: Int
    /// The first thing that went wrong with either file since it was opened.
    public private(set) var failure: PcapFileError?

    /// Nil when there is no more input.
    private var reader: PcapFileReader?
    private let writer: PcapFileWriter?
    private let discardsOutput: Bool

    /// Opens both files. Throws if one can't be opened, or the input is of another link type than `link`.
    public init(_ configuration: Configuration) throws(PcapFileError) {
        name = configuration.name
        reader = nil
        if let path = configuration.inputPath { reader = try PcapFileReader(path: path) }
        link = configuration.link ?? reader?.link ?? .ethernet
        if let reader, reader.link != link {
            throw PcapFileError(
                path: reader.path, packetNumber: nil,
                reason: "the file has \(reader.link) packets, the port takes \(link)")
        }
        if let path = configuration.outputPath {
            writer = try PcapFileWriter(path: path, link: link, precision: configuration.precision)
        } else {
            writer = nil
        }
        discardsOutput = configuration.discardsOutput
        macAddress = link == .ethernet ? configuration.macAddress : nil
        mtu = configuration.mtu
        look()
    }

    public var state: PortState { reader == nil ? .finished : .up }
    public var pollDescriptor: Int32? { nil }

    /// When the next packet arrives: lets several files be played in the order of their time stamps. Nil at
    /// the end.
    public private(set) var nextTimestamp: UInt64?

    public func receive(into vector: PacketVector) -> Int { receive(into: vector, notAfter: .max) }

    /// As `receive(into:)`, but only packets with a time stamp up to `limit`.
    public func receive(into vector: PacketVector, notAfter limit: UInt64) -> Int {
        let countBefore = vector.count
        do throws(PcapFileError) {
            try reader?.append(to: vector, notAfter: limit)
        } catch { fail(error) }
        look()
        return vector.count - countBefore
    }

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        for order in 0..<selection.count {
            let index = unsafe Int(selection[order])
            guard let writer else {
                if discardsOutput {
                    vector[index].disposition = .forwarded
                } else {
                    vector[index].drop(.portDown)
                }
                continue
            }
            do throws(PcapFileError) {
                try unsafe writer.write(
                    UnsafeRawBufferPointer(vector.frame(index)), timestamp: vector[index].timestamp)
                vector[index].disposition = .forwarded
            } catch {
                failure = failure ?? error
                vector[index].drop(.transmitFailed)
            }
        }
    }

    /// Hands what is buffered to the kernel, so that who reads the output sees it.
    public func maintain() {
        do throws(PcapFileError) { try writer?.flush() } catch { failure = failure ?? error }
    }

    /// Writes what is buffered and closes the output. Throws the first failure that either file has had.
    public func close() throws(PcapFileError) {
        do throws(PcapFileError) { try writer?.close() } catch { failure = failure ?? error }
        if let failure { throw failure }
    }

    /// Finds out what is to be received next: at the end of the input there is no more to come.
    private func look() {
        do throws(PcapFileError) {
            nextTimestamp = try reader?.peek()?.timestamp
        } catch { fail(error) }
        if nextTimestamp == nil { reader = nil }
    }

    private func fail(_ error: PcapFileError) {
        failure = failure ?? error
        reader = nil
        nextTimestamp = nil
    }
}
