/// Finds what somebody may have meant who wrote a name that doesn't exist.
package enum Spelling {
    /// Beyond this many candidates none is looked for: an answer must not cost more than the question is
    /// worth.
    private static let maximumCandidates = 1000
    private static let maximumLength = 64

    /// The candidate nearest to `word`, the first of equals. Nil if none is within a third of its letters.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        guard candidates.count <= maximumCandidates, word.utf8.count <= maximumLength else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates where candidate.utf8.count <= maximumLength && candidate != word {
            let distance = editDistance(Array(word.lowercased().utf8), Array(candidate.lowercased().utf8))
            guard distance <= max(1, candidate.utf8.count / 3) else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// The least number of letters inserted, removed, replaced or swapped with their neighbour that makes `b`
    /// of `a` (optimal string alignment). Time is the product of the lengths.
    static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var distance = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    distance = min(distance, beforeLast[j - 1] + 1)
                }
                row.append(distance)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
