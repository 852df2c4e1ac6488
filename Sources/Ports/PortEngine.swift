/// How packets pass between a port and the kernel.
public enum PortEngine: String, CaseIterable, Sendable {
    /// TUN, TAP: a system call a packet or superframe.
    case readWrite = "readwrite"
    /// TUN, TAP: a system call for up to 64 of them.
    case ioUring = "io_uring"
    /// AF_PACKET: received from a ring of memory shared with the kernel, without system calls; sent by `sendmmsg`.
    case ring
    /// AF_PACKET: received by `recvmmsg`, up to 32 packets or superframes a system call; sent by `sendmmsg`.
    case mmsg
}
