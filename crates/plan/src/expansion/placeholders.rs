//! The placeholders in what goes into a program, and which of them must come out.
//!
//! A placeholder may stand in what a later file replaces, or in a branch that is not taken, and
//! then it rightly does not come out. So only those must whose reason to be there nothing can
//! take away: what a kustomization itself says, and the values of a chart that count.

use std::collections::HashMap;
use std::ops::Range;

use model::InputPlaceholder;

use crate::overlay::folder::TemplateFile;
use crate::template::scan::{Token, What, scan};

/// Places in the input: the position of a file, and bytes in it.
pub(super) type Place = (usize, Range<usize>);

/// Which placeholders must come out.
pub(super) enum Places<'a> {
    /// Those at these places. All with the same text are spelled alike, since kustomize finds
    /// what belongs together by equal names.
    Alike(&'a [Place]),
    /// Those at these places, each for itself: a value that is printed proves nothing about
    /// another one with the same placeholder.
    Apart(&'a [Place]),
}

/// Every placeholder in some files.
pub(super) fn find_placeholders(
    files: &[TemplateFile<'_>],
    must: &Places<'_>,
) -> Vec<InputPlaceholder> {
    let (places, apart) = match must {
        Places::Alike(places) => (*places, false),
        Places::Apart(places) => (*places, true),
    };
    let mut groups = Groups::default();
    let mut found = Vec::new();
    for (input, file) in files.iter().enumerate() {
        for Token { range, what } in scan(&file.file.bytes) {
            if !matches!(what, What::Hole(..)) {
                continue;
            }
            let name: Box<str> = String::from_utf8_lossy(&file.file.bytes[range.clone()]).into();
            let inside = |place: &Place| {
                place.0 == input && place.1.start <= range.start && range.end <= place.1.end
            };
            let required = places.iter().any(inside);
            let group = groups.number(if required && apart { None } else { Some(&name) });
            found.push(InputPlaceholder { input, range, name, group, required });
        }
    }
    found
}

#[derive(Default)]
struct Groups {
    by_name: HashMap<Box<str>, u32>,
    next: u32,
}

impl Groups {
    /// The group of a name, or a new one for something that is told apart from all else.
    fn number(&mut self, name: Option<&str>) -> u32 {
        if let Some(number) = name.and_then(|name| self.by_name.get(name)) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        if let Some(name) = name {
            self.by_name.insert(name.into(), number);
        }
        number
    }
}
