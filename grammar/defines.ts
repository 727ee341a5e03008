/** The table of preprocessor definitions. */

export interface Define {
  readonly name: string;
  /** Undefined: defined without a value, which a bare use replaces by nothing. */
  readonly value: string | undefined;
  /** `file:line` where a script defined it; undefined for predefined names and the command line. */
  readonly where: string | undefined;
}

/** How a directive treats a name that is defined already. */
export type DefineMode = "define" | "trydefine" | "redefine";

export class Defines {
  readonly #byName = new Map<string, Define>();

  get(name: string): Define | undefined {
    return this.#byName.get(name);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** False when the name is defined already and the mode does not allow for it. An empty value counts as none. */
  set(name: string, value: string | undefined, mode: DefineMode, where?: string): boolean {
    if (mode !== "redefine" && this.#byName.has(name)) return mode === "trydefine";
    this.#byName.set(name, { name, value: value === "" ? undefined : value, where });
    return true;
  }

  delete(name: string): boolean {
    return this.#byName.delete(name);
  }

  all(): readonly Define[] {
    return [...this.#byName.values()];
  }
}

/** `6.1.4` as KAMAILIO_VERSION has it: 6001004. */
const versionNumber = (parts: readonly number[]): string =>
  String((parts[0] ?? 0) * 1_000_000 + (parts[1] ?? 0) * 1_000 + (parts[2] ?? 0));

/** KAMAILIO_6, KAMAILIO_6_1, KAMAILIO_6_1_4, KAMAILIO_VERSION and OS_NAME (Kamailio: ppcfg.c `pp_define_core`). */
export function predefine(defines: Defines, version: string, osName: string): void {
  const parts = version.split(".").map(Number);
  for (let count = 1; count <= 3; count++)
    defines.set(`KAMAILIO_${parts.slice(0, count).join("_")}`, undefined, "define");
  defines.set("KAMAILIO_VERSION", versionNumber(parts), "define");
  defines.set("OS_NAME", `"${osName}"`, "define");
}
