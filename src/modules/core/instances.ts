/** Instances of groups of parameters: `group[2].name = value` beside `group.name = value`. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, text } from "../../declare/module.ts";

const { fn } = declare<Core>();

const group = text("Name of the group.", { computed: false });

/** Kamailio refuses a script that names a group which has nothing in it. */
const check = ([name]: readonly (string | undefined)[], { config }: Core): string | undefined =>
  name === undefined || config.groups().some((it) => it.group === name)
    ? undefined
    : `there is no group of parameters \`${name}\``;

export const instanceFunctions = {
  cfg_select: fn({
    doc: "From here on, and until the message is dealt with, parameters of a group have the values of one of its instances (`@cfg_get`).",
    in: "any",
    args: { group, id: int("Number of the instance.") },
    returns: { 1: "Done.", [-1]: "There is no such instance." },
    check,
    run(call, { group, id }) {
      if (!call.core.config.hasInstance(group, Number(id))) {
        call.core.log.write(LogLevel.err, `cfg_select: there is no \`${group}[${id}]\`\n`);
        return -1;
      }
      (call.instances ??= new Map()).set(group, Number(id));
      return 1;
    },
  }),
  cfg_reset: fn({
    doc: "Ends cfg_select.",
    in: "any",
    args: { group },
    returns: { 1: "Always." },
    check,
    run({ instances }, { group }) {
      instances?.delete(group);
      return 1 as const;
    },
  }),
} as const;
