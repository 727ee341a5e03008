/** Header field names that the stack knows, with their compact forms. */

export const HeaderType = {
  other: 0,
  via: 1,
  from: 2,
  to: 3,
  callId: 4,
  cseq: 5,
  contact: 6,
  maxForwards: 7,
  route: 8,
  recordRoute: 9,
  path: 10,
  contentType: 11,
  contentLength: 12,
  authorization: 13,
  proxyAuthorization: 14,
  wwwAuthenticate: 15,
  proxyAuthenticate: 16,
  expires: 17,
  minExpires: 18,
  require: 19,
  proxyRequire: 20,
  supported: 21,
  unsupported: 22,
  allow: 23,
  event: 24,
  accept: 25,
  acceptLanguage: 26,
  organization: 27,
  priority: 28,
  subject: 29,
  userAgent: 30,
  server: 31,
  contentDisposition: 32,
  diversion: 33,
  remotePartyId: 34,
  referTo: 35,
  referredBy: 36,
  sessionExpires: 37,
  minSe: 38,
  sipIfMatch: 39,
  subscriptionState: 40,
  date: 41,
  identity: 42,
  privacy: 43,
  pAssertedIdentity: 44,
  pPreferredIdentity: 45,
  retryAfter: 46,
  allowEvents: 47,
  replaces: 48,
  rack: 49,
  rseq: 50,
  reason: 51,
  contentEncoding: 52,
  serviceRoute: 53,
  acceptContact: 54,
  rejectContact: 55,
  requestDisposition: 56,
  identityInfo: 57,
  callInfo: 58,
} as const;

const NAMES: Record<string, number> = {
  via: 1,
  v: 1,
  from: 2,
  f: 2,
  to: 3,
  t: 3,
  "call-id": 4,
  i: 4,
  cseq: 5,
  contact: 6,
  m: 6,
  "max-forwards": 7,
  route: 8,
  "record-route": 9,
  path: 10,
  "content-type": 11,
  c: 11,
  "content-length": 12,
  l: 12,
  authorization: 13,
  "proxy-authorization": 14,
  "www-authenticate": 15,
  "proxy-authenticate": 16,
  expires: 17,
  "min-expires": 18,
  require: 19,
  "proxy-require": 20,
  supported: 21,
  k: 21,
  unsupported: 22,
  allow: 23,
  event: 24,
  o: 24,
  accept: 25,
  "accept-language": 26,
  organization: 27,
  priority: 28,
  subject: 29,
  s: 29,
  "user-agent": 30,
  server: 31,
  "content-disposition": 32,
  diversion: 33,
  "remote-party-id": 34,
  "refer-to": 35,
  r: 35,
  "referred-by": 36,
  b: 36,
  "session-expires": 37,
  x: 37,
  "min-se": 38,
  "sip-if-match": 39,
  "subscription-state": 40,
  date: 41,
  identity: 42,
  privacy: 43,
  "p-asserted-identity": 44,
  "p-preferred-identity": 45,
  "retry-after": 46,
  "allow-events": 47,
  u: 47,
  replaces: 48,
  rack: 49,
  rseq: 50,
  reason: 51,
  "content-encoding": 52,
  e: 52,
  "service-route": 53,
  "accept-contact": 54,
  a: 54,
  "reject-contact": 55,
  j: 55,
  "request-disposition": 56,
  d: 56,
  "identity-info": 57,
  y: 42,
  "call-info": 58,
};

const byName = new Map<string, number>(Object.entries(NAMES));

/** The type of a field name in any case, compact forms included. */
export function headerType(name: string): number {
  return byName.get(name) ?? byName.get(name.toLowerCase()) ?? HeaderType.other;
}

/** Start value for `nameHash`. */
export const NAME_HASH = 17;

/** Known names by hash, so that the parser finds the type of a name without cutting it out of the text. */
const BUCKETS = 512;
const buckets: readonly (readonly (readonly [name: string, type: number])[])[] = (() => {
  const table: [string, number][][] = Array.from({ length: BUCKETS }, () => []);
  for (const [name, type] of byName) {
    let hash = NAME_HASH;
    for (let i = 0; i < name.length; i++) hash = nameHash(hash, name.charCodeAt(i));
    table[hash & (BUCKETS - 1)]!.push([name, type]);
  }
  return table;
})();

/** Adds one character of a name, ignoring its case. */
export function nameHash(hash: number, c: number): number {
  return (Math.imul(hash, 31) + (c | 32)) | 0;
}
/** The type of the name text[start, end), whose hash the caller has computed. */
export function headerTypeAt(text: string, start: number, end: number, hash: number): number {
  const bucket = buckets[hash & (BUCKETS - 1)]!;
  for (let b = 0; b < bucket.length; b++) {
    const name = bucket[b]![0];
    if (name.length !== end - start) continue;
    let i = 0;
    while (i < name.length && (text.charCodeAt(start + i) | 32) === name.charCodeAt(i)) i++;
    if (i === name.length) return bucket[b]![1];
  }
  return HeaderType.other;
}
