/** Which contacts of a redirection may be followed. Follows Kamailio's rd_filter.c. */
import type { Regex } from "../../declare/module.ts";

export type FilterKind = "accept" | "deny";

/** Filters of one kind for a message: the first is the parameter's. */
const MOST = 6;

export interface Defaults {
  readonly accepts: boolean;
  readonly accept: Regex | undefined;
  readonly deny: Regex | undefined;
}

/** What a script says of the message that it handles; the parameters hold for the next again. */
export class Filters {
  readonly #defaults: Defaults;
  readonly #added = { accept: [] as Regex[], deny: [] as Regex[] };
  readonly #withoutDefault = { accept: false, deny: false };

  constructor(defaults: Defaults) {
    this.#defaults = defaults;
  }

  /** An expression of no characters only resets. False: there are too many already. */
  add(
    kind: FilterKind,
    filter: Regex | undefined,
    reset: { readonly added: boolean; readonly default: boolean },
  ): boolean {
    if (this.#added[kind].length >= MOST - 1) return false;
    if (reset.added) this.#added[kind] = [];
    if (reset.default) this.#withoutDefault[kind] = true;
    if (filter) this.#added[kind].push(filter);
    return true;
  }

  accepts(uri: string): boolean {
    if (this.#fits("accept", uri)) return true;
    return this.#defaults.accepts && !this.#fits("deny", uri);
  }

  #fits(kind: FilterKind, uri: string): boolean {
    const usual = this.#withoutDefault[kind] ? undefined : this.#defaults[kind];
    return usual?.test(uri) === true || this.#added[kind].some((it) => it.test(uri));
  }
}
