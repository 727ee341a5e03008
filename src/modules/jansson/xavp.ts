/** JSON objects to XAVPs and back. */
import type { Core } from "../../declare/core.ts";
import { declare, str, variable } from "../../declare/module.ts";
import { isInt } from "../../declare/variables-values.ts";
import { XavpList } from "../../declare/xavp.ts";
import { type Json, JsonNumber, type JsonObject } from "../json/tree.ts";
import { isUtf8, parseStrict } from "./parse.ts";
import { formatG, print } from "./print.ts";

const { fn } = declare<{ readonly core: Core }>();

/** As a XAVP holds it: integers of 64 bits, and what has members as text. */
function toXavpValue(value: Json): string | number | bigint | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (!(value instanceof JsonNumber)) return print(value, true);
  if (value.real) return formatG(Number(value.text), 15);
  const int = Number(value.text);
  return Number.isSafeInteger(int) ? int + 0 : BigInt(value.text);
}

export const xavpFunctions = {
  jansson_xdecode: fn({
    doc: "Makes a XAVP of a JSON object, or one of each object in an array, the last in front.",
    in: "any",
    args: { source: str("The JSON text."), xavp: str("Name of the XAVP.") },
    returns: { 1: "done", [-1]: "the text is malformed" },
    run: (call, args, { core }) => {
      const root = parseStrict(args.source);
      if (typeof root === "string") {
        core.log.write(-1, `jansson: ${root}\n`);
        return -1;
      }
      for (const object of Array.isArray(root) ? root : [root]) {
        const list = call.lists.xavps.addList(args.xavp);
        if (object instanceof Map)
          for (const [name, value] of object) if (name !== "") list.add(name, toXavpValue(value));
      }
      return 1;
    },
  }),
  jansson_xencode: fn({
    doc: "Makes a JSON object of a XAVP.",
    in: "any",
    args: {
      xavp: str("Name of the XAVP."),
      target: variable("The variable that takes the result.", { writable: true }),
    },
    returns: { 1: "done", [-1]: "there is no such XAVP, or a text in it is not UTF-8" },
    run: (call, args, { core }) => {
      const list = call.lists.xavps.sub(args.xavp);
      if (!list) return -1;
      const object: JsonObject = new Map();
      for (const { name, value } of list.items) {
        if (typeof value === "string" && !isUtf8(value)) {
          core.log.write(-1, `jansson: the text of \`${name}\` is not UTF-8\n`);
          return -1;
        }
        object.set(
          name,
          isInt(value as never)
            ? new JsonNumber(String(value), false)
            : value instanceof XavpList
              ? "<<xavp>>"
              : typeof value === "object" && value !== null
                ? "<<data>>"
                : (value as string | null),
        );
      }
      return args.target.set?.(call, print(object, false)) ? 1 : -1;
    },
  }),
};
