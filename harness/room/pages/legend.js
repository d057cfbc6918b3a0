// The lines of a chart with their values at the cursor, or their last ones; and all of them as a table.

import { el, setText, svg } from "./lib.js";
import { moment, momentText } from "./state.js";

export function legend() {
  const when = el("p", { class: "hint" });
  const list = el("ul", { class: "legend plain-list" });
  const body = el("div", { class: "wide table-of-values", tabIndex: 0, role: "group", "aria-label": "All values" });
  const table = el("details", {}, el("summary", {}, "As a table"), body);
  const node = el("div", { class: "stack tight" }, when, list, table);
  let lines = [];
  let format = String;

  table.addEventListener("toggle", fill);

  function at(time) {
    setText(when, time === null ? "Last values" : `Values at ${momentText(time)}`);
    lines.forEach((line, index) => {
      const point = time === null ? line.points.at(-1) : line.points.find(([each]) => each === time);
      setText(list.children[index].lastElementChild, point ? format(point[1]) : "–");
    });
  }

  function fill() {
    if (!table.open) return body.replaceChildren();
    const times = [...new Set(lines.flatMap((line) => line.points.map(([time]) => time)))].sort((a, b) => a - b);
    const columns = lines.map((line) => new Map(line.points));
    return body.replaceChildren(el("table", {},
      el("caption", { class: "unseen" }, "All values of the chart"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Time"), ...lines.map((line) => el("th", { scope: "col", class: "number" }, line.name)))),
      el("tbody", {}, ...times.map((time) => el("tr", {},
        el("th", { scope: "row" }, moment(time)),
        ...columns.map((column) => el("td", { class: "number" }, column.has(time) ? format(column.get(time)) : "–")))))));
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
