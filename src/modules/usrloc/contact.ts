/** A registered contact, and what a registration says of one. */
import type { XavpList } from "../../declare/xavp.ts";
import type { LocalSocket } from "../../sip/address.ts";

/** What a registration says of a contact, besides its URI. */
export interface ContactInfo {
  /** The address that a contact with an instance moves to. */
  readonly uri: string;
  readonly received: string;
  readonly path: string;
  /** Seconds since 1970; 0: it never expires. */
  readonly expires: number;
  /** Thousandths; -1 when there is none. */
  readonly q: number;
  readonly callId: string;
  readonly cseq: number;
  readonly flags: number;
  /** Branch flags. */
  readonly cflags: number;
  readonly userAgent: string;
  readonly socket: LocalSocket | undefined;
  /** A bit for each method that the contact takes. */
  readonly methods: number;
  readonly instance: string;
  readonly regId: number;
  readonly ruid: string;
  /** Id of the stream connection that it was registered over; -1 for none. */
  readonly connection: number;
  readonly serverId: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** The attributes that go along with the contact (xavp_contact). */
  readonly attributes: XavpList | undefined;
}

/** The row of a contact in the database, which all versions of the contact share. */
export interface Stored {
  /** The version that the row holds; undefined while there is none. */
  version: Contact | undefined;
}

export interface Contact extends Omit<ContactInfo, "expires"> {
  readonly aor: string;
  readonly stored: Stored;
  expires: number;
  /** Seconds since 1970 of the registration or the last sign of life. */
  lastKeepalive: number;
  /** The contact is to be pinged. */
  keepalive: number;
}

/** Every method: what a contact takes that does not say. */
export const ALL_METHODS = 0xffffffff;

/** How a contact is recognised when it registers again (parameter matching_mode). */
export const Matching = { contact: 0, callId: 1, path: 2, callIdOnly: 3 } as const;

/** Flag of a contact that no database is told of. */
export const MEMORY_ONLY = 1;

/** Expiry of a contact that was given up: its row goes with the next search for such contacts. */
export const GIVEN_UP = 10;

export const isValid = (contact: Contact, now: number): boolean => contact.expires > now || contact.expires === 0;

/** An instance id without its angle brackets. */
export const bareInstance = (instance: string): string =>
  instance.startsWith("<") && instance.endsWith(">") ? instance.slice(1, -1) : instance;

export const newContact = (aor: string, uri: string, info: ContactInfo, now: number, natFlag: number): Contact => ({
  ...info,
  aor,
  stored: { version: undefined },
  uri,
  lastKeepalive: now,
  keepalive: (info.cflags & natFlag) !== 0 ? 1 : 0,
});

/** The contact after a further registration. Identity, instance and the flag for pings stay. */
export const renewed = (contact: Contact, info: ContactInfo, now: number): Contact => ({
  ...info,
  aor: contact.aor,
  stored: contact.stored,
  uri: info.instance !== "" && info.uri !== "" ? info.uri : contact.uri,
  callId: info.callId || contact.callId,
  instance: contact.instance,
  regId: contact.regId,
  ruid: contact.ruid,
  attributes: info.attributes ?? contact.attributes,
  lastKeepalive: now,
  keepalive: contact.keepalive,
});
