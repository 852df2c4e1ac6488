import Ports
import Tables
import Testing
import Wire

@testable import Forwarder

@Suite("What is ours on shared ports") struct SharedPortsTests {
    private static func port(_ slot: UInt16, _ role: PortEntry.Role) -> Transaction.Change {
        .set(
            .port(
                PortObject(
                    slot: slot, name: "port\(slot)", medium: .sharedPacket(interface: "eth\(slot)"),
                    role: role)))
    }

    private static func tunnel(_ slot: UInt32, on port: UInt16, tags: [UInt16] = [], local: String)
        -> Transaction.Change
    {
        .set(
            .tunnel(
                TunnelObject(
                    slot: TunnelIndex(rawValue: slot), port: port, tags: tags,
                    end: .ipip(remote: IPAddress("10.0.0.\(200 + slot)")!, local: IPAddress(local)!))))
    }

    private static func datagramTunnel(_ slot: UInt32, on port: UInt16, local: String) -> Transaction.Change {
        .set(
            .tunnel(
                TunnelObject(
                    slot: TunnelIndex(rawValue: slot), port: port,
                    end: .mplsudp(
                        remote: IPAddress("10.0.0.\(200 + slot)")!, local: IPAddress(local)!, receive: nil,
                        needsChecksum: false))))
    }

    private static func subscriber(_ slot: UInt32, on port: UInt16, tags: [UInt16] = []) -> Transaction.Change
    {
        .set(
            .subscriber(
                SubscriberObject(
                    slot: SubscriberIndex(rawValue: slot), port: port, tags: tags,
                    prefixes: [IPPrefix("10.1.0.\(slot)/32")!])))
    }

    private let tables = ForwardingTables()
    private var shared = SharedPorts()
    private var number: UInt64 = 0

    /// Stages changes, publishes them, and says of which ports something else is ours.
    private mutating func take(_ changes: [Transaction.Change], ports: Set<UInt16>, isReset: Bool = false)
        throws -> Set<UInt16>
    {
        number += 1
        let transaction = Transaction(number: number, isReset: isReset, changes: changes)
        _ = try tables.stage(transaction)
        defer {
            _ = tables.publish()
            tables.settle()
        }
        return shared.take(transaction, ports: ports, tables)
    }

    @Test("Tunnels' ends, VLANs and subscribers make frames ours, until the last of each has gone")
    func uses() throws {
        var test = self
        let ends = Set(["10.0.0.1", "10.0.0.2"].compactMap { IPAddress($0) })
        #expect(
            try test.take(
                [Self.port(1, .network), Self.port(2, .access), Self.tunnel(1, on: 1, local: "10.0.0.1")],
                ports: [1, 2])
                == [1, 2])
        #expect(test.shared.selection(of: 1) == SharedSelection(ends: [IPAddress("10.0.0.1")!]))
        #expect(test.shared.selection(of: 2) == SharedSelection())

        #expect(try test.take([Self.tunnel(2, on: 1, local: "10.0.0.2")], ports: [1, 2]) == [1])
        #expect(try test.take([Self.tunnel(3, on: 1, local: "10.0.0.2")], ports: [1, 2]) == [])
        #expect(test.shared.selection(of: 1).ends == ends)
        #expect(try test.take([.remove(.tunnel(TunnelIndex(rawValue: 2)))], ports: [1, 2]) == [])
        #expect(try test.take([.remove(.tunnel(TunnelIndex(rawValue: 3)))], ports: [1, 2]) == [1])

        #expect(try test.take([Self.datagramTunnel(2, on: 1, local: "10.0.0.1")], ports: [1, 2]) == [1])
        #expect(
            test.shared.selection(of: 1)
                == SharedSelection(ends: [IPAddress("10.0.0.1")!], datagramEnds: [IPAddress("10.0.0.1")!]))
        #expect(try test.take([.remove(.tunnel(TunnelIndex(rawValue: 2)))], ports: [1, 2]) == [1])
        #expect(test.shared.selection(of: 1) == SharedSelection(ends: [IPAddress("10.0.0.1")!]))

        #expect(try test.take([Self.subscriber(1, on: 2, tags: [42, 7])], ports: [1, 2]) == [2])
        #expect(test.shared.selection(of: 2) == SharedSelection(tags: [42]))
        #expect(try test.take([Self.subscriber(1, on: 2)], ports: [1, 2]) == [2])
        #expect(test.shared.selection(of: 2) == SharedSelection(takesForwarded: true))
        #expect(try test.take([.remove(.subscriber(SubscriberIndex(rawValue: 1)))], ports: [1, 2]) == [2])
        #expect(test.shared.selection(of: 2) == SharedSelection())
    }

    @Test("A port that is shared later, and tables that are sent anew, are looked at as a whole")
    func anew() throws {
        var test = self
        #expect(
            try test.take(
                [Self.port(1, .network), Self.tunnel(1, on: 1, tags: [9], local: "10.0.0.1")], ports: [])
                == [])
        #expect(test.shared.selection(of: 1) == SharedSelection())
        #expect(try test.take([], ports: [1]) == [1])
        #expect(test.shared.selection(of: 1) == SharedSelection(tags: [9]))
        #expect(try test.take([Self.port(1, .network)], ports: [1], isReset: true) == [1])
        #expect(test.shared.selection(of: 1) == SharedSelection())
    }
}
