//! Limits of what all dialects read alike.

/// Largest XML body: a list of 1,000 of the longest keys with every byte written as a reference is larger
/// than what any client sends; half of that passes.
pub(super) const XML_BYTES_MAX: usize = 4 << 20;
/// Most entity tags in one condition: nobody names more by hand, and each is compared with the object's.
pub(super) const ENTITY_TAGS_MAX: usize = 64;
/// Deepest nesting of a JSON document: the deepest one of any dialect has 7 levels.
pub(super) const JSON_DEPTH_MAX: usize = 16;
/// Bytes of a form handed to its parser at once while fields are read: what the parser takes beyond a
/// field is held in memory.
pub(super) const FORM_PIECE_BYTES: usize = 16 << 10;
/// Bytes of boundaries and part headers allowed beside the fields, in front of the file or behind it.
pub(super) const FORM_OVERHEAD_BYTES_MAX: usize = 64 << 10;
/// Most conditions of a form's policy: several for every field a form may have.
pub(super) const POLICY_CONDITIONS_MAX: usize = 500;
/// Longest name of a tag, characters: what the family of vendors allows.
pub(super) const TAG_NAME_CHARS_MAX: usize = 128;
/// Longest value of a tag, characters: as above.
pub(super) const TAG_VALUE_CHARS_MAX: usize = 256;
/// Objects up to this size leave in one piece with the head of the answer: one write instead of two.
pub(super) const ONE_PIECE_BYTES_MAX: u64 = 64 << 10;
/// Most values of one member of a bucket's policy: more than its 16 KiB hold in practice, and each is
/// compared with every request.
pub(super) const POLICY_VALUES_MAX: usize = 500;
/// Smallest object that is compressed on the way: below, it gains nothing.
pub(super) const COMPRESSED_BYTES_MIN: u64 = 1024;
