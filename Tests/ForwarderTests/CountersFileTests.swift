import Forwarder
import Glibc
import Packets
import Testbed
import Testing

@Suite("Counters file") struct CountersFileTests {
    private func report() -> CountersReport {
        let node = Node()
        node.pass([Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes], "access0", to: "core0")
        node.pass([Datagram.udp("10.1.0.9", "198.51.100.7").bytes, [0x45]], "access0", to: "core0")
        return node.report
    }

    @Test("CD-6 the report is JSON of the documented shape, every session and port in it")
    func json() throws {
        let expected = """
            {"sessions":{"alice-video":{"up":{"packets":1,"bytes":128},"down":{"packets":0,"bytes":0}},\
            "alice-music":{"up":{"packets":0,"bytes":0},"down":{"packets":0,"bytes":0}},\
            "bob-video":{"up":{"packets":0,"bytes":0},"down":{"packets":0,"bytes":0}},\
            "alice-news":{"up":{"packets":0,"bytes":0},"down":{"packets":0,"bytes":0}}},\
            "ports":{"access0":{"in":3,"out":0},"access1":{"in":0,"out":0},"core0":{"in":0,"out":1},\
            "core1":{"in":0,"out":0}},"forwarded":1,"consumed":0,"originated":0,\
            "drops":{"truncatedIPv4":1,"unknownSubscriber":1}}\n
            """
        #expect(report().json == expected)
        let parsed = try #require(JSONLeaves(expected))
        #expect(parsed.number("sessions/alice-video/up/bytes") == 128)
        #expect(parsed.leaves.count == 4 * 4 + 4 * 2 + 3 + 2)
    }

    @Test("Without sessions, ports and drops, the report is still JSON")
    func emptyJSON() {
        let json = CountersReport(Counters(), sessions: [], ports: []).json
        #expect(
            json == #"{"sessions":{},"ports":{},"forwarded":0,"consumed":0,"originated":0,"drops":{}}"# + "\n"
        )
    }

    @Test("A file takes the place of the one before as a whole, and leaves nothing beside it")
    func replaces() throws {
        let folder = ScratchFolder()
        let path = folder.file("counters.json", Array(repeating: 0x78, count: 100_000))
        let old = open(path, O_RDONLY)
        defer { close(old) }
        try CountersFile(path: path).write(report())
        #expect(fileContents(path) == Array(report().json.utf8))
        #expect(folderEntries(folder.path) == ["counters.json"])
        // Who had opened the old one still reads that, untouched: the name moved, the file wasn't written to.
        var status = stat()
        #expect(fstat(old, &status) == 0 && status.st_size == 100_000)
    }

    @Test(
        "A path that can't be written is named, with the reason",
        arguments: ["/nonexistent/c.json", "/proc/c.json"])
    func unwritable(_ path: String) throws {
        let error = try #require(throws: CountersFileError.self) {
            try CountersFile(path: path).write(report())
        }
        #expect(error.description.contains(path))
        #expect(error.description.contains(path.hasPrefix("/proc") ? "/proc" : "No such file"))
    }

    @Test("A folder in the file's place is an error, and nothing is left beside it")
    func folderInPlace() throws {
        let folder = ScratchFolder()
        let path = folder.file("counters.json")
        #expect(mkdir(path, 0o755) == 0)
        defer { rmdir(path) }
        let error = try #require(throws: CountersFileError.self) {
            try CountersFile(path: path).write(report())
        }
        #expect(error.description.contains(path))
        #expect(folderEntries(folder.path) == ["counters.json"])
    }
}
