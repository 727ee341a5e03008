/**
 * The routing document. Its members are found as Kamailio finds them, names in any case, and checked against a schema;
 * what is of a wrong type counts as absent, also as in Kamailio, and is told with its place.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

type Json = string | number | boolean | null | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [name: string]: Json;
}

export interface Side {
  readonly display?: string;
  readonly uri?: string;
}
/** One destination. Texts are bytes held as latin1; times are milliseconds. */
export interface Destination {
  readonly uri?: string;
  readonly dst_uri?: string;
  readonly path?: string;
  readonly socket?: string;
  readonly headers?: { readonly from?: Side; readonly to?: Side; readonly extra?: string };
  readonly branch_flags?: number;
  readonly fr_timer?: number;
  readonly fr_inv_timer?: number;
}
export interface RoutingDocument {
  readonly routing: "serial" | "parallel";
  readonly routes: readonly Destination[];
}
export interface Read {
  /** Undefined when nothing can be routed by it. */
  readonly document: RoutingDocument | undefined;
  /** Everything that is wrong, each with its place: `/routes/0/uri must be string`. */
  readonly problems: readonly string[];
}

const text = { type: "string", nullable: true } as const;
/** As far as an unsigned integer of C goes. */
const count = { type: "number", minimum: 0, maximum: 0xffff_ffff, nullable: true } as const;
/** Of either sign: what counts are the bits. */
const flags = { type: "number", minimum: -0x8000_0000, maximum: 0xffff_ffff, nullable: true } as const;
const side = { type: "object", nullable: true, properties: { display: text, uri: text } } as const;
const destination = {
  type: "object",
  properties: {
    uri: text,
    dst_uri: text,
    path: text,
    socket: text,
    headers: { type: "object", nullable: true, properties: { from: side, to: side, extra: text } },
    branch_flags: flags,
    fr_timer: count,
    fr_inv_timer: count,
  },
} as const;

/** The documentation's "JSON Routing Structure". A member that is null is one that is absent; others are ignored. */
const schema = {
  type: "object",
  required: ["routing", "routes"],
  properties: {
    version: text,
    routing: { type: "string", enum: ["serial", "parallel"] },
    routes: { type: "array", minItems: 1, items: destination },
  },
} as const;

export type Validator = ValidateFunction<unknown>;
export const validator = (): Validator => new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** The JSON value of a text; undefined when it is none. */
export function parse(text: string): { readonly root: Json } | undefined {
  try {
    return { root: JSON.parse(decode(text)) as Json };
  } catch {
    return undefined;
  }
}

/** The document of a JSON value. */
export function read(root: Json, validate: Validator): Read {
  const picked = pick(root, schema as Shape) as { routing?: unknown; routes?: unknown };
  if (validate(picked)) return { document: picked as unknown as RoutingDocument, problems: [] };
  const errors = validate.errors ?? [];
  const problems = errors.map(told);
  if (errors.some(({ instancePath }) => !instancePath.startsWith("/routes/"))) return { document: undefined, problems };
  for (const { instancePath } of errors) remove(picked, instancePath);
  return { document: picked as unknown as RoutingDocument, problems };
}

const told = ({ instancePath, message, params }: ErrorObject): string => {
  const allowed = (params as { allowedValues?: readonly string[] }).allowedValues;
  return `${instancePath || "/"} ${message}${allowed ? `: ${allowed.join(", ")}` : ""}`;
};

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

/** What the schema knows of a value, under the schema's names; texts become bytes. */
function pick(value: Json | undefined, shape: Shape): unknown {
  if (typeof value === "string") return encode(value);
  if (Array.isArray(value)) return shape.items ? value.map((it) => pick(it, shape.items!)) : value;
  if (typeof value !== "object" || value === null || !shape.properties) return value;
  const found: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(shape.properties)) {
    const member = item(value as JsonObject, name);
    if (member !== undefined && member !== null) found[name] = pick(member, inner);
  }
  return found;
}

function item(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const found = Object.keys(object).find((it) => it.toLowerCase() === name);
  return found === undefined ? undefined : object[found];
}

/** Takes out what a JSON pointer names: a member goes, an element of a list becomes an empty destination. */
function remove(root: object, pointer: string): void {
  const names = pointer.split("/").slice(1);
  const last = names.pop()!;
  let at: unknown = root;
  for (const name of names) at = (at as Record<string, unknown> | undefined)?.[name];
  if (Array.isArray(at)) at[Number(last)] = {};
  else if (typeof at === "object" && at !== null) delete (at as Record<string, unknown>)[last];
}

/** Text of the engine (a char is a byte) to Unicode and back. */
const decode = (text: string): string => new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)));
const encode = (text: string): string => {
  let out = "";
  for (const byte of new TextEncoder().encode(text)) out += String.fromCharCode(byte);
  return out;
};
