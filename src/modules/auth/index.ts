/** auth: digest authentication of requests. Follows Kamailio's src/modules/auth. */
import { type Fn, int, str, text, variable } from "../../declare/module.ts";
import { challenge, flaggedField } from "./challenge.ts";
import { authCheck, authenticate, consume, findCredentials, Result } from "./check.ts";
import { NonceCounts, NonceIds, UsedNonces } from "./counters.ts";
import { type Auth, algorithmOf, fn, module, type Side } from "./state.ts";

const given = (literal: string): string | undefined => (literal === "" ? "it may not be empty" : undefined);

const checking = {
  realm: str("Realm of the credentials.", { check: given }),
  password: str("The password, or with flag 1 the HA1.", { check: given }),
  flags: int(
    "1: the password is the HA1. On failure `challenge_attr` gets a challenge: 2 without qop, 4 with auth, 8 with auth-int. 32: nc counts only after success.",
  ),
};
const RESULTS = {
  [Result.ok]: "the credentials are right, or the request needs none",
  [Result.error]: "an error",
  [Result.invalidPassword]: "the password is wrong",
  [Result.staleNonce]: "the nonce has expired",
  [Result.noCredentials]: "there are none for the realm",
  [Result.nonceReused]: "a one-time nonce was used before",
} as const;

const check = (doc: string, side: Side): Fn<Auth> =>
  fn({
    doc,
    in: ["request"],
    args: {
      ...checking,
      ...(side === "www" && { method: str("The method to check with.", { optional: true, check: given }) }),
    },
    returns: RESULTS,
    run(call, args, state) {
      const { realm, password, flags } = args;
      const { method } = args as { readonly method?: string };
      if (realm === "" || password === "" || method === "") return Result.error;
      const given = { realm, password, flags: Number(flags), method: method ?? call.msg.method };
      return authenticate(call, side, given, state).code as keyof typeof RESULTS;
    },
  });

const challenging = {
  realm: str("Realm of the challenge.", { single: true, check: given }),
  flags: int("1: offers qop auth. 2: auth-int. 4: no 500 on errors. 16: the nonce was stale.", { check: given }),
};

const challenger = (doc: string, sideOf: (method: string) => Side): Fn<Auth> =>
  fn({
    doc,
    in: ["request", "failure", "onreply"],
    args: challenging,
    returns: { 1: "sent", [-1]: "there is no realm", [-3]: "it could not be sent", [-4]: "not even an error reply" },
    waits: true,
    run: (call, { realm, flags }, state) => challenge(call, realm, Number(flags), sideOf(call.msg.method), state),
  });

const wwwCheck = check("Checks the credentials of Authorization.", "www");
const proxyCheck = check("Checks the credentials of Proxy-Authorization.", "proxy");

