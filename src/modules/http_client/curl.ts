/**
 * What scripts see of libcurl: its error codes and texts, the header fields it adds, and how it reads header lines.
 * Facts from libcurl's documentation (libcurl-errors(3), CURLOPT_HTTPHEADER(3), CURLOPT_SSLVERSION(3)).
 */
import type { HttpReply, HttpRequest } from "../../declare/host.ts";

type Failure = Extract<HttpReply, { ok: false }>;

/** curl_easy_strerror of each code; a code that is not listed is an unknown error. */
const texts: Readonly<Record<number, string>> = {
  0: "No error",
  1: "Unsupported protocol",
  2: "Failed initialization",
  3: "URL using bad/illegal format or missing URL",
  4: "A requested feature, protocol or option was not found built-in in this libcurl due to a build-time decision.",
  5: "Couldn't resolve proxy name",
  6: "Couldn't resolve host name",
  7: "Couldn't connect to server",
  8: "Weird server reply",
  9: "Access denied to remote resource",
  16: "Error in the HTTP2 framing layer",
  18: "Transferred a partial file",
  22: "HTTP response code said error",
  23: "Failed writing received data to disk/application",
  25: "Upload failed (at start/before it took off)",
  26: "Failed to open/read local data from file/application",
  27: "Out of memory",
  28: "Timeout was reached",
  33: "Requested range was not delivered by the server",
  34: "Internal problem setting up the POST",
  35: "SSL connect error",
  36: "Couldn't resume download",
  41: "A required function in the library was not found",
  42: "Operation was aborted by an application callback",
  43: "A libcurl function was given a bad argument",
  45: "Failed binding local connection end",
  47: "Number of redirects hit maximum amount",
  48: "An unknown option was passed in to libcurl",
  49: "Malformed option provided in a setopt",
  52: "Server returned nothing (no headers, no data)",
  53: "SSL crypto engine not found",
  54: "Can not set SSL crypto engine as default",
  55: "Failed sending data to the peer",
  56: "Failure when receiving data from the peer",
  58: "Problem with the local SSL certificate",
  59: "Couldn't use specified SSL cipher",
  60: "SSL peer certificate or SSH remote key was not OK",
  61: "Unrecognized or bad HTTP Content or Transfer-Encoding",
  63: "Maximum file size exceeded",
  64: "Requested SSL level failed",
  65: "Send failed since rewinding of the data stream failed",
  66: "Failed to initialise SSL crypto engine",
  67: "Login denied",
  77: "Problem with the SSL CA cert (path? access rights?)",
  80: "Failed to shut down the SSL connection",
  81: "Socket not ready for send/recv",
  82: "Failed to load CRL file (path? access rights?, format?)",
  83: "Issuer check against peer certificate failed",
  88: "Chunk callback failed",
  89: "The max connection limit is reached",
  90: "SSL public key does not match pinned public key",
  91: "SSL server certificate status verification FAILED",
  92: "Stream error in the HTTP/2 framing layer",
  93: "API function called from within callback",
  94: "An authentication function returned an error",
  95: "HTTP/3 error",
  96: "QUIC connection error",
  97: "proxy handshake error",
  98: "SSL Client Certificate required",
  99: "Unrecoverable error in select/poll",
};

/** curl_easy_strerror. */
export const curlText = (code: number): string => texts[code] ?? "Unknown error";

const scheme = /^([a-z][a-z0-9+.-]*):\/\//i;
const otherScheme = (url: string): string | undefined => {
  const name = scheme.exec(url)?.[1];
  return name !== undefined && !/^https?$/i.test(name) ? name.toLowerCase() : undefined;
};

/** Host and port of the URL, as libcurl names them in its messages. */
function authority(url: string): { host: string; port: string } {
  const parts = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?/i.exec(url);
  const host = (parts?.[2] ?? "").replace(/^\[|\]$/g, "");
  return { host, port: parts?.[3] ?? (parts?.[1]?.toLowerCase() === "https" ? "443" : "80") };
}

