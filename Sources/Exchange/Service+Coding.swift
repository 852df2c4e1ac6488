import Wire

extension ByteWriter {
    mutating func write(_ provider: Provider) {
        write(provider.name)
        write(provider.title)
    }

    mutating func write(_ service: Service) {
        write(service.name)
        write(service.provider)
        write(service.prefixes) { $0.write($1) }
    }

    mutating func write(_ subscriber: Subscriber) {
        write(subscriber.name)
        write(subscriber.port) { $0.write($1) }
        write(subscriber.addresses) { $0.write($1) }
        write(subscriber.vlan) { $0.write($1) }
        write(subscriber.nextHop) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readProvider() throws(ByteReaderError) -> Provider {
        Provider(name: try readText(), title: try readText())
    }

    mutating func readService() throws(ByteReaderError) -> Service {
        Service(name: try readText(), provider: try readText(), prefixes: try readPrefixes())
    }

    mutating func readSubscriber() throws(ByteReaderError) -> Subscriber {
        Subscriber(
            name: try readText(),
            port: try readOptional { reader throws(ByteReaderError) in try reader.readText() },
            addresses: try readPrefixes(),
            vlan: try readList(elementByteCount: 2) { reader throws(ByteReaderError) in try reader.read() },
            nextHop: try readOptional { reader throws(ByteReaderError) in try reader.readAddress() })
    }

    private mutating func readPrefixes() throws(ByteReaderError) -> [IPPrefix] {
        try readList(elementByteCount: 6) { reader throws(ByteReaderError) in try reader.readPrefix() }
    }
}
