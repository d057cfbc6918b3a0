// What the pages know beyond the types of the API, which are made of its descriptions: the plan's rounds by name, and what the
// compiler does not know of browsers and of the pages' own elements.

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

type Watch = <T>(select: (state: Api.TeamView) => T, act: (piece: T, state: Api.TeamView) => void) => void;
type WatchAll = <T extends unknown[]>(select: (state: Api.TeamView) => [...T], act: (pieces: T, state: Api.TeamView) => void) => void;
