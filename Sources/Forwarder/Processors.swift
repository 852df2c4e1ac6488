import CLinux
import Link

/// The host's processors, as far as this process may use them.
public enum Processors {
    /// Those that the process may run on, as the administrator has left them (taskset, cpusets), in ascending order.
    public static var allowed: [Int] { (0..<Int(wl_processor_limit())).filter { wl_may_run_on(Int32($0)) } }

    /// Keeps the calling thread on one processor.
    /// - Returns: why that can't be; nil: it is.
    static func pin(to processor: Int) -> String? {
        let error = wl_pin_thread(Int32(processor))
        return error == 0 ? nil : meaning(ofErrno: error)
    }
}
