//! A request under way.

use cohong_core::ErrorKind;
use cohong_core::model::{BucketId, Versioning};

use super::Inner;
use crate::sim::model::{Answer, Model, Object, Op};

/// One outcome of a request.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// The answer of the change that stood.
    pub(super) done: Option<String>,
    /// What the model would have answered at some moment, changing nothing.
    pub(super) possible: Vec<Answer>,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) request: String,
    pub(super) op: Op,
    /// Who asks.
    pub(super) by: &'static str,
    pub(super) items: Vec<Item>,
    /// The states that the object it reads from had meanwhile.
    pub(super) sources: Vec<Object>,
    /// A port failed under it.
    pub(super) faulted: bool,
    /// The disk gave it wrong bits.
    pub(super) damaged: bool,
    /// Whether versions were kept in its bucket meanwhile. A reader looks at the bucket before it looks
    /// at the key, and names versions as the bucket was then.
    pub(super) versionings: Vec<Versioning>,
    /// The bucket it closed.
    pub(super) closed: Option<BucketId>,
}

impl Flight {
    pub(super) fn new(request: String, op: Op, by: &'static str) -> Self {
        Self {
            items: (0..op.items()).map(|_| Item::default()).collect(),
            request,
            op,
            by,
            sources: Vec::new(),
            faulted: false,
            damaged: false,
            versionings: Vec::new(),
            closed: None,
        }
    }

    /// Notes what the model would answer now, and would if the bucket still were as it was.
    pub(super) fn refresh(&mut self, model: &mut Model) {
        self.note(model);
        let (Op::Get((name, ..)) | Op::Complete { bucket: name, .. }) = &self.op else {
            return;
        };
        let name = name.clone();
        let Some(versioning) = model.buckets.get(&name).map(|bucket| bucket.versioning) else {
            return;
        };
        if !self.versionings.contains(&versioning) {
            self.versionings.push(versioning);
        }
        for earlier in self.versionings.clone() {
            model.set_versioning(&name, earlier);
            self.note(model);
        }
        model.set_versioning(&name, versioning);
    }

    fn note(&mut self, model: &Model) {
        for (n, item) in self.items.iter_mut().enumerate() {
            let answer = model.answer(&self.op, n, self.by);
            if let Some(answer) = answer.filter(|answer| !item.possible.contains(answer)) {
                item.possible.push(answer);
            }
        }
        let source = self.source(model);
        match source {
            Some(Ok(object)) if !self.sources.contains(&object) => self.sources.push(object),
            // Where it goes was looked at before, and may have changed since.
            Some(Err(kind)) if !self.items[0].possible.contains(&Err(kind)) => {
                self.items[0].possible.push(Err(kind));
            }
            _ => {}
        }
    }

    /// What it reads from, as it is now.
    fn source(&self, model: &Model) -> Option<Result<Object, ErrorKind>> {
        let (bucket, key, choice) = self.op.source()?;
        let found = model.for_read(bucket, self.by).and_then(|bucket| {
            let found = match self.op {
                // A copy of a link is a link; its bytes are those of its target.
                Op::Copy { .. } => bucket.find(key, *choice).map(|(o, tag)| (o.clone(), tag)),
                _ => bucket.read(key, *choice),
            };
            found.map(|(object, _)| object)
        });
        Some(found)
    }

    /// Judges the outcome.
    pub(super) fn check(&self, outcome: &[Answer]) {
        let request = &self.request;
        assert_eq!(outcome.len(), self.items.len(), "{request}: outcomes");
        for (item, answer) in self.items.iter().zip(outcome) {
            let excused = match answer {
                Err(ErrorKind::Unavailable) => self.faulted,
                Err(ErrorKind::Internal) => self.damaged && item.done.is_none(),
                Err(ErrorKind::Full) => self.faulted && item.done.is_none(),
                _ => false,
            };
            let right = match (&item.done, answer) {
                (Some(done), Ok(said)) => done == said,
                (Some(_), Err(_)) => false,
                (None, answer) => item.possible.contains(answer),
            };
            assert!(
                right || excused,
                "{request} {:?} was answered {answer:?}; the model knows {item:?}",
                self.op
            );
        }
    }
}

impl Inner {
    /// Notes what the model would answer to every request now.
    pub(super) fn refresh(&mut self) {
        for flight in self.flights.values_mut() {
            flight.refresh(&mut self.model);
        }
    }
}
