/** Script functions and control commands over the registrations that uac keeps at other registrars. */
import type { Call } from "../../declare/call.ts";
import { int, RpcArray, RpcFault, str, variable } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { HA1 } from "./database.ts";
import type { Registration, Registrations } from "./registrations.ts";
import { fn, rpc, type Uac } from "./state.ts";

const uuid = str("uuid of the record.");
const filter = {
  attribute: str("l_uuid, l_username, r_username or auth_username."),
  value: str("The value that it is to have."),
};
const FOUND = {
  1: "done",
  [-1]: "registrations are not enabled, or an argument is empty",
  [-2]: "there is no such record",
  [-3]: "there is no such attribute to look for",
} as const;

function filtered(state: Uac, attribute: string, value: string): Registration | -1 | -2 | -3 {
  if (state.registrations === undefined || attribute === "" || value === "") return -1;
  const found = state.registrations.find(attribute, value);
  return found ?? (found === null ? -3 : -2);
}

const forOne = (doc: string, work: (all: Registrations, it: Registration) => void) =>
  fn({
    doc,
    in: "any",
    args: filter,
    returns: FOUND,
    run(_call, args, state) {
      const it = filtered(state, args.attribute, args.value);
      if (typeof it === "number") return it;
      work(state.registrations!, it);
      return 1;
    },
  });

const commandForOne = (doc: string, work: (all: Registrations, it: Registration) => unknown) =>
  rpc({
    doc,
    args: filter,
    run: (args, state) => work(enabled(state), named(state, args.attribute, args.value)),
  });

function enabled(state: Uac): Registrations {
  if (state.registrations === undefined) throw new RpcFault(500, "Not enabled");
  return state.registrations;
}

function named(state: Uac, attribute: string, value: string): Registration {
  const it = filtered(state, attribute, value);
  if (typeof it === "object") return it;
  if (it === -1) throw new RpcFault(400, "Invalid Parameter Values");
  throw it === -2 ? new RpcFault(404, "Record not found") : new RpcFault(400, "Unsupported filter attribute");
}

/** A record as control commands show it. */
function row(all: Registrations, it: Registration): Record<string, unknown> {
  return {
    l_uuid: it.uuid,
    l_username: it.localUser,
    l_domain: it.localDomain,
    r_username: it.remoteUser,
    r_domain: it.remoteDomain,
    realm: it.realm,
    auth_username: it.authUser,
    auth_password: it.authPassword || "none",
    auth_ha1: it.ha1 || "none",
    auth_proxy: it.proxy || "none",
    expires: it.expires,
    flags: it.flags,
    diff_expires: it.until - all.now,
    timer_expires: it.until,
    reg_init: it.madeAt,
    reg_delay: it.delay,
    contact_addr: it.contactAddress || "none",
    socket: it.socket,
    contact_user: it.contactUser || "none",
  };
}

const unregister = (all: Registrations, it: Registration): undefined => {
  it.expires = 0;
  all.register(it);
};

/** Makes the record's account the target of the request, and its credentials those of uac_auth. */
function requestTo(call: Call, it: Registration, ha1: boolean, state: Uac): 1 | -1 {
  const { msg } = call;
  // Where no AVP is named, there is nothing to set.
  const set = (ref: VariableRef | undefined, value: string): boolean => ref?.set?.(call, value) ?? true;
  msg.newUri = `sip:${it.remoteUser}@${it.remoteDomain}`;
  msg.dstUri = it.proxy || null;
  const { authRealm, authUser, authPassword } = state;
  const done =
    set(authRealm, it.realm) && set(authUser, it.authUser) && set(authPassword, ha1 ? it.ha1 : it.authPassword);
  return done ? 1 : -1;
}

const LOOKED_UP = { 1: "found", [-1]: "there is no such record", [-2]: "the URI is malformed" } as const;

export const registerFunctions = {
  uac_reg_lookup: fn({
    doc: "Looks for a record by uuid, and stores the local user's URI.",
    in: "any",
    args: { uuid, result: variable("Where the URI goes.", { writable: true }) },
    returns: LOOKED_UP,
    run(call, args, state) {
      const it = state.registrations?.byUuid(args.uuid);
      return it && args.result.set?.(call, `sip:${it.localUser}@${it.localDomain}`) ? 1 : -1;
    },
  }),
  uac_reg_lookup_uri: fn({
    doc: "Looks for a record by the local user's URI, and stores its uuid.",
    in: "any",
    args: { uri: str("The URI."), result: variable("Where the uuid goes.", { writable: true }) },
    returns: LOOKED_UP,
    run(call, args, state) {
      const it = state.registrations?.byUri(args.uri);
      return it && args.result.set?.(call, it.uuid) ? 1 : -1;
    },
  }),
  uac_reg_status: fn({
    doc: "How a registration stands.",
    in: "any",
    args: { uuid },
    returns: {
      1: "registered",
      [-1]: "there is no such record",
      [-2]: "a REGISTER is under way",
      [-3]: "turned off",
      [-99]: "not registered",
    },
    run(_call, args, state) {
      const it = state.registrations?.byUuid(args.uuid);
      return it ? state.registrations!.status(it) : -1;
    },
  }),
  uac_reg_request_to: fn({
    doc: "Sends the request to the registrar of a record: sets the Request-URI, the next hop and the credentials.",
    in: ["request", "failure", "branch"],
    args: {
      key: str("uuid or local user."),
      mode: int("Bit 1: the key is the user. Bit 2: the HA1 is given as password."),
    },
    returns: {
      1: "done",
      [-1]: "there is no such record, or an AVP of the auth_* parameters cannot be set",
      [-2]: "with reg_use_domain the key must be a URI",
    },
    run(call, args, state) {
      const all = state.registrations;
      const mode = Number(args.mode);
      const it = mode & 1 ? all?.byKey(args.key) : all?.byUuid(args.key);
      if (it === null) return -2;
      return it ? requestTo(call, it, (mode & 2) !== 0, state) : -1;
    },
  }),
  uac_reg_refresh: fn({
    doc: "Reads a record from the database anew.",
    in: "any",
    args: { uuid },
    returns: { 1: "done", [-1]: "the database does not have it, or it could not be read" },
    waits: true,
    run: async (_call, args, state) => (args.uuid !== "" && (await state.registrations?.refresh(args.uuid)) ? 1 : -1),
  }),
  uac_reg_enable: forOne("Turns a registration on.", (all, it) => all.turn(it, true)),
  uac_reg_disable: forOne("Turns a registration off.", (all, it) => all.turn(it, false)),
  uac_reg_send_register: forOne("Sends a REGISTER now.", (all, it) => all.register(it)),
  uac_reg_send_unregister: forOne("Sends a REGISTER that ends the registration.", unregister),
};

