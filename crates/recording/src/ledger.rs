//! The ledger: exactly how many sessions ran, and how each of them ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts of sessions by outcome. Every rate of a verdict divides by one of these.
///
/// Invariant: `completed + failed <= created`; the rest is in flight.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Sessions started.
    pub created: u64,
    /// Sessions that went through their whole scenario.
    pub completed: u64,
    /// Sessions that ended early, by whatever cause.
    pub failed: u64,
    /// Arrivals that `maxVusers` kept from starting; not among `created`.
    #[serde(default)]
    pub skipped: u64,
    /// Why sessions failed: one short cause (`ECONNREFUSED`, `timeout`), one count.
    #[serde(default)]
    pub failures: BTreeMap<String, u64>,
    /// HTTP requests sent.
    #[serde(default)]
    pub requests: u64,
    /// WebSocket messages sent.
    #[serde(default)]
    pub messages_sent: u64,
    /// WebSocket messages received.
    #[serde(default)]
    pub messages_received: u64,
    /// Sessions by the scenario they took, where scenarios have names.
    #[serde(default)]
    pub scenarios: BTreeMap<String, u64>,
    /// HTTP responses by status.
    #[serde(default)]
    pub responses: BTreeMap<u16, u64>,
}

impl Ledger {
    /// Sessions started and not yet ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.created.saturating_sub(self.completed + self.failed)
    }

    /// Adds the counts of another part of the run.
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.completed += other.completed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.requests += other.requests;
        self.messages_sent += other.messages_sent;
        self.messages_received += other.messages_received;
        add_counts(&mut self.failures, &other.failures);
        add_counts(&mut self.scenarios, &other.scenarios);
        add_counts(&mut self.responses, &other.responses);
    }

    /// What came since an earlier look at the same counts.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let less = |now: u64, before: u64| now.saturating_sub(before);
        Self {
            created: less(self.created, earlier.created),
            completed: less(self.completed, earlier.completed),
            failed: less(self.failed, earlier.failed),
            skipped: less(self.skipped, earlier.skipped),
            failures: counts_since(&self.failures, &earlier.failures),
            requests: less(self.requests, earlier.requests),
            messages_sent: less(self.messages_sent, earlier.messages_sent),
            messages_received: less(self.messages_received, earlier.messages_received),
            scenarios: counts_since(&self.scenarios, &earlier.scenarios),
            responses: counts_since(&self.responses, &earlier.responses),
        }
    }

    /// The most frequent cause of failure and its count.
    #[must_use]
    pub fn main_failure(&self) -> Option<(&str, u64)> {
        self.failures
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(c, n)| (c.as_str(), *n))
    }
}

fn add_counts<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key.clone()).or_default() += count;
    }
}

fn counts_since<K: Ord + Clone>(
    now: &BTreeMap<K, u64>,
    earlier: &BTreeMap<K, u64>,
) -> BTreeMap<K, u64> {
    let before = |key| earlier.get(key).copied().unwrap_or(0);
    let more = now
        .iter()
        .map(|(key, n)| (key, n.saturating_sub(before(key))));
    let more = more.filter(|(_, n)| *n > 0);
    more.map(|(key, n)| (key.clone(), n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_since_and_what_was_before_are_the_whole() {
        let before = Ledger {
            created: 10,
            completed: 7,
            failed: 1,
            failures: BTreeMap::from([("timeout".into(), 1)]),
            requests: 20,
            responses: BTreeMap::from([(200, 19)]),
            ..Ledger::default()
        };
        let now = Ledger {
            created: 25,
            completed: 22,
            failed: 3,
            failures: BTreeMap::from([("timeout".into(), 1), ("ECONNRESET".into(), 2)]),
            requests: 50,
            responses: BTreeMap::from([(200, 40), (503, 9)]),
            ..Ledger::default()
        };
        let since = now.since(&before);
        assert_eq!((since.created, since.in_flight()), (15, 0));
        assert_eq!(since.failures, BTreeMap::from([("ECONNRESET".into(), 2)]));
        let mut whole = before;
        whole.add(&since);
        assert_eq!(whole, now);
    }
}
