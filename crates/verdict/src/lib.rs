//! Whether the facts of a run show a leak, and why.
