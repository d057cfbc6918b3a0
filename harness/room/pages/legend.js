// The lines of a chart with their values at the cursor, or else their last values; and all values as a table.

import { el, rowHead, setText, svg } from "./lib.js";
import { figure, table } from "./look.js";
import { moment, momentText } from "./state.js";

export function legend() {
  const when = el("p", { class: "hint" });
  const list = el("ul", { class: "legend plain-list" });
  const body = el("div");
  const folded = el("details", {}, el("summary", {}, "As a table"), body);
  const node = el("div", { class: "stack tight" }, when, list, folded);
  let lines = [];
  let format = String;

  folded.addEventListener("toggle", fill);

  function at(time) {
    setText(when, time === null ? "Last values" : `Values at ${momentText(time)}`);
    lines.forEach((line, index) => {
      const point = time === null ? line.points.at(-1) : line.points.find(([each]) => each === time);
      setText(list.children[index].lastElementChild, point ? format(point[1]) : "–");
    });
  }

  function fill() {
    if (!folded.open) return body.replaceChildren();
    const times = [...new Set(lines.flatMap((line) => line.points.map(([time]) => time)))].sort((a, b) => a - b);
    const columns = lines.map((line) => new Map(line.points));
    return body.replaceChildren(table("All values of the chart", ["Time", ...lines.map((line) => el("th", { scope: "col", class: "number" }, line.name))],
      times.map((time) => [rowHead(moment(time)), ...columns.map((column) => figure(column.has(time) ? format(column.get(time)) : "–"))]), "table-of-values"));
  }

  return {
    node,
    at,
    show(next, nextFormat, isTruncated) {
      lines = next;
      format = nextFormat;
      list.replaceChildren(...lines.map(({ name, style }) => el("li", {},
        svg("svg", { class: "swatch", width: 26, height: 10, "aria-hidden": "true" }, svg("line", { class: `chart-line ${style}`, x1: 1, x2: 25, y1: 5, y2: 5 })),
        el("span", { class: "grow" }, name), el("b", {}, "–"))));
      if (isTruncated) list.append(el("li", { class: "hint" }, "There are more lines than are shown: ask for fewer.", el("b", {})));
      at(null);
      fill();
    },
  };
}
