/** The address of the metrics endpoint, as the command line names it. */

/** `[HOST:]PORT`; without a host only this machine can ask. Undefined: it is not one. */
export function metricsAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = /^(?:(\[[0-9a-f:.]+\]|[^:[\]]+):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) return undefined;
  return { host: host?.replace(/^\[|\]$/g, "") ?? "127.0.0.1", port: Number(port) };
}
