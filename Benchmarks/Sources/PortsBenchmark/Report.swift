import Glibc

/// Results for people, line by line, and for programs.
struct Report {
    private let file: UnsafeMutablePointer<FILE>?

    init(jsonPath: String?) {
        file = jsonPath.flatMap { fopen($0, "we") }
        if jsonPath != nil, file == nil {
            print("can't write \(jsonPath ?? ""): \(String(cString: strerror(errno)))")
            exit(1)
        }
        print("case        bytes   by                     Mpps   to C   of a core       lost")
    }

    func add(_ contest: Contest, _ results: [Contest.Result]) {
        for result in results {
            let isReference = result.name == results[0].name
            print(
                Self.left(contest.name, 10), Self.right("\(contest.byteCount)", 6), " ",
                Self.left(result.name, 19),
                Self.decimal(result.rate / 1e6, places: 3, width: 8),
                isReference ? "      " : Self.decimal(result.ratio, places: 2, width: 6),
                result.share.map { Self.decimal($0 * 100, places: 1, width: 10) + "%" } ?? "           ",
                result.lost == 0 ? "" : Self.right("\(result.lost)", 10))
            guard let file else { continue }
            let line =
                "{\"case\":\"\(contest.name)\",\"bytes\":\(contest.byteCount),\"by\":\"\(result.name)\","
                + "\"packetsPerSecond\":\(Int(result.rate)),"
                + "\"ratio\":\(Self.decimal(result.ratio, places: 3, width: 0)),"
                + (result.share.map { "\"share\":\(Self.decimal($0, places: 4, width: 0))," } ?? "")
                + "\"lost\":\(result.lost)}\n"
            fputs(line, file)
        }
        fflush(nil)
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func decimal(_ value: Double, places: Int, width: Int) -> String {
        var unit = 1
        for _ in 0..<places { unit *= 10 }
        let scaled = Int((value * Double(unit)).rounded())
        let fraction = String(unit + scaled % unit).dropFirst()
        return right("\(scaled / unit).\(fraction)", width)
    }
}
