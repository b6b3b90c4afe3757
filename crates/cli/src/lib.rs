//! The door for people: the commands.
