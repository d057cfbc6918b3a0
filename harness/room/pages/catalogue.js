// The catalogue of causes and factors: the same in every round, so that it tells nothing about this one. Its lists open part by part.

import { get } from "./lib.js";

/** @type {Promise<Api.Catalogue> | null} */
let asked = null;

/**
 * Asked for again as long as parts of it are closed.
 * @returns {Promise<Api.Catalogue>}
 */
export async function catalogue() {
  asked ??= get("/api/team/catalogue");
  try {
    const known = await asked;
    if (known.opens !== null) asked = null;
    return known;
  } catch (error) {
    asked = null;
    throw error;
  }
}

/** @param {Api.Entry[]} entries */
export const wordsOf = (entries, id) => entries.find((entry) => entry.id === id)?.words ?? id;
