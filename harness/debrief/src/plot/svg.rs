//! A plot as text: the few shapes that all plots are drawn with. Teaches that colour is the style sheet's: a
//! shape says by its class what it is, so that one plot serves light, dark and print.

use std::fmt::Write;

/// The width of a letter of a plot's text, in units: that of a wide font, so that no estimate is too short.
pub const LETTER: f64 = 6.8;

/// On which side of its place a text stands.
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
    /// The hours that it shows, for scripts that move along them.
    story: String,
}

impl Svg {
    /// An empty plot, with what it shows in words for those who do not see it.
    pub fn new(width: f64, description: &str) -> Self {
        Self { width, description: escaped(description), shapes: String::new(), story: String::new() }
    }

    /// Says from which second of the story to which it shows the place between these corners.
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
