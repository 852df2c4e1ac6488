import Wire

/// Ways to find objects other than by their keys. All of it follows from the objects: it is no part of what a
/// state is.
///
/// Dictionaries are looked up and never iterated.
struct StateIndex: Sendable {
    // MARK: Who refers to whom

    var linesOfPort = References()
    var subscribersOfPort = References()
    /// Sessions by the port of a plain access leg.
    var accessOfPort = References()
    /// Sessions by the port of a plain network leg.
    var networkOfPort = References()
    var tunnelsOfLine = References()
    var labelsOfLine = References()
    var labelsOfTunnel = References()
    /// Sessions by the tunnel of their access leg, or of its first one.
    var accessOfTunnel = References()
    /// Sessions by the tunnel of their network leg, or of its first one.
    var networkOfTunnel = References()
    /// Sessions by the tunnels of their further legs, where one side has several: the second, the third….
    var furtherOfTunnel = [References](repeating: References(), count: Limits.paths - 1)
    var servicesOfProvider = References()
    var conditionsOfService = References()
    var sessionsOfService = References()
    var conditionsOfSubscriber = References()
    var sessionsOfSubscriber = References()

    // MARK: What can't be twice

    var portAddresses: [IPAddress: Int] = [:]
    /// Tunnels by the path label that they receive by.
    var pathLabels: [Label: Int] = [:]
    /// Tunnels by the outer addresses that their packets come with.
    var tunnelEnds: [TunnelEnds: Int] = [:]
    var servicePrefixes: [IPPrefix: Int] = [:]
    var subscriberPrefixes = PrefixIndex()
    /// Sessions by subscriber and service.
    var sessionsByUse = SlotMap()
    /// Sessions by tunnel and the user label that they receive by in it.
    var userLabels = SlotMap()
    /// Tunnels where user labels arrive without a path label: as the tunnels are in their places, whether they are
    /// indexed or not.
    var aloneTunnels = SlotSet()
    /// Sessions by a user label that arrives without a path label.
    var aloneLabels: [Label: [Int]] = [:]

    // MARK: What follows from many

    /// By port slot: the tunnels that sessions lead into whose other leg is plain on the port.
    private var tunnelsBehind: [[TunnelUse]] = []

    /// What a use is found by, subscriber and service by slot.
    static func useKey(subscriber: Int, service: Int) -> UInt64 {
        UInt64(subscriber) << 32 | UInt64(service)
    }

    /// What a label in a tunnel, by slot, is found by.
    static func labelKey(tunnel: Int, label: Label) -> UInt64 {
        UInt64(tunnel) << 32 | UInt64(label.rawValue)
    }

    /// A tunnel, and how many sessions use it.
    private struct TunnelUse: Sendable {
        var tunnel: Int
        var count: Int
    }

    /// The slots of the tunnels that sessions lead into from a port, ascending.
    func tunnels(behindPort port: Int) -> some Sequence<Int> {
        (tunnelsBehind.indices.contains(port) ? tunnelsBehind[port] : []).lazy.map(\.tunnel)
    }

    /// Notes a session more (+1) or less (-1) between a port and a tunnel.
    mutating func count(_ difference: Int, fromPort port: Int, into tunnel: Int) {
        while tunnelsBehind.count <= port { tunnelsBehind.append([]) }
        var (low, high) = (0, tunnelsBehind[port].count)
        while low < high {
            let middle = (low + high) / 2
            if tunnelsBehind[port][middle].tunnel < tunnel { low = middle + 1 } else { high = middle }
        }
        if low < tunnelsBehind[port].count, tunnelsBehind[port][low].tunnel == tunnel {
            tunnelsBehind[port][low].count += difference
            if tunnelsBehind[port][low].count <= 0 { tunnelsBehind[port].remove(at: low) }
        } else if difference > 0 {
            tunnelsBehind[port].insert(TunnelUse(tunnel: tunnel, count: difference), at: low)
        }
    }
}
