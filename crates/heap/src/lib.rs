//! What a V8 heap snapshot means.
