/** textops: header fields, bodies and text of messages. Follows Kamailio's src/modules/textops. */
import { declare } from "../../declare/module.ts";
import { bodyFunctions } from "./body.ts";
import { headerFunctions } from "./headers.ts";
import { matchFunctions } from "./match.ts";
import { Memo } from "./memo.ts";
import { methodList } from "./methods.ts";
import { multipartFunctions } from "./multipart.ts";
import { replaceFunctions } from "./replace.ts";
import { searchFunctions } from "./search.ts";
import { stringFunctions } from "./strings.ts";
import { reClass, substFunctions } from "./substitute.ts";
import { isHeaderName, NamedHeader, type Textops } from "./text.ts";
import { viaFunctions } from "./via.ts";

const { module } = declare<Textops>();

export const textops = module({
  name: "textops",
  doc: "Header fields, bodies and text of messages.",
  params: {},
  start: (_params, core) => ({
    core,
    substs: new Map(),
    methods: new Memo((list) => methodList(list) ?? 0),
    names: new Memo((name) => (isHeaderName(name) ? new NamedHeader(name) : null)),
  }),
  functions: {
    ...searchFunctions,
    ...replaceFunctions,
    ...substFunctions,
    ...headerFunctions,
    ...viaFunctions,
    ...bodyFunctions,
    ...multipartFunctions,
    ...stringFunctions,
    ...matchFunctions,
  },
  variables: {},
  transformations: { re: reClass },
  commands: {},
  events: {},
});
