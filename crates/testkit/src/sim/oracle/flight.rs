//! A request under way.

use cohong_core::ErrorKind;
use cohong_core::model::{BucketId, Timestamp};

use super::Inner;
use crate::sim::model::{Answer, Bucket, Face, Model, Object, Op, Says};

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
    /// Who asks, and how.
    pub(super) says: Says,
    pub(super) items: Vec<Item>,
    /// The states that the object it reads from had meanwhile.
    pub(super) sources: Vec<Object>,
    /// A port failed under it.
    pub(super) faulted: bool,
    /// The disk gave it wrong bits.
    pub(super) damaged: bool,
    /// How the buckets it looks at were meanwhile. The settings are read before the key, and what is refused,
    /// or named, is so as the bucket was then.
    pub(super) faces: Vec<(String, Face)>,
    /// The bucket it closed.
    pub(super) closed: Option<BucketId>,
    /// The earliest and the latest that the wall clock said meanwhile.
    pub(super) times: (Timestamp, Timestamp),
    /// There were other requests meanwhile.
    pub(super) crowded: bool,
}

impl Flight {
    pub(super) fn new(request: String, op: Op, says: Says, now: Timestamp) -> Self {
        Self {
            items: (0..op.items()).map(|_| Item::default()).collect(),
            request,
            op,
            says,
            sources: Vec::new(),
            faulted: false,
            damaged: false,
            faces: Vec::new(),
            closed: None,
            times: (now, now),
            crowded: false,
        }
    }

    /// Notes what the model would answer at the times of the request, and would if the bucket still were as
    /// it was.
    pub(super) fn refresh(&mut self, model: &mut Model, now: Timestamp) {
        let (earliest, latest) = self.times;
        self.times = (earliest.min(now), latest.max(now));
        model.now = self.times.0;
        self.refresh_once(model);
        if self.times.0 != self.times.1 && !matches!(self.op, Op::Get(_)) {
            model.now = self.times.1;
            self.refresh_once(model);
        }
    }

    /// Why it may not change anything, or may no more: at none of its times it might.
    pub(super) fn refusal(&self, model: &mut Model, n: usize) -> Option<Answer> {
        let mut refusal = None;
        for now in [self.times.0, self.times.1] {
            model.now = now;
            refusal = Some(model.answer(&self.op, n, &self.says)?);
        }
        refusal
    }

    fn refresh_once(&mut self, model: &mut Model) {
        self.note(model);
        self.note_crowd(model);
        for name in self.op.looked_at() {
            let Some(face) = model.buckets.get(&name).map(Bucket::face) else {
                continue;
            };
            let seen = (name.clone(), face.clone());
            if !self.faces.contains(&seen) {
                self.faces.push(seen);
            }
            for (of, earlier) in self.faces.clone() {
                if of == name && earlier != face {
                    model.set_face(&name, earlier);
                    self.note(model);
                }
            }
            model.set_face(&name, face);
        }
    }

    /// What is on its way counts as if it were there, or room is made before the quota is looked at and behind
    /// the key; and of two appends that begin an encrypted object the bytes of one are encrypted with a key
    /// that the object has not got.
    fn note_crowd(&mut self, model: &mut Model) {
        let Some(name) = self.op.fills() else { return };
        let Some(bucket) = model.buckets.get_mut(name) else {
            return;
        };
        let mut possible = Vec::new();
        let crowded = self.crowded || model.by_itself.contains(&bucket.id);
        if crowded && let Some(quota) = bucket.quota.take() {
            possible.push(Err(ErrorKind::OverQuota));
            let roomy = model.answer(&self.op, 0, &self.says);
            possible.extend(roomy.filter(Result::is_err));
            if let Some(bucket) = model.buckets.get_mut(name) {
                bucket.quota = Some(quota);
            }
        }
        if crowded && matches!(self.op, Op::Append { .. }) {
            possible.push(Err(ErrorKind::Busy));
            // What somebody else has begun there meanwhile may be kept.
            let kept = model.refuse_growth(&self.op);
            possible.extend(kept.err().map(Err));
        }
        possible.retain(|answer| !self.items[0].possible.contains(answer));
        self.items[0].possible.extend(possible);
    }

    fn note(&mut self, model: &Model) {
        for (n, item) in self.items.iter_mut().enumerate() {
            let answer = model.answer(&self.op, n, &self.says);
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
        // What was read before is written as things are then.
        for object in &self.sources {
            if let Err(kind) = model.refuse_copy_of(&self.op, &self.says, object)
                && !self.items[0].possible.contains(&Err(kind))
            {
                self.items[0].possible.push(Err(kind));
            }
        }
    }

    /// What it reads from, as it is now.
    fn source(&self, model: &Model) -> Option<Result<Object, ErrorKind>> {
        let (from, by) = (self.op.source()?, self.says.by);
        let found = match self.op {
            // A copy of a link is a link; its bytes are those of its target.
            Op::Copy { .. } => model.copied(from, by),
            _ => model.read(from, by),
        };
        Some(found.and_then(|(object, _)| {
            object.sealed.opens(self.says.source_key)?;
            Ok(object)
        }))
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
        let crowded = self.flights.len() > 1;
        for flight in self.flights.values_mut() {
            flight.crowded |= crowded;
            flight.refresh(&mut self.model, self.now);
        }
    }

    /// The clock has gone on; what was so until now is noted for this time too.
    pub(super) fn tick(&mut self, now: Timestamp) {
        if self.now != now {
            self.now = now;
            self.refresh();
        }
    }
}
