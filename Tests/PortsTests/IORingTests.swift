import Glibc
import Testbed
import Testing

@testable import Ports

@Suite("io_uring as one system call", .enabled(if: hasRings, "the kernel has io_uring"))
struct IORingTests {
    private let ends: [Int32]

    init() {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue)
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0)
        self.ends = ends
    }

    private func run(_ ring: IORing, _ count: Int) -> [Int32] {
        var results = [Int32](repeating: 77, count: count)
        results.withUnsafeMutableBufferPointer { ring.run(count, results: $0.baseAddress!) }
        return results
    }

    @Test("Writes and reads are carried out in the order of their places, and nothing is left under way")
    func order() throws {
        defer { for end in ends { close(end) } }
        let writer = try IORing(on: ends[0])
        let reader = try IORing(on: ends[1])
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: IORing.limit, alignment: 1)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: IORing.limit * 16, alignment: 16)
        defer {
            bytes.deallocate()
            memory.deallocate()
        }
        // More rounds than a queue has places.
        for round in 0..<5 {
            let count = round == 0 ? 1 : IORing.limit - round
            for place in 0..<count {
                bytes[place] = UInt8(place)
                writer.write(place, UnsafeMutableRawBufferPointer(rebasing: bytes[place...place]))
            }
            #expect(run(writer, count) == [Int32](repeating: 1, count: count))
            for place in 0...count {
                reader.read(place, to: memory.baseAddress! + 16 * place, byteCount: 16)
            }
            #expect(run(reader, count + 1) == [Int32](repeating: 1, count: count) + [-EAGAIN])
            #expect((0..<count).allSatisfy { memory[16 * $0] == UInt8($0) })
        }
        #expect(writer.isSound && reader.isSound)
    }

    @Test("A frame of several pieces is one write") func gathering() throws {
        defer { for end in ends { close(end) } }
        let ring = try IORing(on: ends[0])
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 3, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: [1, 2, 3])
        let pieces = [
            iovec(iov_base: bytes.baseAddress, iov_len: 2),
            iovec(iov_base: bytes.baseAddress! + 2, iov_len: 1),
        ]
        let results = pieces.withUnsafeBufferPointer {
            ring.write(0, gathering: $0.baseAddress!, count: 2)
            return run(ring, 1)
        }
        #expect(results == [3])
        var record = [UInt8](repeating: 0, count: 9)
        #expect(read(ends[1], &record, 9) == 3 && record.prefix(3) == [1, 2, 3])
    }

    @Test("A ring keeps its file open no longer than itself") func closing() throws {
        var ring: IORing? = try IORing(on: ends[0])
        #expect(ring?.isSound == true)
        close(ends[0])
        var byte: UInt8 = 0
        #expect(read(ends[1], &byte, 1) == -1 && errno == EAGAIN, "the ring has it")
        ring = nil
        #expect(eventually { read(ends[1], &byte, 1) == 0 })
        close(ends[1])
    }

    @Test("What is no file has no ring") func refusal() {
        defer { for end in ends { close(end) } }
        let error = #expect(throws: IORing.Refusal.self) { try IORing(on: 1 << 20) }
        #expect(error?.errorNumber == EBADF)
    }
}

/// Whether this kernel lets us have one.
private let hasRings: Bool = {
    let file = open("/dev/null", O_RDWR)
    defer { close(file) }
    return (try? IORing(on: file)) != nil
}()
