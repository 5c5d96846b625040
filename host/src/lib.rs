//! The embedded host and the command line of Seatkeeper.
