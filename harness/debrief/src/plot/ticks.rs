//! The marks of an axis: round figures, as many as there is room for.

use super::Scale;

/// The allowed distances between marks of time, in minutes.
const MINUTES: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0];

/// Seconds of the story at which an axis of time is marked, at least `room` units apart.
pub fn times(scale: &Scale, room: f64) -> Vec<f64> {
    let steps = MINUTES.map(|minutes| minutes * 60.0);
    let step = steps.into_iter().find(|step| apart(scale, *step) >= room).unwrap_or(steps[steps.len() - 1]);
    multiples(scale, step)
}

/// Round figures (1, 2 or 5 times a power of ten) at which an axis is marked, at least `room` units apart.
pub fn figures(scale: &Scale, room: f64) -> Vec<f64> {
    let (from, to) = scale.figures;
    if to <= from {
        return vec![from];
    }
    let most = 10_f64.powf((to - from).log10().ceil());
    let steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0].map(|share| share * most);
    let step = steps.into_iter().find(|step| apart(scale, *step) >= room).unwrap_or(most);
    multiples(scale, step)
}

fn apart(scale: &Scale, step: f64) -> f64 {
    let ((from, to), (start, end)) = (scale.figures, scale.places);
    if to > from { (end - start).abs() * step / (to - from) } else { 0.0 }
}

fn multiples(scale: &Scale, step: f64) -> Vec<f64> {
    let (from, to) = scale.figures;
    // The tolerance keeps marks at the ends, although tenths are not exact in binary.
    let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
    // Dividing by a whole number gives the float nearest to the decimal, so that it prints as 0.3, not 0.30000000000000004.
    let figure = |count: f64| if step < 1.0 { count / (1.0 / step).round() } else { count * step };
    #[expect(clippy::cast_possible_truncation, reason = "as many marks as fit beside each other")]
    (first as i64..=last as i64).map(|count| figure(count as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_have_room() {
        let scale = |from: f64, to: f64| Scale { figures: (from, to), places: (0.0, 300.0) };
        assert_eq!(
            times(&scale(-900.0, 4_500.0), 40.0),
            [-900.0, 0.0, 900.0, 1_800.0, 2_700.0, 3_600.0, 4_500.0]
        );
        assert_eq!(times(&scale(0.0, 18_000.0), 60.0).len(), 6);
        let words: Vec<String> =
            figures(&scale(-0.25, 1.0), 50.0).iter().map(|figure| format!("{figure:.1}")).collect();
        assert_eq!(words, ["0.0", "0.5", "1.0"]);
        assert_eq!(figures(&scale(0.0, 300.0), 50.0), [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0]);
        let words: Vec<String> = figures(&scale(0.0, 0.7), 40.0).iter().map(f64::to_string).collect();
        assert_eq!(words, ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
        assert_eq!(figures(&scale(3.0, 3.0), 50.0), [3.0]);
    }
}
