//! Scales and shapes of plots. Each plot is drawn twice: for wide pages and for phones. On a phone a unit is about a pixel, so that text stays
//! readable.
//!
//! - [`svg`]: the shapes. [`labels`]: words at rules. [`ticks`]: the marks of an axis.
//! - [`steps`]: the times of each step after a start, a line for each row. [`visits`]: visits by outcome over the story.

pub mod labels;
pub mod steps;
pub mod svg;
pub mod ticks;
pub mod visits;

/// The width of a plot on wide pages, in units.
pub const WIDE: f64 = 900.0;

/// The width of a plot on a phone, in units.
pub const WIDTH: f64 = 360.0;

/// A linear scale from figures to positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub figures: (f64, f64),
    pub places: (f64, f64),
}

impl Scale {
    /// The position of a figure, rounded to a tenth of a unit.
    pub fn at(&self, figure: f64) -> f64 {
        let Self { figures: (from, to), places: (start, end) } = *self;
        let share = if to > from { (figure - from) / (to - from) } else { 0.0 };
        ((start + (end - start) * share) * 10.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "rounded to a tenth")]
    fn figures_stand_in_line() {
        let scale = Scale { figures: (0.0, 1.0), places: (100.0, 0.0) };
        assert_eq!([0.0, 0.25, 1.0].map(|figure| scale.at(figure)), [100.0, 75.0, 0.0]);
        assert_eq!(Scale { figures: (1.0, 1.0), places: (5.0, 9.0) }.at(7.0), 5.0);
    }
}
