import Glibc
import Observation
import Offline

/// What became of each packet of a replay, written as it goes: a line of JSON each.
final class TraceFile {
    private let path: String
    private let narrator: TraceNarrator
    private let portNames: [String]
    private let file: UnsafeMutablePointer<FILE>

    /// Empties the file, or makes it.
    /// - Throws: a `TraceFileError`, as do the others.
    init(path: String, narrator: TraceNarrator, portNames: [String]) throws(TraceFileError) {
        guard let file = fopen(path, "we") else { throw TraceFileError(path, errno) }
        (self.path, self.narrator, self.portNames, self.file) = (path, narrator, portNames, file)
    }

    func write(_ packet: TracedPacket) throws(TraceFileError) {
        let document = packet.document(narrator.explanation(packet)) { portNames[Int($0)] }
        guard fputs(document.json + "\n", file) >= 0 else { throw TraceFileError(path, errno) }
    }

    /// To be called once, after the last packet.
    func close() throws(TraceFileError) {
        guard fclose(file) == 0 else { throw TraceFileError(path, errno) }
    }
}

/// Why a trace could not be written, in a sentence.
struct TraceFileError: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, _ errorNumber: Int32) {
        description = "can't write \(path): \(String(cString: strerror(errorNumber)))"
    }
}
