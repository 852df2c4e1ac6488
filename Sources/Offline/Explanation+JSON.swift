import Forwarding
import Packets
import Tables
import Trace
import Wire

extension Explanation {
    /// The explanation on one line of JSON.
    ///
    /// ```json
    /// {"port":"access0",
    ///  "steps":[{"step":"ipv4","source":"10.1.0.5","destination":"198.51.100.10","protocol":1,"ttl":64,"bytes":84},
    ///           {"step":"subscriber","name":"alice"},{"step":"service","name":"acme-video"},
    ///           {"step":"session","session":"alice-video","direction":"up"},…],
    ///  "outcome":"dropped","reason":"notAdmitted","why":"…","remedy":"…",
    ///  "frames":[{"port":"core0","hex":"02…"}]}
    /// ```
    /// `reason` and `why` stand only with dropped packets, `remedy` where there is one, `assumedNeighbour` where the
    /// next hop isn't in the file.
    public var json: String {
        var members: [(String, JSONValue)] = [
            ("port", .string(port)), ("steps", .array(steps.map { JSONValue.object(json(of: $0)) })),
        ]
        switch outcome {
        case .forwarded: members.append(("outcome", .string("forwarded")))
        case .consumed: members.append(("outcome", .string("consumed")))
        case .waiting: members.append(("outcome", .string("waiting")))
        case .dropped(let reason):
            members += [("outcome", .string("dropped")), ("reason", .string("\(reason)"))]
            for subject in ["why", "remedy"] {
                guard let line = lines.first(where: { $0.subject == subject }) else { continue }
                members.append((subject, .string(line.text)))
            }
        }
        if let assumedNeighbour { members.append(("assumedNeighbour", .string("\(assumedNeighbour)"))) }
        let frames = frames.map {
            JSONValue.object([("port", .string($0.port)), ("hex", .string(Hex.text($0.bytes)))])
        }
        return JSONValue.object(members + [("frames", .array(frames))]).description
    }

