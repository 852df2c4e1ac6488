/// A number with so many digits behind the point, rounded.
public func decimal(_ number: Double, _ places: Int) -> String {
    guard number.isFinite else { return "–" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = (abs(number) * Double(scale)).rounded()
    guard scaled < 9e18 else { return "\(number)" }
    let whole = Int(scaled)
    let sign = number < 0 && whole > 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(whole)" }
    let digits = String(whole % scale)
    return "\(sign)\(whole / scale)." + String(repeating: "0", count: places - digits.count) + digits
}
