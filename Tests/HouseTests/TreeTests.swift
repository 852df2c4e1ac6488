import Testing

@Suite("The tree") struct TreeTests {
    let tree = SourceTree.own

    @Test(
        "The top level is the agreed one, and dot files", .enabled(if: SourceTree.own.isFromGit, "needs git"))
    func topLevel() {
        let visible = Set(tree.files.map { String($0.prefix { $0 != "/" }) }.filter { !$0.hasPrefix(".") })
        #expect(visible == ["Package.swift", "Sources", "Tests", "Benchmarks", "deploy", "README.md"])
    }

    @Test("Nothing points out of the tree: what climbs by `../` arrives at something that is here")
    func nothingPointsOutside() {
        // What a fuzzer has written means nothing.
        for file in tree.files
        where !file.hasPrefix("Tests/Fuzz/corpus/") && !file.hasPrefix("Tests/Fuzz/findings/") {
            for (number, line) in tree.lines(file).enumerated() {
                for path in climbingPaths(String(line)) {
                    #expect(
                        resolves(path, from: file), "\(file):\(number + 1) points to \(path)")
                }
            }
        }
    }

    /// Whether the path leads to something in the tree, from the file's folder.
    private func resolves(_ path: String, from file: String) -> Bool {
        var folders = file.split(separator: "/").dropLast().map(String.init)
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                folders.append(String(part))
            } else if folders.popLast() == nil {
                return false
            }
        }
        return tree.exists(folders.joined(separator: "/"))
    }

    @Test(
        "Paths that climb are found in text",
        arguments: [
            ("see ../../README.md.", ["../../README.md"]), ("cd \"$(dirname \"$0\")/..\"", [".."]),
            ("path: \"../..\")", ["../.."]), ("0...9 and 0..<9, ...", []), ("a..b", []),
            ("`../Testbed`", ["../Testbed"]),
        ] as [(String, [String])])
    func climbing(_ text: String, _ paths: [String]) {
        #expect(climbingPaths(text) == paths)
    }

    @Test("No file is named for being useful", arguments: ["Util", "Helper", "Manager", "Common", "Misc"])
    func names(_ word: String) {
        for file in tree.files {
            let name = file.split(separator: "/").last ?? ""
            #expect(!name.contains(word), "\(file)")
        }
    }

    /// Requirements that data path and control plane prove. `grep -rhoE '"[^"]*(PX|CD)-[0-9][^"]*"' Tests
    /// --include='*.swift'` lists the tests that do.
    @Test(
        "Each requirement stands in the name of a test",
        arguments: (1...6).map { "PX-\($0)" } + (1...7).map { "CD-\($0)" })
    func requirements(_ id: String) {
        let own = "Tests/HouseTests/"
        let isProven = tree.swiftFiles.contains { file in
            guard file.hasPrefix("Tests/"), !file.hasPrefix(own) else { return false }
            return testNames(tree.lines(file)).contains { words(in: $0).contains { $0 == id } }
        }
        #expect(isProven, "no test's name has \(id)")
    }

    /// The words of a test's name.
    private func words(in name: String) -> [Substring] { name.split { $0 == " " || $0 == "," || $0 == ":" } }

    /// The names given by `@Test` and `@Suite`, on the same line or the next.
    private func testNames(_ lines: [Substring]) -> [String] {
        var names: [String] = []
        var isExpected = false
        for line in lines {
            if line.contains("@Test(") || line.contains("@Suite(") { isExpected = true }
            guard isExpected, let start = line.firstIndex(of: "\"") else { continue }
            names.append(String(line[line.index(after: start)...].prefix { $0 != "\"" }))
            isExpected = false
        }
        return names
    }
}

/// The paths in a line of text that begin with `..`, without the punctuation behind them.
func climbingPaths(_ text: String) -> [String] {
    let parts = text.split { !($0.isLetter || $0.isNumber || "._-/".contains($0)) }
    return parts.compactMap { part in
        // `$(…)/..` leaves a slash before it.
        var path = part.drop { $0 == "/" }
        while let last = path.last, last == "/" || (last == "." && !path.hasSuffix("..")) {
            path.removeLast()
        }
        return path == ".." || path.hasPrefix("../") ? String(path) : nil
    }
}
