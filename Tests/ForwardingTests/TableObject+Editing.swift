import Tables
import Wire

extension [TableObject] {
    mutating func editTunnel(_ slot: UInt32, _ edit: (inout TunnelObject) -> Void) {
        for place in indices {
            guard case .tunnel(var tunnel) = self[place], tunnel.slot.rawValue == slot else { continue }
            edit(&tunnel)
            self[place] = .tunnel(tunnel)
        }
    }

    mutating func editSession(_ slot: UInt32, _ edit: (inout SessionObject) -> Void) {
        for place in indices {
            guard case .session(var session) = self[place], session.slot.rawValue == slot else { continue }
            edit(&session)
            self[place] = .session(session)
        }
    }

    mutating func editPort(_ slot: UInt16, _ edit: (inout PortObject) -> Void) {
        for place in indices {
            guard case .port(var port) = self[place], port.slot == slot else { continue }
            edit(&port)
            self[place] = .port(port)
        }
    }

    /// The session in this slot, which there must be.
    func session(_ slot: UInt32) -> SessionObject {
        for case .session(let session) in self where session.slot.rawValue == slot { return session }
        preconditionFailure("no session in slot \(slot)")
    }
}

/// The slots of `Edges.subscriberEdge`, by place in its file.
enum Slot {
    static let access0: UInt16 = 0
    static let core0: UInt16 = 2
    static let core1: UInt16 = 3
    static let acmeNorth: UInt32 = 0
    static let acmePipe: UInt32 = 1
    static let betaWest: UInt32 = 2
    static let aliceVideo: UInt32 = 0
    static let aliceMusic: UInt32 = 1
    static let bobVideo: UInt32 = 2
    static let aliceNews: UInt32 = 3
}
