//! The pure core of Seatkeeper: who may lose a seat, and why.
