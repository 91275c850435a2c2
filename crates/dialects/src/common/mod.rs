//! What two dialects need: dates, ranges, conditions, JSON input, forms and callback parameters. Free of
//! vendor names, and of any decision: a value is read, or it is told why not.

pub mod callback;
pub mod conditions;
pub mod date;
pub mod form;
pub mod json;
mod limits;
pub mod policy;
pub mod range;
pub(crate) mod unserved;
