//! The tests of the room `sync`.

mod accounts;
mod applied;
mod desired;
mod difference;
mod drift;
mod expression;
mod faults;
mod grounds;
mod health;
mod inject;
mod kubernetes;
mod manifest;
mod play;
mod scenarios;
mod scene;
mod status;
