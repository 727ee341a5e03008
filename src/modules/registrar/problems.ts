/** Why a registration is refused: status, reason and what P-Registrar-Error says. */

export interface Problem {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
}

const bad = (text: string): Problem => ({ status: 400, reason: "Bad Request", text });

const internal = (text: string): Problem => ({ status: 500, reason: "Server Internal Error", text });

export const FINE: Problem = { status: 200, reason: "OK", text: "" };

export const Problems = {
  cseq: bad("Invalid CSeq number"),
  aor: bad("Error while parsing AOR"),
  aorLength: internal("Address Of Record too long"),
  escape: bad("Error while unescaping username"),
  q: bad("Invalid q param in contact"),
  parse: bad("Message parse error"),
  expires: bad("Expires parse error"),
  contact: bad("Contact parse error"),
  starExpires: bad("* used in contact and expires is not zero"),
  starAndOther: bad("* used in contact and more than 1 contact"),
  tooMany: { status: 503, reason: "Service Unavailable", text: "Too many registered contacts" },
  contactLength: bad("Contact/received too long"),
  callIdLength: bad("Callid too long"),
  path: bad("Path parse error"),
  pathUnsupported: { status: 420, reason: "Bad Extension", text: "No support for found Path indicated" },
  outboundUnsupported: { status: 421, reason: "Extension Required", text: "No support for Outbound indicated" },
  outboundRequired: { status: 420, reason: "Bad Extension", text: "No support for Outbound on server" },
  outboundAtEdge: {
    status: 439,
    reason: "First Hop Lacks Outbound Support",
    text: "No support for Outbound on edge proxy",
  },
  regId: bad("Invalid Reg-Id number"),
  recordGet: internal("usrloc_record_get failed"),
  contactInsert: internal("usrloc_contact_insert failed"),
  contactUpdate: internal("usrloc_contact_update failed"),
  contactDelete: internal("usrloc_contact_delete failed"),
  brief: { status: 423, reason: "Interval Too Brief", text: "Interval too brief" },
} as const satisfies Record<string, Problem>;
