import Glibc
import Testing

@testable import ExchangeFile

@Suite struct DocumentationTests {
    /// README.md by section title.
    private static let sections: [String: String] = {
        let path = #filePath.replacing(
            "Tests/ExchangeFileTests/DocumentationTests.swift", with: "Sources/ExchangeFile/README.md")
        guard let text = try? ExchangeFile.read(path: path) else { return [:] }
        var sections: [String: String] = [:]
        for section in text.split(separator: "\n## ").dropFirst() {
            let title = section.prefix { $0 != "\n" }
            sections[String(title)] = String(section.dropFirst(title.count))
        }
        return sections
    }()

    @Test("every key has its row in the section of its mapping", arguments: Schema.all.map(\.title))
    func documented(title: String) throws {
        let schema = try #require(Schema.all.first { $0.title == title }).schema
        let section = try #require(Self.sections[title], "README.md has no section `## \(title)`")
        let documented = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .map { String($0.dropFirst(3).prefix { $0 != "`" }) }
        #expect(documented == schema.keys)
    }
}
