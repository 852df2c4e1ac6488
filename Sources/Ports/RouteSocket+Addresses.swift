import CNetlink
import Glibc
import Wire

extension RouteSocket {
    /// Gives the interface an address. One that it has already stays. IPv6 addresses are used at once,
    /// without duplicate address detection (RFC 4862 §5.4): nobody else is on the link.
    func add(_ address: InterfaceAddress, index: Int32) throws(InterfaceError) {
        guard let entry = unsafe rtnl_addr_alloc() else { preconditionFailure("no memory for an address") }
        defer { unsafe rtnl_addr_put(entry) }
        let local = NetlinkAddress(address.address, bitCount: address.bitCount)
        unsafe rtnl_addr_set_ifindex(entry, index)
        try check(unsafe rtnl_addr_set_local(entry, local.handle), "use address \(address)")
        if address.address.version == .v6 { unsafe rtnl_addr_set_flags(entry, UInt32(IFA_F_NODAD)) }
        let result = unsafe rtnl_addr_add(handle, entry, NLM_F_CREATE | NLM_F_EXCL)
        if result != -NLE_EXIST { try check(result, "add address \(address)") }
    }

    /// Takes an address from the interface. It may be gone already.
    func remove(_ address: InterfaceAddress, index: Int32) throws(InterfaceError) {
        guard let entry = unsafe rtnl_addr_alloc() else { preconditionFailure("no memory for an address") }
        defer { unsafe rtnl_addr_put(entry) }
        let local = NetlinkAddress(address.address, bitCount: address.bitCount)
        unsafe rtnl_addr_set_ifindex(entry, index)
        try check(unsafe rtnl_addr_set_local(entry, local.handle), "use address \(address)")
        let result = unsafe rtnl_addr_delete(handle, entry, 0)
        if result != -NLE_NOADDR, result != -NLE_OBJ_NOTFOUND {
            try check(result, "remove address \(address)")
        }
    }

    /// Routes a prefix into the interface. A route that does so already stays; one that leads elsewhere is an
    /// error.
    /// - Returns: whether it was missing.
    func addRoute(to prefix: IPPrefix, index: Int32) throws(InterfaceError) -> Bool {
        let destination = NetlinkAddress(prefix.address, bitCount: prefix.bitCount)
        let route = unsafe try route(to: prefix, destination, index: index)
        defer { unsafe rtnl_route_put(route) }
        let result = unsafe rtnl_route_add(handle, route, NLM_F_CREATE | NLM_F_EXCL)
        guard result == -NLE_EXIST else {
            try check(result, "add route \(prefix)")
            return true
        }
        guard try outgoingInterface(to: destination) == index else {
            throw InterfaceError(
                interface: interface, action: "add route \(prefix)",
                reason: "there is such a route to another interface")
        }
        return false
    }

    /// Who made a route (rtnetlink(7), `rtm_protocol`): by this number the kernel, `ip route` and we ourselves know ours
    /// from an operator's.
    private static let routeProtocol: UInt8 = 0x57

    /// The routes into the interface that we, or a forwarder before us, have made. Cost: linear in the host's routes.
    func ownRoutes(index: Int32) throws(InterfaceError) -> Set<IPPrefix> {
        var cache: OpaquePointer?
        try check(unsafe rtnl_route_alloc_cache(handle, AF_UNSPEC, 0, &cache), "list its routes")
        defer { unsafe nl_cache_free(cache) }
        var found: Set<IPPrefix> = []
        var entry = unsafe nl_cache_get_first(cache)
        while let route = unsafe entry {
            if unsafe rtnl_route_get_protocol(route) == Self.routeProtocol,
                let hop = unsafe rtnl_route_nexthop_n(route, 0),
                unsafe rtnl_route_nh_get_ifindex(hop) == index,
                let prefix = unsafe Self.destination(of: route)
            {
                found.insert(prefix)
            }
            unsafe entry = nl_cache_get_next(route)
        }
        return found
    }

    private static func destination(of route: OpaquePointer) -> IPPrefix? {
        let destination = unsafe rtnl_route_get_dst(route)
        let bitCount = unsafe destination.map { unsafe Int(nl_addr_get_prefixlen($0)) } ?? 0
        // A default route's destination has no octets.
        if bitCount == 0 {
            let isIPv4 = unsafe Int32(rtnl_route_get_family(route)) == AF_INET
            return IPPrefix(
                covering: isIPv4 ? .v4(IPv4Address(rawValue: 0)) : .v6(IPv6Address(high: 0, low: 0)),
                bitCount: 0)
        }
        return unsafe IPAddress(destination).flatMap { IPPrefix($0, bitCount: bitCount) }
    }

