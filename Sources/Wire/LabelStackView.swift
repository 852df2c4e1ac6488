/// An MPLS label stack in bytes, checked down to its bottom, and what lies below it (RFC 3032 §2.1).
public struct LabelStackView: ~Escapable {
    /// The most entries that are followed.
    public static var maximumDepth: Int { 8 }

    /// The stack and its payload.
    public let bytes: RawSpan
    /// Entries down to the bottom of the stack: 1…8.
    public let count: Int

    /// Finds the bottom of the stack. Truncated if the bytes end first; too many if it lies deeper than
    /// eight.
    /// - Parameter bytes: begins with the top entry.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(WireError) {
        for depth in 0..<Self.maximumDepth {
            let offset = depth * LabelStackEntry.byteCount
            guard offset + LabelStackEntry.byteCount <= bytes.byteCount else {
                throw WireError(.labelStack, .truncated)
            }
            if LabelStackEntry(rawValue: bytes.uint32(at: offset)).isBottomOfStack {
                self.bytes = bytes
                count = depth + 1
                return
            }
        }
        throw WireError(.labelStack, .tooMany)
    }

    /// Entry `index`, counted from the top. Out of range traps.
    public subscript(index: Int) -> LabelStackEntry {
        precondition(index >= 0 && index < count)
        return LabelStackEntry(rawValue: bytes.uint32(at: index * LabelStackEntry.byteCount))
    }

    /// What stands below the bottom of the stack.
    public var payload: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(count * LabelStackEntry.byteCount..<bytes.byteCount) }
    }
}
