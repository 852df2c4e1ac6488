import Testing

@testable import Tables

/// Records that the packet loop reads are as large as they say: one that outgrows its cache line costs a second miss.
struct RecordLayoutTests {
    @Test(arguments: [
        ("Conversion", MemoryLayout<Conversion>.stride, 64),
        ("Adjacency", MemoryLayout<Adjacency>.stride, 64),
        ("NHLFE", MemoryLayout<NHLFE>.stride, 40), ("ILMEntry", MemoryLayout<ILMEntry>.stride, 4),
        ("SubscriberEntry", MemoryLayout<SubscriberEntry>.stride, 64),
        ("Bucket", MemoryLayout<Bucket>.stride, 64),
        ("Rule", MemoryLayout<Rule>.stride, 16),
        ("Treatment", MemoryLayout<Treatment>.stride, 32),
        ("PathGroupEntry", MemoryLayout<PathGroupEntry>.stride, 64),
        ("PolicerState", MemoryLayout<PolicerState>.stride, 32),
    ])
    func recordsKeepTheirSize(_ name: String, _ byteCount: Int, _ stated: Int) {
        #expect(byteCount == stated, "\(name)")
    }
}
