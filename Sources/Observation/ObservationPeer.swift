import Glibc
import Link

/// One client, as the observation thread serves it.
final class ObservationPeer {
    /// Bytes that may wait for a client. What comes beyond stays in its ring, until that is full; and while so much waits,
    /// no further requests are read.
    private static let outputLimit = 1 << 20
    /// Pieces of requests that are read before it is another client's turn.
    private static let readLimit = 64
    private static let secondsLimit: UInt32 = 3600

    private let descriptor: Descriptor
    private let observers: [WorkerObserver]
    private var input = ObservationFrames()
    private var output: [UInt8] = []
    private var sentCount = 0
    private var taps: [(observer: WorkerObserver, tap: Tap)] = []
    private var deadline: ContinuousClock.Instant?
    /// Packets that are still wanted, whichever worker they come from; nil: without end.
    private var wanted: UInt64?
    private let patience: ObservationServer.Patience
    /// When it last asked for something, or took some of an answer.
    private var lastSign: ContinuousClock.Instant
    /// It has been told that it isn't served.
    private(set) var isRefused = false
    /// As the client has been told.
    private var knownPorts: [UInt16: ObservedPort] = [:]
    /// The client wants no more than what is there.
    private var isStopping = false
    /// Nothing is added to the output any more.
    private var isEnding = false
    private var isGone = false

    init(
        _ descriptor: Descriptor, _ observers: [WorkerObserver],
        patience: ObservationServer.Patience = .init(), at now: ContinuousClock.Instant = .now
    ) {
        self.descriptor = descriptor
        self.observers = observers
        self.patience = patience
        lastSign = now
    }

    deinit { disarm() }

    var hasTap: Bool { !taps.isEmpty }
    /// Whether it can be forgotten.
    var isOver: Bool { isGone || isEnding && sentCount == output.count }
    /// Whether packets wait that the client would take.
    var hasMore: Bool {
        waitingByteCount < Self.outputLimit / 2 && taps.contains { !$0.tap.ring.isEmpty }
    }
    /// Bytes of answers that the client hasn't taken yet.
    var waitingByteCount: Int { output.count - sentCount }
    private var mayAnswer: Bool { waitingByteCount < Self.outputLimit }

    var pollRequest: pollfd {
        let events = (mayAnswer ? POLLIN : 0) | (waitingByteCount > 0 ? POLLOUT : 0)
        return pollfd(fd: descriptor.number, events: Int16(events), revents: 0)
    }

    func refuse(_ reason: String) {
        guard !isEnding else { return }
        send(.refused(reason))
        isEnding = true
        isRefused = true
    }

    /// When it is sent away unless something is heard of it. Not to be asked while it has a tap.
    var nextDeadline: ContinuousClock.Instant {
        lastSign + (waitingByteCount > 0 ? patience.answer : patience.request)
    }

    /// Does what there is to do without waiting.
    func advance(isTapFree: Bool, at now: ContinuousClock.Instant = .now) {
        let hadTap = hasTap
        read(isTapFree: isTapFree, at: now)
        pump()
        // Whoever has been silent while watching has as long as others for what is left.
        if hadTap, !hasTap { lastSign = now }
        write(at: now)
        if !hasTap, !isOver, now >= nextDeadline { sendAway(at: now) }
        if isGone { disarm() }
    }

    /// It keeps the place of somebody who has a question.
    private func sendAway(at now: ContinuousClock.Instant) {
        guard waitingByteCount == 0 else {
            isGone = true
            return
        }
        refuse(
            "no whole request has come for \(patience.request), and others want to ask; connect again for yours"
        )
        write(at: now)
    }

    /// The forwarder is stopping.
    func stop() {
        if hasTap { end(.stopped) }
        write(at: .now)
        disarm()
    }

    private func disarm() {
        for (observer, tap) in taps { observer.disarm(tap) }
        taps = []
    }

    // MARK: Requests

    private func read(isTapFree: Bool, at now: ContinuousClock.Instant) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<Self.readLimit where mayAnswer {
            let count = Glibc.read(descriptor.number, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { break }
            guard count > 0 else {
                isGone = true
                return
            }
            guard !isEnding else { continue }
            input.append(chunk[..<count])
            do throws(ObservationError) {
                while let payload = try input.next(), !isEnding {
                    lastSign = now
                    try take(ObservationRequest(payload), isTapFree: isTapFree)
                }
            } catch { refuse(error.description) }
        }
    }

    private func take(_ request: ObservationRequest, isTapFree: Bool) throws(ObservationError) {
        if request == .stop {
            isStopping = true
            for (observer, tap) in taps { observer.disarm(tap) }
            return
        }
        guard taps.isEmpty else { throw ObservationError("one request a connection; open another") }
        switch request {
        case .stop: break
        case .drops(let withSamples): sendDrops(withSamples: withSamples)
        case .runtime:
            send(.runtime(observers.enumerated().map { $1.runtime(worker: $0) }))
        case .capture(let capture):
            guard capture.takesReceived || capture.takesSent || capture.takesDropped else {
                throw ObservationError("nothing would be captured: neither in, out nor dropped packets")
            }
            try arm(
                .capture(capture), capture.ports, capture.filter,
                count: capture.count, seconds: capture.seconds == 0 ? nil : capture.seconds,
                isTapFree: isTapFree)
        case .trace(let trace):
            let seconds = trace.seconds == 0 ? Self.secondsLimit : min(trace.seconds, Self.secondsLimit)
            try arm(
                .trace(trace), trace.ports, trace.filter, count: trace.count, seconds: seconds,
                isTapFree: isTapFree)
        }
    }

