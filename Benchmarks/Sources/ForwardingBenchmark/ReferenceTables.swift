import CReference
import Tables
import Wire

extension ref_tables {
    /// The same contents for the C loop. Records are copied as they are, since its structs have their layout; hash tables
    /// and tries it builds itself. The memory lives as long as the process.
    init(_ contents: TableContents) {
        self.init()
        ports = Self.copied(contents.ports)
        subscribers = Self.copied(contents.subscribers)
        tunnels = Self.copied(contents.tunnels)
        conversions = Self.copied(contents.conversions)
        adjacencies = Self.copied(contents.adjacencies)
        nhlfes = Self.copied(contents.nhlfes)
        rules = Self.copied(contents.rules)

        incoming_labels = Self.allocated(ForwardingTables.labelCount)
        for (label, entry) in contents.incomingLabels {
            incoming_labels[Int(label.rawValue)] = unsafeBitCast(entry, to: UInt32.self)
        }
        bound_user_labels = Self.allocated(ForwardingTables.labelCount / 64)
        for (_, label, _) in contents.userLabels {
            bound_user_labels[Int(label.rawValue / 64)] |= 1 << UInt64(label.rawValue % 64)
        }
        user_labels = Self.hash(
            contents.userLabels.map { ($0.context.key($0.label.rawValue), $0.conversion.rawValue) })
        admissions = Self.hash(
            contents.admissions.map {
                (Self.key($0.subscriber.rawValue, $0.service.rawValue), $0.session.rawValue)
            })
        tunnel_endpoints = Self.hash(
            contents.tunnelEndpoints.map {
                (Self.key($0.remote.rawValue, $0.local.rawValue), $0.tunnel.rawValue)
            })
        neighbours = Self.hash([])

        let local = contents.localAddresses.map { (prefix: IPPrefix($0.address), value: UInt32(0x4000_0000)) }
        subscribers4 = Self.trie(
            contents.subscriberPrefixes.map { ($0.prefix, $0.subscriber.rawValue + 1) } + local)
        services4 = Self.trie(contents.servicePrefixes.map { ($0.prefix, $0.service.rawValue + 1) } + local)
    }

    private static func key(_ high: UInt32, _ low: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }

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
