// Who speaks to a team from outside, in words.

export const VOICES = { facilitator: "Facilitator", director: "Director", customers: "Customers", press: "Press", help_desk: "Help desk" };
