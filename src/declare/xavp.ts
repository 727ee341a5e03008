export class XavpStore {
  readonly caseless: boolean;
  constructor(caseless: boolean) {
    this.caseless = caseless;
  }
}