    private func sendDrops(withSamples: Bool) {
        for observer in observers { tellPorts(of: observer) }
        for observer in observers {
            let reading = observer.dropReading
            send(.drops(reading))
            guard withSamples else { continue }
            var seen: Set<UInt32> = []
            for count in reading.counts
            where seen.insert(UInt32(count.port) << 8 | UInt32(count.reason.rawValue)).inserted {
                for sample in observer.dropSamples(port: count.port, reason: count.reason) {
                    send(.sample(sample))
                }
            }
        }
        end(.complete)
    }

    private func arm(
        _ purpose: Tap.Purpose, _ names: [String], _ expression: String, count: UInt64, seconds: UInt32?,
        isTapFree: Bool
    ) throws(ObservationError) {
        guard isTapFree else {
            throw ObservationError(
                "\(ObservationServer.tapLimit) captures and traces are running; end one of them first")
        }
        guard observers.allSatisfy({ $0.retiredRingCount < ObservationServer.retiredRingLimit }) else {
            throw ObservationError(
                "the memory of earlier captures and traces hasn't been given back yet; try again in a second")
        }
        guard expression.utf8.count <= 4096 else {
            throw ObservationError("the filter is longer than 4,096 bytes")
        }
        let filter = expression.isEmpty ? nil : try PacketFilter(expression)
        for observer in observers {
            var slots: Set<UInt16>?
            if !names.isEmpty { slots = try Self.slots(names, observer.ports) }
            tellPorts(of: observer)
            let tap = Tap(purpose, ports: slots, filter: filter)
            taps.append((observer, tap))
        }
        for (observer, tap) in taps { observer.arm(tap) }
        wanted = count == 0 ? nil : count
        deadline = seconds.map { .now + .seconds(Int($0)) }
        send(.armed)
    }

    private static func slots(
        _ names: [String], _ ports: [UInt16: ObservedPort]
    ) throws(ObservationError) -> Set<UInt16> {
        var slots: Set<UInt16> = []
        for name in names {
            guard let port = ports.values.first(where: { $0.name == name }) else {
                throw ObservedPort.unknown(name, among: ports.values)
            }
            slots.insert(port.slot)
        }
        return slots
    }

    // MARK: Answers

    /// Takes packets out of the rings while the client keeps up.
    private func pump() {
        guard hasTap, !isEnding else { return }
        let isTimeOver = deadline.map { .now >= $0 } ?? false
        // Otherwise packets that come faster than they are read would go on for ever.
        if isTimeOver { for (observer, tap) in taps { observer.disarm(tap) } }
        // A ring gives one packet at least.
        for (observer, tap) in taps where mayAnswer && wanted != 0 && !tap.ring.isEmpty {
            tellPorts(of: observer)
            tap.ring.drain { header, bytes in
                switch header.kind {
                case .packet: send(.captured(ObservedPacket(header, bytes)))
                // It was encoded by the worker, as `ObservationAnswer` would.
                case .traced: sendTraced(bytes)
                case .padding, .void: return mayAnswer
                }
                wanted = wanted.map { $0 - 1 }
                return mayAnswer && wanted != 0
            }
        }
        // Several workers may have taken more than were wanted of all.
        if wanted == 0 { return end(.count) }
        guard taps.allSatisfy({ $0.tap.ring.isEmpty }) else { return }
        if isStopping {
            end(.complete)
        } else if isTimeOver {
            end(.time)
        }
    }

    private func end(_ cause: ObservationEnd.Cause) {
        let lost = taps.reduce(0) { $0 + $1.tap.ring.lost }
        disarm()
        send(.end(ObservationEnd(cause: cause, lost: lost)))
        isEnding = true
    }

    /// Tells the client of ports that are new or others than they were.
    private func tellPorts(of observer: WorkerObserver) {
        for port in observer.ports.values.sorted(by: { $0.slot < $1.slot })
        where knownPorts[port.slot] != port {
            knownPorts[port.slot] = port
            send(.port(port))
        }
    }

    private func send(_ answer: ObservationAnswer) { ObservationFrames.append(answer.bytes, to: &output) }

    private func sendTraced(_ bytes: UnsafeRawBufferPointer) {
        ObservationFrames.append([ObservationAnswer.tracedTag] + bytes, to: &output)
    }

    private func write(at now: ContinuousClock.Instant) {
        while sentCount < output.count, !isGone {
            let count = output.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor.number, bytes.baseAddress! + sentCount, bytes.count - sentCount,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { break }
            guard count > 0 else {
                isGone = true
                return
            }
            sentCount += count
            lastSign = now
        }
        if sentCount == output.count || sentCount > Self.outputLimit {
            output.removeFirst(sentCount)
            sentCount = 0
        }
    }
}
