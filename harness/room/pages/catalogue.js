// The catalogue of causes and factors: the same in every round, so that it tells nothing about this one.

import { get } from "./lib.js";

let asked = null;

/** `{causes: [{id, words}], factors: [{id, words}], services: [...]}`, asked for once. */
export function catalogue() {
  asked ??= get("/api/team/catalogue").catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}

export const wordsOf = (entries, id) => entries.find((entry) => entry.id === id)?.words ?? id;
