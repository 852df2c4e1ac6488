import CLinux
import CNetlink
import Glibc
import Wire

/// What the kernel tells of its interfaces, in a message of rtnetlink(7).
enum NetlinkMessage {
    /// As it is now.
    case link(KernelWatch.Interface)
    case linkGone(Int32)
    /// An address of the interface came or went.
    case address(Int32)
    /// Where a neighbour is; nil: nowhere that the kernel knows.
    case neighbour(Int32, IPAddress, MACAddress?)
    /// It has forgotten a neighbour, which may well be where it was.
    case neighbourForgotten(Int32, IPAddress)
}

/// A netlink socket that hears of every change to interfaces, addresses and neighbours (RFC 3549).
///
/// Notifications and answers come by one descriptor, and are read without waiting. libnl would make an object of each,
/// of which we need three numbers.
@safe final class NetlinkSocket: Sendable {
    let descriptor: Int32

    /// Some ten thousand notifications.
    static let bufferByteCount: Int32 = 4 << 20

    /// - Parameter bufferByteCount: what the kernel may hold until it is read; it takes twice as much, for its own books.
    init(bufferByteCount: Int32 = NetlinkSocket.bufferByteCount) throws(InterfaceError) {
        func failure(_ action: String, _ errorNumber: Int32 = errno) -> InterfaceError {
            InterfaceError(interface: "*", action: action, errorNumber: errorNumber)
        }
        descriptor = wl_raw_socket(AF_NETLINK, NETLINK_ROUTE)
        guard descriptor >= 0 else { throw failure("open a netlink socket", -descriptor) }
        var size = bufferByteCount
        for option in [SO_RCVBUF, SO_RCVBUFFORCE] {
            unsafe _ = setsockopt(descriptor, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        if result != 0 {
            let error = failure("listen to the kernel")
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    // MARK: Reading

    /// Hands over every message that there is.
    /// - Returns: false if the kernel has dropped some for want of room.
    func readAll(_ handle: (NetlinkMessage) -> Void) -> Bool {
        var isWhole = true
        var octets = [UInt8](repeating: 0, count: Self.readByteCount)
        while true {
            let count = unsafe recv(descriptor, &octets, octets.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == ENOBUFS {
                isWhole = false
                continue
            }
            guard count > 0 else { return isWhole }
            _ = NetlinkParser.parse(octets[..<count], handle)
        }
    }

    /// More than the kernel puts into one message.
    private static let readByteCount = 65_536

    /// Asks for all objects of a kind, and hands over what comes until the list's end, notifications among it.
    /// - Returns: whether all of them are in it as they are now. Else the list is to be asked for again: objects changed
    ///   while the kernel went through them (NLM_F_DUMP_INTR), or notifications of it were dropped for want of room.
    func dump(_ type: UInt16, _ handle: (NetlinkMessage) -> Void) throws(InterfaceError) -> Bool {
        send(type, flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), body: [UInt8](repeating: 0, count: 16))
        var isWhole = true
        var octets = [UInt8](repeating: 0, count: Self.readByteCount)
        while true {
            let count = unsafe recv(descriptor, &octets, octets.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == ENOBUFS {
                isWhole = false
                continue
            }
            if count < 0, errno == EAGAIN {
                var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&request, 1, 1000) > 0 else {
                    throw InterfaceError(
                        interface: "*", action: "list what the kernel has", errorNumber: ETIMEDOUT)
                }
                continue
            }
            guard count > 0 else {
                throw InterfaceError(interface: "*", action: "list what the kernel has", errorNumber: errno)
            }
            let list = NetlinkParser.parse(octets[..<count], handle)
            if list.isInterrupted { isWhole = false }
            if list.isAtEnd { return isWhole }
        }
    }

    // MARK: Requests

    /// Asks how an interface is; the answer comes as a notification does.
    func requestLink(index: Int32) {
        var body = NetlinkBody()
        body.append(UInt32(0))
        body.append(UInt32(bitPattern: index))
        body.append(UInt64(0))
        send(UInt16(RTM_GETLINK), flags: UInt16(NLM_F_REQUEST), body: body.octets)
    }

    /// Has the kernel resolve a neighbour as if it had a packet for it (NTF_USE). Where it doesn't know it, it asks; where
    /// what it knows is old, it makes sure.
    func useNeighbour(_ address: IPAddress, index: Int32) {
        var body = NetlinkBody()
        body.append(UInt32(address.version == .v4 ? AF_INET : AF_INET6))
        body.append(UInt32(bitPattern: index))
        // State: none; flags: NTF_USE; type: 0.
        body.append(UInt16(0))
        body.append(UInt16(1))
        body.appendAttribute(1, address.octets)
        send(UInt16(RTM_NEWNEIGH), flags: UInt16(NLM_F_REQUEST | NLM_F_CREATE), body: body.octets)
    }

    private func send(_ type: UInt16, flags: UInt16, body: [UInt8]) {
        var message = NetlinkBody()
        message.append(UInt32(16 + body.count))
        message.append(type)
        message.append(flags)
        message.append(UInt64(0))
        let octets = message.octets + body
        // It fails only for want of memory, and all that is asked for is asked for again.
        _ = unsafe Glibc.send(descriptor, octets, octets.count, 0)
    }
}

/// Octets of a message, in the host's byte order.
private struct NetlinkBody {
    private(set) var octets: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value) { unsafe octets.append(contentsOf: $0) }
    }

    mutating func appendAttribute(_ type: UInt16, _ payload: [UInt8]) {
        append(UInt16(4 + payload.count))
        append(type)
        octets += payload + [UInt8](repeating: 0, count: -payload.count & 3)
    }
}
