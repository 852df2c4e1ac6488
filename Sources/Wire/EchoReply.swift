/// The answer to a ping, made where the request stands (RFC 792, RFC 4443 §4.2).
public enum EchoReply {
    /// TTL and hop limit of what we originate.
    private static let ttl: UInt8 = 64

    /// Turns an IPv4 echo request into its reply: addresses swapped, TTL 64, checksums right. The data,
    /// identification and traffic class stay (RFC 1122 §3.2.2.6). IP options are overwritten with "end of
    /// list": a reply asks for no source route, record or timestamp.
    /// - Parameter start: where in `bytes` the IPv4 header begins.
    /// - Returns: the reply's length, the request's total length; or nil, with nothing changed, if the packet
    ///   is no valid, whole echo request from one host to another.
    public static func replyToIPv4(in bytes: inout MutableRawSpan, at start: Int = 0) -> Int? {
        guard let request = ipv4Request(bytes.bytes.extracting(droppingFirst: start)) else { return nil }
        bytes.store(request.source, at: start + IPv4Field.destination)
        bytes.store(request.destination, at: start + IPv4Field.source)
        bytes.store(ttl, at: start + IPv4Field.ttl)
        for offset in IPv4Field.options..<max(IPv4Field.options, request.headerByteCount) {
            bytes.store(0 as UInt8, at: start + offset)
        }
        bytes.storeChecksum(at: start + IPv4Field.checksum, over: start..<start + request.headerByteCount)
        changeType(
            from: ICMPv4Type.echoRequest.rawValue, to: ICMPv4Type.echoReply.rawValue, in: &bytes,
            at: start + request.headerByteCount)
        return request.totalLength
    }

    /// Turns an ICMPv6 echo request into its reply: addresses swapped, hop limit 64, checksum right.
    /// - Parameter start: where in `bytes` the IPv6 header begins.
    /// - Returns: the reply's length, the request's; or nil, with nothing changed, if the packet is no valid
    ///   echo request from one node to another, or has extension headers, which a reply would have to answer
    ///   for.
    public static func replyToIPv6(in bytes: inout MutableRawSpan, at start: Int = 0) -> Int? {
        guard let request = ipv6Request(bytes.bytes.extracting(droppingFirst: start)) else { return nil }
        bytes.store(request.source, at: start + IPv6Field.destination)
        bytes.store(request.destination, at: start + IPv6Field.source)
        bytes.store(ttl, at: start + IPv6Field.hopLimit)
        // Swapping the addresses leaves the pseudo-header's sum as it was.
        changeType(
            from: ICMPv6Type.echoRequest.rawValue, to: ICMPv6Type.echoReply.rawValue, in: &bytes,
            at: start + IPv6Field.byteCount)
        return request.totalByteCount
    }

    private struct IPv4Request {
        let source: IPv4Address
        let destination: IPv4Address
        let headerByteCount: Int
        let totalLength: Int
    }

    private static func ipv4Request(_ packet: RawSpan) -> IPv4Request? {
        do throws(WireError) {
            let view = try IPv4View(packet)
            guard view.protocol == .icmp, !view.isFragment, view.hasValidChecksum,
                view.source.identifiesOneHost,
                view.destination.identifiesOneHost
            else { return nil }
            let message = try ICMPView(view.payload, over: .v4)
            guard message.type == ICMPv4Type.echoRequest.rawValue, message.code == 0,
                message.hasValidChecksum()
            else { return nil }
            return IPv4Request(
                source: view.source, destination: view.destination, headerByteCount: view.headerByteCount,
                totalLength: view.totalLength)
        } catch {
            return nil
        }
    }

    private static func ipv6Request(_ packet: RawSpan) -> IPv6Header? {
        do throws(WireError) {
            let view = try IPv6View(packet)
            guard view.nextHeader == .icmpv6, view.source.identifiesOneNode,
                view.destination.identifiesOneNode
            else { return nil }
            let message = try ICMPView(view.payload, over: .v6)
            let sum = TransportChecksum.pseudoHeaderSum(
                source: view.source, destination: view.destination, protocol: .icmpv6,
                byteCount: view.payloadLength)
            guard message.type == ICMPv6Type.echoRequest.rawValue, message.code == 0,
                message.hasValidChecksum(pseudoHeader: sum)
            else { return nil }
            return IPv6Header(view)
        } catch {
            return nil
        }
    }

    /// Changes the type of a message with code 0, and its checksum with it (RFC 1624).
    private static func changeType(
        from old: UInt8, to new: UInt8, in bytes: inout MutableRawSpan, at start: Int
    ) {
        let checksum = bytes.bytes.uint16(at: start + ICMPField.checksum)
        bytes.store(new, at: start + ICMPField.type)
        bytes.store(
            InternetChecksum.updated(checksum, from: UInt16(old) << 8, to: UInt16(new) << 8),
            at: start + ICMPField.checksum)
    }
}