/** The CURLcode of a failed exchange, and what libcurl leaves in the error buffer. */
export function curlError(failure: Failure, request: HttpRequest): { readonly code: number; readonly text: string } {
  const { host, port } = authority(request.url);
  const ms = Math.trunc(failure.times.total);
  switch (failure.error) {
    case "url": {
      const other = otherScheme(request.url);
      if (other !== undefined) return { code: 1, text: `Protocol "${other}" not supported` };
      return { code: 3, text: "URL rejected: Malformed input to a URL function" };
    }
    case "resolve":
      return { code: 6, text: `Could not resolve host: ${host}` };
    case "refused":
      return { code: 7, text: `Failed to connect to ${host} port ${port} after ${ms} ms: ${curlText(7)}` };
    case "reset":
      return { code: 56, text: "Recv failure: Connection reset by peer" };
    case "empty":
      return { code: 52, text: "Empty reply from server" };
    case "partial":
      return { code: 18, text: "transfer closed with outstanding read data remaining" };
    case "timeout":
      return { code: 28, text: `Operation timed out after ${ms} milliseconds with 0 bytes received` };
    case "tls":
      return { code: 35, text: `TLS connect error: ${failure.message}` };
    case "certificate":
      return { code: 60, text: `SSL certificate problem: ${failure.message}` };
    case "redirects":
      return { code: 47, text: `Maximum (${request.followRedirects ?? 0}) redirects followed` };
    case "protocol":
      return { code: 1, text: "Received HTTP/0.9 when not allowed" };
    case "too-large":
      return { code: 23, text: "Failure writing output to destination" };
    case "aborted":
      return { code: 42, text: curlText(42) };
    case "other":
      return { code: 43, text: failure.message };
  }
}

const accept: readonly (readonly [string, string])[] = [["Accept", "*/*"]];

/**
 * The header fields of a request as libcurl sends them: User-Agent and Accept, the script's lines, and a
 * Content-Type when there is a body. A line `Name:` takes a field of libcurl's own away, `Name;` is a field
 * without value, and a line without either is skipped. One string may hold several lines.
 */
export function curlHeaders(
  lines: readonly string[],
  options: { readonly userAgent?: string; readonly body: boolean },
): readonly (readonly [name: string, value: string])[] {
  if (lines.length === 0 && !options.userAgent && !options.body) return accept;
  const written: [string, string][] = [];
  const named = new Set<string>();
  for (const text of lines)
    for (const line of text.split(/\r?\n/)) {
      const match = /^([^:;\s]+)\s*([:;])[ \t]*(.*?)[ \t]*$/.exec(line);
      if (!match) continue;
      const [, name, separator, value] = match;
      named.add(name!.toLowerCase());
      if (separator === ";" ? value === "" : value !== "") written.push([name!, value!]);
    }
  const own: (readonly [string, string])[] = [];
  if (options.userAgent && !named.has("user-agent")) own.push(["User-Agent", options.userAgent]);
  if (!named.has("accept")) own.push(...accept);
  const type: [string, string][] =
    options.body && !named.has("content-type") ? [["Content-Type", "application/x-www-form-urlencoded"]] : [];
  return [...own, ...written, ...type];
}

/** CURLAUTH_* bits: 1 Basic, 2 Digest, 16 Digest as an old browser does it. Undefined when none of them is set. */
export function curlAuth(bits: number): "basic" | "digest" | "any" | undefined {
  const digest = (bits & (2 | 16)) !== 0;
  if ((bits & 1) !== 0) return digest ? "any" : "basic";
  return digest ? "digest" : undefined;
}

/** CURL_SSLVERSION_*: the oldest version that is accepted. Undefined: the platform's default. */
export const curlTlsVersion = (value: number): string | undefined =>
  ({ 4: "TLSv1", 5: "TLSv1.1", 6: "TLSv1.2", 7: "TLSv1.3" })[value];

/** Redirects that libcurl follows at most. */
export const curlMaxRedirects = 30;
