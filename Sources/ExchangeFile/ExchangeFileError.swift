public import Exchange

/// Why an exchange file was not taken.
public enum ExchangeFileError: Error, Equatable, Sendable {
    /// The system would not give us the file; the reason is the system's.
    case unreadable(path: String, reason: String)
    /// The file is not YAML (or JSON) at all, or not UTF-8.
    case malformed(fileName: String, Rejection)
    /// The file says what can't be; at least one rejection, in the order of the file.
    case rejected(fileName: String, [Rejection])
}

extension ExchangeFileError: CustomStringConvertible {
    /// A line for each fault, as compilers print them: `file:line:column: sentence`.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): \(reason)"
        case .malformed(let fileName, let rejection): "\(fileName):\(rejection)"
        case .rejected(let fileName, let rejections):
            (rejections.map { "\(fileName):\($0)" } + Self.more(rejections)).joined(separator: "\n")
        }
    }

    private static func more(_ rejections: [Rejection]) -> [String] {
        rejections.count < ExchangeFile.maximumRejections
            ? [] : ["(only the first \(rejections.count) faults are listed)"]
    }
}
