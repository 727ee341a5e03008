/**
 * Reads the answer to one HTTP/1.1 request (RFC 9112) from latin1 text as it arrives. As strict as llhttp in what it
 * takes for an answer: two readers that differ on where an answer ends are how one is taken for another.
 */

export interface AnswerSink {
  head(status: number, reason: string, headers: readonly (readonly [name: string, value: string])[]): void;
  /** False: the rest is not wanted. */
  body(text: string): boolean;
}

/** "too-large": the header fields are longer than 16 KiB. "protocol" and why: it is no answer. */
export type Progress = "more" | "end" | "stopped" | "too-large" | { readonly protocol: string };

/** Bytes of the status line and header fields, or of the trailer; Node and undici have the same bound. */
const longestHead = 16_384;

type State = "status" | "fields" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "until-close" | "over";

export class AnswerReader {
  readonly #sink: AnswerSink;
  readonly #bodiless: boolean;
  #state: State = "status";
  /** What has come and is not read yet: the beginning of a line. */
  #text = "";
  #at = 0;
  #seen = 0;
  #status = 0;
  #reason = "";
  #headers: [string, string][] = [];
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = -1;
  #coded = false;
  #chunked = false;
  /** The connection may carry another exchange when this one is over. */
  keepAlive = false;
  /** Seconds that the server keeps it, when it says so. */
  keptFor: number | undefined;

  /** `bodiless`: the answer is one to HEAD, whose fields tell of a body that does not come. */
  constructor(sink: AnswerSink, bodiless: boolean) {
    this.#sink = sink;
    this.#bodiless = bodiless;
  }

  /** Takes what has arrived. After anything but "more" there must be no further call. */
  read(text: string): Progress {
    this.#text = this.#at < this.#text.length ? this.#text.slice(this.#at) + text : text;
    this.#at = 0;
    let progress: Progress | undefined;
    while (progress === undefined) progress = this.#step();
    // More than was asked for: whatever it is, it must not become the answer to the next request.
    if (this.#at < this.#text.length && progress === "end") this.keepAlive = false;
    return progress;
  }

  /** The connection has ended. True when that ends the answer, too. */
  close(): boolean {
    return this.#state === "until-close";
  }

  /** Undefined: there is more to do with what has arrived. */
  #step(): Progress | undefined {
    switch (this.#state) {
      case "length":
      case "chunk":
      case "until-close":
        return this.#body();
      case "over":
        return "end";
    }
    const end = this.#text.indexOf("\n", this.#at);
    this.#seen += (end < 0 ? this.#text.length : end + 1) - this.#at;
    if (this.#seen > longestHead) return "too-large";
    if (end < 0) {
      // Counted again when the rest of the line is there.
      this.#seen -= this.#text.length - this.#at;
      return "more";
    }
    if (end === this.#at || this.#text.charCodeAt(end - 1) !== 0x0d) return { protocol: "a line ends without CR" };
    const line = this.#text.slice(this.#at, end - 1);
    this.#at = end + 1;
    switch (this.#state) {
      case "status":
        return this.#statusLine(line);
      case "fields":
        return line === "" ? this.#headEnd() : this.#field(line);
      case "chunk-size":
        return this.#chunkSize(line);
      case "chunk-end":
        this.#state = "chunk-size";
        this.#seen = 0;
        return line === "" ? undefined : { protocol: "a chunk is longer than its size" };
      case "trailer":
        if (line === "") this.#state = "over";
        return undefined;
    }
  }

  #statusLine(line: string): Progress | undefined {
    const parts = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(line);
    if (!parts) return { protocol: "not a status line of HTTP/1" };
    this.#status = Number(parts[2]);
    this.#reason = parts[3] ?? "";
    this.keepAlive = parts[1] === "1";
    this.#state = "fields";
    return undefined;
  }

  #field(line: string): Progress | undefined {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    if (colon <= 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      return { protocol: "not the name of a header field" };
    const value = trimmed(line, colon + 1);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return { protocol: `not a value: ${name}` };
    this.#headers.push([name, value]);
    switch (name.toLowerCase()) {
      case "content-length":
        if (this.#left >= 0 || !/^\d{1,15}$/.test(value)) return { protocol: "Content-Length" };
        this.#left = Number(value);
        return undefined;
      case "transfer-encoding":
        this.#coded = true;
        this.#chunked = /(?:^|,)[\t ]*chunked$/i.test(value);
        return undefined;
      case "connection":
        if (/(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(value)) this.keepAlive = false;
        else if (/(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i.test(value)) this.keepAlive = true;
        return undefined;
      case "keep-alive": {
        const seconds = /timeout=(\d+)/i.exec(value);
        if (seconds) this.keptFor = Number(seconds[1]);
      }
    }
    return undefined;
  }

  /** RFC 9112, 6.3: how long the body is. */
  #headEnd(): Progress | undefined {
    const status = this.#status;
    if (this.#coded && this.#left >= 0) return { protocol: "both Content-Length and Transfer-Encoding" };
    if (status === 101) return { protocol: "101 without having been asked for another protocol" };
    if (status < 200) {
      // Others than the last are only told of on the way.
      this.#state = "status";
      this.#headers = [];
      this.#left = -1;
      this.#coded = this.#chunked = false;
      return undefined;
    }
    if (this.#bodiless || status === 204 || status === 304) this.#state = "over";
    else if (this.#chunked) this.#state = "chunk-size";
    else if (!this.#coded && this.#left >= 0) this.#state = this.#left === 0 ? "over" : "length";
    else {
      this.#state = "until-close";
      this.keepAlive = false;
    }
    this.#seen = 0;
    this.#sink.head(status, this.#reason, this.#headers);
    return undefined;
  }

  #chunkSize(line: string): Progress | undefined {
    const size = /^([0-9a-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(line);
    if (!size) return { protocol: "not the size of a chunk" };
    this.#left = Number.parseInt(size[1]!, 16);
    this.#state = this.#left === 0 ? "trailer" : "chunk";
    this.#seen = 0;
    return undefined;
  }

  #body(): Progress | undefined {
    const here = this.#text.length - this.#at;
    if (here === 0) return "more";
    const take = this.#state === "until-close" ? here : Math.min(here, this.#left);
    const piece = take === this.#text.length ? this.#text : this.#text.slice(this.#at, this.#at + take);
    this.#at += take;
    if (this.#state !== "until-close") {
      this.#left -= take;
      if (this.#left === 0) this.#state = this.#state === "chunk" ? "chunk-end" : "over";
    }
    return this.#sink.body(piece) ? undefined : "stopped";
  }
}

/** Without the spaces and tabs around it: `trim` would take bytes of UTF-8 for spaces. */
function trimmed(line: string, from: number): string {
  let end = line.length;
  while (from < end && blank(line.charCodeAt(from))) from++;
  while (end > from && blank(line.charCodeAt(end - 1))) end--;
  return line.slice(from, end);
}
const blank = (code: number): boolean => code === 0x20 || code === 0x09;
