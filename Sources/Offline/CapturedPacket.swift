public import Exchange
import Ports

/// One packet out of a capture file.
public struct CapturedPacket: Equatable, Sendable {
    /// What was captured of it.
    public let bytes: [UInt8]
    /// Its length on the link: more than `bytes` holds if the capture was cut short.
    public let wireByteCount: Int
    /// Whether the capture was cut short.
    public var isTruncated: Bool { bytes.count < wireByteCount }

    /// Reads packet `index`, counted from 1.
    /// - Throws: a `PcapFileError` for a file that can't be read, a `Rejection` for one that has no such packet or
    ///   whose packets are not what `port` takes.
    public init(path: String, index: Int, for port: Port) throws {
        precondition(index >= 1)
        let reader = try PcapFileReader(path: path)
        let link: LinkType = port.isEthernet ? .ethernet : .ip
        guard reader.link == link else {
            throw Rejection(
                "\(path) holds \(reader.link.inWords), and port '\(port.name)' takes \(link.inWords); "
                    + "name a port of that kind, or convert the file")
        }
        while let record = try reader.next() {
            guard reader.packetCount == index else { continue }
            bytes = record.bytes.map { $0 }
            wireByteCount = record.wireByteCount
            return
        }
        let count = reader.packetCount
        let held = count == 0 ? "no packet" : count == 1 ? "1 packet" : "\(count) packets"
        throw Rejection("\(path) holds \(held); there is no packet \(index)")
    }
}

extension LinkType {
    fileprivate var inWords: String {
        switch self {
        case .ethernet: "Ethernet frames"
        case .ip: "bare IP packets"
        }
    }
}