    private func json(of step: Step) -> [(String, JSONValue)] {
        switch step {
        case .ethernet(let destination, let source, let etherType, let tags):
            return [
                ("step", .string("ethernet")), ("destination", .string("\(destination)")),
                ("source", .string("\(source)")), ("etherType", .number(Int(etherType.rawValue))),
                ("vlans", .array([tags >> 16, tags & 0xffff].filter { $0 > 0 }.map { .number(Int($0)) })),
            ]
        case .ipv4(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            return header("ipv4", .v4(source), .v4(destination), `protocol`, timeToLive, byteCount)
        case .ipv6(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            return header("ipv6", .v6(source), .v6(destination), `protocol`, timeToLive, byteCount)
        case .pathLabel(let entry, let tunnel):
            return label("pathLabel", entry) + [("tunnel", .string(names.tunnels[Int(tunnel.rawValue)]))]
        case .userLabel(let entry, let index): return label("userLabel", entry) + session(index)
        case .transitLabel(let entry, _): return label("transitLabel", entry)
        case .unboundLabel(let entry): return label("unboundLabel", entry)
        case .explicitNull(let entry): return label("explicitNull", entry)
        case .outerExtensionHeaders(let byteCount):
            return [
                ("step", .string("outerExtensionHeaders")),
                ("bytes", .number(byteCount - IPv6Field.byteCount)),
            ]
        case .datagram(let sourcePort, let checksum):
            return [
                ("step", .string("datagram")), ("sourcePort", .number(Int(sourcePort))),
                ("checksum", .number(Int(checksum))),
            ]
        case .tunnel(let tunnel): return named("tunnel", names.tunnels[Int(tunnel.rawValue)])
        case .subscriber(let result): return found("subscriber", result, names.subscribers)
        case .service(let result): return found("service", result, names.services)
        case .noSession: return [("step", .string("session")), ("session", .null)]
        case .session(let index): return [("step", .string("session"))] + session(index)
        case .path(let index, let hash):
            return [("step", .string("path"))] + session(index) + [
                ("hash", .string(String(hash.rawValue, radix: 16)))
            ]
        case .hairpin: return [("step", .string("hairpin"))]
        case .congestion(let inner, let outer, let result):
            return [
                ("step", .string("congestion")), ("inner", .number(Int(inner))),
                ("outer", .number(Int(outer))), ("result", result.map { .number(Int($0)) } ?? .null),
            ]
        default: return jsonBehindSession(step)
        }
    }

    private func jsonBehindSession(_ step: Step) -> [(String, JSONValue)] {
        switch step {
        case .transport(let `protocol`, let isLaterFragment):
            return [
                ("step", .string("transport")), ("protocol", .number(Int(`protocol`.rawValue))),
                ("laterFragment", .bool(isLaterFragment)),
            ]
        case .servicePort(let port): return [("step", .string("servicePort")), ("port", .number(Int(port)))]
        case .messageType(let type):
            return [("step", .string("messageType")), ("type", .number(Int(type)))]
        case .codePoint(let number):
            return [("step", .string("codePoint")), ("dscp", .number(Int(number)))]
        case .quotedIPv4(let source, let destination, let `protocol`):
            return quoted("quotedIPv4", .v4(source), .v4(destination), `protocol`)
        case .quotedIPv6(let source, let destination, let `protocol`):
            return quoted("quotedIPv6", .v6(source), .v6(destination), `protocol`)
        case .related(let index, let isTurnedBack):
            return [("step", .string("related"))] + session(index) + [("turnedBack", .bool(isTurnedBack))]
        case .noRuleAdmits(let count):
            return [("step", .string("admission")), ("rule", .null), ("rules", .number(count))]
        case .ruleAdmits(let place): return [("step", .string("admission")), ("rule", .number(place + 1))]
        case .everythingAdmitted: return [("step", .string("admission")), ("rule", .string("everything"))]
        case .timeToLiveHandedOn(let timeToLive, let before):
            return [("step", .string("timeToLiveHandedOn")), ("ttl", .number(Int(timeToLive)))]
                + (before.map { [("before", .number(Int($0)))] } ?? [])
        case .classHandedOn(let before, let after):
            return [
                ("step", .string("classHandedOn")), ("from", .number(Int(before))),
                ("to", .number(Int(after))),
            ]
        case .policed(let owner, let colour, let action):
            return [
                ("step", .string("policed")), ("by", .string("\(owner)")), ("colour", .string("\(colour)")),
                ("action", .string("\(action)")),
            ]
        case .remarked(let old, let new):
            return [("step", .string("remarked")), ("from", .number(Int(old))), ("to", .number(Int(new)))]
        case .segmentSizeLowered(let old, let new):
            return [
                ("step", .string("segmentSizeLowered")), ("from", .number(Int(old))),
                ("to", .number(Int(new))),
            ]
        case .converted(let index): return [("step", .string("converted"))] + session(index)
        case .relabelled(let index):
            let binding = names.binding(index)
            return [("step", .string("relabelled")), ("in", .number(Int(binding.in.rawValue)))]
        case .adjacency(let index):
            return [("step", .string("adjacency")), ("index", .number(Int(index.rawValue)))]
        case .punted(let punt): return [("step", .string("punted")), ("for", .string("\(punt)"))]
        case .fragmented(let count): return [("step", .string("fragmented")), ("count", .number(count))]
        case .fragmentLost(let reason):
            return [("step", .string("fragmentLost")), ("reason", .string("\(reason)"))]
        default: preconditionFailure("a step without JSON: \(step)")
        }
    }

    private func header(
        _ step: String, _ source: IPAddress, _ destination: IPAddress, _ protocol: IPProtocol,
        _ timeToLive: UInt8, _ byteCount: Int
    ) -> [(String, JSONValue)] {
        [
            ("step", .string(step)), ("source", .string("\(source)")),
            ("destination", .string("\(destination)")),
            ("protocol", .number(Int(`protocol`.rawValue))), ("ttl", .number(Int(timeToLive))),
            ("bytes", .number(byteCount)),
        ]
    }

    private func quoted(
        _ step: String, _ source: IPAddress, _ destination: IPAddress, _ protocol: IPProtocol
    ) -> [(String, JSONValue)] {
        [
            ("step", .string(step)), ("source", .string("\(source)")),
            ("destination", .string("\(destination)")), ("protocol", .number(Int(`protocol`.rawValue))),
        ]
    }

    private func label(_ step: String, _ entry: LabelStackEntry) -> [(String, JSONValue)] {
        [
            ("step", .string(step)), ("label", .number(Int(entry.label.rawValue))),
            ("trafficClass", .number(Int(entry.trafficClass))),
            ("bottomOfStack", .bool(entry.isBottomOfStack)),
            ("ttl", .number(Int(entry.ttl))),
        ]
    }

    private func session(_ index: ConversionIndex) -> [(String, JSONValue)] {
        [
            ("session", .string(names.sessions[Int(index.session.rawValue)])),
            ("direction", .string("\(index.direction)")),
        ]
    }

    private func named(_ step: String, _ name: String) -> [(String, JSONValue)] {
        [("step", .string(step)), ("name", .string(name))]
    }

    private func found(_ step: String, _ result: LookupResult, _ names: [String]) -> [(String, JSONValue)] {
        let name: JSONValue = result.isIndex ? .string(names[Int(result.index)]) : .null
        return [("step", .string(step)), ("name", name)] + (result.isLocal ? [("local", .bool(true))] : [])
    }
}
