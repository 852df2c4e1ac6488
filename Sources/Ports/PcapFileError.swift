/// A capture file that could not be read or written: which, at which packet, and why.
public struct PcapFileError: Error, Hashable, Sendable {
    public let path: String
    /// The packet at fault, counted from 1; nil if the file as a whole is.
    public let packetNumber: Int?
    public let reason: String
}

extension PcapFileError: CustomStringConvertible {
    public var description: String {
        "\(path)\(packetNumber.map { ", packet \($0)" } ?? ""): \(reason)"
    }
}
