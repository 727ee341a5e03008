/**
 * Every core parameter, with Kamailio's default. Those that steer what Viaduct leaves to Node or to the operating
 * system (memory pools, process priorities) are read so that scripts load, and say so.
 */
import type { Kinds } from "../../declare/module.ts";
import { dnsParameters } from "./parameters-dns.ts";
import { logParameters, messageParameters, scriptParameters } from "./parameters-general.ts";
import { processParameters } from "./parameters-process.ts";
import { socketParameters, tcpParameters, tlsParameters } from "./parameters-transport.ts";

export const coreParameters: Kinds = {
  ...logParameters,
  ...scriptParameters,
  ...messageParameters,
  ...socketParameters,
  ...tcpParameters,
  ...tlsParameters,
  ...dnsParameters,
  ...processParameters,
};
