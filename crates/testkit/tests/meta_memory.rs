//! The metadata suite on the store in memory.

use std::sync::Arc;

use cohong_core::memory::MemoryMeta;
use cohong_core::ports::MetadataStore;
use cohong_testkit::suite::meta::Subject;

/// It "reopens" by a crash: only the durable stage is found again.
struct Memory(Arc<MemoryMeta>);

impl Subject for Memory {
    fn store(&self) -> Arc<dyn MetadataStore> {
        Arc::<MemoryMeta>::clone(&self.0)
    }

    fn reopen(&mut self) {
        self.0 = Arc::new(self.0.crash());
    }
}

cohong_testkit::meta_suite!(Memory(Arc::new(MemoryMeta::new())));
