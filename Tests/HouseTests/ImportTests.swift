import Testing

/// Each module imports only what stands below it.
@Suite("Import rules") struct ImportTests {
    /// What each folder of Sources may import, besides `Glibc` and `Synchronization`. Foundation is nowhere: it costs every start 7
    /// ms and the forwarder twice its memory; Yams brings its own, which no file of ours sees.
    static let allowed: [String: Set<String>] = [
        "CLinux": [], "CPcap": [], "CNetlink": [],
        "Wire": [],
        "Packets": ["Wire"],
        "Tables": ["CLinux", "Wire"],
        "Trace": ["Wire", "Packets", "Tables"],
        "Forwarding": ["CLinux", "Wire", "Packets", "Tables", "Trace"],
        "Ports": ["CLinux", "CPcap", "CNetlink", "Wire", "Packets"],
        "Observation": ["CLinux", "CPcap", "Wire", "Packets", "Tables", "Trace", "Ports", "Link"],
        "Forwarder": [
            "CLinux", "Wire", "Packets", "Tables", "Trace", "Forwarding", "Ports", "Link", "Observation",
        ],
        "Exchange": ["Wire"],
        "ExchangeFile": ["Exchange", "Wire", "Yams"],
        "TableCompiler": ["Exchange", "Tables", "Wire"],
        "Link": ["CLinux", "Tables", "Wire"],
        "Journal": ["Crypto", "GRDB"],
        "ControlPlane": [
            "Exchange", "Journal", "Link", "TableCompiler", "Tables", "Wire", "Crypto",
            "ServiceLifecycle", "Logging",
        ],
        "API": [
            "ControlPlane", "Exchange", "ExchangeFile", "Wire", "Hummingbird", "ServiceLifecycle", "Logging",
            "NIOCore",
        ],
        "APIClient": ["NIOCore", "NIOHTTP1", "NIOPosix"],
        "Offline": [
            "Exchange", "TableCompiler", "Tables", "Trace", "Forwarding", "Forwarder", "Observation",
            "Packets",
            "Ports", "Wire",
        ],
        // A histogram that takes millions of delays.
        "Bench": ["CLinux", "Wire", "Packets", "Tables", "Forwarding", "Histogram"],
        "wayleave-forwarder": ["Forwarder", "Link"],
        "wayleaved": [
            "API", "ControlPlane", "ExchangeFile", "ArgumentParser", "ServiceLifecycle", "Logging",
        ],
        "wayleave": [
            "APIClient", "Bench", "Exchange", "ExchangeFile", "Forwarder", "Link", "Observation", "Offline",
            "Packets", "Ports", "Tables", "ArgumentParser",
        ],
    ]

    let tree = SourceTree.own

    private func folder(_ path: String) -> String { String(path.split(separator: "/")[1]) }

    @Test("Every folder of Sources is in the table, and every row of the table is a folder")
    func foldersAreKnown() {
        let folders = Set(tree.files.filter { $0.hasPrefix("Sources/") }.map(folder))
        #expect(folders == Set(Self.allowed.keys))
    }

    @Test("A module imports only what the table allows", arguments: allowed.keys.sorted())
    func importsAreAllowed(_ module: String) throws {
        let allowed = try #require(Self.allowed[module]).union(["Glibc", "Synchronization"])
        for file in tree.swiftFiles where file.hasPrefix("Sources/\(module)/") {
            for (number, line) in tree.lines(file).enumerated() {
                guard let name = importedModule(line) else { continue }
                #expect(allowed.contains(name), "\(file):\(number + 1) imports \(name)")
            }
        }
    }

    @Test("The rules have something to hold against: imports are found in most modules")
    func importsAreFound() {
        let importing = Set(
            tree.swiftFiles.filter { file in
                file.hasPrefix("Sources/") && tree.lines(file).contains { importedModule($0) != nil }
            }.map(folder))
        #expect(importing.isSuperset(of: ["Tables", "Forwarding", "Ports", "Offline", "wayleave"]))
    }

    @Test("No module is allowed what stands above it: the table has no cycle")
    func tableHasNoCycle() {
        var remaining = Self.allowed
        while let free = remaining.first(where: { $0.value.isDisjoint(with: remaining.keys) }) {
            remaining[free.key] = nil
        }
        #expect(remaining.isEmpty, "\(remaining.keys.sorted()) import each other")
    }

    @Test("Foundation is imported nowhere, in no test and no benchmark")
    func noFoundation() {
        for file in tree.swiftFiles {
            let imports = tree.lines(file).compactMap { importedModule($0) }
            #expect(!imports.contains { $0.hasPrefix("Foundation") }, "\(file)")
        }
    }

    @Test(
        "What a line imports",
        arguments: [
            ("import Wire", "Wire"), ("public import Wire", "Wire"), ("  @testable import Tables", "Tables"),
            ("@preconcurrency package import Glibc", "Glibc"), ("import struct Wire.Label", "Wire"),
            ("@_spi(Test) import func Ports.open", "Ports"), ("// import Wire", nil),
            ("let important = 1", nil),
            ("imports Wire", nil), ("", nil),
        ] as [(String, String?)])
    func parses(_ line: String, _ module: String?) {
        #expect(importedModule(line) == module)
    }
}
