//! The service through its own generated client, on the loopback interface.
