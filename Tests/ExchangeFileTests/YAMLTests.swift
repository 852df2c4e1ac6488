import Exchange
import Glibc
import Testing

@testable import ExchangeFile

@Suite struct YAMLTests {
    @Test(
        "what isn't a YAML document of ours is refused, with its place",
        arguments: [
            ("", 1, 1, "the file is empty"),
            ("# nothing\n\n", 1, 1, "the file is empty"),
            ("ports: [a\n", 2, 1, "not well-formed YAML"),
            ("ports:\n\taccess0: {}\n", 2, 1, "not well-formed YAML"),
            ("ports: {}\nlines: \"x\n", 3, 1, "not well-formed YAML"),
            ("ports: {}\n---\nports: {}\n", 2, 1, "found another document"),
            ("ports: {}\nports: {}\n", 1, 1, "`ports`: given again further down"),
            (
                "lines:\n  a: { port: x }\n  b: { port: x }\n  a: { port: x }\n", 2, 3,
                "`a`: given again further down"
            ),
            ("- ports\n", 1, 1, "the file: a mapping (`key: value`) is due here, not a list"),
            ("ports\n", 1, 1, "a mapping (`key: value`) is due here, not `ports`"),
            ("ports: 5\n", 1, 8, "the file: ports: a mapping (`key: value`) is due here, not `5`"),
            ("ports: {}\nlabels: { a: b }\n", 2, 9, "a list (`- …`) is due here"),
            ("ports: {}\nlines: { a: { port: \u{7} } }\n", 2, 21, "control characters"),
            ("lines: &x { a: { port: b } }\ntunnels: *x\n", 2, 10, "`*x` repeats `&x`"),
            ("lines: { ? { a: b } : c }\n", 1, 12, "a key must be a word, not a mapping"),
        ])
    func refused(text: String, line: Int, column: Int, fragment: String) {
        let found = rejections(of: text)
        #expect(found.contains { $0.message.contains(fragment) }, "\(found)")
        #expect(found.first?.location == SourceLocation(line: line, column: column), "\(found)")
    }

    @Test("nesting of any depth and kind is refused, not crashed on", arguments: ["[", "{ a: ", "- "])
    func deep(opening: String) {
        let text = "ports: \n  " + String(repeating: opening, count: 100_000)
        #expect(!rejections(of: text).isEmpty)
    }

    @Test("a bomb of aliases is refused before it expands", .timeLimit(.minutes(1))) func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
        }
        #expect(rejections(of: text + "? *a30\n: x\n").first?.location == SourceLocation(line: 2, column: 10))
    }

    @Test("an ampersand or an asterisk in a text is no alias") func plainSigns() {
        let edited = Edit("name: Acme Media", "name: Acme & Sons *the* &c.").apply(to: wholeExchange)
        #expect(rejections(of: edited) == [])
    }

    @Test("bytes that aren't UTF-8 are located") func notUTF8() {
        let bytes = Array("ports: {}\n# é".utf8) + [0xff, 0x0a]
        #expect(
            throws: Rejection(
                "this is not UTF-8 text; save the file as UTF-8", at: SourceLocation(line: 2, column: 4))
        ) {
            try ExchangeFile.text(of: bytes)
        }
    }

    @Test("all faults are told in one run, in file order, and at most 50") func allFaults() throws {
        let lines = (0..<60).map { "  line\($0): { port: 5, mtu: x }\n" }.joined()
        let found = rejections(of: "lines:\n" + lines)
        #expect(found.count == ExchangeFile.maximumRejections)
        #expect(found.compactMap(\.location?.line) == Array(2..<52))
        let error = ExchangeFileError.rejected(fileName: "edge.yaml", found)
        #expect(error.description.hasPrefix("edge.yaml:2:26: line `line0`: mtu: a number"))
        #expect(error.description.hasSuffix("\n(only the first 50 faults are listed)"))
    }

    @Test("decoding and validating agree on the order of the file") func order() {
        var text = wholeExchange
        for edit in [
            Edit("in: 16101", "in: 16100"), Edit("mtu: 1500", "mtu: 9001"),
            Edit("remote: 192.0.2.9", "remote: 192.0.2.1"),
        ] {
            text = edit.apply(to: text)
        }
        #expect(rejections(of: text).compactMap(\.location?.line) == [11, 24, 47])
    }
}

@Suite struct ReadingTests {
    private func error(path: String) -> String {
        do {
            _ = try ExchangeFile.load(path: path)
            return "taken"
        } catch {
            return error.description
        }
    }

    @Test("a file that is there is taken") func file() throws {
        let path = try TemporaryFile(wholeExchange)
        #expect(try ExchangeFile.load(path: path.path).ports.count == 7)
    }

    @Test("a missing file, a directory and an empty file are sentences") func unreadable() throws {
        #expect(error(path: "/nonexistent/edge.yaml") == "/nonexistent/edge.yaml: there is no such file")
        #expect(error(path: "/") == "/: this is a directory; name an exchange file")
        #expect(error(path: "/dev/null").hasPrefix("/dev/null:1:1: the file is empty"))
    }

    @Test("an endless file is refused at its limit") func endless() {
        #expect(error(path: "/dev/zero").hasPrefix("/dev/zero:1:1: the file is longer than 64 MiB"))
    }

    @Test("a fault names the file") func fault() throws {
        let file = try TemporaryFile(Edit("mtu: 1500", "mtu: 5").apply(to: wholeExchange))
        #expect(error(path: file.path).hasPrefix("\(file.path):11:49: line `north`: mtu: "))
    }
}

/// A file that is removed with its last reference.
private final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/wayleave-exchange-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let bytes = Array(text.utf8)
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
    }

    deinit { unlink(path) }
}
