/** tm: transactions (RFC 3261 16, 17; RFC 6026). Follows Kamailio's src/modules/tm. */
import { commands } from "./commands.ts";
import { contactFunctions } from "./contacts.ts";
import { parameters, settingsOf } from "./parameters.ts";
import { relayFunctions } from "./relay.ts";
import { routeFunctions } from "./routes.ts";
import { module } from "./state.ts";
import { statusFunctions } from "./status.ts";
import { timerAvps } from "./timer-avps.ts";
import { timerFunctions } from "./timers.ts";
import { transactionFunctions } from "./transaction.ts";
import { uacFunctions } from "./uac.ts";

export const tm = module({
  name: "tm",
  doc: "Transactions: stateful relaying and replies, retransmission, forking, failure routes, suspension.",
  params: parameters,
  start(params, core) {
    if (params.contacts_avp !== "" && params.contact_flows_avp === "")
      return "contact_flows_avp must be set if contacts_avp is set!";
    const asked = timerAvps(params.fr_timer_avp, params.fr_inv_timer_avp, core);
    if (typeof asked === "string") return asked;
    const { config } = core;
    const applies = config.int("msg_apply_changes_mode") === 1;
    core.owner.settings = settingsOf(params, config.int("max_branches") || 12, applies);
    core.owner.settings.askedTimers = asked;
    return {
      contacts: params.contacts_avp,
      contactFlows: params.contact_flows_avp,
      contactAttributes: params.xavp_contact,
      strayReplies: params.on_sl_reply,
    };
  },
  strayReplies: (state) => state.strayReplies,
  functions: {
    ...transactionFunctions,
    ...relayFunctions,
    ...routeFunctions,
    ...timerFunctions,
    ...statusFunctions,
    ...contactFunctions,
    ...uacFunctions,
  },
  variables: {},
  commands,
  events: {
    "tm:init": "Once, when the server starts to serve.",
    "tm:branch-failure:NAME": "A branch has failed, when t_on_branch_failure has armed it.",
    "tm:local-request": "A request that starts here is about to be sent.",
    "tm:local-ack-sent": "An ACK to a 2xx of a request that started here has been sent; the 2xx is the message.",
    "tm:local-response": "A reply made here has been sent.",
  },
});
