import CNetlink
import Glibc
import Wire

/// A conversation with the kernel about interfaces, addresses and routes (rtnetlink, RFC 3549), through
/// libnl-route.
///
/// It lives in the network namespace of the thread that makes it. Every call is a round trip of some
/// microseconds.
@safe struct RouteSocket: ~Copyable {
    let handle: OpaquePointer
    /// The interface that this is about, named in every error.
    let interface: String

    init(interface: String) throws(InterfaceError) {
        guard let handle = unsafe nl_socket_alloc() else {
            preconditionFailure("no memory for a netlink socket")
        }
        let result = unsafe nl_connect(handle, NETLINK_ROUTE)
        guard result == 0 else {
            unsafe nl_socket_free(handle)
            throw RouteSocket.error(interface: interface, action: "open a netlink socket", result)
        }
        unsafe self.handle = handle
        self.interface = interface
    }

    deinit { unsafe nl_socket_free(handle) }

    /// The interface as it is now; nil if there is none of this name.
    func status() throws(InterfaceError) -> InterfaceStatus? {
        var link: OpaquePointer?
        let result = unsafe rtnl_link_get_kernel(handle, 0, interface, &link)
        if result == -NLE_NODEV || result == -NLE_OBJ_NOTFOUND { return nil }
        try check(result, "look it up")
        guard let link = unsafe link else { return nil }
        defer { unsafe rtnl_link_put(link) }
        let wanted = UInt32(IFF_UP) | UInt32(IFF_RUNNING) | Self.lowerUp
        return InterfaceStatus(
            index: unsafe rtnl_link_get_ifindex(link), mtu: unsafe Int(rtnl_link_get_mtu(link)),
            macAddress: unsafe MACAddress(rtnl_link_get_addr(link)),
            isUp: unsafe rtnl_link_get_flags(link) & wanted == wanted)
    }

    /// Changes an interface; nil leaves things as they are.
    /// - Parameter addressGeneration: whether the kernel gives it a link-local IPv6 address of its own
    ///   making.
    /// - Parameter acceptsOwnIPv4Source: whether packets may come in by it whose source is an address of this
    ///   host's own.
    func change(
        index: Int32, mtu: Int? = nil, isUp: Bool? = nil, addressGeneration: Bool? = nil,
        forwardsIPv4: Bool? = nil, acceptsOwnIPv4Source: Bool? = nil, action: String
    ) throws(InterfaceError) {
        guard let current = unsafe rtnl_link_alloc(), let change = unsafe rtnl_link_alloc() else {
            preconditionFailure("no memory for a link")
        }
        defer {
            unsafe rtnl_link_put(current)
            unsafe rtnl_link_put(change)
        }
        unsafe rtnl_link_set_ifindex(current, index)
        if let mtu { unsafe rtnl_link_set_mtu(change, UInt32(mtu)) }
        if let isUp {
            let flag = UInt32(IFF_UP)
            if isUp {
                unsafe rtnl_link_set_flags(change, flag)
            } else {
                unsafe rtnl_link_unset_flags(change, flag)
            }
        }
        if let addressGeneration {
            let mode = addressGeneration ? IN6_ADDR_GEN_MODE_EUI64 : IN6_ADDR_GEN_MODE_NONE
            try check(unsafe rtnl_link_inet6_set_addr_gen_mode(change, UInt8(mode.rawValue)), action)
        }
        if let forwardsIPv4 {
            let setting = UInt32(IPV4_DEVCONF_FORWARDING)
            try check(unsafe rtnl_link_inet_set_conf(change, setting, forwardsIPv4 ? 1 : 0), action)
        }
        if let acceptsOwnIPv4Source {
            let setting = UInt32(IPV4_DEVCONF_ACCEPT_LOCAL)
            try check(
                unsafe rtnl_link_inet_set_conf(change, setting, acceptsOwnIPv4Source ? 1 : 0), action)
        }
        try check(unsafe rtnl_link_change(handle, current, change, 0), action)
    }

    /// Has the kernel ignore all IPv6 on the interface. There is no netlink message for this, only a file.
    func disableIPv6() throws(InterfaceError) {
        let path = "/proc/sys/net/ipv6/conf/\(interface)/disable_ipv6"
        let file = unsafe open(path, O_WRONLY | O_CLOEXEC)
        // A kernel without IPv6 has nothing to switch off.
        if file < 0, errno == ENOENT { return }
        let isDone = unsafe file >= 0 && write(file, "1", 1) == 1
        let errorNumber = errno
        if file >= 0 { close(file) }
        guard isDone else {
            throw InterfaceError(interface: interface, action: "switch IPv6 off", errorNumber: errorNumber)
        }
    }

    func check(_ result: Int32, _ action: String) throws(InterfaceError) {
        if result < 0 { throw RouteSocket.error(interface: interface, action: action, result) }
    }

    /// IFF_LOWER_UP of <linux/if.h>: there is a carrier.
    private static var lowerUp: UInt32 { 1 << 16 }

    private static func error(interface: String, action: String, _ result: Int32) -> InterfaceError {
        let isPermission = result == -NLE_PERM || result == -NLE_NOACCESS
        return InterfaceError(
            interface: interface, action: action,
            reason: unsafe String(cString: nl_geterror(result))
                + (isPermission ? InterfaceError.whatItTakes : ""),
            isPermanent: isPermission)
    }
}

extension MACAddress {
    /// Nil unless the address has six octets.
    fileprivate init?(_ address: OpaquePointer?) {
        guard let address = unsafe address, unsafe nl_addr_get_len(address) == 6,
            let octets = unsafe nl_addr_get_binary_addr(address)
        else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: octets, count: 6)
        self.init(rawValue: unsafe bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
