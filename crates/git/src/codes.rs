//! The codes of the diagnostics that this room makes: what of a source could not be taken.

use model::Code;

/// A file that cannot be taken.
pub static NOT_A_FILE: Code = Code {
    name: "not-a-file",
    meaning: "The source holds a symbolic link, a submodule or a special file. A link could lead \
              out of the repository, so none is followed.",
};
/// A file over the limit.
pub static FILE_TOO_LARGE: Code = Code {
    name: "file-too-large",
    meaning: "A file of the source is larger than 16 MiB and was not read.",
};
/// A name that cannot stand in a tree on every system.
pub static FILE_NAME: Code = Code {
    name: "file-name",
    meaning: "The name of a file or folder is not UTF-8, holds control characters or a backslash, \
              or is one that Git keeps for itself.",
};
/// Folders nested too deep.
pub static FOLDER_TOO_DEEP: Code = Code {
    name: "folder-too-deep",
    meaning: "Folders of the source nest more than 50 deep; what stands below was not read.",
};

/// Every code of this room.
pub static ALL: &[&Code] = &[&NOT_A_FILE, &FILE_TOO_LARGE, &FILE_NAME, &FOLDER_TOO_DEEP];
