import Exchange
import ExchangeFile
import Forwarder
import Offline
import Testbed
import Testing

/// A folder of `Tests/Conformance/cases`: an exchange, packets in, and what must come of them, as another implementation
/// has it and tshark has judged it.
struct ConformanceCase: CustomTestStringConvertible, Sendable {
    private static let folder = repositoryRoot(#filePath) + "/Tests/Conformance/cases"
    static let all = folderEntries(folder).map(ConformanceCase.init)

    static func named(_ name: String) throws -> ConformanceCase {
        try #require(all.first { $0.name == name }, "no case '\(name)'")
    }

    let name: String
    var testDescription: String { name }
    var path: String { "\(Self.folder)/\(name)" }

    func exchange() throws -> ExchangeDescription { try ExchangeFile.load(path: "\(path)/exchange.yaml") }

    func has(_ file: String) -> Bool { folderEntries(path).contains(file) }

    func json(_ file: String) throws -> JSONLeaves {
        let bytes = try #require(fileContents("\(path)/\(file)"), "\(name)/\(file)")
        return try #require(JSONLeaves(String(decoding: bytes, as: UTF8.self)), "\(name)/\(file)")
    }

    func capture(_ file: String) throws -> Capture { try Capture(path: "\(path)/\(file)") }

    /// What must be true of paths that the forwarder chooses by itself; nil where there is no choice.
    func paths() throws -> ChosenPaths? { has("paths.json") ? try ChosenPaths(json("paths.json")) : nil }

    /// Plays the packets that come in.
    /// - Parameter folder: takes a file for each port.
    func replay(into folder: ScratchFolder) throws -> (ports: [String], report: CountersReport) {
        let exchange = try exchange()
        var files: [String: Replay.Files] = [:]
        for port in exchange.ports.map(\.name) {
            files[port] = Replay.Files(
                input: has("\(port).in.pcap") ? "\(path)/\(port).in.pcap" : nil,
                output: folder.file("\(port).out.pcap"))
        }
        return (exchange.ports.map(\.name), try Replay(exchange, files: files).run())
    }
}

extension Capture {
    init(path: String) throws {
        let bytes = try #require(fileContents(path), "\(path)")
        self = try #require(Capture(bytes), "\(path)")
    }
}

/// Packets that leave by one of several paths each, whichever that is.
struct ChosenPaths {
    let port: String
    /// What stands before the packets of each path, all of one length.
    let heads: [[UInt8]]
    /// Of each packet that leaves by the port, in order.
    let flows: [String]

    init(_ json: JSONLeaves) throws {
        port = try #require(json.text("port"))
        heads = try json.texts("heads").map { try Hex.bytes($0) }
        flows = json.texts("flows")
        #expect(heads.count > 1 && Set(heads.map(\.count)).count == 1)
    }

    /// Looks that each packet is the expected one behind its head, that a flow has one path, and a path flows.
    func check(_ sent: Capture, _ expected: Capture) {
        #expect(sent.link == expected.link)
        #expect(sent.records.count == expected.records.count && sent.records.count == flows.count)
        let length = heads[0].count
        var pathsByFlow: [String: Set<[UInt8]>] = [:]
        for (flow, (got, wanted)) in zip(flows, zip(sent.records, expected.records)) {
            #expect(got.timestamp == wanted.timestamp)
            #expect(got.frame.dropFirst(length) == wanted.frame.dropFirst(length), "a packet of \(flow)")
            pathsByFlow[flow, default: []].insert(Array(got.frame.prefix(length)))
        }
        #expect(pathsByFlow.filter { $0.value.count > 1 }.isEmpty, "flows that change paths")
        #expect(Set(pathsByFlow.values.joined()) == Set(heads))
    }
}
