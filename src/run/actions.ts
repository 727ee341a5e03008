/** Modules that see what a script does: programs of their generation are compiled so that they can be told. */
import { type Place, together, type Watch, type Watcher } from "../compile/watch.ts";
import type { Action, ActionHook } from "../declare/module.ts";
import type { Generation } from "./generation.ts";

/** Undefined when no module wants to see anything. */
export function watcherOf({ modules, states }: Generation): Watcher | undefined {
  const hooks = modules.flatMap((it) => it.actions?.(states.get(it.name)) ?? []);
  return hooks.length === 0 ? undefined : { watch: (_core, places) => telling(hooks, places) };
}

/** Both of them, of which there may be none. */
export const besides = (one: Watcher | undefined, other: Watcher | undefined): Watcher | undefined =>
  one && other ? together([one, other]) : (one ?? other);

function telling(hooks: readonly ActionHook[], places: readonly Place[]): Watch {
  const tell: ActionHook = (call, action) => {
    for (const hook of hooks) hook(call, action);
  };
  const actionAt = (place: number, name: string, args?: number): Action => {
    const { span, route } = places[place]!;
    return { name, route, file: span.file, line: span.line, args };
  };
  return {
    step(call, place) {
      const { action } = places[place]!;
      if (action !== undefined) tell(call, actionAt(place, action));
    },
    call: (call, place, name, args) => tell(call, actionAt(place, name, args)),
    enter: (call, place) => tell(call, actionAt(place, "route")),
    branch() {},
    value() {},
  };
}