    /// Takes a route into the interface away. It may be gone already.
    func removeRoute(to prefix: IPPrefix, index: Int32) throws(InterfaceError) {
        let destination = NetlinkAddress(prefix.address, bitCount: prefix.bitCount)
        let route = unsafe try route(to: prefix, destination, index: index)
        defer { unsafe rtnl_route_put(route) }
        let result = unsafe rtnl_route_delete(handle, route, 0)
        if result != -NLE_OBJ_NOTFOUND { try check(result, "remove route \(prefix)") }
    }

    /// A route as libnl describes it, to be given back by `rtnl_route_put`.
    private func route(
        to prefix: IPPrefix, _ destination: borrowing NetlinkAddress, index: Int32
    ) throws(InterfaceError) -> OpaquePointer {
        guard let route = unsafe rtnl_route_alloc(), let hop = unsafe rtnl_route_nh_alloc() else {
            preconditionFailure("no memory for a route")
        }
        let isIPv4 = prefix.version == .v4
        unsafe rtnl_route_set_family(route, UInt8(isIPv4 ? AF_INET : AF_INET6))
        unsafe rtnl_route_set_scope(route, UInt8((isIPv4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE).rawValue))
        unsafe rtnl_route_set_table(route, UInt32(RT_TABLE_MAIN.rawValue))
        unsafe rtnl_route_set_protocol(route, Self.routeProtocol)
        unsafe rtnl_route_nh_set_ifindex(hop, index)
        unsafe rtnl_route_add_nexthop(route, hop)
        let result = unsafe rtnl_route_set_dst(route, destination.handle)
        guard result < 0 else { return unsafe route }
        unsafe rtnl_route_put(route)
        try check(result, "use route \(prefix)")
        return unsafe route
    }

    /// The addresses that the kernel itself has on the interface, link-local IPv6 left out.
    func addresses(index: Int32) throws(InterfaceError) -> [IPAddress] {
        try interfaceAddresses(index: index).map(\.address).sorted()
    }

    /// The same with their prefix lengths, in the kernel's order.
    func interfaceAddresses(index: Int32) throws(InterfaceError) -> [InterfaceAddress] {
        var cache: OpaquePointer?
        try check(unsafe rtnl_addr_alloc_cache(handle, &cache), "list its addresses")
        defer { unsafe nl_cache_free(cache) }
        var found: [InterfaceAddress] = []
        var entry = unsafe nl_cache_get_first(cache)
        while let object = unsafe entry {
            if unsafe rtnl_addr_get_ifindex(object) == index,
                let address = unsafe IPAddress(rtnl_addr_get_local(object)), !address.isLinkLocalIPv6,
                let whole = InterfaceAddress(
                    address, bitCount: unsafe Int(rtnl_addr_get_prefixlen(object)))
            {
                found.append(whole)
            }
            unsafe entry = nl_cache_get_next(object)
        }
        return found
    }

    /// The addresses of all the host's interfaces.
    func allAddresses() throws(InterfaceError) -> [IPAddress] {
        var cache: OpaquePointer?
        try check(unsafe rtnl_addr_alloc_cache(handle, &cache), "list the host's addresses")
        defer { unsafe nl_cache_free(cache) }
        var found: [IPAddress] = []
        var entry = unsafe nl_cache_get_first(cache)
        while let object = unsafe entry {
            if let address = unsafe IPAddress(rtnl_addr_get_local(object)) { found.append(address) }
            unsafe entry = nl_cache_get_next(object)
        }
        return found
    }

    private func outgoingInterface(to destination: borrowing NetlinkAddress) throws(InterfaceError) -> Int32?
    {
        var route: OpaquePointer?
        try check(unsafe rtnl_route_lookup(handle, destination.handle, &route), "look up a route")
        guard let route = unsafe route else { return nil }
        defer { unsafe rtnl_route_put(route) }
        guard let hop = unsafe rtnl_route_nexthop_n(route, 0) else { return nil }
        return unsafe rtnl_route_nh_get_ifindex(hop)
    }
}

/// An address in the form that libnl takes.
@safe private struct NetlinkAddress: ~Copyable {
    let handle: OpaquePointer

    init(_ address: IPAddress, bitCount: Int) {
        let octets = address.octets
        let family = address.version == .v4 ? AF_INET : AF_INET6
        guard let handle = unsafe nl_addr_build(family, octets, octets.count) else {
            preconditionFailure("no memory for an address")
        }
        unsafe self.handle = handle
        unsafe nl_addr_set_prefixlen(handle, Int32(bitCount))
    }

    deinit { unsafe nl_addr_put(handle) }
}

extension IPAddress {
    /// Nil for an address of another family than the two of IP.
    fileprivate init?(_ address: OpaquePointer?) {
        guard let address = unsafe address, let start = unsafe nl_addr_get_binary_addr(address) else {
            return nil
        }
        let octets = unsafe UnsafeRawBufferPointer(start: start, count: Int(nl_addr_get_len(address)))
        self.init(octets: unsafe Array(octets))
    }

    fileprivate var isLinkLocalIPv6: Bool {
        if case .v6(let address) = self { address.isLinkLocal } else { false }
    }
}
