/** What module auth keeps for a generation. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import type { NonceRules } from "./nonce.ts";

/** Hash algorithms by the name that challenges show. */
export const ALGORITHMS = { MD5: "md5", "SHA-256": "sha256" } as const;
export type Algorithm = keyof typeof ALGORITHMS;

/** "" stands for MD5. */
export const algorithmOf = (name: string): Algorithm | undefined =>
  name === "" ? "MD5" : Object.hasOwn(ALGORITHMS, name) ? (name as Algorithm) : undefined;

/** The fields whose credentials were looked at last. */
export interface Looked {
  www?: Header;
  proxy?: Header;
}

export interface Auth {
  readonly core: Core;
  readonly nonces: NonceRules;
  /** auth_algorithm() changes it for all that follows. */
  algorithm: Algorithm;
  readonly wwwHeader: string;
  readonly proxyHeader: string;
  /** AVP for the challenge that a failed check has made. */
  readonly challengeAvp: string;
  readonly realmPrefix: string;
  readonly stateless: boolean;
  /** pv_auth_check() compares domains, too. */
  readonly useDomain: boolean;
  readonly addsInfo: boolean;
  readonly looked: WeakMap<SipMessage, Looked>;
}

export const { fn, module } = declare<Auth>();

/** Which fields a check reads, and which one a challenge is. */
export type Side = "www" | "proxy";

export const withoutPrefix = (realm: string, { realmPrefix }: Auth): string =>
  realm.startsWith(realmPrefix) ? realm.slice(realmPrefix.length) : realm;
