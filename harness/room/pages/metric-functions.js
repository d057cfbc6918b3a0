// The functions that each kind of metric allows, and the format of its values.

const QUANTILES = [["0.5", "half are at most this (p50)"], ["0.95", "95 % are at most this (p95)"], ["0.99", "99 % are at most this (p99)"]];

/** The functions that fit a kind of metric, as pairs of value and label. */
export function functionsOf(kind) {
  if (kind === "gauge") return [["range", "its value"]];
  const growing = [["rate", "per second"], ["ratio", "the share that has …"], ["range", kind === "histogram" ? "count so far" : "total so far"]];
  if (kind === "counter") return growing;
  return [...QUANTILES.map(([q, words]) => [`quantile ${q}`, words]), ...growing];
}

export function functionPairs(chosen, of) {
  const [name, q] = chosen.split(" ");
  return [["function", name], ["q", q], ...(name === "ratio" ? [["of", of]] : [])];
}

/** All label names of a metric's series, with their values. */
export function labelsOf(metric) {
  const found = new Map();
  for (const labels of metric.labels) {
    for (const [key, value] of Object.entries(labels)) {
      if (!found.has(key)) found.set(key, new Set());
      if (value !== "") found.get(key).add(value);
    }
  }
  return new Map([...found].filter(([, values]) => values.size > 0));
}

/** The format of a value, and the name of its unit. */
export function writing(unit, chosen) {
  const [name] = chosen.split(" ");
  if (name === "ratio") return { unit: "share", format: (value) => `${round(value * 100)} %` };
  const base = { s: "seconds", ms: "milliseconds", By: "bytes", 1: "", "": "" }[unit] ?? unit.replace(/[{}]/g, "");
  const counted = base === "seconds" || base === "milliseconds" ? "count" : base || "count";
  if (name === "rate") return { unit: `${counted} per second`, format: round };
  if (name === "range" && base === "bytes") return { unit: "bytes", format: bytes };
  if (name === "quantile" && base === "seconds") return { unit: "seconds", format: seconds };
  return { unit: base || "value", format: round };
}

function round(value) {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  const text = Number(value.toPrecision(3));
  return String(size >= 100 ? Math.round(value) : text);
}

const seconds = (value) => (value === 0 ? "0" : value < 1 ? `${round(value * 1000)} ms` : `${round(value)} s`);

function bytes(value) {
  const power = Math.min(3, Math.max(0, Math.floor(Math.log2(Math.abs(value)) / 10)));
  return `${round(value / 2 ** (10 * power))} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

/** Common first questions: how many requests, how they end, how slow they are. Offers only metrics that the services really export. */
export function beginnings(metrics) {
  const has = (name) => metrics.find((metric) => metric.name === name);
  const requests = has("http.server.request.duration");
  const visits = has("shop.customer.visits");
  const labels = requests ? [...labelsOf(requests).keys()] : [];
  const list = [];
  if (visits) list.push({ words: "Customers", name: visits.name, chosen: "rate", by: ["outcome"] });
  if (requests) {
    list.push({ words: "How many requests", name: requests.name, chosen: "rate", by: ["service.name"] });
    if (labels.includes("http.response.status_code")) list.push({ words: "How they end", name: requests.name, chosen: "rate", by: ["http.response.status_code"] });
    list.push({ words: "How slow", name: requests.name, chosen: "quantile 0.95", by: ["service.name"] });
  }
  return list;
}
