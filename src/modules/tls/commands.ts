/** Control commands of the module tls. */
import type { Core } from "../../declare/core.ts";
import { int, RpcFault, RpcStruct } from "../../declare/module.ts";
import type { StreamInfo } from "../../declare/streams.ts";
import { describeCipher } from "../../sip/cipher.ts";
import type { Settings } from "./parameters.ts";
import { rpc, type Tls } from "./state.ts";

const secured = (core: Core): StreamInfo[] =>
  (core.streams?.list() ?? []).filter(({ protocol }) => protocol === "tls" || protocol === "wss");

/** Open TLS connections. */
export const opened = (core: Core): number => secured(core).length;
/** Bytes that wait for handshakes. */
export const waiting = (core: Core): number =>
  secured(core).reduce((sum, { state, queued }) => (state === "connecting" ? sum + queued : sum), 0);

const two = (n: number): string => String(n).padStart(2, "0");
/** Local time, as in 2026-01-31 23:59:59. */
const stamp = (ms: number): string => {
  const it = new Date(ms);
  const day = `${it.getFullYear()}-${two(it.getMonth() + 1)}-${two(it.getDate())}`;
  return `${day} ${two(it.getHours())}:${two(it.getMinutes())}:${two(it.getSeconds())}`;
};

function describe(core: Core, it: StreamInfo): RpcStruct {
  const { clock } = core.host;
  const facts = core.streams?.secured(it.id);
  const shaking = it.passive ? "tls_accept" : "tls_connect";
  return new RpcStruct([
    ["id", it.id],
    ["dom", facts?.profile ?? "N/A"],
    ["sni", facts?.serverName ?? "N/A"],
    ["timestamp", stamp(clock.wall() - (clock.now() - it.openedAt))],
    ["timeout", it.timeout],
    ["src_ip", it.remote.address],
    ["src_port", it.remote.port],
    ["dst_ip", it.local.address],
    ["dst_port", it.local.port],
    ["cipher", facts ? describeCipher(facts.cipher, facts.bits) : "unknown"],
    ["ct_wq_size", facts ? 0 : it.queued],
    ["enc_rd_buf", 0],
    ["flags", 0],
    ["state", facts ? "established" : shaking],
  ]);
}

/** Options in the order of Kamailio's answer, with the parameter behind each. */
const shown: readonly (readonly [name: string, parameter: keyof Settings])[] = [
  ["force_run", "tls_force_run"],
  ["method", "tls_method"],
  ["verify_certificate", "verify_certificate"],
  ["verify_depth", "verify_depth"],
  ["require_certificate", "require_certificate"],
  ["verify_client", "verify_client"],
  ["private_key", "private_key"],
  ["ca_list", "ca_list"],
  ["certificate", "certificate"],
  ["cipher_list", "cipher_list"],
  ["session_cache", "session_cache"],
  ["session_id", "session_id"],
  ["config", "config"],
  ["log", "tls_log"],
  ["debug", "tls_debug"],
  ["connection_timeout", "connection_timeout"],
  ["disable_compression", "tls_disable_compression"],
  ["ssl_release_buffers", "ssl_release_buffers"],
  ["ssl_freelist_max", "ssl_freelist_max_len"],
  ["ssl_max_send_fragment", "ssl_max_send_fragment"],
  ["ssl_read_ahead", "ssl_read_ahead"],
  ["send_close_notify", "send_close_notify"],
  ["low_mem_threshold1", "low_mem_threshold1"],
  ["low_mem_threshold2", "low_mem_threshold2"],
  ["ct_wq_max", "ct_wq_max"],
  ["con_ct_wq_max", "con_ct_wq_max"],
  ["ct_wq_blk_size", "ct_wq_blk_size"],
];

/** Makes the parameters visible to `cfg.get tls …`; the file and the timeout can be changed. */
export function expose(
  core: Core,
  settings: Settings,
  change: (name: "config" | "connection_timeout", value: string) => void,
): void {
  const changed = new Map<string, string>();
  for (const [name, parameter] of shown) {
    const start = settings[parameter];
    core.config.expose("tls", name, {
      doc: "Parameter of the module tls.",
      get: () => (typeof start === "string" ? (changed.get(name) ?? start) : Number(changed.get(name) ?? start)),
      ...((name === "config" || name === "connection_timeout") && {
        set(value) {
          changed.set(name, String(value));
          change(name, String(value));
          return true;
        },
      }),
    });
  }
}

export const commands = {
  "tls.reload": rpc({
    doc: "Reads the profiles and their files again. Open connections stay as they are.",
    args: {},
    run(_, state: Tls, core) {
      if (core.config.get("tls", "config") === "") throw new RpcFault(500, "No TLS configuration file configured");
      const profiles = state.load();
      if (typeof profiles === "string")
        throw new RpcFault(500, `Error while loading TLS configuration file: ${profiles}`);
      if (state.profiles) state.inForce.replace(state.profiles, profiles);
      state.profiles = profiles;
      if (core.streams) core.streams.tls = state.inForce.current;
      return "Ok. TLS configuration reloaded.";
    },
  }),
  "tls.list": rpc({
    doc: "The TLS connections.",
    args: {},
    run: (_, __, core) => secured(core).map((it) => describe(core, it)),
  }),
  "tls.info": rpc({
    doc: "How many TLS connections there are and may be.",
    args: {},
    run: (_, __, core) => ({
      max_connections: core.config.int("tls_max_connections"),
      opened_connections: opened(core),
      clear_text_write_queued_bytes: waiting(core),
    }),
  }),
  "tls.options": rpc({
    doc: "The parameters.",
    args: {},
    run: (_, __, core) => new RpcStruct(shown.map(([name]) => [name, core.config.get("tls", name) ?? ""])),
  }),
  "tls.kill": rpc({
    doc: "Closes a TLS connection.",
    args: { id: int("Id of the connection.") },
    run({ id }, _, core) {
      const found = secured(core).some((it) => it.id === Number(id)) && core.streams?.shut(Number(id));
      return found ? "OK" : "TLS connection id not found";
    },
  }),
};
