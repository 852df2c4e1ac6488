import Exchange
import Testbed
import Testing

@testable import ExchangeFile

@Suite("What is written reads back") struct WriterTests {
    @Test("a whole exchange, as YAML and as JSON", arguments: [ExchangeFormat.yaml, .json])
    func wholeExchangeReadsBack(format: ExchangeFormat) throws {
        for text in [wholeExchange, Edges.subscriberEdge, Edges.providerEdge] {
            let exchange = try ExchangeFile.parse(text: text, fileName: "edge.yaml")
            let written = ExchangeFile.text(of: exchange, as: format)
            #expect(try ExchangeFile.parse(text: written, fileName: "written", as: format) == exchange)
            // JSON is YAML.
            #expect(try ExchangeFile.parse(text: written, fileName: "written") == exchange)
        }
    }

    @Test("any description, whatever the names", arguments: SeededGenerator.seeds)
    func randomExchangeReadsBack(seed: UInt64) throws {
        var random = RandomExchange(seed: seed)
        for round in 0..<500 {
            let exchange = random.description()
            for format in [ExchangeFormat.yaml, .json] {
                let written = ExchangeFile.text(of: exchange, as: format)
                let read = try ExchangeFile.decode(text: written, fileName: "written", as: format)
                #expect(read == exchange, "seed \(seed), round \(round): \(written)")
            }
        }
    }

    @Test("each object alone, as an item of a list", arguments: SeededGenerator.seeds)
    func itemsReadBack(seed: UInt64) throws {
        var random = RandomExchange(seed: seed)
        for round in 0..<200 {
            for object in random.description().objects {
                var item = ExchangeFile.item(of: object)
                item.set("revision", 7)
                for (text, format) in [(item.yaml(), ExchangeFormat.yaml), (item.json, .json)] {
                    let read = try ExchangeFile.readObject(
                        object.key, text: text, fileName: "written", as: format)
                    #expect(read == object, "seed \(seed), round \(round): \(text)")
                }
            }
        }
    }

    @Test("an empty exchange is written as one, not as nothing")
    func emptyExchange() throws {
        #expect(ExchangeFile.text(of: ExchangeDescription()) == "ports: {}\n")
        #expect(ExchangeFile.text(of: ExchangeDescription(), as: .json) == "{}\n")
    }

    @Test("what is short stands on a line, as in the README")
    func layout() throws {
        let text = """
            ports:
              access0: { tun: wl-access0, role: access, addresses: [10.1.0.1/24] }
              core0: { packet: eth1, role: network, addresses: [10.0.0.1/30, "2001:db8::1/64"], mac: "02:00:00:00:00:01" }
            lines:
              north: { port: core0, nextHop: 10.0.0.2, capacity: 1.5Gbit }
            subscribers:
              alice: { port: access0, addresses: [10.1.0.5/32] }
            conditions:
              - { subscriber: alice, service: video, allow: [{ protocol: tcp, ports: [80, 8000-8099] }] }

            """
        let exchange = try ExchangeFile.decode(text: text, fileName: "edge.yaml")
        #expect(ExchangeFile.text(of: exchange) == text)
    }

    @Test("an item may say which object it is, if it is right")
    func wrongName() throws {
        let text = #"{"name": "south", "port": "core0"}"#
        #expect(throws: ExchangeFileError.self) {
            try ExchangeFile.readObject(.line("north"), text: text, fileName: "body", as: .json)
        }
        let line = try ExchangeFile.readObject(.line("south"), text: text, fileName: "body", as: .json)
        #expect(line == .line(Line(name: "south", port: "core0")))
    }

    @Test("an item's keys are those of its file, and its own", arguments: ExchangeKind.allCases)
    func itemSchema(kind: ExchangeKind) {
        #expect(Schema.item(kind).keys.contains("revision"))
    }
}

extension ExchangeDescription {
    fileprivate var objects: [ExchangeObject] {
        ports.map { .port($0) } + lines.map { .line($0) } + providers.map { .provider($0) }
            + services.map { .service($0) } + tunnels.map { .tunnel($0) }
            + subscribers.map { .subscriber($0) }
            + conditions.map { .condition($0) } + sessions.map { .session($0) } + labels.map { .label($0) }
    }
}
