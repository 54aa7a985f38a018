//! Performing a script against a base URL.
