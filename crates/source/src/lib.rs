//! What a service's source text says: where a name is declared, and which statements add to it.