/** A dot stands for nothing. */
const given = (value: string): string => (value === "." ? "" : value);

export const registerCommands = {
  "uac.reg_dump": rpc({
    doc: "Every registration.",
    args: {},
    run: (_args, state) => new RpcArray([...enabled(state).all()].map((it) => row(enabled(state), it))),
  }),
  "uac.reg_info": commandForOne("A registration.", row),
  "uac.reg_enable": commandForOne("Turns a registration on.", (all, it) => all.turn(it, true)),
  "uac.reg_disable": commandForOne("Turns a registration off.", (all, it) => all.turn(it, false)),
  "uac.reg_register": commandForOne("Sends a REGISTER now.", (all, it) => all.register(it)),
  "uac.reg_unregister": commandForOne("Sends a REGISTER that ends the registration.", unregister),
  "uac.reg_reload": rpc({
    doc: "Puts what the database has in the place of all registrations.",
    args: {},
    async run(_args, state) {
      const problem = await enabled(state).reload();
      if (problem !== undefined) throw new RpcFault(500, problem);
    },
  }),
  "uac.reg_refresh": rpc({
    doc: "Reads a registration from the database anew.",
    args: { uuid },
    async run(args, state) {
      const done = await enabled(state).refresh(args.uuid);
      if (done === false) throw new RpcFault(404, "Record not found");
      if (done === undefined) throw new RpcFault(500, "Failed to refresh record - check log messages");
    },
  }),
  "uac.reg_remove": rpc({
    doc: "Forgets a registration.",
    args: { uuid },
    run(args, state) {
      if (!enabled(state).remove(args.uuid)) throw new RpcFault(404, "Record not found");
    },
  }),
  "uac.reg_add": rpc({
    doc: "Adds a registration; a dot stands for nothing.",
    args: {
      uuid,
      l_username: str("User here."),
      l_domain: str("Domain here."),
      r_username: str("User at the registrar."),
      r_domain: str("Domain of the registrar."),
      realm: str("Realm that credentials are for; `.` for any."),
      auth_username: str("User name for challenges."),
      auth_password: str("Password."),
      auth_ha1: str("HA1, in place of the password."),
      auth_proxy: str("URI of the next hop."),
      expires: int("Seconds to ask for."),
      flags: int("1: turned off."),
      reg_delay: int("Seconds to wait before the first REGISTER."),
      socket: str("Socket to send from."),
      contact_addr: str("Host and port of Contact; `.` for reg_contact_addr."),
      contact_user: str("User of Contact; the uuid when there is none.", { fallback: "" }),
    },
    run(args, state) {
      const all = enabled(state);
      const password = given(args.auth_password);
      const ha1 = given(args.auth_ha1);
      if ((password === "" && ha1 === "") || (ha1 !== "" && !HA1.test(ha1)))
        throw new RpcFault(500, "Failed to add record - invalid password or ha1");
      const added = all.add({
        uuid: args.uuid,
        localUser: args.l_username,
        localDomain: args.l_domain,
        remoteUser: args.r_username,
        remoteDomain: args.r_domain,
        realm: given(args.realm),
        authUser: args.auth_username,
        authPassword: password,
        ha1: ha1.toLowerCase(),
        proxy: given(args.auth_proxy),
        expires: Number(args.expires),
        flags: Number(args.flags),
        delay: Number(args.reg_delay),
        socket: given(args.socket),
        contactAddress: given(args.contact_addr),
        contactUser: given(args.contact_user),
      });
      if (!added) throw new RpcFault(409, "uuid already exists");
    },
  }),
  "uac.reg_active": rpc({
    doc: "Turns the sending of REGISTER on or off for all.",
    args: { mode: int("0 or 1.") },
    run(args, state) {
      const all = enabled(state);
      const omode = all.enabled ? 1 : 0;
      all.enabled = Number(args.mode) !== 0;
      return { omode, nmode: Number(args.mode) };
    },
  }),
};
