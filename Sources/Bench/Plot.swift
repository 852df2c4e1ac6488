/// Lines over two axes, as SVG that stands in an HTML page.
struct Plot {
    struct Series {
        let name: String
        let points: [(x: Double, y: Double)]
        /// The number of its colour, mark and dashes: the same thing looks alike in all plots of a page.
        let style: Int
    }

    private enum Size {
        static let width = 440.0
        static let height = 290.0
        static let left = 52.0
        static let right = 14.0
        static let top = 12.0
        static let bottom = 44.0
    }
    /// Colours that the style sheet has, and marks.
    private static let styleCount = 6
    /// Of lines without marks: who sees no colours must know them apart, too.
    private static let dashes = ["", "7 4", "2 3", "9 3 2 3", "1 4", "12 4"]

    let title: String
    let x: PlotAxis
    let y: PlotAxis
    let series: [Series]
    /// Whether each point is marked: not where they are many.
    var hasMarkers = true

    /// - Parameter identifier: unique in its page.
    func svg(identifier: String) -> String {
        var parts = [
            """
            <svg viewBox="0 0 \(decimal(Size.width, 0)) \(decimal(Size.height, 0))" role="img" \
            aria-labelledby="\(identifier)-title \(identifier)-text">
            <title id="\(identifier)-title">\(escaped(title))</title>
            <desc id="\(identifier)-text">\(escaped(text))</desc>
            """
        ]
        for mark in x.marks {
            let place = number(across(mark.value))
            parts.append(
                "<line class=\"grid\" x1=\"\(place)\" y1=\"\(number(Size.top))\" x2=\"\(place)\" "
                    + "y2=\"\(number(Size.height - Size.bottom))\"/>"
                    + "<text class=\"tick\" x=\"\(place)\" y=\"\(number(Size.height - Size.bottom + 15))\" "
                    + "text-anchor=\"middle\">\(escaped(mark.text))</text>")
        }
        for mark in y.marks {
            let place = number(down(mark.value))
            parts.append(
                "<line class=\"grid\" x1=\"\(number(Size.left))\" y1=\"\(place)\" "
                    + "x2=\"\(number(Size.width - Size.right))\" y2=\"\(place)\"/>"
                    + "<text class=\"tick\" x=\"\(number(Size.left - 6))\" y=\"\(number(down(mark.value) + 4))\" "
                    + "text-anchor=\"end\">\(escaped(mark.text))</text>")
        }
        let middle = number((Size.top + Size.height - Size.bottom) / 2)
        parts.append(
            "<text class=\"axis\" x=\"\(number((Size.left + Size.width - Size.right) / 2))\" "
                + "y=\"\(number(Size.height - 8))\" text-anchor=\"middle\">\(escaped(x.title))</text>"
                + "<text class=\"axis\" transform=\"translate(12 \(middle)) rotate(-90)\" "
                + "text-anchor=\"middle\">\(escaped(y.title))</text>")
        parts += series.map(line)
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    /// Which line is which, as HTML. Nothing for one line alone.
    var legend: String {
        guard series.count > 1 else { return "" }
        let items = series.map { series in
            let mark = hasMarkers ? Self.mark(series, x: 13, y: 5, title: "") : ""
            return "<li><svg class=\"key\" viewBox=\"0 0 26 10\" aria-hidden=\"true\">"
                + "<line class=\"\(Self.style(series))\" x1=\"0\" y1=\"5\" x2=\"26\" y2=\"5\"\(dash(series))/>"
                + "\(mark)</svg> \(escaped(series.name))</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private func line(_ series: Series) -> String {
        let points = series.points.map { "\(number(across($0.x))),\(number(down($0.y)))" }
        var result =
            "<polyline class=\"\(Self.style(series))\" points=\"\(points.joined(separator: " "))\""
            + "\(dash(series))/>"
        guard hasMarkers || points.count == 1 else { return result }
        for point in series.points {
            let title = "\(series.name): \(PlotAxis.short(point.x)), \(PlotAxis.short(point.y))"
            result += Self.mark(series, x: across(point.x), y: down(point.y), title: title)
        }
        return result
    }

    /// A circle, square, triangle, diamond, triangle upside down or cross, ten units wide.
    private static func mark(_ series: Series, x: Double, y: Double, title: String) -> String {
        let shapes = [
            "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "M-3.5 -3.5h7v7h-7z", "M0 -4.5L4.5 3.5h-9z",
            "M0 -5L5 0L0 5L-5 0z", "M0 4.5L4.5 -3.5h-9z",
            "M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
        ]
        return
            "<path class=\"mark \(style(series))\" transform=\"translate(\(decimal(x, 1)) \(decimal(y, 1)))\" "
            + "d=\"\(shapes[series.style % styleCount])\">"
            + (title.isEmpty ? "" : "<title>\(escaped(title))</title>") + "</path>"
    }

    /// What the lines show, for those who can't see them.
    private var text: String {
        let ends = series.map { series -> String in
            guard let first = series.points.first, let last = series.points.last else { return series.name }
            return "\(series.name): from \(PlotAxis.short(first.y)) at \(PlotAxis.short(first.x)) "
                + "to \(PlotAxis.short(last.y)) at \(PlotAxis.short(last.x))"
        }
        return "\(y.title) against \(x.title). " + ends.joined(separator: "; ") + "."
    }

    private static func style(_ series: Series) -> String { "series s\(series.style % styleCount)" }

    private func dash(_ series: Series) -> String {
        let dash = hasMarkers ? "" : Self.dashes[series.style % Self.styleCount]
        return dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    }

    private func across(_ value: Double) -> Double {
        Size.left + x.position(value) * (Size.width - Size.left - Size.right)
    }

    private func down(_ value: Double) -> Double {
        Size.height - Size.bottom - y.position(value) * (Size.height - Size.top - Size.bottom)
    }

    private func number(_ value: Double) -> String { decimal(value, 1) }
}

/// Text as it stands in HTML and XML, attributes included.
func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
    return result
}
