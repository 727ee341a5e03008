export class AvpStore {}
