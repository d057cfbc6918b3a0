//! Makes room for one more series by evicting others. Teaches that untrusted senders end up owning a table that they can fill,
//! unless a part of it is kept from them.
//!
//! Strangers may fill a part of the places, and evict each other, the series with the oldest last point first. If own services need
//! a place, strangers are evicted first. Abandoned own series follow, such as those of instances that are gone. Evictions are
//! counted.

use std::time::Duration;

use crate::limits::{METRIC_NAMES_MAX, SERIES_MAX, strangers_part};
use crate::metrics::MetricStore;
use crate::series::{MetricId, Series, SeriesKey};
use crate::time::UnixTime;
use crate::value::Resource;

/// A series without a point for this long counts as abandoned. Prometheus no longer sees it either.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);

impl MetricStore {
    /// Whether a sender may add a series to a metric, if need be after the eviction of others.
    pub(crate) fn has_room(
        &mut self,
        id: &MetricId,
        sender: &Resource,
        for_overflow: bool,
        now: UnixTime,
    ) -> bool {
        while !self.fits(id, sender, for_overflow) && self.drop_oldest_strangers() {}
        if !self.fits(id, sender, for_overflow) && sender.is_own && !self.has_looked {
            self.has_looked = true;
            let forgotten = now.minus(FORGOTTEN_AFTER);
            self.drop_series(|_, series| series.last_time().is_none_or(|last| last < forgotten));
        }
        self.fits(id, sender, for_overflow)
    }

    fn fits(&self, id: &MetricId, sender: &Resource, for_overflow: bool) -> bool {
        // One place for each metric name is kept for its overflow series.
        let kept = if for_overflow { 0 } else { METRIC_NAMES_MAX };
        let is_named = self.families.contains_key(id);
        if sender.is_own {
            return self.series + kept < SERIES_MAX && (is_named || self.families.len() < METRIC_NAMES_MAX);
        }
        let names = || self.families.values().filter(|family| family.own_series == 0).count();
        self.series + kept < SERIES_MAX
            && self.strangers < strangers_part(SERIES_MAX)
            && (is_named
                || (self.families.len() < METRIC_NAMES_MAX && names() < strangers_part(METRIC_NAMES_MAX)))
    }

    /// Drops the eighth of the strangers' series whose last points are the oldest. Returns false if there are none.
    fn drop_oldest_strangers(&mut self) -> bool {
        let all = self.families.values().flat_map(|family| &family.series);
        let mut turns: Vec<u64> =
            all.filter(|(key, _)| !key.resource.is_own).map(|(_, series)| series.turn).collect();
        let place = turns.len() / 8;
        if turns.is_empty() {
            return false;
        }
        let last = *turns.select_nth_unstable(place).1;
        self.drop_series(|key, series| !key.resource.is_own && series.turn <= last);
        true
    }

    /// Drops series with all their points, to free their places for others.
    fn drop_series(&mut self, leaves: impl Fn(&SeriesKey, &Series) -> bool) {
        let mut dropped = 0;
        self.retain(|key, series| {
            let stays = !leaves(key, series);
            let (points, bytes) = if stays { (0, 0) } else { series.drop_older_than(UnixTime::MAX) };
            dropped += points;
            (stays, points, bytes)
        });
        self.usage.evicted.by_newcomers += dropped;
    }

    /// Frees a tenth of the share at once, because a search for the oldest points visits every series. Strangers beyond their part
    /// give way first.
    pub(crate) fn shrink(&mut self) {
        let enough = self.bytes_max / 10 * 9;
        let part = strangers_part(self.bytes_max);
        self.shrink_while(
            |store| store.usage.bytes > enough && store.strangers_bytes() > part,
            |key| !key.resource.is_own,
        );
        self.shrink_while(|store| store.usage.bytes > enough && store.series > 0, |_| true);
    }

    fn shrink_while(
        &mut self,
        is_too_much: impl Fn(&Self) -> bool,
        gives: impl Fn(&SeriesKey) -> bool + Copy,
    ) {
        if !is_too_much(self) {
            return;
        }
        let series = self.families.values().flat_map(|family| &family.series);
        let series = series.filter(|(key, _)| gives(key)).map(|(_, series)| series);
        let times = series.filter_map(|series| Some((series.first_time()?, series.last_time()?)));
        let ends = times.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
        let Some((oldest, newest)) = ends else { return };
        let step = Duration::from_nanos((newest.nanos() - oldest.nanos()) / 8 + 1);
        let mut before = oldest;
        while is_too_much(self) && before <= newest {
            before = before.plus(step);
            self.usage.evicted.by_bytes += self.drop_older_than(before, gives);
        }
    }

    fn strangers_bytes(&self) -> usize {
        let families = self.families.values().filter(|family| family.own_series == 0);
        let series = self.families.values().flat_map(|family| &family.series);
        let series = series.filter(|(key, _)| !key.resource.is_own).map(|(_, series)| series);
        families.map(|family| family.bytes).sum::<usize>()
            + series.map(|series| series.bytes + series.points_bytes).sum::<usize>()
    }

    /// Drops points, and series that have none left. Returns the number of points.
    pub(crate) fn drop_older_than(&mut self, oldest: UnixTime, gives: impl Fn(&SeriesKey) -> bool) -> u64 {
        let mut dropped = 0;
        self.retain(|key, series| {
            if !gives(key) {
                return (true, 0, 0);
            }
            let (points, bytes) = series.drop_older_than(oldest);
            dropped += points;
            (series.last_time().is_some(), points, bytes)
        });
        dropped
    }

    /// Visits every series. `look` returns whether the series stays, and how many points and bytes it gave up.
    fn retain(&mut self, mut look: impl FnMut(&SeriesKey, &mut Series) -> (bool, u64, usize)) {
        let Self { usage, families, series: count, strangers, cardinality, .. } = self;
        families.retain(|id, family| {
            let own_series = &mut family.own_series;
            family.series.retain(|key, series| {
                let (stays, points, bytes) = look(key, series);
                usage.held -= points;
                usage.bytes -= bytes;
                if !stays {
                    *count -= 1;
                    *strangers -= usize::from(!key.resource.is_own);
                    *own_series -= usize::from(key.resource.is_own);
                    usage.bytes -= series.bytes;
                    let of_sender = (id.name.clone(), key.resource.clone());
                    if let Some(of_sender_now) = cardinality.get_mut(&of_sender) {
                        *of_sender_now -= 1;
                        if *of_sender_now == 0 {
                            cardinality.remove(&of_sender);
                        }
                    }
                }
                stays
            });
            let stays = !family.series.is_empty();
            usage.bytes -= if stays { 0 } else { family.bytes };
            stays
        });
    }
}
