//! Plots as SVG text, drawn with a few shapes. Teaches to leave colour to the style sheet: a shape's class says what it
//! is, so that one plot works in light, dark and print.

use std::fmt::Write;

use super::{Scale, ticks};

/// The assumed width of a letter, in units: that of a wide font, so that no estimate of a text's width is too small.
pub const LETTER: f64 = 6.8;

/// Which part of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    description: String,
    shapes: String,
    /// The attribute with the story seconds that the plot shows, for scripts that move along them.
    story: String,
}

impl Svg {
    /// An empty plot, with a description for screen readers.
    pub fn new(width: f64, description: &str) -> Self {
        Self { width, description: escaped(description), shapes: String::new(), story: String::new() }
    }

    /// Declares that the rectangle between `corners` shows these story seconds.
    pub fn story(&mut self, (from_s, to_s): (f64, f64), corners: [(f64, f64); 2]) {
        self.story = format!(" data-story=\"{from_s} {to_s}\"");
        self.rect("story", corners[0], corners[1]);
    }

    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(tenth);
        self.add(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    pub fn rect(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x, y, width, height] = [x1, y1, (x2 - x1).max(0.0), (y2 - y1).max(0.0)].map(tenth);
        self.add(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#
        ));
    }

    pub fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64, what: &str) {
        let ([x, y], what) = ([x, y].map(tenth), escaped(what));
        self.add(format_args!(
            r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}"><title>{what}</title></circle>"#
        ));
    }

    pub fn path(&mut self, class: &str, d: &str) {
        self.add(format_args!(r#"<path class="{class}" d="{d}"/>"#));
    }

    /// Thin lines at round figures, at least `room` apart, from `top` to `bottom`. The word under each line stays within the plot.
    pub fn axis(&mut self, x: &Scale, room: f64, (top, bottom): (f64, f64), word: impl Fn(f64) -> String) {
        for figure in ticks::figures(x, room) {
            let (at, word) = (x.at(figure), word(figure));
            let anchor = match width_of(&word) / 2.0 {
                half if at < half => Anchor::Start,
                half if at + half > self.width => Anchor::End,
                _ => Anchor::Middle,
            };
            self.line("axis", (at, top), (at, bottom));
            self.text("quiet", (at, bottom + 14.0), anchor, &word);
        }
    }

    /// A horizontal line for an interval, with strokes at its ends.
    pub fn interval(&mut self, (low, high): (f64, f64), y: f64) {
        let (top, foot) = (y - 5.0, y + 5.0);
        self.path("interval", &format!("M{low},{top}V{foot}M{high},{top}V{foot}M{low},{y}H{high}"));
    }

    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let ([x, y], anchor, text) = ([x, y].map(tenth), anchor.name(), escaped(text));
        self.add(format_args!(
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    pub fn finish(self, height: f64) -> String {
        let Self { width, description, shapes, story } = self;
        let height = tenth(height);
        format!(
            "<svg viewBox=\"0 0 {width} {height}\"{story} role=\"img\" aria-label=\"{description}\">\n{shapes}</svg>"
        )
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.shapes, "{shape}");
    }
}

pub fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

fn tenth(place: f64) -> f64 {
    (place * 10.0).round() / 10.0 + 0.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_is_text_and_text_in_it_is_text() {
        let mut svg = Svg::new(100.0, "A \"plot\" of <b>");
        svg.line("axis", (0.0, 1.04), (10.0, -0.01));
        svg.text("quiet", (1.0, 2.0), Anchor::End, "a & b");
        assert_eq!(
            svg.finish(50.0),
            "<svg viewBox=\"0 0 100 50\" role=\"img\" aria-label=\"A &quot;plot&quot; of &lt;b&gt;\">\n\
             <line class=\"axis\" x1=\"0\" y1=\"1\" x2=\"10\" y2=\"0\"/>\n\
             <text class=\"quiet\" x=\"1\" y=\"2\" text-anchor=\"end\">a &amp; b</text>\n</svg>"
        );
    }
}
