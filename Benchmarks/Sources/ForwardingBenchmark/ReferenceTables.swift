import CReference
import Tables
import Wire

extension ref_tables {
    /// The same tables for the C loop. Records are copied as they are, since its structs have their layout; hash tables
    /// and tries it builds itself, from the objects. The memory lives as long as the process.
    init(_ tables: TablesPublication, _ adjacencyIndices: [AdjacencyIndex], _ scenario: Scenario) {
        self.init()
        let view = tables.view
        var keys = Keys()
        for part in 0..<scenario.partCount {
            for object in scenario.objects(part: part) { keys.add(object) }
        }
        ports = Self.copied((0..<2).map { view.port($0) })
        subscribers = Self.copied(keys.subscribers)
        tunnels = Self.copied((0..<keys.tunnelCount).map { view.tunnel(TunnelIndex(rawValue: $0)) })
        let records = (0..<2 * keys.sessionCount).map {
            view.conversion(ConversionIndex(rawValue: $0)).pointee
        }
        conversions = Self.copied(records)
        let places = 0...(records.map(\.treatment.rawValue).max() ?? 0)
        let treatmentRecords = places.map { view.treatment(TreatmentIndex(rawValue: $0)).pointee }
        treatments = Self.copied(treatmentRecords)
        path_mtus = Self.allocated(ForwardingTables.tunnelCapacity)
        rules = Self.copied((0..<(treatmentRecords.map(\.rules.upperBound).max() ?? 0)).map { view.rule($0) })
        adjacencies = Self.copied(adjacencyIndices.map { tables.adjacencies[Int($0.rawValue)] })
        nhlfes = Self.copied(
            (0..<UInt32(ForwardingTables.labelCount)).map { view.nhlfe(NHLFEIndex(rawValue: $0)).pointee })
        incoming_labels = Self.copied(
            (0..<UInt32(ForwardingTables.labelCount)).map { view.incomingLabel(Label(unchecked: $0)) })
        bound_user_labels = Self.allocated(ForwardingTables.labelCount / 64)
        for label in (0..<UInt32(ForwardingTables.labelCount)).lazy.map({ Label(unchecked: $0) })
        where view.isUserLabel(label) {
            bound_user_labels[Int(label.rawValue / 64)] |= 1 << UInt64(label.rawValue % 64)
        }
        let policerCount = 1 + (treatmentRecords.map { Int($0.policer.rawValue) }.max() ?? 0)
        policers = Self.copied(Array(repeating: Self.policer, count: policerCount))
        policer_states = Self.allocated(policerCount)
        user_labels = Self.buckets(keys.userLabels)
        hosts4 = Self.buckets(keys.hosts)
        tunnel_endpoints = Self.hash(keys.endpoints)
        neighbours = Self.hash([])

        let local = tables.localAddresses.map { (prefix: IPPrefix($0.address), value: UInt32(0x4000_0000)) }
        let unforwarded = local + Self.confined.map { ($0, UInt32(0x4000_0001)) }
        subscribers4 = Self.trie(unforwarded)
        services4 = Self.trie(keys.servicePrefixes + unforwarded)
    }

    /// What no router forwards: "this network", loopback, link-local, multicast and reserved, and the broadcast address
    /// of the network side's link.
    private static let confined = [
        (0, 8), (0x7f00_0000, 8), (0xa9fe_0000, 16), (0xe000_0000, 3), (AddressPlan.own.rawValue | 0xff, 32),
    ].map { IPPrefix(covering: .v4(IPv4Address(rawValue: $0)), bitCount: $1) }

    /// What the objects are found by.
    private struct Keys {
        var subscribers: [ref_subscriber] = []
        var tunnelCount: UInt32 = 0
        var sessionCount: UInt32 = 0
        var userLabels: [(key: UInt64, index: UInt32)] = []
        /// Subscribers' single addresses.
        var hosts: [(key: UInt64, index: UInt32)] = []
        var endpoints: [(key: UInt64, index: UInt32)] = []
        var servicePrefixes: [(prefix: IPPrefix, value: UInt32)] = []

        mutating func add(_ object: TableObject) {
            switch object {
            case .port, .label, .group: break
            case .tunnel(let tunnel):
                tunnelCount += 1
                guard case .ipip(.v4(let remote), .v4(let local)) = tunnel.end else { break }
                endpoints.append((Self.key(remote.rawValue, local.rawValue), tunnel.slot.rawValue))
            case .subscriber(let subscriber):
                var entry = ref_subscriber()
                entry.port = subscriber.port ?? .max
                subscribers.append(entry)
                for case .v4(let address) in subscriber.prefixes.map(\.address) {
                    hosts.append((UInt64(address.rawValue), subscriber.slot.rawValue))
                }
            case .service(let service):
                servicePrefixes += service.prefixes.map { ($0, service.slot.rawValue + 1) }
            case .session(let session):
                sessionCount += 1
                let subscriber = Int(session.subscriber.rawValue)
                subscribers[subscriber].services.0 = UInt16(session.service.rawValue)
                subscribers[subscriber].admissions.0 = session.slot.rawValue + 1
                for (way, direction) in [(session.up, Direction.up), (session.down, .down)] {
                    guard let label = way.userLabel else { continue }
                    let index = ConversionIndex(session.slot, direction)
                    userLabels.append((label.context.key(label.label.rawValue), index.rawValue))
                }
            }
        }

        private static func key(_ high: UInt32, _ low: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }
    }

    private static func allocated<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        ref_allocate(count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: count)
    }

    private static func copied<Record, Element>(_ records: [Record]) -> UnsafeMutablePointer<Element> {
        precondition(
            MemoryLayout<Record>.stride == MemoryLayout<Element>.stride, "\(Element.self) has another layout")
        let copy: UnsafeMutablePointer<Element> = allocated(records.count)
        records.withUnsafeBytes {
            UnsafeMutableRawPointer(copy).copyMemory(
                from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count)
        }
        return copy
    }

    /// The policer of every session, in its table's units.
    private static var policer: ref_policer {
        let policer = Scenario.policer
        return ref_policer(
            committed_rate: policer.committedBitsPerSecond, peak_rate: policer.peakBitsPerSecond,
            committed_burst: UInt64(policer.committedBurstByteCount) * 8_000_000_000,
            peak_burst: UInt64(policer.peakBurstByteCount) * 8_000_000_000, actions: (0, 0, 0x40))
    }

    private static func buckets(_ entries: [(key: UInt64, index: UInt32)]) -> ref_buckets {
        ref_buckets_build(entries.map { ref_entry(key: $0.key, value: $0.index + 1) }, entries.count)
    }

    private static func hash(_ entries: [(key: UInt64, index: UInt32)]) -> ref_hash {
        ref_hash_build(entries.map { ref_entry(key: $0.key, value: $0.index + 1) }, entries.count)
    }

    private static func trie(_ prefixes: [(prefix: IPPrefix, value: UInt32)]) -> ref_poptrie {
        var prefixes = prefixes.map { prefix, value in
            guard case .v4(let address) = prefix.address else {
                preconditionFailure("the C loop knows only IPv4")
            }
            return ref_prefix(bits: address.rawValue, length: UInt32(prefix.bitCount), value: value)
        }
        return ref_poptrie_build(&prefixes, prefixes.count)
    }
}
