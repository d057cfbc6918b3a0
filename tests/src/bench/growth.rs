//! How a cost grows with its cause. Teaches to read a power law from logarithms: a cost proportional to the k-th power of its cause is a
//! straight line of slope k. If two lines fit much better than one, another cost begins to dominate.

/// Slopes that differ by less count as one: measurements on a busy machine are no straighter than that.
const BEND_MIN: f64 = 0.25;

/// Two lines must reduce the error of one line to at most this share: two lines always fit a little better.
const ERROR_LEFT_MAX: f64 = 0.25;

/// The fewest points for a fitted line: two points only connect.
const POINTS_MIN: usize = 3;

/// How a cost grows.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The exponent over the whole range.
    pub exponent: f64,
    /// Where the exponent changes, if it does.
    pub bend: Option<Bend>,
}

/// The point where one exponent gives way to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Bend {
    /// The cause at which it changes.
    pub at: f64,
    /// The exponent below.
    pub before: f64,
    /// The exponent above.
    pub after: f64,
}

/// A line fitted to logarithms: its slope and its sum of squared errors.
struct Line {
    slope: f64,
    error: f64,
}

impl Growth {
    /// Fits the growth of a cost to pairs of cause and cost, sorted by cause, all positive.
    ///
    /// # Panics
    ///
    /// With fewer than two points, or with one that has no logarithm.
    pub fn of(points: &[(f64, f64)]) -> Self {
        assert!(points.len() >= 2, "a line needs two points");
        let logs: Vec<(f64, f64)> = points.iter().map(|(cause, cost)| (cause.ln(), cost.ln())).collect();
        assert!(logs.iter().all(|(x, y)| x.is_finite() && y.is_finite()), "no logarithm: {points:?}");
        let whole = line(&logs);
        // Both lines include the point at which they meet.
        let splits = POINTS_MIN - 1..logs.len().saturating_sub(POINTS_MIN - 1);
        let split = splits
            .map(|at| (at, line(&logs[..=at]), line(&logs[at..])))
            .min_by(|one, other| (one.1.error + one.2.error).total_cmp(&(other.1.error + other.2.error)));
        let bend = split.and_then(|(at, before, after)| {
            let is_better = before.error + after.error <= ERROR_LEFT_MAX * whole.error;
            let is_bent = (after.slope - before.slope).abs() >= BEND_MIN;
            (is_better && is_bent).then(|| Bend {
                at: points[at].0,
                before: before.slope,
                after: after.slope,
            })
        });
        Self { exponent: whole.slope, bend }
    }
}

/// The line of least squares.
fn line(points: &[(f64, f64)]) -> Line {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let slope = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / spread;
    let error = points.iter().map(|(x, y)| (y - mean_y - slope * (x - mean_x)).powi(2)).sum();
    Line { slope, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSES: [f64; 7] = [1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0];

    #[test]
    fn a_power_is_found_as_it_was_put_in() {
        for exponent in [0.0, 0.5, 1.0, 2.0] {
            let growth = Growth::of(&CAUSES.map(|cause| (cause, 3.0 * cause.powf(exponent))));
            assert!((growth.exponent - exponent).abs() < 1e-9, "{growth:?}");
            assert_eq!(growth.bend, None);
        }
    }

    #[test]
    fn a_bend_is_found_where_it_is_and_noise_is_none() {
        let bent = CAUSES.map(|cause| (cause, if cause < 10.0 { cause } else { cause.powi(2) / 10.0 }));
        let bend = Growth::of(&bent).bend.unwrap();
        assert!((bend.at - 10.0).abs() < 1e-9, "{bend:?}");
        assert!((bend.before - 1.0).abs() < 1e-9 && (bend.after - 2.0).abs() < 1e-9, "{bend:?}");
        let noise = [1.1, 0.93, 1.04, 0.9, 1.07, 0.95, 1.02];
        let mut noisy = CAUSES.into_iter().zip(noise).map(|(cause, noise)| (cause, cause * noise));
        assert_eq!(Growth::of(&noisy.by_ref().collect::<Vec<_>>()).bend, None);
        assert_eq!(Growth::of(&[(1.0, 1.0), (2.0, 4.0)]).bend, None, "two points have no bend");
    }
}
