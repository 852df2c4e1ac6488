/// A request to the control plane.
public struct APIRequest: Sendable {
    /// GET, PUT, POST or DELETE.
    public var method: String
    /// The path with its query, as in `/v1/lines?limit=10`.
    public var path: String
    /// By name; Host and Content-Length are added.
    public var headers: [(name: String, value: String)]
    /// What is handed over; empty for nothing.
    public var body: [UInt8]

    /// A request.
    public init(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }

    /// A part of a path, with everything encoded that could mean something else (RFC 3986 §2.3).
    public static func encode(_ part: String) -> String {
        part.utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                text += (byte < 16 ? "%0" : "%") + hex
            }
        }
    }
}

/// What the control plane answers.
public struct APIResponse: Sendable {
    /// The HTTP status.
    public var status: Int
    /// By name, in their order.
    public var headers: [(name: String, value: String)]
    /// All of it.
    public var body: [UInt8]

    /// The first value of a header.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
