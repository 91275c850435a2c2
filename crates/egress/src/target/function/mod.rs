//! Functions: HTTP endpoints that the operator has registered under a name.

mod deliver;
mod port;

pub use deliver::FunctionTarget;
pub use port::{Endpoint, FunctionRegistry};
