/** What happened in a session, in order: what a user is shown, and what a ladder is made of. */

export type Happening =
  /** A peer sent this. */
  | { readonly kind: "sent"; readonly at: number; readonly from: string; readonly to: string; readonly start: string }
  /** A peer got this: message `number` of the session. */
  | { readonly kind: "came"; readonly at: number; readonly to: string; readonly start: string; readonly number: number }
  | { readonly kind: "log"; readonly at: number; readonly level: number; readonly text: string }
  /** The script asks an HTTP service. */
  | {
      readonly kind: "asked";
      readonly at: number;
      readonly method: string;
      readonly url: string;
      readonly body: string;
    }
  | { readonly kind: "answered"; readonly at: number; readonly text: string }
  /** Something that the user should know. */
  | { readonly kind: "note"; readonly at: number; readonly text: string };

/** A message that a peer sent or got. */
export interface Kept {
  readonly number: number;
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}
