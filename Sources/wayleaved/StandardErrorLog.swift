import ArgumentParser
import ExchangeFile
@preconcurrency import Glibc
import Logging

/// Writes each log message as one line to standard error: for people, or as JSON for programs.
struct StandardErrorLog: LogHandler {
    enum Format: String, CaseIterable, ExpressibleByArgument, Sendable { case text, json }

    let label: String
    let format: Format
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String, format: Format) {
        self.label = label
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let line =
            switch format {
            case .text: text(event, all)
            case .json: json(event, all)
            }
        // One call a line, so that lines of several threads don't mix.
        fputs(line + "\n", stderr)
    }

    private func text(_ event: LogEvent, _ metadata: [(key: String, value: Logger.Metadata.Value)]) -> String
    {
        let fields = metadata.map {
            " \($0.key)=\(Self.isPlain("\($0.value)") ? "\($0.value)" : DocumentValue.text("\($0.value)").json)"
        }
        let level = event.level == .info ? "" : " \(event.level):"
        return "\(Self.time()) \(label):\(level) \(event.message)\(fields.joined())"
    }

    private func json(_ event: LogEvent, _ metadata: [(key: String, value: Logger.Metadata.Value)]) -> String
    {
        var line: DocumentValue = [
            "time": .text(Self.time()), "level": .text(event.level.rawValue), "logger": .text(label),
            "message": .text("\(event.message)"),
        ]
        if !metadata.isEmpty {
            line.set("metadata", .map(metadata.map { .init($0.key, .text("\($0.value)")) }))
        }
        return line.json
    }

    /// Now, in UTC, to the millisecond.
    private static func time() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
        let seconds = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let milliseconds = String(now.tv_nsec / 1_000_000)
        return seconds + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds + "Z"
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
    }
}
