/// What a frame between forwarder and control plane says.
public enum FrameKind: UInt8, Sendable {
    /// Both ways, first: who speaks.
    case hello = 1
}
