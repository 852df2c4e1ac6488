import Tables
import Wire

/// What workers tell each other. A question, an answer or a path MTU is all workers', whichever queue brought it: the kernel
/// picks the queue of an answer by its own lights.
extension SlowPath {
    /// Takes in what other workers have found out, as if it had been found out here.
    func takeNews() {
        guard let share, share.hasNews(for: number) else { return }
        for news in share.take(for: number) {
            switch news {
            case .asked(let key, let time): neighbours.noteAsked(key, at: time)
            case .heard(let key, let mac, let isForUs, let time):
                neighbours.learn(key, mac, tables, isForUs: isForUs, at: time)
                waiting.release(key)
            case .kernel(let port, let address, let mac, let time): hear(port, address, mac, at: time)
            case .pathMTU(let mtu, let tunnel, let serial, let time):
                // Another publication's tunnel may be another. The next packet that is too long is reported again.
                guard serial == tables.publication.serial else { continue }
                pathMTUs.learn(mtu, of: tunnel, tables, at: time)
            }
        }
    }

    func tell(_ news: @autoclosure () -> WorkerNews) {
        guard let share, share.count > 1 else { return }
        share.tell(news(), from: number)
    }

    /// Takes in where the kernel has a neighbour on a port that it resolves for us; nil: it has lost it.
    func hear(_ port: Int, _ address: IPAddress, _ mac: MACAddress?, at time: UInt64) {
        neighbours.hear(port, address, mac, tables, at: time)
        guard mac != nil else { return }
        waiting.release(NeighbourResolver.Key(port: port, tags: 0, address: address))
    }
}
