//! Tests of the nouns: laws of sets, Git's own ids, names, places.

mod ids;
mod names;
mod sets;
mod source;
