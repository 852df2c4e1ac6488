import Glibc

/// What was measured, as it goes into the file that `--json` names.
struct Results {
    private let path: String?
    private var cases: [String] = []

    /// - Parameter arguments: lose the option and its value, if they are there.
    init(takingFileFrom arguments: inout [String]) {
        guard let option = arguments.firstIndex(of: "--json"), option + 1 < arguments.count else {
            path = nil
            return
        }
        path = arguments[option + 1]
        arguments.removeSubrange(option...option + 1)
    }

    /// - Parameter reference: milliseconds that C takes for its hash tables and trie.
    mutating func add(_ what: String, milliseconds: Double, reference: Double) {
        cases.append(
            "{\"case\":\"\(what)\",\"figure\":\(milliseconds),\"unit\":\"ms\",\"reference\":\(reference),"
                + "\"ratio\":\(milliseconds / reference)}")
    }

    mutating func add(_ what: String, bytesPerSession: Int) {
        cases.append("{\"case\":\"\(what)\",\"figure\":\(bytesPerSession),\"unit\":\"bytes a session\"}")
    }

    /// Ends the program where the file can't be written.
    func write() {
        guard let path else { return }
        guard let file = fopen(path, "w") else {
            print("\(path): \(String(cString: strerror(errno)))")
            exit(1)
        }
        fputs("{\"cases\":[\n\(cases.joined(separator: ",\n"))\n]}\n", file)
        fclose(file)
    }
}
