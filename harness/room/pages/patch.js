// A JSON Patch (RFC 6902) applied to a state: the three operations that the room sends. What did not change stays the
// same object, and what changed is another, so that nothing that somebody still holds changes under their hands.

/** The state that `operations` make of `state`. Throws where they do not fit. */
export function patched(state, operations) {
  return operations.reduce((now, { op, path, value }) => put(now, stepsOf(path), op, value), state);
}

const stepsOf = (path) => path.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

function put(node, steps, op, value) {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (node === null || typeof node !== "object") throw new Error(`There is nothing at ${step} to be changed.`);
  const copy = Array.isArray(node) ? [...node] : { ...node };
  if (rest.length > 0) copy[step] = put(node[step], rest, op, value);
  else if (!Array.isArray(node) && op === "remove") delete copy[step];
  else if (!Array.isArray(node) || op === "replace") copy[step] = value;
  else copy.splice(Number(step), op === "remove" ? 1 : 0, ...(op === "remove" ? [] : [value]));
  return copy;
}
