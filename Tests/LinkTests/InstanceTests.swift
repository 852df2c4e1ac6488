import Glibc
import Testbed
import Testing

@testable import Link

@Suite("Instance") struct InstanceTests {
    @Test("One claim at a time; it is free again when the first has gone, and leaves no file")
    func secondClaim() throws {
        let instance = try ScratchInstance()
        let path = instance.directory.forwarderLock("main")
        #expect(path.hasSuffix("/t/forwarder.lock") && !InstanceLock.isHeld(path))
        do {
            let first = try InstanceLock(path, for: "forwarder 'main'")
            let error = #expect(throws: InstanceError.self) {
                try InstanceLock(path, for: "forwarder 'main'")
            }
            #expect(try #require(error).description.contains("the forwarder 'main' is already running"))
            #expect(InstanceLock.isHeld(path))
            _ = try InstanceLock(instance.directory.forwarderLock("west"), for: "forwarder 'west'")
            #expect(first.path == path)
        }
        #expect(!InstanceLock.isHeld(path))
        _ = try InstanceLock(path, for: "forwarder 'main'")
        #expect(folderEntries(instance.directory.path).isEmpty)
    }

    @Test("A file that a dead process left keeps nobody out") func leftOver() throws {
        let instance = try ScratchInstance()
        let path = instance.directory.controlPlaneLock
        close(open(path, O_CREAT | O_RDWR, 0o600))
        #expect(!InstanceLock.isHeld(path))
        _ = try instance.lock()
    }

    @Test(
        "Names are 1 to 32 letters, digits, '-' and '_'",
        arguments: ["", "a/b", "..", "a b", "ä", "a.b", "a\n", String(repeating: "n", count: 33)])
    func badName(_ bad: String) throws {
        let error = #expect(throws: InstanceError.self) { try InstanceDirectory(bad) }
        #expect(try #require(error).description.contains("1 to 32"))
    }

    @Test("Names that may be", arguments: ["a", "A-z_0", "9", String(repeating: "n", count: 32)])
    func goodName(_ good: String) throws {
        #expect(try InstanceDirectory(good).path == "/run/wayleave/\(good)")
    }

    @Test("The folder is for owner and group; one that can't be made is named") func folder() throws {
        let instance = try ScratchInstance()
        var status = stat()
        #expect(stat(instance.directory.path, &status) == 0 && status.st_mode & 0o777 == 0o750)
        try instance.directory.create()
        let error = #expect(throws: InstanceError.self) {
            try InstanceDirectory("a", base: "/proc/nowhere").create()
        }
        #expect(try #require(error).description.contains("/proc/nowhere"))
    }
}
