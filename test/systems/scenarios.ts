/** SIPp scenarios of a caller, written for one expected course of a call. */

export interface Course {
  /** Provisional replies besides 100 that must come before the final one. */
  readonly rings?: boolean;
  /** Final status that the caller must get. */
  readonly status: number;
  /** Milliseconds after the INVITE (or after the ringing) at which the caller gives up. */
  readonly cancelAfter?: number;
}

const invite = `
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: "Caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]T[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:caller@[local_ip]:[local_port]>
      Max-Forwards: 70
      Content-Length: 0

`;

const within = (method: string, cseq: number, target: string, via: string, to: string): string => `
      ${method} ${target} SIP/2.0
      ${via}
      From: "Caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]T[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>${to}
      Call-ID: [call_id]
      CSeq: ${cseq} ${method}
      Max-Forwards: 70
      ${target === "[next_url]" ? "[routes]" : "Supported: path"}
      Content-Length: 0

`;
const SAME = "sip:[service]@[remote_ip]:[remote_port]";
const via = (branch: string): string => `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${branch}`;
const send = (text: string, retrans = ""): string => `<send${retrans}><![CDATA[${text}]]></send>\n`;

/** From and To as the caller wrote them: Viaduct has put them back. */
const untouched = `<action>
  <ereg regexp="caller@127\\.0\\.0\\.1" search_in="hdr" header="From:" check_it="true" assign_to="1"/>
  <ereg regexp="@127\\.0\\.0\\.1:[0-9]+" search_in="hdr" header="To:" check_it="true" assign_to="2"/>
</action>`;

export function scenario({ rings = false, status, cancelAfter }: Course): string {
  const gives = cancelAfter !== undefined;
  let steps = send(invite, ' retrans="500"');
  steps += `<recv response="100"${gives ? "" : ' optional="true"'}></recv>\n`;
  if (rings) steps += `<recv response="180">${untouched}</recv>\n`;
  if (gives) {
    steps += `<pause milliseconds="${cancelAfter}"/>\n`;
    // The branch of the INVITE (RFC 3261, 9.1), by its distance in steps.
    steps += send(within("CANCEL", 1, SAME, via(`[branch-${rings ? 4 : 3}]`), ""));
    steps += '<recv response="200" optional="true"></recv>\n';
  }
  steps += `<recv response="${status}" rrs="true">${untouched}</recv>\n`;
  if (status < 300) {
    steps += send(within("ACK", 1, "[next_url]", via("[branch]"), "[peer_tag_param]"));
    steps += '<pause milliseconds="200"/>\n';
    steps += send(within("BYE", 2, "[next_url]", via("[branch]"), "[peer_tag_param]"), ' retrans="500"');
    steps += `<recv response="200">${untouched}</recv>\n`;
  } else steps += send(within("ACK", 1, SAME, "[last_Via:]", "[peer_tag_param]"));
  const head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="caller">\n';
  return `${head}${steps}<Reference variables="1,2"/>\n</scenario>\n`;
}

const reply = (status: string, cseqOnly = false): string => `
      SIP/2.0 ${status}
      [last_Via:]
      ${cseqOnly ? "" : "[last_Record-Route:]\n      "}[last_From:]
      [last_To:];tag=[pid]C[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port]>
      Content-Length: 0

`;

/** A callee that rings, answers after so many milliseconds, and is hung up on. */
export const answering = (ms: number): string => `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="callee">
<recv request="INVITE"></recv>
${send(reply("180 Ringing"))}<pause milliseconds="${ms}"/>
${send(reply("200 OK"), ' retrans="500"')}<recv request="ACK" rrs="true"></recv>
<recv request="BYE"></recv>
${send(reply("200 OK", true).replace(";tag=[pid]C[call_number]", ""))}</scenario>
`;
