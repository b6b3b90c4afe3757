//! The agent against a scripted centre and a simulated cluster; two agents on a real one.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod centre;
mod disk;
mod faults;
mod kubernetes;
mod lease;
mod life;
mod reports;
mod site;
mod trust;
mod will;
