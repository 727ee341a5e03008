/** diversion: Diversion header fields (RFC 5806). Follows Kamailio's src/modules/diversion. */
import { declare, str, text } from "../declare/module.ts";
import { HeaderType } from "../sip/headers.ts";

const { fn, module } = declare<null>();

export const diversion = module({
  name: "diversion",
  doc: "Diversion header fields.",
  params: {
    suffix: text("Has no effect, as in Kamailio.", { fallback: "" }),
  },
  start: () => null,
  functions: {
    add_diversion: fn({
      doc: "Puts a Diversion field before the others, or behind the last header field.",
      in: ["request", "failure", "branch"],
      args: {
        reason: str("The reason, such as `unconditional`.", { computed: true }),
        uri: str("Who diverted; without it the Request-URI that was received.", { fallback: "" }),
      },
      returns: { 1: "the field will be in the message", [-1]: "the Request-URI is malformed" },
      run({ msg }, { reason, uri }) {
        if (uri === "" && !msg.parsedUri) return -1;
        const offset = msg.find(HeaderType.diversion)?.start ?? msg.headersEnd;
        msg.edits.insertBefore(
          msg.edits.anchorAt(offset),
          `Diversion: <${uri || msg.requestUri}>;reason=${reason}\r\n`,
        );
        return 1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});
