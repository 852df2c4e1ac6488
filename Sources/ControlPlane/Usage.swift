public import Journal

/// One line of the usage history.
public typealias UsageRow = Journal.UsageRow
/// Which lines of the usage history are wanted.
public typealias UsageFilter = Journal.UsageFilter
