import Exchange
import Tables
import Wire

extension TableCompiler {
    mutating func adjacency(of line: Line) -> AdjacencyIndex {
        adjacency(port(line.port), tags: [], nextHop: line.nextHop)
    }

    mutating func adjacency(_ port: Int, tags: [UInt16], nextHop: IPAddress?) -> AdjacencyIndex {
        let isEthernet = exchange.ports[port].isEthernet
        let key = NextHop(port: port, tags: isEthernet ? tags : [], address: isEthernet ? nextHop : nil)
        if let known = adjacencies[key] { return known }
        let index = AdjacencyIndex(rawValue: UInt32(result.contents.adjacencies.count))
        adjacencies[key] = index
        let neighbour = exchange.ports[port].neighbours.first { $0.address == nextHop }
        result.contents.adjacencies.append(
            isEthernet
                ? Adjacency(
                    port: UInt16(port), source: result.contents.ports[port].macAddress, tags: tags,
                    nextHop: nextHop,
                    destination: neighbour?.mac)
                : Adjacency(directPort: UInt16(port)))
        return index
    }

    /// The static neighbours of a port are known on every link context of it.
    mutating func compileNeighbours() {
        for (index, adjacency) in result.contents.adjacencies.enumerated() where adjacency.state == .onLink {
            for neighbour in exchange.ports[Int(adjacency.port)].neighbours {
                result.contents.neighbours.append(
                    (neighbour.address, neighbour.mac, AdjacencyIndex(rawValue: UInt32(index))))
            }
        }
    }
}
