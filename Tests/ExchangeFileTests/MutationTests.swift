import Exchange
import ExchangeFile
import Testbed
import Testing

@Suite struct MutationTests {
    /// Bytes that mean something in YAML or in the values of an exchange, so that mutations reach past the
    /// scanner.
    private static let tasty = Array("{}[]:,-\"'#&*!|>%@?~ \n\t0159./abn\\\u{e9}".utf8)

    @Test("a mutated file is taken or refused with places inside it, and never crashes", arguments: 0..<8)
    func mutated(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<250 {
            var bytes = Array(wholeExchange.utf8)
            for _ in 0...Int.random(in: 0..<6, using: &random) { Self.mutate(&bytes, &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            // A fault can be what is missing behind the last line.
            let lineCount = 2 + text.unicodeScalars.count { $0.properties.isWhitespace }
            for rejection in rejections(of: text) {
                let line = rejection.location?.line ?? 0
                #expect((1...lineCount).contains(line), "seed \(seed), round \(round): \(rejection)")
            }
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] = tasty.randomElement(using: &random) ?? 0
        case 2: bytes.insert(tasty.randomElement(using: &random) ?? 0, at: place)
        case 3: bytes.removeSubrange(place..<end)
        case 4:
            bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
        default: bytes.removeLast(bytes.count - place)
        }
    }
}
