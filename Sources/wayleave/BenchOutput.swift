import ArgumentParser
import Bench
import ExchangeFile
@preconcurrency import Glibc

/// What both benchmarks do with what they find.
struct BenchOutput: ParsableArguments {
    @Flag(help: "For programs: one JSON document.") var json = false

    @Option(
        help: ArgumentHelp(
            "Also write a page of plots to this file; it stands by itself, without network.",
            valueName: "FILE"))
    var html: String?

    func validate() throws {
        guard let html else { return }
        // Not after minutes of measuring.
        let folder = html.contains("/") ? String(html[..<html.lastIndex(of: "/")!]) : "."
        guard access(folder.isEmpty ? "/" : folder, W_OK) == 0 else {
            throw ValidationError("--html \(html): can't write there: \(String(cString: strerror(errno)))")
        }
    }

    /// Says what is measured on, before it begins.
    func begin(_ machine: Machine) {
        guard !json else { return }
        print(machine.summary)
        if machine.isDebugBuild {
            print("This is a debug build, some thirty times slower: the figures say nothing.")
        }
        print()
        fflush(stdout)
    }

    func end(_ document: DocumentValue, page: String) throws {
        if json { print(document.json) }
        guard let html else { return }
        if let error = OutputFile(html).write(Array(page.utf8)) {
            throw OutputFileError("\(html): can't be written: \(String(cString: strerror(error)))")
        }
        if !json { print("\nplots: \(html)") }
    }
}

/// Ends the program with a sentence and exit code 1.
struct OutputFileError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Rows that are printed as they come, under a header whose columns are wide enough for all that is expected.
struct RunningTable {
    private let widths: [Int]

    init(_ header: [String], least: Int = 11) {
        widths = header.map { max(least, $0.count) }
        print(line(header))
    }

    func add(_ row: [String]) {
        print(line(row))
        fflush(stdout)
    }

    private func line(_ row: [String]) -> String {
        zip(row, widths).enumerated().map { index, cell in
            let (text, width) = cell
            let padding = String(repeating: " ", count: max(0, width - text.count))
            return index == 0 || index == row.count - 1 && text.count > width
                ? text + padding : padding + text
        }.joined(separator: "  ")
    }
}

extension Machine {
    var document: DocumentValue {
        [
            "processor": .text(processor), "cores": DocumentValue(coreCount), "isVirtual": .flag(isVirtual),
            "clocksPerNanosecond": .number(decimal(ticksPerNanosecond, 4)), "kernel": .text(kernel),
            "memoryBytes": DocumentValue(memoryByteCount), "isDebugBuild": .flag(isDebugBuild),
            "time": .text(utcDate(time)),
        ]
    }
}
