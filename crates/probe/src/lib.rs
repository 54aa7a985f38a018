//! Everything learned from the service's process.
