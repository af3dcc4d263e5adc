//! The background process: the loop that drives the core, and the clients' door