export const auth = module({
  name: "auth",
  doc: "Digest authentication of requests.",
  params: {
    secret: text("Secret that nonces are signed with; drawn at random when not given.", { fallback: "" }),
    nonce_expire: int("Seconds that a nonce is good for.", { fallback: 300 }),
    nonce_auth_max_drift: int("Seconds by which the clock of a peer that made a nonce may be ahead.", { fallback: 3 }),
    auth_checks_register: int(
      "What nonces for REGISTER are bound to: 1 URI, 2 Call-ID, 4 From tag, 8 source address.",
      {
        fallback: 0,
      },
    ),
    auth_checks_no_dlg: int("The same for requests outside of dialogs.", { fallback: 0 }),
    auth_checks_in_dlg: int("The same for requests in dialogs.", { fallback: 0 }),
    challenge_attr: text("AVP for challenges that the check functions make.", { fallback: "$digest_challenge" }),
    proxy_challenge_header: text("Name of the field.", { fallback: "Proxy-Authenticate" }),
    www_challenge_header: text("Name of the field.", { fallback: "WWW-Authenticate" }),
    qop: text("The qop that authentication modules offer: auth, auth-int or none.", { fallback: "auth" }),
    nonce_count: int("1: a nonce-count has to grow; needs a qop.", { fallback: 0 }),
    nc_array_size: int("The most nonces whose nonce-count is known.", { fallback: 1024 * 1024 }),
    nc_array_order: int("The same as a power of 2; 0: nc_array_size counts.", { fallback: 0 }),
    one_time_nonce: int("1: a nonce can be used once.", { fallback: 0 }),
    otn_in_flight_no: int("The most nonces of which it is known whether they were used.", { fallback: 1024 * 1024 }),
    otn_in_flight_order: int("The same as a power of 2; 0: otn_in_flight_no counts.", { fallback: 0 }),
    nid_pool_no: int("Pools of nonce ids; one does, whatever the number.", { fallback: 1 }),
    force_stateless_reply: int("1: challenges are sent without the transaction.", { fallback: 0 }),
    realm_prefix: text("What is left out at the beginning of a realm.", { fallback: "" }),
    use_domain: int("1: pv_auth_check() compares domains, too.", { fallback: 0 }),
    algorithm: text("MD5 or SHA-256.", { fallback: "" }),
    add_authinfo_hdr: int("1: replies get Authentication-Info.", { fallback: 0 }),
  },
  needs: ["sl"],
  start(params, core, old): Auth | string {
    const algorithm = algorithmOf(params.algorithm);
    if (algorithm === undefined) return `there is no algorithm \`${params.algorithm}\`: MD5 and SHA-256 are known`;
    if (!["", "auth", "auth-int"].includes(params.qop)) return `qop \`${params.qop}\` is neither auth nor auth-int`;
    const avp = /^\$(.+)$/s.exec(params.challenge_attr)?.[1];
    if (avp === undefined) return "challenge_attr: the AVP must begin with $";
    const checks = {
      register: Number(params.auth_checks_register),
      noDialog: Number(params.auth_checks_no_dlg),
      inDialog: Number(params.auth_checks_in_dlg),
    };
    const { host } = core;
    const ids = old?.nonces.ids ?? new NonceIds(Number.parseInt(host.random.hex(4), 16));
    const counted = Number(params.nonce_count) !== 0 && params.qop !== "";
    const size = (order: number, number: number): number => (order > 0 ? 2 ** Math.min(order, 30) : number);
    return {
      core,
      algorithm,
      wwwHeader: params.www_challenge_header,
      proxyHeader: params.proxy_challenge_header,
      challengeAvp: avp,
      realmPrefix: params.realm_prefix,
      stateless: Number(params.force_stateless_reply) !== 0,
      useDomain: Number(params.use_domain) !== 0,
      addsInfo: Number(params.add_authinfo_hdr) !== 0,
      looked: new WeakMap(),
      nonces: {
        host,
        secrets: secretsOf(params.secret, checks, () => host.random.hex(32), old),
        lifetime: Number(params.nonce_expire),
        maxDrift: Number(params.nonce_auth_max_drift),
        checks,
        ids,
        startedAt: old?.nonces.startedAt ?? Math.floor(host.clock.wall() / 1000),
        counts: counted
          ? (old?.nonces.counts ??
            new NonceCounts(size(Number(params.nc_array_order), Number(params.nc_array_size)), ids))
          : undefined,
        used:
          Number(params.one_time_nonce) !== 0
            ? (old?.nonces.used ??
              new UsedNonces(size(Number(params.otn_in_flight_order), Number(params.otn_in_flight_no)), ids))
            : undefined,
      },
    };
  },
  functions: {
    pv_www_authenticate: wwwCheck,
    pv_www_authorize: wwwCheck,
    pv_proxy_authenticate: proxyCheck,
    pv_proxy_authorize: proxyCheck,
    pv_auth_check: fn({
      doc: "Checks the credentials of Authorization in a REGISTER, else of Proxy-Authorization, and whose they are.",
      in: ["request"],
      args: { ...checking, checks: int("1: the user has to be that of From, or of To in REGISTER and PUBLISH.") },
      returns: { ...RESULTS, [Result.userMismatch]: "the credentials are another user's" },
      run(call, { realm, password, flags, checks }, state) {
        const { method } = call.msg;
        if (method === "ACK" || method === "CANCEL") return Result.ok;
        if (realm === "" || password === "") return Result.error;
        return authCheck(call, { realm, password, flags: Number(flags), method }, (Number(checks) & 1) !== 0, state);
      },
    }),
    www_challenge: challenger("Answers 401 with a challenge.", () => "www"),
    proxy_challenge: challenger("Answers 407 with a challenge.", () => "proxy"),
    auth_challenge: challenger("Answers REGISTER with 401, other requests with 407, and a challenge.", (method) =>
      method === "REGISTER" ? "www" : "proxy",
    ),
    auth_get_www_authenticate: fn({
      doc: "Stores the field with a challenge in a variable.",
      in: ["request"],
      args: { ...challenging, target: variable("A variable that can be written.", { writable: true }) },
      returns: { 1: "done", [-1]: "there is no realm" },
      run(call, { realm, flags, target }, state) {
        if (realm === "") return -1;
        target.set?.(call, flaggedField(undefined, realm, Number(flags), "www", state));
        return 1;
      },
    }),
    consume_credentials: fn({
      doc: "Removes the credentials that were checked, so that they go no further.",
      in: ["request"],
      args: {},
      returns: { 1: "done", [-1]: "none were checked" },
      run: ({ msg }, _args, state) => consume(msg, state),
    }),
    has_credentials: fn({
      doc: "Whether there are credentials for a realm.",
      in: ["request"],
      args: { realm: str("The realm.") },
      returns: { 1: "yes", [-1]: "no" },
      run: ({ msg }, { realm }) =>
        findCredentials(msg, realm, "proxy") || findCredentials(msg, realm, "www") ? 1 : -1,
    }),
    auth_algorithm: fn({
      doc: "Chooses the hash algorithm of all checks and challenges from now on.",
      in: ["request"],
      args: { algorithm: str("MD5 or SHA-256.") },
      returns: { 1: "done", [-1]: "there is no such algorithm" },
      run(_call, args, state) {
        const algorithm = algorithmOf(args.algorithm);
        if (algorithm === undefined) return -1;
        state.algorithm = algorithm;
        return 1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});

/** A given secret is divided when nonces are bound to requests; secrets that were drawn outlive a reload. */
function secretsOf(
  given: string,
  checks: Auth["nonces"]["checks"],
  draw: () => string,
  old: Auth | undefined,
): readonly [string, string] {
  if (given === "") return old?.nonces.secrets ?? [draw(), draw()];
  if (checks.register === 0 && checks.noDialog === 0 && checks.inDialog === 0) return [given, ""];
  const half = Math.ceil(given.length / 2);
  return [given.slice(0, half), given.slice(half)];
}
