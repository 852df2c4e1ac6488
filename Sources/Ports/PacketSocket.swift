import CLinux
import Glibc
import Packets

/// An AF_PACKET socket bound to one interface: sees every frame that arrives there, and sends frames out of
/// it.
///
/// Frames stand behind a virtio header both ways (PACKET_VNET_HDR): coming in, it tells what work the sender
/// left undone; going out it is all zero, since nothing is.
struct PacketSocket: ~Copyable {
    let descriptor: Int32
    /// Where frames come in; nil: by system calls.
    private(set) var ring: ReceiveRing?
    /// Why there is no ring where one was wanted.
    private(set) var refusal: String?

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens a socket that sees nothing until it is wholly set up, and binds it.
    /// - Parameter isPromiscuous: whether frames to other addresses than the interface's are wanted.
    /// - Parameter bufferByteCount: what the kernel may hold for us, if the process may ask for so much.
    /// - Parameter engine: how frames are to be received; nil: as is best.
    /// - Parameter mtu: the longest usual packet.
    /// - Parameter fanout: shares what comes with other sockets on the interface; nil: takes all.
    /// - Parameter prepare: does something to the descriptor before the first frame can come.
    static func open(
        on interface: String, index: Int32, isPromiscuous: Bool, bufferByteCount: Int,
        engine: PortEngine? = nil, mtu: Int = 1500, fanout: PacketFanout? = nil,
        prepare: (Int32) throws(InterfaceError) -> Void = { _ in }
    ) throws(InterfaceError) -> PacketSocket {
        func check(_ result: Int32, _ action: String) throws(InterfaceError) {
            if result < 0 { throw InterfaceError(interface: interface, action: action, errorNumber: -result) }
        }
        // Protocol 0: no frame comes before the socket is bound.
        let descriptor = wl_raw_socket(AF_PACKET, 0)
        try check(descriptor, "open a packet socket")
        var socket = PacketSocket(descriptor: descriptor)
        try check(wl_packet_set(descriptor, SOL_PACKET, PACKET_VNET_HDR, 1), "ask for virtio headers")
        try check(wl_packet_set(descriptor, SOL_PACKET, PACKET_AUXDATA, 1), "ask for VLAN tags")
        // Kernels before 4.20 don't know it; what is our own is recognised anyway.
        _ = wl_packet_set(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        let size = Int32(clamping: bufferByteCount)
        for (forced, option) in [(SO_RCVBUFFORCE, SO_RCVBUF), (SO_SNDBUFFORCE, SO_SNDBUF)]
        where wl_packet_set(descriptor, SOL_SOCKET, forced, size) < 0 {
            try check(wl_packet_set(descriptor, SOL_SOCKET, option, size), "size its buffers")
        }
        if engine != .mmsg { socket.openRing(mtu: mtu, byteCount: bufferByteCount) }
        try prepare(descriptor)
        if fanout != nil { try check(wl_packet_refuse_all(descriptor), "refuse packets at first") }
        try check(wl_packet_bind(descriptor, index), "bind a packet socket to it")
        if let fanout {
            try fanout.join(descriptor, on: interface, index: index)
            try check(wl_packet_accept_all(descriptor), "accept packets")
        }
        // Where the kernel has no addresses, nobody else asks the card for neighbour solicitations.
        try check(wl_packet_join(descriptor, index, UInt16(PACKET_MR_ALLMULTI)), "receive multicast")
        if isPromiscuous {
            try check(
                wl_packet_join(descriptor, index, UInt16(PACKET_MR_PROMISC)), "receive for another address")
        }
        return socket
    }

    private mutating func openRing(mtu: Int, byteCount: Int) {
        do throws(ReceiveRing.Refusal) {
            ring = try ReceiveRing(of: descriptor, packetByteCount: mtu, byteCount: byteCount)
        } catch {
            refusal =
                "no receive ring is to be had (\(String(errorNumber: error.errorNumber))); frames are received by "
                + "system calls"
        }
    }

    /// The error that the kernel keeps for the next call, such as that the interface is down, and forgets by this; 0: none.
    func takeError() -> Int32 { wl_socket_take_error(descriptor) }

    /// Frames that the kernel dropped, since the last call, because we were too slow.
    func takeKernelDrops() -> UInt64 { UInt64(wl_packet_drops(descriptor)) }
}
