/** OpenSSL's description of a cipher (SSL_CIPHER_description), from its name. */

const mac = (name: string): string => {
  if (/GCM|CCM|POLY1305/.test(name)) return "AEAD";
  if (name.endsWith("SHA384")) return "SHA384";
  if (name.endsWith("SHA256")) return "SHA256";
  return name.endsWith("MD5") ? "MD5" : "SHA1";
};

const encryption = (name: string, bits: number): string => {
  if (name.includes("CHACHA20")) return "CHACHA20/POLY1305(256)";
  const kind = name.includes("ARIA")
    ? "ARIA"
    : name.includes("CAMELLIA")
      ? "Camellia"
      : name.includes("AES")
        ? "AES"
        : "";
  if (kind === "") return name.includes("NULL") ? "None" : `3DES(${bits})`;
  const mode = name.includes("GCM")
    ? "GCM"
    : name.includes("CCM8") || name.includes("CCM_8")
      ? "CCM8"
      : name.includes("CCM")
        ? "CCM"
        : "";
  return `${kind}${mode}(${bits})`;
};

/** Key exchange, authentication and oldest version of suites before TLS 1.3. */
const exchange = (name: string): readonly [kx: string, au: string] => {
  if (name.startsWith("ECDHE-ECDSA")) return ["ECDH", "ECDSA"];
  if (name.startsWith("ECDHE-RSA") || name.startsWith("ECDHE-ARIA")) return ["ECDH", "RSA"];
  if (name.startsWith("DHE-DSS")) return ["DH", "DSS"];
  if (name.startsWith("DHE-")) return ["DH", "RSA"];
  if (name.startsWith("AECDH")) return ["ECDH", "None"];
  if (name.startsWith("ADH")) return ["DH", "None"];
  return ["RSA", "RSA"];
};

const version = (name: string): string => {
  if (name.startsWith("TLS_")) return "TLSv1.3";
  if (mac(name) !== "SHA1" && mac(name) !== "MD5") return "TLSv1.2";
  return name.startsWith("ECDHE") || name.startsWith("AECDH") ? "TLSv1" : "SSLv3";
};

/** One line, with its line end. */
export function describeCipher(name: string, bits: number): string {
  const newest = name.startsWith("TLS_");
  const [kx, au] = newest ? ["any", "any"] : exchange(name);
  const columns = [
    name.padEnd(30),
    version(name).padEnd(7),
    `Kx=${kx.padEnd(8)}`,
    `Au=${au.padEnd(5)}`,
    `Enc=${encryption(name, bits).padEnd(22)}`,
    `Mac=${mac(name).padEnd(4)}`,
  ];
  return `${columns.join(" ")}\n`;
}
