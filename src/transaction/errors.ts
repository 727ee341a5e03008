/** Kamailio's internal error codes (core/error.h) as far as tm meets them, and the replies made of them. */

export const ErrorCode = {
  unspecified: -1,
  config: -6,
  noSocket: -7,
  badVia: -8,
  badTuple: -9,
  /** The run has a transaction already. */
  script: -10,
  tooManyBranches: -12,
  send: -477,
  badAddress: -478,
  badUri: -479,
  badRequest: -400,
  canceled: -487,
} as const;

const TEXT: Readonly<Record<number, readonly [status: number, text: string]>> = {
  [ErrorCode.send]: [477, "Unfortunately error on sending to next hop occurred"],
  [ErrorCode.badAddress]: [478, "Unresolvable destination"],
  [ErrorCode.badRequest]: [400, "Bad Request"],
  [ErrorCode.badUri]: [479, "Regretfully, we were not able to process the URI"],
  [ErrorCode.badTuple]: [400, "Transaction tuple incomplete"],
  [ErrorCode.tooManyBranches]: [500, "Forking capacity exceeded"],
  [ErrorCode.canceled]: [487, "Transaction canceled"],
  0: [500, "No error"],
};

/** Status and reason phrase that report an error upstream; `by` names the module ("TM", "SL"). */
export function errorReply(error: number, by: string): { readonly status: number; readonly reason: string } {
  const [status, text] = TEXT[error] ?? [500, "I'm terribly sorry, server error occurred"];
  return { status, reason: `${text} (${-error}/${by})` };
}

const REASONS: Readonly<Record<number, string>> = {
  100: "Trying",
  180: "Ringing",
  181: "Call Is Being Forwarded",
  182: "Queued",
  183: "Session Progress",
  200: "OK",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Moved Temporarily",
  305: "Use Proxy",
  380: "Alternative Service",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  410: "Gone",
  413: "Request Entity Too Large",
  414: "Request-URI Too Long",
  415: "Unsupported Media Type",
  416: "Unsupported URI Scheme",
  417: "Bad Extension",
  421: "Extension Required",
  423: "Interval Too Brief",
  480: "Temporarily Unavailable",
  481: "Call/Transaction Does Not Exist",
  482: "Loop Detected",
  483: "Too Many Hops",
  484: "Address Incomplete",
  485: "Ambiguous",
  486: "Busy Here",
  487: "Request Terminated",
  488: "Not Acceptable Here",
  491: "Request Pending",
  500: "Server Internal Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Server Time-Out",
  505: "Version Not Supported",
  513: "Message Too Large",
  600: "Busy Everywhere",
  603: "Decline",
  604: "Does Not Exist Anywhere",
  606: "Not Acceptable",
};
const CLASSES = ["", "Provisional", "Successful", "Redirection", "Request Failure", "Server Failure"];

/** Reason phrase of a reply made here for a code alone (core/error.c). */
export const reasonOf = (code: number): string =>
  REASONS[code] ?? (code >= 600 ? "Global Failure" : CLASSES[Math.floor(code / 100)] || "Unspecified");
