import Tables
import Wire

/// A label stack with what it carries, in a frame whose top label is a transit label.
struct LabelledPacket {
    /// Entries of a stack that are looked at; no error is sent about what stands under more.
    private static let maximumEntryCount = 16

    /// Where the stack stands in the frame, from the top entry's first byte to where the payload begins.
    let stack: Range<Int>

    /// Nil where the stack has no bottom in the frame, or among its first 16 entries.
    /// - Parameter start: where the top entry stands.
    init?(_ frame: RawSpan, at start: Int) {
        for count in 1...Self.maximumEntryCount {
            let end = start + count * LabelStackEntry.byteCount
            guard end <= frame.byteCount else { return nil }
            guard Self.entry(frame, at: end - LabelStackEntry.byteCount).isBottomOfStack else { continue }
            stack = start..<end
            return
        }
        return nil
    }

    private static func entry(_ frame: RawSpan, at offset: Int) -> LabelStackEntry {
        LabelStackEntry(rawValue: frame.uint32(at: offset))
    }

    /// Whether a whole, sound IP packet stands below the stack. What the labels carry isn't said anywhere (RFC 3032
    /// §2.2), so that a good guess is all that can be had.
    func isIP(_ frame: RawSpan) -> Bool {
        let payload = frame.extracting(droppingFirst: stack.upperBound)
        guard payload.byteCount > 0 else { return false }
        do throws(WireError) {
            switch payload.octet(at: 0) >> 4 {
            case 4: return try IPv4View(payload).hasValidChecksum
            case 6: return try IPv6View(payload).bytes.byteCount > 0
            default: return false
            }
        } catch {
            return false
        }
    }

    /// The bytes of labels under which an NHLFE sends the payload.
    func outgoingByteCount(_ nhlfe: NHLFE) -> Int {
        stack.count + (Int(nhlfe.labelCount) - 1) * LabelStackEntry.byteCount
    }
}
