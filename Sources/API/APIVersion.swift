/// The version of the programming interface: the first part of every path.
enum APIVersion {
    static let path = "/v1"
}
