//! The spans of one trace by parent, with the times derived from that. Teaches self time and the critical path.
//!
//! **Self time.** A span's duration minus the time covered by its children.
//!
//! **Critical path.** The spans that the root waited for, moment by moment. The walk goes backwards from the root's end. The time
//! after the end of the last child belongs to the root. The walk then continues inside that child, and from that child's start with
//! the child that ended last before it. Shortening any other span does not shorten the root. (Zhang et al., *CRISP: Critical Path
//! Analysis of Large-Scale Microservice Architectures*, USENIX ATC 2022.) Linked spans are not on the path: nothing shows that
//! anybody waited for them.

use std::collections::{HashMap, HashSet};

use crate::ids::{SpanId, TraceId};
use crate::span_row::SpanRow;
use crate::spans::{SpanStore, Trace};
use crate::time::UnixTime;

/// The spans of one trace by parent.
pub(crate) struct Tree<'a> {
    roots: Vec<&'a SpanRow>,
    children: HashMap<SpanId, Vec<&'a SpanRow>>,
    linked: HashMap<SpanId, Vec<(TraceId, &'a SpanRow)>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(store: &'a SpanStore, id: TraceId, trace: &'a Trace) -> Self {
        let spans = &trace.spans;
        let known: HashSet<SpanId> = spans.iter().map(|span| span.id).collect();
        let mut tree = Self { roots: Vec::new(), children: HashMap::new(), linked: HashMap::new() };
        for span in spans {
            match span.parent.filter(|parent| known.contains(parent)) {
                Some(parent) => tree.children.entry(parent).or_default().push(span),
                None => tree.roots.push(span),
            }
        }
        for other in store.linking_to(id) {
            for span in store.get(*other).map_or(&[][..], |trace| &trace.spans) {
                for link in span.links.iter().filter(|link| link.trace_id == id) {
                    tree.linked.entry(link.span_id).or_default().push((*other, span));
                }
            }
        }
        let mut sorted: Vec<&SpanRow> = spans.iter().collect();
        sorted.sort_by_key(|span| (span.start, span.id));
        // Spans whose parents form a cycle hang from no root. The first span of each cycle becomes a root.
        let mut reached: HashSet<SpanId> = HashSet::new();
        for root in tree.roots.clone() {
            tree.reach(root.id, &mut reached);
        }
        for span in sorted {
            if !reached.contains(&span.id) {
                tree.roots.push(span);
                tree.reach(span.id, &mut reached);
            }
        }
        tree.roots.sort_by_key(|span| (span.start, span.id));
        for children in tree.children.values_mut() {
            children.sort_by_key(|span| (span.start, span.id));
        }
        tree
    }

    /// The roots, by start. The critical path is that of the first.
    pub(crate) fn roots(&self) -> &[&'a SpanRow] {
        &self.roots
    }

    /// The children of a span, by start.
    pub(crate) fn children(&self, id: SpanId) -> &[&'a SpanRow] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Spans of other traces that link to this one.
    pub(crate) fn linked(&self, id: SpanId) -> &[(TraceId, &'a SpanRow)] {
        self.linked.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The duration minus the time that the children cover, in seconds.
    pub(crate) fn self_seconds(&self, span: &SpanRow) -> f64 {
        let (mut covered, mut reached) = (0, span.start.nanos());
        for child in self.children(span.id) {
            let end = child.end.min(span.end).nanos();
            let start = child.start.nanos().max(reached);
            covered += end.saturating_sub(start);
            reached = reached.max(end);
        }
        (span.end.nanos() - span.start.nanos()).saturating_sub(covered) as f64 / 1e9
    }

    /// The critical path as time intervals, each with the span that the root waited for, first to last.
    pub(crate) fn critical_path(&self, root: &'a SpanRow) -> Vec<(&'a SpanRow, UnixTime, UnixTime)> {
        let mut steps = Vec::new();
        let mut seen: HashSet<SpanId> = HashSet::from([root.id]);
        // Each entry is a span and the interval of it that is still to be explained.
        let mut open = vec![(root, root.start, root.end)];
        while let Some((span, from, to)) = open.pop() {
            let waited_for = self.children(span.id).iter().filter(|child| {
                let (start, end) = (child.start.max(from), child.end.min(to));
                start < end && !seen.contains(&child.id)
            });
            match waited_for.max_by_key(|child| (child.end.min(to), child.start, child.id)) {
                Some(child) => {
                    seen.insert(child.id);
                    let (child_from, child_to) = (child.start.max(from), child.end.min(to));
                    if child_to < to {
                        steps.push((span, child_to, to));
                    }
                    open.push((span, from, child_from));
                    open.push((child, child_from, child_to));
                }
                None if from < to => steps.push((span, from, to)),
                None => {}
            }
        }
        steps.reverse();
        steps
    }

    fn reach(&self, from: SpanId, reached: &mut HashSet<SpanId>) {
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                open.extend(self.children(id).iter().map(|child| child.id));
            }
        }
    }
}
