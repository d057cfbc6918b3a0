//! How long each step took people, from the loss on, in their own minutes: one line for each team, dots only. Teaches not to average a
//! handful of people: each dot is somebody's morning.

use debrief::plot::{
    Scale,
    svg::{Anchor, Svg},
    ticks,
};

use super::stack::WIDTHS;

const ROW: f64 = 36.0;
const BEGINS: f64 = 8.0;
const ENDS: f64 = 16.0;
const AXIS: f64 = 20.0;

/// One team's steps, in minutes after the loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What stands above it.
    pub title: String,
    /// The class of the title: the telemetry level's.
    pub class: String,
    /// When somebody told them.
    pub detected: Option<f64>,
    /// When they submitted the explanation that counts, and whether it is right.
    pub explained: Option<(f64, bool)>,
    /// When availability was restored.
    pub restored: Option<f64>,
    /// Until when they could have.
    pub ends: f64,
}

/// The lines on one axis, wide and narrow.
pub fn plots(lines: &[Line]) -> [String; 2] {
    WIDTHS.map(|width| plot(lines, width))
}

fn plot(lines: &[Line], width: f64) -> String {
    let to = lines.iter().flat_map(|line| [Some(line.ends), line.restored, line.explained.map(|(at, _)| at)]);
    let to = to.flatten().fold(1.0, f64::max);
    let x = Scale { figures: (0.0, to), places: (BEGINS, width - ENDS) };
    let mut svg = Svg::new(
        width,
        "Minutes from the loss to each step, one line for each team. The table holds the figures.",
    );
    let bottom = ROW * lines.len() as f64 + 6.0;
    for minutes in ticks::figures(&x, 44.0) {
        let at = x.at(minutes);
        svg.line("axis", (at, 4.0), (at, bottom));
        let (anchor, word) = if minutes > 0.0 {
            (Anchor::Middle, format!("{minutes}"))
        } else {
            (Anchor::Start, "0 min".to_owned())
        };
        svg.text("quiet", (at, bottom + 14.0), anchor, &word);
    }
    for (place, line) in lines.iter().enumerate() {
        let y = ROW * place as f64 + 30.0;
        svg.text(&format!("strong {}", line.class), (BEGINS, y - 10.0), Anchor::Start, &line.title);
        let last = line.restored.unwrap_or(line.ends);
        svg.line(if line.restored.is_some() { "bar" } else { "range" }, (x.at(0.0), y), (x.at(last), y));
        if let Some(detected) = line.detected {
            svg.line("tick", (x.at(detected), y - 5.0), (x.at(detected), y + 5.0));
        }
        match line.restored {
            Some(restored) => {
                svg.dot("dot", (x.at(restored), y), 4.5, &format!("restored after {restored:.1} min"));
            }
            None => svg.dot("open", (x.at(line.ends), y), 4.5, "not restored"),
        }
        if let Some((explained, is_right)) = line.explained {
            let at = x.at(explained);
            let class = if is_right { "dot" } else { "open" };
            svg.path(class, &format!("M{at},{}l6,6l-6,6l-6,-6Z", y - 6.0));
        }
    }
    svg.finish(bottom + AXIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_restored_is_an_open_dot_at_the_end() {
        let line = |restored, explained| Line {
            title: "Team 1, logs".to_owned(),
            class: "level-logs".to_owned(),
            detected: Some(1.0),
            explained,
            restored,
            ends: 20.0,
        };
        let [wide, _] =
            plots(&[line(Some(6.0), Some((8.0, true))), line(None, Some((9.0, false))), line(None, None)]);
        assert_eq!(wide.matches("class=\"open\"").count(), 3, "{wide}");
        assert_eq!(wide.matches("class=\"dot\"").count(), 2, "{wide}");
        assert_eq!(wide.matches("not restored").count(), 2, "{wide}");
    }
}
