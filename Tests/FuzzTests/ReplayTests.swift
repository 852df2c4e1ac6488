import FuzzTargets
import Testbed
import Testing

/// What fuzzers have found, and what they have learned on the way, tried again without them.
@Suite("Fuzzers' inputs", .serialized) struct ReplayTests {
    private static let folder = repositoryRoot(#filePath) + "/Tests/Fuzz"

    private func inputs(_ kind: String, _ target: FuzzTarget) -> [(name: String, bytes: [UInt8])] {
        let folder = "\(Self.folder)/\(kind)/\(target.name)"
        return folderEntries(folder).compactMap { name in
            fileContents("\(folder)/\(name)").map { (name, $0) }
        }
    }

    @Test("PX-4 no kept input is a finding any more", arguments: FuzzTarget.all.map(\.name))
    func replays(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let corpus = inputs("corpus", target)
        #expect(corpus.count > 0, "\(name) has no corpus")
        for (file, bytes) in corpus + inputs("findings", target) {
            do throws(Finding) { try target.run(bytes) } catch { Issue.record("\(name)/\(file): \(error)") }
        }
    }

    @Test("PX-4 nor is any good input, of which some are tried", arguments: FuzzTarget.all.map(\.name))
    func triesSeeds(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let seeds = target.seeds()
        #expect(seeds.count > 0, "\(name) has no good inputs")
        for place in stride(from: 0, to: seeds.count, by: 1 + seeds.count / 40) {
            do throws(Finding) { try target.run(seeds[place]) } catch {
                Issue.record("\(name), seed \(place): \(error)")
            }
        }
    }

    @Test("Every folder of inputs is a target's", arguments: ["corpus", "findings"])
    func foldersAreKnown(_ kind: String) {
        let known = Set(FuzzTarget.all.map(\.name))
        #expect(Set(folderEntries("\(Self.folder)/\(kind)")).isSubset(of: known))
    }
}
