import Glibc
import Link

/// Finds the counter files of an instance's forwarders and keeps them open between two sweeps. Belongs to the engine's
/// thread.
struct UsageCollector {
    /// When usage is collected next by itself.
    var nextSweep = ContinuousClock.now
    /// Whether there is reason not to wait for that.
    var wantsSweep = false
    /// The open files by forwarder, by name.
    private var readers: [(forwarder: String, reader: CounterReader)] = []
    /// What was complained about and still holds, so that it is said once.
    private var complaints: Set<String> = []
    /// Counters that have been complained about.
    private var faultyCounters: Set<String> = []

    /// Whether this fault of a counter hasn't been reported yet; no longer told after a thousand faults.
    mutating func isFirst(_ fault: String) -> Bool {
        faultyCounters.count < 1_000 && faultyCounters.insert(fault).inserted
    }

    /// Whether the last `refresh` could read every counter file there is. Where it couldn't, there may be counts that
    /// nobody has seen, and no leg can be closed.
    private(set) var hasSeenAll = true

    /// The counter files in the folder as they are now, by name of forwarder. A file outlives its forwarder.
    mutating func refresh(_ directory: InstanceDirectory, complain: (String) -> Void) -> [Source] {
        var sources: [Source] = []
        var faults: Set<String> = []
        if let names = Self.forwarders(in: directory) {
            readers = names.map { name in
                readers.first { $0.forwarder == name }
                    ?? (name, CounterReader(path: directory.counterFile(forwarder: name)))
            }
        } else {
            let sentence =
                "\(directory.counterDirectory) can't be listed: \(String(cString: strerror(errno)))"
            faults.insert(sentence)
            if !complaints.contains(sentence) { complain(sentence) }
        }
        for (forwarder, reader) in readers {
            do throws(CounterFileError) {
                guard let file = try reader.refresh() else { continue }
                sources.append(Source(forwarder: forwarder, file: file, reader: reader))
            } catch {
                if faults.insert("\(error)").inserted, !complaints.contains("\(error)") {
                    complain("\(error)")
                }
            }
        }
        hasSeenAll = faults.isEmpty
        complaints = faults
        return sources
    }

    /// A file that can be read.
    struct Source {
        let forwarder: String
        let file: UInt64
        let reader: CounterReader
    }

    /// Whose counter files there are, sorted; nil where the folder can't be listed, as when no more files can be opened.
    private static func forwarders(in directory: InstanceDirectory) -> [String]? {
        guard let folder = opendir(directory.counterDirectory) else { return errno == ENOENT ? [] : nil }
        defer { closedir(folder) }
        let prefix = "counters-"
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(prefix) else { continue }
            let forwarder = String(name.dropFirst(prefix.count))
            if InstanceDirectory.isName(forwarder) { names.append(forwarder) }
        }
        return names.sorted()
    }
}
