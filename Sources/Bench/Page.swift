import Glibc

/// A page of plots and tables in one file: it asks for nothing from elsewhere, and is HTML and XML alike.
struct Page {
    let title: String
    let machine: Machine
    /// Sentences under the title.
    var notes: [String] = []
    private var body: [String] = []
    private var plotCount = 0

    init(title: String, machine: Machine) {
        self.title = title
        self.machine = machine
    }

    mutating func addHeading(_ text: String) { body.append("<h2>\(escaped(text))</h2>") }

    /// Plots side by side where there is room.
    mutating func add(_ plots: [Plot]) {
        guard !plots.isEmpty else { return }
        let figures = plots.map { plot in
            plotCount += 1
            return """
                <figure>
                <figcaption>\(escaped(plot.title))</figcaption>
                \(plot.svg(identifier: "plot\(plotCount)"))
                \(plot.legend)
                </figure>
                """
        }
        body.append("<div class=\"plots\">\n\(figures.joined(separator: "\n"))\n</div>")
    }

    /// A table; columns of numbers stand to the right.
    /// - Parameter isFolded: whether it is shown only when asked for.
    mutating func addTable(_ caption: String, _ header: [String], _ rows: [[String]], isFolded: Bool = false)
    {
        let isNumber = header.indices.map { column in
            rows.allSatisfy { row in
                row[column].isEmpty || row[column].first.map { $0.isNumber || $0 == "–" } == true
            }
        }
        func cells(_ tag: String, _ row: [String]) -> String {
            row.enumerated().map { column, text in
                let scope = tag == "th" ? " scope=\"col\"" : ""
                return
                    "<\(tag)\(scope)\(isNumber[column] ? " class=\"number\"" : "")>\(escaped(text))</\(tag)>"
            }.joined()
        }
        let lines = rows.map { "<tr>\(cells("td", $0))</tr>" }.joined(separator: "\n")
        let table = """
            <div class="table" tabindex="0" role="region" aria-label="\(escaped(caption))"><table>
            <caption>\(escaped(caption))</caption>
            <thead><tr>\(cells("th", header))</tr></thead>
            <tbody>
            \(lines)
            </tbody></table></div>
            """
        body.append(
            isFolded ? "<details><summary>\(escaped(caption))</summary>\n\(table)\n</details>" : table)
    }

    var html: String {
        let warning =
            machine.isDebugBuild
            ? "<p class=\"warning\">Measured with a debug build, some thirty times slower: the figures say nothing.</p>\n"
            : ""
        return """
            <!DOCTYPE html>
            <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(escaped(title))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <main>
            <h1>\(escaped(title))</h1>
            <p>\(escaped(machine.summary)), \(utcDate(machine.time)).</p>
            \(warning)\(notes.map { "<p>\(escaped($0))</p>" }.joined(separator: "\n"))
            \(body.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private static let style = """
        :root { --paper: #fff; --ink: #1a1d21; --faint: #5b626b; --rule: #dfe3e8; --card: #f7f8fa;
          --s0: #0065a8; --s1: #c24a00; --s2: #00805c; --s3: #a8407c; --s4: #8a6a00; --s5: #3f4a9e; }
        @media (prefers-color-scheme: dark) {
          :root { --paper: #14171a; --ink: #e8eaed; --faint: #a3abb5; --rule: #333a42; --card: #1c2024;
            --s0: #5cb6f2; --s1: #ff9a5c; --s2: #4fd1a5; --s3: #ee9cc9; --s4: #e6c34d; --s5: #a9b4ff; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
        main { max-width: 76rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
        h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
        p { max-width: 46rem; margin: .5rem 0; }
        .warning { border-left: 4px solid var(--s1); padding-left: .75rem; font-weight: 600; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1rem; }
        figure { margin: 0; padding: .75rem; background: var(--card); border: 1px solid var(--rule);
          border-radius: 6px; max-width: 40rem; }
        figcaption { font-weight: 600; margin-bottom: .5rem; }
        figure > svg { display: block; width: 100%; height: auto; }
        svg text { font-size: 12px; fill: var(--faint); }
        svg .axis { fill: var(--ink); }
        @media (max-width: 30rem) { svg text { font-size: 15px; } }
        svg .grid { stroke: var(--rule); }
        .series { fill: none; stroke-width: 2; }
        .s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
        .s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
        path.s0 { fill: var(--s0); } path.s1 { fill: var(--s1); } path.s2 { fill: var(--s2); }
        path.s3 { fill: var(--s3); } path.s4 { fill: var(--s4); } path.s5 { fill: var(--s5); }
        path.series { stroke: var(--card); stroke-width: 1; }
        .legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: .5rem 0 0; padding: 0;
          font-size: .875rem; }
        .legend .key { width: 26px; height: 10px; vertical-align: middle; }
        .table { overflow-x: auto; margin: .75rem 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
        caption { text-align: left; font-weight: 600; padding: .25rem 0; }
        th, td { padding: .25rem .75rem .25rem 0; text-align: left; border-bottom: 1px solid var(--rule);
          white-space: nowrap; }
        th { color: var(--faint); font-weight: 600; }
        .number { text-align: right; }
        details { margin: .75rem 0; }
        summary { cursor: pointer; }
        details caption { display: none; }
        """
}

/// A time as people and programs read it (RFC 3339), to the second, in UTC.
public func utcDate(_ seconds: Int) -> String {
    var time = time_t(seconds)
    var fields = tm()
    gmtime_r(&time, &fields)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(fields.tm_year + 1900)-\(two(fields.tm_mon + 1))-\(two(fields.tm_mday))T"
        + "\(two(fields.tm_hour)):\(two(fields.tm_min)):\(two(fields.tm_sec))Z"
}
