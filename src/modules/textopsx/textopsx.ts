/** textopsx: more on header fields, values in them and the message as a whole. Follows Kamailio's src/modules/textopsx. */
import { declare } from "../../declare/module.ts";
import type { SipMessage } from "../../sip/message.ts";
import { iteratorFunctions, iteratorVariables, type Walks } from "./iterators.ts";
import { messageFunctions } from "./message.ts";
import { valueFunctions } from "./values.ts";

export interface Textopsx {
  /** Walks belong to a message: when it is gone, so are they. */
  readonly walks: WeakMap<SipMessage, Walks>;
}
const { module } = declare<Textopsx>();

export const textopsx = module({
  name: "textopsx",
  doc: "More on header fields, values in them and the message as a whole.",
  params: {},
  start: () => ({ walks: new WeakMap() }),
  functions: { ...messageFunctions, ...valueFunctions, ...iteratorFunctions },
  variables: iteratorVariables,
  commands: {},
  events: {},
});
