import Link
import Tables
import Testbed

extension FuzzTarget {
    /// The bytes of a link's connection, in pieces of any size: frames, messages, transactions.
    ///
    /// ```
    /// | form, 1 |   even: the bytes of the connection, cut at the form's size
    ///               odd:  | kind, 1 | length, 2 | payload | …   as frames with the checksums that they need
    /// ```
    static let link = FuzzTarget(name: "link", byteCountLimit: 4096) { bytes throws(Finding) in
        var input = InputReader(bytes)
        let form = input.octet()
        let stream: [UInt8]
        if form & 1 == 0 {
            stream = input.remainder()
        } else {
            var frames: [UInt8] = []
            while !input.isEmpty {
                let kind = FrameKind(rawValue: input.octet() % 11 + 1)!
                frames += LinkFrame(kind, input.piece()[...]).bytes
            }
            stream = frames
        }
        let whole = try messages(in: stream, pieceByteCount: max(1, stream.count))
        let cut = try messages(in: stream, pieceByteCount: 1 + Int(form >> 1))
        try Finding.unless(whole == cut, "cut otherwise the same bytes are other messages")
    } seeds: {
        var seeds: [[UInt8]] = []
        for name in Edge.names {
            let frames = ExpectedTransaction(Edge.named(name).compiled.transaction, tableHash: 1).frames
            let stream = Array(frames.joined())
            guard stream.count < 4000 else { continue }
            // Whole, in pieces of 14 bytes, and as kinds and payloads.
            seeds += [[0] + stream, [26] + stream]
            var payloads: [UInt8] = [1]
            for frame in frames {
                payloads.append(frame[4] - 1)
                payloads += InputReader.encoded(piece: Array(frame.dropFirst(LinkFrame.headerByteCount)))
            }
            seeds.append(payloads)
        }
        return seeds
    }

    /// All messages up to the first fault.
    private static func messages(in stream: [UInt8], pieceByteCount: Int) throws(Finding) -> [Message] {
        var reader = FrameReader()
        var assembler = TransactionAssembler()
        var messages: [Message] = []
        var failure: Finding?
        do throws(LinkError) {
            for start in stride(from: 0, to: stream.count, by: pieceByteCount) {
                stream[start..<min(start + pieceByteCount, stream.count)].withUnsafeBytes {
                    reader.append($0)
                }
                while let frame = try reader.next() {
                    let message = try Message(frame)
                    messages.append(message)
                    do throws(LinkError) {
                        if try Message(message.frame) != message {
                            failure = Finding("\(message) reads as another")
                        }
                    } catch { failure = Finding("\(message) can't be read back: \(error)") }
                    switch message {
                    case .begin(let head): try assembler.begin(head)
                    case .changes(let piece): try assembler.add(piece)
                    case .commit(let end): _ = try assembler.commit(end)
                    default: break
                    }
                }
            }
        } catch { _ = error.description }
        if let failure { throw failure }
        return messages
    }
}
