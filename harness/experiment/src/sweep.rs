//! Runs many incidents on all cores. Teaches how to share work among threads without results that depend on
//! their speed: a counter hands out the jobs, and each result goes to the place of its job.

use std::{
    num::NonZeroUsize,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// The stop flag and the callbacks of a sweep.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Once true, no further job begins, and jobs under way end without a result.
    pub stop: &'a AtomicBool,
    /// Called after each job, on any thread.
    pub done: &'a (dyn Fn() + Sync),
    /// Called if virtual time stands still, with the name of the incident. It should end the process: nothing
    /// else can.
    pub stalled: fn(&str),
}

/// Runs all jobs on `threads` threads. Results are in the order of the jobs; a stopped job has `None`.
///
/// # Errors
///
/// The first error, in the order of the jobs. After an error, no further job begins.
pub fn sweep<Job: Sync, Outcome: Send + Sync, Error: Send + Sync>(
    jobs: &[Job],
    threads: NonZeroUsize,
    watch: Watch<'_>,
    run: impl Fn(&Job) -> Result<Option<Outcome>, Error> + Sync,
) -> Result<Vec<Option<Outcome>>, Error> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let results: Vec<_> = jobs.iter().map(|_| OnceLock::new()).collect();
    thread::scope(|scope| {
        for _ in 0..threads.get().min(jobs.len()) {
            scope.spawn(|| {
                while !watch.stop.load(Ordering::Relaxed) && !failed.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(place) else { return };
                    let result = run(job);
                    failed.fetch_or(result.is_err(), Ordering::Relaxed);
                    results[place].get_or_init(|| result);
                    (watch.done)();
                }
            });
        }
    });
    results.into_iter().map(|result| result.into_inner().unwrap_or(Ok(None))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    fn watch<'a>(stop: &'a AtomicBool, done: &'a (dyn Fn() + Sync)) -> Watch<'a> {
        Watch { stop, done, stalled: |what| panic!("{what} stands still") }
    }

    #[test]
    fn results_stand_in_the_order_of_the_jobs() {
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let done = || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        let jobs: Vec<usize> = (0..500).collect();
        let results = sweep(&jobs, THREADS, watch(&stop, &done), |job| Ok::<_, ()>(Some(job * 2)));
        assert_eq!(results, Ok(jobs.iter().map(|job| Some(job * 2)).collect()));
        assert_eq!(count.load(Ordering::Relaxed), 500);
    }

    #[test]
    fn who_is_stopped_keeps_what_is_done() {
        let stop = AtomicBool::new(false);
        let results = sweep(&[1, 2, 3, 4], NonZeroUsize::MIN, watch(&stop, &|| ()), |job| {
            stop.store(*job == 2, Ordering::Relaxed);
            Ok::<_, ()>(Some(*job))
        });
        assert_eq!(results, Ok(vec![Some(1), Some(2), None, None]));
    }

    #[test]
    fn an_error_ends_the_sweep() {
        let (stop, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
        let results = sweep(&[1, 2, 3, 4], NonZeroUsize::MIN, watch(&stop, &|| ()), |job| {
            begun.fetch_add(1, Ordering::Relaxed);
            if *job == 2 { Err(*job) } else { Ok(Some(*job)) }
        });
        assert_eq!((results, begun.into_inner()), (Err(2), 2));
    }
}
