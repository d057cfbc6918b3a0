// Types beyond those of the API, which are generated from its descriptions: the plan's rounds with names, and what the compiler
// does not know about browsers and the pages' own elements.

type NamedRound = Api.PlanView & { name: string };
type NamedDesk = Omit<Api.DeskView, "plan" | "round"> & { plan: NamedRound[]; round?: (Api.RoundView & { name: string }) | null };

interface Array<T> {
  toReversed(): T[];
  findLast(isIt: (value: T, index: number) => unknown): T | undefined;
}

interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

declare class SharedWorkerGlobalScope {}

// The empty tuple in this union makes the compiler infer a list of pieces as a tuple, with a type for each piece.
type Picked = [] | unknown[] | object | string | number | boolean | null | undefined;
type Watch = <T extends Picked>(select: (state: Api.TeamView) => T, act: (piece: T, state: Api.TeamView) => void) => void;
