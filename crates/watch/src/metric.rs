//! The figures of a reading: one list of names and units, for every face and every alert.

use std::fmt;

use units::{Bytes, Count};

/// How a figure is counted and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Memory.
    Bytes,
    /// A number of things.
    Count,
    /// A span of time.
    Milliseconds,
    /// A part of a hundred: of one core, of a limit.
    Percent,
}

macro_rules! metrics {
    ($($variant:ident $name:literal $unit:ident $doc:literal,)*) => {
        /// A figure of a reading.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $(#[doc = $doc] $variant,)*
        }

        impl Metric {
            /// All, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in files, metrics and alerts.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How it is counted.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }

            /// What it is, in a line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

metrics! {
    Rss "rss" Bytes "Resident set size, as `ps -o rss` has it.",
    Vsz "vsz" Bytes "Virtual size, as `ps -o vsz` has it.",
    Pss "pss" Bytes "Proportional set size: shared pages divided by their users.",
    Uss "uss" Bytes "Unique set size: pages nobody else maps.",
    Swap "swap" Bytes "Swapped-out memory.",
    Limit "limit" Bytes "The memory limit of the control group, the lowest of all that hold it.",
    Cpu "cpu" Percent "Processor time since the reading before, of one core.",
    Processes "processes" Count "Processes of the tree.",
    Threads "threads" Count "Threads.",
    Fds "fds" Count "Open file descriptors.",
    Sockets "sockets" Count "Of these, sockets.",
    Listening "listening" Count "TCP sockets that listen.",
    Established "established" Count "TCP connections that stand.",
    CloseWait "close_wait" Count "TCP connections that the peer has closed and the process has not.",
    OtherTcp "other_tcp" Count "TCP sockets in other states.",
    OtherSockets "other_sockets" Count "Sockets that are not TCP: Unix, UDP, netlink.",
    HeapUsed "heap_used" Bytes "V8's heap in use, garbage included.",
    HeapTotal "heap_total" Bytes "What V8 reserved for its heap.",
    HeapFull "heap_full" Percent "The part of its limit that V8's old objects fill.",
    External "external" Bytes "Memory outside the heap that objects in it hold.",
    ArrayBuffers "array_buffers" Bytes "Of this, contents of array buffers.",
    LagMean "lag_mean" Milliseconds "How late timers were on average since the reading before.",
    LagMax "lag_max" Milliseconds "How late the latest timer was since the reading before.",
    GcCount "gc_count" Count "Garbage collections since the reading before.",
    GcPause "gc_pause" Milliseconds "Time that they took together.",
    GcPauseMax "gc_pause_max" Milliseconds "Time that the longest of them took.",
}

impl Metric {
    /// Whether several isolates or processes together are as bad as the worst of them, rather than
    /// have the sum.
    fn is_of_the_worst(self) -> bool {
        matches!(
            self,
            Self::HeapFull | Self::LagMean | Self::LagMax | Self::GcPauseMax
        )
    }

    /// The figure of a name, or of the short name people use for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        match name.as_str() {
            "heap" => return Some(Self::HeapUsed),
            "lag" => return Some(Self::LagMax),
            "handles" | "descriptors" => return Some(Self::Fds),
            "buffers" => return Some(Self::ArrayBuffers),
            _ => {}
        }
        Self::ALL
            .iter()
            .copied()
            .find(|metric| metric.name() == name)
    }
}

impl Unit {
    /// An amount for a person to read.
    #[must_use]
    pub fn show(self, amount: f64) -> String {
        let whole = |amount: f64| amount.max(0.0).round() as u64;
        match self {
            Self::Bytes => Bytes(whole(amount)).to_string(),
            Self::Count if amount.fract() == 0.0 => Count(whole(amount)).to_string(),
            Self::Count => format!("{amount:.1}"),
            Self::Milliseconds => format!("{amount:.1} ms"),
            Self::Percent => format!("{amount:.1} %"),
        }
    }

    /// A difference, with its sign.
    #[must_use]
    pub fn show_change(self, amount: f64) -> String {
        let sign = if amount < 0.0 { '-' } else { '+' };
        format!("{sign}{}", self.show(amount.abs()))
    }
}

/// The figures of one reading, each where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    values: [Option<f64>; Metric::ALL.len()],
}

impl Figures {
    /// One of them.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.values[metric as usize]
    }

    /// Sets one of them.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        self.values[metric as usize] = value;
    }

    /// Sets a whole number; beyond 2^53 the nearest that can be told.
    pub fn set_whole(&mut self, metric: Metric, value: Option<u64>) {
        self.set(metric, value.map(|value| value as f64));
    }

    /// Adds those of another process or isolate: what only one of them knows counts as it is.
    pub fn add(&mut self, other: &Self) {
        for &metric in Metric::ALL {
            let (own, value) = (self.get(metric), other.get(metric));
            let both = own
                .zip(value)
                .map(|(own, value)| match metric.is_of_the_worst() {
                    true => own.max(value),
                    false => own + value,
                });
            self.set(metric, both.or(own).or(value));
        }
    }

    /// Those that are known, in their order.
    pub fn known(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        let all = Metric::ALL.iter().copied();
        all.filter_map(|metric| Some((metric, self.get(metric)?)))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_two_are_the_same() {
        for &metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(metric));
            assert_eq!(Metric::ALL[metric as usize], metric);
        }
        assert_eq!(Metric::named("heap"), Some(Metric::HeapUsed));
        assert_eq!(Metric::named("Array-Buffers"), Some(Metric::ArrayBuffers));
        assert_eq!(Metric::named("memory"), None);
    }

    #[test]
    fn a_tree_has_the_sum_of_what_is_known() {
        let mut tree = Figures::default();
        tree.set_whole(Metric::Rss, Some(10));
        let mut child = Figures::default();
        child.set_whole(Metric::Rss, Some(5));
        child.set_whole(Metric::Threads, Some(3));
        tree.set(Metric::LagMax, Some(7.0));
        child.set(Metric::LagMax, Some(4.0));
        tree.add(&child);
        let known: Vec<_> = tree.known().collect();
        let expected = [
            (Metric::Rss, 15.0),
            (Metric::Threads, 3.0),
            (Metric::LagMax, 7.0),
        ];
        assert_eq!(known, expected);
    }
}
