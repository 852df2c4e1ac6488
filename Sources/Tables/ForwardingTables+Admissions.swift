/// What subscribers' uses of services are open by: beside the subscriber, or where there are more than eight, in a
/// table by subscriber and service. As `TablesView.admission` reads it: bit 31 and a group's slot, or a session's
/// slot plus one.
extension ForwardingTables {
    /// What a use is open by on the standby side, or 0.
    func admission(_ subscriber: SubscriberIndex, _ service: ServiceIndex) -> UInt32 {
        let entry = subscribers[Int(subscriber.rawValue)]
        let found = entry.admission(UInt16(service.rawValue))
        if found != 0 || entry.furtherCount == 0 { return found }
        return admissions.lookup(TablesView.admissionKey(subscriber, service))
    }

    /// Opens a use that isn't open.
    func admit(_ subscriber: SubscriberIndex, _ service: ServiceIndex, _ admission: UInt32) {
        if subscribers[Int(subscriber.rawValue)].insert(UInt16(service.rawValue), admission) { return }
        subscribers[Int(subscriber.rawValue)].furtherCount += 1
        admissions.insert(TablesView.admissionKey(subscriber, service), value: admission)
    }

    /// Closes a use that is open.
    func dismiss(_ subscriber: SubscriberIndex, _ service: ServiceIndex) {
        if subscribers[Int(subscriber.rawValue)].remove(UInt16(service.rawValue)) { return }
        subscribers[Int(subscriber.rawValue)].furtherCount -= 1
        admissions.remove(TablesView.admissionKey(subscriber, service))
    }
}
