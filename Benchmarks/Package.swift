// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "wayleave", path: "..")],
    targets: [
        .target(name: "CReference", cSettings: [.unsafeFlags(["-O3"])]),
        .executableTarget(
            name: "FloodsBenchmark", dependencies: [.product(name: "WayleaveEdge", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "ForwardingBenchmark",
            dependencies: ["CReference", .product(name: "WayleaveDataPath", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .target(
            name: "PortsReference", cSettings: [.unsafeFlags(["-O3"]), .define("_GNU_SOURCE")]),
        .executableTarget(
            name: "PortsBenchmark",
            dependencies: ["PortsReference", .product(name: "WayleaveEdge", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "TablesBenchmark",
            dependencies: ["CReference", .product(name: "WayleaveRegister", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
    ]
)
