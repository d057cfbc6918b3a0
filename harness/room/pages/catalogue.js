// The catalogue of causes and factors: the same in every round, so that it tells nothing about this one.

import { get } from "./lib.js";

/** @type {Promise<Api.Catalogue> | null} */
let asked = null;

/**
 * Asked for once.
 * @returns {Promise<Api.Catalogue>}
 */
export function catalogue() {
  asked ??= get("/api/team/catalogue").catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** @param {Api.Entry[]} entries */
export const wordsOf = (entries, id) => entries.find((entry) => entry.id === id)?.words ?? id;
