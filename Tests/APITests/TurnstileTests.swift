import Synchronization
import Testing

@testable import API

@Suite("The turnstile for heavy work") struct TurnstileTests {
    private struct Failure: Error {}

    /// How many are at work.
    private final class Inside: Sendable {
        let count = Mutex(0)
    }

    @Test("One at a time; everybody gets through, and who fails keeps nobody out")
    func oneAtATime() async {
        let turnstile = Turnstile()
        let inside = Inside()
        let failureCount = await withTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        return try await turnstile.pass { () throws(Failure) in
                            let count = inside.count.withLock { count in
                                count += 1
                                return count
                            }
                            defer { inside.count.withLock { $0 -= 1 } }
                            #expect(count == 1)
                            if number % 3 == 0 { throw Failure() }
                            return 0
                        }
                    } catch { return 1 }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failureCount == 67)
        #expect(await turnstile.pass { 7 } == 7)
    }
}
