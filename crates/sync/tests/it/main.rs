//! The tests of the room `sync`.

mod applied;
mod desired;
mod difference;
mod drift;
mod expression;
mod health;
mod manifest;
mod scene;
mod status;
