/** The classes of transformations that the module pv provides. */
import type { TransformationClass } from "../../../declare/module.ts";
import { nameaddrClass, tobodyClass } from "./addresses.ts";
import { lineClass } from "./line.ts";
import { paramClass } from "./param.ts";
import { stringClass } from "./s.ts";
import { numClass, urialiasClass, valClass } from "./small.ts";
import { uriClass } from "./uri.ts";

export const transformations: Readonly<Record<string, TransformationClass>> = {
  s: stringClass,
  nameaddr: nameaddrClass,
  uri: uriClass,
  param: paramClass,
  tobody: tobodyClass,
  line: lineClass,
  urialias: urialiasClass,
  val: valClass,
  num: numClass,
};
